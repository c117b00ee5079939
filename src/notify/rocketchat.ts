/** Rocket.Chat: a message through the REST API with a user's token. */
import type { Notifier, NotifyOutcome } from '../alerting/integration.ts';
import type { HttpResponse } from '../http/client.ts';
import {
  bodyJson,
  bodyText,
  type ChannelContext,
  DELIVERED,
  failed,
  jsonRequest,
  nonEmpty,
  optional,
  outcomeOf,
  requestNotifier,
  truncateRunes,
} from './channel.ts';

const LONGEST_TITLE_RUNES = 1024;

export function rocketchatNotifier(context: ChannelContext): Notifier {
  const { fields } = context;
  return requestNotifier(
    context,
    (_, rendering) => {
      const text = (name: string): string => rendering.text(fields.text(name));
      const shortFields = fields.flag('short_fields', false);
      const attachment = {
        ...optional({
          title: truncateRunes(text('title'), LONGEST_TITLE_RUNES),
          title_link: text('title_link'),
          text: text('text'),
          image_url: text('image_url'),
          thumb_url: text('thumb_url'),
          color: text('color'),
        }),
        ...nonEmpty(
          'fields',
          fields.list('fields').map((field) => ({
            short: field.flag('short', shortFields),
            ...optional({ title: rendering.text(field.text('title')), value: rendering.text(field.text('value')) }),
          })),
        ),
        ...nonEmpty(
          'actions',
          fields.list('actions').map((action) => ({
            type: 'button',
            ...optional({
              text: rendering.text(action.text('text')),
              url: rendering.text(action.text('url')),
              msg: rendering.text(action.text('msg')),
            }),
            is_webview: false,
            msg_in_chat_window: false,
          })),
        ),
      };
      const base = fields.text('api_url').replace(/\/$/, '');
      return jsonRequest(
        `${base}/api/v1/chat.postMessage`,
        {
          ...optional({
            channel: text('channel'),
            emoji: text('emoji'),
            avatar: text('icon_url'),
          }),
          attachments: [attachment],
        },
        { 'X-Auth-Token': fields.textOrFile('token'), 'X-User-Id': fields.textOrFile('token_id') },
      );
    },
    readAnswer,
  );
}

/** It may answer 200 and mean no. */
function readAnswer(answer: HttpResponse): NotifyOutcome {
  const outcome = outcomeOf(answer);
  if (!outcome.ok) return outcome;
  const said = bodyJson(answer);
  if (typeof said !== 'object' || said === null)
    return failed(`could not read the JSON response ${bodyText(answer)}`, true);
  if ('success' in said && said.success === true) return DELIVERED;
  return failed(`error response from Rocketchat: ${'error' in said ? String(said.error) : ''}`);
}
