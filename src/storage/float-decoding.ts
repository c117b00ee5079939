/** Floats of one chunk decompressed: what `float-chunk.ts` wrote, straight into columns of samples. */
import { type ChunkTable, FIRST_STALE, HAS_STALE, IRREGULAR, XOR } from './chunk-table.ts';
import { FLOAT, type SampleColumns, STALE } from './queryable.ts';

export const POWERS = Array.from({ length: 13 }, (_, exponent) => 10 ** exponent);
/** The control byte of a staleness marker among values that are XORed. */
export const STALE_CONTROL = 0xff;

/** The value before, as the eight bytes that XOR works on (little endian). */
export const scratch = new Float64Array(1);
export const scratchBytes = new Uint8Array(scratch.buffer);
export const scratchWords = new Int32Array(scratch.buffer);

/** Appends the samples of the chunk that are not after `endMs` to the columns; one at least. */
export function decodeFloats(table: ChunkTable, chunk: number, into: SampleColumns, endMs: number): void {
  const from = into.length;
  const all = table.count[chunk]!;
  into.reserve(from + all);
  decodeTimes(table, chunk, into.timestamps, from, all);
  const count = table.maxTime[chunk]! <= endMs ? all : countUpTo(into.timestamps, from, all, endMs);
  const hasStale = (table.flags[chunk]! & HAS_STALE) !== 0;
  if (hasStale && into.floatsOnly) {
    into.kinds.fill(FLOAT, 0, from);
    into.floatsOnly = false;
  }
  if (!into.floatsOnly) into.kinds.fill(FLOAT, from, from + count);
  if (table.valueBytes[chunk] === 0) into.values.fill(table.firstValue[chunk]!, from, from + count);
  else if (table.encoding[chunk] === XOR) decodeXor(table, chunk, into, from, count);
  else decodeIntegers(table, chunk, into, from, count);
  if ((table.flags[chunk]! & FIRST_STALE) !== 0) markStale(into.kinds, into.values, from);
  into.length = from + count;
}

/**
 * Appends the samples of a series' last chunk that are not before `startMs`, from the end backwards, without decoding those before;
 * `lastValue` is that of the newest. False, and nothing done, where the chunk cannot be read so, or it would be no less work.
 */
export function decodeEnd(
  table: ChunkTable,
  chunk: number,
  into: SampleColumns,
  startMs: number,
  lastValue: number,
): boolean {
  const isPlain = table.encoding[chunk]! < POWERS.length && (table.flags[chunk]! & (IRREGULAR | HAS_STALE)) === 0;
  const all = table.count[chunk]!;
  if (!isPlain || all < 2 || table.starts.size > 0) return false;
  const minTime = table.minTime[chunk]!;
  const interval = table.interval[chunk]!;
  const skipped = Math.ceil((startMs - minTime) / interval);
  if (skipped * 2 < all || skipped >= all) return false;
  const count = all - skipped;
  const from = into.length;
  into.reserve(from + count);
  for (let i = 0; i < count; i++) into.timestamps[from + i] = minTime + (skipped + i) * interval;
  if (!into.floatsOnly) into.kinds.fill(FLOAT, from, from + count);
  if (table.valueBytes[chunk] === 0) into.values.fill(lastValue, from, from + count);
  else readIntegersBackwards(table, chunk, into.values, from, count, lastValue);
  into.length = from + count;
  return true;
}

/** The last byte of each delta, and that alone, is below 0x80. */
function readIntegersBackwards(
  table: ChunkTable,
  chunk: number,
  values: Float64Array,
  from: number,
  count: number,
  lastValue: number,
): void {
  const power = POWERS[table.encoding[chunk]!]!;
  const isWhole = power === 1;
  const address = table.address[chunk]!;
  const slab = table.pool.slab(address);
  const start = table.pool.offset(address);
  let at = start + table.valueBytes[chunk]! - 1;
  let integer = Math.round(lastValue * power);
  for (let i = from + count - 1; ; i--) {
    values[i] = isWhole ? integer : integer / power;
    if (i === from) return;
    let zigzag = slab[at--]!;
    while (at >= start && slab[at]! >= 0x80) zigzag = zigzag * 0x80 + (slab[at--]! & 0x7f);
    const magnitude = Math.floor(zigzag / 2);
    integer -= magnitude * 2 === zigzag ? magnitude : -magnitude - 1;
  }
}

/** How many of the `count` timestamps from index `from` on are not after `endMs`; 1 at least. */
function countUpTo(timestamps: Float64Array, from: number, count: number, endMs: number): number {
  let low = 1;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timestamps[from + middle]! <= endMs) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Writes the chunk's timestamps into `into` from index `from`. */
export function decodeTimes(table: ChunkTable, chunk: number, into: Float64Array, from: number, count: number): void {
  let timestamp = table.minTime[chunk]!;
  let delta = table.interval[chunk]!;
  const end = from + count;
  if ((table.flags[chunk]! & IRREGULAR) === 0) {
    for (let i = from; i < end; i++) {
      into[i] = timestamp;
      timestamp += delta;
    }
    return;
  }
  const address = table.address[chunk]!;
  const slab = table.pool.slab(address);
  let at = table.pool.offset(address) + table.units[chunk]! * 16 - 1;
  into[from] = timestamp;
  timestamp += delta;
  into[from + 1] = timestamp;
  for (let i = from + 2; i < end; i++) {
    let zigzag = slab[at--]!;
    if (zigzag >= 0x80) {
      zigzag &= 0x7f;
      for (let shift = 7; ; shift += 7) {
        const byte = slab[at--]!;
        zigzag |= (byte & 0x7f) << shift;
        if (byte < 0x80) break;
      }
    }
    delta += (zigzag >>> 1) ^ -(zigzag & 1);
    timestamp += delta;
    into[i] = timestamp;
  }
}

