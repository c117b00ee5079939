/** Native histograms of one chunk: all of one layout, each as the difference to the one before; timestamps are kept as those of floats. */
import type { CounterResetHint, FloatHistogram, Span } from '../exposition/histogram.ts';
import { CHUNK_SAMPLES, type ChunkTable, CONTINUES, GAUGE, HISTOGRAMS } from './chunk-table.ts';
import { appendTime, type FloatTail } from './float-chunk.ts';
import { decodeTimes } from './float-decoding.ts';
import { FLOAT, HISTOGRAM, type SampleColumns } from './queryable.ts';

/** Bytes that a timestamp takes at most. */
const WIDEST_TIME = 6;

/** Appends a histogram later than all in the chunk; `false` where a new chunk must be begun. */
export function appendHistogram(
  table: ChunkTable,
  chunk: number,
  tail: FloatTail,
  timestampMs: number,
  histogram: FloatHistogram,
): boolean {
  const count = table.count[chunk]!;
  if (count === 0) {
    table.encoding[chunk] = HISTOGRAMS;
    table.minTime[chunk] = timestampMs;
    table.maxTime[chunk] = timestampMs;
    table.count[chunk] = 1;
    if (histogram.counterResetHint === 'gauge') table.flags[chunk]! |= GAUGE;
    tail.value = 0;
    tail.delta = 0;
    write(table, chunk, histogram);
    return true;
  }
  const delta = timestampMs - table.maxTime[chunk]!;
  if (count >= CHUNK_SAMPLES || delta > 0x3fffffff || table.encoding[chunk] !== HISTOGRAMS) return false;
  const last = table.histograms.get(chunk)!.last;
  const gauge = (table.flags[chunk]! & GAUGE) !== 0;
  if (gauge !== (histogram.counterResetHint === 'gauge') || !sameLayout(last, histogram)) return false;
  if (!gauge && (histogram.counterResetHint === 'reset' || isReset(last, histogram))) return false;
  table.grow(chunk, table.timeBytes[chunk]! + WIDEST_TIME);
  appendTime(table, chunk, tail, timestampMs);
  write(table, chunk, histogram);
  return true;
}

/** Whether a new chunk that begins with the histogram only has other buckets than the one before, and all of its populations go on from there. */
export function continuesWith(table: ChunkTable, before: number, histogram: FloatHistogram): boolean {
  if (table.encoding[before] !== HISTOGRAMS || (table.flags[before]! & GAUGE) !== 0) return false;
  if (histogram.counterResetHint === 'gauge' || histogram.counterResetHint === 'reset') return false;
  const { last } = table.histograms.get(before)!;
  if (sameLayout(last, histogram)) return false;
  return (
    last.schema === histogram.schema &&
    last.zeroThreshold === histogram.zeroThreshold &&
    sameNumbers(last.customValues ?? [], histogram.customValues ?? []) &&
    last.count <= histogram.count &&
    last.zeroCount <= histogram.zeroCount &&
    growsFrom(last.positiveSpans, last.positiveBuckets, histogram.positiveSpans, histogram.positiveBuckets) &&
    growsFrom(last.negativeSpans, last.negativeBuckets, histogram.negativeSpans, histogram.negativeBuckets)
  );
}

/** Whether no bucket has less than it had; a bucket that is not named has nothing. */
function growsFrom(
  oldSpans: readonly Span[],
  oldBuckets: readonly number[],
  spans: readonly Span[],
  buckets: readonly number[],
): boolean {
  const populations = new Map(indexed(spans, buckets));
  return indexed(oldSpans, oldBuckets).every(([index, population]) => (populations.get(index) ?? 0) >= population);
}

/** Each bucket's index with its population. */
function indexed(spans: readonly Span[], buckets: readonly number[]): [index: number, population: number][] {
  const pairs: [number, number][] = [];
  let index = 0;
  for (const span of spans) {
    index += span.offset;
    for (let i = 0; i < span.length; i++) pairs.push([index++, buckets[pairs.length]!]);
  }
  return pairs;
}

