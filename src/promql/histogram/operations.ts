/** What PromQL does with one native histogram, or with two: scaling, comparing, subtracting, finding a counter reset. */
import type { CounterResetHint, FloatHistogram } from '../../exposition/histogram.ts';
import {
  exponentialBound,
  intersectBounds,
  isCustom,
  mapToBounds,
  reduceSide,
  rollSpans,
  type Side,
  sameBounds,
  unrollSpans,
} from './buckets.ts';
import { HistogramSum, widenZero } from './sum.ts';

export function withHint(histogram: FloatHistogram, counterResetHint: CounterResetHint): FloatHistogram {
  return histogram.counterResetHint === counterResetHint ? histogram : { ...histogram, counterResetHint };
}

/** Without empty buckets. */
export function compact(histogram: FloatHistogram): FloatHistogram {
  const positive = rollSpans(unrollSpans(histogram.positiveSpans, histogram.positiveBuckets));
  const negative = rollSpans(unrollSpans(histogram.negativeSpans, histogram.negativeBuckets));
  return {
    ...histogram,
    positiveSpans: positive.spans,
    positiveBuckets: positive.buckets,
    negativeSpans: negative.spans,
    negativeBuckets: negative.buckets,
  };
}

/** A negative factor makes a gauge of it. */
export function multiply(histogram: FloatHistogram, factor: number): FloatHistogram {
  return mapCounts(histogram, (count) => count * factor, factor < 0 ? 'gauge' : histogram.counterResetHint);
}

/** Division by zero leaves no buckets. */
export function divide(histogram: FloatHistogram, divisor: number): FloatHistogram {
  const hint = divisor < 0 ? 'gauge' : histogram.counterResetHint;
  const quotient = mapCounts(histogram, (count) => count / divisor, hint);
  if (divisor !== 0) return quotient;
  return { ...quotient, positiveSpans: [], positiveBuckets: [], negativeSpans: [], negativeBuckets: [] };
}

export interface Combined {
  readonly histogram: FloatHistogram;
  readonly boundsReconciled: boolean;
  /** A counter reset hint `reset` met `not-reset`. */
  readonly collision: boolean;
}

/** `a + factor * b`, undefined where one has custom and the other exponential buckets. */
export function combine(a: FloatHistogram, b: FloatHistogram, factor: 1 | -1): Combined | undefined {
  const sum = new HistogramSum(a);
  const outcome = sum.add(b, factor);
  if (outcome === 'incompatible') return undefined;
  return { histogram: sum.result(), boundsReconciled: outcome === 'bounds-reconciled', collision: sum.collision };
}

/** Bit for bit, NaN equal to NaN; the counter reset hint does not count. */
export function equalHistograms(a: FloatHistogram, b: FloatHistogram): boolean {
  return (
    a.schema === b.schema &&
    Object.is(a.count, b.count) &&
    Object.is(a.sum, b.sum) &&
    Object.is(a.zeroCount, b.zeroCount) &&
    a.zeroThreshold === b.zeroThreshold &&
    sameBounds(a.customValues, b.customValues) &&
    sameSide(unrollSpans(a.positiveSpans, a.positiveBuckets), unrollSpans(b.positiveSpans, b.positiveBuckets)) &&
    sameSide(unrollSpans(a.negativeSpans, a.negativeBuckets), unrollSpans(b.negativeSpans, b.negativeBuckets))
  );
}

/**
 * Whether a counter was reset between `previous` and `current`: by the hint, else because a count went down, a populated
 * bucket went away or the resolution went up.
 */
export function detectReset(current: FloatHistogram, previous: FloatHistogram): boolean {
  if (current.counterResetHint === 'reset') return true;
  if (current.counterResetHint === 'not-reset') return false;
  if (current.count < previous.count) return true;
  let positive = unrollSpans(current.positiveSpans, current.positiveBuckets);
  let before = unrollSpans(previous.positiveSpans, previous.positiveBuckets);
  if (isCustom(current)) {
    if (!isCustom(previous)) return true;
    const bounds = current.customValues ?? [];
    const boundsBefore = previous.customValues ?? [];
    if (!sameBounds(bounds, boundsBefore)) {
      const common = intersectBounds(bounds, boundsBefore);
      positive = mapToBounds(positive, bounds, common);
      before = mapToBounds(before, boundsBefore, common);
    }
    return anyLower(positive, before);
  }
  if (current.schema > previous.schema || isCustom(previous)) return true;
  if (current.zeroThreshold < previous.zeroThreshold) return true;
  const negativeBefore = unrollSpans(previous.negativeSpans, previous.negativeBuckets);
  const zero =
    current.zeroThreshold === previous.zeroThreshold
      ? { threshold: previous.zeroThreshold, count: previous.zeroCount }
      : widenZero(current.zeroThreshold, previous.zeroCount, previous.schema, before, negativeBefore);
  if (zero.threshold !== current.zeroThreshold || current.zeroCount < zero.count) return true;
  const negative = unrollSpans(current.negativeSpans, current.negativeBuckets);
  return (
    anyLower(positive, comparable(before, previous.schema, current)) ||
    anyLower(negative, comparable(negativeBefore, previous.schema, current))
  );
}

function mapCounts(
  histogram: FloatHistogram,
  map: (count: number) => number,
  counterResetHint: CounterResetHint,
): FloatHistogram {
  return {
    ...histogram,
    count: map(histogram.count),
    sum: map(histogram.sum),
    zeroCount: map(histogram.zeroCount),
    positiveBuckets: histogram.positiveBuckets.map(map),
    negativeBuckets: histogram.negativeBuckets.map(map),
    counterResetHint,
  };
}

function sameSide(a: Side, b: Side): boolean {
  return (
    a.indexes.length === b.indexes.length &&
    a.indexes.every((index, i) => index === b.indexes[i] && Object.is(a.counts[i], b.counts[i]))
  );
}

/** The former buckets in the resolution of the later histogram, without those that its zero bucket covers. */
function comparable(side: Side, schema: number, current: FloatHistogram): Side {
  const reduced = reduceSide(side, schema, current.schema);
  const counts = reduced.counts.map((count, i) =>
    exponentialBound(reduced.indexes[i]!, current.schema) <= current.zeroThreshold ? 0 : count,
  );
  return { indexes: reduced.indexes, counts };
}

function anyLower(current: Side, previous: Side): boolean {
  let at = 0;
  for (let i = 0; i < previous.indexes.length; i++) {
    const index = previous.indexes[i]!;
    while (at < current.indexes.length && current.indexes[at]! < index) at++;
    const now = current.indexes[at] === index ? current.counts[at]! : 0;
    if (now < previous.counts[i]!) return true;
  }
  return false;
}
