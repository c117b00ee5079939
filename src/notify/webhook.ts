/** Webhook: Alertmanager's JSON, version 4, or a payload of one's own. */
import { isResolved } from '../alerting/alert.ts';
import type { Notification, Notifier } from '../alerting/integration.ts';
import type { Alert } from '../alerting/model.ts';
import { type ChannelContext, isOutcome, outcomeOf, send } from './channel.ts';
import { expandTemplates } from './expand-templates.ts';
import { escapeJson, goJson, goTime, labelsJson } from './go-json.ts';
import { commonPairs, quoteMeta, type Rendering, statusOf } from './template-data.ts';

export function webhookNotifier({ fields, http, render }: ChannelContext): Notifier {
  return {
    async notify(notification, signal) {
      const { shown, cutOff } = truncateAlerts(notification, fields.number('max_alerts', 0));
      const rendering = render(shown);
      const payload = fields.raw('payload');
      const body =
        payload === undefined || payload === null
          ? webhookBody(shown, rendering, cutOff)
          : goJson(expandTemplates(payload, rendering));
      const url = rendering.text(fields.textOrFile('url'));
      if (url === '') return { ok: false, retry: false, error: 'webhook URL is empty after templating' };
      const timeoutMs = fields.number('timeout', 0);
      const answer = await send(
        http,
        {
          method: 'POST',
          url,
          headers: { 'Content-Type': 'application/json' },
          body,
          ...(timeoutMs > 0 ? { timeoutMs } : {}),
        },
        signal,
      );
      return isOutcome(answer) ? answer : outcomeOf(answer);
    },
  };
}

/** The standard body. Field names and order are Alertmanager's. */
export function webhookBody(notification: Notification, rendering: Rendering, cutOff = 0, version = '4'): string {
  const { alerts, nowMs } = notification;
  const text = (value: string): string => JSON.stringify(value);
  const json =
    `{"receiver":${text(quoteMeta(notification.receiver))},"status":${text(statusOf(notification))}` +
    `,"alerts":[${alerts.map((alert) => alertJson(alert, nowMs)).join(',')}]` +
    `,"notification_reason":${text(notification.reason)}` +
    `,"groupLabels":${labelsJson(notification.groupLabels)}` +
    `,"commonLabels":${labelsJson(commonPairs(alerts.map(({ labels }) => labels)))}` +
    `,"commonAnnotations":${labelsJson(commonPairs(alerts.map(({ annotations }) => annotations)))}` +
    `,"routeLabels":${labelsJson(rendering.routeLabels())}` +
    `,"externalURL":${text(notification.externalUrl)}` +
    `,"version":"${version}","groupKey":${text(notification.groupKey)},"truncatedAlerts":${cutOff}}`;
  return `${escapeJson(json)}\n`;
}

function alertJson(alert: Alert, nowMs: number): string {
  const status = isResolved(alert, nowMs) ? 'resolved' : 'firing';
  return (
    `{"status":"${status}","labels":${labelsJson(alert.labels)},"annotations":${labelsJson(alert.annotations)}` +
    `,"startsAt":"${goTime(alert.startsAtMs)}","endsAt":"${goTime(alert.endsAtMs)}"` +
    `,"generatorURL":${JSON.stringify(alert.generatorUrl)},"fingerprint":"${alert.fingerprint}"}`
  );
}

/** The first alerts, up to `max_alerts` (0: all), and how many are left out. */
function truncateAlerts(
  notification: Notification,
  limit: number,
): { readonly shown: Notification; readonly cutOff: number } {
  const { alerts } = notification;
  if (limit <= 0 || alerts.length <= limit) return { shown: notification, cutOff: 0 };
  return { shown: { ...notification, alerts: alerts.slice(0, limit) }, cutOff: alerts.length - limit };
}
