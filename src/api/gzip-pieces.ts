/** One gzip member of a stream of bytes, compressed by several threads: pieces of it are deflated side by side, each ended at a byte. */
import { promisify } from 'node:util';
import { constants, crc32, deflateRaw } from 'node:zlib';
import { giveBack, PIECE_BYTES } from './piece-buffers.ts';

const deflate = promisify(deflateRaw);
/** Pieces that are being compressed at a time, in two threads and one waiting. */
const AT_A_TIME = 3;
/** RFC 1952: deflate, no flags, no time, fastest, of an unknown system. */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 4, 255]);
/** An empty last block of deflate. */
const LAST_BLOCK = Buffer.from([3, 0]);

export async function* gzipPieces(pieces: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let checksum = 0;
  let length = 0;
  const running: Promise<Buffer>[] = [];
  yield HEADER;
  for (const piece of gathered(pieces)) {
    checksum = crc32(piece, checksum);
    length += piece.length;
    running.push(deflatedPiece(piece));
    if (running.length >= AT_A_TIME) yield await running.shift()!;
  }
  for (const each of running) yield await each;
  const trailer = Buffer.alloc(8);
  trailer.writeUInt32LE(checksum, 0);
  trailer.writeUInt32LE(length % 2 ** 32, 4);
  yield Buffer.concat([LAST_BLOCK, trailer]);
}

async function deflatedPiece(piece: Uint8Array): Promise<Buffer> {
  const deflated = await deflate(piece, { level: 1, finishFlush: constants.Z_SYNC_FLUSH });
  giveBack(piece);
  return deflated;
}

/** Small pieces joined. */
function* gathered(pieces: Iterable<Uint8Array>): Generator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for (const piece of pieces) {
    waiting.push(piece);
    bytes += piece.length;
    if (bytes < PIECE_BYTES) continue;
    yield joined(waiting);
    waiting = [];
    bytes = 0;
  }
  if (bytes > 0) yield joined(waiting);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  const whole = Buffer.concat(pieces);
  for (const piece of pieces) giveBack(piece);
  return whole;
}
