/** The native histogram model: Prometheus' `histogram.FloatHistogram` (absolute bucket populations as floats). */

/** Schemas −4…8 are exponential (growth factor 2^(2^−schema)); this one has custom bucket bounds. */
export const CUSTOM_BUCKETS_SCHEMA = -53;

export interface Span {
  /** Gap to the previous span's end, or for the first span the index of its first bucket. */
  readonly offset: number;
  readonly length: number;
}

/** What is known of a counter reset between this histogram and the one before it. */
export type CounterResetHint = 'unknown' | 'reset' | 'not-reset' | 'gauge';

export interface FloatHistogram {
  readonly schema: number;
  readonly zeroThreshold: number;
  readonly zeroCount: number;
  readonly count: number;
  readonly sum: number;
  readonly positiveSpans: readonly Span[];
  readonly negativeSpans: readonly Span[];
  /** Populations (not deltas) of the buckets that the spans name, in order. */
  readonly positiveBuckets: readonly number[];
  readonly negativeBuckets: readonly number[];
  /** Upper bounds of a custom-bucket histogram, without the last +Inf; undefined for the exponential schemas. */
  readonly customValues: readonly number[] | undefined;
  readonly counterResetHint: CounterResetHint;
}
