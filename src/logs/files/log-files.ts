/** The log files behind a set of paths: each file once by its inode, through renaming, truncating, links and removal. */
import { stat } from 'node:fs/promises';
import type { LogRecord } from '../record.ts';
import { LogFile } from './log-file.ts';
import type { TailLimits } from './tail-start.ts';

/** A file that no path names any more is read on for so long: a logger that rotates may still be writing to it, and its new name still has to be found. */
const LINGER_MS = 5000;

export interface PolledFiles {
  readonly records: readonly LogRecord[];
  /** Paths with a file. */
  readonly found: number;
  /** What could not be read, and why. */
  readonly faults: readonly string[];
}

interface OpenFile {
  readonly file: LogFile;
  lastSeenMs: number;
  /** Of the records that were read. */
  oldestMs: number;
}

const BLOCK_BYTES = 1024 * 1024;

export class LogFiles {
  /** By device and inode. */
  readonly #open = new Map<string, OpenFile>();

  /** What the files have to tell since the last call. `tail` says how much of files not met before is read; undefined: all. */
  async poll(paths: readonly string[], nowMs: number, tail?: TailLimits): Promise<PolledFiles> {
    const records: LogRecord[] = [];
    const faults: string[] = [];
    let found = 0;
    for (const path of paths) {
      try {
        if (await this.#meet(path, nowMs, tail)) found += 1;
      } catch (error) {
        faults.push(`${path}: ${reasonOf(error as NodeJS.ErrnoException)}`);
      }
    }
    for (const [identity, open] of this.#open) {
      const { file, lastSeenMs } = open;
      try {
        const polled = await file.poll(await file.size(), nowMs, tail !== undefined);
        const [oldest] = polled;
        // Only the first that is read says how far back it goes.
        if (oldest !== undefined && open.oldestMs === Number.POSITIVE_INFINITY) open.oldestMs = oldest.timestampMs;
        for (const record of polled) records.push(record);
        if (nowMs - lastSeenMs < LINGER_MS || !file.atEnd) continue;
        this.#open.delete(identity);
        records.push(...(await file.close(nowMs)));
      } catch (error) {
        faults.push(`${file.path}: ${reasonOf(error as NodeJS.ErrnoException)}`);
        this.#open.delete(identity);
        await file.close(nowMs).catch(() => undefined);
      }
    }
    return { records, found, faults };
  }

  /** Reads back in each file until it has records from before `untilMs`, at most `mostBytes` in all. */
  async readBack(untilMs: number, nowMs: number, mostBytes: number): Promise<readonly LogRecord[]> {
    const records: LogRecord[] = [];
    let left = mostBytes;
    for (const open of this.#open.values()) {
      while (left > 0 && open.file.earlierBytes > 0 && open.oldestMs > untilMs) {
        const bytes = Math.min(BLOCK_BYTES, open.file.earlierBytes, left);
        left -= bytes;
        const earlier = await open.file.readEarlier(bytes, nowMs);
        for (const record of earlier)
          if (!record.timestampGuessed) open.oldestMs = Math.min(open.oldestMs, record.timestampMs);
        for (const record of earlier) records.push(record);
      }
    }
    return records;
  }

  async close(nowMs: number): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ file }) => file.close(nowMs)));
    this.#open.clear();
  }

  /** Whether there is a file under the path; opens it where its inode is new. */
  async #meet(path: string, nowMs: number, tail: TailLimits | undefined): Promise<boolean> {
    const status = await stat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return undefined;
      throw error;
    });
    if (!status?.isFile()) return false;
    const identity = `${status.dev}:${status.ino}`;
    const known = this.#open.get(identity);
    if (known !== undefined) known.lastSeenMs = nowMs;
    else
      this.#open.set(identity, {
        file: await LogFile.open(path, identity, tail),
        lastSeenMs: nowMs,
        oldestMs: Number.POSITIVE_INFINITY,
      });
    return true;
  }
}

function reasonOf(error: NodeJS.ErrnoException): string {
  if (error.code === 'EACCES' || error.code === 'EPERM') return 'may not be read by this user';
  if (error.code === 'EISDIR') return 'is a directory';
  return error.message;
}
