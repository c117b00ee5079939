/**
 * Floats of one chunk, compressed: timestamps as deltas of deltas (none at all while they are regular), values as deltas of
 * decimal integers, or, where a value is no short decimal, as XOR with the value before. All of it aligned to bytes, which decodes
 * several times faster than Gorilla's bits at nearly its size. Staleness markers stand between the values.
 */
import { CHUNK_SAMPLES, type ChunkTable, FIRST_STALE, HAS_STALE, HISTOGRAMS, IRREGULAR, XOR } from './chunk-table.ts';
import { loadScratch, POWERS, readIntegers, STALE_CONTROL, scratchBytes, scratchWords } from './float-decoding.ts';
import { FLOAT, type SampleColumns, STALE } from './queryable.ts';

/** Scaled integers up to this keep a zigzag delta exact. */
const LARGEST_INTEGER = 2 ** 51;
/** Bytes that one sample takes at most, of its value and of its timestamp. */
const WIDEST_SAMPLE = 9 + 6;
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
  table.grow(chunk, used);

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
  table.grow(chunk, room);
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
    table.grow(chunk, table.valueBytes[chunk]! + missing + 2 * WIDEST_SAMPLE);
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
  table.grow(chunk, missing + table.timeBytes[chunk]! + WIDEST_SAMPLE);
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
