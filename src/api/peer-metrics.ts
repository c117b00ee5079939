/** What watchfire is, under the names that Prometheus and Alertmanager use of themselves: dashboards and alert rules made for those go on working. */
import type { Registry } from 'prom-client';
import type { ForwarderStats } from '../alerting/forwarder.ts';
import { type IntegrationCounts, LATENCY_BOUNDS, type NotificationCounts } from '../alerting/notification-counts.ts';
import type { AlertmanagerConfig } from '../config/alertmanager-config.ts';
import type { Monitor, StorageStatus } from '../monitor/sources.ts';
import type { RuleGroupState } from '../rules/state.ts';
import { Families, type Read, type Values } from './metric-families.ts';
import { addScrapeMetrics, type ScrapeMetricsOptions } from './scrape-metrics.ts';

export interface PeerMetricsOptions extends ScrapeMetricsOptions {
  readonly version: string;
  /** Of the configuration; `succeededAtMs`: the last one that was taken over. */
  readonly lastReload: () => { readonly ok: boolean; readonly succeededAtMs: number };
  readonly notificationCounts: NotificationCounts;
  readonly forwarding: () => ForwarderStats;
  /** The addresses that alerts are forwarded to, whether or not there were any yet. */
  readonly forwardedTo: () => readonly string[];
  /** Undefined where there is no alertmanager.yml. */
  readonly alertmanager: () => AlertmanagerConfig | undefined;
}

export function addPeerMetrics(registry: Registry, monitor: Monitor, options: PeerMetricsOptions): void {
  const families = new Families(registry);
  ofPrometheus(families, monitor, options);
  addScrapeMetrics(families, options);
  families.gauge(
    'prometheus_remote_storage_highest_timestamp_in_seconds',
    'Time of the newest sample.',
    [],
    async () =>
      options.remoteWrites().length === 0 ? [] : [[{}, (await monitor.metrics.storageStatus()).maxTimeMs / 1000]],
  );
  ofRules(families, () => monitor.alerts.ruleGroups());
  ofForwarding(families, options);
  ofAlertmanager(families, monitor, options);
  ofNotifications(families, options.notificationCounts);
  ofLatencies(families, options.notificationCounts);
}

function ofPrometheus(families: Families, monitor: Monitor, { version, lastReload }: PeerMetricsOptions): void {
  families.gauge('prometheus_build_info', 'Always 1; the version is that of watchfire.', ['version'], () => [
    [{ version }, 1],
  ]);
  families.gauge('prometheus_ready', 'Whether startup is done.', [], () => [[{}, 1]]);
  ofStorage(families, () => monitor.metrics.storageStatus());
  for (const of of ['prometheus', 'alertmanager']) {
    families.gauge(
      `${of}_config_last_reload_successful`,
      'Whether the last reload of the configuration was accepted.',
      [],
      () => [[{}, lastReload().ok ? 1 : 0]],
    );
    families.gauge(
      `${of}_config_last_reload_success_timestamp_seconds`,
      'Time of the last reload of the configuration that was accepted.',
      [],
      () => [[{}, lastReload().succeededAtMs / 1000]],
    );
  }
}

function ofStorage(families: Families, status: () => Promise<StorageStatus>): void {
  const gauge = (name: string, help: string, value: (status: StorageStatus) => number): void =>
    families.gauge(`prometheus_tsdb_${name}`, help, [], async () => [[{}, value(await status())]]);
  gauge('head_series', 'Series in memory.', ({ series }) => series);
  gauge('head_chunks', 'Chunks in memory.', ({ chunks }) => chunks);
  gauge('head_min_time_seconds', 'Time of the oldest sample.', ({ minTimeMs }) => minTimeMs / 1000);
  gauge('head_max_time_seconds', 'Time of the newest sample.', ({ maxTimeMs }) => maxTimeMs / 1000);
  gauge('lowest_timestamp_seconds', 'Time of the oldest sample.', ({ minTimeMs }) => minTimeMs / 1000);
  families.counter(
    'prometheus_tsdb_head_samples_appended_total',
    'Samples put in, staleness markers included.',
    ['type'],
    async () => {
      const { appendedFloats = 0, appendedHistograms = 0 } = await status();
      return [
        [{ type: 'float' }, appendedFloats],
        [{ type: 'histogram' }, appendedHistograms],
      ];
    },
  );
}

