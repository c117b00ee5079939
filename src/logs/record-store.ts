/** Records in memory by time, bounded by number and size; the oldest go first, and followers get what comes. */
import { recordMatcher } from './match-record.ts';
import type { LogQuery, LogRecord } from './record.ts';

export interface RecordStoreOptions {
  /** 200,000 by default. */
  readonly maxRecords?: number | undefined;
  /** Estimated; 128 MiB by default. */
  readonly maxBytes?: number | undefined;
  /** Records that a follower may fall behind before it loses the oldest; 10,000 by default. */
  readonly maxBehind?: number | undefined;
}

export interface RecordStoreStatus {
  readonly records: number;
  /** Estimated. */
  readonly bytes: number;
  readonly evicted: number;
  /** That followers did not take in time. */
  readonly skipped: number;
}

interface Follower {
  readonly matches: (record: LogRecord) => boolean;
  waiting: LogRecord[];
  wake: (() => void) | undefined;
}

export class RecordStore {
  readonly #maxRecords: number;
  readonly #maxBytes: number;
  readonly #maxBehind: number;
  /** By time; those before `#first` are gone. */
  #records: LogRecord[] = [];
  #first = 0;
  #bytes = 0;
  #evicted = 0;
  #skipped = 0;
  readonly #services = new Map<string, number>();
  readonly #followers = new Set<Follower>();

  constructor(options: RecordStoreOptions = {}) {
    this.#maxRecords = options.maxRecords ?? 200_000;
    this.#maxBytes = options.maxBytes ?? 128 * 1024 * 1024;
    this.#maxBehind = options.maxBehind ?? 10_000;
  }

  /** `live`: these are new, and followers get them. */
  add(records: readonly LogRecord[], live: boolean): void {
    this.#insertAll(records);
    for (const record of records) {
      this.#bytes += estimatedBytes(record);
      if (record.service !== '') this.#services.set(record.service, (this.#services.get(record.service) ?? 0) + 1);
    }
    while (this.#size() > this.#maxRecords || this.#bytes > this.#maxBytes) this.#evictOldest();
    if (live) for (const follower of this.#followers) this.#tell(follower, records);
  }

  /** Newest last, at most `query.limit`. */
  search(query: LogQuery): readonly LogRecord[] {
    const matches = recordMatcher(query);
    const found: LogRecord[] = [];
    const end = query.endMs === undefined ? this.#records.length : this.#after(query.endMs);
    for (let i = end - 1; i >= this.#first && found.length < query.limit; i--) {
      const record = this.#records[i]!;
      if (query.startMs !== undefined && record.timestampMs < query.startMs) break;
      if (matches(record)) found.push(record);
    }
    return found.reverse();
  }

  /** What is added from now on, in batches, until the signal. */
  follow(query: LogQuery, signal: AbortSignal): AsyncIterable<readonly LogRecord[]> {
    const follower: Follower = { matches: recordMatcher(query), waiting: [], wake: undefined };
    if (!signal.aborted) this.#followers.add(follower);
    const stop = (): void => {
      this.#followers.delete(follower);
      follower.wake?.();
    };
    signal.addEventListener('abort', stop, { once: true });
    return this.#batches(follower, signal, stop);
  }

  services(): readonly string[] {
    return [...this.#services.keys()].sort();
  }

  status(): RecordStoreStatus {
    return { records: this.#size(), bytes: this.#bytes, evicted: this.#evicted, skipped: this.#skipped };
  }

  async *#batches(
    follower: Follower,
    signal: AbortSignal,
    stop: () => void,
  ): AsyncGenerator<readonly LogRecord[], void, undefined> {
    try {
      while (!signal.aborted) {
        if (follower.waiting.length === 0) {
          await new Promise<void>((resolve) => {
            follower.wake = resolve;
          });
          continue;
        }
        const batch = follower.waiting;
        follower.waiting = [];
        yield batch;
      }
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
    }
  }

  #size(): number {
    return this.#records.length - this.#first;
  }

  #tell(follower: Follower, records: readonly LogRecord[]): void {
    const wanted = records.filter(follower.matches);
    if (wanted.length === 0) return;
    follower.waiting.push(...wanted);
    const over = follower.waiting.length - this.#maxBehind;
    if (over > 0) {
      follower.waiting.splice(0, over);
      this.#skipped += over;
    }
    follower.wake?.();
  }

  #insertAll(records: readonly LogRecord[]): void {
    const last = this.#records.at(-1)?.timestampMs ?? Number.NEGATIVE_INFINITY;
    const late = records.reduce((count, record) => (record.timestampMs < last ? count + 1 : count), 0);
    if (late <= FEW) {
      for (const record of records) this.#insert(record);
      return;
    }
    // Many that have to go in between: sorting merges what is in order already, and moves everything once.
    this.#records = [...this.#records.slice(this.#first), ...records].sort((a, b) => a.timestampMs - b.timestampMs);
    this.#first = 0;
  }

  /** Most come in order: only late ones have to be put in between. */
  #insert(record: LogRecord): void {
    const last = this.#records.at(-1);
    if (last === undefined || last.timestampMs <= record.timestampMs) this.#records.push(record);
    else this.#records.splice(this.#after(record.timestampMs), 0, record);
  }

  /** The index of the first record that is later. */
  #after(ms: number): number {
    let low = this.#first;
    let high = this.#records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#records[middle]!.timestampMs <= ms) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #evictOldest(): void {
    const record = this.#records[this.#first]!;
    this.#first += 1;
    this.#bytes -= estimatedBytes(record);
    this.#evicted += 1;
    const left = (this.#services.get(record.service) ?? 1) - 1;
    if (left === 0) this.#services.delete(record.service);
    else if (record.service !== '') this.#services.set(record.service, left);
    if (this.#first > 1000 && this.#first * 2 > this.#records.length) {
      this.#records = this.#records.slice(this.#first);
      this.#first = 0;
    }
  }
}

const FEW = 20;
const RECORD_BYTES = 300;

/** Text twice: as it came, and as fields. */
function estimatedBytes(record: LogRecord): number {
  return RECORD_BYTES + 4 * record.raw.length + 2 * record.message.length;
}
