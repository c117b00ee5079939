/** The samples of every series: its chunks in order of time, what appending goes on from, and the few samples that came out of order. Long: all of it works on the same columns by slot, on the way of every sample. */
import type { FloatHistogram } from '../exposition/histogram.ts';
import type { AppendOutcome } from './appender.ts';
import { copySample, cutAfter, decodeChunk, pushSample } from './chunk-reading.ts';
import { ChunkTable, CONTINUES, copied, IRREGULAR, KEPT, NONE } from './chunk-table.ts';
import { appendFloat, type FloatTail, tailOf, trim } from './float-chunk.ts';
import { decodeEnd } from './float-decoding.ts';
import { appendHistogram, continuesWith, sameHistogram } from './histogram-chunk.ts';
import { FLOAT, HISTOGRAM, SampleColumns, STALE } from './queryable.ts';

/** Samples out of order of one series that are held apart before they are merged into its chunks. */
const LATE_SAMPLES = 64;

export class SeriesChunks {
  readonly table = new ChunkTable();
  #capacity = 1024;
  #first = new Int32Array(this.#capacity).fill(NONE);
  #tail = new Int32Array(this.#capacity).fill(NONE);
  #tailValue = new Float64Array(this.#capacity);
  #tailDelta = new Int32Array(this.#capacity);
  /** The kind of the newest sample. */
  #tailKind = new Uint8Array(this.#capacity);
  /** Samples that came out of order and are not merged yet, in order of time, by slot. */
  readonly #late = new Map<number, SampleColumns>();
  /** Slots whose late samples no retention drops. */
  readonly #keptLate = new Set<number>();
  readonly #tailState: FloatTail = { value: 0, delta: 0 };
  readonly #scratch = new SampleColumns();
  readonly #merged = new SampleColumns();
  samples = 0;

