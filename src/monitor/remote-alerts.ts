/** The alert source over Prometheus' `/api/v1/rules` and an Alertmanager's `/api/v2`. */
import type { RoutedAlert } from '../alerting/model.ts';
import type { Clock } from '../config/clock.ts';
import type { HttpClient } from '../http/client.ts';
import type { Labels } from '../labels/labels.ts';
import { SourceHealth, withoutCredentials } from '../logs/source-health.ts';
import {
  AlertmanagerApi,
  filterParameters,
  fromAlert,
  fromSilence,
  toAlertGroup,
  toRoutedAlert,
  toSilence,
} from './alertmanager-api.ts';
import { list, PrometheusApi, record, text, toMs } from './prometheus-api.ts';
import { toGroup } from './rules-api.ts';
import type { AlertSource, Explanation, RuleGroupState } from './sources.ts';

export interface RemoteAlertOptions {
  /** Where the rules are evaluated; undefined: nowhere, only an Alertmanager is shown. */
  readonly prometheusUrl?: string | undefined;
  /** Undefined: rules and their alerts only; what notifies is not known. */
  readonly alertmanagerUrl?: string | undefined;
  readonly http: HttpClient;
  readonly clock: Clock;
}

export function remoteAlertSource({ prometheusUrl, alertmanagerUrl, http, clock }: RemoteAlertOptions): AlertSource {
  const rules = prometheusUrl === undefined ? undefined : new PrometheusApi(http, prometheusUrl);
  const endpoint = [prometheusUrl, alertmanagerUrl]
    .filter((url) => url !== undefined)
    .map(withoutCredentials)
    .join(' + ');
  const health = new SourceHealth({ endpoint, clock });
  const notifying = alertmanagerUrl === undefined ? undefined : new AlertmanagerApi(http, alertmanagerUrl);
  const alertmanager = (): AlertmanagerApi => {
    if (notifying === undefined) throw new Error('no Alertmanager is attached: give one with --alertmanager URL');
    return notifying;
  };

  const source: AlertSource = {
    state: () => health.state(),
    close: async () => http.close(),
    ruleGroups: async () => {
      if (rules === undefined) return [];
      const answer = await health.watch(() => rules.get('/api/v1/rules', []));
      return list(record(answer.data)['groups']).map(record).map(toGroup);
    },
    alerts: (filter) =>
      notifying === undefined
        ? alertsOfRules(source)
        : health.watch(async () =>
            list(await notifying.get('/alerts', filterParameters(filter))).map((row) => toRoutedAlert(record(row))),
          ),
    alertGroups: (filter) =>
      notifying === undefined
        ? Promise.resolve([])
        : health.watch(async () =>
            list(await notifying.get('/alerts/groups', filterParameters(filter))).map((row) =>
              toAlertGroup(record(row)),
            ),
          ),
    postAlerts: (alerts) =>
      health.watch(async () => {
        await alertmanager().send('POST', '/alerts', alerts.map(fromAlert));
      }),
    silences: (matchers) =>
      notifying === undefined
        ? Promise.resolve([])
        : health.watch(async () =>
            list(
              await notifying.get(
                '/silences',
                matchers.map((matcher) => ['filter', matcher]),
              ),
            ).map((row) => toSilence(record(row))),
          ),
    silence: async (id) => (await source.silences([])).find((silence) => silence.id === id),
    setSilence: (silence) =>
      health.watch(async () => {
        const answer = await alertmanager().send('POST', '/silences', fromSilence(silence));
        return text(record(answer)['silenceID']);
      }),
    expireSilence: (id) =>
      health.watch(
        async () =>
          (await alertmanager().send('DELETE', `/silence/${encodeURIComponent(id)}`, undefined)) !== 'not-found',
      ),
    notifications: async () => [],
    notifierStatus: async () => {
      if (notifying === undefined) return { configText: '', startedMs: 0, receivers: [], undeliverable: [] };
      return health.watch(async () => {
        const [status, receivers] = await Promise.all([notifying.get('/status', []), notifying.get('/receivers', [])]);
        return {
          configText: text(record(record(status)['config'])['original']),
          startedMs: toMs(record(status)['uptime']),
          receivers: list(receivers).map((row) => text(record(row)['name'])),
          undeliverable: [],
        };
      });
    },
    explain: async (ruleName, labels) =>
      explainFromOutside(ruleName, labels, await source.ruleGroups(), await source.alerts({})),
  };
  return source;
}

/** Without an Alertmanager, an alert is what its rule says it is. */
async function alertsOfRules(source: AlertSource): Promise<RoutedAlert[]> {
  const groups = await source.ruleGroups();
  return groups.flatMap((group) =>
    group.rules.flatMap((rule) =>
      (rule.alerts ?? [])
        .filter((alert) => alert.state === 'firing')
        .map((alert) => ({
          fingerprint: alert.labels.key,
          labels: alert.labels,
          annotations: alert.annotations,
          startsAtMs: alert.activeAtMs,
          endsAtMs: 0,
          updatedAtMs: rule.lastEvaluationMs,
          generatorUrl: '',
          status: { state: 'active' as const, silencedBy: [], inhibitedBy: [], mutedBy: [] },
          receivers: [],
        })),
    ),
  );
}

/** What can be said of an alert from two public APIs: the rule's own view, and how the Alertmanager holds it. */
function explainFromOutside(
  ruleName: string,
  labels: Labels | undefined,
  groups: readonly RuleGroupState[],
  alerts: readonly RoutedAlert[],
): Explanation {
  const sections: { heading: string; lines: string[] }[] = [];
  for (const group of groups) {
    for (const rule of group.rules.filter((each) => each.kind === 'alerting' && each.name === ruleName)) {
      const instances = (rule.alerts ?? []).filter((alert) => labels === undefined || alert.labels.equals(labels));
      sections.push({
        heading: `rule ${rule.name} in group ${group.name}`,
        lines: [
          `expression: ${rule.query}`,
          rule.health === 'err' ? `evaluation fails: ${rule.lastError}` : `state: ${rule.state ?? 'inactive'}`,
          ...instances.map(
            (alert) =>
              `${alert.labels.toString()}: ${alert.state} with value ${alert.value} since ${new Date(alert.activeAtMs).toISOString()}`,
          ),
          ...(instances.length === 0 ? ['the expression gives no series now'] : []),
        ],
      });
    }
  }
  const held = alerts.filter(
    (alert) => alert.labels.get('alertname') === ruleName && (labels === undefined || alert.labels.equals(labels)),
  );
  if (held.length > 0) {
    sections.push({
      heading: 'at the Alertmanager',
      lines: held.map((alert) => {
        const suppressed = [
          ...alert.status.silencedBy.map((id) => `silenced-by:${id}`),
          ...alert.status.inhibitedBy.map((id) => `inhibited-by:${id}`),
          ...alert.status.mutedBy.map((name) => `muted-by:${name}`),
        ];
        return `${alert.labels.toString()}: ${alert.status.state}${suppressed.length > 0 ? ` (${suppressed.join(', ')})` : ''}, receivers ${alert.receivers.join(', ')}`;
      }),
    });
  }
  if (sections.length === 0)
    sections.push({ heading: 'nothing known', lines: [`no alerting rule is called ${ruleName} there`] });
  return { title: labels === undefined ? ruleName : labels.toString(), sections };
}
