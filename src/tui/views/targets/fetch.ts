/** What the targets' views ask the metrics for beside the targets: what their scrapes were like over the window. */
import type { Labels } from '../../../labels/labels.ts';
import type { MetricSource } from '../../../monitor/sources.ts';
import type { RangeSeries } from '../../../promql/result.ts';
import type { TimeWindow } from '../../frame/place.ts';
import { fetchSeries } from '../metrics/fetch.ts';

/** `up` of every target. None where it cannot be read: the list stands without, and the header tells the source's state. */
export async function fetchUps(
  metrics: MetricSource,
  window: TimeWindow,
  signal: AbortSignal,
): Promise<readonly RangeSeries[]> {
  try {
    return (await fetchSeries(metrics, 'up', window, signal)).series;
  } catch {
    return [];
  }
}

export interface ScrapeHistory {
  /** Seconds. */
  readonly durations: readonly RangeSeries[];
  /** Samples a scrape. */
  readonly samples: readonly RangeSeries[];
}

/** How long a target's scrapes took and what they gave. */
export async function fetchScrapes(
  metrics: MetricSource,
  labels: Labels,
  window: TimeWindow,
  signal: AbortSignal,
): Promise<ScrapeHistory> {
  const own = `{${['job', 'instance'].map((name) => `${name}=${JSON.stringify(labels.get(name))}`).join(', ')}}`;
  const [durations, samples] = await Promise.all([
    fetchSeries(metrics, `scrape_duration_seconds${own}`, window, signal),
    fetchSeries(metrics, `scrape_samples_scraped${own}`, window, signal),
  ]);
  return { durations: durations.series, samples: samples.series };
}
