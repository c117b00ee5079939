/** Collects JSON as bytes in one growing buffer: much cheaper than joining strings where there are tens of thousands of short ones. */
import { WIDEST_NUMBER, writeAscii, writeNumber } from './number-bytes.ts';

/** The `[time,"` that stands before the value of each time. */
export interface StampBytes {
  readonly bytes: Uint8Array;
  /** Where each begins, and where the last ends. */
  readonly offsets: Int32Array;
  /** The times of a regular grid, of which series have some; with a step of 0 those of one series, all of them. */
  readonly firstMs: number;
  readonly stepMs: number;
}

export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity = 64 * 1024) {
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** ASCII only: one byte a character. */
  ascii(text: string): void {
    this.#reserve(text.length);
    this.#length = writeAscii(this.#bytes, this.#length, text);
  }

  text(text: string): void {
    this.#reserve(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length, 'utf8');
  }

  /** The text as a JSON string, in its quotes. */
  quoted(text: string): void {
    const { length } = text;
    this.#reserve(length + 2);
    const bytes = this.#bytes;
    const from = this.#length;
    bytes[from] = 0x22;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) {
        this.text(JSON.stringify(text));
        return;
      }
      bytes[from + 1 + i] = code;
    }
    bytes[from + 1 + length] = 0x22;
    this.#length = from + length + 2;
  }

  number(value: number): void {
    this.#reserve(WIDEST_NUMBER);
    this.#length = writeNumber(this.#bytes, this.#length, value);
  }

  /** `[time,"value"]` for each value, with commas between. */
  points({ bytes: from, offsets, firstMs, stepMs }: StampBytes, timestamps: Float64Array, values: Float64Array): void {
    const count = values.length;
    this.#reserve(offsets[offsets.length - 1]! + count * (WIDEST_NUMBER + 3));
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < count; i++) {
      if (i > 0) bytes[at++] = 0x2c;
      const stamp = stepMs === 0 ? i : (timestamps[i]! - firstMs) / stepMs;
      const end = offsets[stamp + 1]!;
      for (let next = offsets[stamp]!; next < end; next++) bytes[at++] = from[next]!;
      at = writeNumber(bytes, at, values[i]!);
      bytes[at] = 0x22;
      bytes[at + 1] = 0x5d;
      at += 2;
    }
    this.#length = at;
  }

  /** What was written since the last time; the writer begins anew. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = Buffer.allocUnsafe(this.#bytes.length);
    this.#length = 0;
    return taken;
  }

  /** What was written since the last time; the writer is used up. */
  last(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  toString(): string {
    return this.#bytes.toString('utf8', 0, this.#length);
  }

  #reserve(more: number): void {
    const end = this.#length + more;
    if (end <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(end, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}
