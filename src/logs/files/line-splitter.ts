/** Bytes as lines with their offsets; a line that is too long is cut, and the rest of it skipped. */

export interface Line {
  /** Where it begins in the file. */
  readonly offset: number;
  readonly text: string;
  /** Bytes that were cut off. */
  readonly cutBytes: number;
}

const MAX_LINE_BYTES = 256 * 1024;

export class LineSplitter {
  readonly #maxLineBytes: number;
  #offset: number;
  #parts: Uint8Array[] = [];
  #length = 0;
  #cutBytes = 0;

  constructor(offset = 0, maxLineBytes = MAX_LINE_BYTES) {
    this.#offset = offset;
    this.#maxLineBytes = maxLineBytes;
  }

  /** Bytes that wait for the end of their line. */
  get pendingBytes(): number {
    return this.#length + this.#cutBytes;
  }

  /** The lines that these bytes complete. */
  push(bytes: Uint8Array): readonly Line[] {
    const lines: Line[] = [];
    let from = 0;
    for (let end = bytes.indexOf(0x0a); end !== -1; end = bytes.indexOf(0x0a, from)) {
      this.#append(bytes.subarray(from, end));
      lines.push(this.#take(1));
      from = end + 1;
    }
    // A copy: the caller uses its buffer again.
    if (from < bytes.length) this.#append(bytes.slice(from));
    return lines;
  }

  /** What is there of a line whose end did not come; undefined where nothing is. */
  flush(): Line | undefined {
    return this.pendingBytes === 0 ? undefined : this.#take(0);
  }

  #append(part: Uint8Array): void {
    const room = this.#maxLineBytes - this.#length;
    const kept = part.length <= room ? part : part.subarray(0, Math.max(0, room));
    if (kept.length > 0) this.#parts.push(kept);
    this.#length += kept.length;
    this.#cutBytes += part.length - kept.length;
  }

  #take(newlineBytes: number): Line {
    const text = Buffer.concat(this.#parts, this.#length).toString('utf8').replace(/\r$/, '');
    const line = {
      offset: this.#offset,
      text: this.#offset === 0 ? text.replace(/^\uFEFF/, '') : text,
      cutBytes: this.#cutBytes,
    };
    this.#offset += this.#length + this.#cutBytes + newlineBytes;
    this.#parts = [];
    this.#length = 0;
    this.#cutBytes = 0;
    return line;
  }
}
