/** Writes an answer: compressed where the client takes it, without body for HEAD, at the client's pace. */
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { ApiResponse } from './route.ts';

const compress = promisify(gzip);
/** Below this compression costs more than it saves. */
const LEAST_COMPRESSED_BYTES = 1024;

export async function sendResponse(
  incoming: IncomingMessage,
  response: ServerResponse,
  answer: ApiResponse,
): Promise<void> {
  const parts = typeof answer.body === 'string' || answer.body instanceof Uint8Array ? [answer.body] : answer.body;
  const body = parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : part));
  const length = body.reduce((sum, part) => sum + part.length, 0);
  const headers: Record<string, string> = { ...answer.headers };
  if (length > 0) headers['Content-Type'] ??= answer.contentType ?? 'application/json';
  const hasBody = answer.status !== 204 && answer.status !== 304;
  const zipped =
    hasBody && length >= LEAST_COMPRESSED_BYTES && acceptsGzip(incoming.headers['accept-encoding'])
      ? await compress(Buffer.concat(body), { level: 1 })
      : undefined;
  if (length >= LEAST_COMPRESSED_BYTES) headers['Vary'] = 'Accept-Encoding';
  if (zipped) headers['Content-Encoding'] = 'gzip';
  if (hasBody) headers['Content-Length'] = String(zipped?.length ?? length);
  if (response.destroyed) return;
  response.writeHead(answer.status, headers);
  if (hasBody && incoming.method !== 'HEAD') {
    for (const part of zipped ? [zipped] : body) {
      if (response.destroyed) return;
      if (!response.write(part)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
    }
  }
  response.end();
}

function acceptsGzip(header: string | string[] | undefined): boolean {
  return String(header ?? '')
    .split(',')
    .some((each) => /^\s*(gzip|\*)\s*(;\s*q=(?!0(\.0*)?\s*$))?/i.test(each) && !/;\s*q=0(\.0*)?\s*$/.test(each));
}
