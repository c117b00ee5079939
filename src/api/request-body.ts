/** Reads a request's body up to a bound. */
import type { IncomingMessage } from 'node:http';

const EMPTY = new Uint8Array(0);

export class BodyTooLargeError extends Error {
  override readonly name = 'BodyTooLargeError';
}

/** Rejects with BodyTooLargeError past the bound, or where the client goes away. */
export async function readBody(incoming: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const { 'content-length': announced, 'transfer-encoding': encoding } = incoming.headers;
  // A query by GET has none: a stream need not be set up for it.
  if (encoding === undefined && Number(announced ?? 0) === 0) return EMPTY;
  if (Number(announced ?? 0) > maxBytes) throw new BodyTooLargeError();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of incoming as AsyncIterable<Uint8Array>) {
    length += chunk.length;
    if (length > maxBytes) throw new BodyTooLargeError();
    chunks.push(chunk);
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks);
}
