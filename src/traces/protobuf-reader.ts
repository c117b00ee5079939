/** Reads the protobuf wire format field by field; every read is checked against the end (protobuf encoding guide). */

export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

export class ProtobufReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at: number;
  readonly #end: number;
  #wireType = 0;

  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#at = start;
    this.#end = end;
  }

  /** The number of the next field; 0 at the end. */
  next(): number {
    if (this.#at >= this.#end) return 0;
    const tag = Number(this.varint());
    this.#wireType = tag & 7;
    const field = Math.floor(tag / 8);
    if (field === 0) throw new ProtobufError('a field has the number 0');
    return field;
  }

  varint(): bigint {
    let low = 0;
    let shift = 0;
    // Most are short: only what is longer than 28 bits needs a big integer.
    while (shift < 28) {
      const byte = this.#byte();
      low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt(low);
      shift += 7;
    }
    let value = BigInt(low);
    for (let wide = 28n; wide < 70n; wide += 7n) {
      const byte = this.#byte();
      value |= BigInt(byte & 0x7f) << wide;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new ProtobufError('a number is longer than ten bytes');
  }

  int64(): bigint {
    return BigInt.asIntN(64, this.varint());
  }

  fixed64(): bigint {
    return this.#view.getBigUint64(this.#take(8, 1), true);
  }

  double(): number {
    return this.#view.getFloat64(this.#take(8, 1), true);
  }

  bytes(): Uint8Array {
    const { start, end } = this.#delimited();
    return this.#bytes.subarray(start, end);
  }

  string(): string {
    return new TextDecoder().decode(this.bytes());
  }

  /** A reader of the message that the field holds. */
  message(): ProtobufReader {
    const { start, end } = this.#delimited();
    return new ProtobufReader(this.#bytes, start, end);
  }

  skip(): void {
    if (this.#wireType === 0) this.varint();
    else if (this.#wireType === 1) this.#take(8, 1);
    else if (this.#wireType === 2) this.#delimited();
    else if (this.#wireType === 5) this.#take(4, 5);
    else throw new ProtobufError(`wire type ${this.#wireType} is not known`);
  }

  #delimited(): { start: number; end: number } {
    if (this.#wireType !== 2) throw new ProtobufError('a field is not of the type that it should be');
    const length = Number(this.varint());
    const start = this.#at;
    if (length > this.#end - start) throw new ProtobufError('the message ends in the middle of a field');
    this.#at = start + length;
    return { start, end: this.#at };
  }

  #take(length: number, wireType: number): number {
    if (this.#wireType !== wireType) throw new ProtobufError('a field is not of the type that it should be');
    const start = this.#at;
    if (length > this.#end - start) throw new ProtobufError('the message ends in the middle of a field');
    this.#at = start + length;
    return start;
  }

  #byte(): number {
    if (this.#at >= this.#end) throw new ProtobufError('the message ends in the middle of a field');
    return this.#bytes[this.#at++]!;
  }
}
