/** Native histograms as text: Prometheus' `String()`, and the `{{…}}` notation of its tests. */
import type { FloatHistogram } from '../../exposition/histogram.ts';
import { formatG } from '../number-text.ts';
import { type Bucket, isCustom, negativeBuckets, positiveBuckets, type Side, unrollSpans } from './buckets.ts';

/** `{count:20, sum:10, [-2,-1):2, [-0.001,0.001]:2, (0.5,1]:1}`. */
export function formatHistogram(histogram: FloatHistogram): string {
  const parts = [`count:${formatG(histogram.count)}`, `sum:${formatG(histogram.sum)}`];
  for (const bucket of negativeBuckets(histogram).reverse()) if (bucket.count !== 0) parts.push(formatBucket(bucket));
  if (histogram.zeroCount !== 0) {
    const bound = formatG(histogram.zeroThreshold);
    parts.push(`[-${bound},${bound}]:${formatG(histogram.zeroCount)}`);
  }
  const format = isCustom(histogram) ? formatCustomBucket : formatBucket;
  for (const bucket of positiveBuckets(histogram)) if (bucket.count !== 0) parts.push(format(bucket));
  return `{${parts.join(', ')}}`;
}

/** `{{schema:1 count:10 sum:20 buckets:[1 2]}}`: parts that are zero are left out, and a hint `unknown`. */
export function formatHistogramNotation(histogram: FloatHistogram): string {
  const parts: string[] = [];
  const add = (key: string, value: number): void => {
    if (value !== 0) parts.push(`${key}:${formatG(value)}`);
  };
  add('schema', histogram.schema);
  add('count', histogram.count);
  add('sum', histogram.sum);
  add('z_bucket', histogram.zeroCount);
  add('z_bucket_w', histogram.zeroThreshold);
  if (isCustom(histogram))
    parts.push(`custom_values:[${(histogram.customValues ?? []).map((v) => formatG(v)).join(' ')}]`);
  const hint = histogram.counterResetHint;
  if (hint !== 'unknown') parts.push(`counter_reset_hint:${hint.replace('-', '_')}`);
  addSide(parts, 'buckets', 'offset', unrollSpans(histogram.positiveSpans, histogram.positiveBuckets));
  addSide(parts, 'n_buckets', 'n_offset', unrollSpans(histogram.negativeSpans, histogram.negativeBuckets));
  return `{{${parts.join(' ')}}}`;
}

function formatBucket({ lower, upper, count }: Bucket): string {
  const open = lower < 0 ? '[' : '(';
  const close = upper > 0 ? ']' : ')';
  return `${open}${formatG(lower)},${formatG(upper)}${close}:${formatG(count)}`;
}

/** The upper bound is always part of it. */
function formatCustomBucket({ lower, upper, count }: Bucket): string {
  const open = lower === Number.NEGATIVE_INFINITY ? '[' : '(';
  return `${open}${formatG(lower)},${formatG(upper)}]:${formatG(count)}`;
}

function addSide(parts: string[], key: string, offsetKey: string, side: Side): void {
  const populated = side.counts.flatMap((count, i) => (count === 0 ? [] : [i]));
  if (populated.length === 0) return;
  const first = side.indexes[populated[0]!]!;
  const dense = new Array<number>(side.indexes[populated.at(-1)!]! - first + 1).fill(0);
  for (const i of populated) dense[side.indexes[i]! - first] = side.counts[i]!;
  if (first !== 0) parts.push(`${offsetKey}:${first}`);
  parts.push(`${key}:[${dense.map((count) => formatG(count)).join(' ')}]`);
}
