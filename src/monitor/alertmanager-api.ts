/** Calls of Alertmanager's `/api/v2`, and its JSON shapes turned into alerts, groups and silences and back. */
import type { AlertGroup, PostableAlert, PostableSilence, RoutedAlert, Silence } from '../alerting/model.ts';
import { type HttpClient, HttpError, type HttpResponse } from '../http/client.ts';
import { Matcher } from '../labels/matcher.ts';
import { withoutCredentials } from '../logs/source-health.ts';
import { list, record, strings, text, toLabels, toMs } from './prometheus-api.ts';
import type { AlertFilter } from './sources.ts';

export class AlertmanagerApi {
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

export function filterParameters(filter: AlertFilter): [string, string][] {
  const parameters: [string, string][] = (filter.matchers ?? []).map((matcher) => ['filter', matcher]);
  for (const name of ['active', 'silenced', 'inhibited', 'unprocessed', 'muted'] as const) {
    if (filter[name] !== undefined) parameters.push([name, String(filter[name])]);
  }
  if (filter.receiver !== undefined) parameters.push(['receiver', filter.receiver]);
  return parameters;
}

export function toRoutedAlert(row: Record<string, unknown>): RoutedAlert {
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

export function toAlertGroup(row: Record<string, unknown>): AlertGroup {
  return {
    labels: toLabels(row['labels']),
    receiver: text(record(row['receiver'])['name']),
    routeId: text(row['routeID']),
    alerts: list(row['alerts']).map((alert) => toRoutedAlert(record(alert))),
    nextFlushMs: undefined,
  };
}

export function toSilence(row: Record<string, unknown>): Silence {
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

export function fromAlert(alert: PostableAlert): Record<string, unknown> {
  return {
    labels: alert.labels.toRecord(),
    annotations: alert.annotations.toRecord(),
    generatorURL: alert.generatorUrl,
    ...(alert.startsAtMs === undefined ? {} : { startsAt: new Date(alert.startsAtMs).toISOString() }),
    ...(alert.endsAtMs === undefined ? {} : { endsAt: new Date(alert.endsAtMs).toISOString() }),
  };
}

export function fromSilence(silence: PostableSilence): Record<string, unknown> {
  return {
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
  };
}
