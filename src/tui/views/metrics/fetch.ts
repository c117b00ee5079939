/** What the metric view asks for: the series of an expression over the window, and a service's requests. */
import type { Labels } from '../../../labels/labels.ts';
import type { MetricSource } from '../../../monitor/sources.ts';
import type { RangeSeries } from '../../../promql/result.ts';
import { stepOf } from '../../charts/scale.ts';
import type { TimeWindow } from '../../frame/place.ts';
import { requestCounter, SERVICE_LABELS, statusLabel } from '../key-metrics.ts';
import { matchService } from '../service.ts';

export interface SeriesAnswer {
  readonly series: readonly RangeSeries[];
  /** Warnings and hints, each a sentence. */
  readonly notes: readonly string[];
}

export async function fetchSeries(
  metrics: MetricSource,
  expression: string,
  window: TimeWindow,
  signal: AbortSignal,
): Promise<SeriesAnswer> {
  const stepMs = stepOf(window);
  // Points on whole steps stay where they are when the window moves on.
  const endMs = Math.floor(window.endMs / stepMs) * stepMs;
  const startMs = endMs - (window.endMs - window.startMs);
  const { value, warnings, infos } = await metrics.queryRange(expression, { startMs, endMs, stepMs, signal });
  const series = value.type === 'matrix' ? value.series : [];
  const histograms = series.some((each) => each.histograms?.some((histogram) => histogram !== undefined));
  const hint = histograms
    ? ['native histograms have no line: wrap them in histogram_quantile(0.95, …) or histogram_avg(…)']
    : [];
  return { series, notes: [...hint, ...warnings, ...infos] };
}

/** The window of `rate` that suits a time range. */
export function rateWindow({ startMs, endMs }: TimeWindow): string {
  return endMs - startMs > 6 * 3_600_000 ? '5m' : '1m';
}

/** The requests of a service by their status; undefined where no label of the request counter names the service. */
export async function serviceQuery(
  metrics: MetricSource,
  names: readonly string[],
  service: { readonly service?: string | undefined; readonly labels?: Labels | undefined },
  window: TimeWindow,
  signal: AbortSignal,
): Promise<string | undefined> {
  const counter = requestCounter(names);
  if (counter === undefined) return undefined;
  const selection = { selectors: [counter], signal };
  const labels = await metrics.labelNames(selection);
  const status = statusLabel(labels);
  for (const label of SERVICE_LABELS.filter((each) => labels.includes(each))) {
    const found = matchService(await metrics.labelValues(label, selection), service.labels, service.service);
    if (found === undefined) continue;
    const rate = `rate(${counter}{${label}=${JSON.stringify(found)}}[${rateWindow(window)}])`;
    return `sum${status === undefined ? '' : ` by (${status})`} (${rate})`;
  }
  return undefined;
}
