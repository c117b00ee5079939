/** Rows → the result of a query: names dropped, series ordered, gaps left out. */
import type { FloatHistogram } from '../../exposition/histogram.ts';
import { Labels } from '../../labels/labels.ts';
import { HISTOGRAM, type SampleColumns, STALE } from '../../storage/queryable.ts';
import { type Expression, SET_OPERATORS, typeOf, unwrap } from '../expression.ts';
import { QueryError, type QueryValue, type RangeSeries } from '../result.ts';
import { type Evaluator, hasTwoSamples, refuseTwoSamples } from './evaluator.ts';
import { timeAt } from './frame.ts';
import { isStepInvariant } from './invariance.ts';
import { CHANGES_METRIC } from './matching.ts';
import { isRangeArgument, rangeSource } from './range.ts';
import {
  ABSENT,
  FLOAT_POINT,
  HISTOGRAM_POINT,
  mergeRows,
  pointCount,
  type Row,
  sameLabels,
  withoutMetadata,
} from './row.ts';
import type { QuerySlabs } from './row-slabs.ts';

/** `scalar`: the value at each step of a scalar expression, which becomes one series without labels. */
export function finishMatrix(evaluator: Evaluator, rows: Row[], scalar?: Float64Array): QueryValue {
  const { frame } = evaluator;
  const times = new Float64Array(frame.steps);
  for (let step = 0; step < times.length; step++) times[step] = timeAt(frame, step);
  if (scalar) return { type: 'matrix', series: [{ labels: Labels.EMPTY, timestamps: times, values: scalar }] };
  dropNames(evaluator, rows);
  rows.sort((a, b) => a.labels.compare(b.labels));
  // In order, equal labels stand side by side: where there are none, no key of each series need be made.
  const isUnique = rows.every((row, i) => i === 0 || !row.labels.equals(rows[i - 1]!.labels));
  const merged = isUnique ? rows : mergeRows(rows, 'by-kind');
  return { type: 'matrix', series: merged.map((row) => toSeries(evaluator.scope.slabs, row, times)) };
}

/** In the order of the rows: `sort` and `topk` mean it. */
export function finishVector(evaluator: Evaluator, expression: Expression, rows: Row[]): QueryValue {
  if (rows.some(hasTwoSamples) && isStepInvariant(expression)) rows.forEach(refuseTwoSamples);
  dropNames(evaluator, rows);
  const isMerged = rows.length < 2 || isOfDifferentLabels(evaluator, expression);
  const merged = isMerged ? rows : mergeRows(rows, 'by-kind');
  const samples = merged.map((row) => ({
    labels: row.labels,
    value: row.values[0]!,
    histogram: row.kinds[0] === HISTOGRAM_POINT ? row.histograms![0] : row.beside?.[0],
  }));
  return { type: 'vector', timestampMs: evaluator.frame.startMs, samples };
}

/** Whether no two rows can have equal labels, so that nobody need look: those of the storage and of aggregations, and of what looks itself. */
function isOfDifferentLabels({ scope }: Evaluator, expression: Expression): boolean {
  return !scope.features.delayedNameRemoval && keepsApart(expression);
}

function keepsApart(expression: Expression): boolean {
  switch (expression.kind) {
    case 'vector-selector':
    case 'aggregation':
      return true;
    case 'call': {
      const args = expression.args.map(unwrap);
      const { name } = expression.signature;
      if (name === 'label_replace') return keepsApart(args[0]!);
      return name === 'label_join' || args.some(isRangeArgument);
    }
    case 'binary': {
      const { left, right, operator, returnBool } = expression;
      if (SET_OPERATORS.has(operator)) return false;
      const vectors = [left, right].filter((each) => typeOf(each) === 'vector');
      // Where a scalar leaves the labels as they are, nothing looks.
      return vectors.length === 2 || CHANGES_METRIC.has(operator) || returnBool || keepsApart(unwrap(vectors[0]!));
    }
    default:
      return false;
  }
}

/** The samples themselves, for an instant query of a range selector or a subquery. */
export async function rangeVector(evaluator: Evaluator, expression: Expression): Promise<QueryValue> {
  if (!isRangeArgument(expression)) throw new QueryError('internal', `a ${expression.kind} is no range vector`);
  const { scope, frame } = evaluator;
  const source = rangeSource(evaluator, expression);
  const end = (source.times.fixedMs ?? frame.startMs) - source.times.offsetMs;
  const start = end - source.rangeMs;
  const before = source.extension === undefined ? 0 : scope.lookbackMs;
  const after = source.extension === 'smoothed' ? scope.lookbackMs : 0;
  const series: RangeSeries[] = [];
  const take = (labels: Labels, dropName: boolean, columns: SampleColumns): boolean => {
    const each = toRawSeries(dropName ? withoutMetadata(labels) : labels, columns, source.extension, start, end);
    if (!each) return false;
    scope.budget.add(each.timestamps.length);
    series.push(each);
    return scope.budget.worked(columns.length);
  };
  await source.read(take, start - before + 1, end + after);
  series.sort((a, b) => a.labels.compare(b.labels));
  return { type: 'matrix', series: mergeEqualLabels(series) };
}

/** In order of labels: what a subquery left apart until the names were dropped. */
function mergeEqualLabels(series: readonly RangeSeries[]): RangeSeries[] {
  const merged: RangeSeries[] = [];
  for (const each of series) {
    const last = merged.at(-1);
    if (last?.labels.equals(each.labels)) merged[merged.length - 1] = mergeSeries(last, each);
    else merged.push(each);
  }
  return merged;
}

