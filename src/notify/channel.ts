/** What every channel is built from: its entry of the receiver, the HTTP client for it, templates, and how answers become outcomes. */
import { createHash } from 'node:crypto';
import type { FailedOutcome, Notification, Notifier, NotifyOutcome } from '../alerting/integration.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../http/client.ts';
import type { Fields } from './fields.ts';
import { goJson } from './go-json.ts';
import type { Rendering } from './template-data.ts';

export interface ChannelContext {
  readonly fields: Fields;
  readonly http: HttpClient;
  readonly render: (notification: Notification) => Rendering;
}

/** Makes a request; what is wrong with templates or fields throws, and is final. */
export type Compose = (notification: Notification, rendering: Rendering) => HttpRequest;

export const DELIVERED: NotifyOutcome = { ok: true };

/** The longest part of an answer that an error quotes. */
const QUOTED_BYTES = 512;
const LARGEST_ANSWER_BYTES = 1 << 20;

export function failed(error: string, retry = false): FailedOutcome {
  return { ok: false, retry, error };
}

/** A channel that makes one request a notification and reads the answer. */
export function requestNotifier(
  { http, render, fields }: ChannelContext,
  compose: Compose,
  read: (answer: HttpResponse) => NotifyOutcome = outcomeOf,
): Notifier {
  return {
    async notify(notification, signal) {
      const timeoutMs = fields.number('timeout', 0);
      const request = compose(notification, render(notification));
      const answer = await send(http, timeoutMs > 0 ? { timeoutMs, ...request } : request, signal);
      return isOutcome(answer) ? answer : read(answer);
    },
  };
}

/** What names a group to services outside: the same for the life of the group, of a fixed length. */
export function groupHash(notification: Notification): string {
  return createHash('sha256').update(notification.groupKey).digest('hex');
}

/** Without the properties that are empty: most services take an empty one for a value. */
export function optional(texts: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).filter(([, value]) => value !== ''));
}

export function nonEmpty(name: string, list: readonly unknown[]): Record<string, readonly unknown[]> {
  return list.length === 0 ? {} : { [name]: list };
}

/** A POST of JSON. */
export function jsonRequest(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): HttpRequest {
  return { method: 'POST', url, headers: { 'Content-Type': 'application/json', ...headers }, body: goJson(body) };
}

/** Sends; a fault of the network may pass, so it is to be tried again. */
export async function send(
  http: HttpClient,
  request: HttpRequest,
  signal: AbortSignal,
): Promise<HttpResponse | NotifyOutcome> {
  try {
    return await http.request({ ...request, signal, maxBodyBytes: LARGEST_ANSWER_BYTES });
  } catch (error) {
    return failed(error instanceof Error ? error.message : String(error), true);
  }
}

export function isOutcome(result: HttpResponse | NotifyOutcome): result is NotifyOutcome {
  return 'ok' in result;
}

/** 2xx is delivered; 5xx, 429 (too many requests) and `alsoRetry` may pass; the rest is final. */
export function outcomeOf(
  response: HttpResponse,
  details: (response: HttpResponse) => string = bodyText,
  alsoRetry?: number,
): NotifyOutcome {
  const { status } = response;
  if (status >= 200 && status < 300) return DELIVERED;
  const retry = status >= 500 || status === 429 || status === alsoRetry;
  const detail = details(response);
  const error = `unexpected status code ${status}${detail === '' ? '' : `: ${detail}`}`;
  return { ok: false, retry, error, status, retryAfterMs: retry ? retryAfter(response) : undefined };
}

/** What `Retry-After` (RFC 9110, 10.2.3: seconds, or a date) asks for; undefined where it says nothing that can be read. */
export function retryAfter({ headers }: HttpResponse): number | undefined {
  const text = headers['retry-after']?.trim() ?? '';
  if (/^\d+(\.\d+)?$/.test(text)) return Math.ceil(Number(text) * 1000);
  // By the service's own clock, which need not be ours.
  const waitMs = Date.parse(text) - Date.parse(headers['date'] ?? '');
  return waitMs > 0 ? waitMs : undefined;
}

/** The beginning of an answer's body. */
export function bodyText(response: HttpResponse): string {
  return new TextDecoder().decode(response.body.subarray(0, QUOTED_BYTES)).trim();
}

/** The body as JSON; undefined where it is none. */
export function bodyJson(response: HttpResponse): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(response.body));
  } catch {
    return undefined;
  }
}

/** The first `limit` characters (code points), an ellipsis for what is cut off. */
export function truncateRunes(text: string, limit: number): string {
  const runes = [...text];
  if (runes.length <= limit) return text;
  return limit <= 3 ? runes.slice(0, limit).join('') : `${runes.slice(0, limit - 1).join('')}…`;
}

/** As `truncateRunes`, by UTF-8 bytes, never within a character. */
export function truncateBytes(text: string, limit: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= limit) return text;
  if (limit < 3) return '.'.repeat(limit);
  let end = limit - 3;
  while (end > 0 && (bytes[end]! & 0xc0) === 0x80) end--;
  return `${bytes.toString('utf8', 0, end)}…`;
}
