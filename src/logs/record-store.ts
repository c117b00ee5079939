/** Records in memory by time, bounded by number and size; the oldest go first, and followers get what comes. */
import { setImmediate as turn } from 'node:timers/promises';
import { Followers } from './followers.ts';
import { recordMatcher } from './match-record.ts';
import type { LogQuery, LogRecord } from './record.ts';
import { RecordBlock, type Wanted } from './record-block.ts';

export interface RecordStoreOptions {
  /** No bound but `maxBytes` by default. */
  readonly maxRecords?: number | undefined;
  /** 32 MiB by default. */
  readonly maxBytes?: number | undefined;
  /** Records that a follower may fall behind before it loses the oldest; 10,000 by default. */
  readonly maxBehind?: number | undefined;
}

export interface RecordStoreStatus {
  readonly records: number;
  /** Estimated for the newest, which are not packed yet. */
  readonly bytes: number;
  readonly evicted: number;
  /** That followers did not take in time. */
  readonly skipped: number;
}

/** Records of one block; up to twice as many while they wait to be packed, or after late ones came in. */
const BLOCK = 128;
/** Records are packed before their number is reached where they are large. */
const LOOSE_BYTES = 1024 * 1024;
/** Blocks that one turn of the event loop looks through: some ten milliseconds where each has to be unpacked. */
const BLOCKS_A_TURN = 8;
/** Found records that blocks may keep at hand, in all. */
const MOST_AT_HAND = 1000;

export class RecordStore {
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  /** By time, and so are the records in them. */
  #blocks: RecordBlock[] = [];
  /** So many of the first block are gone. */
  #gone = 0;
  /** The newest, by time; none only where there is no block either. */
  #loose: LogRecord[] = [];
  #looseBytes = 0;
  #packedBytes = 0;
  #packedRecords = 0;
  #evicted = 0;
  readonly #services = new Map<string, number>();
  readonly #followers: Followers;
  /** With records at hand, those last searched at the end. */
  readonly #searched = new Set<RecordBlock>();

  constructor(options: RecordStoreOptions = {}) {
    this.#maxRecords = options.maxRecords ?? Number.POSITIVE_INFINITY;
    this.#maxBytes = options.maxBytes ?? 32 * 1024 * 1024;
    this.#followers = new Followers(options.maxBehind ?? 10_000);
  }

