/** The input series of a unit test of rules: parsed as a whole, stored step by step. */
import type { FloatHistogram } from '../../exposition/histogram.ts';
import type { Labels } from '../../labels/labels.ts';
import {
  NotationError,
  parseHistogramNotation,
  parseSeriesLine,
  parseSeriesName,
  type SequenceValue,
} from '../../promql/testscript/notation.ts';
import type { Appendable } from '../../storage/appender.ts';
import type { RuleTestGroup } from './test-file.ts';

/** A text of a test that is not in the notation of series; the message says where. */
export class InputError extends Error {
  override readonly name = 'InputError';
}

export class InputLoader {
  readonly #storage: Appendable;
  readonly #startMs: number;
  readonly #intervalMs: number;
  readonly #series: readonly { readonly labels: Labels; readonly values: readonly SequenceValue[] }[];
  /** The next position to store, the same for all series. */
  #next = 0;

  /** Throws InputError. */
  constructor(storage: Appendable, test: RuleTestGroup) {
    this.#storage = storage;
    this.#startMs = test.startMs;
    this.#intervalMs = test.intervalMs;
    // Of a series that is there twice the last one counts.
    const series = new Map<string, { labels: Labels; values: readonly SequenceValue[] }>();
    for (const { place, series: name, values } of test.inputSeries) {
      // promtool reads what follows a line break within the values as a further series.
      for (const written of `${name} ${values}`.trim().split('\n')) {
        const line = reading(`line ${place.line}: input series`, () => parseSeriesLine(written.trim()));
        series.set(line.labels.key, line);
      }
    }
    this.#series = [...series.values()];
  }

  /** Stores the values up to and including that time. */
  loadUntil(timeMs: number): void {
    const appender = this.#storage.appender();
    for (; this.#startMs + this.#next * this.#intervalMs <= timeMs; this.#next++) {
      const atMs = this.#startMs + this.#next * this.#intervalMs;
      for (const { labels, values } of this.#series) {
        const value = values[this.#next];
        if (value === undefined || value.kind === 'none') continue;
        const ref = appender.series(labels);
        if (value.kind === 'float') appender.float(ref, atMs, value.value);
        else if (value.kind === 'stale') appender.stale(ref, atMs);
        else appender.histogram(ref, atMs, value.histogram);
      }
    }
    appender.commit();
  }
}

/** A metric such as `x{a="b"}` or `{}`, a comment after it or not; nothing at all is `{}` too. Throws InputError. */
export function parseMetric(text: string): Labels {
  return reading(`labels ${JSON.stringify(text)}`, () => {
    const { labels, rest } = parseSeriesName(text.trim() === '' ? '{}' : text.trim());
    if (!/^\s*(#.*)?$/.test(rest)) throw new NotationError(`unexpected ${rest.trim()}`);
    return labels;
  });
}

/** Throws InputError. */
export function parseExpectedHistogram(text: string): FloatHistogram {
  return reading('histogram', () => parseHistogramNotation(text.trim()));
}

function reading<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof NotationError) throw new InputError(`${what}: ${error.message}`);
    throw error;
  }
}
