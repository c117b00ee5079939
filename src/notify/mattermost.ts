/** Mattermost: an incoming webhook's message with attachments, card and priority. */
import type { Notifier, NotifyOutcome } from '../alerting/integration.ts';
import {
  type ChannelContext,
  isOutcome,
  jsonRequest,
  nonEmpty,
  optional,
  outcomeOf,
  send,
  truncateRunes,
} from './channel.ts';
import { FieldError, type Fields } from './fields.ts';
import type { Rendering } from './template-data.ts';

const LONGEST_TEXT_RUNES = 16_383;
const ATTACHMENT_FIELDS = [
  'fallback',
  'color',
  'pretext',
  'text',
  'author_name',
  'author_link',
  'author_icon',
  'title',
  'title_link',
] as const;
const ATTACHMENT_FIELDS_BELOW = ['thumb_url', 'footer', 'footer_icon', 'image_url'] as const;

export function mattermostNotifier({ fields, http, render }: ChannelContext): Notifier {
  return {
    async notify(notification, signal): Promise<NotifyOutcome> {
      const rendering = render(notification);
      const url = fields.textOrFile('webhook_url');
      if (url === '') throw new FieldError('webhook url missing');
      const channel = rendering.text(fields.text('channel'));
      const answer = await send(http, jsonRequest(url, message(fields, rendering, channel)), signal);
      if (isOutcome(answer)) return answer;
      const outcome = outcomeOf(answer);
      return outcome.ok ? outcome : { ...outcome, error: `channel "${channel}": ${outcome.error}` };
    },
  };
}

function message(fields: Fields, rendering: Rendering, channel: string): unknown {
  const text = (name: string): string => rendering.text(fields.text(name));
  const attachments = fields.list('attachments');
  const card = rendering.text(fields.object('props').text('card'));
  return {
    // With attachments of its own the text stands above them, without it is in the only one.
    ...optional(attachments.length > 0 ? { text: truncateRunes(text('text'), LONGEST_TEXT_RUNES) } : {}),
    ...optional({ channel, username: text('username'), icon_url: text('icon_url'), icon_emoji: text('icon_emoji') }),
    attachments:
      attachments.length > 0
        ? attachments.map((each) => attachment(each, (name) => rendering.text(each.text(name)), rendering))
        : [attachment(fields, text, rendering)],
    ...optional({ type: text('type') }),
    ...(card === '' ? {} : { props: { card } }),
    ...priority(fields.object('priority'), rendering),
  };
}

function attachment(fields: Fields, text: (name: string) => string, rendering: Rendering): unknown {
  const texts = (names: readonly string[]): Record<string, string> =>
    optional(Object.fromEntries(names.map((name) => [name, text(name)])));
  return {
    ...texts(ATTACHMENT_FIELDS),
    ...nonEmpty(
      'fields',
      fields.list('fields').map((field) => ({
        ...optional({ title: rendering.text(field.text('title')), value: rendering.text(field.text('value')) }),
        ...(field.has('short') ? { short: field.flag('short', false) } : {}),
      })),
    ),
    ...texts(ATTACHMENT_FIELDS_BELOW),
  };
}

/** Mattermost refuses a message whose flags do not fit its priority, so they are brought into line. */
function priority(fields: Fields, rendering: Rendering): Record<string, unknown> {
  const wanted = rendering.text(fields.text('priority')).toLowerCase();
  if (wanted === '') return {};
  const level = ['urgent', 'important'].includes(wanted) ? wanted : 'standard';
  return {
    priority: {
      priority: level,
      ...(fields.flag('requested_ack', false) && level !== 'standard' ? { requested_ack: true } : {}),
      ...(fields.flag('persistent_notifications', false) && level === 'urgent'
        ? { persistent_notifications: true }
        : {}),
    },
  };
}
