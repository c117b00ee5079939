/** Alerts, groups and silences as the API writes them; the order of the fields is Alertmanager's. */
import type { AlertGroup, RoutedAlert, Silence } from '../alerting/model.ts';
import { compareBytes } from '../labels/compare.ts';
import type { Labels } from '../labels/labels.ts';

export function alertJson(alert: RoutedAlert): unknown {
  const { silencedBy, inhibitedBy, mutedBy, state } = alert.status;
  return {
    annotations: labelsObject(alert.annotations),
    endsAt: timeText(alert.endsAtMs),
    fingerprint: alert.fingerprint,
    receivers: alert.receivers.map((name) => ({ name })),
    startsAt: timeText(alert.startsAtMs),
    status: { inhibitedBy, mutedBy, silencedBy, state },
    updatedAt: timeText(alert.updatedAtMs),
    ...(alert.generatorUrl === '' ? {} : { generatorURL: alert.generatorUrl }),
    labels: labelsObject(alert.labels),
  };
}

export function groupJson(group: AlertGroup): unknown {
  return {
    alerts: group.alerts.map(alertJson),
    labels: labelsObject(group.labels),
    receiver: { name: group.receiver },
    routeLabels: group.routeLabels?.toRecord() ?? {},
  };
}

export function silenceJson(silence: Silence): unknown {
  const annotations = byteOrdered(silence.annotations ?? {});
  return {
    id: silence.id,
    status: { state: silence.state },
    updatedAt: timeText(silence.updatedAtMs),
    ...(Object.keys(annotations).length === 0 ? {} : { annotations }),
    comment: silence.comment,
    createdBy: silence.createdBy,
    endsAt: timeText(silence.endsAtMs),
    matchers: silence.matchers.map(({ name, operator, value }) => ({
      isEqual: operator === '=' || operator === '=~',
      isRegex: operator === '=~' || operator === '!~',
      name,
      value,
    })),
    startsAt: timeText(silence.startsAtMs),
  };
}

/** RFC 3339 with milliseconds, in UTC. */
export function timeText(ms: number): string {
  return new Date(ms).toISOString();
}

export function byteOrdered(record: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(record).sort(([a], [b]) => compareBytes(a, b)));
}

function labelsObject(labels: Labels): Readonly<Record<string, string>> {
  return labels.toRecord();
}
