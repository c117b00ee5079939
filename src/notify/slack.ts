/** Slack: incoming webhooks, and `chat.postMessage` and `chat.update` with a bot's token (which is in the entry's `http_config`). */
import type { Notifier, NotifyOutcome } from '../alerting/integration.ts';
import type { HttpResponse } from '../http/client.ts';
import {
  bodyJson,
  bodyText,
  type ChannelContext,
  DELIVERED,
  failed,
  isOutcome,
  jsonRequest,
  nonEmpty,
  optional,
  outcomeOf,
  retryAfter,
  send,
  truncateRunes,
} from './channel.ts';
import type { Fields } from './fields.ts';
import type { Rendering } from './template-data.ts';

const LONGEST_TITLE_RUNES = 1024;
const UPDATE_URL = 'https://slack.com/api/chat.update';

export function slackNotifier({ fields, http, render }: ChannelContext): Notifier {
  return {
    async notify(notification, signal) {
      const rendering = render(notification);
      const { store } = notification;
      const update = fields.flag('update_message', false);
      const [timestamp, channelId] = update ? [store.get('threadTs'), store.get('channelId')] : [];
      const known = timestamp !== undefined && channelId !== undefined;
      const channel = known ? channelId : rendering.text(fields.text('channel'));
      const message = {
        ...optional({ channel }),
        ...(known ? { ts: timestamp } : {}),
        ...optional({
          username: rendering.text(fields.text('username')),
          icon_emoji: rendering.text(fields.text('icon_emoji')),
          icon_url: rendering.text(fields.text('icon_url')),
        }),
        ...(fields.flag('link_names', false) ? { link_names: true } : {}),
        ...optional({ text: rendering.text(fields.text('message_text')) }),
        attachments: [attachment(fields, rendering)],
      };
      const url = known ? UPDATE_URL : fields.textOrFile('api_url');
      const timeoutMs = fields.number('timeout', 0);
      const request = { ...jsonRequest(url, message), ...(timeoutMs > 0 ? { timeoutMs } : {}) };
      const answer = await send(http, request, signal);
      const outcome = isOutcome(answer) ? answer : readAnswer(answer, update ? store : undefined);
      return outcome.ok || isOutcome(answer)
        ? outcome
        : { ...outcome, error: `channel "${channel}": ${outcome.error}` };
    },
  };
}

function attachment(fields: Fields, rendering: Rendering): unknown {
  const text = (name: string): string => rendering.text(fields.text(name));
  const markdownIn = fields.strings('mrkdwn_in');
  const shortFields = fields.flag('short_fields', false);
  return {
    ...optional({
      title: truncateRunes(text('title'), LONGEST_TITLE_RUNES),
      title_link: text('title_link'),
      pretext: text('pretext'),
    }),
    text: text('text'),
    fallback: text('fallback'),
    callback_id: text('callback_id'),
    ...nonEmpty(
      'fields',
      fields.list('fields').map((field) => ({
        ...optional({ title: rendering.text(field.text('title')), value: rendering.text(field.text('value')) }),
        short: field.flag('short', shortFields),
      })),
    ),
    ...nonEmpty(
      'actions',
      fields.list('actions').map((action) => ({
        ...rendered(action, ['type', 'text', 'url', 'style', 'name', 'value'], rendering),
        ...(action.has('confirm')
          ? { confirm: rendered(action.object('confirm'), ['text', 'title', 'ok_text', 'dismiss_text'], rendering) }
          : {}),
      })),
    ),
    ...optional({ image_url: text('image_url'), thumb_url: text('thumb_url') }),
    footer: text('footer'),
    ...optional({ color: text('color') }),
    mrkdwn_in: markdownIn.length > 0 ? markdownIn : ['fallback', 'pretext', 'text'],
  };
}

/** A webhook answers `ok` in plain text, the API JSON with `ok`; both may say 200 and mean no. */
function readAnswer(answer: HttpResponse, store: Map<string, string> | undefined): NotifyOutcome {
  const outcome = outcomeOf(answer);
  if (!outcome.ok) return outcome;
  if (!(answer.headers['content-type'] ?? '').startsWith('application/json')) {
    const text = bodyText(answer);
    return text === 'ok' ? DELIVERED : failed(`received an error response from Slack: ${text}`);
  }
  const said = bodyJson(answer);
  if (typeof said !== 'object' || said === null) return failed('could not read the JSON response of Slack', true);
  if (!('ok' in said) || said.ok !== true) {
    const error = 'error' in said ? String(said.error) : '';
    return {
      ...failed(`error response from Slack: ${error}`, error === 'ratelimited'),
      retryAfterMs: retryAfter(answer),
    };
  }
  if (store !== undefined && 'ts' in said && 'channel' in said && said.ts && said.channel) {
    store.set('threadTs', String(said.ts));
    store.set('channelId', String(said.channel));
  }
  return DELIVERED;
}

function rendered(fields: Fields, names: readonly string[], rendering: Rendering): Record<string, string> {
  return optional(Object.fromEntries(names.map((name) => [name, rendering.text(fields.text(name))])));
}
