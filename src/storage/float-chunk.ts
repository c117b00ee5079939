/**
 * Floats of one chunk, compressed: timestamps as deltas of deltas (none at all while they are regular), values as deltas of
 * decimal integers, or, where a value is no short decimal, as XOR with the value before. All of it aligned to bytes, which decodes
 * several times faster than Gorilla's bits at nearly its size. Staleness markers stand between the values.
 */
import { CHUNK_SAMPLES, type ChunkTable, FIRST_STALE, HAS_STALE, HISTOGRAMS, IRREGULAR, XOR } from './chunk-table.ts';
import { FLOAT, type SampleColumns, STALE } from './queryable.ts';

const POWERS = Array.from({ length: 13 }, (_, exponent) => 10 ** exponent);
/** Scaled integers up to this keep a zigzag delta exact. */
const LARGEST_INTEGER = 2 ** 51;
/** Bytes that one sample takes at most, of its value and of its timestamp. */
const WIDEST_SAMPLE = 9 + 6;
const STALE_CONTROL = 0xff;

/** The value before, as the eight bytes that XOR works on (little endian). */
const scratch = new Float64Array(1);
const scratchBytes = new Uint8Array(scratch.buffer);
const scratchWords = new Int32Array(scratch.buffer);

/** What the encoder must know of the chunk's last sample; the caller keeps it by series. */
export interface FloatTail {
  /** The last value that was not a staleness marker. */
  value: number;
  /** Between the last two timestamps. */
  delta: number;
}

/** Appends a sample later than all in the chunk; `false` where the chunk is full or cannot take it, and a new one must be begun. */
export function appendFloat(
  table: ChunkTable,
  chunk: number,
  tail: FloatTail,
  timestampMs: number,
  value: number,
  stale: boolean,
): boolean {
  const count = table.count[chunk]!;
  if (count === 0) {
    table.minTime[chunk] = timestampMs;
    table.maxTime[chunk] = timestampMs;
    table.firstValue[chunk] = stale ? 0 : value;
    table.encoding[chunk] = stale ? 0 : encodingFor(value);
    if (stale) table.flags[chunk]! |= FIRST_STALE | HAS_STALE;
    table.count[chunk] = 1;
    tail.value = stale ? 0 : value;
    tail.delta = 0;
    return true;
  }
  const delta = timestampMs - table.maxTime[chunk]!;
  if (count >= CHUNK_SAMPLES || delta > 0x3fffffff || table.encoding[chunk] === HISTOGRAMS) return false;
  if (!stale && !fits(value, table.encoding[chunk]!)) widen(table, chunk, value);
  const used = table.valueBytes[chunk]! + table.timeBytes[chunk]! + WIDEST_SAMPLE;
  if (used > table.units[chunk]! * 16) table.resize(chunk, Math.ceil((used + (used >> 1)) / 16));

  if (stale || table.valueBytes[chunk]! > 0 || !Object.is(value, tail.value)) {
    if (table.valueBytes[chunk] === 0) writeEqualValues(table, chunk, count - 1);
    if (stale) writeStale(table, chunk);
    else writeValue(table, chunk, tail.value, value);
  }
  if (stale) table.flags[chunk]! |= HAS_STALE;
  else tail.value = value;
  appendTime(table, chunk, tail, timestampMs);
  return true;
}

/** Appends the timestamp alone, later than all in the chunk, and counts the sample; there must be room for it. */
export function appendTime(table: ChunkTable, chunk: number, tail: FloatTail, timestampMs: number): void {
  const count = table.count[chunk]!;
  const delta = timestampMs - table.maxTime[chunk]!;
  if (count === 1) table.interval[chunk] = delta;
  else writeTime(table, chunk, count, delta - tail.delta);
  tail.delta = delta;
  table.maxTime[chunk] = timestampMs;
  table.count[chunk] = count + 1;
}