function ofRules(families: Families, groups: () => Promise<readonly RuleGroupState[]>): void {
  const perGroup =
    (value: (group: RuleGroupState) => number | undefined): Read =>
    async () =>
      (await groups()).flatMap((group) => {
        const known = value(group);
        return known === undefined ? [] : [[{ rule_group: `${group.file};${group.name}` }, known] as const];
      });
  const gauge = (name: string, help: string, value: (group: RuleGroupState) => number | undefined): void =>
    families.gauge(`prometheus_rule_group_${name}`, help, ['rule_group'], perGroup(value));
  const counter = (name: string, help: string, value: (group: RuleGroupState) => number | undefined): void =>
    families.counter(`prometheus_rule_${name}`, help, ['rule_group'], perGroup(value));
  counter('evaluations_total', 'Evaluations of single rules.', ({ evaluations }) => evaluations);
  counter('evaluation_failures_total', 'Evaluations of single rules that failed.', ({ failures }) => failures);
  counter(
    'group_iterations_total',
    'Evaluations of a group, those that were missed included.',
    (group) => group.iterations,
  );
  counter(
    'group_iterations_missed_total',
    'Evaluations of a group that were skipped because one before took too long.',
    ({ missedIterations }) => missedIterations,
  );
  gauge('interval_seconds', 'Interval of a group.', ({ intervalMs }) => intervalMs / 1000);
  gauge('rules', 'Rules in a group.', ({ rules }) => rules.length);
  gauge('last_duration_seconds', 'Duration of the last evaluation.', ({ evaluationSeconds }) => evaluationSeconds);
  gauge('last_rule_duration_sum_seconds', 'Durations of the last evaluations of the rules together.', ({ rules }) =>
    rules.reduce((sum, rule) => sum + rule.evaluationSeconds, 0),
  );
  gauge(
    'last_evaluation_timestamp_seconds',
    'Time of the last evaluation.',
    ({ lastEvaluationMs }) => lastEvaluationMs / 1000,
  );
  gauge('last_evaluation_samples', 'Samples that the last evaluation gave.', ({ samples }) => samples);
}

function ofForwarding(
  families: Families,
  { forwarding: stats, forwardedTo }: Pick<PeerMetricsOptions, 'forwarding' | 'forwardedTo'>,
): void {
  const perTarget =
    (value: (target: ForwarderStats['targets'][number]) => number): Read =>
    () =>
      stats().targets.map((target) => [{ alertmanager: target.url }, value(target)] as const);
  const name = (what: string): string => `prometheus_notifications_${what}`;
  const labels = ['alertmanager'];
  families.counter(
    name('sent_total'),
    'Alerts sent to an Alertmanager.',
    labels,
    perTarget(({ sent }) => sent),
  );
  families.counter(
    name('errors_total'),
    'Requests to an Alertmanager that failed.',
    labels,
    perTarget(({ errors }) => errors),
  );
  families.counter(
    name('dropped_total'),
    'Alerts that were not sent.',
    labels,
    perTarget(({ dropped }) => dropped),
  );
  families.gauge(
    name('queue_length'),
    'Alerts that wait to be sent.',
    labels,
    perTarget(({ queued }) => queued),
  );
  families.gauge(name('queue_capacity'), 'Alerts that may wait.', [], () => [[{}, stats().capacity]]);
  // Left out where none is wanted: alerts are dispatched here then, and the usual rule would say that nobody is told.
  families.gauge(name('alertmanagers_discovered'), 'Alertmanagers that alerts are sent to.', [], () =>
    forwardedTo().length === 0 ? [] : [[{}, forwardedTo().length]],
  );
}

