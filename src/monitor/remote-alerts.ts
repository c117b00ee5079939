/** The alert source over Prometheus' `/api/v1/rules` and an Alertmanager's `/api/v2`. */
import type { AlertGroup, PostableAlert, RoutedAlert, Silence } from '../alerting/model.ts';
import type { Clock } from '../config/clock.ts';
import { type HttpClient, HttpError, type HttpResponse } from '../http/client.ts';
import type { Labels } from '../labels/labels.ts';
import { Matcher } from '../labels/matcher.ts';
import { SourceHealth, withoutCredentials } from '../logs/source-health.ts';
import { list, PrometheusApi, record, strings, text, toFloat, toLabels, toMs } from './prometheus-api.ts';
import type {
  AlertFilter,
  AlertSource,
  Explanation,
  RuleAlert,
  RuleAlertState,
  RuleGroupState,
  RuleHealth,
  RuleState,
} from './sources.ts';

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
        const answer = await alertmanager().send('POST', '/silences', {
          ...(silence.id === undefined ? {} : { id: silence.id }),
          matchers: silence.matchers.map((matcher) => ({
            name: matcher.name,
            value: matcher.value,
            isRegex: matcher.regexp !== undefined,
            isEqual: !matcher.isNegative,
          })),
          startsAt: new Date(silence.startsAtMs).toISOString(),
          endsAt: new Date(silence.endsAtMs).toISOString(),
          createdBy: silence.createdBy,
          comment: silence.comment,
        });
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

class AlertmanagerApi {
  readonly #http: HttpClient;
  readonly #base: string;

  constructor(http: HttpClient, url: string) {
    this.#http = http;
    this.#base = `${url.replace(/\/+$/, '')}/api/v2`;
  }

  async get(path: string, parameters: readonly (readonly [string, string])[]): Promise<unknown> {
    const search = new URLSearchParams(parameters.map((pair): [string, string] => [...pair])).toString();
    return this.#read(
      await this.#http.request({ url: `${this.#base}${path}${search === '' ? '' : `?${search}`}`, timeoutMs: 30_000 }),
      path,
    );
  }

  /** Gives `'not-found'` for a 404. */
  async send(method: 'POST' | 'DELETE', path: string, body: unknown): Promise<unknown> {
    const response = await this.#http.request({
      method,
      url: `${this.#base}${path}`,
      timeoutMs: 30_000,
      ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    });
    return response.status === 404 ? 'not-found' : this.#read(response, path);
  }

  #read(response: HttpResponse, path: string): unknown {
    const body = new TextDecoder().decode(response.body);
    let parsed: unknown;
    try {
      parsed = body === '' ? undefined : JSON.parse(body);
    } catch {
      throw new HttpError(
        'other',
        `${withoutCredentials(this.#base)}${path} answered ${response.status} with something that is not JSON: is this an Alertmanager?`,
      );
    }
    if (response.status >= 200 && response.status < 300) return parsed;
    throw new HttpError(
      'other',
      `${withoutCredentials(this.#base)}${path} answered ${response.status}: ${typeof parsed === 'string' ? parsed : text(record(parsed)['message'])}`,
    );
  }
}

