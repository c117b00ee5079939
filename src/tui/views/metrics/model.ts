/** Series as the chart and its legend show them: names cut to what tells them apart, statistics over the window. */
import type { MetricType } from '../../../exposition/exemplar.ts';
import type { Labels } from '../../../labels/labels.ts';
import { Matcher } from '../../../labels/matcher.ts';
import type { RangeSeries } from '../../../promql/result.ts';
import { type SortState, sorted } from '../../frame/table.ts';
import { SERIES_TONES } from '../../theme.ts';
import type { LegendItem } from './rows.ts';

/** `{service="order"}`: the labels that differ between the series; all of them where there is one series. */
export function seriesNames(series: readonly RangeSeries[]): string[] {
  const shared = new Map<string, string | undefined>();
  for (const { labels } of series)
    for (const [name, value] of labels)
      shared.set(name, shared.has(name) && shared.get(name) !== value ? undefined : value);
  const same = (name: string, value: string): boolean =>
    shared.get(name) === value && series.every(({ labels }) => labels.get(name) === value);
  return series.map(({ labels }) => {
    const telling = series.length === 1 ? labels : labels.filter((name, value) => !same(name, value));
    const shown = telling.size === 0 ? labels : telling;
    return selectorText(shown);
  });
}

const FIRST = ['service', 'service_name', 'app', 'job'];

/** As a selector, the labels that say most first and the address last: what is cut off at the right is missed least. */
function selectorText(labels: Labels): string {
  const rank = (name: string): number => (FIRST.includes(name) ? FIRST.indexOf(name) : name === 'instance' ? 99 : 50);
  const pairs = [...labels.withoutMetricName()].sort(([a], [b]) => rank(a) - rank(b));
  const parts = pairs.map(([name, value]) => new Matcher('=', name, value).toString());
  return parts.length === 0 ? labels.metricName || '{}' : `${labels.metricName}{${parts.join(', ')}}`;
}

export interface LegendOptions {
  readonly hidden: ReadonlySet<string>;
  readonly sort: SortState | undefined;
  /** For a value at this time, not older than a gap in the chart. */
  readonly cursor: { readonly atMs: number; readonly gapMs: number } | undefined;
}

/** One item a series, with the index of the series in it. */
export function legendItems(
  series: readonly RangeSeries[],
  { hidden, sort, cursor }: LegendOptions,
): (LegendItem & { readonly index: number })[] {
  const names = seriesNames(series);
  const items = series.map((each, index) => ({
    index,
    labels: each.labels,
    name: names[index]!,
    tone: SERIES_TONES[index % SERIES_TONES.length]!,
    hidden: hidden.has(each.labels.key),
    ...statistics(each, cursor),
  }));
  const keys = {
    last: (item: LegendItem) => item.last ?? Number.NaN,
    min: (item: LegendItem) => item.min,
    max: (item: LegendItem) => item.max,
    avg: (item: LegendItem) => item.avg,
  };
  return [...sorted(items, keys, sort)];
}

function statistics(
  { timestamps, values }: RangeSeries,
  cursor: LegendOptions['cursor'],
): Pick<LegendItem, 'last' | 'min' | 'max' | 'avg'> {
  let min = Number.POSITIVE_INFINITY;
  let max = Number.NEGATIVE_INFINITY;
  let sum = 0;
  let count = 0;
  let last: number | undefined;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) continue;
    if (value < min) min = value;
    if (value > max) max = value;
    sum += value;
    count++;
    const age = cursor === undefined ? 0 : cursor.atMs - timestamps[i]!;
    if (age >= 0 && age <= (cursor?.gapMs ?? 0)) last = value;
  }
  if (count === 0) return { last, min: Number.NaN, max: Number.NaN, avg: Number.NaN };
  return { last, min, max, avg: sum / count };
}

/** The query that shows a metric of this type best; those that histograms consist of each in their own way. */
export function queryFor(name: string, type: MetricType | undefined, window: string): string {
  if (name.endsWith('_bucket')) return `histogram_quantile(0.95, sum by (le) (rate(${name}[${window}])))`;
  if (name.endsWith('_sum') && (type === 'histogram' || type === 'summary')) {
    return `rate(${name}[${window}]) / rate(${name.slice(0, -'_sum'.length)}_count[${window}])`;
  }
  const counts = type === 'counter' || (type === undefined && name.endsWith('_total'));
  if (counts || (name.endsWith('_count') && (type === 'histogram' || type === 'summary')))
    return `rate(${name}[${window}])`;
  return type === 'histogram' ? `histogram_quantile(0.95, rate(${name}[${window}]))` : name;
}
