/** Layouts of native histograms: without empty buckets, and what makes a histogram impossible. */
import { CUSTOM_BUCKETS_SCHEMA, type FloatHistogram, type Span } from './histogram.ts';

/** Leaves out empty buckets and joins what then adjoins. Buckets that no span names, and spans without buckets, stay for `histogramFault` to find. */
export function compactBuckets(
  spans: readonly Span[],
  buckets: readonly number[],
): { readonly spans: readonly Span[]; readonly buckets: readonly number[] } {
  let named = 0;
  for (const span of spans) named += span.length;
  if (named !== buckets.length) return { spans, buckets };
  const kept: number[] = [];
  const into: { offset: number; length: number }[] = [];
  let index = 0;
  let at = 0;
  let end = 0;
  for (const span of spans) {
    index += span.offset;
    for (let i = 0; i < span.length; i++, index++) {
      const population = buckets[at++]!;
      if (population === 0) continue;
      const last = into[into.length - 1];
      if (last !== undefined && index === end) last.length++;
      else into.push({ offset: index - end, length: 1 });
      end = index + 1;
      kept.push(population);
    }
  }
  return { spans: into, buckets: kept };
}

/** Why Prometheus refuses to store the histogram; undefined where it takes it. */
export function histogramFault(histogram: FloatHistogram): string | undefined {
  const { schema, customValues, positiveSpans, negativeSpans, positiveBuckets, negativeBuckets } = histogram;
  if (schema === CUSTOM_BUCKETS_SCHEMA) {
    const bounds = customValues ?? [];
    if (bounds.some((bound, i) => i > 0 && !(bound > bounds[i - 1]!)))
      return 'histogram custom bounds must be in strictly increasing order';
    if (bounds.some((bound) => !Number.isFinite(bound))) return 'custom buckets: the last bound must not be infinite';
    const length = positiveSpans.reduce((sum, span) => sum + span.offset + span.length, 0);
    if (length > bounds.length + 1) {
      return `custom buckets: only ${bounds.length} custom bounds defined which is insufficient to cover total span length of ${length}: histogram custom bounds are too few`;
    }
    if (negativeSpans.length > 0 || negativeBuckets.length > 0) return 'custom buckets: must not have negative buckets';
  } else if (schema < -4 || schema > 8) {
    return `histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, or -53 for custom buckets, got schema ${schema}`;
  }
  return (
    sideFault('positive', positiveSpans, positiveBuckets) ??
    sideFault('negative', negativeSpans, negativeBuckets) ??
    countFault(histogram)
  );
}

function sideFault(side: string, spans: readonly Span[], buckets: readonly number[]): string | undefined {
  let named = 0;
  for (const [i, span] of spans.entries()) {
    if (i > 0 && span.offset < 0)
      return `${side} side: span number ${i + 1} with offset ${span.offset}: histogram has a span whose offset is negative`;
    named += span.length;
  }
  if (named !== buckets.length) {
    return `${side} side: spans need ${named} buckets, have ${buckets.length} buckets: histogram spans specify different number of buckets than provided`;
  }
  const at = buckets.findIndex((population) => population < 0);
  if (at >= 0)
    return `${side} side: bucket number ${at + 1} has observation count of ${buckets[at]}: histogram has a bucket whose observation count is negative`;
  return undefined;
}

/** Observations that are NaN are in no bucket, so the count may be higher where the sum is NaN. Fractions need not add up exactly. */
function countFault(histogram: FloatHistogram): string | undefined {
  const { count, sum, zeroCount, positiveBuckets, negativeBuckets } = histogram;
  if (count < 0) return `observation count is ${count}: histogram has a negative observation count`;
  if (zeroCount < 0)
    return `zero bucket has observation count of ${zeroCount}: histogram has a bucket whose observation count is negative`;
  const populations = [zeroCount, ...positiveBuckets, ...negativeBuckets];
  if (!populations.every(Number.isInteger) || !Number.isInteger(count)) return undefined;
  const total = populations.reduce((a, b) => a + b, 0);
  if (Number.isNaN(sum) ? total <= count : total === count) return undefined;
  return `${total} observations found in buckets, but the Count field is ${count}: histogram's observation count should ${
    Number.isNaN(sum)
      ? 'be at least the number of observations found in the buckets'
      : 'equal the number of observations found in the buckets (in absence of NaN)'
  }`;
}
