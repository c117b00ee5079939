import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/config/clock.ts';
import type { FloatHistogram } from '../../src/exposition/histogram.ts';
import { Labels } from '../../src/labels/labels.ts';
import type { Head } from '../../src/storage/head.ts';
import { type DurableHeadOptions, openHead, type Repair, readStoredHead } from '../../src/storage/open-head.ts';
import { FLOAT, SampleColumns } from '../../src/storage/queryable.ts';
import type { LogProblem } from '../../src/storage/wal/write-ahead-log.ts';
import { MemoryFiles } from './memory-files.ts';

/** Everything that can be asked of a head, as text. */
function dump(head: Head): string {
  const lines: string[] = [];
  const columns = new SampleColumns();
  for (const series of head.select([], 0, 1e15)) {
    series.read(0, 1e15, columns);
    const samples = Array.from({ length: columns.length }, (_, i) => {
      const kind = columns.floatsOnly ? FLOAT : columns.kinds[i];
      const value =
        columns.histograms[i] === undefined ? String(columns.values[i]) : JSON.stringify(columns.histograms[i]);
      return `${columns.timestamps[i]}:${kind}:${value}:${columns.hasStarts ? columns.startTimestamps[i] : 0}`;
    });
    if (samples.length > 0) lines.push(`${series.labels} ${samples.join(' ')}`);
  }
  lines.sort();
  for (const { series, exemplars } of head.exemplars([], 0, 1e15)) {
    for (const { labels, value, timestampMs } of exemplars) lines.push(`${series} # ${labels} ${value} ${timestampMs}`);
  }
  for (const [name, list] of head.metadata()) lines.push(`${name} ${JSON.stringify(list)}`);
  return lines.join('\n');
}

function histogram(count: number): FloatHistogram {
  return {
    schema: 2,
    zeroThreshold: 1e-9,
    zeroCount: 0,
    count,
    sum: count / 3,
    positiveSpans: [
      { offset: -2, length: 1 },
      { offset: 3, length: 1 },
    ],
    negativeSpans: [],
    positiveBuckets: [count - 1, 1],
    negativeBuckets: [],
    customValues: undefined,
    counterResetHint: 'unknown',
  };
}

/** One batch with something of everything. */
function appendBatch(head: Head, number: number): void {
  const appender = head.appender();
  const at = number * 1000;
  for (let i = 0; i < 5; i++) {
    const ref = appender.series(
      Labels.of({ __name__: 'm', i: String(i), generation: String(Math.floor(number / 40)) }),
    );
    if (number % 13 === i) appender.stale(ref, at);
    else appender.float(ref, at, i === 3 ? Math.sin(number) : number * i, i === 4 ? 500 : undefined);
  }
  const late = appender.series(Labels.of({ __name__: 'late' }));
  appender.float(late, number % 3 === 2 ? at - 1500 : at, number);
  const native = appender.series(Labels.of({ __name__: 'native', é: '€"\n' }));
  appender.histogram(native, at, histogram(number + 2));
  appender.exemplar(native, { labels: Labels.of({ trace_id: String(number) }), value: number, timestampMs: at });
  appender.metadata('m', { type: 'gauge', help: `help ${number % 4}`, unit: '' });
  appender.commit();
}

function options(files: MemoryFiles, more: Partial<DurableHeadOptions> = {}): DurableHeadOptions {
  return { directory: '/wal', files, clock: new ManualClock(), outOfOrderWindowMs: 60_000, ...more };
}

