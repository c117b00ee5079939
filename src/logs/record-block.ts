/** Some neighbouring records as bytes, with what most searches look at (time, level, service, trace) beside them. */
import { hashOf } from '../labels/hash.ts';
import { LEVELS } from './level.ts';
import { pack, unpack } from './packed.ts';
import type { LogLevel, LogRecord } from './record.ts';

/** What a record must have for a block to be unpacked for it. */
export interface Wanted {
  readonly startMs: number;
  readonly endMs: number;
  readonly minLevel: LogLevel | undefined;
  /** Undefined: any. */
  readonly service: string | undefined;
  /** Lower-case; undefined: any. */
  readonly traceId: string | undefined;
}

/** Bytes that a block takes beside its records: objects, and the columns of each record. */
const BLOCK_BYTES = 600;
const COLUMN_BYTES = 15;
/** Of one block so many are kept as they are once they were found: few of many are asked for again and again. */
const FEW = 16;

export class RecordBlock {
  readonly #times: Float64Array;
  /** Places in `LEVELS`. */
  readonly #levels: Uint8Array;
  /** Places in `#names`. */
  readonly #services: Uint16Array;
  readonly #names: readonly string[];
  /** Hashes of trace ids; 0 where there is none. */
  readonly #traces: Uint32Array;
  readonly #packed: Uint8Array;
  #found: ReadonlyMap<number, LogRecord> = new Map();

  /** The records by time, at least one and less than 65,536. */
  constructor(records: readonly LogRecord[]) {
    this.#times = Float64Array.from(records, (record) => record.timestampMs);
    this.#levels = Uint8Array.from(records, (record) => LEVELS.indexOf(record.level));
    this.#names = [...new Set(records.map((record) => record.service))];
    this.#services = Uint16Array.from(records, (record) => this.#names.indexOf(record.service));
    this.#traces = Uint32Array.from(records, (record) => (record.traceId === undefined ? 0 : hashOf(record.traceId)));
    this.#packed = pack(records);
  }

  get length(): number {
    return this.#times.length;
  }

  get startMs(): number {
    return this.#times[0]!;
  }

  get bytes(): number {
    return BLOCK_BYTES + COLUMN_BYTES * this.length + this.#packed.length;
  }

  /** All of them, as new objects. */
  records(): LogRecord[] {
    return unpack<LogRecord>(this.#packed);
  }

  serviceOf(index: number): string {
    return this.#names[this.#services[index]!]!;
  }

  /**
   * Of those from `first` on that are wanted and match, the newest so many, the newest first. What is found is kept at hand for
   * the next search where it is little.
   */
  newest(wanted: Wanted, matches: (record: LogRecord) => boolean, first: number, most: number): LogRecord[] {
    const places = this.#placesOf(wanted, first);
    if (places.length === 0) return [];
    const records = places.every((place) => this.#found.has(place)) ? undefined : this.records();
    const found = new Map<number, LogRecord>();
    for (const place of places) {
      const record = this.#found.get(place) ?? records![place]!;
      if (!matches(record)) continue;
      found.set(place, record);
      if (found.size === most) break;
    }
    this.#found = found.size <= FEW ? found : new Map();
    return [...found.values()];
  }

  /** Records that are kept at hand. */
  get atHand(): number {
    return this.#found.size;
  }

  /** Lets go what was kept at hand. */
  forget(): void {
    this.#found = new Map();
  }

  /** The newest first. */
  #placesOf({ startMs, endMs, minLevel, service, traceId }: Wanted, first: number): number[] {
    const places: number[] = [];
    const least = minLevel === undefined ? 0 : LEVELS.indexOf(minLevel);
    const name = service === undefined ? -1 : this.#names.indexOf(service);
    if (service !== undefined && name === -1) return places;
    const trace = traceId === undefined ? 0 : hashOf(traceId);
    if (traceId !== undefined && !this.#traces.includes(trace)) return places;
    for (let i = this.length - 1; i >= first && this.#times[i]! >= startMs; i--) {
      if (this.#times[i]! > endMs || this.#levels[i]! < least) continue;
      if (traceId !== undefined && this.#traces[i] !== trace) continue;
      if (service === undefined || this.#services[i] === name) places.push(i);
    }
    return places;
  }
}
