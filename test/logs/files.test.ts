import {
  appendFileSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/config/clock.ts';
import { StructuredLogger } from '../../src/instrument/index.ts';
import { type FileLogSource, fileLogSource } from '../../src/logs/files/file-log-source.ts';
import { findFiles } from '../../src/logs/files/glob.ts';
import { LineSplitter } from '../../src/logs/files/line-splitter.ts';
import { RecordAssembler } from '../../src/logs/files/record-assembler.ts';
import { streamLogSource } from '../../src/logs/files/stream-log-source.ts';
import { tailStart } from '../../src/logs/files/tail-start.ts';
import { mergeLogSources } from '../../src/logs/merge-log-sources.ts';
import type { LogQuery, LogRecord } from '../../src/logs/record.ts';
import { RecordStore } from '../../src/logs/record-store.ts';
import type { LogSource } from '../../src/monitor/sources.ts';

const sources: FileLogSource[] = [];
afterEach(async () => {
  await Promise.all(sources.splice(0).map((source) => source.close()));
});

const directory = (): string => mkdtempSync(join(tmpdir(), 'watchfire-logs-'));
const line = (message: string, extra: object = {}): string =>
  `${JSON.stringify({ time: '2026-01-15T10:30:00Z', level: 'info', msg: message, ...extra })}\n`;
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 2));

function follow(
  files: string[],
  folder: string,
  options = {},
): {
  source: FileLogSource;
  clock: ManualClock;
  told: string[];
  pass: (polls?: number) => Promise<void>;
  messages: () => Promise<string[]>;
} {
  const clock = new ManualClock(1_768_500_000_000);
  const source = fileLogSource({ files, directory: folder, clock, ...options });
  sources.push(source);
  const told: string[] = [];
  void (async () => {
    for await (const batch of source.tail({ limit: 100 }, new AbortController().signal))
      told.push(...batch.map((record) => record.message));
  })();
  /** Lets one poll after the other happen; reading files takes real time, which the clock knows nothing of. */
  const pass = async (polls = 12): Promise<void> => {
    for (let i = 0; i < polls; i++) {
      await clock.advance(320);
      while (clock.nextDueMs() === undefined) await settle();
    }
    await settle();
  };
  const messages = async (): Promise<string[]> =>
    (await source.search({ limit: 1000 })).map((record) => record.message);
  return { source, clock, told, pass, messages };
}

