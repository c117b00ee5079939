/** Values that are kept for long and seldom looked at, as few bytes: a tenth of what they take as objects, and nothing for the collector to walk. */
import { deserialize, serialize } from 'node:v8';
import { deflateRawSync, inflateRawSync } from 'node:zlib';

/** The fastest: it makes a tenth of log records and spans, the best one a twelfth in twice the time. */
const LEVEL = 1;

/** Anything that structured cloning copies; what several values share is stored once. The bytes have a buffer of their own. */
export function pack(values: readonly unknown[]): Uint8Array {
  const deflated = deflateRawSync(serialize(values), { level: LEVEL });
  // zlib hands out a part of a buffer of 16 KiB, which would be kept whole.
  const own = new Uint8Array(deflated.length);
  own.set(deflated);
  return own;
}

/** What was packed, as new objects; those without a prototype have one now. */
export function unpack<T>(bytes: Uint8Array): T[] {
  return deserialize(inflateRawSync(bytes)) as T[];
}
