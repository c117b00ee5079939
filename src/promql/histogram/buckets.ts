/** Bucket layouts of native histograms: bounds, and spans unrolled to indexes and back. */
import { CUSTOM_BUCKETS_SCHEMA, type FloatHistogram, type Span } from '../../exposition/histogram.ts';

/** The buckets of one side, in order of index. */
export interface Side {
  readonly indexes: number[];
  readonly counts: number[];
}

export interface Bucket {
  lower: number;
  upper: number;
  readonly count: number;
}

export function isCustom(histogram: { readonly schema: number }): boolean {
  return histogram.schema === CUSTOM_BUCKETS_SCHEMA;
}

export function unrollSpans(spans: readonly Span[], buckets: readonly number[]): Side {
  const indexes: number[] = [];
  const counts: number[] = [];
  let index = 0;
  let at = 0;
  for (const span of spans) {
    index += span.offset;
    for (let i = 0; i < span.length && at < buckets.length; i++) {
      indexes.push(index++);
      counts.push(buckets[at++]!);
    }
  }
  return { indexes, counts };
}

/** Spans of the buckets; empty ones are left out where `compact` says so. */
export function rollSpans(side: Side, compact = true): { readonly spans: Span[]; readonly buckets: number[] } {
  const spans: { offset: number; length: number }[] = [];
  const buckets: number[] = [];
  let next = 0;
  for (let i = 0; i < side.indexes.length; i++) {
    const count = side.counts[i]!;
    if (compact && count === 0) continue;
    const index = side.indexes[i]!;
    const last = spans.at(-1);
    if (last && index === next) last.length++;
    else spans.push({ offset: last ? index - next : index, length: 1 });
    buckets.push(count);
    next = index + 1;
  }
  return { spans, buckets };
}

/** The upper bound of a bucket of an exponential schema, to the last bit as Prometheus has it. */
export function exponentialBound(index: number, schema: number): number {
  if (schema < 0) return 2 ** (index * 2 ** -schema);
  const within = boundsWithinPower(schema);
  const power = Math.floor(index / within.length);
  return within[index - power * within.length]! * 2 ** (power + 1);
}

/** Go's `math.Exp2(0.5)`, an ulp below the square root that JavaScript gives; the other factors are the same in both. */
const GO_SQUARE_ROOT_OF_2 = Math.SQRT2 - Number.EPSILON;

const boundsBySchema: Float64Array[] = [Float64Array.of(0.5)];

/**
 * The bounds from 0.5 to below 1 of a schema, formed as Prometheus' table was: every other one is taken from the schema before,
 * those between are a product. Their roundings are part of the data that exporters and queries agree on.
 */
function boundsWithinPower(schema: number): Float64Array {
  for (let each = boundsBySchema.length; each <= schema; each++) {
    const coarser = boundsBySchema[each - 1]!;
    const factor = each === 1 ? GO_SQUARE_ROOT_OF_2 : 2 ** (2 ** -each);
    const bounds = new Float64Array(coarser.length * 2);
    for (let i = 0; i < bounds.length; i++) bounds[i] = i % 2 === 0 ? coarser[i / 2]! : bounds[i - 1]! * factor;
    boundsBySchema.push(bounds);
  }
  return boundsBySchema[schema]!;
}

/** The upper bound of a positive bucket, whatever the schema. */
export function upperBound(histogram: FloatHistogram, index: number): number {
  if (!isCustom(histogram)) {
    const bound = exponentialBound(index, histogram.schema);
    return bound === Number.POSITIVE_INFINITY ? Number.MAX_VALUE : bound;
  }
  const bounds = histogram.customValues ?? [];
  if (index >= bounds.length) return Number.POSITIVE_INFINITY;
  return index < 0 ? Number.NEGATIVE_INFINITY : bounds[index]!;
}

/** Every bucket from the lowest to the highest, the zero bucket among them where it is populated, overlaps with it cut off. */
export function allBuckets(histogram: FloatHistogram): Bucket[] {
  const zero = histogram.zeroThreshold;
  const out: Bucket[] = negativeBuckets(histogram).reverse();
  for (const bucket of out) if (bucket.upper < 0 && bucket.upper > -zero) bucket.upper = -zero;
  if (histogram.zeroCount > 0) out.push({ lower: -zero, upper: zero, count: histogram.zeroCount });
  for (const bucket of positiveBuckets(histogram)) {
    if (bucket.lower > 0 && bucket.lower < zero) bucket.lower = zero;
    out.push(bucket);
  }
  return out;
}

export function positiveBuckets(histogram: FloatHistogram): Bucket[] {
  const { indexes, counts } = unrollSpans(histogram.positiveSpans, histogram.positiveBuckets);
  return indexes.map((index, i) => ({
    lower: upperBound(histogram, index - 1),
    upper: upperBound(histogram, index),
    count: counts[i]!,
  }));
}

/** From the one next to zero on downwards. */
export function negativeBuckets(histogram: FloatHistogram): Bucket[] {
  const { indexes, counts } = unrollSpans(histogram.negativeSpans, histogram.negativeBuckets);
  return indexes.map((index, i) => ({
    lower: -upperBound(histogram, index),
    upper: -upperBound(histogram, index - 1),
    count: counts[i]!,
  }));
}

/** The same side at a lower resolution. */
export function reduceSide(side: Side, from: number, to: number): Side {
  if (from === to) return side;
  const shift = 2 ** (from - to);
  const indexes: number[] = [];
  const counts: number[] = [];
  for (let i = 0; i < side.indexes.length; i++) {
    const index = Math.floor((side.indexes[i]! - 1) / shift) + 1;
    const last = indexes.length - 1;
    if (last >= 0 && indexes[last] === index) counts[last]! += side.counts[i]!;
    else {
      indexes.push(index);
      counts.push(side.counts[i]!);
    }
  }
  return { indexes, counts };
}

export function sameBounds(a: readonly number[] | undefined, b: readonly number[] | undefined): boolean {
  const left = a ?? [];
  const right = b ?? [];
  return left.length === right.length && left.every((bound, i) => bound === right[i]);
}

export function intersectBounds(a: readonly number[], b: readonly number[]): number[] {
  const other = new Set(b);
  return a.filter((bound) => other.has(bound));
}

/** Custom buckets mapped to a subset of their bounds. */
export function mapToBounds(side: Side, bounds: readonly number[], target: readonly number[]): Side {
  const counts = new Array<number>(target.length + 1).fill(0);
  let at = 0;
  for (let i = 0; i < side.indexes.length; i++) {
    const index = side.indexes[i]!;
    if (index < bounds.length) {
      while (at < target.length && target[at]! < bounds[index]!) at++;
    } else {
      at = target.length;
    }
    counts[at]! += side.counts[i]!;
  }
  return { indexes: counts.map((_, i) => i), counts };
}
