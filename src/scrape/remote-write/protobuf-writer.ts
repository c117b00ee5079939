/** Writes the protobuf wire format: the types that remote write uses. */

const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;

export class ProtobufWriter {
  #buffer = Buffer.allocUnsafe(64 * 1024);
  #length = 0;

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  clear(): void {
    this.#length = 0;
  }

  string(field: number, text: string): void {
    this.#tag(field, BYTES);
    const length = Buffer.byteLength(text);
    this.#varint(length);
    this.#reserve(length);
    this.#length += this.#buffer.write(text, this.#length);
  }

  double(field: number, value: number): void {
    this.#tag(field, FIXED64);
    this.#reserve(8);
    this.#length = this.#buffer.writeDoubleLE(value, this.#length);
  }

  /** The eight bytes of a double that JavaScript cannot be trusted to keep, e.g. a certain NaN. */
  doubleBits(field: number, high: number, low: number): void {
    this.#tag(field, FIXED64);
    this.#reserve(8);
    this.#length = this.#buffer.writeUInt32LE(low, this.#length);
    this.#length = this.#buffer.writeUInt32LE(high, this.#length);
  }

  /** int64 and uint64, within what a number holds exactly. */
  integer(field: number, value: number): void {
    this.#tag(field, VARINT);
    if (value >= 0) this.#varint(value);
    else this.#varintOf(BigInt.asUintN(64, BigInt(value)));
  }

  /** sint32 and sint64. */
  signed(field: number, value: number): void {
    this.#tag(field, VARINT);
    this.#zigzag(value);
  }

  message(field: number, write: () => void): void {
    this.#tag(field, BYTES);
    const start = this.#length;
    write();
    const length = this.#length - start;
    let prefix = 1;
    for (let rest = length; rest > 0x7f; rest = Math.floor(rest / 128)) prefix++;
    this.#reserve(prefix);
    this.#buffer.copyWithin(start + prefix, start, this.#length);
    this.#length = start;
    this.#varint(length);
    this.#length += length;
  }

  packedIntegers(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    this.message(field, () => {
      for (const value of values) this.#varint(value);
    });
  }

  packedSigned(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    this.message(field, () => {
      for (const value of values) this.#zigzag(value);
    });
  }

  packedDoubles(field: number, values: readonly number[]): void {
    if (values.length === 0) return;
    this.message(field, () => {
      this.#reserve(values.length * 8);
      for (const value of values) this.#length = this.#buffer.writeDoubleLE(value, this.#length);
    });
  }

  #tag(field: number, type: number): void {
    this.#varint(field * 8 + type);
  }

  #zigzag(value: number): void {
    this.#varint(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  #varint(value: number): void {
    this.#reserve(10);
    let rest = value;
    while (rest > 0x7f) {
      this.#buffer[this.#length++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    this.#buffer[this.#length++] = rest;
  }

  #varintOf(value: bigint): void {
    this.#reserve(10);
    let rest = value;
    while (rest > 0x7fn) {
      this.#buffer[this.#length++] = Number(rest & 0x7fn) | 0x80;
      rest >>= 7n;
    }
    this.#buffer[this.#length++] = Number(rest);
  }

  #reserve(bytes: number): void {
    if (this.#length + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#buffer.length * 2, this.#length + bytes));
    this.#buffer.copy(larger, 0, 0, this.#length);
    this.#buffer = larger;
  }
}
