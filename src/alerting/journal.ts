/** A keyed append-only file: one line a change, `CRC32 JSON`, compacted to a snapshot when most of it is outdated. */
import { crc32 } from 'node:zlib';
import type { Clock } from '../config/clock.ts';
import { errorCode, type StateFile, type StateFileSystem } from './state-files.ts';

export interface JournalOptions {
  readonly path: string;
  /** What the file holds, in words, e.g. `silences`. */
  readonly title: string;
  readonly fileSystem: StateFileSystem;
  readonly clock: Clock;
  /** Told once when writing begins to fail, and once when it works again. */
  readonly report: (severity: 'info' | 'warning' | 'error', text: string) => void;
  /** The state as it is now, for a snapshot. */
  readonly snapshot: () => Iterable<readonly [key: string, value: unknown]>;
}

/** A file smaller than this is never compacted. */
const COMPACT_FROM_BYTES = 1 << 20;
const COMPACT_FACTOR = 4;
const RETRY_AFTER_MS = 5_000;

const encoder = new TextEncoder();

export class Journal {
  readonly #options: JournalOptions;
  #file: StateFile | undefined;
  /** Length of what is known to be whole lines. */
  #length = 0;
  #snapshotLength = 0;
  #failedAtMs: number | undefined;
  #unsynced = false;
  #syncing: Promise<void> | undefined;
  #closed = false;

  private constructor(options: JournalOptions) {
    this.#options = options;
  }

  /** Reads the file, repairs a torn end, and gives the newest value of each key. A folder that cannot be written is reported, not thrown. */
  static open(options: JournalOptions): { readonly journal: Journal; readonly entries: ReadonlyMap<string, unknown> } {
    const journal = new Journal(options);
    let entries: ReadonlyMap<string, unknown> = new Map();
    try {
      const bytes = options.fileSystem.read(options.path) ?? new Uint8Array();
      const contents = parseJournal(bytes);
      entries = contents.entries;
      journal.#file = options.fileSystem.open(options.path);
      if (contents.wholeLength < bytes.length) {
        journal.#file.truncate(contents.wholeLength);
        options.report(
          'warning',
          `${options.path}: the last ${bytes.length - contents.wholeLength} bytes were torn by an interrupted write and have been cut off; nothing before them is lost`,
        );
      }
      if (contents.damaged > 0) {
        options.report('error', `${options.path}: ${contents.damaged} damaged lines were skipped`);
      }
      journal.#length = contents.wholeLength;
      journal.#snapshotLength = contents.wholeLength;
    } catch (error) {
      journal.#fail(error);
    }
    return { journal, entries };
  }

  /** Appends a change; undefined removes the key. Never throws: what cannot be written is reported and tried again later. */
  put(key: string, value: unknown): void {
    this.putAll([[key, value]]);
  }

  /** As `put`, for several changes at a time. */
  putAll(changes: readonly (readonly [key: string, value: unknown])[]): void {
    if (this.#closed || changes.length === 0) return;
    if (this.#failedAtMs !== undefined || this.#file === undefined) {
      if (this.#options.clock.nowMs() - (this.#failedAtMs ?? 0) >= RETRY_AFTER_MS) this.compact();
      return;
    }
    const lines = encoder.encode(changes.map(([key, value]) => journalLine(key, value)).join(''));
    try {
      this.#file.append(lines);
      this.#length += lines.length;
      this.#unsynced = true;
    } catch (error) {
      this.#fail(error);
      return;
    }
    if (this.#length > COMPACT_FROM_BYTES && this.#length > COMPACT_FACTOR * this.#snapshotLength) this.compact();
  }

  /** Resolves once every change put so far is on the disk, or writing has failed (which is reported). Calls at one time share one fsync. */
  async sync(): Promise<void> {
    // One that began before this change does not cover it.
    if (this.#syncing !== undefined) await this.#syncing;
    if (!this.#unsynced || this.#file === undefined) return;
    this.#syncing ??= this.#syncNow().finally(() => {
      this.#syncing = undefined;
    });
    await this.#syncing;
  }

  /** Replaces the file by a snapshot of the present state. */
  compact(): void {
    const lines: string[] = [];
    for (const [key, value] of this.#options.snapshot()) lines.push(journalLine(key, value));
    const bytes = encoder.encode(lines.join(''));
    try {
      this.#options.fileSystem.replace(this.#options.path, bytes);
      const outdated = this.#file;
      this.#file = undefined;
      // Its number must not be given to another file while an fsync of it is under way.
      if (this.#syncing === undefined) outdated?.close();
      else void this.#syncing.finally(() => outdated?.close());
      this.#file = this.#options.fileSystem.open(this.#options.path);
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#length = bytes.length;
    this.#snapshotLength = bytes.length;
    this.#unsynced = false;
    if (this.#failedAtMs !== undefined) {
      this.#failedAtMs = undefined;
      this.#options.report('info', `${this.#options.path}: ${this.#options.title} are being written again`);
    }
  }

  async close(): Promise<void> {
    await this.sync();
    this.#closed = true;
    this.#file?.close();
    this.#file = undefined;
  }

  async #syncNow(): Promise<void> {
    this.#unsynced = false;
    try {
      await this.#file?.sync();
    } catch (error) {
      this.#fail(error);
    }
  }

  #fail(error: unknown): void {
    const first = this.#failedAtMs === undefined;
    this.#failedAtMs = this.#options.clock.nowMs();
    if (!first) return;
    this.#options.report(
      'error',
      `${this.#options.path}: ${this.#options.title} cannot be written (${reasonText(error)}); notification goes on, but what happens from now on is forgotten by a restart until writing works again`,
    );
  }
}

/** The entries of the lines that are whole, the length up to the last of them, and how many before it are not. */
export function parseJournal(bytes: Uint8Array): {
  readonly entries: ReadonlyMap<string, unknown>;
  readonly wholeLength: number;
  readonly damaged: number;
} {
  const entries = new Map<string, unknown>();
  let wholeLength = 0;
  let damaged = 0;
  let damagedSince = 0;
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(10, start);
    if (end < 0) break;
    const record = parseLine(Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start));
    start = end + 1;
    if (record === undefined) {
      damagedSince++;
      continue;
    }
    if (record.v === undefined) entries.delete(record.k);
    else entries.set(record.k, record.v);
    wholeLength = start;
    damaged += damagedSince;
    damagedSince = 0;
  }
  return { entries, wholeLength, damaged };
}

function journalLine(key: string, value: unknown): string {
  const json = JSON.stringify({ k: key, v: value });
  return `${crc32(json).toString(16).padStart(8, '0')} ${json}\n`;
}

function parseLine(line: Buffer): { readonly k: string; readonly v?: unknown } | undefined {
  if (line.length < 10 || line[8] !== 32) return undefined;
  const json = line.subarray(9);
  if (crc32(json) !== Number.parseInt(line.toString('latin1', 0, 8), 16)) return undefined;
  return JSON.parse(json.toString('utf8')) as { readonly k: string; readonly v?: unknown };
}

function reasonText(error: unknown): string {
  switch (errorCode(error)) {
    case 'ENOSPC':
      return 'the disk is full';
    case 'EDQUOT':
      return 'the disk quota is used up';
    case 'EROFS':
      return 'the file system is read-only';
    case 'EACCES':
    case 'EPERM':
      return 'permission denied';
    case 'EIO':
      return 'the disk reports an error';
    default:
      return error instanceof Error ? error.message : String(error);
  }
}