describe('files', () => {
  it('reads what is there, tells what comes', async () => {
    const folder = directory();
    writeFileSync(join(folder, 'a.log'), line('one') + line('two'));
    const { told, pass, messages, source } = follow(['*.log'], folder);
    expect(await messages()).toEqual(['one', 'two']);
    appendFileSync(join(folder, 'a.log'), line('three', { service: 'shop' }));
    await pass();
    expect(told).toEqual(['three']);
    expect(await source.services()).toEqual(['shop']);
    expect(source.state().kind).toBe('live');
  });

  it('follows rotation by rename, also where the new name is watched as well', async () => {
    const folder = directory();
    const path = join(folder, 'app.log');
    writeFileSync(path, line('one'));
    const { told, pass, messages } = follow(['app.log*'], folder);
    await pass();
    appendFileSync(path, line('two'));
    renameSync(path, join(folder, 'app.log.1'));
    appendFileSync(join(folder, 'app.log.1'), line('three'));
    writeFileSync(path, line('four'));
    await pass();
    await pass();
    expect(told.sort()).toEqual(['four', 'three', 'two']);
    expect((await messages()).sort()).toEqual(['four', 'one', 'three', 'two']);
  });

  it('reads on what is written to a file after it was renamed away', async () => {
    const folder = directory();
    const path = join(folder, 'app.log');
    writeFileSync(path, line('one'));
    const { told, pass } = follow(['app.log'], folder);
    await pass();
    renameSync(path, join(folder, 'app1.log'));
    writeFileSync(path, line('new'));
    await pass(1);
    appendFileSync(join(folder, 'app1.log'), line('late'));
    await pass();
    await pass();
    expect(told.sort()).toEqual(['late', 'new']);
  });

  it('follows the logger of this project through its rotation', async () => {
    const folder = directory();
    const logger = new StructuredLogger({
      service: 's',
      console: false,
      files: { directory: folder, maxBytes: 3000, maxFiles: 3, errorFileName: '' },
    });
    const { told, pass } = follow(['combined.log'], folder);
    await pass();
    for (let i = 0; i < 60; i++) {
      logger.info(`line ${i}`);
      if (i % 5 === 4) await pass();
    }
    await logger.close();
    await pass();
    await pass();
    expect(told).toEqual(Array.from({ length: 60 }, (_, i) => `line ${i}`));
  });

  it('follows truncation in place, and files that go and come', async () => {
    const folder = directory();
    const path = join(folder, 'app.log');
    writeFileSync(path, line('a long first line that is longer than the next'));
    const { told, pass, source } = follow(['app.log'], folder);
    await pass();
    truncateSync(path);
    appendFileSync(path, line('short'));
    await pass();
    expect(told).toEqual(['short']);
    rmSync(path);
    await pass();
    expect(source.state()).toMatchObject({ kind: 'failing', reason: expect.stringContaining('no file is there') });
    writeFileSync(path, line('again'));
    await pass();
    expect(told).toEqual(['short', 'again']);
    expect(source.state().kind).toBe('live');
  });

  it('finds new files by the pattern, and a file under two names once', async () => {
    const folder = directory();
    writeFileSync(join(folder, 'a.log'), line('a'));
    symlinkSync(join(folder, 'a.log'), join(folder, 'current.log'));
    const { told, pass, messages } = follow(['*.log'], folder);
    expect(await messages()).toEqual(['a']);
    writeFileSync(join(folder, 'b.log'), line('b'));
    await pass();
    expect(told).toEqual(['b']);
  });

  it('reads a file again that was truncated and written beyond where it was between two looks', async () => {
    const folder = directory();
    const path = join(folder, 'a.log');
    writeFileSync(path, line('old'));
    const { told, pass } = follow(['a.log'], folder);
    await pass();
    appendFileSync(path, line('second'));
    await pass();
    writeFileSync(path, line('written anew, and longer') + line('and more of it'));
    await pass();
    expect(told).toEqual(['second', 'written anew, and longer', 'and more of it']);
  });

  it('reads packed files that are there, and leaves those that are packed while it looks', async () => {
    const folder = directory();
    writeFileSync(join(folder, 'a.log'), line('new'));
    writeFileSync(join(folder, 'a.log.2.gz'), gzipSync(line('old').repeat(3000) + line('last of the old')));
    const cut = gzipSync(line('cut').repeat(5000)).subarray(0, -20);
    writeFileSync(join(folder, 'a.log.3.gz'), cut);
    writeFileSync(join(folder, 'a.log.4.gz'), Buffer.from([0x1f, 0x8b, 8, 1, 2, 3]));
    const { source, told, pass } = follow(['a.log*'], folder, { tailLines: 4000 });
    await pass();
    const found = (await source.search({ limit: 20_000 })).map((record) => record.message);
    expect(found.filter((message) => message === 'old')).toHaveLength(3000);
    expect(found).toContain('last of the old');
    expect(found).toContain('cut');
    expect(source.state()).toMatchObject({ kind: 'failing', reason: expect.stringContaining('cannot be unpacked') });
    writeFileSync(join(folder, 'a.log.1.gz'), gzipSync(line('new')));
    appendFileSync(join(folder, 'a.log'), line('newer'));
    await pass(30);
    expect(told).toContain('newer');
    expect(told).not.toContain('new');
    const all = await source.search({ limit: 20_000 });
    expect(all.filter(({ message }) => message === 'new')).toHaveLength(1);
  });

  it('attaches stack traces, of JSON and of text', async () => {
    const folder = directory();
    writeFileSync(
      join(folder, 'app.log'),
      `2026-01-15 10:30:00 ERROR it broke\njava.lang.IllegalState: no\n\tat a.B.c(B.java:1)\nCaused by: x\n2026-01-15 10:30:01 INFO fine\n${line('json')}    at foo (x.js:1:1)\n`,
    );
    const { source, pass } = follow(['app.log'], folder);
    await pass();
    const records = await source.search({ limit: 10 });
    expect(records.map((record) => record.message).sort()).toEqual(['ERROR it broke', 'INFO fine', 'json']);
    const broke = records.find((record) => record.message === 'ERROR it broke')!;
    expect(broke.fields['stack']).toBe('java.lang.IllegalState: no\n\tat a.B.c(B.java:1)\nCaused by: x');
    expect(records.find((record) => record.message === 'json')!.raw).toContain('at foo (x.js:1:1)');
  });

  it('waits for the end of a half-written line', async () => {
    const folder = directory();
    const path = join(folder, 'app.log');
    writeFileSync(path, line('one'));
    const { pass, told } = follow(['app.log'], folder);
    await pass(1);
    const whole = line('two');
    appendFileSync(path, whole.slice(0, 20));
    await pass(1);
    expect(told).toEqual([]);
    appendFileSync(path, whole.slice(20));
    await pass(4);
    expect(told).toEqual(['two']);
  });

  it('reads only the end of a big file', async () => {
    const folder = directory();
    const path = join(folder, 'big.log');
    writeFileSync(path, Array.from({ length: 50_000 }, (_, i) => line(`line ${i}`)).join(''));
    const { messages, source } = follow(['big.log'], folder, { tailLines: 100 });
    const all = await messages();
    expect(all).toHaveLength(100);
    expect(all.at(-1)).toBe('line 49999');
    expect(source.status()).toMatchObject({ records: 100, files: 1 });
    const handle = await open(path);
    const { size } = await handle.stat();
    const start = await tailStart(handle, size, { lines: 1e9, bytes: 1000 });
    expect(size - start).toBeLessThanOrEqual(1000);
    expect(await tailStart(handle, size, { lines: 1e9, bytes: 1e9 })).toBe(0);
    expect(await tailStart(handle, 0, { lines: 5, bytes: 5 })).toBe(0);
    await handle.close();
  });

  it('reads back as far as a search asks', async () => {
    const folder = directory();
    const startMs = Date.UTC(2026, 0, 15);
    const at = (i: number): string => line(`line ${i}`, { time: new Date(startMs + i * 1000).toISOString() });
    writeFileSync(join(folder, 'big.log'), Array.from({ length: 60_000 }, (_, i) => at(i)).join(''));
    writeFileSync(join(folder, 'small.log'), at(59_999).replace('line', 'small'));
    const { source, pass } = follow(['*.log'], folder, { tailLines: 100 });
    expect(await source.search({ limit: 1e6 })).toHaveLength(101);
    const since = await source.search({ limit: 1e6, startMs: startMs + 50_000_000 });
    expect(since.map((record) => record.message)).toEqual([
      ...Array.from({ length: 10_000 }, (_, i) => `line ${50_000 + i}`),
      'small 59999',
    ]);
    const all = await source.search({ limit: 1e6, startMs });
    expect(new Set(all.map((record) => record.id)).size).toBe(60_001);
    appendFileSync(join(folder, 'big.log'), at(60_000));
    await pass();
    expect((await source.search({ limit: 1 }))[0]!.message).toBe('line 60000');
  });

  it('says which file may not be read, and reads the others', async () => {
    const folder = directory();
    writeFileSync(join(folder, 'a.log'), line('a'));
    const { messages, source, pass } = follow(['a.log', 'none.log'], folder);
    expect(await messages()).toEqual(['a']);
    await pass();
    expect(source.state().kind).toBe('live');
  });

  it('finds files by patterns', async () => {
    const folder = directory();
    for (const name of ['a.log', 'b.txt', 'c1.log', 'x/d.log', 'x/y/e.log', '.hidden.log']) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), '');
    }
    const find = async (...patterns: string[]) =>
      (await findFiles(patterns, folder)).map((file) => file.slice(folder.length + 1));
    expect(await find('*.log')).toEqual(['a.log', 'c1.log']);
    expect(await find('**/*.log')).toEqual(['a.log', 'c1.log', 'x/d.log', 'x/y/e.log']);
    expect(await find('{a,b}.*', 'c[0-9].log')).toEqual(['a.log', 'b.txt', 'c1.log']);
    expect(await find('x/?.log', 'later.log', 'x')).toEqual(['later.log', 'x/d.log']);
  });
});

