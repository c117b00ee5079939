/** Snappy's block format (https://github.com/google/snappy/blob/main/format_description.txt): compression only. */

const BLOCK_BYTES = 1 << 16;
const TABLE_BITS = 14;
/** Matches end this far from the end, so that four bytes can always be read. */
const MARGIN = 15;

export function snappyCompress(input: Uint8Array): Uint8Array {
  const out = new Output(input);
  out.varint(input.length);
  const table = new Uint16Array(1 << TABLE_BITS);
  for (let from = 0; from < input.length; from += BLOCK_BYTES) {
    compressBlock(input, from, Math.min(input.length, from + BLOCK_BYTES), table, out);
  }
  return out.bytes();
}

function compressBlock(input: Uint8Array, from: number, to: number, table: Uint16Array, out: Output): void {
  table.fill(0);
  let literal = from;
  let at = from + 1;
  // The longer nothing matches, the bigger the steps: bytes that do not compress are passed over quickly.
  let misses = 32;
  while (at < to - MARGIN) {
    const word = wordAt(input, at);
    const slot = Math.imul(word, 0x1e35a7bd) >>> (32 - TABLE_BITS);
    const candidate = from + table[slot]!;
    table[slot] = at - from;
    if (candidate >= at || wordAt(input, candidate) !== word) {
      at += misses++ >> 5;
      continue;
    }
    let length = 4;
    while (at + length < to && input[at + length] === input[candidate + length]) length++;
    out.literal(literal, at);
    out.copy(at - candidate, length);
    at += length;
    literal = at;
    misses = 32;
  }
  out.literal(literal, to);
}

function wordAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

class Output {
  readonly #input: Uint8Array;
  readonly #bytes: Uint8Array;
  #length = 0;

  constructor(input: Uint8Array) {
    this.#input = input;
    this.#bytes = new Uint8Array(32 + input.length + Math.ceil(input.length / 6));
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  varint(value: number): void {
    let rest = value;
    for (; rest > 0x7f; rest >>>= 7) this.#byte((rest & 0x7f) | 0x80);
    this.#byte(rest);
  }

  literal(from: number, to: number): void {
    const length = to - from;
    if (length === 0) return;
    if (length <= 60) this.#byte((length - 1) << 2);
    else if (length <= 256) {
      this.#byte(60 << 2);
      this.#byte(length - 1);
    } else {
      this.#byte(61 << 2);
      this.#byte((length - 1) & 0xff);
      this.#byte((length - 1) >> 8);
    }
    this.#bytes.set(this.#input.subarray(from, to), this.#length);
    this.#length += length;
  }

  copy(offset: number, length: number): void {
    let left = length;
    // A copy has 1 to 64 bytes; what is left for the last must not be less than the 4 of its short form.
    while (left >= 68) {
      this.#longCopy(offset, 64);
      left -= 64;
    }
    if (left > 64) {
      this.#longCopy(offset, 60);
      left -= 60;
    }
    if (left >= 12 || offset >= 2048) this.#longCopy(offset, left);
    else {
      this.#byte(((offset >> 8) << 5) | ((left - 4) << 2) | 1);
      this.#byte(offset & 0xff);
    }
  }

  #longCopy(offset: number, length: number): void {
    this.#byte(((length - 1) << 2) | 2);
    this.#byte(offset & 0xff);
    this.#byte(offset >> 8);
  }

  #byte(value: number): void {
    this.#bytes[this.#length++] = value;
  }
}
