/** Requests that wait on disk while a receiver is away: first in, first out, across restarts, bounded in bytes. */
import { mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** A file is one segment; the oldest goes as a whole when the bound is reached. */
const SEGMENT_BYTES = 8 << 20;
const HEADER_BYTES = 8;

export interface SpooledRequest {
  readonly body: Uint8Array;
  readonly samples: number;
}

interface Segment {
  readonly file: string;
  bytes: number;
  samples: number;
}

export class Spool {
  readonly #folder: string;
  readonly #mostBytes: number;
  readonly #segments: Segment[] = [];
  /** The first segment's requests that are not taken yet. */
  #head: SpooledRequest[] | undefined;
  #next = 0;
  /** One operation at a time. */
  #queue: Promise<unknown> = Promise.resolve();
  droppedSamples = 0;

  private constructor(folder: string, mostBytes: number) {
    this.#folder = folder;
    this.#mostBytes = mostBytes;
  }

  /** Takes up what an earlier run left. */
  static async open(folder: string, mostBytes: number): Promise<Spool> {
    const spool = new Spool(folder, mostBytes);
    await mkdir(folder, { recursive: true });
    for (const name of (await readdir(folder)).filter((each) => /^\d{10}$/.test(each)).sort()) {
      const file = join(folder, name);
      spool.#segments.push({ file, bytes: (await stat(file)).size, samples: 0 });
      spool.#next = Number(name) + 1;
    }
    return spool;
  }

  get isEmpty(): boolean {
    return this.#segments.length === 0;
  }

  get bytes(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.bytes, 0);
  }

  /** Rejects with the file system's error where the request could not be kept. */
  append(request: SpooledRequest): Promise<void> {
    return this.#inTurn(async () => {
      let segment = this.#segments.at(-1);
      if (segment === undefined || segment.bytes >= SEGMENT_BYTES || (segment === this.#segments[0] && this.#head)) {
        segment = { file: join(this.#folder, String(this.#next++).padStart(10, '0')), bytes: 0, samples: 0 };
        this.#segments.push(segment);
      }
      const header = Buffer.alloc(HEADER_BYTES);
      header.writeUInt32LE(request.body.length, 0);
      header.writeUInt32LE(request.samples, 4);
      const handle = await open(segment.file, 'a');
      try {
        await handle.appendFile(Buffer.concat([header, request.body]));
      } finally {
        await handle.close();
      }
      segment.bytes += HEADER_BYTES + request.body.length;
      segment.samples += request.samples;
      while (this.bytes > this.#mostBytes && this.#segments.length > 1) await this.#dropOldest();
    });
  }

  /** The oldest request, which stays until `shift`. */
  peek(): Promise<SpooledRequest | undefined> {
    return this.#inTurn(async () => {
      while (this.#segments.length > 0) {
        this.#head ??= parseSegment(await readFile(this.#segments[0]!.file));
        if (this.#head.length > 0) return this.#head[0];
        await this.#remove();
      }
      return undefined;
    });
  }

  /** The oldest request is dealt with. */
  shift(): Promise<void> {
    return this.#inTurn(async () => {
      this.#head?.shift();
      if (this.#head?.length === 0) await this.#remove();
    });
  }

  async #dropOldest(): Promise<void> {
    this.droppedSamples += this.#head?.reduce((sum, each) => sum + each.samples, 0) ?? this.#segments[0]!.samples;
    await this.#remove();
  }

  async #remove(): Promise<void> {
    this.#head = undefined;
    const segment = this.#segments.shift();
    if (segment !== undefined) await rm(segment.file, { force: true });
  }

  #inTurn<T>(action: () => Promise<T>): Promise<T> {
    const done = this.#queue.then(action);
    this.#queue = done.catch(() => {});
    return done;
  }
}

/** A request that a crash cut off ends the segment. */
function parseSegment(bytes: Buffer): SpooledRequest[] {
  const requests: SpooledRequest[] = [];
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const length = bytes.readUInt32LE(at);
    const from = at + HEADER_BYTES;
    if (from + length > bytes.length) break;
    requests.push({ body: bytes.subarray(from, from + length), samples: bytes.readUInt32LE(at + 4) });
    at = from + length;
  }
  return requests;
}