describe('lines', () => {
  it('are the same however the bytes come', () => {
    const bytes = Buffer.from('\uFEFFone\r\ntwö\n\nfour');
    for (let size = 1; size < bytes.length; size++) {
      const splitter = new LineSplitter();
      const lines = [];
      for (let at = 0; at < bytes.length; at += size) lines.push(...splitter.push(bytes.subarray(at, at + size)));
      lines.push(splitter.flush()!);
      expect(lines.map((each) => each.text)).toEqual(['one', 'twö', '', 'four']);
      expect(lines.map((each) => each.offset)).toEqual([0, 8, 13, 14]);
    }
  });

  it('are bounded', () => {
    const splitter = new LineSplitter(0, 10);
    const [long, next] = splitter.push(Buffer.from(`${'x'.repeat(50)}\nok\n`));
    expect(long).toEqual({ offset: 0, text: 'x'.repeat(10), cutBytes: 40 });
    expect(next).toEqual({ offset: 51, text: 'ok', cutBytes: 0 });
    const records = new RecordAssembler('f', 'f');
    records.push({ offset: 0, text: '2026-01-15 10:30:00 first', cutBytes: 0 }, 0);
    for (let i = 0; i < 2000; i++) records.push({ offset: i, text: '  at x', cutBytes: 0 }, 0);
    expect(records.flush()[0]!.raw).toContain('… (1500 lines cut)');
  });
});

