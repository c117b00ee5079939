/** `/api/v1/status/…`, `features` and `notifications`. */
import { hostname } from 'node:os';
import { formatDuration } from '../config/duration.ts';
import type { MetricSource } from '../monitor/sources.ts';
import { QueryError } from '../promql/result.ts';
import { timeText } from './go-text.ts';
import type { Route } from './route.ts';
import { success, v1Route } from './v1-answer.ts';

export interface StatusRoutesOptions {
  readonly metrics: MetricSource;
  readonly version: string;
  /** `prometheus.yml` as it is in force, with defaults, secrets replaced. */
  readonly configText: () => string;
  readonly flags: () => Readonly<Record<string, string>>;
  readonly nowMs: () => number;
  readonly startedMs: number;
  /** The last reading of the configuration. */
  readonly lastReload: () => { readonly ok: boolean; readonly atMs: number };
  /** Undefined: samples are kept without limit. */
  readonly retentionMs: () => number | undefined;
}

/** Of the Prometheus whose HTTP API this is: by it, Grafana and others decide what they may ask for. */
const API_VERSION = '3.14.0';

const MOST_STATISTICS = 10_000;

export function statusRoutes(options: StatusRoutesOptions): Route[] {
  const { metrics } = options;
  return [
    v1Route('GET', '/status/config', async () => success({ yaml: options.configText() })),
    v1Route('GET', '/status/flags', async () => success(options.flags())),
    v1Route('GET', '/status/buildinfo', async () =>
      success({
        version: API_VERSION,
        revision: '',
        branch: '',
        buildUser: `watchfire ${options.version}`,
        buildDate: '',
        goVersion: `node ${process.version}`,
      }),
    ),
    v1Route('GET', '/status/runtimeinfo', async () => success(runtimeInfo(options))),
    v1Route('GET', '/status/tsdb', async ({ query }) => {
      const limit = statisticsLimit(query.get('limit') ?? '');
      const status = await metrics.storageStatus();
      const first = <T>(list: readonly T[]): readonly T[] => list.slice(0, limit);
      return success({
        headStats: {
          numSeries: status.series,
          numLabelPairs: status.labelPairs,
          chunkCount: status.chunks,
          minTime: status.minTimeMs,
          maxTime: status.maxTimeMs,
        },
        seriesCountByMetricName: first(status.seriesByMetric),
        labelValueCountByLabelName: first(status.valuesByLabel),
        memoryInBytesByLabelName: first(status.bytesByLabel),
        seriesCountByLabelValuePair: first(status.seriesByPair),
      });
    }),
    v1Route('GET', '/status/tsdb/blocks', async () => success({ blocks: [] })),
    v1Route('GET', '/status/walreplay', async () => success({ min: 0, max: 0, current: 0 })),
    v1Route('GET', '/features', async () => success(FEATURES)),
    v1Route('GET', '/notifications', async () => success([])),
  ];
}

/** What clients may rely on, by area. */
const FEATURES = {
  api: {
    exclude_alerts: true,
    label_values_match: true,
    lifecycle: true,
    query_stats: true,
    query_warnings: true,
    rules_pagination: true,
    time_range_labels: true,
    time_range_series: true,
  },
  promql: {
    anchored: true,
    at_modifier: true,
    bool: true,
    by: true,
    group_left: true,
    negative_offset: true,
    subqueries: true,
  },
  scrape: { native_histograms: true },
};

function runtimeInfo(options: StatusRoutesOptions): object {
  const { ok, atMs } = options.lastReload();
  const retentionMs = options.retentionMs();
  return {
    startTime: timeText(options.startedMs),
    CWD: process.cwd(),
    hostname: hostname(),
    serverTime: timeText(options.nowMs()),
    reloadConfigSuccess: ok,
    lastConfigTime: timeText(Math.floor(atMs / 1000) * 1000),
    corruptionCount: 0,
    goroutineCount: 0,
    GOMAXPROCS: 1,
    GOMEMLIMIT: 0,
    GOGC: '',
    GODEBUG: '',
    storageRetention: retentionMs === undefined ? '' : formatDuration(retentionMs),
  };
}

function statisticsLimit(text: string): number {
  if (text === '') return 10;
  if (!/^\+?\d+$/.test(text) || Number(text) < 1) throw new QueryError('bad_data', 'limit must be a positive number');
  if (Number(text) > MOST_STATISTICS) throw new QueryError('bad_data', `limit must not exceed ${MOST_STATISTICS}`);
  return Number(text);
}
