/** Discovery, scraping and remote write, under the names that Prometheus uses of itself. */
import { formatDuration } from '../config/duration.ts';
import type { DiscoveryEvent } from '../discovery/discovery.ts';
import type { DurationSummary } from '../scrape/duration-summary.ts';
import type { JobStats } from '../scrape/manager.ts';
import type { RemoteWriteState } from '../scrape/remote-write/queue.ts';
import type { ScrapeTotals } from '../scrape/scrape-totals.ts';
import type { Families, Values } from './metric-families.ts';

export interface ScrapeMetricsOptions {
  readonly jobs: () => readonly JobStats[];
  readonly scrapeTotals: ScrapeTotals;
  readonly remoteWrites: () => readonly RemoteWriteState[];
}

export function addScrapeMetrics(families: Families, options: ScrapeMetricsOptions): void {
  ofDiscovery(families, options);
  ofPools(families, options);
  ofScrapes(families, options.scrapeTotals);
  ofRemoteWrite(families, options.remoteWrites);
}

function ofDiscovery(families: Families, { jobs }: ScrapeMetricsOptions): void {
  const name = 'scrape';
  families.gauge('prometheus_sd_discovered_targets', 'Targets found, before relabelling.', ['name', 'config'], () =>
    jobs().map(({ job, discoveredTargets }) => [{ name, config: job }, discoveredTargets]),
  );
  families.gauge('prometheus_sd_failed_configs', 'Discoveries that watchfire does not have.', ['name'], () => [
    [{ name }, jobs().filter(({ kinds }) => kinds.has('unsupported')).length],
  ]);
  const counted = (event: DiscoveryEvent, { totals }: JobStats): number => totals.discovery.get(event) ?? 0;
  const total = (what: string, help: string, event: DiscoveryEvent): void =>
    families.counter(`prometheus_sd_${what}_total`, help, [], () => [
      [{}, jobs().reduce((sum, job) => sum + counted(event, job), 0)],
    ]);
  total('dns_lookups', 'Names looked up.', 'dns-lookup');
  total('dns_lookup_failures', 'Names that could not be looked up.', 'dns-lookup-failure');
  total('file_read_errors', 'Files of targets that could not be read.', 'file-read-error');
  total('http_failures', 'Questions to http_sd servers without a good answer.', 'http-failure');
  total('kubernetes_failures', 'Questions to Kubernetes API servers without a good answer.', 'kubernetes-failure');
  families.counter(
    'prometheus_sd_refresh_failures_total',
    'Refreshes of a discovery that failed.',
    ['mechanism', 'config'],
    () =>
      jobs().flatMap((job) => [
        ...(job.kinds.has('dns') ? [[{ mechanism: 'dns', config: job.job }, 0] as const] : []),
        ...(job.kinds.has('http')
          ? [[{ mechanism: 'http', config: job.job }, counted('http-failure', job)] as const]
          : []),
      ]),
  );
}

function ofPools(families: Families, { jobs, scrapeTotals }: ScrapeMetricsOptions): void {
  const label = 'scrape_job';
  const perJob =
    (value: (stats: JobStats) => number): (() => Values) =>
    () =>
      jobs().map((each) => [{ [label]: each.job }, value(each)]);
  const gauge = (name: string, help: string, value: (stats: JobStats) => number): void =>
    families.gauge(`prometheus_target_${name}`, help, [label], perJob(value));
  const counter = (name: string, help: string, value: (stats: JobStats) => number): void =>
    families.counter(`prometheus_target_${name}`, help, [label], perJob(value));
  gauge('scrape_pool_targets', 'Targets of a job.', ({ targets }) => targets);
  gauge('scrape_pool_target_limit', 'Most targets of a job; 0: no limit.', ({ targetLimit }) => targetLimit);
  gauge('metadata_cache_entries', 'Metric families that the targets told of.', (each) => each.families);
  counter('scrape_pool_sync_total', 'Times that found targets were taken up.', ({ totals }) => totals.syncs.count);
  counter('sync_failed_total', 'Targets found that cannot be scraped.', ({ totals }) => totals.syncFailures);
  const plain = (name: string, help: string, value: () => number): void =>
    families.counter(`prometheus_target_${name}`, help, [], () => [[{}, value()]]);
  plain('scrape_pools_total', 'Jobs that were begun.', () => scrapeTotals.poolsMade);
  plain('scrape_pools_failed_total', 'Jobs that could not be begun.', () => 0);
  plain('scrape_pool_reloads_total', 'Jobs that a reload went on with.', () => scrapeTotals.reloads);
  plain('scrape_pool_reloads_failed_total', 'Jobs that a reload could not go on with.', () => 0);
  plain('scrape_pool_exceeded_target_limit_total', 'Times that a job had more targets than its limit.', () =>
    jobs().reduce((sum, { totals }) => sum + totals.targetLimitExceeded, 0),
  );
  families.summary(
    'prometheus_target_sync_length_seconds',
    'How long taking up found targets took.',
    [0.01, 0.05, 0.5, 0.9, 0.99],
    () => jobs().map(({ job, totals }) => [{ [label]: job }, totals.syncs]),
  );
}

