/** PagerDuty: events API v2 with a routing key, and v1 with a service key. */
import type { Notification, Notifier } from '../alerting/integration.ts';
import type { HttpResponse } from '../http/client.ts';
import {
  bodyJson,
  type ChannelContext,
  groupHash,
  jsonRequest,
  nonEmpty,
  optional,
  outcomeOf,
  requestNotifier,
  truncateRunes,
} from './channel.ts';
import { expandTemplates } from './expand-templates.ts';
import { FieldError, type Fields } from './fields.ts';
import { inByteOrder } from './go-json.ts';
import { type Rendering, statusOf } from './template-data.ts';

const V1_URL = 'https://events.pagerduty.com/generic/2010-04-15/create_event.json';
const LONGEST_SUMMARY_RUNES = 1024;
const LARGEST_EVENT_BYTES = 512_000;
const TOO_LARGE = 'Custom details have been removed because the original event exceeds the maximum size of 512KB';

export function pagerdutyNotifier(context: ChannelContext): Notifier {
  const { fields } = context;
  const v1 = fields.has('service_key') || fields.has('service_key_file');
  const compose = v1 ? eventV1 : eventV2;
  return requestNotifier(
    context,
    (notification, rendering) => {
      const details = inByteOrder(expandTemplates(fields.raw('details') ?? {}, rendering));
      const url = v1 ? V1_URL : fields.text('url');
      const request = jsonRequest(url, compose(fields, notification, rendering, details));
      if (Buffer.byteLength(request.body as string) <= LARGEST_EVENT_BYTES) return request;
      return jsonRequest(url, compose(fields, notification, rendering, { error: TOO_LARGE }));
    },
    // Version 1 answers 403 where there are too many requests.
    (answer) => outcomeOf(answer, badRequestDetails, v1 ? 403 : undefined),
  );
}

function eventV2(fields: Fields, notification: Notification, rendering: Rendering, details: unknown): unknown {
  const text = (name: string): string => rendering.text(fields.text(name));
  const routingKey = rendering.text(fields.textOrFile('routing_key'));
  if (routingKey === '') throw new FieldError('routing key cannot be empty');
  return {
    routing_key: routingKey,
    dedup_key: groupHash(notification),
    event_action: action(notification),
    payload: {
      summary: description(fields, rendering),
      source: text('source'),
      severity: text('severity') || 'error',
      ...optional({ class: text('class'), component: text('component'), group: text('group') }),
      custom_details: details,
    },
    ...optional({ client: text('client'), client_url: text('client_url') }),
    ...nonEmpty(
      'images',
      fields
        .list('images')
        .map((image) => ({
          src: rendering.text(image.text('src')),
          alt: rendering.text(image.text('alt')),
          href: rendering.text(image.text('href')),
        }))
        .filter(({ src }) => src !== ''),
    ),
    ...nonEmpty(
      'links',
      fields
        .list('links')
        .map((link) => ({ href: rendering.text(link.text('href')), text: rendering.text(link.text('text')) }))
        .filter(({ href }) => href !== ''),
    ),
  };
}

function eventV1(fields: Fields, notification: Notification, rendering: Rendering, details: unknown): unknown {
  const serviceKey = rendering.text(fields.textOrFile('service_key'));
  if (serviceKey === '') throw new FieldError('service key cannot be empty');
  const trigger = action(notification) === 'trigger';
  return {
    service_key: serviceKey,
    incident_key: groupHash(notification),
    event_type: action(notification),
    description: description(fields, rendering),
    event_action: '',
    payload: null,
    ...(trigger
      ? optional({
          client: rendering.text(fields.text('client')),
          client_url: rendering.text(fields.text('client_url')),
        })
      : {}),
    details,
  };
}

function action(notification: Notification): 'trigger' | 'resolve' {
  return statusOf(notification) === 'firing' ? 'trigger' : 'resolve';
}

function description(fields: Fields, rendering: Rendering): string {
  const template = fields.text('description');
  return truncateRunes(rendering.text(template), LONGEST_SUMMARY_RUNES);
}

/** What was wrong with an event; only 400 says so. */
function badRequestDetails(answer: HttpResponse): string {
  if (answer.status !== 400) return '';
  const said = bodyJson(answer);
  if (typeof said !== 'object' || said === null || !('message' in said)) return '';
  const errors = 'errors' in said && Array.isArray(said.errors) ? said.errors.join(',') : '';
  return `${String(said.message)}: ${errors}`;
}
