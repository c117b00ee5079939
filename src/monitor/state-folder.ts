/** The folder that a monitor keeps its state in, and the lock that keeps a second monitor out of it. */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../alerting/state-files.ts';

/** Taking a lock over is a matter of moments: who takes longer has ended over it. */
const TAKEOVER_MS = 10_000;

export interface StateFolder {
  /** Undefined: nothing can be kept, everything is in memory. */
  readonly path: string | undefined;
  /** Why nothing can be kept, one sentence. */
  readonly fault: string | undefined;
  release(): void;
}

/** Makes and locks the folder. Never throws: without a folder the monitor runs on, in memory. */
export function openStateFolder(path: string | undefined): StateFolder {
  if (path === undefined) return { path: undefined, fault: undefined, release: () => {} };
  const lock = join(path, 'lock');
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const owner = takeLock(lock);
    if (owner !== undefined) {
      return unusable(
        `the state folder ${path} is in use by process ${owner}: state is kept in memory only (give another --state DIR)`,
      );
    }
  } catch (error) {
    return unusable(
      `the state folder ${path} cannot be used (${error instanceof Error ? error.message : String(error)}): state is kept in memory only`,
    );
  }
  return { path, fault: undefined, release: () => rmSync(lock, { force: true }) };
}

function unusable(fault: string): StateFolder {
  return { path: undefined, fault, release: () => {} };
}

/**
 * The process that holds the lock; undefined where it is ours now. A lock of a process that is gone is taken over: by one process at a
 * time, the one that made the file beside it, which becomes the lock.
 */
function takeLock(lock: string): number | undefined {
  const takeover = `${lock}.takeover`;
  for (;;) {
    if (make(lock)) return undefined;
    const owner = ownerOf(lock);
    if (owner !== process.pid && isAlive(owner)) return owner;
    if (make(takeover)) {
      // Another process may have taken it over since it was looked at.
      if (ownerOf(lock) === owner) {
        renameSync(takeover, lock);
        return undefined;
      }
      rmSync(takeover, { force: true });
    } else if (ageMs(takeover) > TAKEOVER_MS) rmSync(takeover, { force: true });
    else pause();
  }
}

/** False where there is such a file. */
function make(path: string): boolean {
  try {
    writeFileSync(path, `${process.pid}\n`, { flag: 'wx', mode: 0o600 });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The process that a lock names; 0 where there is none. */
function ownerOf(lock: string): number {
  for (let attempt = 0; attempt < 20; attempt++) {
    try {
      const text = readFileSync(lock, 'utf8');
      if (text !== '') return Number(text) || 0;
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return 0;
      throw error;
    }
    // It is being made right now.
    pause();
  }
  return 0;
}

function ageMs(path: string): number {
  return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    // A number that was given to another program since: what runs there is no watchfire.
    return process.platform !== 'linux' || readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('watchfire');
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
