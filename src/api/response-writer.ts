/** Writes an answer: compressed where the client takes it, without body for HEAD, at the client's pace. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { gzipPieces } from './gzip-pieces.ts';
import { giveBack, PIECE_BYTES } from './piece-buffers.ts';
import type { ApiResponse } from './route.ts';

/** Below this compression costs more than it saves. */
const LEAST_COMPRESSED_BYTES = 1024;
/** Up to this an answer is sent whole, with its length; a longer one as its pieces are made. */
const MOST_WHOLE_BYTES = PIECE_BYTES;
/** So much may wait for the client while the next piece is made. */
const MOST_WAITING_BYTES = 2 * PIECE_BYTES;
/** Up to this it is compressed at once: handing it to another thread would take longer. */
const MOST_COMPRESSED_AT_ONCE = 64 * 1024;

export async function sendResponse(
  incoming: IncomingMessage,
  response: ServerResponse,
  answer: ApiResponse,
): Promise<void> {
  const pieces = piecesOf(answer);
  const first: Buffer[] = [];
  let length = 0;
  let whole = false;
  while (!whole && length <= MOST_WHOLE_BYTES) {
    const { done, value } = pieces.next();
    whole = done === true;
    if (value === undefined) continue;
    first.push(value);
    length += value.length;
  }
  const headers: Record<string, string> = { ...answer.headers };
  if (length > 0 || answer.contentType !== undefined)
    headers['Content-Type'] ??= answer.contentType ?? 'application/json';
  const hasBody = answer.status !== 204 && answer.status !== 304;
  const isLong = length >= LEAST_COMPRESSED_BYTES;
  const isZipped = hasBody && isLong && acceptsGzip(incoming.headers['accept-encoding']);
  if (isLong) headers['Vary'] = 'Accept-Encoding';
  if (isZipped) headers['Content-Encoding'] = 'gzip';
  if (response.destroyed) return;
  const sendsBody = hasBody && incoming.method !== 'HEAD';
  if (whole && (!isZipped || length <= MOST_COMPRESSED_AT_ONCE)) {
    const plain = first.length === 1 ? first[0]! : Buffer.concat(first);
    const body = isZipped ? gzipSync(plain, { level: 1 }) : plain;
    if (hasBody) headers['Content-Length'] = String(body.length);
    response.writeHead(answer.status, headers);
    if (sendsBody) response.end(body);
    else response.end();
    if (body !== first[0]) for (const piece of first) giveBack(piece);
    return;
  }
  response.writeHead(answer.status, headers);
  if (sendsBody) {
    const all = chained(first, pieces);
    for await (const piece of isZipped ? gzipPieces(all) : all) {
      if (response.destroyed) return;
      response.write(piece, () => giveBack(piece));
      if (response.writableLength > MOST_WAITING_BYTES) await drained(response);
      // A client as fast as this would otherwise keep everything else waiting.
      await turn();
    }
  }
  response.end();
}

/** Until what was written is on its way, or the client is gone. */
function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}

function* piecesOf({ body }: ApiResponse): Generator<Buffer, undefined> {
  const pieces = typeof body === 'string' || body instanceof Uint8Array ? [body] : body;
  for (const piece of pieces) {
    if (piece.length === 0) continue;
    yield typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece.buffer, piece.byteOffset, piece.length);
  }
}

function* chained(first: readonly Buffer[], rest: Iterable<Buffer>): Generator<Buffer> {
  yield* first;
  yield* rest;
}

function acceptsGzip(header: string | string[] | undefined): boolean {
  return String(header ?? '')
    .split(',')
    .some((each) => /^\s*(gzip|\*)\s*(;\s*q=(?!0(\.0*)?\s*$))?/i.test(each) && !/;\s*q=0(\.0*)?\s*$/.test(each));
}