function ofAlertmanager(families: Families, { alerts }: Monitor, options: PeerMetricsOptions): void {
  const { notificationCounts, alertmanager } = options;
  const states = (names: readonly string[], found: Iterable<string>): Values => {
    const counts = new Map(names.map((name) => [name, 0]));
    for (const state of found) counts.set(state, (counts.get(state) ?? 0) + 1);
    return [...counts].map(([state, count]) => [{ state }, count]);
  };
  families.gauge('alertmanager_build_info', 'Always 1; the version is that of watchfire.', ['version'], () => [
    [{ version: options.version }, 1],
  ]);
  families.gauge('alertmanager_alerts', 'Alerts by state.', ['state'], async () =>
    states(
      ['active', 'suppressed', 'unprocessed'],
      (await alerts.alerts({})).map(({ status }) => status.state),
    ),
  );
  families.gauge('alertmanager_silences', 'Silences by state.', ['state'], async () =>
    states(
      ['active', 'expired', 'pending'],
      (await alerts.silences([])).map(({ state }) => state),
    ),
  );
  families.gauge('alertmanager_dispatcher_aggregation_groups', 'Groups of alerts.', [], async () => [
    [{}, (await alerts.alertGroups({})).length],
  ]);
  families.gauge('alertmanager_receivers', 'Receivers of the configuration.', [], () => [
    [{}, alertmanager()?.receivers.length ?? 0],
  ]);
  families.gauge('alertmanager_integrations', 'Integrations of the configuration.', [], () => [
    [{}, alertmanager()?.receivers.reduce((sum, { integrations }) => sum + integrations.length, 0) ?? 0],
  ]);
  families.gauge('alertmanager_inhibition_rules', 'Inhibition rules of the configuration.', [], () => [
    [{}, alertmanager()?.inhibitRules.length ?? 0],
  ]);
  families.counter(
    'alertmanager_alerts_received_total',
    'Alerts that came in, from rules or over the API.',
    ['status', 'version'],
    () => Object.entries(notificationCounts.received).map(([status, count]) => [{ status, version: 'v2' }, count]),
  );
}

function ofNotifications(families: Families, counts: NotificationCounts): void {
  const perKind =
    (value: (counts: IntegrationCounts) => number): Read =>
    () =>
      [...counts.byKind()].map(([integration, each]) => [{ integration }, value(each)] as const);
  const counter = (name: string, help: string, value: (counts: IntegrationCounts) => number): void =>
    families.counter(`alertmanager_${name}`, help, ['integration'], perKind(value));
  counter('notifications_total', 'Notifications, however many tries one took.', (each) => each.notifications);
  counter('notification_requests_total', 'Tries to notify.', ({ requests }) => requests);
  counter('notification_requests_failed_total', 'Tries to notify that failed.', (each) => each.requestsFailed);
  families.counter(
    'alertmanager_notifications_failed_total',
    'Notifications that failed, after all their tries.',
    ['integration', 'reason'],
    () =>
      [...counts.byKind()].flatMap(([integration, { failed }]) =>
        Object.entries(failed).map(([reason, count]) => [{ integration, reason }, count] as const),
      ),
  );
}

function ofLatencies(families: Families, counts: NotificationCounts): void {
  const name = 'alertmanager_notification_latency_seconds';
  const valuesOfKind = (integration: string, { latencies, latencySeconds, requests }: IntegrationCounts) => {
    let below = 0;
    const buckets = [...LATENCY_BOUNDS, '+Inf'].map((le, i) => {
      below += latencies[i]!;
      return { metricName: `${name}_bucket`, labels: { integration, le: String(le) }, value: below };
    });
    return [
      ...buckets,
      { metricName: `${name}_sum`, labels: { integration }, value: latencySeconds },
      { metricName: `${name}_count`, labels: { integration }, value: requests },
    ];
  };
  families.register(name, 'How long the tries to notify took.', 'histogram', () =>
    [...counts.byKind()].flatMap(([kind, each]) => valuesOfKind(kind, each)),
  );
}
