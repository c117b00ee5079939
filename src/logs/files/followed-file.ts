/** One log file that is read as it grows, through rotation by renaming and by truncating. */
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { LogRecord } from '../record.ts';
import { LineSplitter } from './line-splitter.ts';
import { RecordAssembler } from './record-assembler.ts';
import { type TailLimits, tailStart } from './tail-start.ts';

const READ_BYTES = 256 * 1024;
/** Of one poll, so that one busy file does not keep the others waiting. */
const MOST_BYTES_A_POLL = 8 * 1024 * 1024;
/** A record waits so long for lines that may belong to it. */
const SETTLE_MS = 400;
/** A line without an end waits longer: it may be half written. */
const UNFINISHED_LINE_MS = 2000;

export interface FollowedFileOptions {
  readonly path: string;
  /** How much of what is there already is read; undefined: all. */
  readonly tail: TailLimits | undefined;
  /** How far each file was read, by identity: one that was renamed is read on from there under its new name. */
  readonly positions: Map<string, number>;
}

export class FollowedFile {
  readonly path: string;
  readonly #positions: Map<string, number>;
  #tail: TailLimits | undefined;
  #handle: FileHandle | undefined;
  #identity = '';
  #position = 0;
  #lines = new LineSplitter();
  #records = new RecordAssembler('', '');
  #lastByteMs = 0;
  #generation = 0;
  #atEnd = true;

  constructor(options: FollowedFileOptions) {
    this.path = options.path;
    this.#tail = options.tail;
    this.#positions = options.positions;
  }

  /** Device and inode of what is being read; empty where there is no file. */
  get identity(): string {
    return this.#identity;
  }

  /**
   * Records that were completed since the last call; with `settled`, the last is taken as complete as well. Rejects
   * where the file is there but cannot be read.
   */
  async poll(nowMs: number, settled = false): Promise<readonly LogRecord[]> {
    const records: LogRecord[] = [];
    const found = await stat(this.path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    const identity = found === undefined ? '' : `${found.dev}:${found.ino}`;
    if (this.#handle !== undefined && identity !== this.#identity) {
      // Renamed away or removed: what was written to it until then is still there to be read.
      await this.#read(nowMs, records);
      // Removed, not renamed: the next file may get its inode.
      if ((await this.#handle.stat()).nlink === 0) this.#positions.delete(this.#identity);
      if (this.#atEnd || found !== undefined) await this.#finish(nowMs, records);
    }
    if (found?.isFile() && this.#handle === undefined) await this.#open(identity);
    if (this.#handle !== undefined) {
      if (found !== undefined && identity === this.#identity && found.size < this.#position) {
        // Truncated: what comes now is another log under the same inode.
        this.#flush(nowMs, records, true);
        this.#positions.delete(this.#identity);
        this.#begin(0);
      }
      // Most polls find nothing: they need no buffer.
      if (found === undefined || found.size > this.#position) await this.#read(nowMs, records);
    }
    this.#flush(nowMs, records, false);
    const last = settled && this.#atEnd ? this.#records.flush() : undefined;
    if (last !== undefined) records.push(last);
    return records;
  }

  /** The record that is still waiting, whole or not. */
  async close(nowMs: number): Promise<readonly LogRecord[]> {
    const records: LogRecord[] = [];
    await this.#finish(nowMs, records);
    return records;
  }

  async #open(identity: string): Promise<void> {
    this.#handle = await open(this.path, 'r');
    this.#identity = identity;
    const { size } = await this.#handle.stat();
    const tail = this.#tail;
    // Only what was there at the start is left out: a file that comes later is new from its beginning.
    this.#tail = undefined;
    const read = this.#positions.get(identity);
    if (read !== undefined && read <= size) this.#begin(read);
    else this.#begin(tail === undefined ? 0 : await tailStart(this.#handle, size, tail));
  }

  #begin(position: number): void {
    this.#position = position;
    this.#generation += 1;
    this.#lines = new LineSplitter(position);
    this.#records = new RecordAssembler(this.path, `${this.path}:${this.#identity}:${this.#generation}`);
  }

  async #read(nowMs: number, records: LogRecord[]): Promise<void> {
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    this.#atEnd = false;
    for (let total = 0; total < MOST_BYTES_A_POLL; ) {
      const { bytesRead } = await this.#handle!.read(buffer, 0, READ_BYTES, this.#position);
      if (bytesRead === 0) {
        this.#atEnd = true;
        return;
      }
      total += bytesRead;
      this.#position += bytesRead;
      this.#positions.set(this.#identity, this.#position);
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
    const record = this.#records.flush();
    if (record !== undefined) records.push(record);
  }

  async #finish(nowMs: number, records: LogRecord[]): Promise<void> {
    this.#flush(nowMs, records, true);
    await this.#handle?.close();
    this.#handle = undefined;
    this.#identity = '';
  }
}
