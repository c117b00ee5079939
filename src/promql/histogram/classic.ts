/** Quantiles and fractions of classic histograms (cumulative `le` buckets). */

/** Buckets of one histogram in order of their bounds, each bound once; used again for one step after the other. */
export class ClassicBuckets {
  readonly upperBounds: Float64Array;
  readonly counts: Float64Array;
  length = 0;
  /** Set where counts went down from one bucket to the next and were lifted. */
  forced: ForcedMonotonicity | undefined;

  constructor(capacity: number) {
    this.upperBounds = new Float64Array(capacity);
    this.counts = new Float64Array(capacity);
  }

  clear(): void {
    this.length = 0;
    this.forced = undefined;
  }

  /** The bound is not less than the one before; the counts of one bound are added up. */
  add(upperBound: number, count: number): void {
    const last = this.length - 1;
    if (last >= 0 && this.upperBounds[last] === upperBound) {
      this.counts[last]! += count;
      return;
    }
    this.upperBounds[this.length] = upperBound;
    this.counts[this.length++] = count;
  }
}

export interface ForcedMonotonicity {
  readonly lowestBound: number;
  readonly highestBound: number;
  readonly greatestDifference: number;
}

/** Differences of counts up to this part of them are taken for inaccuracies of floating point. */
const TOLERANCE = 1e-12;

/** Lifts counts that went down. NaN where there is no `+Inf` bucket, fewer than two buckets, or no observation. */
export function classicQuantile(q: number, buckets: ClassicBuckets): number {
  if (Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  const { upperBounds, counts } = buckets;
  const last = buckets.length - 1;
  if (upperBounds[last] !== Number.POSITIVE_INFINITY) return Number.NaN;
  const forced = ensureMonotonic(buckets);
  if (last < 1) return Number.NaN;
  const observations = counts[last]!;
  if (observations === 0) return Number.NaN;
  buckets.forced = forced;
  let rank = q * observations;
  let at = 0;
  while (at < last && !(counts[at]! >= rank)) at++;
  if (at === last) return upperBounds[last - 1]!;
  const upperBound = upperBounds[at]!;
  const count = counts[at]!;
  if (at === 0) return upperBound <= 0 ? upperBound : upperBound * (rank / count);
  rank -= counts[at - 1]!;
  const fraction = rank / (count - counts[at - 1]!);
  return upperBounds[at - 1]! + (upperBound - upperBounds[at - 1]!) * fraction;
}

/** The share of observations between two values, interpolated linearly. */
export function classicFraction(lower: number, upper: number, buckets: ClassicBuckets): number {
  const last = buckets.length - 1;
  if (buckets.upperBounds[last] !== Number.POSITIVE_INFINITY) return Number.NaN;
  const total = buckets.counts[last]!;
  if (total === 0 || Number.isNaN(lower) || Number.isNaN(upper)) return Number.NaN;
  if (lower >= upper) return 0;
  const difference = rankAt(buckets, upper) - rankAt(buckets, lower);
  return difference / total;
}

/** How many observations are estimated to be at most `value`. */
function rankAt({ upperBounds, counts, length }: ClassicBuckets, value: number): number {
  const total = counts[length - 1]!;
  let rank = 0;
  let lowerBound = upperBounds[0]! > 0 ? 0 : Number.NEGATIVE_INFINITY;
  for (let i = 0; i < length; i++) {
    const upperBound = upperBounds[i]!;
    const count = counts[i]!;
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

function ensureMonotonic({ upperBounds, counts, length }: ClassicBuckets): ForcedMonotonicity | undefined {
  let lowestBound = Number.NaN;
  let highestBound = Number.NaN;
  let greatestDifference = 0;
  let greatest = counts[0]!;
  for (let i = 1; i < length; i++) {
    const count = counts[i]!;
    const difference = greatest - count;
    if (difference === 0) continue;
    if (Math.abs(difference) / count <= TOLERANCE) counts[i] = greatest;
    else if (difference < 0) greatest = count;
    else if (difference > 0) {
      counts[i] = greatest;
      if (Number.isNaN(lowestBound)) lowestBound = upperBounds[i]!;
      highestBound = upperBounds[i]!;
      greatestDifference = Math.max(greatestDifference, difference);
    }
  }
  return Number.isNaN(lowestBound) ? undefined : { lowestBound, highestBound, greatestDifference };
}
