/** A response's body: decompressed, counted, and gathered once. */
import type { IncomingMessage } from 'node:http';
import type { Readable, Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import type { BodyBuffer } from './body-buffer.ts';
import { HttpError } from './client.ts';
import { readInPlace } from './reading-agent.ts';

/** Larger steps than zlib's own 16 KiB: each step is a trip to the thread pool. */
const CHUNK_BYTES = 256 * 1024;

/** The encodings that this Node can undo, in order of preference. */
export const acceptedEncodings: string = 'createZstdDecompress' in zlib ? 'zstd, gzip' : 'gzip';

/** The body with every content encoding undone. A compression that this Node cannot undo throws HttpError; what is none (`utf-8`) is left alone, as by Go's client. */
export function decodedStream(message: IncomingMessage): Readable {
  let stream: Readable = message;
  const encodings = (message.headers['content-encoding'] ?? '').toLowerCase().split(',').reverse();
  for (const encoding of encodings) {
    const decoder = decoderOf(encoding.trim());
    if (decoder === undefined) continue;
    const source = stream;
    source.on('error', (error) => decoder.destroy(error));
    source.on('aborted', () => decoder.destroy(connectionLost()));
    decoder.on('close', () => source.destroy());
    stream = source.pipe(decoder);
  }
  return stream;
}

/** Rejects with HttpError `body-too-large` as soon as more than `maxBytes` (0: no limit) have come; what is left is never read. */
export function collectBody(message: IncomingMessage, maxBytes: number, into: BodyBuffer): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    const plain = message.headers['content-encoding'] === undefined;
    const announced = plain ? Number(message.headers['content-length'] ?? Number.NaN) : Number.NaN;
    let stream: Readable;
    const fail = (error: unknown): void => {
      message.destroy();
      reject((error as NodeJS.ErrnoException).code === 'ECONNRESET' ? connectionLost() : error);
    };
    try {
      if (maxBytes > 0 && announced > maxBytes) throw tooLarge(maxBytes);
      stream = decodedStream(message);
    } catch (error) {
      message.on('error', () => {});
      fail(error);
      return;
    }
    if (stream === message) readInPlace(message);
    let received = 0;
    stream.on('data', (chunk: Buffer) => {
      received += chunk.length;
      try {
        if (maxBytes > 0 && received > maxBytes) throw tooLarge(maxBytes);
        into.append(chunk);
      } catch (error) {
        stream.destroy(error as HttpError);
      }
    });
    stream.on('end', () => resolve(into.view()));
    stream.on('error', fail);
    stream.on('close', () => fail(connectionLost()));
  });
}

function tooLarge(maxBytes: number): HttpError {
  return new HttpError('body-too-large', `the body exceeds the limit of ${maxBytes} bytes`);
}

function connectionLost(): HttpError {
  return new HttpError('reset', 'the connection was lost before the body was complete (unexpected EOF)');
}

function decoderOf(encoding: string): Transform | undefined {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return zlib.createGunzip({ chunkSize: CHUNK_BYTES });
    case 'deflate':
      return zlib.createInflate({ chunkSize: CHUNK_BYTES });
    case 'br':
      return zlib.createBrotliDecompress({ chunkSize: CHUNK_BYTES });
    case 'zstd':
      if ('createZstdDecompress' in zlib) return zlib.createZstdDecompress({ chunkSize: CHUNK_BYTES });
      break;
    case 'compress':
    case 'x-compress':
    case 'snappy':
    case 'lz4':
      break;
    default:
      return undefined;
  }
  throw new HttpError('other', `the body is encoded as ${JSON.stringify(encoding)}, which cannot be undone`);
}
