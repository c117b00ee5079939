/** Telegram: a bot's message to a chat, as plain text, HTML or Markdown. */
import type { Notifier, NotifyOutcome } from '../alerting/integration.ts';
import type { HttpResponse } from '../http/client.ts';
import {
  bodyJson,
  type ChannelContext,
  failed,
  jsonRequest,
  outcomeOf,
  requestNotifier,
  retryAfter,
  truncateRunes,
} from './channel.ts';
import { FieldError, type Fields } from './fields.ts';
import type { Rendering } from './template-data.ts';

const LONGEST_MESSAGE_RUNES = 4096;
const TOO_LONG =
  'The notification could not be sent: it is longer than Telegram allows. Please check the template that makes the message.';

export function telegramNotifier(context: ChannelContext): Notifier {
  const { fields } = context;
  return requestNotifier(
    context,
    (_, rendering) => {
      const parseMode = fields.text('parse_mode');
      const thread = fields.number('message_thread_id', 0);
      const url = fields.text('api_url').replace(/\/$/, '');
      // Telegram takes every value as text, too; Alertmanager sends them so.
      return jsonRequest(`${url}/bot${fields.textOrFile('bot_token')}/sendMessage`, {
        chat_id: String(chatId(fields)),
        ...(fields.flag('disable_notifications', false) ? { disable_notification: 'true' } : {}),
        disable_web_page_preview: 'true',
        ...(thread === 0 ? {} : { message_thread_id: String(thread) }),
        ...(parseMode === '' ? {} : { parse_mode: parseMode }),
        text: messageText(fields, rendering, parseMode),
      });
    },
    readAnswer,
  );
}

/** A number, also where it is written in a file. */
function chatId(fields: Fields): number {
  const text = fields.textOrFile('chat_id');
  const id = Number(text);
  if (!Number.isSafeInteger(id)) throw new FieldError(`chat_id ${JSON.stringify(text)} is not a number`);
  return id;
}

/** HTML must not be cut within a tag, so one that is too long is replaced. */
function messageText(fields: Fields, rendering: Rendering, parseMode: string): string {
  const template = fields.text('message');
  if (parseMode !== 'HTML') return truncateRunes(rendering.text(template), LONGEST_MESSAGE_RUNES);
  const html = rendering.html(template);
  return [...html].length > LONGEST_MESSAGE_RUNES ? TOO_LONG : html;
}

/** `parameters.retry_after` of an answer, in seconds there. */
function pauseOf(said: unknown): number | undefined {
  const parameters = typeof said === 'object' && said !== null && 'parameters' in said ? said.parameters : undefined;
  if (typeof parameters !== 'object' || parameters === null || !('retry_after' in parameters)) return undefined;
  const seconds = Number(parameters.retry_after);
  return seconds > 0 ? seconds * 1000 : undefined;
}

/** As Alertmanager, everything that Telegram refuses is tried again. */
function readAnswer(answer: HttpResponse): NotifyOutcome {
  const said = bodyJson(answer);
  const description =
    typeof said === 'object' && said !== null && 'description' in said ? String(said.description) : undefined;
  if (description !== undefined) {
    return {
      ...failed(`telegram: ${description} (${answer.status})`, true),
      retryAfterMs: pauseOf(said) ?? retryAfter(answer),
    };
  }
  const outcome = outcomeOf(answer);
  return outcome.ok ? outcome : { ...outcome, retry: true };
}