function decodeIntegers(table: ChunkTable, chunk: number, into: SampleColumns, from: number, count: number): void {
  if (table.valueBytes[chunk]! === table.count[chunk]! - 1 && table.encoding[chunk] === 0) {
    decodeNarrow(table, chunk, into.values, from, count);
    return;
  }
  readIntegers(table, chunk, into.values, from, count, into.floatsOnly ? undefined : into.kinds);
}

/** Integers whose deltas all fit one byte. */
function decodeNarrow(table: ChunkTable, chunk: number, values: Float64Array, from: number, count: number): void {
  let value = table.firstValue[chunk]!;
  values[from] = value;
  const address = table.address[chunk]!;
  const slab = table.pool.slab(address);
  const shift = table.pool.offset(address) - from - 1;
  const end = from + count;
  for (let i = from + 1; i < end; i++) {
    const zigzag = slab[i + shift]!;
    value += (zigzag >>> 1) ^ -(zigzag & 1);
    values[i] = value;
  }
}

/** Writes STALE into `kinds` where the marker stands. */
export function readIntegers(
  table: ChunkTable,
  chunk: number,
  values: Float64Array,
  from: number,
  count: number,
  kinds: Uint8Array | undefined,
): void {
  const power = POWERS[table.encoding[chunk]!]!;
  const isWhole = power === 1;
  const first = table.firstValue[chunk]!;
  values[from] = first;
  if (kinds !== undefined && (table.flags[chunk]! & FIRST_STALE) !== 0) markStale(kinds, values, from);
  if (table.valueBytes[chunk] === 0) values.fill(first, from + 1, from + count);
  if (table.valueBytes[chunk] === 0) return;
  let integer = Math.round(first * power);
  const address = table.address[chunk]!;
  const slab = table.pool.slab(address);
  let at = table.pool.offset(address);
  const end = from + count;
  const words = table.valueBytes[chunk]! >= 3 * table.count[chunk]! ? new DataView(slab.buffer) : undefined;
  // A word may be read beyond the values, but not beyond the slab.
  const lastWord = slab.length - 4;
  for (let i = from + 1; i < end; i++) {
    if (words !== undefined && at <= lastWord) {
      // Deltas of up to four bytes without a branch for each byte, and those of five.
      const word = words.getInt32(at, true);
      const stops = ~word & 0x80808080;
      const fifth = stops === 0 ? slab[at + 4]! : 0;
      if (fifth < 0x80 && (word & 0xffff) !== 0x80) {
        const bits = stops === 0 ? 32 : 32 - Math.clz32(stops & -stops);
        const own = stops === 0 ? word : word & (0xffffffff >>> (32 - bits));
        const low = (own & 0x7f) | ((own >>> 1) & 0x3f80) | ((own >>> 2) & 0x1fc000) | ((own >>> 3) & 0xfe00000);
        const magnitude = (low >>> 1) + fifth * 2 ** 27;
        integer += (low & 1) === 0 ? magnitude : -magnitude - 1;
        at += stops === 0 ? 5 : bits >>> 3;
        values[i] = isWhole ? integer : integer / power;
        continue;
      }
    }
    const byte = slab[at++]!;
    if (byte < 0x80) {
      integer += (byte >>> 1) ^ -(byte & 1);
    } else {
      const second = slab[at++]!;
      if (second < 0x80) {
        if (second === 0) {
          if (kinds !== undefined) markStale(kinds, values, i);
          continue;
        }
        const zigzag = (byte & 0x7f) | (second << 7);
        integer += (zigzag >>> 1) ^ -(zigzag & 1);
      } else {
        // Bytes three and four fit 32 bits, those beyond do not.
        let low = (byte & 0x7f) | ((second & 0x7f) << 7);
        let more = slab[at++]!;
        low |= (more & 0x7f) << 14;
        let magnitude = 0;
        if (more >= 0x80) {
          more = slab[at++]!;
          low |= (more & 0x7f) << 21;
          for (let scale = 2 ** 27; more >= 0x80; scale *= 0x80) {
            more = slab[at++]!;
            magnitude += (more & 0x7f) * scale;
          }
        }
        magnitude += low >>> 1;
        integer += (low & 1) === 0 ? magnitude : -magnitude - 1;
      }
    }
    values[i] = isWhole ? integer : integer / power;
  }
}

function decodeXor(table: ChunkTable, chunk: number, into: SampleColumns, from: number, count: number): void {
  const values = into.values;
  values[from] = table.firstValue[chunk]!;
  loadScratch(values[from]!);
  const address = table.address[chunk]!;
  const slab = table.pool.slab(address);
  let at = table.pool.offset(address);
  const end = from + count;
  for (let i = from + 1; i < end; i++) {
    const control = slab[at++]!;
    if (control === STALE_CONTROL) {
      markStale(into.kinds, values, i);
      continue;
    }
    let byte8 = control >>> 4;
    for (const stop = byte8 + (control & 15); byte8 < stop; byte8++) scratchBytes[byte8]! ^= slab[at++]!;
    values[i] = scratch[0]!;
  }
}

function markStale(kinds: Uint8Array, values: Float64Array, at: number): void {
  kinds[at] = STALE;
  values[at] = Number.NaN;
}

/** All NaN become one bit pattern, lest the chain of XOR break where the engine rewrites one. */
export function loadScratch(value: number): void {
  if (Number.isNaN(value)) {
    scratchWords[0] = 0;
    scratchWords[1] = 0x7ff80000;
  } else {
    scratch[0] = value;
  }
}
