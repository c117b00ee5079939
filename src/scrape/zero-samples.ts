/** The sample of 0 from where a counter or histogram began, as Prometheus' feature `created-timestamp-zero-ingestion` adds it. */
import type { FloatHistogram } from '../exposition/histogram.ts';
import type { Appender, SeriesRef } from '../storage/appender.ts';

/** One that began longer ago than this gets no sample: what is recent would lie apart from it. */
const MOST_BACK_MS = 3_600_000;

export class ZeroSamples {
  /** The start timestamp for which each of a target's series has its sample. */
  readonly #starts = new Map<number, number>();

  /** To be called before the sample at `timestampMs`. What is not newer than the series' last sample is refused by the storage. */
  add(
    appender: Appender,
    ref: SeriesRef,
    series: number,
    timestampMs: number,
    startMs: number,
    like: FloatHistogram | undefined,
  ): void {
    if (startMs <= 0 || startMs >= timestampMs || startMs < timestampMs - MOST_BACK_MS) return;
    if (this.#starts.get(series) === startMs) return;
    this.#starts.set(series, startMs);
    if (like === undefined) appender.float(ref, startMs, 0);
    else appender.histogram(ref, startMs, emptied(like));
  }

  forget(series: number): void {
    this.#starts.delete(series);
  }
}

function emptied(histogram: FloatHistogram): FloatHistogram {
  return {
    ...histogram,
    zeroCount: 0,
    count: 0,
    sum: 0,
    positiveSpans: [],
    negativeSpans: [],
    positiveBuckets: [],
    negativeBuckets: [],
    counterResetHint: histogram.counterResetHint === 'gauge' ? 'gauge' : 'reset',
  };
}
