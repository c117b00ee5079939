/** `histogram_quantile`, `histogram_quantiles` and `histogram_fraction`, over classic and native histograms alike. */

import { parseGoFloat } from '../../exposition/float.ts';
import { type Labels, METRIC_NAME } from '../../labels/labels.ts';
import type { Expression } from '../expression.ts';
import { ClassicBuckets, classicFraction, classicQuantile } from '../histogram/classic.ts';
import { histogramFraction, histogramQuantile } from '../histogram/quantile.ts';
import { formatG } from '../number-text.ts';
import type { Evaluator } from './evaluator.ts';
import { timeAt } from './frame.ts';
import { dropNames } from './instant-functions.ts';
import { ABSENT, FLOAT_POINT, HISTOGRAM_POINT, isEmptyRow, mergeRows, type Row, RowMaker, sameLabels } from './row.ts';

export interface QuantileCall {
  /** Scalars. */
  readonly quantiles: readonly Expression[];
  readonly vector: Expression;
  /** The label that tells the quantiles apart; undefined for `histogram_quantile`. */
  readonly label: string | undefined;
}

/** Series that belong together: the buckets of a classic histogram, and the native one of the same labels. */
interface HistogramGroup {
  /** Without `le`. */
  readonly labels: Labels;
  /** In order of their bounds. */
  readonly buckets: { readonly row: Row; readonly upperBound: number }[];
  readonly natives: Row[];
  /** The steps at which its buckets were said to be forced to rise: with several quantiles the first one says it. */
  readonly forcedAt: Set<number>;
}

export async function histogramQuantiles(evaluator: Evaluator, call: QuantileCall): Promise<Row[]> {
  const { annotations } = evaluator.scope;
  const columns: Float64Array[] = [];
  for (const quantile of call.quantiles) columns.push(await evaluator.scalar(quantile));
  const groups = await groupHistograms(evaluator, call.vector);
  // Behind what the vector has to say: of the same said twice the later place counts.
  for (const [i, quantile] of call.quantiles.entries()) {
    for (const q of columns[i]!) if (!(q >= 0 && q <= 1)) annotations.invalidQuantile(q, quantile);
  }
  const { vector } = call;
  const rows: Row[] = [];
  for (const column of columns) {
    for (const group of groups) {
      const name = metricNameFor(evaluator, group.labels);
      for (const row of estimateGroup(evaluator, group, {
        native(histogram, step) {
          const { value, nan } = histogramQuantile(column[step]!, histogram);
          if (nan === 'result-is-nan' || nan === 'skewed') annotations.quantileOfNaN(nan, name, vector);
          return value;
        },
        classic(buckets, step) {
          const value = classicQuantile(column[step]!, buckets);
          const { forced } = buckets;
          if (forced && !group.forcedAt.has(step)) {
            group.forcedAt.add(step);
            annotations.forcedMonotonicity(name, forced, timeAt(evaluator.frame, step), vector);
          }
          return value;
        },
      })) {
        if (call.label === undefined) rows.push(row);
        else rows.push(...withQuantileLabel(row, call.label, column));
      }
    }
  }
  return uniqueRows(evaluator, rows);
}

export async function histogramFractions(
  evaluator: Evaluator,
  lower: Expression,
  upper: Expression,
  vector: Expression,
): Promise<Row[]> {
  const from = await evaluator.scalar(lower);
  const to = await evaluator.scalar(upper);
  const rows: Row[] = [];
  for (const group of await groupHistograms(evaluator, vector)) {
    const name = metricNameFor(evaluator, group.labels);
    rows.push(
      ...estimateGroup(evaluator, group, {
        native(histogram, step) {
          const { value, nan } = histogramFraction(from[step]!, to[step]!, histogram);
          if (nan) evaluator.scope.annotations.fractionOfNaN(name, vector);
          return value;
        },
        classic: (buckets, step) => classicFraction(from[step]!, to[step]!, buckets),
      }),
    );
  }
  return uniqueRows(evaluator, rows);
}

