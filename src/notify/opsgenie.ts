/** Opsgenie: an alert a group is created, updated, and closed by its alias. */
import type { Notification, Notifier } from '../alerting/integration.ts';
import type { HttpRequest } from '../http/client.ts';
import {
  type ChannelContext,
  DELIVERED,
  groupHash,
  isOutcome,
  jsonRequest,
  nonEmpty,
  optional,
  outcomeOf,
  send,
  truncateRunes,
} from './channel.ts';
import type { Fields } from './fields.ts';
import { inByteOrder } from './go-json.ts';
import { commonPairs, type Rendering, statusOf } from './template-data.ts';

const LONGEST_MESSAGE_RUNES = 130;

export function opsgenieNotifier({ fields, http, render }: ChannelContext): Notifier {
  return {
    async notify(notification, signal) {
      for (const request of requests(fields, notification, render(notification))) {
        const answer = await send(http, request, signal);
        const outcome = isOutcome(answer) ? answer : outcomeOf(answer);
        if (!outcome.ok) return outcome;
      }
      return DELIVERED;
    },
  };
}

function requests(fields: Fields, notification: Notification, rendering: Rendering): readonly HttpRequest[] {
  const headers = { Authorization: `GenieKey ${rendering.text(fields.textOrFile('api_key'))}` };
  const alias = groupHash(notification);
  const url = (path: string): string => {
    const base = fields.text('api_url');
    return `${base.endsWith('/') ? base : `${base}/`}v2/alerts${path}`;
  };
  const text = (name: string): string => rendering.text(fields.text(name));
  const source = text('source');
  if (statusOf(notification) === 'resolved') {
    return [jsonRequest(url(`/${alias}/close?identifierType=alias`), { source }, headers)];
  }
  const message = truncateRunes(text('message'), LONGEST_MESSAGE_RUNES);
  const description = text('description');
  const details = {
    ...commonPairs(notification.alerts.map(({ labels }) => labels)).toRecord(),
    ...Object.fromEntries(fields.entries('details').map(([name, template]) => [name, rendering.text(template)])),
  };
  const create = jsonRequest(
    url(''),
    {
      alias,
      message,
      ...optional({ description }),
      details: inByteOrder(details),
      source,
      ...nonEmpty('responders', responders(fields, rendering)),
      ...nonEmpty('tags', split(text('tags'))),
      ...optional({ note: text('note'), priority: text('priority'), entity: text('entity') }),
      ...nonEmpty('actions', split(text('actions'))),
    },
    headers,
  );
  if (!fields.flag('update_alerts', false)) return [create];
  const update = (what: string, body: unknown): HttpRequest => ({
    ...jsonRequest(url(`/${alias}/${what}?identifierType=alias`), body, headers),
    method: 'PUT',
  });
  return [create, update('message', optional({ message })), update('description', optional({ description }))];
}

/** One that is empty once expanded is left out; `teams` is a list of names. */
function responders(fields: Fields, rendering: Rendering): readonly Record<string, string>[] {
  return fields.list('responders').flatMap((responder) => {
    const [id, name, username, type] = ['id', 'name', 'username', 'type'].map((field) =>
      rendering.text(responder.text(field)),
    ) as [string, string, string, string];
    if (id === '' && name === '' && username === '' && type === '') return [];
    if (type === 'teams') return split(name).map((team) => ({ name: team, type: 'team' }));
    return [{ ...optional({ id, name, username }), type }];
  });
}

function split(list: string): readonly string[] {
  return list
    .trim()
    .split(',')
    .filter((part) => part !== '');
}
