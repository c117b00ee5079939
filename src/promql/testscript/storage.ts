/** The storage of a test: series in memory, their histograms with the counter reset hints that a real one would give. */
import type { FloatHistogram } from '../../exposition/histogram.ts';
import type { Labels } from '../../labels/labels.ts';
import { type Matcher, matchesAll } from '../../labels/matcher.ts';
import type { Queryable, SampleColumns, SelectedSeries } from '../../storage/queryable.ts';
import { sameBounds } from '../histogram/buckets.ts';
import { detectReset, withHint } from '../histogram/operations.ts';
import type { SequenceValue } from './notation.ts';

export interface TestSample {
  readonly timeMs: number;
  readonly value: Exclude<SequenceValue, { readonly kind: 'none' }>;
  /** 0 for none. */
  readonly startMs: number;
}

export class TestStorage implements Queryable {
  readonly isInOrderMade = true;
  readonly #series = new Map<string, TestSeries>();

  add(labels: Labels, samples: Iterable<TestSample>): void {
    let series = this.#series.get(labels.key);
    if (!series) {
      series = new TestSeries(labels);
      this.#series.set(labels.key, series);
    }
    for (const sample of samples) series.add(sample);
  }

  select(matchers: readonly Matcher[]): SelectedSeries[] {
    return [...this.#series.values()].filter((series) => matchesAll(matchers, series.labels));
  }
}

class TestSeries implements SelectedSeries {
  readonly labels: Labels;
  readonly #byTime = new Map<number, TestSample>();
  #sorted: TestSample[] | undefined;

  constructor(labels: Labels) {
    this.labels = labels;
  }

  add(sample: TestSample): void {
    this.#byTime.set(sample.timeMs, sample);
    this.#sorted = undefined;
  }

  read(startMs: number, endMs: number, into: SampleColumns): void {
    into.clear();
    this.#sorted ??= withChunkHints([...this.#byTime.values()].sort((a, b) => a.timeMs - b.timeMs));
    for (const { timeMs, value, startMs: start } of this.#sorted) {
      if (timeMs < startMs) continue;
      if (timeMs > endMs) return;
      if (value.kind === 'float') into.pushFloat(timeMs, value.value);
      else if (value.kind === 'stale') into.pushStale(timeMs);
      else into.pushHistogram(timeMs, value.histogram);
      if (start !== 0 || into.hasStarts) into.setStart(start);
    }
  }
}

/**
 * Chunks hold histograms of one layout without a counter reset: all but the first of a chunk are known not to be reset, of
 * the first nothing is known. Gauges stay gauges.
 */
function withChunkHints(samples: TestSample[]): TestSample[] {
  let previous: FloatHistogram | undefined;
  return samples.map((sample) => {
    if (sample.value.kind !== 'histogram') {
      previous = undefined;
      return sample;
    }
    const { histogram } = sample.value;
    const before = previous;
    previous = histogram;
    if (histogram.counterResetHint === 'gauge') return sample;
    const isSameChunk = before !== undefined && belongsToChunk(histogram, before);
    return {
      ...sample,
      value: { kind: 'histogram', histogram: withHint(histogram, isSameChunk ? 'not-reset' : 'unknown') },
    };
  });
}

function belongsToChunk(histogram: FloatHistogram, before: FloatHistogram): boolean {
  return (
    before.counterResetHint !== 'gauge' &&
    histogram.counterResetHint !== 'reset' &&
    histogram.schema === before.schema &&
    histogram.zeroThreshold === before.zeroThreshold &&
    sameBounds(histogram.customValues, before.customValues) &&
    !detectReset(withHint(histogram, 'unknown'), before)
  );
}
