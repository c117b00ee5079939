/** Webex: a message in a room; the bot's token is in the entry's `http_config`. */
import type { Notifier } from '../alerting/integration.ts';
import { type ChannelContext, jsonRequest, optional, requestNotifier, truncateBytes } from './channel.ts';

const LARGEST_MESSAGE_BYTES = 7439;

export function webexNotifier(context: ChannelContext): Notifier {
  const { fields } = context;
  return requestNotifier(context, (_, rendering) =>
    jsonRequest(fields.text('api_url'), {
      markdown: truncateBytes(rendering.text(fields.text('message')), LARGEST_MESSAGE_BYTES),
      ...optional({ roomId: rendering.text(fields.text('room_id')) }),
    }),
  );
}
