/** Numbers and texts to and from bytes, and the framing of records: length, checksum, payload. */
import { crc32 } from 'node:zlib';
import { Labels } from '../../labels/labels.ts';

const FRAME = 8;
const SMALL = 1 << 16;
const LARGE = 1 << 20;

export class ByteWriter {
  #buffer: Buffer = Buffer.allocUnsafe(SMALL);
  #view: DataView = new DataView(this.#buffer.buffer, this.#buffer.byteOffset, this.#buffer.length);
  length = 0;

  /** What was written; valid until the next write. */
  view(): Uint8Array {
    return this.#buffer.subarray(0, this.length);
  }

  /** Forgets what was written, and gives most of the memory back where little of it was needed. */
  clear(): void {
    if (this.#buffer.length > LARGE && this.length * 4 < this.#buffer.length) {
      this.#replace(Buffer.allocUnsafe(Math.max(SMALL, this.length * 2)));
    }
    this.length = 0;
  }

  /** Makes room, so that `bytes` more can be written without a check. */
  reserve(bytes: number): void {
    if (this.length + bytes <= this.#buffer.length) return;
    const grown = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.length + bytes));
    this.#buffer.copy(grown, 0, 0, this.length);
    this.#replace(grown);
  }

  #replace(buffer: Buffer): void {
    this.#buffer = buffer;
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.length);
  }

  /** Begins a record; `endRecord` with what this gave closes it. */
  beginRecord(): number {
    this.reserve(FRAME);
    this.length += FRAME;
    return this.length;
  }

  endRecord(start: number): void {
    const payload = this.#buffer.subarray(start, this.length);
    this.#buffer.writeUInt32LE(payload.length, start - FRAME);
    this.#buffer.writeUInt32LE(crc32(payload), start - FRAME + 4);
  }

  byte(value: number): void {
    this.reserve(1);
    this.#buffer[this.length++] = value;
  }

  /** A whole number from 0 to 2^53. */
  varint(value: number): void {
    this.reserve(10);
    if (value < 0x80) {
      this.#buffer[this.length++] = value;
      return;
    }
    let rest = value;
    while (rest >= 0x80) {
      this.#buffer[this.length++] = (rest % 0x80) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#buffer[this.length++] = rest;
  }

  /** A whole number between ±2^52. */
  zigzag(value: number): void {
    this.varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  /** As `byte` and twice `zigzag`; short where both numbers are small, as they mostly are in a scrape. */
  byteAndZigzags(value: number, first: number, second: number): void {
    this.reserve(3);
    const buffer = this.#buffer;
    buffer[this.length++] = value;
    if (first >= 0 && first < 0x40 && second >= 0 && second < 0x40) {
      buffer[this.length++] = first * 2;
      buffer[this.length++] = second * 2;
    } else {
      this.zigzag(first);
      this.zigzag(second);
    }
  }

  double(value: number): void {
    this.reserve(8);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  doubles(values: readonly number[]): void {
    this.varint(values.length);
    for (const value of values) this.double(value);
  }

  text(value: string): void {
    const bytes = Buffer.byteLength(value);
    this.varint(bytes);
    this.reserve(bytes);
    this.#buffer.write(value, this.length);
    this.length += bytes;
  }

  bytes(value: Uint8Array): void {
    this.reserve(value.length);
    this.#buffer.set(value, this.length);
    this.length += value.length;
  }

  labels(labels: Labels): void {
    this.varint(labels.names.length);
    for (let i = 0; i < labels.names.length; i++) {
      this.text(labels.names[i]!);
      this.text(labels.values[i]!);
    }
  }
}

/** Reads what ByteWriter wrote. Throws RangeError beyond the end. */
export class ByteReader {
  readonly #buffer: Buffer;
  readonly #view: DataView;
  at = 0;

  constructor(bytes: Uint8Array) {
    this.#buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  byte(): number {
    if (this.at >= this.#buffer.length) throw new RangeError('a record ends early');
    return this.#buffer[this.at++]!;
  }

  varint(): number {
    const first = this.#buffer[this.at];
    if (first !== undefined && first < 0x80) {
      this.at++;
      return first;
    }
    let value = 0;
    for (let scale = 1; ; scale *= 0x80) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  double(): number {
    this.at += 8;
    return this.#view.getFloat64(this.at - 8, true);
  }

  doubles(): number[] {
    return Array.from({ length: this.#count() }, () => this.double());
  }

  text(): string {
    const bytes = this.bytes(this.varint());
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8');
  }

  bytes(length: number): Uint8Array {
    if (this.at + length > this.#buffer.length) throw new RangeError('a record ends early');
    this.at += length;
    return this.#buffer.subarray(this.at - length, this.at);
  }

  labels(): Labels {
    const names: string[] = [];
    const values: string[] = [];
    for (let left = this.#count(); left > 0; left--) {
      names.push(this.text());
      values.push(this.text());
    }
    return Labels.fromSorted(names, values);
  }

  /** A number of things, which cannot be more than there are bytes left. */
  #count(): number {
    const count = this.varint();
    if (count > this.#buffer.length - this.at) throw new RangeError('a record ends early');
    return count;
  }
}

/** Calls back with each whole record from `from` on; gives where the first one begins that is torn, does not fit its checksum, or cannot be read. */
export function readRecords(file: Uint8Array, from: number, onRecord: (payload: Uint8Array) => void): number {
  const view = new DataView(file.buffer, file.byteOffset, file.length);
  let at = from;
  while (at + FRAME <= file.length) {
    const length = view.getUint32(at, true);
    const end = at + FRAME + length;
    if (end > file.length) break;
    const payload = file.subarray(at + FRAME, end);
    if (crc32(payload) !== view.getUint32(at + 4, true)) break;
    try {
      onRecord(payload);
    } catch (error) {
      if (error instanceof RangeError) break;
      throw error;
    }
    at = end;
  }
  return at;
}
