/** incident.io: the webhook's data under a token of its own, cut down to what it accepts. */
import type { Notifier } from '../alerting/integration.ts';
import type { HttpResponse } from '../http/client.ts';
import { bodyJson, type ChannelContext, outcomeOf, requestNotifier } from './channel.ts';
import { webhookBody } from './webhook.ts';

const LARGEST_BODY_BYTES = 512 * 1024;

export function incidentioNotifier(context: ChannelContext): Notifier {
  const { fields } = context;
  return requestNotifier(
    context,
    (notification, rendering) => {
      const limit = fields.number('max_alerts', 0);
      const { alerts } = notification;
      const shown = limit > 0 ? alerts.slice(0, limit) : alerts;
      const cutOff = alerts.length - shown.length;
      const whole = webhookBody({ ...notification, alerts: shown }, rendering, cutOff, '1');
      // One incident is made of a group, so its first alert says the most.
      const body =
        Buffer.byteLength(whole) <= LARGEST_BODY_BYTES
          ? whole
          : webhookBody({ ...notification, alerts: shown.slice(0, 1) }, rendering, cutOff, '1');
      const token = fields.textOrFile('alert_source_token');
      return {
        method: 'POST',
        url: fields.textOrFile('url'),
        headers: { 'Content-Type': 'application/json', ...(token === '' ? {} : { Authorization: `Bearer ${token}` }) },
        body,
      };
    },
    (answer) => outcomeOf(answer, errorDetails),
  );
}

function errorDetails(answer: HttpResponse): string {
  const said = bodyJson(answer);
  if (typeof said !== 'object' || said === null) return '';
  const { message, error, errors } = said as { message?: unknown; error?: unknown; errors?: unknown };
  return [message, error, Array.isArray(errors) ? errors.join(', ') : undefined]
    .filter((part) => part !== undefined && part !== '')
    .join(': ');
}