  /** Makes room for the slot, and empties it. */
  open(slot: number): void {
    if (slot >= this.#capacity) this.#grow(slot);
    this.#first[slot] = NONE;
    this.#tail[slot] = NONE;
  }

  isEmpty(slot: number): boolean {
    return this.#first[slot] === NONE && !this.#late.has(slot);
  }

  /** The time of the newest sample; −Infinity where there is none. */
  newest(slot: number): number {
    const tail = this.#tail[slot]!;
    return tail === NONE ? Number.NEGATIVE_INFINITY : this.table.maxTime[tail]!;
  }

  oldest(slot: number): number {
    const first = this.#first[slot]!;
    const inOrder = first === NONE ? Number.POSITIVE_INFINITY : this.table.minTime[first]!;
    const late = this.#late.get(slot);
    return late === undefined ? inOrder : Math.min(inOrder, late.timestamps[0]!);
  }

  /** How a sample that is not newer than the newest relates to what is there. */
  compare(
    slot: number,
    timestampMs: number,
    kind: number,
    value: number,
    histogram: FloatHistogram | undefined,
  ): AppendOutcome {
    const found = this.#scratch;
    if (timestampMs === this.newest(slot) && kind !== HISTOGRAM && this.#tailKind[slot] === kind) {
      return kind === STALE || Object.is(this.#tailValue[slot], value) ? 'duplicate' : 'duplicate-conflict';
    }
    this.read(slot, timestampMs, timestampMs, found);
    if (found.length === 0) return 'appended';
    const foundKind = found.floatsOnly ? FLOAT : found.kinds[0]!;
    if (foundKind !== kind) return 'duplicate-conflict';
    const same =
      kind === HISTOGRAM
        ? sameHistogram(found.histograms[0]!, histogram!)
        : kind === STALE || Object.is(found.values[0], value);
    return same ? 'duplicate' : 'duplicate-conflict';
  }

  /** Appends a sample newer than all of the series. `kept`: no retention drops it. */
  append(
    slot: number,
    timestampMs: number,
    kind: number,
    value: number,
    histogram: FloatHistogram | undefined,
    startMs: number,
    kept: boolean,
  ): void {
    const table = this.table;
    const state = this.#tailState;
    state.value = this.#tailValue[slot]!;
    state.delta = this.#tailDelta[slot]!;
    let chunk = this.#tail[slot]!;
    const goesOn =
      chunk !== NONE &&
      (startMs === 0 ? table.starts.size === 0 || !table.starts.has(chunk) : table.starts.get(chunk) === startMs) &&
      kept === ((table.flags[chunk]! & KEPT) !== 0);
    if (
      !goesOn ||
      !(kind === HISTOGRAM
        ? appendHistogram(table, chunk, state, timestampMs, histogram!)
        : appendFloat(table, chunk, state, timestampMs, value, kind === STALE))
    ) {
      const before = chunk;
      chunk = table.add();
      if (before === NONE) {
        this.#first[slot] = chunk;
      } else {
        table.next[before] = chunk;
        trim(table, before);
      }
      this.#tail[slot] = chunk;
      if (startMs !== 0) table.starts.set(chunk, startMs);
      if (kept) table.flags[chunk] = KEPT;
      if (kind === HISTOGRAM && before !== NONE && continuesWith(table, before, histogram!))
        table.flags[chunk]! |= CONTINUES;
      if (kind === HISTOGRAM) appendHistogram(table, chunk, state, timestampMs, histogram!);
      else appendFloat(table, chunk, state, timestampMs, value, kind === STALE);
    }
    this.#tailValue[slot] = state.value;
    this.#tailDelta[slot] = state.delta;
    this.#tailKind[slot] = kind;
    this.samples++;
  }

  /** Takes a sample older than the newest whose time is not there yet. */
  insert(
    slot: number,
    timestampMs: number,
    kind: number,
    value: number,
    histogram: FloatHistogram | undefined,
    startMs: number,
    kept: boolean,
  ): void {
    const late = this.#late.get(slot) ?? new SampleColumns(8);
    this.#late.set(slot, late);
    if (kept) this.#keptLate.add(slot);
    const merged = this.#merged;
    const length = late.length;
    merged.clear();
    let placed = false;
    for (let i = 0; i < length; i++) {
      if (!placed && late.timestamps[i]! > timestampMs) {
        pushSample(merged, timestampMs, kind, value, histogram, startMs);
        placed = true;
      }
      copySample(late, i, merged);
    }
    if (!placed) pushSample(merged, timestampMs, kind, value, histogram, startMs);
    late.clear();
    for (let i = 0; i < merged.length; i++) copySample(merged, i, late);
    this.samples++;
    if (late.length >= LATE_SAMPLES) this.#mergeLate(slot, late);
  }

  /** Clears `into` and fills it with the samples of startMs ≤ time ≤ endMs. */
  read(slot: number, startMs: number, endMs: number, into: SampleColumns): void {
    into.clear();
    const table = this.table;
    for (let chunk = this.#first[slot]!; chunk !== NONE; chunk = table.next[chunk]!) {
      if (table.maxTime[chunk]! < startMs) continue;
      if (table.minTime[chunk]! > endMs) break;
      const isEnd = table.next[chunk] === NONE && table.minTime[chunk]! < startMs;
      if (isEnd && decodeEnd(table, chunk, into, startMs, this.#tailValue[slot]!)) break;
      decodeChunk(table, chunk, into, startMs, endMs);
    }
    cutAfter(into, endMs);
    const late = this.#late.size === 0 ? undefined : this.#late.get(slot);
    if (late !== undefined) this.#mergeInto(into, late, startMs, endMs);
  }

  /** As `read`; of the samples the newest alone is promised, which is at hand where it is the newest of the series. */
  readNewest(slot: number, startMs: number, endMs: number, into: SampleColumns): void {
    const newestMs = this.newest(slot);
    const kind = this.#tailKind[slot]!;
    const isAtHand = newestMs >= startMs && newestMs <= endMs && kind !== HISTOGRAM;
    if (!isAtHand || this.table.starts.size > 0 || this.#late.has(slot)) {
      this.read(slot, Math.max(startMs, this.#gridTime(slot, endMs)), endMs, into);
      return;
    }
    into.clear();
    if (kind === STALE) into.pushStale(newestMs);
    else into.pushFloat(newestMs, this.#tailValue[slot]!);
  }

  /** The time of the last sample up to `endMs` where the series' last chunk has it at a regular interval; else the beginning of time. */
  #gridTime(slot: number, endMs: number): number {
    const table = this.table;
    const chunk = this.#tail[slot]!;
    if (chunk === NONE || (table.flags[chunk]! & IRREGULAR) !== 0) return Number.NEGATIVE_INFINITY;
    const minTime = table.minTime[chunk]!;
    const interval = table.interval[chunk]!;
    if (minTime > endMs || interval <= 0) return Number.NEGATIVE_INFINITY;
    const atMs = Math.min(endMs, table.maxTime[chunk]!);
    return minTime + Math.floor((atMs - minTime) / interval) * interval;
  }

  /** Drops chunks that end before the horizon, and with `cut` what is before it in others; gives the number of samples dropped. */
  dropBefore(slot: number, horizonMs: number, cut: boolean): number {
    const table = this.table;
    let dropped = 0;
    let before = NONE;
    for (let chunk = this.#first[slot]!; chunk !== NONE; ) {
      const next = table.next[chunk]!;
      if (table.minTime[chunk]! >= horizonMs) break;
      if (table.maxTime[chunk]! < horizonMs && (table.flags[chunk]! & KEPT) === 0) {
        dropped += table.count[chunk]!;
        if (before === NONE) this.#first[slot] = next;
        else table.next[before] = next;
        if (next === NONE) this.#settleTail(slot, before);
        table.remove(chunk);
      } else if (cut && (table.flags[chunk]! & KEPT) === 0) {
        dropped += this.#cutChunk(slot, before, chunk, horizonMs);
        before = before === NONE ? this.#first[slot]! : table.next[before]!;
      } else {
        before = chunk;
      }
      chunk = next;
    }
    const late = this.#late.get(slot);
    if (late !== undefined && late.timestamps[late.length - 1]! < horizonMs && !this.#keptLate.has(slot)) {
      dropped += late.length;
      this.#late.delete(slot);
    }
    this.samples -= dropped;
    return dropped;
  }

  /** Every chunk of the series, oldest first; nothing may be appended meanwhile. */
  *chunks(slot: number): IterableIterator<number> {
    for (let chunk = this.#first[slot]!; chunk !== NONE; chunk = this.table.next[chunk]!) yield chunk;
  }

  /** Samples that came out of order and are in no chunk yet. */
  lateSamples(slot: number): { readonly samples: SampleColumns; readonly kept: boolean } | undefined {
    const samples = this.#late.get(slot);
    return samples === undefined ? undefined : { samples, kept: this.#keptLate.has(slot) };
  }

  /** Bytes held for samples. */
  get bytes(): number {
    return this.table.bytes + this.#capacity * SLOT_BYTES + this.#late.size * LATE_SAMPLES * 25;
  }

  /** Replaces the chunk that follows `before` by one without the samples before the horizon; gives their number. */
  #cutChunk(slot: number, before: number, chunk: number, horizonMs: number): number {
    const table = this.table;
    const rest = this.#scratch;
    rest.clear();
    decodeChunk(table, chunk, rest, horizonMs);
    const state = this.#tailState;
    const shorter = table.add();
    for (let i = 0; i < rest.length; i++) {
      const kind = rest.floatsOnly ? FLOAT : rest.kinds[i]!;
      if (kind === HISTOGRAM) appendHistogram(table, shorter, state, rest.timestamps[i]!, rest.histograms[i]!);
      else appendFloat(table, shorter, state, rest.timestamps[i]!, rest.values[i]!, kind === STALE);
    }
    const start = table.starts.get(chunk);
    if (start !== undefined) table.starts.set(shorter, start);
    trim(table, shorter);
    const next = table.next[chunk]!;
    table.next[shorter] = next;
    if (before === NONE) this.#first[slot] = shorter;
    else table.next[before] = shorter;
    if (next === NONE) this.#settleTail(slot, shorter);
    const dropped = table.count[chunk]! - rest.length;
    table.remove(chunk);
    return dropped;
  }

  /** Merges samples that came late into the chunks from the first that they touch on. */
  #mergeLate(slot: number, late: SampleColumns): void {
    const table = this.table;
    this.#late.delete(slot);
    let kept = this.#keptLate.delete(slot);
    const oldest = late.timestamps[0]!;
    let before = NONE;
    let chunk = this.#first[slot]!;
    while (chunk !== NONE && table.maxTime[chunk]! < oldest) {
      before = chunk;
      chunk = table.next[chunk]!;
    }
    const rest = new SampleColumns();
    const replaced: number[] = [];
    for (; chunk !== NONE; chunk = table.next[chunk]!) {
      decodeChunk(table, chunk, rest, Number.NEGATIVE_INFINITY);
      kept ||= (table.flags[chunk]! & KEPT) !== 0;
      replaced.push(chunk);
    }
    this.#mergeInto(rest, late, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY);
    for (const each of replaced) table.remove(each);
    if (before === NONE) this.#first[slot] = NONE;
    else table.next[before] = NONE;
    this.#settleTail(slot, before);
    this.samples -= rest.length;
    for (let i = 0; i < rest.length; i++) {
      const kind = rest.floatsOnly ? FLOAT : rest.kinds[i]!;
      const start = rest.hasStarts ? rest.startTimestamps[i]! : 0;
      this.append(slot, rest.timestamps[i]!, kind, rest.values[i]!, rest.histograms[i], start, kept);
    }
  }

  /** Makes `chunk` the last of the series. */
  #settleTail(slot: number, chunk: number): void {
    this.#tail[slot] = chunk;
    if (chunk === NONE) return;
    const columns = this.#merged;
    columns.clear();
    decodeChunk(this.table, chunk, columns, Number.NEGATIVE_INFINITY);
    const state = this.#tailState;
    tailOf(columns, state);
    this.#tailValue[slot] = state.value;
    this.#tailDelta[slot] = state.delta;
    this.#tailKind[slot] = columns.floatsOnly ? FLOAT : columns.kinds[columns.length - 1]!;
  }

  /** Gives an empty series its chunks, oldest first. */
  restore(slot: number, chunks: readonly number[]): void {
    let before = NONE;
    for (const chunk of chunks) {
      if (before === NONE) this.#first[slot] = chunk;
      else this.table.next[before] = chunk;
      before = chunk;
      this.samples += this.table.count[chunk]!;
    }
    this.#settleTail(slot, before);
  }

  #mergeInto(into: SampleColumns, late: SampleColumns, startMs: number, endMs: number): void {
    const merged = this.#merged;
    merged.clear();
    let i = 0;
    for (let k = 0; k < late.length; k++) {
      const timestamp = late.timestamps[k]!;
      if (timestamp < startMs || timestamp > endMs) continue;
      while (i < into.length && into.timestamps[i]! < timestamp) copySample(into, i++, merged);
      if (i < into.length && into.timestamps[i] === timestamp) continue;
      copySample(late, k, merged);
    }
    while (i < into.length) copySample(into, i++, merged);
    into.clear();
    for (let k = 0; k < merged.length; k++) copySample(merged, k, into);
  }

  #grow(slot: number): void {
    let size = this.#capacity;
    while (size <= slot) size *= 2;
    this.#first = copied(this.#first, new Int32Array(size).fill(NONE));
    this.#tail = copied(this.#tail, new Int32Array(size).fill(NONE));
    this.#tailValue = copied(this.#tailValue, new Float64Array(size));
    this.#tailDelta = copied(this.#tailDelta, new Int32Array(size));
    this.#tailKind = copied(this.#tailKind, new Uint8Array(size));
    this.#capacity = size;
  }
}

/** Bytes of a slot over all columns. */
const SLOT_BYTES = 21;
