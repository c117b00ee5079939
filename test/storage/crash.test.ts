import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ManualClock } from '../../src/config/clock.ts';
import { Labels } from '../../src/labels/labels.ts';
import type { Head } from '../../src/storage/head.ts';
import { openHead } from '../../src/storage/open-head.ts';
import { SampleColumns } from '../../src/storage/queryable.ts';
import type { Files, GrowingFile } from '../../src/storage/wal/files.ts';
import { MemoryFiles } from './memory-files.ts';

interface Content {
  bytes: Uint8Array;
  syncedLength: number;
}

/**
 * A disk whose machine loses its power at a given operation. What was not synced may be there, in part or not at all: of names the
 * latest changes are missing, of contents the ends, or zeros are in their place.
 */
class CrashingFiles implements Files {
  readonly #random: () => number;
  #left: number;
  #names = new Map<string, Content>();
  #syncedNames = new Map<string, Content>();
  #unsyncedChanges: ((names: Map<string, Content>) => void)[] = [];
  #crash!: () => void;
  /** Resolves when the power is gone. Operations that are under way then never end. */
  readonly crashed = new Promise<void>((resolve) => {
    this.#crash = resolve;
  });

  constructor(operations: number, random: () => number) {
    this.#left = operations;
    this.#random = random;
  }

  async makeDirectory(): Promise<void> {
    await this.#operation();
  }

  async list(path: string): Promise<string[]> {
    await this.#operation();
    return [...this.#names.keys()].map((name) => name.slice(path.length + 1));
  }

  async read(path: string): Promise<Uint8Array> {
    await this.#operation();
    return this.#names.get(path)!.bytes.slice();
  }

  async create(path: string): Promise<GrowingFile> {
    await this.#operation();
    const content: Content = { bytes: new Uint8Array(), syncedLength: 0 };
    this.#change((names) => names.set(path, content));
    return {
      write: async (bytes) => {
        await this.#operation();
        content.bytes = new Uint8Array(Buffer.concat([content.bytes, bytes]));
        await this.#operation();
      },
      sync: async () => {
        const { length } = content.bytes;
        await this.#operation();
        content.syncedLength = length;
      },
      close: () => this.#operation(),
    };
  }

  async truncate(path: string, length: number): Promise<void> {
    await this.#operation();
    const content = this.#names.get(path)!;
    content.bytes = content.bytes.slice(0, length);
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#operation();
    this.#change((names) => {
      names.set(to, names.get(from)!);
      names.delete(from);
    });
  }

  async remove(path: string): Promise<void> {
    await this.#operation();
    this.#change((names) => names.delete(path));
  }

  async syncDirectory(): Promise<void> {
    await this.#operation();
    this.#syncedNames = new Map(this.#names);
    this.#unsyncedChanges = [];
  }

  /** What is found when the machine is on again. */
  survivors(): MemoryFiles {
    const names = new Map(this.#syncedNames);
    const kept = Math.floor(this.#random() * (this.#unsyncedChanges.length + 1));
    for (const change of this.#unsyncedChanges.slice(0, kept)) change(names);
    const files = new MemoryFiles();
    for (const [name, { bytes, syncedLength }] of names) {
      const length = syncedLength + Math.floor(this.#random() * (bytes.length - syncedLength + 1));
      const survived = bytes.slice(0, length);
      if (this.#random() < 0.3) survived.fill(0, syncedLength + Math.floor(this.#random() * (length - syncedLength)));
      files.contents.set(name, survived);
    }
    return files;
  }

  #change(change: (names: Map<string, Content>) => void): void {
    change(this.#names);
    this.#unsyncedChanges.push(change);
  }

  async #operation(): Promise<void> {
    if (--this.#left <= 0) {
      this.#crash();
      await new Promise<never>(() => {});
    }
    if (this.#random() < 0.5) await new Promise((resolve) => setImmediate(resolve));
  }
}

function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Batch after batch at one time each; series come and go. */
function appendBatch(head: Head, batch: number): void {
  const appender = head.appender();
  for (const series of seriesOf(batch)) {
    const ref = appender.series(Labels.of({ __name__: 'm', series: String(series) }));
    expect(appender.float(ref, batch * 1000, batch * 100 + series)).toBe('appended');
  }
  appender.commit();
}

function seriesOf(batch: number): number[] {
  return [0, 1, 2 + Math.floor(batch / 7), 50 + (batch % 5)];
}

/** The series of each batch, after a look at all values. */
function batchesIn(head: Head): Map<number, number[]> {
  const found = new Map<number, number[]>();
  const columns = new SampleColumns();
  for (const selected of head.select([], 0, 1e12)) {
    const series = Number(selected.labels.get('series'));
    selected.read(0, 1e12, columns);
    for (let i = 0; i < columns.length; i++) {
      const batch = columns.timestamps[i]! / 1000;
      expect(columns.values[i]).toBe(batch * 100 + series);
      found.set(batch, [...(found.get(batch) ?? []), series]);
    }
  }
  return found;
}

it('a crash at any operation of the disk costs nothing that a flush had made durable, and makes nothing up', async () => {
  let snapshots = 0;
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 700 }), fc.nat(2 ** 31), async (operations, seed) => {
      const random = randomOf(seed);
      const files = new CrashingFiles(operations, random);
      const sizes = { segmentBytes: 250, snapshotAfterBytes: 1200 };
      let durable = 0;
      let appended = 0;
      const run = async (): Promise<void> => {
        const head = await openHead({ directory: '/wal', files, clock: new ManualClock(), ...sizes });
        while (appended < 150) {
          appendBatch(head, ++appended);
          const covered = appended;
          const flushed = head.flush().then(() => {
            durable = Math.max(durable, covered);
          });
          if (random() < 0.4) await flushed;
          else if (random() < 0.5) await new Promise((resolve) => setImmediate(resolve));
        }
        await head.close();
        durable = appended;
      };
      await Promise.race([run(), files.crashed]);
      const [durableThen, appendedThen] = [durable, appended];
      const survivors = files.survivors();
      if ([...survivors.contents.keys()].some((name) => name.endsWith('.snapshot'))) snapshots++;
      const head = await openHead({ directory: '/wal', files: survivors, clock: new ManualClock(), ...sizes });
      const found = batchesIn(head);
      for (let batch = 1; batch <= durableThen; batch++) {
        expect(
          found.get(batch)?.toSorted((a, b) => a - b),
          `batch ${batch} of ${durableThen}`,
        ).toEqual(seriesOf(batch));
      }
      for (const [batch, series] of found) {
        expect(batch).toBeLessThanOrEqual(appendedThen);
        expect(series.length).toBe(4);
      }
      for (let batch = 201; batch <= 220; batch++) appendBatch(head, batch);
      await head.close();
      const again = batchesIn(await openHead({ directory: '/wal', files: survivors, clock: new ManualClock() }));
      expect([...again.keys()].sort((a, b) => a - b)).toEqual([
        ...[...found.keys()].sort((a, b) => a - b),
        ...Array.from({ length: 20 }, (_, i) => 201 + i),
      ]);
    }),
    { numRuns: 150 },
  );
  expect(snapshots).toBeGreaterThan(10);
});
