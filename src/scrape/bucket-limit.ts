/** Brings a native histogram under a job's limits by merging neighbouring buckets, which halves the resolution each time. */
import type { ScrapeConfig } from '../config/prometheus-config.ts';
import { CUSTOM_BUCKETS_SCHEMA, type FloatHistogram, type Span } from '../exposition/histogram.ts';
import { offsetFault } from '../exposition/histogram-layout.ts';

const LOWEST_SCHEMA = -4;
const HIGHEST_SCHEMA = 8;

type Limits = Pick<ScrapeConfig, 'nativeHistogramBucketLimit' | 'nativeHistogramMinBucketFactor'>;

/** Undefined where no resolution satisfies `native_histogram_bucket_limit`; why it is none, where a histogram cannot be merged. */
export function limitBuckets(histogram: FloatHistogram, limits: Limits): FloatHistogram | string | undefined {
  const limit = limits.nativeHistogramBucketLimit;
  const fault = offsetFault(histogram.positiveSpans) ?? offsetFault(histogram.negativeSpans);
  let limited = histogram;
  if (limit > 0) {
    while (limited.positiveBuckets.length + limited.negativeBuckets.length > limit) {
      if (limited.schema === CUSTOM_BUCKETS_SCHEMA || limited.schema <= LOWEST_SCHEMA) return undefined;
      if (fault !== undefined) return fault;
      limited = withSchema(limited, limited.schema - 1);
    }
  }
  const highest = highestSchema(limits.nativeHistogramMinBucketFactor);
  if (!(limited.schema > highest)) return limited;
  return fault ?? withSchema(limited, highest);
}

/** The finest schema whose buckets still grow by at least the factor; 0 asks for nothing. */
function highestSchema(factor: number): number {
  if (factor <= 1) return Number.POSITIVE_INFINITY;
  const schema = Math.floor(-Math.log2(Math.log2(factor)));
  return Math.min(HIGHEST_SCHEMA, Math.max(LOWEST_SCHEMA, schema));
}

function withSchema(histogram: FloatHistogram, schema: number): FloatHistogram {
  const steps = histogram.schema - schema;
  const positive = merged(histogram.positiveSpans, histogram.positiveBuckets, steps);
  const negative = merged(histogram.negativeSpans, histogram.negativeBuckets, steps);
  return {
    ...histogram,
    schema,
    positiveSpans: positive.spans,
    positiveBuckets: positive.buckets,
    negativeSpans: negative.spans,
    negativeBuckets: negative.buckets,
  };
}

/** Bucket i of the finer schema lies in bucket ⌈i / 2^steps⌉ of the coarser one. */
function merged(
  spans: readonly Span[],
  populations: readonly number[],
  steps: number,
): { readonly spans: Span[]; readonly buckets: number[] } {
  const made: { offset: number; length: number }[] = [];
  const buckets: number[] = [];
  let index = 0;
  let at = 0;
  let last: number | undefined;
  for (const span of spans) {
    index += span.offset;
    for (let i = 0; i < span.length; i++, index++) {
      const coarse = Math.ceil(index / 2 ** steps);
      const population = populations[at++]!;
      if (coarse === last) {
        buckets[buckets.length - 1]! += population;
        continue;
      }
      if (last !== undefined && coarse === last + 1) made[made.length - 1]!.length++;
      else made.push({ offset: last === undefined ? coarse : coarse - last - 1, length: 1 });
      buckets.push(population);
      last = coarse;
    }
  }
  return { spans: made, buckets };
}
