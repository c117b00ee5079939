/** A head that outlives its process: read from its directory, and logged there from then on. */
import { join } from 'node:path';
import { type Clock, systemClock } from '../config/clock.ts';
import type { SeriesRef } from './appender.ts';
import { Head, type HeadOptions } from './head.ts';
import { readBatch } from './wal/batch-record.ts';
import { ByteReader, readRecords } from './wal/bytes.ts';
import { type Files, nodeFiles } from './wal/files.ts';
import { loadSnapshot } from './wal/snapshot.ts';
import { type LogProblem, numberOf, WriteAheadLog } from './wal/write-ahead-log.ts';

export interface DurableHeadOptions extends HeadOptions {
  /** Made where it is not there. */
  readonly directory: string;
  readonly files?: Files | undefined;
  readonly clock?: Clock | undefined;
  /** Default 5,000: the most that a crash can lose. */
  readonly flushIntervalMs?: number | undefined;
  /** Default 32 MiB. */
  readonly segmentBytes?: number | undefined;
  /** Default 128 MiB. */
  readonly snapshotAfterBytes?: number | undefined;
  readonly onProblem?: ((problem: LogProblem) => void) | undefined;
  /** Told of each file that was torn or corrupt, or could not be read. */
  readonly onRepair?: ((repair: Repair) => void) | undefined;
}

export type StoredHeadOptions = Pick<DurableHeadOptions, 'directory' | 'files' | 'onRepair'> & HeadOptions;

export interface Repair {
  readonly file: string;
  readonly lostBytes: number;
  readonly reason: string;
}

/** Never rejects for what is in the directory: what cannot be read is left out and reported. */
export async function openHead(options: DurableHeadOptions): Promise<Head> {
  const head = new Head(options);
  const files = options.files ?? nodeFiles;
  const found = await replay(head, options, files, true);
  head.journal = new WriteAheadLog(
    head,
    {
      directory: options.directory,
      files,
      clock: options.clock ?? systemClock,
      flushIntervalMs: options.flushIntervalMs ?? 5000,
      segmentBytes: options.segmentBytes ?? 32 * 2 ** 20,
      snapshotAfterBytes: options.snapshotAfterBytes ?? 128 * 2 ** 20,
      onProblem: options.onProblem ?? (() => {}),
    },
    found.nextSegment,
    found.bytes,
  );
  return head;
}

/** What a directory holds, to be read only: nothing in it is changed, and another process may go on writing there. Never rejects. */
export async function readStoredHead(options: StoredHeadOptions): Promise<Head> {
  const head = new Head(options);
  await replay(head, options, options.files ?? nodeFiles, false);
  return head;
}

async function replay(
  head: Head,
  options: StoredHeadOptions,
  files: Files,
  repairs: boolean,
): Promise<{ readonly nextSegment: number; readonly bytes: number }> {
  const { directory } = options;
  const names = await files.list(directory).catch(() => []);
  const numbered = names
    .map((name) => ({ name, number: numberOf(name) ?? -1 }))
    .filter(({ number }) => number >= 0)
    .sort((a, b) => a.number - b.number);
  const nextSegment = (numbered[numbered.length - 1]?.number ?? 0) + 1;
  const refs = new Map<SeriesRef, SeriesRef>();
  const report = (name: string, lostBytes: number, reason: string): void =>
    options.onRepair?.({ file: join(directory, name), lostBytes, reason });
  const read = async (name: string): Promise<Uint8Array | undefined> => {
    try {
      return await files.read(join(directory, name));
    } catch (error) {
      report(name, 0, error instanceof Error ? error.message : String(error));
      return undefined;
    }
  };

  const snapshot = numbered.findLast(({ name }) => name.endsWith('.snapshot'));
  let damaged = false;
  if (snapshot !== undefined) {
    const file = await read(snapshot.name);
    const lost = file === undefined ? 0 : loadSnapshot(head, file, refs);
    damaged = file === undefined || lost > 0;
    if (lost > 0) report(snapshot.name, lost, 'the snapshot ends early or does not fit its checksums');
  }
  // A damaged snapshot is replaced as soon as there is something to write.
  let bytes = damaged ? Number.POSITIVE_INFINITY : 0;
  for (const { name, number } of numbered) {
    if (!name.endsWith('.log') || number < (snapshot?.number ?? 0)) continue;
    const file = await read(name);
    if (file === undefined) continue;
    const end = readRecords(file, 0, (payload) => applyRecord(head, payload, refs));
    bytes += end;
    if (end === file.length) continue;
    // The end of a segment that is being written is no fault.
    if (!repairs) continue;
    report(name, file.length - end, 'the segment ends in a record that is torn or does not fit its checksum');
    await files.truncate(join(directory, name), end).catch(() => {});
  }
  return { nextSegment, bytes };
}

function applyRecord(head: Head, payload: Uint8Array, refs: Map<SeriesRef, SeriesRef>): void {
  const { columns, kept } = readBatch(
    new ByteReader(payload),
    (recorded, labels) => refs.set(recorded, head.seriesRef(labels)),
    (recorded) => refs.get(recorded) ?? -1,
  );
  head.apply(columns, kept, true);
}