/** Appends all histograms of the chunk to the columns. */
export function decodeHistograms(table: ChunkTable, chunk: number, into: SampleColumns): void {
  const count = table.count[chunk]!;
  const from = into.length;
  into.reserve(from + count);
  decodeTimes(table, chunk, into.timestamps, from, count);
  if (into.floatsOnly) into.kinds.fill(FLOAT, 0, from);
  into.floatsOnly = false;
  into.kinds.fill(HISTOGRAM, from, from + count);
  into.values.fill(Number.NaN, from, from + count);
  const block = table.histograms.get(chunk)!;
  const gauge = (table.flags[chunk]! & GAUGE) !== 0;
  const fields = new Float64Array(fieldCount(block.last));
  let at = 0;
  for (let i = 0; i < count; i++) {
    at = readFields(block.bytes, at, fields);
    const known = i > 0 || (table.flags[chunk]! & CONTINUES) !== 0;
    const hint: CounterResetHint = gauge ? 'gauge' : known ? 'not-reset' : 'unknown';
    into.histograms[from + i] = withFields(block.last, fields, hint);
  }
  into.length = from + count;
}

/** Equal but for what is known of counter resets; NaN equals NaN. */
export function sameHistogram(a: FloatHistogram, b: FloatHistogram): boolean {
  return (
    sameLayout(a, b) &&
    Object.is(a.sum, b.sum) &&
    a.count === b.count &&
    a.zeroCount === b.zeroCount &&
    sameNumbers(a.positiveBuckets, b.positiveBuckets) &&
    sameNumbers(a.negativeBuckets, b.negativeBuckets)
  );
}

function sameLayout(a: FloatHistogram, b: FloatHistogram): boolean {
  return (
    a.schema === b.schema &&
    a.zeroThreshold === b.zeroThreshold &&
    sameSpans(a.positiveSpans, b.positiveSpans) &&
    sameSpans(a.negativeSpans, b.negativeSpans) &&
    a.positiveBuckets.length === b.positiveBuckets.length &&
    a.negativeBuckets.length === b.negativeBuckets.length &&
    (a.customValues === b.customValues ||
      (a.customValues !== undefined && b.customValues !== undefined && sameNumbers(a.customValues, b.customValues)))
  );
}

