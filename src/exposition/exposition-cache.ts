/** Line heads of a target's last bodies with the numbers of their series: what was there before is found by its bytes and never made a string again. */

/** Parses that a head may be missing from before it is forgotten. */
const PATIENCE = 3;

export class ExpositionCache {
  /** The bytes of all heads, one after the other. */
  #bytes: Uint8Array = new Uint8Array(4096);
  #words: DataView = new DataView(this.#bytes.buffer);
  /** The body that is being read. */
  #body: Uint8Array = this.#bytes;
  #bodyWords = this.#words;
  #used = 0;
  #size = 0;
  #starts = new Int32Array(256);
  #lengths = new Int32Array(256);
  #hashes = new Int32Array(256);
  #numbers = new Float64Array(256);
  /** The last parse that had the entry. */
  #seen = new Int32Array(256);
  /** Open addressing: entry + 1. */
  #table = new Int32Array(1024);
  /** Entries in the order of the last parse, and of this one. */
  #before = new Int32Array(256);
  #beforeLength = 0;
  #now = new Int32Array(256);
  #nowLength = 0;
  #cursor = 0;
  /** Where in `#before` an entry stood. */
  #position = new Int32Array(256);
  #parse = 0;
  /** Taken last in this parse; −1 for none. */
  #last = -1;

  /** Heads held. */
  get size(): number {
    return this.#size;
  }

  begin(): void {
    this.#parse++;
    this.#cursor = 0;
    this.#last = -1;
    this.#nowLength = 0;
  }

