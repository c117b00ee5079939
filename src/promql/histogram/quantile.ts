/** Quantiles and fractions of native histograms: exponential interpolation, linear in the zero bucket and in custom buckets. */
import type { FloatHistogram } from '../../exposition/histogram.ts';
import { allBuckets, type Bucket, isCustom } from './buckets.ts';

export interface Estimate {
  readonly value: number;
  /** What observations of NaN did to it. */
  readonly nan?: 'result-is-nan' | 'skewed' | 'excluded' | undefined;
}

/** -Inf below 0, +Inf above 1, NaN for an empty histogram. */
export function histogramQuantile(q: number, histogram: FloatHistogram): Estimate {
  if (q < 0) return { value: Number.NEGATIVE_INFINITY };
  if (q > 1) return { value: Number.POSITIVE_INFINITY };
  if (histogram.count === 0 || Number.isNaN(q)) return { value: Number.NaN };
  const hasNaN = Number.isNaN(histogram.sum);
  const forward = hasNaN || q < 0.5;
  const buckets = allBuckets(histogram);
  if (!forward) buckets.reverse();
  let rank = forward ? q * histogram.count : (1 - q) * histogram.count;
  let count = 0;
  let bucket: Bucket = { lower: 0, upper: 0, count: 0 };
  let at = 0;
  for (; at < buckets.length; at++) {
    bucket = buckets[at]!;
    if (bucket.count === 0) continue;
    count += bucket.count;
    if (count >= rank) break;
  }
  if (isCustom(histogram)) {
    if (bucket.lower === Number.NEGATIVE_INFINITY) {
      if (bucket.upper <= 0) return { value: bucket.upper };
      bucket.lower = 0;
    } else if (bucket.upper === Number.POSITIVE_INFINITY) {
      return { value: bucket.lower };
    }
  } else {
    biasBucketAtZero(histogram, bucket);
  }
  count = Math.min(count, histogram.count);
  if (count < rank) {
    return hasNaN ? { value: Number.NaN, nan: 'result-is-nan' } : { value: bucket.upper };
  }
  rank = forward ? rank - (count - bucket.count) : count - rank;
  if (!hasNaN) return { value: interpolate(histogram, bucket, rank / bucket.count) };
  // As Prometheus has it: the search for observations of NaN goes through the rest, and what it saw last is what is read.
  for (at++; at < buckets.length; at++) {
    bucket = buckets[at]!;
    count += bucket.count;
  }
  const value = interpolate(histogram, bucket, rank / bucket.count);
  return count < histogram.count ? { value, nan: 'skewed' } : { value };
}

/** The share of observations between two values. */
export function histogramFraction(lower: number, upper: number, histogram: FloatHistogram): Estimate {
  if (histogram.count === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return { value: Number.NaN };
  if (lower >= upper) return { value: 0 };
  let total = histogram.count;
  const buckets = allBuckets(histogram);
  if (Number.isNaN(histogram.sum)) total = buckets.reduce((sum, bucket) => sum + bucket.count, 0);
  let rank = 0;
  let lowerRank = total;
  let upperRank = total;
  let lowerSet = false;
  let upperSet = false;
  for (const bucket of buckets) {
    if (lowerSet && upperSet) break;
    biasBucketAtZero(histogram, bucket);
    startAtZero(histogram, bucket);
    // A zero bucket may be without width.
    if (!lowerSet && (bucket.lower >= lower || bucket.upper > lower)) {
      lowerRank = bucket.lower >= lower ? rank : rank + countBelow(histogram, bucket, lower);
      lowerSet = true;
    }
    if (!upperSet && (bucket.lower >= upper || bucket.upper > upper)) {
      upperRank = bucket.lower >= upper ? rank : rank + countBelow(histogram, bucket, upper);
      upperSet = true;
    }
    rank += bucket.count;
  }
  const value = (Math.min(upperRank, total) - Math.min(lowerRank, total)) / histogram.count;
  return total < histogram.count ? { value, nan: 'excluded' } : { value };
}

/** How many of a bucket's observations are estimated to be at most `value`, which lies inside of it. Of a bucket without end none can be told. */
export function countBelow(histogram: FloatHistogram, bucket: Bucket, value: number): number {
  if (bucket.lower === Number.NEGATIVE_INFINITY) return bucket.count;
  if (bucket.upper === Number.POSITIVE_INFINITY) return 0;
  if (isLinear(histogram, bucket)) {
    return (bucket.count * (value - bucket.lower)) / (bucket.upper - bucket.lower);
  }
  const logLower = Math.log2(Math.abs(bucket.lower));
  const logUpper = Math.log2(Math.abs(bucket.upper));
  const logValue = Math.log2(Math.abs(value));
  const fraction =
    value > 0 ? (logValue - logLower) / (logUpper - logLower) : 1 - (logValue - logUpper) / (logLower - logUpper);
  return bucket.count * fraction;
}

/** Zero as the lower end of the lowest custom bucket, where its upper bound is positive. */
export function startAtZero(histogram: FloatHistogram, bucket: Bucket): void {
  if (isCustom(histogram) && bucket.lower === Number.NEGATIVE_INFINITY && bucket.upper > 0) bucket.lower = 0;
}

/** Zero as an end of the zero bucket where there are buckets on one side only. Fractions, unlike quantiles, ask it of custom buckets too. */
function biasBucketAtZero(histogram: FloatHistogram, bucket: Bucket): void {
  if (!(bucket.lower <= 0 && bucket.upper >= 0)) return;
  const hasNegative = histogram.negativeBuckets.length > 0;
  const hasPositive = histogram.positiveBuckets.length > 0;
  if (!hasNegative && hasPositive) bucket.lower = 0;
  else if (!hasPositive && hasNegative) bucket.upper = 0;
}

function isLinear(histogram: FloatHistogram, bucket: Bucket): boolean {
  return isCustom(histogram) || (bucket.lower <= 0 && bucket.upper >= 0);
}

function interpolate(histogram: FloatHistogram, bucket: Bucket, fraction: number): number {
  if (isLinear(histogram, bucket)) return bucket.lower + (bucket.upper - bucket.lower) * fraction;
  const logLower = Math.log2(Math.abs(bucket.lower));
  const logUpper = Math.log2(Math.abs(bucket.upper));
  if (bucket.lower > 0) return 2 ** (logLower + (logUpper - logLower) * fraction);
  return -(2 ** (logUpper + (logLower - logUpper) * (1 - fraction)));
}
