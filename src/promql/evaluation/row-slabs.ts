/**
 * The memory that rows are cut from. What a query took is used again by later ones once its result is no longer wanted: tens of
 * megabytes outside of the heap, new for each query, would have the whole heap collected every few queries.
 */

/** Rows are cut from slabs: one allocation for many. */
export const SLAB_BYTES = 1 << 19;
/** So much is kept for later queries, 32 MiB. */
const MOST_KEPT = 64;

/** So many columns of one step are kept for later queries, of floats and of bytes: 9 MiB together at most. */
const MOST_SINGLES = 20_000;

/** Arrays this short lie within the object heap and cost less than a view into a slab. */
export const FEW_STEPS = 8;
/** Longer columns would leave much of a slab unused. */
const LONG_COLUMN = SLAB_BYTES / 64;
/** Most queries want a few columns only, for which a slab need not be cleared. */
const FEW_COLUMNS = 32;

/** Made once: an empty typed array costs as much as a short one. */
export const NO_FLOATS = new Float64Array(0);
export const NO_BYTES = new Uint8Array(0);

/** Of one engine. */
export class SlabPool {
  readonly #kept: ArrayBuffer[] = [];
  readonly #singleFloats: Float64Array[] = [];
  readonly #singleBytes: Uint8Array[] = [];

  take(): ArrayBuffer {
    const again = this.#kept.pop();
    if (again === undefined) return new ArrayBuffer(SLAB_BYTES);
    new Uint8Array(again).fill(0);
    return again;
  }

  giveBack(slabs: readonly ArrayBuffer[]): void {
    for (const slab of slabs) if (this.#kept.length < MOST_KEPT) this.#kept.push(slab);
  }

  /**
   * A column of one zero. Instant queries want two for each series, and nothing else of theirs costs as much to make and to collect as
   * these arrays.
   */
  singleFloat(): Float64Array {
    const again = this.#singleFloats.pop();
    if (again === undefined) return new Float64Array(1);
    again[0] = 0;
    return again;
  }

  /** A column of one zero. */
  singleByte(): Uint8Array {
    const again = this.#singleBytes.pop();
    if (again === undefined) return new Uint8Array(1);
    again[0] = 0;
    return again;
  }

  giveSinglesBack(floats: readonly Float64Array[], bytes: readonly Uint8Array[]): void {
    keep(this.#singleFloats, floats);
    keep(this.#singleBytes, bytes);
  }
}

function keep<T>(kept: T[], more: readonly T[]): void {
  const count = Math.min(more.length, MOST_SINGLES - kept.length);
  for (let i = 0; i < count; i++) kept.push(more[i]!);
}

/** What one query took. */
export class QuerySlabs {
  readonly #pool: SlabPool;
  readonly #taken: ArrayBuffer[] = [];
  readonly #singleFloats: Float64Array[] = [];
  readonly #singleBytes: Uint8Array[] = [];
  #floats = NO_FLOATS;
  #used = 0;
  #bytes = NO_BYTES;
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
    if (count === 1) {
      const single = this.#pool.singleFloat();
      this.#singleFloats.push(single);
      return single;
    }
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
    if (count === 1) {
      const single = this.#pool.singleByte();
      this.#singleBytes.push(single);
      return single;
    }
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
    if (this.#taken.length > 0) {
      this.#pool.giveBack(this.#taken);
      this.#taken.length = 0;
      this.#floats = NO_FLOATS;
      this.#bytes = NO_BYTES;
      this.#used = this.#usedBytes = 0;
    }
    this.#pool.giveSinglesBack(this.#singleFloats, this.#singleBytes);
    this.#singleFloats.length = this.#singleBytes.length = 0;
  }
}
