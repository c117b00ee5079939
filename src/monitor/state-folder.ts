/** The folder that a monitor keeps its state in, and the lock that keeps a second monitor out of it. */
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';

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

/** The process that holds the lock; undefined where it is ours now. A lock of a process that is gone is taken over. */
function takeLock(lock: string): number | undefined {
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      const handle = openSync(lock, 'wx', 0o600);
      writeSync(handle, `${process.pid}\n`);
      closeSync(handle);
      return undefined;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const owner = Number(readFileSync(lock, 'utf8'));
    if (owner !== process.pid && isAlive(owner)) return owner;
    rmSync(lock, { force: true });
  }
  return undefined;
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid <= 0) return false;
  try {
    process.kill(pid, 0);
    // A number that was given to another program since: what runs there is no watchfire.
    return process.platform !== 'linux' || readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('watchfire');
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}
