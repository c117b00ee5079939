/** What the write-ahead log asks of a file system, and the real one. */
import { type FileHandle, mkdir, open, readdir, readFile, rename, rm, truncate } from 'node:fs/promises';

/** A file that grows. */
export interface GrowingFile {
  /** All of the bytes, or a rejection after which the file may end anywhere. */
  write(bytes: Uint8Array): Promise<void>;
  /** Returns once what was written survives a crash of the machine. */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export interface Files {
  makeDirectory(path: string): Promise<void>;
  /** Names in the directory, in any order. */
  list(path: string): Promise<string[]>;
  read(path: string): Promise<Uint8Array>;
  /** A new, empty file; rejects with code EEXIST where there is one of the name. */
  create(path: string): Promise<GrowingFile>;
  truncate(path: string, length: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Makes names in the directory survive a crash. */
  syncDirectory(path: string): Promise<void>;
}

export const nodeFiles: Files = {
  makeDirectory: async (path) => {
    await mkdir(path, { recursive: true });
  },
  list: (path) => readdir(path),
  read: (path) => readFile(path),
  create: async (path) => growing(await open(path, 'wx')),
  truncate,
  rename,
  remove: (path) => rm(path, { force: true }),
  syncDirectory: async (path) => {
    const handle = await open(path, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
};

function growing(handle: FileHandle): GrowingFile {
  return {
    write: async (bytes) => {
      for (let at = 0; at < bytes.length; ) at += (await handle.write(bytes, at)).bytesWritten;
    },
    sync: () => handle.datasync(),
    close: () => handle.close(),
  };
}