function mergeSeries(a: RangeSeries, b: RangeSeries): RangeSeries {
  const samples = [...samplesOf(a), ...samplesOf(b)].sort((x, y) => x.timeMs - y.timeMs);
  const last = { float: Number.NaN, histogram: Number.NaN };
  for (const { timeMs, histogram } of samples) {
    const kind = histogram === undefined ? 'float' : 'histogram';
    if (last[kind] === timeMs) throw sameLabels();
    last[kind] = timeMs;
  }
  return toColumns(a.labels, samples);
}

function samplesOf({ timestamps, values, histograms }: RangeSeries): RawSample[] {
  return Array.from(timestamps, (timeMs, i) => ({ timeMs, value: values[i]!, histogram: histograms?.[i] }));
}

function dropNames({ scope }: Evaluator, rows: readonly Row[]): void {
  if (!scope.features.delayedNameRemoval) return;
  for (const row of rows) if (row.dropName) row.labels = withoutMetadata(row.labels);
}

/** The row is used up: its values become those of the series. */
function toSeries(slabs: QuerySlabs, row: Row, times: Float64Array): RangeSeries {
  const { labels, values, kinds, histograms } = row;
  if (row.beside !== undefined) return withBeside(row, row.beside, times);
  const count = pointCount(row);
  if (count === times.length) {
    return histograms
      ? { labels, timestamps: times, values, histograms: Array.from(times, (_, i) => histograms[i]) }
      : { labels, timestamps: times, values };
  }
  const timestamps = slabs.floats(count);
  const keptHistograms: (FloatHistogram | undefined)[] | undefined = histograms ? [] : undefined;
  let at = 0;
  for (let i = 0; i < kinds.length; i++) {
    if (kinds[i] === ABSENT) continue;
    timestamps[at] = times[i]!;
    values[at] = values[i]!;
    keptHistograms?.push(kinds[i] === FLOAT_POINT ? undefined : histograms![i]);
    at++;
  }
  const kept = values.subarray(0, count);
  return keptHistograms
    ? { labels, timestamps, values: kept, histograms: keptHistograms }
    : { labels, timestamps, values: kept };
}

/** Floats and histograms, which may be of equal times. */
function withBeside(
  { labels, values, kinds, histograms }: Row,
  beside: readonly (FloatHistogram | undefined)[],
  times: Float64Array,
): RangeSeries {
  const samples: RawSample[] = [];
  for (let i = 0; i < kinds.length; i++) {
    const timeMs = times[i]!;
    if (kinds[i] === FLOAT_POINT) samples.push({ timeMs, value: values[i]!, histogram: undefined });
    const histogram = kinds[i] === HISTOGRAM_POINT ? histograms![i] : beside[i];
    if (histogram !== undefined) samples.push({ timeMs, value: Number.NaN, histogram });
  }
  return toColumns(labels, samples);
}

interface RawSample {
  readonly timeMs: number;
  readonly value: number;
  readonly histogram: FloatHistogram | undefined;
}

function toRawSeries(
  labels: Labels,
  columns: SampleColumns,
  extension: 'anchored' | 'smoothed' | undefined,
  start: number,
  end: number,
): RangeSeries | undefined {
  let samples: RawSample[] = [];
  for (let i = 0; i < columns.length; i++) {
    const kind = columns.floatsOnly ? 0 : columns.kinds[i]!;
    if (kind === STALE) continue;
    samples.push({
      timeMs: columns.timestamps[i]!,
      value: columns.values[i]!,
      histogram: kind === HISTOGRAM ? columns.histograms[i] : undefined,
    });
  }
  if (extension !== undefined) samples = extend(samples, extension === 'smoothed', start, end);
  return samples.length === 0 ? undefined : toColumns(labels, samples);
}

function toColumns(labels: Labels, samples: readonly RawSample[]): RangeSeries {
  const timestamps = Float64Array.from(samples, (sample) => sample.timeMs);
  const values = Float64Array.from(samples, (sample) => sample.value);
  const histograms = samples.map((sample) => sample.histogram);
  return histograms.some((each) => each) ? { labels, timestamps, values, histograms } : { labels, timestamps, values };
}

/** With values at the very ends of the range: the neighbours', or interpolated between them. */
function extend(samples: RawSample[], smoothed: boolean, start: number, end: number): RawSample[] {
  if (samples.some((sample) => sample.histogram)) {
    const extension = smoothed ? 'smoothed' : 'anchored';
    throw new QueryError('execution', `${extension} modifier is not supported with histograms`);
  }
  const first = Math.max(
    0,
    samples.findLastIndex((sample) => sample.timeMs <= start),
  );
  let last = samples.length - 1;
  if (smoothed) {
    const after = samples.findIndex((sample) => sample.timeMs >= end);
    if (after >= 0) last = after;
  }
  if (last < 0 || samples[last]!.timeMs <= start) return [];
  const at = (i: number, timeMs: number): number => {
    const [a, b] = [samples[i]!, samples[i + 1]!];
    return a.value + ((b.value - a.value) * (timeMs - a.timeMs)) / (b.timeMs - a.timeMs);
  };
  const left = smoothed && samples[first]!.timeMs < start ? at(first, start) : samples[first]!.value;
  const right = smoothed && last > 0 && samples[last]!.timeMs > end ? at(last - 1, end) : samples[last]!.value;
  const inner = samples.slice(first, last + 1).filter((sample) => sample.timeMs > start && sample.timeMs < end);
  return [
    { timeMs: start, value: left, histogram: undefined },
    ...inner,
    { timeMs: end, value: right, histogram: undefined },
  ];
}
