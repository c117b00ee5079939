/** watchfire's own `/metrics`, through prom-client: what the four sources say of themselves, and the process. */
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { Monitor } from '../monitor/sources.ts';
import type { TraceStore } from '../traces/trace-store.ts';
import { addPeerMetrics, type PeerMetricsOptions } from './peer-metrics.ts';
import type { Route } from './route.ts';

/** How many of the newest notifications are looked at to count the new ones between two scrapes. */
const NOTIFICATIONS = 1000;
/** A timer of weeks. */
const NEVER_MS = 2 ** 31 - 1;

export interface SelfMetricsOptions extends PeerMetricsOptions {
  /** Whether the last reload of the configuration was fine, when it was, and when the last one was fine. */
  readonly lastReload: () => { readonly ok: boolean; readonly atMs: number; readonly succeededAtMs: number };
  /** The store that the OTLP receiver fills. */
  readonly traceStore: TraceStore;
}

export function selfMetricsRoute(monitor: Monitor, options: SelfMetricsOptions): Route {
  const registry = selfMetrics(monitor, options);
  return {
    method: 'GET',
    path: '/metrics',
    handle: async () => ({ status: 200, contentType: registry.contentType, body: await registry.metrics() }),
  };
}

/**
 * What prom-client tells of any process, without the distribution of the event loop's delay: for that Node wakes the process
 * a hundred times a second, which is most of what watching costs where there is little to watch.
 */
function processMetrics(registry: Registry): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER_MS });
  for (const statistic of ['min', 'max', 'mean', 'stddev', 'p50', 'p90', 'p99']) {
    registry.removeSingleMetric(`nodejs_eventloop_lag_${statistic}_seconds`);
  }
}

function selfMetrics(monitor: Monitor, options: SelfMetricsOptions): Registry {
  const registry = new Registry();
  const registers = [registry];
  processMetrics(registry);
  const gauge = (
    name: string,
    help: string,
    labelNames: string[],
    read: (gauge: Gauge) => void | Promise<void>,
  ): void => {
    new Gauge({
      name,
      help,
      labelNames,
      registers,
      async collect() {
        this.reset();
        await Promise.resolve(read(this)).catch(() => undefined);
      },
    });
  };

  gauge('watchfire_build_info', 'Always 1; the version is a label.', ['version', 'nodeversion'], (each) => {
    each.set({ version: options.version, nodeversion: process.version }, 1);
  });
  gauge(
    'watchfire_config_last_reload_successful',
    'Whether the last reload of the configuration was accepted.',
    [],
    (each) => {
      each.set(options.lastReload().ok ? 1 : 0);
    },
  );
  gauge(
    'watchfire_config_last_reload_timestamp_seconds',
    'Time of the last reload of the configuration.',
    [],
    (each) => {
      each.set(options.lastReload().atMs / 1000);
    },
  );
  gauge('watchfire_source_up', 'Whether a source is live (1) or not (0).', ['source', 'state'], (each) => {
    for (const source of ['metrics', 'alerts', 'logs', 'traces'] as const) {
      const { kind } = monitor[source].state();
      if (kind !== 'off') each.set({ source, state: kind }, kind === 'live' || kind === 'slow' ? 1 : 0);
    }
  });
  gauge('watchfire_targets', 'Scraped targets by job and health.', ['job', 'health'], async (each) => {
    for (const target of (await monitor.metrics.targets()).active) each.inc({ job: target.job, health: target.health });
  });
  gauge('watchfire_storage_series', 'Series in memory.', [], async (each) =>
    each.set((await monitor.metrics.storageStatus()).series),
  );
  gauge('watchfire_storage_samples', 'Samples in memory.', [], async (each) =>
    each.set((await monitor.metrics.storageStatus()).samples),
  );
  gauge('watchfire_storage_bytes', 'Memory that samples and index take.', [], async (each) =>
    each.set((await monitor.metrics.storageStatus()).bytes ?? 0),
  );
  gauge('watchfire_storage_dropped_samples', 'Samples dropped by the memory budget so far.', [], async (each) =>
    each.set((await monitor.metrics.storageStatus()).droppedSamples ?? 0),
  );
  gauge(
    'watchfire_rule_group_last_evaluation_timestamp_seconds',
    'Time of the last evaluation of a rule group.',
    ['rule_group'],
    async (each) => {
      for (const group of await monitor.alerts.ruleGroups())
        each.set({ rule_group: `${group.file};${group.name}` }, group.lastEvaluationMs / 1000);
    },
  );
  gauge(
    'watchfire_rule_group_last_duration_seconds',
    'Duration of the last evaluation of a rule group.',
    ['rule_group'],
    async (each) => {
      for (const group of await monitor.alerts.ruleGroups())
        each.set({ rule_group: `${group.file};${group.name}` }, group.evaluationSeconds);
    },
  );
  gauge(
    'watchfire_rule_group_iterations_missed',
    'Evaluations of a rule group that were skipped because one before took too long.',
    ['rule_group'],
    async (each) => {
      for (const group of await monitor.alerts.ruleGroups())
        each.set({ rule_group: `${group.file};${group.name}` }, group.missedIterations ?? 0);
    },
  );
  gauge('watchfire_rules_failing', 'Rules whose last evaluation failed.', ['rule_group'], async (each) => {
    for (const group of await monitor.alerts.ruleGroups()) {
      each.set(
        { rule_group: `${group.file};${group.name}` },
        group.rules.filter((rule) => rule.health === 'err').length,
      );
    }
  });
  gauge('watchfire_alerts', 'Alerts by state.', ['state'], async (each) => {
    for (const alert of await monitor.alerts.alerts({})) each.inc({ state: alert.status.state });
  });
  gauge('watchfire_trace_spans', 'Spans in memory.', [], (each) => each.set(options.traceStore.status().spans));
  gauge('watchfire_trace_bytes', 'Memory that traces take, about.', [], (each) =>
    each.set(options.traceStore.status().bytes),
  );
  gauge(
    'watchfire_trace_spans_lost',
    'Spans that made room for newer ones or were beyond a limit so far.',
    [],
    (each) => {
      const { evictedSpans, droppedSpans } = options.traceStore.status();
      each.set(evictedSpans + droppedSpans);
    },
  );
  addPeerMetrics(registry, monitor, options);
  let countedUntilMs = 0;
  new Counter({
    name: 'watchfire_notifications_total',
    help: 'Notifications by receiver, integration and outcome.',
    labelNames: ['receiver', 'integration', 'outcome'],
    registers,
    async collect() {
      const records = await monitor.alerts.notifications(NOTIFICATIONS).catch(() => []);
      for (const record of records) {
        if (record.atMs > countedUntilMs)
          this.inc({ receiver: record.receiver, integration: record.integration, outcome: record.outcome });
      }
      countedUntilMs = Math.max(countedUntilMs, ...records.map((record) => record.atMs));
    },
  });
  return registry;
}
