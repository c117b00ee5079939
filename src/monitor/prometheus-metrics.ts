/** The metric source over a Prometheus HTTP API: Prometheus, Thanos, Mimir, VictoriaMetrics, another watchfire. */
import type { Clock } from '../config/clock.ts';
import { durationOr } from '../config/duration.ts';
import type { Metadata, MetricType } from '../exposition/exemplar.ts';
import type { HttpClient } from '../http/client.ts';
import { SourceHealth } from '../logs/source-health.ts';
import { QueryError } from '../promql/result.ts';
import {
  type ApiParameters,
  list,
  PrometheusApi,
  record,
  strings,
  text,
  toFloat,
  toLabels,
  toMs,
  toQueryResult,
} from './prometheus-api.ts';
import type { MetricSource, SeriesSelection, StorageStatus, TargetState } from './sources.ts';

export interface RemoteOptions {
  /** Base URL, e.g. `http://prometheus:9090`. */
  readonly url: string;
  readonly http: HttpClient;
  readonly clock: Clock;
}

export function prometheusMetricSource({ url, http, clock }: RemoteOptions): MetricSource {
  const api = new PrometheusApi(http, url);
  const health = new SourceHealth({ endpoint: url, clock });
  const get = (path: string, parameters: ApiParameters = [], signal?: AbortSignal) =>
    answered(health, () => api.get(path, parameters, signal), signal);
  return {
    state: () => health.state(),
    close: async () => http.close(),
    query: (expression, query) =>
      answered(
        health,
        () =>
          api.post(
            '/api/v1/query',
            defined({
              query: expression,
              time: inSeconds(query.timeMs),
              timeout: inDuration(query.timeoutMs),
              lookback_delta: inDuration(query.lookbackMs),
            }),
            query.signal,
          ),
        query.signal,
      ).then(toQueryResult),
    queryRange: (expression, query) =>
      answered(
        health,
        () =>
          api.post(
            '/api/v1/query_range',
            defined({
              query: expression,
              start: inSeconds(query.startMs),
              end: inSeconds(query.endMs),
              step: inSeconds(query.stepMs),
              timeout: inDuration(query.timeoutMs),
              lookback_delta: inDuration(query.lookbackMs),
            }),
            query.signal,
          ),
        query.signal,
      ).then(toQueryResult),
    series: async (selection) =>
      list((await get('/api/v1/series', selected(selection, '{__name__=~".+"}'), selection.signal)).data).map(toLabels),
    labelNames: async (selection) => strings((await get('/api/v1/labels', selected(selection), selection.signal)).data),
    labelValues: async (name, selection) =>
      strings(
        (await get(`/api/v1/label/${encodeURIComponent(name)}/values`, selected(selection), selection.signal)).data,
      ),
    metadata: async (options) => {
      const answer = await get(
        '/api/v1/metadata',
        defined({
          metric: options.metric,
          limit: options.limit?.toString(),
          limit_per_metric: options.limitPerMetric?.toString(),
        }),
      );
      return new Map(
        Object.entries(record(answer.data)).map(([name, rows]) => [
          name,
          list(rows).map((row) => toMetadata(record(row))),
        ]),
      );
    },
    targetMetadata: async (options) => {
      const answer = await get(
        '/api/v1/targets/metadata',
        defined({ match_target: options.matchTarget, metric: options.metric, limit: options.limit?.toString() }),
      );
      return list(answer.data)
        .map(record)
        .map((row) => ({ target: toLabels(row['target']), metric: text(row['metric']), ...toMetadata(row) }));
    },
    exemplars: async (expression, startMs, endMs) => {
      const answer = await get(
        '/api/v1/query_exemplars',
        defined({ query: expression, start: inSeconds(startMs), end: inSeconds(endMs) }),
      );
      return list(answer.data)
        .map(record)
        .map((row) => ({
          series: toLabels(row['seriesLabels']),
          exemplars: list(row['exemplars'])
            .map(record)
            .map((each) => ({
              labels: toLabels(each['labels']),
              value: toFloat(each['value']),
              timestampMs: toFloat(each['timestamp']) * 1000,
            })),
        }));
    },
    targets: async () => {
      const data = record((await get('/api/v1/targets')).data);
      return {
        active: list(data['activeTargets']).map(record).map(toTarget),
        dropped: list(data['droppedTargets'])
          .map(record)
          .map((row) => ({
            job: text(record(row['discoveredLabels'])['job']),
            discoveredLabels: toLabels(row['discoveredLabels']),
          })),
        droppedCounts: Object.fromEntries(
          Object.entries(record(data['droppedTargetCounts'])).map(([job, count]) => [job, toFloat(count)]),
        ),
      };
    },
    storageStatus: async () => toStorageStatus(record((await get('/api/v1/status/tsdb')).data)),
  };
}

