/** The folder that a monitor keeps its state in, and the lock that keeps a second monitor out of it. */
import {
  closeSync,
  constants,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '../alerting/state-files.ts';

/** Taking a lock is a matter of moments: who takes longer has ended over it. */
const TAKING_MS = 10_000;

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
  return { path, fault: undefined, release: () => release(lock) };
}

/** The file stays, and with it its room on the disk. */
function release(lock: string): void {
  try {
    writeOwner(lock, 0);
  } catch {
    // Whoever comes next sees that this process is gone.
  }
}

function unusable(fault: string): StateFolder {
  return { path: undefined, fault, release: () => {} };
}

/**
 * The process that holds the lock; undefined where it is ours now. A lock of a process that is gone is taken over. Whoever writes the lock
 * holds a marker beside it, so that of several one gets it; the lock is written in place, for which there is room on a full disk, too.
 */
function takeLock(lock: string): number | undefined {
  const marker = `${lock}.taking`;
  for (;;) {
    const owner = ownerOf(lock);
    if (isOther(owner)) return owner;
    if (create(marker)) {
      try {
        // Another process may have taken it since it was looked at.
        const ownerNow = ownerOf(lock);
        if (isOther(ownerNow)) return ownerNow;
        writeOwner(lock, process.pid);
        return undefined;
      } finally {
        rmSync(marker, { force: true });
      }
    }
    if (ageMs(marker) > TAKING_MS) rmSync(marker, { force: true });
    else pause();
  }
}

/** False where there is such a file. */
function create(path: string): boolean {
  try {
    closeSync(openSync(path, 'wx', 0o600));
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

/** The process that a lock names; 0 where there is none. */
function ownerOf(lock: string): number {
  try {
    return Number(readFileSync(lock, 'utf8')) || 0;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return 0;
    throw error;
  }
}

/** 0: none. */
function writeOwner(lock: string, pid: number): void {
  const handle = openSync(lock, constants.O_RDWR | constants.O_CREAT, 0o600);
  try {
    ftruncateSync(handle, writeSync(handle, `${pid}\n`, 0));
  } finally {
    closeSync(handle);
  }
}

function ageMs(path: string): number {
  return Date.now() - (statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
}

function pause(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}

function isOther(pid: number): boolean {
  return pid !== process.pid && isAlive(pid);
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
