/**
 * The write-ahead log: every committed batch in segment files, flushed at an interval; now and then a snapshot, after which older segments go.
 * A directory holds `00000007.log`, … and at most one whole `00000007.snapshot`, which stands for all segments before the seventh.
 */
import { join } from 'node:path';
import type { Clock, Timer } from '../../config/clock.ts';
import type { Labels } from '../../labels/labels.ts';
import type { SeriesRef } from '../appender.ts';
import type { BatchColumns } from '../batch.ts';
import { copied } from '../chunk-table.ts';
import type { Head, Journal } from '../head.ts';
import { writeBatch } from './batch-record.ts';
import { ByteWriter } from './bytes.ts';
import type { Files, GrowingFile } from './files.ts';
import { writeSnapshot } from './snapshot.ts';

export interface LogOptions {
  readonly directory: string;
  readonly files: Files;
  readonly clock: Clock;
  /** Between two flushes: the most that a crash can lose. */
  readonly flushIntervalMs: number;
  /** A segment that is longer ends. */
  readonly segmentBytes: number;
  /** Log written since the last snapshot that makes the next one worth while. */
  readonly snapshotAfterBytes: number;
  /** Told when writing begins to fail, and when it goes on. */
  readonly onProblem: (problem: LogProblem) => void;
}

export interface LogProblem {
  /** Each fails and recovers for itself. */
  readonly part: 'log' | 'snapshot';
  readonly isOver: boolean;
  readonly message: string;
}

/** A snapshot that failed is tried again after this. */
const SNAPSHOT_RETRY_MS = 60_000;

export class WriteAheadLog implements Journal {
  readonly #head: Head;
  readonly #options: LogOptions;
  #pending = new ByteWriter();
  #flushing = new ByteWriter();
  /** By slot, the reference (plus one) that a reader of the log knows by then. */
  #declared = new Float64Array(1024);
  #segment: number;
  #file: GrowingFile | undefined;
  #filePath = '';
  #fileBytes = 0;
  /** Infinite where only a snapshot can hold all there is. */
  #bytesSinceSnapshot: number;
  #failing = false;
  #snapshotFailing = false;
  #nextSnapshotMs = Number.NEGATIVE_INFINITY;
  #closed = false;
  #timer: Timer | undefined;
  #work: Promise<void> = Promise.resolve();

  /** `nextSegment`: the first number without a file. `bytes`: of the segments there. */
  constructor(head: Head, options: LogOptions, nextSegment: number, bytes: number) {
    this.#head = head;
    this.#options = options;
    this.#segment = nextSegment;
    this.#bytesSinceSnapshot = bytes;
    this.#arm();
  }

  append(columns: BatchColumns, kept: boolean): void {
    if (columns.length + columns.exemplars.length + columns.metadata.length === 0) return;
    const fresh = this.#undeclared(columns);
    const start = this.#pending.beginRecord();
    writeBatch(this.#pending, columns, kept, fresh);
    this.#pending.endRecord(start);
  }

  /** The series of a batch that a reader of the log does not know yet; it will by the record that comes now. */
  #undeclared(columns: BatchColumns): [SeriesRef, Labels][] {
    const fresh: [SeriesRef, Labels][] = [];
    const { refs, length } = columns;
    for (let i = 0; i < length; i++) this.#declare(refs[i]!, fresh);
    for (const { ref } of columns.exemplars) this.#declare(ref, fresh);
    return fresh;
  }

