/** Memory for response bodies that is used again, for callers that are done with a body before they ask for the next. */

/** What is kept for later bodies, at most. */
const MOST_KEPT = 4;
const MOST_KEPT_BYTES = 64 << 20;
const SMALLEST_BYTES = 64 * 1024;

export class BodyPool {
  readonly #kept: Buffer[] = [];

  /** An empty body; it takes memory only when it gets bytes. */
  body(): BodyBuffer {
    return new BodyBuffer(this);
  }

  /** Memory of at least this size; the largest kept, where it suffices. */
  take(bytes: number): Buffer {
    const kept = this.#kept.at(-1);
    if (kept !== undefined && kept.length >= bytes) return this.#kept.pop()!;
    return Buffer.allocUnsafeSlow(Math.max(SMALLEST_BYTES, 2 ** Math.ceil(Math.log2(bytes))));
  }

  give(memory: Buffer): void {
    if (memory.length > MOST_KEPT_BYTES) return;
    this.#kept.push(memory);
    this.#kept.sort((a, b) => a.length - b.length);
    if (this.#kept.length > MOST_KEPT) this.#kept.shift();
  }
}

export class BodyBuffer {
  readonly #pool: BodyPool;
  #memory: Buffer | undefined;
  #length = 0;

  constructor(pool: BodyPool) {
    this.#pool = pool;
  }

  append(chunk: Uint8Array): void {
    const needed = this.#length + chunk.length;
    if (this.#memory === undefined || needed > this.#memory.length) {
      const larger = this.#pool.take(needed);
      // What was too small is not kept: the next body is taken into the largest there is.
      if (this.#memory !== undefined) larger.set(this.#memory.subarray(0, this.#length));
      this.#memory = larger;
    }
    this.#memory.set(chunk, this.#length);
    this.#length = needed;
  }

  /** The bytes so far; of no meaning after `release`. */
  view(): Uint8Array {
    return this.#memory === undefined ? new Uint8Array(0) : this.#memory.subarray(0, this.#length);
  }

  release(): void {
    if (this.#memory !== undefined) this.#pool.give(this.#memory);
    this.#memory = undefined;
    this.#length = 0;
  }
}