describe('record store', () => {
  const record = (timestampMs: number, more: Partial<LogRecord> = {}): LogRecord => ({
    id: String(timestampMs),
    timestampMs,
    timestampGuessed: false,
    level: 'info',
    service: 's',
    message: `m${timestampMs}`,
    origin: 'o',
    fields: {},
    raw: `m${timestampMs}`,
    ...more,
  });

  it('puts late records where they belong, and evicts the oldest', async () => {
    const store = new RecordStore({ maxRecords: 5 });
    store.add(
      [1, 3, 5, 2, 7, 6, 4].map((ms) => record(ms)),
      false,
    );
    const times = async (query: LogQuery): Promise<number[]> =>
      (await store.search(query)).map((each) => each.timestampMs);
    expect(await times({ limit: 10 })).toEqual([3, 4, 5, 6, 7]);
    expect(await times({ limit: 2 })).toEqual([6, 7]);
    expect(await times({ limit: 9, startMs: 4, endMs: 6 })).toEqual([4, 5, 6]);
    expect(store.status()).toMatchObject({ records: 5, evicted: 2 });
  });

  it('filters', async () => {
    const store = new RecordStore();
    store.add(
      [
        record(1, { level: 'error', message: 'Payment failed', fields: { user: { id: 7 } } }),
        record(2, { service: 'b', traceId: 'ab' }),
        record(3, { level: 'unknown' }),
      ],
      false,
    );
    const ids = async (query: object): Promise<number[]> =>
      (await store.search({ limit: 10, ...query })).map((each) => each.timestampMs);
    expect(await ids({ minLevel: 'warn' })).toEqual([1]);
    expect(await ids({ text: 'FAILED pay' })).toEqual([1]);
    expect(await ids({ service: 'b' })).toEqual([2]);
    expect(await ids({ traceId: 'AB' })).toEqual([2]);
    expect(await ids({ fields: { 'user.id': '7' } })).toEqual([1]);
    expect(await ids({ minLevel: 'unknown' })).toEqual([1, 2, 3]);
  });

  it('tells followers, bounded, until the signal', async () => {
    const store = new RecordStore({ maxBehind: 3 });
    const controller = new AbortController();
    const batches = store.follow({ limit: 1, minLevel: 'warn' }, controller.signal);
    store.add(
      [1, 2, 3, 4, 5].map((ms) => record(ms, { level: 'error' })),
      true,
    );
    store.add([record(6)], true);
    store.add([record(7, { level: 'error' })], false);
    const seen: number[] = [];
    for await (const batch of batches) {
      seen.push(...batch.map((each) => each.timestampMs));
      controller.abort();
    }
    expect(seen).toEqual([3, 4, 5]);
    expect(store.status().skipped).toBe(2);
  });
});

describe('a stream, and several sources as one', () => {
  it('reads standard input to its end', async () => {
    const clock = new ManualClock(1000);
    const stream = new PassThrough();
    const source: LogSource = streamLogSource({ stream, clock });
    stream.write('level=info msg=one\nlevel=error ');
    stream.end('msg=two');
    await new Promise((resolve) => stream.once('end', resolve));
    expect((await source.search({ limit: 5 })).map((each) => each.message)).toEqual(['one', 'two']);
    expect(source.state()).toMatchObject({ kind: 'stale', endpoint: 'stdin' });
  });

  it('searches and follows all, and puts up with one that fails', async () => {
    const clock = new ManualClock(1_768_500_000_000);
    const [a, b] = [new PassThrough(), new PassThrough()];
    const broken: LogSource = {
      state: () => ({ kind: 'failing', endpoint: 'x', sinceMs: 1, reason: 'gone' }),
      close: async () => {},
      search: () => Promise.reject(new Error('gone')),
      services: () => Promise.reject(new Error('gone')),
      async *tail() {
        yield* [];
        throw new Error('gone');
      },
    };
    const merged: LogSource = mergeLogSources([
      streamLogSource({ stream: a, clock, name: 'a' }),
      streamLogSource({ stream: b, clock, name: 'b' }),
      broken,
    ]);
    const controller = new AbortController();
    const told: string[] = [];
    const reading = (async () => {
      for await (const batch of merged.tail({ limit: 10 }, controller.signal))
        told.push(...batch.map((each) => each.message));
    })();
    await settle();
    a.write(line('from a') + line('from a again', { time: '2026-01-15T10:30:02Z' }));
    b.write(line('from b', { time: '2026-01-15T10:30:01Z', service: 'b' }));
    await settle();
    await clock.advance(1000);
    await settle();
    expect(told.sort()).toEqual(['from a', 'from a again', 'from b']);
    expect((await merged.search({ limit: 2 })).map((each) => each.message)).toEqual(['from b', 'from a again']);
    expect(await merged.services()).toEqual(['b']);
    expect(merged.state()).toMatchObject({ kind: 'failing', reason: 'gone', endpoint: 'a, b, x' });
    controller.abort();
    await reading;
    await expect(mergeLogSources([broken, broken]).search({ limit: 1 })).rejects.toThrow('gone');
    expect(mergeLogSources([]).state().kind).toBe('off');
  });
});
