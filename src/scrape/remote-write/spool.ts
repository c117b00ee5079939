/** Requests that wait on disk while a receiver is away: first in, first out, across restarts, bounded in bytes. */
import { appendFile, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';

/** A file is one segment; the oldest goes as a whole when the bound is reached. */
const SEGMENT_BYTES = 8 << 20;
const HEADER_BYTES = 8;
/** Leaves room for segments that are put before the first. */
const FIRST_NUMBER = 5_000_000_000;

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
  #next = FIRST_NUMBER;
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
        segment = { file: this.#file(this.#next++), bytes: 0, samples: 0 };
        this.#segments.push(segment);
      }
      await appendTo(segment, [request]);
      while (this.bytes > this.#mostBytes && this.#segments.length > 1) await this.#dropOldest();
    });
  }

  /** Puts requests before all others, in their order. Nothing may be taken afterwards: for the end of a run. */
  prepend(requests: readonly SpooledRequest[]): Promise<void> {
    return this.#inTurn(async () => {
      const first = this.#segments[0];
      const number = first === undefined ? this.#next++ : Number(basename(first.file)) - 1;
      const segment = { file: this.#file(number), bytes: 0, samples: 0 };
      this.#segments.unshift(segment);
      await appendTo(segment, requests);
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

  #file(number: number): string {
    return join(this.#folder, String(number).padStart(10, '0'));
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

async function appendTo(segment: Segment, requests: readonly SpooledRequest[]): Promise<void> {
  const parts: Uint8Array[] = [];
  for (const { body, samples } of requests) {
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(body.length, 0);
    header.writeUInt32LE(samples, 4);
    parts.push(header, body);
    segment.bytes += HEADER_BYTES + body.length;
    segment.samples += samples;
  }
  await appendFile(segment.file, Buffer.concat(parts));
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
