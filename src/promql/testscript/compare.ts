/** Is a result what was expected? Says what differs, in words. */
import type { FloatHistogram } from '../../exposition/histogram.ts';
import type { Labels } from '../../labels/labels.ts';
import { isCustom, sameBounds } from '../histogram/buckets.ts';
import { compact } from '../histogram/operations.ts';
import { formatHistogramNotation } from '../histogram/text.ts';
import { formatG } from '../number-text.ts';
import type { QueryValue, RangeSeries } from '../result.ts';
import type { SequenceValue, SeriesLine } from './notation.ts';

/** Differences, each in a line; none where all is as expected. */
export type Differences = string[];

const TOLERANCE = 1e-6;
const SMALLEST_NORMAL = 2.2250738585072014e-308;

interface Point {
  readonly timeMs: number;
  readonly value: SequenceValue;
}

export function compareScalar(expected: number, got: number): Differences {
  return almostEqual(expected, got) ? [] : [`expected scalar ${formatG(expected)}, got ${formatG(got)}`];
}

export function compareVector(
  expected: readonly SeriesLine[],
  got: QueryValue & { type: 'vector' },
  ordered: boolean,
): Differences {
  const differences: Differences = [];
  const byKey = new Map(got.samples.map((sample, index) => [sample.labels.key, { ...sample, index }]));
  if (byKey.size !== got.samples.length) differences.push('the result has one label set more than once');
  const seen = new Set<string>();
  for (const [index, { labels, values }] of expected.entries()) {
    if (values.length !== 1) {
      differences.push(
        `expected 1 value in the instant vector for ${labels.toSelector()}, the line has ${values.length}`,
      );
      continue;
    }
    seen.add(labels.key);
    const sample = byKey.get(labels.key);
    if (!sample) {
      differences.push(`missing ${describe(labels, values[0]!)}`);
      continue;
    }
    if (ordered && sample.index !== index) {
      differences.push(`expected ${labels.toSelector()} at position ${index + 1}, but it is at ${sample.index + 1}`);
    }
    const value = toValue(sample.value, sample.histogram);
    const why = valueDifference(values[0]!, value);
    if (why !== undefined) {
      differences.push(
        `${labels.toSelector()}: expected ${formatValue(values[0]!)}, got ${formatValue(value)}${why === '' ? '' : ` (${why})`}`,
      );
    }
  }
  for (const sample of got.samples) {
    if (!seen.has(sample.labels.key)) {
      differences.push(`unexpected ${describe(sample.labels, toValue(sample.value, sample.histogram))}`);
    }
  }
  return differences;
}

/** The expected values are at `startMs`, `startMs` + `stepMs`, … */
export function compareMatrix(
  expected: readonly SeriesLine[],
  got: readonly RangeSeries[],
  startMs: number,
  endMs: number,
  stepMs: number,
): Differences {
  const differences: Differences = [];
  for (let i = 1; i < got.length; i++) {
    if (got[i - 1]!.labels.compare(got[i]!.labels) > 0) {
      differences.push(`the result is not sorted by labels at ${got[i]!.labels.toSelector()}`);
      break;
    }
  }
  const byKey = new Map(got.map((series) => [series.labels.key, series]));
  if (byKey.size !== got.length) differences.push('the result has one label set more than once');
  const seen = new Set<string>();
  for (const { labels, values } of expected) {
    seen.add(labels.key);
    const most = Math.floor((endMs - startMs) / stepMs) + 1;
    if (values.length > most) {
      differences.push(`expected ${values.length} points for ${labels.toSelector()}, but there are ${most} steps only`);
      continue;
    }
    const wanted = values
      .map((value, i): Point => ({ timeMs: startMs + i * stepMs, value }))
      .filter(({ value }) => value.kind !== 'none');
    const series = byKey.get(labels.key);
    if (!series) {
      differences.push(`missing series ${labels.toSelector()} ${wanted.map(formatPoint).join(' ')}`);
      continue;
    }
    differences.push(...comparePoints(labels, wanted, pointsOf(series)));
  }
  for (const series of got) {
    if (!seen.has(series.labels.key)) {
      differences.push(
        `unexpected series ${series.labels.toSelector()} ${pointsOf(series).map(formatPoint).join(' ')}`,
      );
    }
  }
  return differences;
}

