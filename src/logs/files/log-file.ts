/** One log file, opened once and read as it grows, whatever it is renamed to meanwhile. */
import type { LogRecord } from '../record.ts';
import { type FileBytes, openFileBytes } from './file-bytes.ts';
import { LineSplitter } from './line-splitter.ts';
import { RecordAssembler } from './record-assembler.ts';
import { type TailLimits, tailStart } from './tail-start.ts';

const READ_BYTES = 256 * 1024;
/** Of one poll, so that one busy file does not keep the others waiting. */
const MOST_BYTES_A_POLL = 8 * 1024 * 1024;
/** A record waits so long for lines that may belong to it. */
const SETTLE_MS = 400;
/** Of what was read last, to know it again. */
const REMEMBERED_BYTES = 64;
/** A line without an end waits longer: it may be half written. */
const UNFINISHED_LINE_MS = 2000;

export class LogFile {
  readonly path: string;
  readonly #bytes: FileBytes;
  readonly #identity: string;
  /** Where reading began: what is before it has not been read. */
  #start: number;
  #position = 0;
  #generation = 0;
  /** The bytes before the position. */
  #lastBytes: Buffer = Buffer.alloc(0);
  #lines = new LineSplitter();
  #records = new RecordAssembler('', '');
  #lastByteMs = 0;
  #atEnd = true;

  private constructor(path: string, bytes: FileBytes, identity: string, position: number) {
    this.path = path;
    this.#bytes = bytes;
    this.#identity = identity;
    this.#start = position;
    this.#begin(position);
  }

  /** `identity`: device and inode. `tail`: how much of what is there already is read; undefined: all. */
  static async open(path: string, identity: string, tail: TailLimits | undefined): Promise<LogFile> {
    const bytes = await openFileBytes(path);
    const size = await bytes.size();
    // What is packed after the start was read before it was.
    const position = tail !== undefined ? await tailStart(bytes, size, tail) : bytes.packed ? size : 0;
    return new LogFile(path, bytes, identity, position);
  }

  /** Everything that was written has been read. */
  get atEnd(): boolean {
    return this.#atEnd;
  }

  /**
   * Records that were completed since the last call; with `settled`, the last is taken as complete as well. `size` is
   * the file's now: where it is less than what was read, or what was read last is not there any more, the file was
   * truncated and is read from its beginning.
   */
  async poll(size: number, nowMs: number, settled: boolean): Promise<readonly LogRecord[]> {
    const records: LogRecord[] = [];
    if (size < this.#position || (size > this.#position && (await this.#isRewritten()))) {
      this.#flush(nowMs, records, true);
      this.#start = 0;
      this.#begin(0);
    }
    // Most polls find nothing: they need no buffer.
    if (size > this.#position) await this.#read(nowMs, records);
    this.#flush(nowMs, records, false);
    if (settled && this.#atEnd) records.push(...this.#records.flush());
    return records;
  }

  /** Bytes before those that were read. */
  get earlierBytes(): number {
    return this.#start;
  }

  /** Records of the last `bytes` before those that were read, whole lines only. */
  async readEarlier(bytes: number, nowMs: number): Promise<readonly LogRecord[]> {
    const from = Math.max(0, this.#start - bytes);
    const buffer = Buffer.allocUnsafe(this.#start - from);
    const { bytesRead } = await this.#bytes.read(buffer, 0, buffer.length, from);
    const block = buffer.subarray(0, bytesRead);
    // The line in which the block begins is left for the next one, unless it is longer than a block.
    const newline = from === 0 ? -1 : block.indexOf(0x0a);
    const begin = newline === block.length - 1 ? -1 : newline;
    this.#start = from + begin + 1;
    const lines = new LineSplitter(this.#start);
    const assembler = new RecordAssembler(this.path, `${this.path}:${this.#identity}:${this.#generation}`);
    const complete = [...lines.push(block.subarray(begin + 1)), lines.flush()].filter((line) => line !== undefined);
    const finished = complete.map((line) => assembler.push(line, nowMs)).filter((each) => each !== undefined);
    return [...finished, ...assembler.flush()];
  }

  /** The file's size now, by the handle: it may have no name any more. */
  async size(): Promise<number> {
    return this.#bytes.size();
  }

  /** What was still waiting, whole or not. */
  async close(nowMs: number): Promise<readonly LogRecord[]> {
    const records: LogRecord[] = [];
    this.#flush(nowMs, records, true);
    await this.#bytes.close();
    return records;
  }

  #begin(position: number): void {
    this.#position = position;
    this.#generation += 1;
    this.#lastBytes = Buffer.alloc(0);
    this.#lines = new LineSplitter(position);
    this.#records = new RecordAssembler(this.path, `${this.path}:${this.#identity}:${this.#generation}`);
  }

  /** Truncated, and written again beyond where it was, between two polls. */
  async #isRewritten(): Promise<boolean> {
    const { length } = this.#lastBytes;
    if (length === 0) return false;
    const there = Buffer.alloc(length);
    await this.#bytes.read(there, 0, length, this.#position - length);
    return !there.equals(this.#lastBytes);
  }

  async #read(nowMs: number, records: LogRecord[]): Promise<void> {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    this.#atEnd = false;
    for (let total = 0; total < MOST_BYTES_A_POLL; ) {
      const { bytesRead } = await this.#bytes.read(buffer, 0, READ_BYTES, this.#position);
      if (bytesRead === 0) {
        this.#atEnd = true;
        return;
      }
      total += bytesRead;
      this.#position += bytesRead;
      this.#lastBytes = Buffer.from(buffer.subarray(Math.max(0, bytesRead - REMEMBERED_BYTES), bytesRead));
      this.#lastByteMs = nowMs;
      for (const line of this.#lines.push(buffer.subarray(0, bytesRead))) {
        const record = this.#records.push(line, nowMs);
        if (record !== undefined) records.push(record);
      }
    }
  }

  /** Gives out what has waited long enough; `now`: whatever waits. */
  #flush(nowMs: number, records: LogRecord[], now: boolean): void {
    const quietMs = nowMs - this.#lastByteMs;
    if (!this.#atEnd && !now) return;
    if (now || (this.#lines.pendingBytes > 0 && quietMs >= UNFINISHED_LINE_MS)) {
      const line = this.#lines.flush();
      const record = line === undefined ? undefined : this.#records.push(line, nowMs);
      if (record !== undefined) records.push(record);
    }
    if (!now && (quietMs < SETTLE_MS || this.#lines.pendingBytes > 0)) return;
    records.push(...this.#records.flush());
  }
}