/** An API that refuses an expression works: only a missing answer is the source's fault. */
async function answered<T>(health: SourceHealth, call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  const outcome = await health.watch(
    () =>
      call().catch((error: unknown) => {
        if (error instanceof QueryError) return error;
        throw error;
      }),
    signal,
  );
  if (outcome instanceof QueryError) throw outcome;
  return outcome;
}

function defined(parameters: Readonly<Record<string, string | undefined>>): ApiParameters {
  return Object.entries(parameters).filter((pair): pair is [string, string] => pair[1] !== undefined);
}

function selected(selection: SeriesSelection, everything?: string): ApiParameters {
  const selectors = selection.selectors.length === 0 && everything !== undefined ? [everything] : selection.selectors;
  return [
    ...selectors.map((selector) => ['match[]', selector] as const),
    ...defined({
      start: selection.startMs === undefined ? undefined : inSeconds(selection.startMs),
      end: selection.endMs === undefined ? undefined : inSeconds(selection.endMs),
      limit: selection.limit ? String(selection.limit) : undefined,
    }),
  ];
}

function inSeconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function inDuration(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : `${ms}ms`;
}

function toMetadata(row: Record<string, unknown>): Metadata {
  return { type: (text(row['type']) || 'unknown') as MetricType, help: text(row['help']), unit: text(row['unit']) };
}

function toTarget(row: Record<string, unknown>): TargetState {
  const health = row['health'];
  return {
    job: text(row['scrapePool']),
    discoveredLabels: toLabels(row['discoveredLabels']),
    labels: toLabels(row['labels']),
    scrapeUrl: text(row['scrapeUrl']),
    globalUrl: text(row['globalUrl']),
    health: health === 'up' || health === 'down' ? health : 'unknown',
    lastError: text(row['lastError']),
    lastScrapeMs: toMs(row['lastScrape']),
    lastScrapeDurationSeconds: toFloat(row['lastScrapeDuration']),
    scrapeIntervalMs: durationOr(text(row['scrapeInterval']), 0),
    scrapeTimeoutMs: durationOr(text(row['scrapeTimeout']), 0),
  };
}

function toStorageStatus(data: Record<string, unknown>): StorageStatus {
  const head = record(data['headStats']);
  const rows = (value: unknown) =>
    list(value)
      .map(record)
      .map((row) => ({ name: text(row['name']), value: toFloat(row['value']) }));
  return {
    series: toFloat(head['numSeries']),
    samples: Number.NaN,
    chunks: toFloat(head['chunkCount']),
    labelPairs: toFloat(head['numLabelPairs']),
    minTimeMs: toFloat(head['minTime']),
    maxTimeMs: toFloat(head['maxTime']),
    seriesByMetric: rows(data['seriesCountByMetricName']),
    valuesByLabel: rows(data['labelValueCountByLabelName']),
    bytesByLabel: rows(data['memoryInBytesByLabelName']),
    seriesByPair: rows(data['seriesCountByLabelValuePair']),
  };
}
