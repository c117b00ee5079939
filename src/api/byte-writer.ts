/** Collects JSON as bytes in one growing buffer: much cheaper than joining strings where there are tens of thousands of short ones. */
import { WIDEST_NUMBER, writeAscii, writeNumber } from './number-bytes.ts';
import { PIECE_BYTES, takeBuffer } from './piece-buffers.ts';
import type { PointStamps } from './point-stamps.ts';

export class ByteWriter {
  #bytes: Buffer;
  #view: DataView;
  #length = 0;

  /** Without a capacity: in buffers of pieces, for an answer that may be large. */
  constructor(capacity?: number) {
    this.#bytes = capacity === undefined ? takeBuffer() : Buffer.allocUnsafe(capacity);
    this.#view = viewOf(this.#bytes);
  }

  /** Enough for a piece of an answer: it is time to `take` it. */
  get isFull(): boolean {
    return this.#length >= PIECE_BYTES;
  }

  /** ASCII only: one byte a character. */
  ascii(text: string): void {
    this.#reserve(text.length);
    this.#length = writeAscii(this.#view, this.#length, text);
  }

  text(text: string): void {
    this.#reserve(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length, 'utf8');
  }

  /** The text as a JSON string whose first quote is written. */
  quoteEnd(text: string): void {
    const { length } = text;
    this.#reserve(length + 1);
    const view = this.#view;
    const from = this.#length;
    for (let i = 0; i < length; i++) {
      const code = text.charCodeAt(i);
      if (code < 0x20 || code > 0x7e || code === 0x22 || code === 0x5c) {
        this.text(JSON.stringify(text).slice(1));
        return;
      }
      view.setUint8(from + i, code);
    }
    view.setUint8(from + length, 0x22);
    this.#length = from + length + 1;
  }

  /** The first `length` bytes of whole words. */
  words(words: Float64Array, length: number): void {
    this.#reserve(words.length * 8);
    for (let word = 0; word < words.length; word++) this.#view.setFloat64(this.#length + word * 8, words[word]!, true);
    this.#length += length;
  }

  number(value: number): void {
    this.#reserve(WIDEST_NUMBER);
    this.#length = writeNumber(this.#view, this.#length, value);
  }

  /** `[time,"value"]` for each value from index `first` on, with commas between, until the piece is full; gives the index of the first that is left. */
  points({ words, wordsEach, lengths, places }: PointStamps, values: Float64Array, first: number): number {
    const widest = wordsEach * 8 + WIDEST_NUMBER;
    this.#reserve(widest);
    const view = this.#view;
    const full = Math.min(PIECE_BYTES, view.byteLength - widest);
    let at = this.#length;
    let i = first;
    for (; i < values.length && at <= full; i++) {
      if (i > 0) view.setUint8(at++, 0x2c);
      const stamp = places === undefined ? i : places[i]!;
      // Stamps are copied in whole words: what is too much is written over.
      for (let word = 0; word < wordsEach; word++) {
        view.setFloat64(at + word * 8, words[stamp * wordsEach + word]!, true);
      }
      at = writeNumber(view, at + lengths[stamp]!, values[i]!);
      view.setUint16(at, 0x225d);
      at += 2;
    }
    this.#length = at;
    return i;
  }

  /** What was written since the last time; the writer begins anew. */
  take(): Uint8Array {
    const taken = this.#bytes.subarray(0, this.#length);
    this.#bytes = takeBuffer();
    this.#view = viewOf(this.#bytes);
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
    this.#view = viewOf(larger);
  }
}

function viewOf({ buffer, byteOffset, length }: Buffer): DataView {
  return new DataView(buffer, byteOffset, length);
}
