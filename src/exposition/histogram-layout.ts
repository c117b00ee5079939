/** Layouts of native histograms: without empty buckets, and what makes a histogram impossible. */
import { CUSTOM_BUCKETS_SCHEMA, type FloatHistogram, type Span } from './histogram.ts';

/** Leaves out empty buckets and joins what then adjoins. The spans name as many buckets as there are. */
export function compactBuckets(
  spans: readonly Span[],
  buckets: readonly number[],
): { readonly spans: readonly Span[]; readonly buckets: readonly number[] } {
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

/** Why Prometheus refuses to store the histogram; undefined where it takes it. `addsUp`: whether its count has to be that of its buckets. */
export function histogramFault(histogram: FloatHistogram, addsUp: boolean): string | undefined {
  const { schema, customValues, positiveSpans, negativeSpans, positiveBuckets, negativeBuckets } = histogram;
  if (schema === CUSTOM_BUCKETS_SCHEMA) {
    const bounds = customValues ?? [];
    if (bounds.some((bound, i) => i > 0 && !(bound > bounds[i - 1]!)))
      return 'histogram custom bounds must be in strictly increasing order';
    if (bounds[bounds.length - 1] === Number.POSITIVE_INFINITY)
      return 'custom buckets: the last bound must not be infinite';
    const length = positiveSpans.reduce((sum, span) => sum + span.offset + span.length, 0);
    if (length > bounds.length + 1) {
      return `custom buckets: only ${bounds.length} custom bounds defined which is insufficient to cover total span length of ${length}: histogram custom bounds are too few`;
    }
    if (negativeSpans.length > 0 || negativeBuckets.length > 0) return 'custom buckets: must not have negative buckets';
  } else if (schema < -4 || schema > 8) {
    return `histogram has an invalid schema, which must be between -4 and 8 for exponential buckets, or -53 for custom buckets, got schema ${schema}`;
  }
  return (
    spanFault('positive', positiveSpans) ??
    spanFault('negative', negativeSpans) ??
    bucketFault('positive', positiveBuckets) ??
    bucketFault('negative', negativeBuckets) ??
    countFault(histogram, addsUp)
  );
}

function spanFault(side: string, spans: readonly Span[]): string | undefined {
  const fault = offsetFault(spans);
  return fault && `${side} side: ${fault}`;
}

/** Only the first span may begin anywhere. */
export function offsetFault(spans: readonly Span[]): string | undefined {
  const at = spans.findIndex(({ offset }, i) => i > 0 && offset < 0);
  if (at < 0) return undefined;
  return `span number ${at + 1} with offset ${spans[at]!.offset}: histogram has a span whose offset is negative`;
}

function bucketFault(side: string, buckets: readonly number[]): string | undefined {
  const at = buckets.findIndex((population) => population < 0);
  if (at < 0) return undefined;
  return `${side} side: bucket number ${at + 1} has observation count of ${buckets[at]}: histogram has a bucket whose observation count is negative`;
}

/** Observations that are NaN are in no bucket, so the count may be higher where the sum is NaN. */
function countFault(histogram: FloatHistogram, addsUp: boolean): string | undefined {
  const { count, sum, zeroCount, positiveBuckets, negativeBuckets } = histogram;
  if (count < 0) return `observation count is ${count}: histogram has a negative observation count`;
  if (zeroCount < 0)
    return `zero bucket has observation count of ${zeroCount}: histogram has a bucket whose observation count is negative`;
  if (!addsUp) return undefined;
  const total = [zeroCount, ...positiveBuckets, ...negativeBuckets].reduce((a, b) => a + b, 0);
  if (Number.isNaN(sum) ? total <= count : total === count) return undefined;
  return `${total} observations found in buckets, but the Count field is ${count}: histogram's observation count should ${
    Number.isNaN(sum)
      ? 'be at least the number of observations found in the buckets'
      : 'equal the number of observations found in the buckets (in absence of NaN)'
  }`;
}
