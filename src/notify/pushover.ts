/** Pushover: a message to a user's or a group's devices. */
import type { Notifier } from '../alerting/integration.ts';
import { type ChannelContext, requestNotifier, truncateRunes } from './channel.ts';
import type { Fields } from './fields.ts';
import type { Rendering } from './template-data.ts';

const API_URL = 'https://api.pushover.net/1/messages.json';
const LONGEST_TITLE_RUNES = 250;
const LONGEST_MESSAGE_RUNES = 1024;
const LONGEST_URL_RUNES = 512;

export function pushoverNotifier(context: ChannelContext): Notifier {
  const { fields } = context;
  return requestNotifier(context, (_, rendering) => ({
    method: 'POST',
    url: API_URL,
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    // In the body, not in the address, where tokens would end up in the logs of proxies.
    body: parameters(fields, rendering).toString(),
  }));
}

function parameters(fields: Fields, rendering: Rendering): URLSearchParams {
  const text = (name: string): string => rendering.text(fields.text(name));
  const seconds = (name: string, otherwiseMs: number): string =>
    String(Math.trunc(fields.number(name, otherwiseMs) / 1000));
  const html = fields.flag('html', false);
  const template = fields.text('message');
  const message = truncateRunes(
    html ? rendering.html(template) : rendering.text(template),
    LONGEST_MESSAGE_RUNES,
  ).trim();
  const lifetime = seconds('ttl', 0);
  return new URLSearchParams({
    token: rendering.text(fields.textOrFile('token')),
    user: rendering.text(fields.textOrFile('user_key')),
    title: truncateRunes(text('title'), LONGEST_TITLE_RUNES),
    ...(html ? { html: '1' } : {}),
    ...(fields.flag('monospace', false) ? { monospace: '1' } : {}),
    // Pushover refuses an empty one.
    message: message === '' ? '(no details)' : message,
    url: truncateRunes(text('url'), LONGEST_URL_RUNES),
    url_title: text('url_title'),
    priority: text('priority'),
    retry: seconds('retry', 60_000),
    expire: seconds('expire', 3_600_000),
    device: text('device'),
    sound: text('sound'),
    ...(lifetime === '0' ? {} : { ttl: lifetime }),
  });
}