/** Gives back the room that a chunk which gets no more samples does not need. */
export function trim(table: ChunkTable, chunk: number): void {
  if (table.encoding[chunk] === HISTOGRAMS || table.units[chunk] === 0) return;
  const used = table.valueBytes[chunk]! + table.timeBytes[chunk]!;
  table.resize(chunk, Math.max(1, Math.ceil(used / 16)));
}

/** Appends all samples of the chunk to the columns. */
export function decodeFloats(table: ChunkTable, chunk: number, into: SampleColumns): void {
  const count = table.count[chunk]!;
  const from = into.length;
  into.reserve(from + count);
  decodeTimes(table, chunk, into.timestamps, from, count);
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

/** Where the samples of a chunk end: what appending to it goes on from. */
export function tailOf(samples: SampleColumns, tail: FloatTail): void {
  const last = samples.length - 1;
  tail.delta = last > 0 ? samples.timestamps[last]! - samples.timestamps[last - 1]! : 0;
  let at = last;
  while (at >= 0 && !samples.floatsOnly && samples.kinds[at] !== FLOAT) at--;
  tail.value = at >= 0 ? samples.values[at]! : 0;
}

/** The smallest decimal exponent that makes an exact integer of the value, or XOR. */
function encodingFor(value: number): number {
  for (let exponent = 0; exponent < POWERS.length; exponent++) if (fits(value, exponent)) return exponent;
  return XOR;
}

function fits(value: number, encoding: number): boolean {
  if (encoding === XOR) return true;
  const power = POWERS[encoding]!;
  const integer = Math.round(value * power);
  if (!(integer <= LARGEST_INTEGER && integer >= -LARGEST_INTEGER)) return false;
  return integer / power === value && !(integer === 0 && Object.is(value, -0));
}

/** Encodes the chunk again so that it can take the value. */
function widen(table: ChunkTable, chunk: number, value: number): void {
  const count = table.count[chunk]!;
  const values = new Float64Array(count);
  const kinds = new Uint8Array(count);
  readIntegers(table, chunk, values, 0, count, kinds);
  let encoding = encodingFor(value);
  for (let i = 0; i < count && encoding !== XOR; i++) {
    if (kinds[i] !== STALE && !fits(values[i]!, encoding)) encoding = XOR;
  }
  table.encoding[chunk] = encoding;
  if (table.valueBytes[chunk] === 0) return;
  table.valueBytes[chunk] = 0;
  const room = count * 9 + table.timeBytes[chunk]! + WIDEST_SAMPLE;
  if (table.units[chunk]! * 16 < room) table.resize(chunk, Math.ceil(room / 16));
  let before = table.firstValue[chunk]!;
  for (let i = 1; i < count; i++) {
    if (kinds[i] === STALE) {
      writeStale(table, chunk);
    } else {
      writeValue(table, chunk, before, values[i]!);
      before = values[i]!;
    }
  }
}

function writeTime(table: ChunkTable, chunk: number, count: number, deltaOfDelta: number): void {
  if ((table.flags[chunk]! & IRREGULAR) === 0) {
    if (deltaOfDelta === 0) return;
    // The regular timestamps so far were not written: a zero for each from the third sample on.
    const missing = count - 2;
    const units = Math.ceil((table.valueBytes[chunk]! + missing + 2 * WIDEST_SAMPLE) / 16);
    if (units > table.units[chunk]!) table.resize(chunk, units);
    const end = table.pool.offset(table.address[chunk]!) + table.units[chunk]! * 16;
    table.pool.slab(table.address[chunk]!).fill(0, end - missing, end);
    table.timeBytes[chunk] = missing;
    table.flags[chunk]! |= IRREGULAR;
  }
  const address = table.address[chunk]!;
  const slab = table.pool.slab(address);
  const end = table.pool.offset(address) + table.units[chunk]! * 16;
  let at = end - table.timeBytes[chunk]! - 1;
  let zigzag = (deltaOfDelta >= 0 ? deltaOfDelta * 2 : -deltaOfDelta * 2 - 1) >>> 0;
  while (zigzag >= 0x80) {
    slab[at--] = (zigzag & 0x7f) | 0x80;
    zigzag >>>= 7;
  }
  slab[at] = zigzag;
  table.timeBytes[chunk] = end - at;
}

/** Writes the values that were not written while all were equal: a zero for each, which says "as before" in both encodings. */
function writeEqualValues(table: ChunkTable, chunk: number, missing: number): void {
  const units = Math.ceil((missing + table.timeBytes[chunk]! + WIDEST_SAMPLE) / 16);
  if (units > table.units[chunk]!) table.resize(chunk, units);
  const start = table.pool.offset(table.address[chunk]!);
  table.pool.slab(table.address[chunk]!).fill(0, start, start + missing);
  table.valueBytes[chunk] = missing;
}

function writeValue(table: ChunkTable, chunk: number, before: number, value: number): void {
  const address = table.address[chunk]!;
  const slab = table.pool.slab(address);
  const start = table.pool.offset(address);
  let at = start + table.valueBytes[chunk]!;
  const encoding = table.encoding[chunk]!;
  if (encoding === XOR) {
    at = writeXor(slab, at, before, value);
  } else {
    const power = POWERS[encoding]!;
    const delta = Math.round(value * power) - Math.round(before * power);
    let zigzag = delta >= 0 ? delta * 2 : -delta * 2 - 1;
    while (zigzag >= 0x80) {
      slab[at++] = (zigzag % 0x80) | 0x80;
      zigzag = Math.floor(zigzag / 0x80);
    }
    slab[at++] = zigzag;
  }
  table.valueBytes[chunk] = at - start;
}

/** A control byte (the lowest byte that differs, how many follow from there), then the bytes that differ. */
function writeXor(slab: Uint8Array, from: number, before: number, value: number): number {
  loadScratch(before);
  const low = scratchWords[0]!;
  const high = scratchWords[1]!;
  loadScratch(value);
  scratchWords[0]! ^= low;
  scratchWords[1]! ^= high;
  let first = 0;
  while (first < 8 && scratchBytes[first] === 0) first++;
  let at = from;
  if (first === 8) {
    slab[at++] = 0;
    return at;
  }
  let last = 7;
  while (scratchBytes[last] === 0) last--;
  slab[at++] = (first << 4) | (last - first + 1);
  for (let i = first; i <= last; i++) slab[at++] = scratchBytes[i]!;
  return at;
}

/** All NaN become one bit pattern, lest the chain of XOR break where the engine rewrites one. */
function loadScratch(value: number): void {
  if (Number.isNaN(value)) {
    scratchWords[0] = 0;
    scratchWords[1] = 0x7ff80000;
  } else {
    scratch[0] = value;
  }
}

/** Integers: a zero that is written in two bytes. XOR: a control byte that no value has. */
function writeStale(table: ChunkTable, chunk: number): void {
  const address = table.address[chunk]!;
  const slab = table.pool.slab(address);
  const at = table.pool.offset(address) + table.valueBytes[chunk]!;
  if (table.encoding[chunk] === XOR) {
    slab[at] = STALE_CONTROL;
    table.valueBytes[chunk]! += 1;
  } else {
    slab[at] = 0x80;
    slab[at + 1] = 0;
    table.valueBytes[chunk]! += 2;
  }
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
  if (table.valueBytes[chunk]! === count - 1 && table.encoding[chunk] === 0) {
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
function readIntegers(
  table: ChunkTable,
  chunk: number,
  values: Float64Array,
  from: number,
  count: number,
  kinds: Uint8Array | undefined,
): void {
  const power = POWERS[table.encoding[chunk]!]!;
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
  for (let i = from + 1; i < end; i++) {
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
        let zigzag = (byte & 0x7f) | ((second & 0x7f) << 7);
        let scale = 0x4000;
        for (;;) {
          const more = slab[at++]!;
          zigzag += (more & 0x7f) * scale;
          scale *= 0x80;
          if (more < 0x80) break;
        }
        integer += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      }
    }
    values[i] = power === 1 ? integer : integer / power;
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