/** |a-b| relative to the smaller of the magnitudes' sum and the greatest float; NaN is equal to NaN. */
export function almostEqual(a: number, b: number): boolean {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) && Number.isNaN(b);
  if (a === b) return true;
  const difference = Math.abs(a - b);
  const size = Math.abs(a) + Math.abs(b);
  if (a === 0 || b === 0 || size < SMALLEST_NORMAL) return difference < TOLERANCE * SMALLEST_NORMAL;
  return difference / Math.min(size, Number.MAX_VALUE) < TOLERANCE;
}

function comparePoints(labels: Labels, wanted: readonly Point[], got: readonly Point[]): Differences {
  const differences: Differences = [];
  const byTime = new Map(got.map((point) => [point.timeMs, point]));
  for (const [i, { timeMs }] of got.entries()) {
    if (got[i - 1]?.timeMs !== timeMs) continue;
    differences.push(`${labels.toSelector()} at ${timeMs / 1000}s: got both a float and a histogram`);
  }
  for (const point of wanted) {
    const other = byTime.get(point.timeMs);
    byTime.delete(point.timeMs);
    const why = other ? valueDifference(point.value, other.value) : '';
    if (why === undefined) continue;
    const found = other ? formatValue(other.value) : 'nothing';
    differences.push(
      `${labels.toSelector()} at ${point.timeMs / 1000}s: expected ${formatValue(point.value)}, got ${found}${why === '' ? '' : ` (${why})`}`,
    );
  }
  for (const point of byTime.values()) {
    differences.push(
      `${labels.toSelector()} at ${point.timeMs / 1000}s: expected nothing, got ${formatValue(point.value)}`,
    );
  }
  return differences;
}

/** Undefined where the two are the same. */
function valueDifference(expected: SequenceValue, got: SequenceValue): string | undefined {
  if (expected.kind === 'histogram' && got.kind === 'histogram') {
    return histogramDifference(expected.histogram, got.histogram);
  }
  if (expected.kind === 'float' && got.kind === 'float') return almostEqual(expected.value, got.value) ? undefined : '';
  return expected.kind === got.kind ? undefined : '';
}

function histogramDifference(expected: FloatHistogram, got: FloatHistogram): string | undefined {
  if (expected.schema !== got.schema) return 'schema';
  if (expected.counterResetHint !== 'unknown' && expected.counterResetHint !== got.counterResetHint) {
    return `counter_reset_hint, which is ${got.counterResetHint.replace('-', '_')}`;
  }
  if (isCustom(expected) && !sameBounds(expected.customValues, got.customValues)) return 'custom_values';
  if (expected.zeroThreshold !== got.zeroThreshold) return 'z_bucket_w';
  if (!almostEqual(expected.count, got.count)) return 'count';
  if (!almostEqual(expected.sum, got.sum)) return 'sum';
  // Custom buckets have no zero bucket to be written, but zero times NaN is NaN.
  const isNothing = isCustom(got) && expected.zeroCount === 0 && Number.isNaN(got.zeroCount);
  if (!isNothing && !almostEqual(expected.zeroCount, got.zeroCount)) return 'z_bucket';
  const a = compact(expected);
  const b = compact(got);
  if (!sameSpans(a.positiveSpans, b.positiveSpans) || !sameCounts(a.positiveBuckets, b.positiveBuckets))
    return 'buckets';
  if (!sameSpans(a.negativeSpans, b.negativeSpans) || !sameCounts(a.negativeBuckets, b.negativeBuckets))
    return 'n_buckets';
  return undefined;
}

function sameSpans(a: FloatHistogram['positiveSpans'], b: FloatHistogram['positiveSpans']): boolean {
  return a.length === b.length && a.every((span, i) => span.offset === b[i]!.offset && span.length === b[i]!.length);
}

function sameCounts(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((count, i) => almostEqual(count, b[i]!));
}

function pointsOf({ timestamps, values, histograms }: RangeSeries): Point[] {
  return Array.from(timestamps, (timeMs, i) => ({ timeMs, value: toValue(values[i]!, histograms?.[i]) }));
}

function toValue(value: number, histogram: FloatHistogram | undefined): SequenceValue {
  return histogram ? { kind: 'histogram', histogram } : { kind: 'float', value };
}

function formatValue(value: SequenceValue): string {
  switch (value.kind) {
    case 'none':
      return 'nothing';
    case 'stale':
      return 'stale';
    case 'float':
      return formatG(value.value);
    case 'histogram':
      return formatHistogramNotation(value.histogram);
  }
}

function formatPoint({ timeMs, value }: Point): string {
  return `${formatValue(value)}@${timeMs / 1000}s`;
}

function describe(labels: Labels, value: SequenceValue): string {
  return `${labels.toSelector()} ${formatValue(value)}`;
}
