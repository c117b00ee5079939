/**
 * The memory that rows are cut from. What a query took is used again by later ones once its result is no longer wanted: tens of
 * megabytes outside of the heap, new for each query, would have the whole heap collected every few queries.
 */

/** Rows are cut from slabs: one allocation for many. */
export const SLAB_BYTES = 1 << 19;
/** So much is kept for later queries, 32 MiB. */
const MOST_KEPT = 64;

/** Arrays this short lie within the object heap and cost less than a view into a slab. */
export const FEW_STEPS = 8;
/** Longer columns would leave much of a slab unused. */
const LONG_COLUMN = SLAB_BYTES / 64;
/** Most queries want a few columns only, for which a slab need not be cleared. */
const FEW_COLUMNS = 32;

/** Of one engine. */
export class SlabPool {
  readonly #kept: ArrayBuffer[] = [];

  take(): ArrayBuffer {
    const again = this.#kept.pop();
    if (again === undefined) return new ArrayBuffer(SLAB_BYTES);
    new Uint8Array(again).fill(0);
    return again;
  }

  giveBack(slabs: readonly ArrayBuffer[]): void {
    for (const slab of slabs) if (this.#kept.length < MOST_KEPT) this.#kept.push(slab);
  }
}

/** What one query took. */
export class QuerySlabs {
  readonly #pool: SlabPool;
  #taken: ArrayBuffer[] = [];
  #floats = new Float64Array(0);
  #used = 0;
  #bytes = new Uint8Array(0);
  #usedBytes = 0;
  #columns = 0;

  constructor(pool: SlabPool) {
    this.#pool = pool;
  }

  /** SLAB_BYTES of zeros. */
  slab(): ArrayBuffer {
    const slab = this.#pool.take();
    this.#taken.push(slab);
    return slab;
  }

  /** A column of zeros. */
  floats(count: number): Float64Array {
    if (count <= FEW_STEPS || this.#columns++ < FEW_COLUMNS || count > LONG_COLUMN) return new Float64Array(count);
    if (this.#used + count > this.#floats.length) {
      this.#floats = new Float64Array(this.slab());
      this.#used = 0;
    }
    const from = this.#used;
    this.#used += count;
    return this.#floats.subarray(from, from + count);
  }

  /** A column of zeros. */
  bytes(count: number): Uint8Array {
    if (count <= FEW_STEPS || this.#columns++ < FEW_COLUMNS || count > LONG_COLUMN) return new Uint8Array(count);
    if (this.#usedBytes + count > this.#bytes.length) {
      this.#bytes = new Uint8Array(this.slab());
      this.#usedBytes = 0;
    }
    const from = this.#usedBytes;
    this.#usedBytes += count;
    return this.#bytes.subarray(from, from + count);
  }

  /** All that was taken is no longer looked at. */
  release(): void {
    this.#pool.giveBack(this.#taken);
    this.#taken = [];
    this.#floats = new Float64Array(0);
    this.#used = 0;
    this.#bytes = new Uint8Array(0);
    this.#usedBytes = 0;
  }
}