async function groupHistograms(evaluator: Evaluator, vector: Expression): Promise<HistogramGroup[]> {
  const groups = new Map<string, HistogramGroup>();
  const bounds = new Map<string, number | undefined>();
  const groupOf = (key: string, labels: () => Labels): HistogramGroup => {
    let group = groups.get(key);
    if (!group) {
      group = { labels: labels(), buckets: [], natives: [], forcedAt: new Set() };
      groups.set(key, group);
    }
    return group;
  };
  const { annotations } = evaluator.scope;
  for (const row of await evaluator.rows(vector)) {
    const { labels } = row;
    if (row.kinds.includes(HISTOGRAM_POINT)) groupOf(labels.key, () => labels).natives.push(row);
    if (!row.kinds.includes(FLOAT_POINT)) continue;
    const le = labels.get('le');
    if (!bounds.has(le)) bounds.set(le, parseGoFloat(le));
    const upperBound = bounds.get(le);
    if (upperBound === undefined) annotations.badBucketLabel(metricNameFor(evaluator, labels), le, vector);
    else groupOf(keyWithoutBound(labels), () => labels.without('le')).buckets.push({ row, upperBound });
  }
  for (const group of groups.values()) {
    group.buckets.sort((a, b) => (a.upperBound < b.upperBound ? -1 : a.upperBound > b.upperBound ? 1 : 0));
    const name = metricNameFor(evaluator, group.labels);
    if (dropMixedSteps(group)) annotations.mixedClassicAndNative(name, vector);
  }
  // The native ones are told first.
  const all = [...groups.values()];
  return [
    ...all.filter(({ natives }) => natives.length > 0).map((group) => ({ ...group, buckets: [] })),
    ...all.filter(({ buckets }) => buckets.length > 0).map((group) => ({ ...group, natives: [] })),
  ];
}

/** The key of the labels without `le`. */
function keyWithoutBound({ names, values }: Labels): string {
  let key = '';
  for (let i = 0; i < names.length; i++) {
    if (names[i] !== 'le') key += `${names[i]!.length},${values[i]!.length},${names[i]}${values[i]}`;
  }
  return key;
}

/** Where a step has buckets and a native histogram nothing can be said. */
function dropMixedSteps({ buckets, natives }: HistogramGroup): boolean {
  let found = false;
  for (const native of natives) {
    for (let i = 0; i < native.kinds.length; i++) {
      if (native.kinds[i] !== HISTOGRAM_POINT) continue;
      const mixed = buckets.filter(({ row }) => row.kinds[i] === FLOAT_POINT);
      if (mixed.length === 0) continue;
      for (const { row } of mixed) row.kinds[i] = ABSENT;
      native.kinds[i] = ABSENT;
      found = true;
    }
  }
  return found;
}

interface Estimators {
  native(histogram: NonNullable<Row['histograms']>[number] & object, step: number): number;
  classic(buckets: ClassicBuckets, step: number): number;
}

function estimateGroup(evaluator: Evaluator, group: HistogramGroup, estimators: Estimators): Row[] {
  const { steps } = evaluator.frame;
  const maker = new RowMaker(steps);
  const rows: Row[] = [];
  for (const native of group.natives) {
    const row = maker.make(group.labels, true);
    for (let i = 0; i < steps; i++) {
      if (native.kinds[i] !== HISTOGRAM_POINT) continue;
      row.values[i] = estimators.native(native.histograms![i]!, i);
      row.kinds[i] = FLOAT_POINT;
    }
    rows.push(row);
  }
  if (group.buckets.length > 0) {
    const row = maker.make(group.labels, true);
    const buckets = new ClassicBuckets(group.buckets.length);
    for (let i = 0; i < steps; i++) {
      buckets.clear();
      for (const { row: bucket, upperBound } of group.buckets) {
        if (bucket.kinds[i] === FLOAT_POINT) buckets.add(upperBound, bucket.values[i]!);
      }
      if (buckets.length === 0) continue;
      row.values[i] = estimators.classic(buckets, i);
      row.kinds[i] = FLOAT_POINT;
    }
    rows.push(row);
  }
  return rows.filter((row) => !isEmptyRow(row));
}

/** One row for each value that the quantile has over the steps, told apart by the label. */
function withQuantileLabel(row: Row, label: string, column: Float64Array): Row[] {
  const byText = new Map<string, Row>();
  const maker = new RowMaker(column.length);
  for (let i = 0; i < column.length; i++) {
    if (row.kinds[i] === ABSENT) continue;
    const text = openMetricsFloat(column[i]!);
    let target = byText.get(text);
    if (!target) {
      target = maker.make(row.labels.with(label, text), row.dropName);
      byText.set(text, target);
    }
    target.values[i] = row.values[i]!;
    target.kinds[i] = FLOAT_POINT;
  }
  return [...byText.values()];
}

/** With a fraction, or an exponent, always. */
function openMetricsFloat(value: number): string {
  const text = formatG(value);
  return /^-?\d+$/.test(text) ? `${text}.0` : text;
}

function uniqueRows(evaluator: Evaluator, rows: Row[]): Row[] {
  const seen = new Map<string, Row>();
  for (const row of rows) {
    const other = seen.get(row.labels.key);
    if (!other) seen.set(row.labels.key, row);
    else if (row.kinds.some((kind, i) => kind !== ABSENT && other.kinds[i] !== ABSENT)) {
      throw sameLabels();
    }
  }
  return dropNames(evaluator, mergeRows(rows));
}

/** Without delayed name removal Prometheus has dropped the name before it gets to warn. */
function metricNameFor(evaluator: Evaluator, labels: Labels): string {
  return evaluator.scope.features.delayedNameRemoval ? labels.get(METRIC_NAME) : '';
}