  /** The entry that followed in the last parse, or the one taken last, if its bytes stand at `from`; −1 otherwise. It counts as seen only by `take`. */
  expected(bytes: Uint8Array, from: number): number {
    if (this.#cursor < this.#beforeLength) {
      const entry = this.#before[this.#cursor]!;
      if (this.#stands(entry, bytes, from)) return entry;
    }
    return this.#last >= 0 && this.#stands(this.#last, bytes, from) ? this.#last : -1;
  }

  /** The entry with these bytes; −1 where there is none. */
  find(bytes: Uint8Array, from: number, to: number): number {
    const hash = hashOf(bytes, from, to);
    const mask = this.#table.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const entry = this.#table[at]! - 1;
      if (entry < 0) return -1;
      if (this.#hashes[entry] === hash && this.#equals(entry, bytes, from, to)) return entry;
    }
  }

  add(bytes: Uint8Array, from: number, to: number, number: number): number {
    const entry = this.#append(bytes, from, to, hashOf(bytes, from, to), number);
    this.#file(entry);
    return entry;
  }

  /** The entry is in this parse: expects its successor of the last one. */
  take(entry: number): void {
    if (this.#seen[entry] === this.#parse - 1) this.#cursor = this.#position[entry]! + 1;
    this.#seen[entry] = this.#parse;
    this.#last = entry;
    this.#now[this.#nowLength++] = entry;
    if (this.#nowLength === this.#now.length) this.#now = grown(this.#now, new Int32Array(this.#nowLength * 2));
  }

  length(entry: number): number {
    return this.#lengths[entry]!;
  }

  number(entry: number): number {
    return this.#numbers[entry]!;
  }

  /** The parse went well: what it had is expected next time, and what was long missing goes. */
  end(sink: { forget?(series: number): void }): void {
    this.#body = this.#bytes;
    this.#bodyWords = this.#words;
    for (let i = 0; i < this.#nowLength; i++) this.#position[this.#now[i]!] = i;
    [this.#before, this.#now] = [this.#now, this.#before];
    this.#beforeLength = this.#nowLength;
    let missing = 0;
    for (let entry = 0; entry < this.#size; entry++) if (this.#seen[entry]! + PATIENCE < this.#parse) missing++;
    if (missing > 0) this.#compact(sink);
  }

  #compact(sink: { forget?(series: number): void }): void {
    const bytes = this.#bytes;
    const [starts, lengths, hashes, numbers, seen] = [
      this.#starts.slice(),
      this.#lengths.slice(),
      this.#hashes.slice(),
      this.#numbers.slice(),
      this.#seen.slice(),
    ];
    const size = this.#size;
    const moved = new Int32Array(size);
    this.#hold(new Uint8Array(bytes.length));
    this.#used = 0;
    this.#size = 0;
    this.#table.fill(0);
    for (let entry = 0; entry < size; entry++) {
      const start = starts[entry]!;
      if (seen[entry]! + PATIENCE < this.#parse) {
        if (bytes[start] !== 0x23) sink.forget?.(numbers[entry]!);
        continue;
      }
      const kept = this.#append(bytes, start, start + lengths[entry]!, hashes[entry]!, numbers[entry]!);
      this.#seen[kept] = seen[entry]!;
      moved[entry] = kept;
      this.#file(kept);
    }
    for (let i = 0; i < this.#beforeLength; i++) {
      this.#before[i] = moved[this.#before[i]!]!;
      this.#position[this.#before[i]!] = i;
    }
  }

  #append(bytes: Uint8Array, from: number, to: number, hash: number, number: number): number {
    const length = to - from;
    if (this.#used + length > this.#bytes.length) {
      this.#hold(grown(this.#bytes, new Uint8Array(Math.max(this.#bytes.length * 2, this.#used + length))));
    }
    if (this.#size === this.#starts.length) {
      const size = this.#size * 2;
      this.#starts = grown(this.#starts, new Int32Array(size));
      this.#lengths = grown(this.#lengths, new Int32Array(size));
      this.#hashes = grown(this.#hashes, new Int32Array(size));
      this.#numbers = grown(this.#numbers, new Float64Array(size));
      this.#seen = grown(this.#seen, new Int32Array(size));
      this.#position = grown(this.#position, new Int32Array(size));
    }
    const entry = this.#size++;
    this.#bytes.set(bytes.subarray(from, to), this.#used);
    this.#starts[entry] = this.#used;
    this.#lengths[entry] = length;
    this.#hashes[entry] = hash;
    this.#numbers[entry] = number;
    this.#seen[entry] = -PATIENCE - 1;
    this.#used += length;
    return entry;
  }

  #file(entry: number): void {
    if (this.#size * 2 > this.#table.length) {
      this.#table = new Int32Array(this.#table.length * 2);
      for (let each = 0; each < entry; each++) this.#insert(each);
    }
    this.#insert(entry);
  }

  #insert(entry: number): void {
    const mask = this.#table.length - 1;
    let at = this.#hashes[entry]! & mask;
    while (this.#table[at] !== 0) at = (at + 1) & mask;
    this.#table[at] = entry + 1;
  }

  #equals(entry: number, bytes: Uint8Array, from: number, to: number): boolean {
    return this.#lengths[entry] === to - from && this.#stands(entry, bytes, from);
  }

  #stands(entry: number, bytes: Uint8Array, from: number): boolean {
    const length = this.#lengths[entry]!;
    if (from + length > bytes.length) return false;
    if (bytes !== this.#body) this.#read(bytes);
    const heads = this.#words;
    const body = this.#bodyWords;
    const start = this.#starts[entry]!;
    // The end differs sooner than the beginning.
    let i = length - 4;
    for (; i >= 0; i -= 4) if (heads.getInt32(start + i) !== body.getInt32(from + i)) return false;
    for (i += 3; i >= 0; i--) if (heads.getUint8(start + i) !== body.getUint8(from + i)) return false;
    return true;
  }

  #read(body: Uint8Array): void {
    this.#body = body;
    this.#bodyWords = new DataView(body.buffer, body.byteOffset, body.length);
  }

  #hold(heads: Uint8Array): void {
    this.#bytes = heads;
    this.#words = new DataView(heads.buffer);
  }
}

function hashOf(bytes: Uint8Array, from: number, to: number): number {
  let hash = 0x811c9dc5;
  for (let i = from; i < to; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash ^ (hash >>> 15);
}

function grown<T extends { set(from: T): void }>(from: T, into: T): T {
  into.set(from);
  return into;
}
