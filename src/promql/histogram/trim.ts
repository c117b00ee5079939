/** `histogram </ x` and `histogram >/ x`: only the observations up to x, or from x on, estimated where x lies within a bucket. */
import type { FloatHistogram } from '../../exposition/histogram.ts';
import { allBuckets, type Bucket, isCustom, negativeBuckets, positiveBuckets } from './buckets.ts';
import { compact } from './operations.ts';
import { countBelow, startAtZero } from './quantile.ts';

export type KeptSide = 'below' | 'above';

/** Count and sum are estimated anew, unless nothing had to go. Of NaN neither side is kept, but for the zero bucket, which is NaN then. */
export function trimHistogram(histogram: FloatHistogram, at: number, kept: KeptSide): FloatHistogram {
  let count = 0;
  let sum = 0;
  let isWhole = true;
  const keep = (bucket: Bucket, isZero: boolean): number => {
    if (bucket.count === 0) return 0;
    const isUnsplit = Number.isNaN(at) ? !isZero : isCustom(histogram) && cannotBeSplit(bucket, at);
    if (isZero) biasZeroBucket(histogram, bucket);
    startAtZero(histogram, bucket);
    const remaining = isUnsplit ? 0 : remainder(histogram, bucket, at, kept);
    if (remaining !== bucket.count) isWhole = false;
    count += remaining;
    if (remaining !== 0) sum += remaining * midpoint(histogram, clip(bucket, at, kept), isZero);
    return remaining;
  };
  const negative = negativeBuckets(histogram).map((bucket) => keep(bucket, false));
  const zero = zeroBucket(histogram);
  const zeroCount = zero ? keep(zero, true) : histogram.zeroCount;
  const positive = positiveBuckets(histogram).map((bucket) => keep(bucket, false));
  if (isWhole) return histogram;
  return compact({ ...histogram, count, sum, zeroCount, negativeBuckets: negative, positiveBuckets: positive });
}

/** Custom buckets of which neither side is kept: one without any bound, and the lowest for a negative value it might hold. */
function cannotBeSplit({ lower, upper }: Bucket, at: number): boolean {
  if (lower !== Number.NEGATIVE_INFINITY || !Number.isFinite(at)) return false;
  return upper === Number.POSITIVE_INFINITY || (upper > 0 && at < 0);
}

/** Zero as an end of the zero bucket where there are observations on one side only. */
function biasZeroBucket(
  { negativeBuckets: negative, positiveBuckets: positive }: FloatHistogram,
  bucket: Bucket,
): void {
  const hasNegative = negative.some((count) => count !== 0);
  const hasPositive = positive.some((count) => count !== 0);
  if (!hasNegative && hasPositive) bucket.lower = 0;
  else if (!hasPositive && hasNegative) bucket.upper = 0;
}

function zeroBucket(histogram: FloatHistogram): Bucket | undefined {
  if (!(histogram.zeroCount > 0)) return undefined;
  return allBuckets(histogram).find((bucket) => bucket.lower <= 0 && bucket.upper >= 0);
}

function remainder(histogram: FloatHistogram, bucket: Bucket, at: number, kept: KeptSide): number {
  const below = at <= bucket.lower ? 0 : at >= bucket.upper ? bucket.count : countBelow(histogram, bucket, at);
  return kept === 'below' ? below : bucket.count - below;
}

function clip(bucket: Bucket, at: number, kept: KeptSide): Bucket {
  if (at <= bucket.lower || at >= bucket.upper) return bucket;
  return kept === 'below' ? { ...bucket, upper: at } : { ...bucket, lower: at };
}

/** What stands for the values of a bucket: the end where the other one is infinite, else the arithmetic or the geometric mean. */
function midpoint(histogram: FloatHistogram, { lower, upper }: Bucket, isZero: boolean): number {
  if (lower === Number.NEGATIVE_INFINITY) return upper;
  if (upper === Number.POSITIVE_INFINITY) return lower;
  if (isZero || isCustom(histogram)) return (lower + upper) / 2;
  const mean = Math.sqrt(lower * upper);
  return upper <= 0 ? -mean : mean;
}