describe('a restart', () => {
  it('brings back series, samples, histograms, exemplars and metadata', async () => {
    const files = new MemoryFiles();
    const head = await openHead(options(files));
    for (let i = 1; i <= 300; i++) appendBatch(head, i);
    await head.close();
    const repairs: Repair[] = [];
    const again = await openHead(options(files, { onRepair: (repair) => repairs.push(repair) }));
    expect(dump(again)).toBe(dump(head));
    expect(repairs).toEqual([]);
    for (let i = 301; i <= 320; i++) appendBatch(again, i);
    await again.close();
    expect(dump(await openHead(options(files)))).toBe(dump(again));
  });

  it('brings the same back from a snapshot and what was logged after it', async () => {
    const files = new MemoryFiles();
    const head = await openHead(options(files, { segmentBytes: 5000, snapshotAfterBytes: 20_000 }));
    for (let i = 1; i <= 500; i++) {
      appendBatch(head, i);
      if (i % 10 === 0) await head.flush();
    }
    const importer = head.importer();
    importer.float(importer.series(Labels.of({ __name__: 'imported' })), 5, 1);
    importer.commit();
    await head.close();
    const names = await files.list('/wal');
    expect(names.filter((name) => name.endsWith('.snapshot')).length).toBe(1);
    expect(names.length).toBeLessThan(12);
    const again = await openHead(options(files));
    expect(dump(again)).toBe(dump(head));
    const memory = { bytes: expect.any(Number), chunks: expect.any(Number) };
    expect(again.status(1)).toEqual({ ...head.status(1), ...memory, appendedFloats: 0, appendedHistograms: 0 });
    for (let i = 501; i <= 600; i++) appendBatch(again, i);
    await again.close();
    expect(dump(await openHead(options(files)))).toBe(dump(again));
  });

  it('leaves everything as it is where it is only read, the end of a log that another writes included', async () => {
    const files = new MemoryFiles();
    const head = await openHead(options(files));
    for (let i = 1; i <= 20; i++) appendBatch(head, i);
    await head.flush();
    const before = dump(head);
    appendBatch(head, 21);
    await head.close();
    const [name] = await files.list('/wal');
    files.contents.set(`/wal/${name}`, files.contents.get(`/wal/${name}`)!.slice(0, -3));
    const contents = new Map(files.contents);
    const repairs: Repair[] = [];
    const stored = await readStoredHead(options(files, { onRepair: (repair) => repairs.push(repair) }));
    expect(dump(stored)).toBe(before);
    await stored.close();
    expect(files.contents).toEqual(contents);
    expect(repairs).toEqual([]);
    expect(dump(await readStoredHead({ directory: '/none', files }))).toBe('');
  });

  it('flushes at the interval', async () => {
    const files = new MemoryFiles();
    const clock = new ManualClock();
    const head = await openHead(options(files, { clock }));
    appendBatch(head, 1);
    await clock.advance(4999);
    expect(files.syncs).toBe(0);
    await clock.advance(1);
    await clock.advance(0);
    expect(files.syncs).toBe(1);
    expect(dump(await openHead(options(files)))).toBe(dump(head));
  });
});

