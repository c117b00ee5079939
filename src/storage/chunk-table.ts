/** What is known of every chunk, in columns by chunk number: a chunk is a row here and a block of bytes in the pool. */
import type { FloatHistogram } from '../exposition/histogram.ts';
import { ChunkPool } from './chunk-pool.ts';

/** Samples of a full chunk. */
export const CHUNK_SAMPLES = 120;

/** No chunk: the end of a series' list. */
export const NONE = -1;

/** Values of `encoding`: 0…12 are decimal exponents of integer deltas, these two are not. */
export const XOR = 14;
export const HISTOGRAMS = 15;

/** Bits of `flags`. */
export const IRREGULAR = 1; // timestamps have deltas of deltas; otherwise they are all `interval` apart
export const KEPT = 2; // no retention drops it
export const FIRST_STALE = 4; // the first sample is a staleness marker
export const HAS_STALE = 8;
export const GAUGE = 16; // histograms that are gauges
export const CONTINUES = 32; // the first histogram is no counter reset to the one before the chunk

/** The histograms of a chunk: kept apart from the pool, each with its bytes or, while they are few, as they came. */
export interface HistogramBlock {
  readonly bytes: Uint8Array;
  readonly length: number;
  /** The layout that all histograms of the chunk share, and the last one, against which the next is encoded. */
  readonly last: FloatHistogram;
}

export class ChunkTable {
  readonly pool = new ChunkPool();
  capacity = 1024;
  address = new Int32Array(this.capacity);
  units = new Uint16Array(this.capacity);
  /** Bytes of values, from the front of the block, and of timestamps, from its back. */
  valueBytes = new Uint16Array(this.capacity);
  timeBytes = new Uint16Array(this.capacity);
  count = new Uint16Array(this.capacity);
  encoding = new Uint8Array(this.capacity);
  flags = new Uint8Array(this.capacity);
  minTime = new Float64Array(this.capacity);
  maxTime = new Float64Array(this.capacity);
  /** From the first to the second timestamp. */
  interval = new Int32Array(this.capacity);
  firstValue = new Float64Array(this.capacity);
  /** The series' next chunk in order of time. */
  next = new Int32Array(this.capacity);
  /** Start timestamps of the few chunks that have one; all samples of a chunk share it. */
  readonly starts = new Map<number, number>();
  readonly histograms = new Map<number, HistogramBlock>();
  /** Chunks in use. */
  live = 0;
  histogramBytes = 0;
  #allocated = 0;
  readonly #free: number[] = [];

  /** A new row, without a block. */
  add(): number {
    this.live++;
    const chunk = this.#free.pop() ?? this.#allocated++;
    if (chunk >= this.capacity) this.#grow();
    this.units[chunk] = 0;
    this.valueBytes[chunk] = 0;
    this.timeBytes[chunk] = 0;
    this.count[chunk] = 0;
    this.encoding[chunk] = 0;
    this.flags[chunk] = 0;
    this.interval[chunk] = 0;
    this.next[chunk] = NONE;
    return chunk;
  }

  remove(chunk: number): void {
    if (this.units[chunk]! > 0) this.pool.release(this.address[chunk]!, this.units[chunk]!);
    const block = this.histograms.get(chunk);
    if (block !== undefined) {
      this.histogramBytes -= block.bytes.length;
      this.histograms.delete(chunk);
    }
    this.starts.delete(chunk);
    this.live--;
    this.#free.push(chunk);
  }

  /** Makes the block `units` long, keeping values at its front and timestamps at its back. */
  resize(chunk: number, units: number): void {
    const pool = this.pool;
    const before = this.units[chunk]!;
    if (before === units) return;
    const address = pool.allocate(units);
    if (before > 0) {
      const old = this.address[chunk]!;
      const from = pool.slab(old);
      const into = pool.slab(address);
      const oldStart = pool.offset(old);
      const start = pool.offset(address);
      const values = this.valueBytes[chunk]!;
      // So few bytes are copied sooner than two views for `set` are made.
      for (let i = 0; i < values; i++) into[start + i] = from[oldStart + i]!;
      const times = this.timeBytes[chunk]!;
      const oldEnd = oldStart + before * 16;
      const end = start + units * 16;
      for (let i = 1; i <= times; i++) into[end - i] = from[oldEnd - i]!;
      pool.release(old, before);
    }
    this.address[chunk] = address;
    this.units[chunk] = units;
  }

  /** Makes the block at least `bytes` long, in one of few sizes, which other growing chunks will use again. */
  grow(chunk: number, bytes: number): void {
    const units = Math.ceil(bytes / 16);
    if (units <= this.units[chunk]!) return;
    const power = 2 ** Math.floor(Math.log2(units));
    this.resize(chunk, units === power ? units : units <= power * 1.5 && power > 1 ? power * 1.5 : power * 2);
  }

  /** Moves the blocks out of slabs that are mostly empty, where that gives back much; `chunks` are all there are. */
  compact(chunks: Iterable<number>): void {
    const { pool } = this;
    if (pool.heldBytes < pool.usedBytes * 1.25 + COMPACTION_BYTES) return;
    const owners = [...chunks].filter((chunk) => this.units[chunk]! > 0);
    const retired = pool.retire(
      0.7,
      owners.map((chunk) => [this.address[chunk]!, this.units[chunk]!] as const),
    );
    for (const chunk of owners) {
      const before = this.address[chunk]!;
      if (retired.has(before >>> 16)) this.address[chunk] = pool.move(before, this.units[chunk]!);
    }
    pool.drop(retired);
  }

  /** Bytes held for chunks: blocks, histograms and rows. */
  get bytes(): number {
    return this.pool.usedBytes + this.histogramBytes + this.live * ROW_BYTES;
  }

  #grow(): void {
    this.capacity *= 2;
    const size = this.capacity;
    this.address = copied(this.address, new Int32Array(size));
    this.units = copied(this.units, new Uint16Array(size));
    this.valueBytes = copied(this.valueBytes, new Uint16Array(size));
    this.timeBytes = copied(this.timeBytes, new Uint16Array(size));
    this.count = copied(this.count, new Uint16Array(size));
    this.encoding = copied(this.encoding, new Uint8Array(size));
    this.flags = copied(this.flags, new Uint8Array(size));
    this.minTime = copied(this.minTime, new Float64Array(size));
    this.maxTime = copied(this.maxTime, new Float64Array(size));
    this.interval = copied(this.interval, new Int32Array(size));
    this.firstValue = copied(this.firstValue, new Float64Array(size));
    this.next = copied(this.next, new Int32Array(size));
  }
}

/** Less than this is not worth a compaction. */
const COMPACTION_BYTES = 4 * 2 ** 20;

/** Bytes of a row over all columns. */
const ROW_BYTES = 46;

/** `into` with the values of `from` at its front. */
export function copied<T extends { set(from: T): void }>(from: T, into: T): T {
  into.set(from);
  return into;
}