function ofScrapes(families: Families, totals: ScrapeTotals): void {
  const counter = (name: string, help: string, value: () => number): void =>
    families.counter(`prometheus_target_${name}_total`, help, [], () => [[{}, value()]]);
  counter('scrape_pool_exceeded_label_limits', 'Scrapes that failed by a limit of labels.', () => totals.limits.labels);
  counter(
    'scrapes_exceeded_body_size_limit',
    'Scrapes that failed by the limit of the body.',
    () => totals.limits.bodySize,
  );
  counter('scrapes_exceeded_sample_limit', 'Scrapes that failed by the limit of samples.', () => totals.limits.samples);
  counter(
    'scrapes_exceeded_native_histogram_bucket_limit',
    'Scrapes that failed by the limit of histogram buckets.',
    () => totals.limits.histogramBuckets,
  );
  counter(
    'scrapes_sample_duplicate_timestamp',
    'Samples refused: another value at the same time.',
    () => totals.duplicates,
  );
  counter('scrapes_sample_out_of_order', 'Samples refused: out of order.', () => totals.outOfOrder);
  counter('scrapes_sample_out_of_bounds', 'Samples refused: too old or too far ahead.', () => totals.outOfBounds);
  families.summary(
    'prometheus_target_interval_length_seconds',
    'From the beginning of a scrape to that of the next.',
    [0.01, 0.05, 0.5, 0.9, 0.99],
    () =>
      [...totals.intervals].map(([intervalMs, summary]): [Record<string, string>, DurationSummary] => [
        { interval: formatDuration(intervalMs) },
        summary,
      ]),
  );
}

function ofRemoteWrite(families: Families, states: () => readonly RemoteWriteState[]): void {
  const labelNames = ['remote_name', 'url'];
  const perEntry =
    (value: (state: RemoteWriteState) => number): (() => Values) =>
    () =>
      states().map((state) => [{ remote_name: state.name, url: state.endpoint }, value(state)]);
  const counter = (name: string, help: string, value: (state: RemoteWriteState) => number): void =>
    families.counter(`prometheus_remote_storage_${name}_total`, help, labelNames, perEntry(value));
  const gauge = (name: string, help: string, value: (state: RemoteWriteState) => number): void =>
    families.gauge(`prometheus_remote_storage_${name}`, help, labelNames, perEntry(value));
  counter('samples', 'Samples sent.', ({ sentSamples }) => sentSamples);
  counter('samples_failed', 'Samples that the receiver refused.', ({ refusedSamples }) => refusedSamples);
  counter('samples_dropped', 'Samples dropped for want of room.', ({ droppedSamples }) => droppedSamples);
  gauge('samples_pending', 'Samples in memory that wait to be sent.', ({ pendingSamples }) => pendingSamples);
  gauge('shards', 'Connections that samples are sent over.', ({ shards }) => shards);
  gauge(
    'queue_highest_sent_timestamp_seconds',
    'Time of the newest sample that was sent.',
    ({ sentUntilMs }) => sentUntilMs / 1000,
  );
}