function filterParameters(filter: AlertFilter): [string, string][] {
  const parameters: [string, string][] = (filter.matchers ?? []).map((matcher) => ['filter', matcher]);
  for (const name of ['active', 'silenced', 'inhibited', 'unprocessed', 'muted'] as const) {
    if (filter[name] !== undefined) parameters.push([name, String(filter[name])]);
  }
  if (filter.receiver !== undefined) parameters.push(['receiver', filter.receiver]);
  return parameters;
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

function toGroup(row: Record<string, unknown>): RuleGroupState {
  return {
    name: text(row['name']),
    file: text(row['file']),
    intervalMs: toFloat(row['interval']) * 1000,
    limit: toFloat(row['limit'] ?? 0),
    lastEvaluationMs: toMs(row['lastEvaluation']),
    evaluationSeconds: toFloat(row['evaluationTime'] ?? 0),
    rules: list(row['rules']).map(record).map(toRule),
  };
}

function toRule(row: Record<string, unknown>): RuleState {
  const health: RuleHealth = row['health'] === 'ok' || row['health'] === 'err' ? row['health'] : 'unknown';
  const common = {
    name: text(row['name']),
    query: text(row['query']),
    labels: toLabels(row['labels']),
    health,
    lastError: text(row['lastError']),
    lastEvaluationMs: toMs(row['lastEvaluation']),
    evaluationSeconds: toFloat(row['evaluationTime'] ?? 0),
  };
  if (row['type'] !== 'alerting') return { kind: 'recording', ...common };
  return {
    kind: 'alerting',
    ...common,
    state: toState(row['state']),
    forMs: toFloat(row['duration'] ?? 0) * 1000,
    keepFiringForMs: toFloat(row['keepFiringFor'] ?? 0) * 1000,
    annotations: toLabels(row['annotations']),
    alerts: list(row['alerts'])
      .map(record)
      .map(
        (alert): RuleAlert => ({
          labels: toLabels(alert['labels']),
          annotations: toLabels(alert['annotations']),
          state: toState(alert['state']),
          activeAtMs: toMs(alert['activeAt']),
          keepFiringSinceMs: alert['keepFiringSince'] === undefined ? undefined : toMs(alert['keepFiringSince']),
          value: toFloat(alert['value']),
        }),
      ),
  };
}

function toState(value: unknown): RuleAlertState {
  return value === 'firing' || value === 'pending' ? value : 'inactive';
}

function toRoutedAlert(row: Record<string, unknown>): RoutedAlert {
  const status = record(row['status']);
  const state = status['state'];
  return {
    fingerprint: text(row['fingerprint']),
    labels: toLabels(row['labels']),
    annotations: toLabels(row['annotations']),
    startsAtMs: toMs(row['startsAt']),
    endsAtMs: toMs(row['endsAt']),
    updatedAtMs: toMs(row['updatedAt']),
    generatorUrl: text(row['generatorURL']),
    status: {
      state: state === 'active' || state === 'suppressed' ? state : 'unprocessed',
      silencedBy: strings(status['silencedBy']),
      inhibitedBy: strings(status['inhibitedBy']),
      mutedBy: strings(status['mutedBy']),
    },
    receivers: list(row['receivers']).map((receiver) => text(record(receiver)['name'])),
  };
}

function toAlertGroup(row: Record<string, unknown>): AlertGroup {
  return {
    labels: toLabels(row['labels']),
    receiver: text(record(row['receiver'])['name']),
    routeId: text(row['routeID']),
    alerts: list(row['alerts']).map((alert) => toRoutedAlert(record(alert))),
    nextFlushMs: undefined,
  };
}

function toSilence(row: Record<string, unknown>): Silence {
  const state = record(row['status'])['state'];
  return {
    id: text(row['id']),
    matchers: list(row['matchers'])
      .map(record)
      .map((matcher) => {
        const equal = matcher['isEqual'] !== false;
        const operator = matcher['isRegex'] === true ? (equal ? '=~' : '!~') : equal ? '=' : '!=';
        return new Matcher(operator, text(matcher['name']), text(matcher['value']));
      }),
    startsAtMs: toMs(row['startsAt']),
    endsAtMs: toMs(row['endsAt']),
    updatedAtMs: toMs(row['updatedAt']),
    createdBy: text(row['createdBy']),
    comment: text(row['comment']),
    state: state === 'active' || state === 'pending' ? state : 'expired',
  };
}

function fromAlert(alert: PostableAlert): Record<string, unknown> {
  return {
    labels: alert.labels.toRecord(),
    annotations: alert.annotations.toRecord(),
    generatorURL: alert.generatorUrl,
    ...(alert.startsAtMs === undefined ? {} : { startsAt: new Date(alert.startsAtMs).toISOString() }),
    ...(alert.endsAtMs === undefined ? {} : { endsAt: new Date(alert.endsAtMs).toISOString() }),
  };
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