describe('a torn or corrupt log', () => {
  it('is read up to the damage, whole batches only, and mended', async () => {
    const files = new MemoryFiles();
    const head = await openHead(options(files));
    const states = [dump(head)];
    const ends = [0];
    for (let i = 1; i <= 60; i++) {
      appendBatch(head, i);
      await head.flush();
      states.push(dump(head));
      ends.push(files.contents.get('/wal/00000001.log')!.length);
    }
    await head.close();
    const [name] = await files.list('/wal');
    const path = `/wal/${name}`;
    const whole = files.contents.get(path)!;
    const damage = fc.tuple(fc.nat(whole.length - 1), fc.constantFrom('cut', 'flip', 'zero', 'garbage'));
    await fc.assert(
      fc.asyncProperty(damage, async ([at, kind]) => {
        const damaged = files.copy();
        const bytes = kind === 'cut' ? whole.slice(0, at) : whole.slice();
        if (kind === 'flip') bytes[at]! ^= 0x41;
        if (kind === 'zero') bytes.fill(0, at);
        if (kind === 'garbage') for (let i = at; i < bytes.length; i++) bytes[i] = (i * 7919) & 0xff;
        damaged.contents.set(path, bytes);
        const repairs: Repair[] = [];
        const again = await openHead(options(damaged, { onRepair: (repair) => repairs.push(repair) }));
        // Nothing of what was written before the damage is lost, nothing after it is taken for whole.
        const soundBytes = whole.findIndex((byte, i) => byte !== bytes[i]);
        const kept = soundBytes < 0 ? 60 : ends.findLastIndex((end) => end <= soundBytes);
        expect(states.indexOf(dump(again))).toBe(kept);
        const lostBytes = bytes.length - ends[kept]!;
        expect(repairs).toEqual(lostBytes === 0 ? [] : [{ file: path, lostBytes, reason: expect.any(String) }]);
        const before = again.status(1).samples;
        appendBatch(again, 100);
        await again.close();
        const third = await openHead(options(damaged, { onRepair: (repair) => expect(repair).toBeUndefined() }));
        expect(dump(third)).toBe(dump(again));
        expect(third.status(1).samples).toBe(before + 7);
      }),
      { numRuns: 150 },
    );
  });

  it('as a snapshot costs what it had from the damage on, and no start', async () => {
    const files = new MemoryFiles();
    const head = await openHead(options(files, { segmentBytes: 1000, snapshotAfterBytes: 10_000 }));
    for (let i = 1; i <= 200; i++) {
      appendBatch(head, i);
      await head.flush();
    }
    await head.close();
    const path = `/wal/${(await files.list('/wal')).find((name) => name.endsWith('.snapshot'))}`;
    const whole = files.contents.get(path)!;
    await fc.assert(
      fc.asyncProperty(fc.nat(whole.length - 1), fc.boolean(), async (at, cut) => {
        const damaged = files.copy();
        const bytes = cut ? whole.slice(0, at) : whole.slice();
        if (!cut) bytes[at]! ^= 0xff;
        damaged.contents.set(path, bytes);
        const repairs: Repair[] = [];
        await openHead(options(damaged, { onRepair: (repair) => repairs.push(repair) }));
        expect(repairs.map((repair) => repair.file)).toEqual([path]);
        const again = await openHead(options(damaged));
        appendBatch(again, 900);
        await again.close();
        await openHead(options(damaged, { onRepair: (repair) => expect(repair).toBeUndefined() }));
      }),
      { numRuns: 60 },
    );
  });

  it('of arbitrary bytes is no reason not to start', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 400 }), fc.uint8Array({ maxLength: 400 }), async (log, snapshot) => {
        const files = new MemoryFiles();
        files.contents.set('/wal/00000003.log', log);
        files.contents.set('/wal/00000002.snapshot', snapshot);
        files.contents.set('/wal/notes.txt', log);
        const head = await openHead(options(files));
        appendBatch(head, 1);
        await head.close();
        expect(dump(await openHead(options(files)))).toBe(dump(head));
      }),
      { numRuns: 100 },
    );
  });
});

it('two processes in one directory do not overwrite each other', async () => {
  const files = new MemoryFiles();
  const [one, two] = [
    await openHead(options(files, { segmentBytes: 1 })),
    await openHead(options(files, { segmentBytes: 1 })),
  ];
  for (let i = 1; i <= 6; i++) {
    appendBatch(i % 2 === 0 ? one : two, i);
    await (i % 2 === 0 ? one : two).flush();
  }
  const repairs: Repair[] = [];
  const both = await openHead(options(files, { onRepair: (repair) => repairs.push(repair) }));
  expect(repairs).toEqual([]);
  expect(both.status(1).samples).toBe(one.status(1).samples + two.status(1).samples);
});

