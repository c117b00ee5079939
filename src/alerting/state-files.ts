/** The file system as the state folder needs it, and the real one. */
import * as fs from 'node:fs';
import { dirname } from 'node:path';

export interface StateFileSystem {
  /** With its parents; nothing where it is there. */
  makeDirectory(path: string): void;
  /** Undefined where there is no such file. */
  read(path: string): Uint8Array | undefined;
  /** For appending; made where it is missing. */
  open(path: string): StateFile;
  /** All or nothing, on the disk when it returns: a temporary file, fsync, rename, fsync of the folder. */
  replace(path: string, bytes: Uint8Array): void;
}

export interface StateFile {
  /** Written as a whole, or throws. */
  append(bytes: Uint8Array): void;
  truncate(length: number): void;
  /** Resolves once everything appended is on the disk. */
  sync(): Promise<void>;
  close(): void;
}

export const nodeStateFileSystem: StateFileSystem = {
  makeDirectory: (path) => {
    fs.mkdirSync(path, { recursive: true, mode: 0o700 });
  },
  read: (path) => unlessMissing(() => fs.readFileSync(path)),
  open: (path) => openFile(path),
  replace(path, bytes) {
    const temporary = `${path}.tmp`;
    const handle = fs.openSync(temporary, 'w', 0o600);
    try {
      writeAll(handle, bytes);
      fs.fsyncSync(handle);
    } finally {
      fs.closeSync(handle);
    }
    fs.renameSync(temporary, path);
    syncDirectory(dirname(path));
  },
};

/** The code of a system error (`ENOSPC`), or the empty string. */
export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

function unlessMissing<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function openFile(path: string): StateFile {
  const handle = fs.openSync(path, 'a', 0o600);
  return {
    append: (bytes) => writeAll(handle, bytes),
    truncate: (length) => fs.ftruncateSync(handle, length),
    sync: () =>
      new Promise((resolve, reject) => fs.fsync(handle, (error) => (error === null ? resolve() : reject(error)))),
    close: () => fs.closeSync(handle),
  };
}

function writeAll(handle: number, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length; ) written += fs.writeSync(handle, bytes, written);
}

/** Without it a rename may be lost with the power; where a folder cannot be opened (Windows) there is nothing to do. */
function syncDirectory(path: string): void {
  let handle: number;
  try {
    handle = fs.openSync(path, 'r');
  } catch {
    return;
  }
  try {
    fs.fsyncSync(handle);
  } finally {
    fs.closeSync(handle);
  }
}
