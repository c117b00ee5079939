import type { Files, GrowingFile } from '../../src/storage/wal/files.ts';

/** A file system in memory that can be torn, filled up and made read-only. */
export class MemoryFiles implements Files {
  readonly contents = new Map<string, Uint8Array>();
  /** Bytes that may still be written; beyond that it is full. */
  room = Number.POSITIVE_INFINITY;
  readOnly = false;
  syncs = 0;

  async makeDirectory(): Promise<void> {
    if (this.readOnly) throw new Error('EROFS: read-only file system');
  }

  async list(path: string): Promise<string[]> {
    return [...this.contents.keys()]
      .filter((name) => name.startsWith(`${path}/`))
      .map((name) => name.slice(path.length + 1));
  }

  async read(path: string): Promise<Uint8Array> {
    const content = this.contents.get(path);
    if (content === undefined) throw new Error(`ENOENT: ${path}`);
    return content.slice();
  }

  async create(path: string): Promise<GrowingFile> {
    if (this.readOnly) throw new Error('EROFS: read-only file system');
    if (this.contents.has(path)) throw Object.assign(new Error(`EEXIST: ${path}`), { code: 'EEXIST' });
    this.contents.set(path, new Uint8Array(0));
    return {
      write: async (bytes) => {
        const fitting = bytes.subarray(0, Math.min(bytes.length, this.room));
        this.room -= fitting.length;
        // No Buffer, whose `slice` shares memory: what a test damages in a copy stays whole here.
        this.contents.set(path, new Uint8Array(Buffer.concat([this.contents.get(path)!, fitting])));
        if (fitting.length < bytes.length) throw new Error('ENOSPC: no space left on device');
      },
      sync: async () => {
        this.syncs++;
      },
      close: async () => {},
    };
  }

  async truncate(path: string, length: number): Promise<void> {
    this.contents.set(path, this.contents.get(path)!.slice(0, length));
  }

  async rename(from: string, to: string): Promise<void> {
    this.contents.set(to, this.contents.get(from)!);
    this.contents.delete(from);
  }

  async remove(path: string): Promise<void> {
    this.contents.delete(path);
  }

  async syncDirectory(): Promise<void> {}

  copy(): MemoryFiles {
    const copy = new MemoryFiles();
    for (const [name, content] of this.contents) copy.contents.set(name, content.slice());
    return copy;
  }
}
