/** Memory for response bodies that is used again, for callers that are done with a body before they ask for the next. */
import { HttpError } from './client.ts';

/** What is kept for later bodies, at most. */
const MOST_KEPT = 4;
const MOST_KEPT_BYTES = 32 << 20;
const SMALLEST_BYTES = 64 * 1024;
/** What bodies may hold together before a large one is refused more: many that never end would else take all there is. */
const MOST_HELD_BYTES = 768 << 20;
const LARGE_BYTES = 16 << 20;

export class BodyPool {
  readonly #kept: Buffer[] = [];
  #heldBytes = 0;

  /** An empty body; it takes memory only when it gets bytes. */
  body(): BodyBuffer {
    return new BodyBuffer(this);
  }

  /** Memory of at least this size; the largest kept, where it suffices. Throws HttpError where too much is held already. */
  take(bytes: number): Buffer {
    const kept = this.#kept.at(-1);
    const memory = kept !== undefined && kept.length >= bytes ? kept : undefined;
    const length = memory?.length ?? Math.max(SMALLEST_BYTES, 2 ** Math.ceil(Math.log2(bytes)));
    if (bytes > LARGE_BYTES && this.#heldBytes + length > MOST_HELD_BYTES) {
      throw new HttpError('other', 'too many large bodies at once: set body_size_limit');
    }
    this.#heldBytes += length;
    if (memory !== undefined) this.#kept.pop();
    return memory ?? Buffer.allocUnsafeSlow(length);
  }

  give(memory: Buffer): void {
    this.#heldBytes -= memory.length;
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
