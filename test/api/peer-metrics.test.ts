import { Registry } from 'prom-client';
import { expect, it } from 'vitest';
import { NotificationCounts } from '../../src/alerting/notification-counts.ts';
import { addPeerMetrics } from '../../src/api/peer-metrics.ts';
import type { Monitor } from '../../src/monitor/sources.ts';
import { ScrapeTotals } from '../../src/scrape/scrape-totals.ts';
import { config, integration, receiver } from '../alerting/simple-config.ts';
import { fakeAlerts, fakeMetrics } from './fake-sources.ts';

const alertmanager = {
  url: 'http://am:9093/api/v2/alerts',
  sent: 7,
  dropped: 2,
  errors: 1,
  queued: 3,
  lastLatencySeconds: 0,
  lastError: '',
};

const TO = ['http://am:9093/api/v2/alerts', 'http://idle:9093/api/v2/alerts'];

const jobTotals = new ScrapeTotals();
jobTotals.job('web').syncs.add(0.5);
jobTotals.job('web').syncFailures = 2;
jobTotals.duplicates = 4;
jobTotals.limits.samples = 5;
jobTotals.discovered('web', 'http-failure');
jobTotals.discovered('web', 'http-failure');

const web = {
  job: 'web',
  kinds: new Set(['http', 'unsupported'] as const),
  discoveredTargets: 7,
  targets: 6,
  targetLimit: 10,
  families: 30,
  totals: jobTotals.job('web'),
};

const remote = {
  name: 'far',
  endpoint: 'far:9090',
  shards: 2,
  pendingSamples: 3,
  spooledBytes: 0,
  sentSamples: 100,
  refusedSamples: 1,
  droppedSamples: 2,
  error: '',
  sentUntilMs: 1_700_000_000_500,
};

async function exposed(counts: NotificationCounts, failing = false, forwardedTo = TO): Promise<string[]> {
  const registry = new Registry();
  const alerts = fakeAlerts({
    ruleGroups: async () => [
      {
        name: 'g',
        file: 'rules/a.yml',
        intervalMs: 15_000,
        limit: 0,
        lastEvaluationMs: 1_700_000_000_500,
        evaluationSeconds: 0.25,
        missedIterations: 2,
        iterations: 12,
        evaluations: 20,
        failures: 3,
        samples: 5,
        rules: [],
      },
    ],
    alerts: async () => [],
    silences: async () => [],
    alertGroups: async () => {
      if (failing) throw new Error('not now');
      return [];
    },
  });
  addPeerMetrics(registry, { metrics: fakeMetrics(), alerts } as Monitor, {
    version: '1.2.3',
    lastReload: () => ({ ok: false, succeededAtMs: 5000 }),
    notificationCounts: counts,
    forwarding: () => ({ sent: 9, dropped: 2, queued: 3, capacity: 10_000, targets: [alertmanager] }),
    forwardedTo: () => forwardedTo,
    jobs: () => [web],
    scrapeTotals: jobTotals,
    remoteWrites: () => [remote],
    alertmanager: () =>
      config({ route: {}, receivers: [receiver('a', [integration('slack', {}), integration('slack', {}, true, 1)])] }),
  });
  return (await registry.metrics()).split('\n');
}

it('tells of rules and forwarding under the names of Prometheus', async () => {
  const lines = await exposed(new NotificationCounts());
  const group = '{rule_group="rules/a.yml;g"}';
  for (const line of [
    'prometheus_build_info{version="1.2.3"} 1',
    'prometheus_config_last_reload_successful 0',
    'prometheus_config_last_reload_success_timestamp_seconds 5',
    '# TYPE prometheus_rule_evaluations_total counter',
    `prometheus_rule_evaluations_total${group} 20`,
    `prometheus_rule_evaluation_failures_total${group} 3`,
    `prometheus_rule_group_iterations_total${group} 12`,
    `prometheus_rule_group_iterations_missed_total${group} 2`,
    `prometheus_rule_group_interval_seconds${group} 15`,
    `prometheus_rule_group_last_duration_seconds${group} 0.25`,
    `prometheus_rule_group_last_evaluation_samples${group} 5`,
    `prometheus_rule_group_last_evaluation_timestamp_seconds${group} 1700000000.5`,
    'prometheus_notifications_sent_total{alertmanager="http://am:9093/api/v2/alerts"} 7',
    'prometheus_notifications_errors_total{alertmanager="http://am:9093/api/v2/alerts"} 1',
    'prometheus_notifications_dropped_total{alertmanager="http://am:9093/api/v2/alerts"} 2',
    'prometheus_notifications_queue_length{alertmanager="http://am:9093/api/v2/alerts"} 3',
    'prometheus_notifications_queue_capacity 10000',
    'prometheus_notifications_alertmanagers_discovered 2',
  ])
    expect(lines).toContain(line);
});

