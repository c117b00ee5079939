/** A file system in memory, with disks that fill up and files that forget what was not synced. */
import type { StateFile, StateFileSystem } from '../../src/alerting/state-files.ts';

export class MemoryFiles implements StateFileSystem {
  readonly files = new Map<string, Uint8Array>();
  /** What every write fails with from now on. */
  fault: { readonly code: string; readonly afterBytes?: number } | undefined;
  syncs = 0;

  makeDirectory(): void {
    this.#check();
  }

  read(path: string): Uint8Array | undefined {
    return this.files.get(path);
  }

  open(path: string): StateFile {
    this.#check();
    if (!this.files.has(path)) this.files.set(path, new Uint8Array());
    return {
      append: (bytes) => {
        if (this.fault?.afterBytes !== undefined) this.#add(path, bytes.subarray(0, this.fault.afterBytes));
        this.#check();
        this.#add(path, bytes);
      },
      truncate: (length) => {
        this.files.set(path, this.files.get(path)!.slice(0, length));
      },
      sync: async () => {
        this.syncs++;
      },
      close: () => {},
    };
  }

  replace(path: string, bytes: Uint8Array): void {
    this.#check();
    this.files.set(path, bytes);
  }

  text(path: string): string {
    return new TextDecoder().decode(this.files.get(path));
  }

  #add(path: string, bytes: Uint8Array): void {
    // No Buffer, whose `slice` shares memory: what a test damages in a copy stays whole here.
    this.files.set(path, new Uint8Array(Buffer.concat([this.files.get(path)!, bytes])));
  }

  #check(): void {
    if (this.fault !== undefined) throw Object.assign(new Error(this.fault.code), { code: this.fault.code });
  }
}
