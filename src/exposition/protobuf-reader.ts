/** Reads the fields of a protobuf message; repeated scalars packed or not. */

export class ProtobufError extends Error {
  override readonly name = 'ProtobufError';
}

export class ProtobufReader {
  readonly bytes: Uint8Array;
  at: number;
  end: number;
  #view: DataView;
  #wire = 0;

  constructor(bytes: Uint8Array, from = 0, to: number = bytes.length) {
    this.bytes = bytes;
    this.at = from;
    this.end = to;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  /** The number of the next field; 0 at the end. */
  field(): number {
    if (this.at >= this.end) return 0;
    const key = this.varint();
    this.#wire = key % 8;
    const field = Math.floor(key / 8);
    if (field === 0) throw new ProtobufError(`proto: illegal tag 0 (wire type ${this.#wire})`);
    return field;
  }

  /** An unsigned varint; beyond 2^53 the nearest double. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = this.#byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 0x80;
    }
    throw new ProtobufError('proto: integer overflow');
  }

  /** A varint that is a two's complement number of 64 bits. */
  signed(): number {
    const value = this.varint();
    return value >= 2 ** 63 ? value - 2 ** 64 : value;
  }

  zigzag(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  double(): number {
    if (this.#wire !== 1 && this.#wire !== 2) throw this.#wrongType();
    return this.#double();
  }

  text(): string {
    const to = this.#block();
    const text = Buffer.from(this.bytes.buffer, this.bytes.byteOffset + this.at, to - this.at).toString('utf8');
    this.at = to;
    return text;
  }

  /** The bounds of a message within; reading goes on behind it. */
  message(): ProtobufReader {
    const to = this.#block();
    const reader = new ProtobufReader(this.bytes, this.at, to);
    this.at = to;
    return reader;
  }

  /** Adds one repeated number, or all of a packed field. */
  repeated(into: number[], kind: 'zigzag' | 'double'): void {
    const one = (): number => (kind === 'double' ? this.#double() : this.zigzag());
    if (this.#wire !== 2) {
      into.push(one());
      return;
    }
    const to = this.#block();
    while (this.at < to) into.push(one());
    if (this.at !== to) throw new ProtobufError('unexpected EOF');
  }

  skip(): void {
    if (this.#wire === 0) this.varint();
    else if (this.#wire === 1) this.#advance(8);
    else if (this.#wire === 2) this.at = this.#block();
    else if (this.#wire === 5) this.#advance(4);
    else throw new ProtobufError(`proto: illegal wireType ${this.#wire}`);
  }

  #double(): number {
    const at = this.at;
    this.#advance(8);
    return this.#view.getFloat64(at, true);
  }

  #byte(): number {
    if (this.at >= this.end) throw new ProtobufError('unexpected EOF');
    return this.bytes[this.at++]!;
  }

  #advance(by: number): void {
    if (this.at + by > this.end) throw new ProtobufError('unexpected EOF');
    this.at += by;
  }

  /** Where the length-delimited field ends that begins here. */
  #block(): number {
    if (this.#wire !== 2) throw this.#wrongType();
    const length = this.varint();
    if (this.at + length > this.end) throw new ProtobufError('unexpected EOF');
    return this.at + length;
  }

  #wrongType(): ProtobufError {
    return new ProtobufError(`proto: wrong wireType = ${this.#wire}`);
  }
}