  /** `live`: these are new, and followers get them. */
  add(records: readonly LogRecord[], live: boolean): void {
    for (const { service } of records)
      if (service !== '') this.#services.set(service, (this.#services.get(service) ?? 0) + 1);
    const sorted = inOrder(records) ? records : [...records].sort((a, b) => a.timestampMs - b.timestampMs);
    const looseMs = this.#blocks.length === 0 ? Number.NEGATIVE_INFINITY : this.#loose[0]!.timestampMs;
    const late = sorted.findIndex((record) => record.timestampMs >= looseMs);
    const split = late === -1 ? sorted.length : late;
    if (split > 0) this.#insertLate(sorted.slice(0, split));
    this.#insertLoose(sorted.slice(split));
    while (this.#size() > this.#maxRecords || this.#bytes() > this.#maxBytes) this.#evictOldest();
    if (live) this.#followers.tell(records);
  }

  /** Newest last, at most `query.limit`. Long searches let others have their turn. */
  async search(query: LogQuery): Promise<readonly LogRecord[]> {
    const matches = recordMatcher(query);
    const wanted: Wanted = {
      startMs: query.startMs ?? Number.NEGATIVE_INFINITY,
      endMs: query.endMs ?? Number.POSITIVE_INFINITY,
      minLevel: query.minLevel,
      service: query.service === '' ? undefined : query.service,
      traceId: query.traceId?.toLowerCase(),
    };
    const found: LogRecord[] = [];
    for (let i = this.#loose.length - 1; i >= 0 && found.length < query.limit; i--)
      if (matches(this.#loose[i]!)) found.push(this.#loose[i]!);
    // As they are now: what is added or goes meanwhile makes no difference.
    const blocks = [...this.#blocks];
    const gone = this.#gone;
    let looked = 0;
    for (let i = blocks.length - 1; i >= 0 && found.length < query.limit; i--) {
      const block = blocks[i]!;
      if (block.startMs > wanted.endMs) continue;
      if (++looked % BLOCKS_A_TURN === 0) await turn();
      for (const record of block.newest(wanted, matches, i === 0 ? gone : 0, query.limit - found.length))
        found.push(record);
      this.#searched.delete(block);
      this.#searched.add(block);
      if (block.startMs < wanted.startMs) break;
    }
    this.#forgetOld();
    return found.reverse();
  }

  /** What is added from now on, in batches, until the signal. */
  follow(query: LogQuery, signal: AbortSignal): AsyncIterable<readonly LogRecord[]> {
    return this.#followers.follow(query, signal);
  }

  services(): readonly string[] {
    return [...this.#services.keys()].sort();
  }

  status(): RecordStoreStatus {
    return {
      records: this.#size(),
      bytes: this.#bytes(),
      evicted: this.#evicted,
      skipped: this.#followers.skipped,
    };
  }

  #size(): number {
    return this.#packedRecords - this.#gone + this.#loose.length;
  }

  #bytes(): number {
    return this.#packedBytes + this.#looseBytes;
  }

  #insertLoose(records: readonly LogRecord[]): void {
    this.#loose = merged(this.#loose, records);
    for (const record of records) this.#looseBytes += estimatedBytes(record);
    let packed = 0;
    for (;;) {
      const left = this.#loose.length - packed;
      if (left < 2 * BLOCK && (this.#looseBytes <= LOOSE_BYTES || left < 2)) break;
      const some = this.#loose.slice(packed, packed + Math.min(BLOCK, left >> 1));
      packed += some.length;
      for (const record of some) this.#looseBytes -= estimatedBytes(record);
      this.#blocks.push(this.#packed(some));
    }
    if (packed > 0) this.#loose = this.#loose.slice(packed);
  }

  /** Records, by time, that belong into what is packed already: each into the last block that begins before it. */
  #insertLate(records: readonly LogRecord[]): void {
    const blocks: RecordBlock[] = [];
    let from = 0;
    for (const [i, block] of this.#blocks.entries()) {
      const nextMs = this.#blocks[i + 1]?.startMs ?? Number.POSITIVE_INFINITY;
      const start = from;
      while (from < records.length && records[from]!.timestampMs < nextMs) from++;
      if (start === from) {
        blocks.push(block);
        continue;
      }
      const gone = i === 0 ? this.#gone : 0;
      if (i === 0) this.#gone = 0;
      this.#drop(block);
      const all = merged(block.records().slice(gone), records.slice(start, from));
      for (let at = 0; at < all.length; ) {
        const size = all.length - at < 2 * BLOCK ? all.length - at : BLOCK;
        blocks.push(this.#packed(all.slice(at, at + size)));
        at += size;
      }
    }
    this.#blocks = blocks;
  }

  #packed(records: readonly LogRecord[]): RecordBlock {
    const block = new RecordBlock(records);
    this.#packedBytes += block.bytes;
    this.#packedRecords += block.length;
    return block;
  }

  /** Takes it out of the account. */
  #drop(block: RecordBlock): void {
    this.#packedBytes -= block.bytes;
    this.#packedRecords -= block.length;
    this.#searched.delete(block);
  }

  /** One record where there are too many, the oldest block where they are too large. */
  #evictOldest(): void {
    const [block] = this.#blocks;
    if (block === undefined) {
      const record = this.#loose.shift()!;
      this.#looseBytes -= estimatedBytes(record);
      this.#countEvicted(record.service);
      return;
    }
    const until = this.#bytes() > this.#maxBytes ? block.length : this.#gone + 1;
    while (this.#gone < until) this.#countEvicted(block.serviceOf(this.#gone++));
    if (this.#gone < block.length) return;
    this.#blocks.shift();
    this.#gone = 0;
    this.#drop(block);
  }

  #countEvicted(service: string): void {
    this.#evicted += 1;
    const left = (this.#services.get(service) ?? 1) - 1;
    if (left === 0) this.#services.delete(service);
    else if (service !== '') this.#services.set(service, left);
  }

  #forgetOld(): void {
    let atHand = 0;
    for (const block of this.#searched) atHand += block.atHand;
    for (const block of this.#searched) {
      if (atHand <= MOST_AT_HAND && block.atHand > 0) continue;
      atHand -= block.atHand;
      block.forget();
      this.#searched.delete(block);
    }
  }
}

function inOrder(records: readonly LogRecord[]): boolean {
  return records.every((record, i) => i === 0 || records[i - 1]!.timestampMs <= record.timestampMs);
}

/** Both by time; of two at the same time the one of `a` comes first. */
function merged(a: readonly LogRecord[], b: readonly LogRecord[]): LogRecord[] {
  const both = [...a, ...b];
  return inOrder(both) ? both : both.sort((x, y) => x.timestampMs - y.timestampMs);
}

const RECORD_BYTES = 300;

/** Text twice: as it came, and as fields. */
function estimatedBytes(record: LogRecord): number {
  return RECORD_BYTES + 4 * record.raw.length + 2 * record.message.length;
}
