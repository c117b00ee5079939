/** Collects JSON as bytes in one growing buffer: much cheaper than joining strings where there are tens of thousands of short ones. */
import { WIDEST_NUMBER, writeAscii, writeNumber } from './number-bytes.ts';

/** What stands before each value of a row: the `[time,"` of each step, the second and later ones with their comma. */
export interface StampBytes {
  readonly bytes: Uint8Array;
  /** Where each begins, and where the last ends. */
  readonly offsets: Int32Array;
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
  points(stamps: StampBytes, values: Float64Array): void {
    const { bytes: from, offsets } = stamps;
    const count = values.length;
    this.#reserve(offsets[count]! + count * (WIDEST_NUMBER + 2));
    const bytes = this.#bytes;
    let at = this.#length;
    let next = offsets[0]!;
    for (let i = 0; i < count; i++) {
      const end = offsets[i + 1]!;
      while (next < end) bytes[at++] = from[next++]!;
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
