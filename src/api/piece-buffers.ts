/**
 * The buffers that large answers are written in, used again once their bytes are sent. New ones for each piece would, by the megabytes
 * they hold outside of the heap, call for a collection of the whole heap several times within one answer.
 */

/** Bytes of a large answer that are made at once: some milliseconds of work. */
export const PIECE_BYTES = 256 * 1024;
/** Room beyond that, for what is not cut in two. */
const SLACK_BYTES = 16 * 1024;
/** A few answers at a time, each with what is written and what is on its way. */
const MOST_KEPT = 16;

const kept: Buffer[] = [];
/** Memory that came from here. */
const own = new WeakSet<ArrayBufferLike>();

export function takeBuffer(): Buffer {
  const again = kept.pop();
  if (again !== undefined) return again;
  const fresh = Buffer.allocUnsafeSlow(PIECE_BYTES + SLACK_BYTES);
  own.add(fresh.buffer);
  return fresh;
}

/** Says, once, that the bytes of a piece are no longer wanted. Of memory that did not come from `takeBuffer` nothing is kept. */
export function giveBack({ buffer }: Uint8Array): void {
  if (own.has(buffer) && kept.length < MOST_KEPT) kept.push(Buffer.from(buffer));
}