  #declare(ref: SeriesRef, fresh: [SeriesRef, Labels][]): void {
    const slot = this.#head.slotOf(ref);
    if (slot < 0 || this.#declared[slot] === ref + 1) return;
    if (slot >= this.#declared.length) this.#declared = copied(this.#declared, new Float64Array(slot * 2));
    this.#declared[slot] = ref + 1;
    fresh.push([ref, this.#head.index.labels[slot]!]);
  }

  /** Writes what is pending, and makes it survive a crash. Never rejects: trouble goes to `onProblem`. */
  flush(): Promise<void> {
    this.#work = this.#work.then(() => this.#flush());
    return this.#work;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.flush();
    await this.#file?.close().catch(() => {});
    this.#file = undefined;
  }

  #arm(): void {
    if (this.#closed) return;
    this.#timer = this.#options.clock.after(this.#options.flushIntervalMs, () => {
      void this.flush().then(() => this.#arm());
    });
  }

  async #flush(): Promise<void> {
    // The last chance of what came while nothing could be written.
    const isLastChance = this.#closed && this.#failing;
    if (this.#pending.length > 0 || isLastChance) await this.#write();
    if (this.#fileBytes > this.#options.segmentBytes) await this.#end();
    if (this.#isSnapshotDue()) await this.#snapshot();
  }

  async #write(): Promise<void> {
    const writer = this.#pending;
    this.#pending = this.#flushing;
    this.#flushing = writer;
    try {
      if (this.#file === undefined) await this.#begin();
      await this.#file!.write(writer.view());
      await this.#file!.sync();
      this.#fileBytes += writer.length;
      this.#bytesSinceSnapshot += writer.length;
      if (this.#failing) {
        this.#report('log', true, 'the write-ahead log is written again');
        // Only a snapshot has what came meanwhile.
        this.#bytesSinceSnapshot = Number.POSITIVE_INFINITY;
      }
      this.#failing = false;
    } catch (error) {
      if (!this.#failing)
        this.#report('log', false, `cannot write the write-ahead log, going on in memory: ${said(error)}`);
      this.#failing = true;
      await this.#abandon();
    }
    writer.clear();
  }

  #isSnapshotDue(): boolean {
    if (this.#failing || this.#bytesSinceSnapshot <= this.#options.snapshotAfterBytes) return false;
    if (this.#closed && this.#bytesSinceSnapshot === Number.POSITIVE_INFINITY) return true;
    return this.#options.clock.nowMs() >= this.#nextSnapshotMs;
  }

  async #begin(): Promise<void> {
    const { files, directory } = this.#options;
    await files.makeDirectory(directory);
    for (;;) {
      try {
        this.#filePath = join(directory, segmentName(this.#segment++));
        this.#file = await files.create(this.#filePath);
        break;
      } catch (error) {
        // Another process logs to the same directory: its segments are left alone.
        if ((error as { readonly code?: unknown }).code !== 'EEXIST') throw error;
      }
    }
    this.#fileBytes = 0;
    await files.syncDirectory(directory);
  }

  async #end(): Promise<void> {
    await this.#file?.close().catch(() => {});
    this.#file = undefined;
    this.#fileBytes = 0;
  }

  /** The segment may end in half a record: the next one tells readers of every series anew. */
  async #abandon(): Promise<void> {
    // A disk that stays full must not gather a file at each attempt.
    const isWorthless = this.#file !== undefined && this.#fileBytes === 0;
    await this.#end();
    if (isWorthless) await this.#options.files.remove(this.#filePath).catch(() => {});
    this.#declared.fill(0);
    // What was gathered meanwhile names series that the lost bytes introduced.
    this.#pending.clear();
  }

  async #snapshot(): Promise<void> {
    const { files, directory, clock } = this.#options;
    await this.#end();
    const segment = this.#segment;
    const path = join(directory, snapshotName(segment));
    try {
      await files.remove(`${path}.tmp`);
      const file = await files.create(`${path}.tmp`);
      try {
        await writeSnapshot(this.#head, (piece) => file.write(piece));
        await file.sync();
      } finally {
        await file.close();
      }
      await files.rename(`${path}.tmp`, path);
      await files.syncDirectory(directory);
      for (const name of await files.list(directory)) {
        const number = numberOf(name);
        if (number !== undefined && number < segment) await files.remove(join(directory, name));
      }
      this.#bytesSinceSnapshot = 0;
      if (this.#snapshotFailing) this.#report('snapshot', true, 'a snapshot of the write-ahead log is written again');
      this.#snapshotFailing = false;
    } catch (error) {
      if (!this.#snapshotFailing)
        this.#report('snapshot', false, `cannot write a snapshot, the write-ahead log grows on: ${said(error)}`);
      this.#snapshotFailing = true;
      this.#nextSnapshotMs = clock.nowMs() + SNAPSHOT_RETRY_MS;
      await files.remove(`${path}.tmp`).catch(() => {});
    }
  }

  #report(part: LogProblem['part'], isOver: boolean, message: string): void {
    this.#options.onProblem({ part, isOver, message });
  }
}

function segmentName(number: number): string {
  return `${String(number).padStart(8, '0')}.log`;
}

function snapshotName(number: number): string {
  return `${String(number).padStart(8, '0')}.snapshot`;
}

/** The number of a segment, a snapshot or half a snapshot; undefined for any other file. */
export function numberOf(name: string): number | undefined {
  const digits = /^(\d{8,})\.(?:log|snapshot|snapshot\.tmp)$/.exec(name)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function said(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
