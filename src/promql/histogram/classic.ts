/** Quantiles and fractions of classic histograms (cumulative `le` buckets). */

export interface ClassicBucket {
  readonly upperBound: number;
  count: number;
}

export interface ClassicQuantile {
  readonly value: number;
  /** Set where counts went down from one bucket to the next and were lifted. */
  readonly forced?: ForcedMonotonicity | undefined;
}

export interface ForcedMonotonicity {
  readonly lowestBound: number;
  readonly highestBound: number;
  readonly greatestDifference: number;
}

/** Differences of counts up to this part of them are taken for inaccuracies of floating point. */
const TOLERANCE = 1e-12;

/** Sorts and changes `buckets`. NaN where there is no `+Inf` bucket, fewer than two buckets, or no observation. */
export function classicQuantile(q: number, buckets: ClassicBucket[]): ClassicQuantile {
  if (Number.isNaN(q)) return { value: Number.NaN };
  if (q < 0) return { value: Number.NEGATIVE_INFINITY };
  if (q > 1) return { value: Number.POSITIVE_INFINITY };
  const merged = sortAndMerge(buckets);
  if (merged.at(-1)?.upperBound !== Number.POSITIVE_INFINITY) return { value: Number.NaN };
  const forced = ensureMonotonic(merged);
  if (merged.length < 2) return { value: Number.NaN };
  const last = merged.length - 1;
  const observations = merged[last]!.count;
  if (observations === 0) return { value: Number.NaN };
  let rank = q * observations;
  let at = 0;
  while (at < last && !(merged[at]!.count >= rank)) at++;
  if (at === last) return { value: merged[last - 1]!.upperBound, forced };
  const { upperBound, count } = merged[at]!;
  if (at === 0) {
    if (upperBound <= 0) return { value: upperBound, forced };
    return { value: upperBound * (rank / count), forced };
  }
  const before = merged[at - 1]!;
  rank -= before.count;
  const fraction = rank / (count - before.count);
  return { value: before.upperBound + (upperBound - before.upperBound) * fraction, forced };
}

/** The share of observations between two values, interpolated linearly. Sorts `buckets`. */
export function classicFraction(lower: number, upper: number, buckets: ClassicBucket[]): number {
  const merged = sortAndMerge(buckets);
  const total = merged.at(-1)!.count;
  if (merged.at(-1)!.upperBound !== Number.POSITIVE_INFINITY) return Number.NaN;
  if (total === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN;
  if (lower >= upper) return 0;
  const difference = rankAt(merged, upper) - rankAt(merged, lower);
  return difference / total;
}

/** How many observations are estimated to be at most `value`. */
function rankAt(buckets: readonly ClassicBucket[], value: number): number {
  const total = buckets.at(-1)!.count;
  let rank = 0;
  let lowerBound = buckets[0]!.upperBound > 0 ? 0 : Number.NEGATIVE_INFINITY;
  for (const { upperBound, count } of buckets) {
    if (lowerBound >= value) return Math.min(rank, total);
    if (upperBound > value) {
      if (lowerBound === Number.NEGATIVE_INFINITY) return Math.min(count, total);
      return Math.min(rank + ((count - rank) * (value - lowerBound)) / (upperBound - lowerBound), total);
    }
    rank = count;
    lowerBound = upperBound;
  }
  return total;
}

/** In order of their bounds, those of one bound added up. */
function sortAndMerge(buckets: ClassicBucket[]): ClassicBucket[] {
  buckets.sort((a, b) => (a.upperBound < b.upperBound ? -1 : a.upperBound > b.upperBound ? 1 : 0));
  const merged: ClassicBucket[] = [];
  for (const bucket of buckets) {
    const last = merged.at(-1);
    if (last && last.upperBound === bucket.upperBound) last.count += bucket.count;
    else merged.push({ ...bucket });
  }
  return merged;
}

function ensureMonotonic(buckets: ClassicBucket[]): ForcedMonotonicity | undefined {
  let lowestBound = Number.NaN;
  let highestBound = Number.NaN;
  let greatestDifference = 0;
  let greatest = buckets[0]!.count;
  for (let i = 1; i < buckets.length; i++) {
    const bucket = buckets[i]!;
    const difference = greatest - bucket.count;
    if (difference === 0) continue;
    if (Math.abs(difference) / bucket.count <= TOLERANCE) bucket.count = greatest;
    else if (difference < 0) greatest = bucket.count;
    else if (difference > 0) {
      bucket.count = greatest;
      if (Number.isNaN(lowestBound)) lowestBound = bucket.upperBound;
      highestBound = bucket.upperBound;
      greatestDifference = Math.max(greatestDifference, difference);
    }
  }
  return Number.isNaN(lowestBound) ? undefined : { lowestBound, highestBound, greatestDifference };
}