it('tells of discovery, scraping and remote write under the names of Prometheus', async () => {
  const lines = await exposed(new NotificationCounts());
  for (const line of [
    'prometheus_sd_discovered_targets{name="scrape",config="web"} 7',
    'prometheus_sd_failed_configs{name="scrape"} 1',
    'prometheus_sd_http_failures_total 2',
    'prometheus_sd_dns_lookups_total 0',
    'prometheus_sd_refresh_failures_total{mechanism="http",config="web"} 2',
    'prometheus_target_scrape_pool_targets{scrape_job="web"} 6',
    'prometheus_target_scrape_pool_target_limit{scrape_job="web"} 10',
    'prometheus_target_metadata_cache_entries{scrape_job="web"} 30',
    'prometheus_target_sync_failed_total{scrape_job="web"} 2',
    'prometheus_target_scrapes_sample_duplicate_timestamp_total 4',
    'prometheus_target_scrapes_exceeded_sample_limit_total 5',
    '# TYPE prometheus_target_sync_length_seconds summary',
    'prometheus_target_sync_length_seconds{scrape_job="web",quantile="0.99"} 0.5',
    'prometheus_target_sync_length_seconds_sum{scrape_job="web"} 0.5',
    'prometheus_target_sync_length_seconds_count{scrape_job="web"} 1',
    'prometheus_remote_storage_samples_total{remote_name="far",url="far:9090"} 100',
    'prometheus_remote_storage_samples_failed_total{remote_name="far",url="far:9090"} 1',
    'prometheus_remote_storage_queue_highest_sent_timestamp_seconds{remote_name="far",url="far:9090"} 1700000000.5',
    'prometheus_tsdb_head_samples_appended_total{type="float"} 0',
  ])
    expect(lines).toContain(line);
});

it('tells of notifications under the names of Alertmanager', async () => {
  const counts = new NotificationCounts();
  counts.add(['slack[0]', 'email[0]']);
  counts.received.firing = 4;
  counts.attempted('slack[0]', false, 500);
  counts.attempted('slack[1]', true, 7000);
  counts.attempted('slack[0]', false, 30_000);
  counts.began('slack[1]');
  counts.began('slack[0]');
  counts.failed('slack[0]', 'serverError');
  const lines = await exposed(counts);
  for (const line of [
    'alertmanager_config_last_reload_successful 0',
    'alertmanager_alerts{state="suppressed"} 0',
    'alertmanager_silences{state="active"} 0',
    'alertmanager_integrations 2',
    'alertmanager_alerts_received_total{status="firing",version="v2"} 4',
    'alertmanager_notifications_total{integration="slack"} 2',
    'alertmanager_notifications_total{integration="email"} 0',
    'alertmanager_notifications_failed_total{integration="slack",reason="serverError"} 1',
    'alertmanager_notifications_failed_total{integration="slack",reason="clientError"} 0',
    'alertmanager_notification_requests_total{integration="slack"} 3',
    'alertmanager_notification_requests_failed_total{integration="slack"} 2',
    '# TYPE alertmanager_notification_latency_seconds histogram',
    'alertmanager_notification_latency_seconds_bucket{integration="slack",le="1"} 1',
    'alertmanager_notification_latency_seconds_bucket{integration="slack",le="10"} 2',
    'alertmanager_notification_latency_seconds_bucket{integration="slack",le="20"} 2',
    'alertmanager_notification_latency_seconds_bucket{integration="slack",le="+Inf"} 3',
    'alertmanager_notification_latency_seconds_sum{integration="slack"} 37.5',
    'alertmanager_notification_latency_seconds_count{integration="slack"} 3',
  ])
    expect(lines).toContain(line);
});

it('leaves out what a source cannot say, and tells the rest', async () => {
  const lines = await exposed(new NotificationCounts(), true);
  expect(lines).toContain('alertmanager_receivers 1');
  expect(lines.filter((line) => line.startsWith('alertmanager_dispatcher_aggregation_groups'))).toEqual([]);
  const alone = await exposed(new NotificationCounts(), false, []);
  expect(alone.filter((line) => line.startsWith('prometheus_notifications_alertmanagers_discovered'))).toEqual([]);
});
