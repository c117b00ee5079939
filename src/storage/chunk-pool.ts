/** Bytes of compressed chunks: blocks of 16-byte units in large shared slabs, so that a chunk costs no buffer object of its own. */

const UNIT_BITS = 4;
/** Bytes of one unit, the grain of allocation. */
export const UNIT = 1 << UNIT_BITS;
const SLAB_UNITS = 1 << 16;
const SLAB_BYTES = SLAB_UNITS << UNIT_BITS;

/** A block is named by its address: the number of its first unit over all slabs. */
export class ChunkPool {
  /** Undefined where a slab was given back. */
  readonly #slabs: (Uint8Array | undefined)[] = [];
  #bumping = -1;
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
    let held = 0;
    for (const slab of this.#slabs) if (slab !== undefined) held += SLAB_BYTES;
    return held;
  }

  /** The address of a block of `units` units (1…65,536); its bytes are undefined. */
  allocate(units: number): number {
    this.#usedUnits += units;
    const reused = this.#free[units]?.pop();
    if (reused !== undefined) return reused;
    if (this.#nextUnit + units > SLAB_UNITS) this.#addSlab();
    const address = this.#bumping * SLAB_UNITS + this.#nextUnit;
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

  /** Which of the slabs are used by less than `share`, where `addresses` and `units` name every block handed out; nothing is allocated there any more. */
  retire(share: number, blocks: Iterable<readonly [address: number, units: number]>): Set<number> {
    const used = new Int32Array(this.#slabs.length);
    for (const [address, units] of blocks) used[address >>> 16]! += units;
    const retired = new Set<number>();
    for (const [slab, bytes] of this.#slabs.entries()) {
      if (bytes !== undefined && slab !== this.#bumping && used[slab]! < share * SLAB_UNITS) retired.add(slab);
    }
    for (const [units, list] of this.#free.entries()) {
      if (list.length > 0) this.#free[units] = list.filter((address) => !retired.has(address >>> 16));
    }
    return retired;
  }

  /** Moves a block out of a retired slab; gives its new address. */
  move(address: number, units: number): number {
    const moved = this.allocate(units);
    this.#usedUnits -= units;
    const from = this.offset(address);
    this.slab(moved).set(this.slab(address).subarray(from, from + units * UNIT), this.offset(moved));
    return moved;
  }

  /** Gives retired slabs back, from which every block was moved. */
  drop(retired: ReadonlySet<number>): void {
    for (const slab of retired) this.#slabs[slab] = undefined;
  }

  #addSlab(): void {
    const rest = SLAB_UNITS - this.#nextUnit;
    if (rest > 0) this.#freeOf(rest).push(this.#bumping * SLAB_UNITS + this.#nextUnit);
    const vacant = this.#slabs.indexOf(undefined);
    this.#bumping = vacant < 0 ? this.#slabs.length : vacant;
    this.#slabs[this.#bumping] = new Uint8Array(SLAB_BYTES);
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
