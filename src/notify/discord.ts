/** Discord: a webhook's message with one embed. */
import type { Notifier } from '../alerting/integration.ts';
import { type ChannelContext, jsonRequest, optional, requestNotifier, truncateRunes } from './channel.ts';
import { statusOf } from './template-data.ts';

const LONGEST_TITLE_RUNES = 256;
const LONGEST_DESCRIPTION_RUNES = 4096;
const LONGEST_CONTENT_RUNES = 2000;
const RED = 0x992d22;
const GREEN = 0x2ecc71;

export function discordNotifier(context: ChannelContext): Notifier {
  const { fields } = context;
  return requestNotifier(context, (notification, rendering) => {
    const text = (name: string, limit: number): string => truncateRunes(rendering.text(fields.text(name)), limit);
    return jsonRequest(fields.textOrFile('webhook_url'), {
      content: text('content', LONGEST_CONTENT_RUNES),
      embeds: [
        {
          title: text('title', LONGEST_TITLE_RUNES),
          description: text('message', LONGEST_DESCRIPTION_RUNES),
          color: statusOf(notification) === 'firing' ? RED : GREEN,
        },
      ],
      ...optional({ username: fields.text('username'), avatar_url: fields.text('avatar_url') }),
    });
  });
}
