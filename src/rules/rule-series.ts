/** The series that a rule writes: which there were at its last evaluation, so that those that are gone are marked stale. */
import type { Labels } from '../labels/labels.ts';
import type { InstantSample } from '../promql/result.ts';
import type { Appendable, Appender, AppendOutcome, SeriesRef } from '../storage/appender.ts';

interface WrittenSeries {
  readonly labels: Labels;
  ref: SeriesRef;
  /** The storing that last wrote it. */
  turn: number;
}

/** Prometheus' words for samples that the storage does not take. */
const FAULTS: Readonly<Record<AppendOutcome, string | undefined>> = {
  appended: undefined,
  duplicate: undefined,
  'duplicate-conflict': 'duplicate sample for timestamp',
  'out-of-order': 'out of order sample',
  'too-old': 'too old sample',
  'out-of-bounds': 'out of bounds',
  'unknown-series': 'unknown series',
};

export class RuleSeries {
  readonly #byKey = new Map<string, WrittenSeries>();
  #turn = 0;

  /** Of the last storing. */
  get size(): number {
    return this.#byKey.size;
  }

  labels(): Labels[] {
    return Array.from(this.#byKey.values(), ({ labels }) => labels);
  }

  /** Writes the samples, and marks stale what was written before and is no longer among them. Returns why samples were not taken. */
  store(storage: Appendable, samples: readonly InstantSample[], timeMs: number): ReadonlySet<string> | undefined {
    const appender = storage.appender();
    const turn = ++this.#turn;
    let written = 0;
    let faults: Set<string> | undefined;
    for (const sample of samples) {
      const { key } = sample.labels;
      const known = this.#byKey.get(key);
      const series = known ?? { labels: sample.labels, ref: appender.series(sample.labels), turn };
      const fault = FAULTS[append(appender, series, sample, timeMs)];
      if (fault !== undefined) {
        faults ??= new Set();
        faults.add(fault);
        continue;
      }
      series.turn = turn;
      written++;
      if (known === undefined) this.#byKey.set(key, series);
    }
    if (this.#byKey.size > written) this.#markStale(appender, timeMs);
    appender.commit();
    return faults;
  }

  #markStale(appender: Appender, timeMs: number): void {
    for (const [key, { labels, ref, turn }] of this.#byKey) {
      if (turn === this.#turn) continue;
      if (appender.stale(ref, timeMs) === 'unknown-series') appender.stale(appender.series(labels), timeMs);
      this.#byKey.delete(key);
    }
  }
}

/** A series that the storage has dropped meanwhile is made anew. */
function append(appender: Appender, series: WrittenSeries, sample: InstantSample, timeMs: number): AppendOutcome {
  const outcome = write(appender, series.ref, sample, timeMs);
  if (outcome !== 'unknown-series') return outcome;
  series.ref = appender.series(series.labels);
  return write(appender, series.ref, sample, timeMs);
}

function write(appender: Appender, ref: SeriesRef, { value, histogram }: InstantSample, timeMs: number): AppendOutcome {
  return histogram === undefined ? appender.float(ref, timeMs, value) : appender.histogram(ref, timeMs, histogram);
}
