/** Bytes of compressed chunks: blocks of 16-byte units in large shared slabs, so that a chunk costs no buffer object of its own. */

const UNIT_BITS = 4;
/** Bytes of one unit, the grain of allocation. */
export const UNIT = 1 << UNIT_BITS;
const SLAB_UNITS = 1 << 16;
const SLAB_BYTES = SLAB_UNITS << UNIT_BITS;

/** A block is named by its address: the number of its first unit over all slabs. */
export class ChunkPool {
  readonly #slabs: Uint8Array[] = [];
  /** Free blocks by their size in units. */
  readonly #free: number[][] = [];
  #nextUnit = SLAB_UNITS;
  #usedUnits = 0;

  /** Bytes in blocks that are handed out. */
  get usedBytes(): number {
    return this.#usedUnits * UNIT;
  }

  /** Bytes held of the operating system. */
  get heldBytes(): number {
    return this.#slabs.length * SLAB_BYTES;
  }

  /** The address of a block of `units` units (1…65,536); its bytes are undefined. */
  allocate(units: number): number {
    this.#usedUnits += units;
    const reused = this.#free[units]?.pop();
    if (reused !== undefined) return reused;
    if (this.#nextUnit + units > SLAB_UNITS) this.#addSlab();
    const address = (this.#slabs.length - 1) * SLAB_UNITS + this.#nextUnit;
    this.#nextUnit += units;
    return address;
  }

  release(address: number, units: number): void {
    this.#usedUnits -= units;
    this.#freeOf(units).push(address);
  }

  /** The slab that holds the block. */
  slab(address: number): Uint8Array {
    return this.#slabs[address >>> 16]!;
  }

  /** Where in its slab the block begins. */
  offset(address: number): number {
    return (address & (SLAB_UNITS - 1)) << UNIT_BITS;
  }

  #addSlab(): void {
    const rest = SLAB_UNITS - this.#nextUnit;
    if (rest > 0) this.#freeOf(rest).push((this.#slabs.length - 1) * SLAB_UNITS + this.#nextUnit);
    this.#slabs.push(new Uint8Array(SLAB_BYTES));
    this.#nextUnit = 0;
  }

  #freeOf(units: number): number[] {
    let list = this.#free[units];
    if (list === undefined) {
      while (this.#free.length <= units) this.#free.push([]);
      list = this.#free[units]!;
    }
    return list;
  }
}