describe('a file system that fails', () => {
  it('is reported once, the head goes on in memory, and writing resumes with all there is', async () => {
    const files = new MemoryFiles();
    const problems: LogProblem[] = [];
    const head = await openHead(options(files, { onProblem: (problem) => problems.push(problem) }));
    appendBatch(head, 1);
    await head.flush();
    files.room = 40;
    for (let i = 2; i <= 6; i++) {
      appendBatch(head, i);
      await head.flush();
    }
    expect(problems).toEqual([{ part: 'log', isOver: false, message: expect.stringContaining('ENOSPC') }]);
    expect(await files.list('/wal')).toEqual(['00000001.log']);
    expect(head.status(1).samples).toBeGreaterThan(30);
    const survived = await openHead(options(files.copy()));
    expect(survived.status(1).samples).toBe(7);
    files.room = Number.POSITIVE_INFINITY;
    appendBatch(head, 7);
    await head.flush();
    expect(problems.map(({ part, isOver }) => `${part} ${isOver}`)).toEqual(['log false', 'log true']);
    expect(dump(await openHead(options(files)))).toBe(dump(head));
  });

  it('with room for the log alone: the snapshot that has what was missed is tried again, a minute later or at the end', async () => {
    for (const isClosed of [false, true]) {
      const files = new MemoryFiles();
      const clock = new ManualClock();
      const problems: string[] = [];
      const onProblem = ({ part, isOver }: LogProblem) => problems.push(`${part} ${isOver}`);
      const head = await openHead(options(files, { clock, onProblem }));
      const round = async (number: number, room: number): Promise<void> => {
        files.room = room;
        appendBatch(head, number);
        await head.flush();
      };
      await round(1, Number.POSITIVE_INFINITY);
      await round(2, 0);
      await round(3, 1200);
      await round(4, 1200);
      expect(problems).toEqual(['log false', 'log true', 'snapshot false']);
      expect(dump(await openHead(options(files.copy())))).not.toBe(dump(head));
      files.room = Number.POSITIVE_INFINITY;
      if (isClosed) await head.close();
      else {
        await clock.advance(55_000);
        expect(problems).toHaveLength(3);
        await clock.advance(5000);
        await head.flush();
      }
      expect(problems.slice(3)).toEqual(['snapshot true']);
      expect(dump(await openHead(options(files)))).toBe(dump(head));
    }
  });

  it('that has room again by the end of the process loses nothing', async () => {
    const files = new MemoryFiles();
    const head = await openHead(options(files));
    files.room = 0;
    appendBatch(head, 1);
    await head.flush();
    files.room = Number.POSITIVE_INFINITY;
    await head.close();
    expect(dump(await openHead(options(files)))).toBe(dump(head));
  });

  it('read-only: the same', async () => {
    const files = new MemoryFiles();
    files.readOnly = true;
    const problems: LogProblem[] = [];
    const head = await openHead(options(files, { onProblem: (problem) => problems.push(problem) }));
    appendBatch(head, 1);
    await head.flush();
    await head.close();
    expect(problems.map((problem) => problem.message)).toEqual([expect.stringContaining('EROFS')]);
  });
});

describe('on a real disk', () => {
  it('kill -9 loses no more than the last flush interval', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'watchfire-wal-'));
    try {
      const source = join(import.meta.dirname, '../../src');
      const program = `
        const { openHead } = await import(${JSON.stringify(join(source, 'storage/open-head.ts'))});
        const { Labels } = await import(${JSON.stringify(join(source, 'labels/labels.ts'))});
        const head = await openHead({ directory: ${JSON.stringify(directory)}, snapshotAfterBytes: 20000, segmentBytes: 5000 });
        for (let i = 1; ; i++) {
          const appender = head.appender();
          for (let k = 0; k < 20; k++) appender.float(appender.series(Labels.of({ __name__: 'm', k: String(k) })), i, i);
          appender.commit();
          if (i % 3 === 0) {
            await head.flush();
            process.stdout.write(i + '\\n');
          }
          await new Promise((resolve) => setTimeout(resolve, 1));
        }`;
      const child = spawn(process.execPath, ['--input-type=module', '-e', program]);
      let flushed = 0;
      let errors = '';
      child.stderr.on('data', (text) => {
        errors += text;
      });
      await new Promise<void>((resolve) => {
        child.stdout.on('data', (text) => {
          flushed = Number(String(text).trim().split('\n').pop());
          if (flushed > 400) child.kill('SIGKILL');
        });
        child.on('exit', () => resolve());
      });
      expect(flushed, errors).toBeGreaterThan(400);
      expect(readdirSync(directory).some((name) => name.endsWith('.snapshot'))).toBe(true);
      const head = await openHead({ directory });
      expect(head.maxTimeMs).toBeGreaterThanOrEqual(flushed);
      expect(head.status(1).samples).toBe(head.maxTimeMs * 20);
      // Where it ended with a snapshot there is no log.
      const last = readdirSync(directory)
        .filter((name) => name.endsWith('.log'))
        .sort()
        .pop();
      const bytes = last === undefined ? 0 : readFileSync(join(directory, last)).length;
      if (bytes > 3) truncateSync(join(directory, last!), bytes - 3);
      await head.close();
      expect((await openHead({ directory })).status(1).samples).toBeGreaterThan(flushed * 19);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });
});