function sameSpans(a: readonly Span[], b: readonly Span[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  return a.every((span, i) => span.offset === b[i]!.offset && span.length === b[i]!.length);
}

function sameNumbers(a: readonly number[], b: readonly number[]): boolean {
  return a === b || (a.length === b.length && a.every((value, i) => Object.is(value, b[i])));
}

function isReset(before: FloatHistogram, after: FloatHistogram): boolean {
  return (
    after.count < before.count ||
    after.zeroCount < before.zeroCount ||
    after.positiveBuckets.some((population, i) => population < before.positiveBuckets[i]!) ||
    after.negativeBuckets.some((population, i) => population < before.negativeBuckets[i]!)
  );
}

/** Sum, count, zero count and populations: the numbers that change from one histogram of a layout to the next. */
function fieldCount(layout: FloatHistogram): number {
  return 3 + layout.positiveBuckets.length + layout.negativeBuckets.length;
}

function fieldAt(histogram: FloatHistogram, index: number): number {
  if (index === 0) return histogram.sum;
  if (index === 1) return histogram.count;
  if (index === 2) return histogram.zeroCount;
  const positive = histogram.positiveBuckets.length;
  return index - 3 < positive
    ? histogram.positiveBuckets[index - 3]!
    : histogram.negativeBuckets[index - 3 - positive]!;
}

function withFields(layout: FloatHistogram, fields: Float64Array, counterResetHint: CounterResetHint): FloatHistogram {
  const positive = 3 + layout.positiveBuckets.length;
  return {
    schema: layout.schema,
    zeroThreshold: layout.zeroThreshold,
    zeroCount: fields[2]!,
    count: fields[1]!,
    sum: fields[0]!,
    positiveSpans: layout.positiveSpans,
    negativeSpans: layout.negativeSpans,
    positiveBuckets: Array.from(fields.subarray(3, positive)),
    negativeBuckets: Array.from(fields.subarray(positive)),
    customValues: layout.customValues,
    counterResetHint,
  };
}

/*
 * A field is a control byte and what it asks for: 0 and a number n, n fields as before; 1…8, that many bytes of a zigzag
 * integer difference; 16 + first * 8 + length − 1, the bytes that differ of the IEEE 754 representation.
 */
const before = new Float64Array(1);
const beforeBytes = new Uint8Array(before.buffer);
const after = new Float64Array(1);
const afterBytes = new Uint8Array(after.buffer);

function write(table: ChunkTable, chunk: number, histogram: FloatHistogram): void {
  const block = table.histograms.get(chunk);
  const fields = fieldCount(histogram);
  let bytes = block?.bytes ?? new Uint8Array(fields * 5 + 16);
  let at = block?.length ?? 0;
  if (bytes.length < at + fields * 9) {
    const grown = new Uint8Array(Math.ceil((at + fields * 9) * 1.3));
    grown.set(bytes);
    table.histogramBytes += grown.length - (block === undefined ? 0 : bytes.length);
    bytes = grown;
  } else if (block === undefined) {
    table.histogramBytes += bytes.length;
  }
  for (let i = 0; i < fields; ) {
    let equal = 0;
    let previous = 0;
    for (; i < fields && equal < 255; i++, equal++) {
      previous = block === undefined ? 0 : fieldAt(block.last, i);
      if (!Object.is(previous, fieldAt(histogram, i))) break;
    }
    if (equal > 0) {
      bytes[at++] = 0;
      bytes[at++] = equal;
    } else {
      at = writeField(bytes, at, previous, fieldAt(histogram, i++));
    }
  }
  table.histograms.set(chunk, { bytes, length: at, last: histogram });
}

function writeField(bytes: Uint8Array, from: number, previous: number, value: number): number {
  let at = from;
  const delta = value - previous;
  if (isPlainInteger(value) && isPlainInteger(previous) && Math.abs(delta) < 2 ** 47) {
    let zigzag = delta >= 0 ? delta * 2 : -delta * 2 - 1;
    const control = at++;
    while (zigzag > 0) {
      bytes[at++] = zigzag % 256;
      zigzag = Math.floor(zigzag / 256);
    }
    bytes[control] = at - control - 1;
    return at;
  }
  before[0] = Number.isNaN(previous) ? 0 : previous;
  after[0] = value;
  let first = 0;
  while (first < 7 && beforeBytes[first] === afterBytes[first]) first++;
  let last = 7;
  while (last > first && beforeBytes[last] === afterBytes[last]) last--;
  bytes[at++] = 16 + first * 8 + (last - first);
  for (let i = first; i <= last; i++) bytes[at++] = afterBytes[i]!;
  return at;
}

function isPlainInteger(value: number): boolean {
  return Number.isSafeInteger(value) && !Object.is(value, -0);
}

function readFields(bytes: Uint8Array, from: number, fields: Float64Array): number {
  let at = from;
  for (let i = 0; i < fields.length; i++) {
    const control = bytes[at++]!;
    if (control === 0) {
      i += bytes[at++]! - 1;
    } else if (control < 16) {
      let zigzag = 0;
      for (let k = control - 1; k >= 0; k--) zigzag = zigzag * 256 + bytes[at + k]!;
      at += control;
      fields[i]! += zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    } else {
      before[0] = Number.isNaN(fields[i]) ? 0 : fields[i]!;
      const first = (control - 16) >>> 3;
      for (let k = first; k <= first + (control & 7); k++) beforeBytes[k] = bytes[at++]!;
      fields[i] = before[0]!;
    }
  }
  return at;
}
