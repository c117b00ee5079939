import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Clock, systemClock } from '../../../src/config/clock.ts';
import { defaultHttpClientConfig } from '../../../src/config/http-config.ts';
import type { RemoteWriteConfig } from '../../../src/config/prometheus-config.ts';
import type { FloatHistogram } from '../../../src/exposition/histogram.ts';
import { Labels } from '../../../src/labels/labels.ts';
import { compileRe2 } from '../../../src/labels/regexp.ts';
import { RemoteWrite } from '../../../src/scrape/remote-write/remote-write.ts';
import { snappyCompress } from '../../../src/scrape/remote-write/snappy.ts';
import { messageLength, type WriteItem } from '../../../src/scrape/remote-write/write-request.ts';
import type { Appendable } from '../../../src/storage/appender.ts';
import { createHead } from '../../../src/storage/head.ts';
import { Receiver, unsnappy } from './receiver.ts';

/** Patient, since the machine may be busy with other things. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000, interval: 10 });

describe('snappy', () => {
  it('comes out as it went in, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.string(), fc.constant('a'.repeat(200)), fc.constant('http_requests_total'))),
        (parts) => {
          const bytes = Buffer.from(parts.join(''));
          expect(unsnappy(Buffer.from(snappyCompress(bytes)))).toEqual(bytes);
        },
      ),
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 1, max: 900 }), (bytes, times) => {
        const all = Buffer.concat(Array.from({ length: times }, () => bytes));
        expect(unsnappy(Buffer.from(snappyCompress(all))).equals(all)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('makes repetitive text smaller', () => {
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => `http_requests_total{code="${i % 7}"}`).join());
    expect(snappyCompress(bytes).length).toBeLessThan(bytes.length / 4);
  });
});

let receiver: Receiver;
let folder: string;
let remote: RemoteWrite;
let storage: Appendable;
const reports: string[] = [];
let nowMs = 1_700_000_000_000;

/** Waits are cut short; nothing else. */
const clock: Clock = {
  nowMs: () => nowMs,
  after: (ms, callback) => systemClock.after(Math.min(ms, 20), callback),
};

beforeEach(async () => {
  receiver = new Receiver();
  await receiver.start();
  folder = await mkdtemp(join(tmpdir(), 'watchfire-remote-write-'));
  reports.length = 0;
  start();
});

afterEach(async () => {
  await remote.close();
  await receiver.stop();
  await rm(folder, { recursive: true });
});

function start(mostSpoolBytes?: number): void {
  remote = new RemoteWrite({
    clock,
    report: (severity, text) => reports.push(`${severity}: ${text}`),
    directory: folder,
    mostSpoolBytes,
  });
  storage = remote.tee(createHead());
}

function config(
  more: Partial<RemoteWriteConfig> = {},
  queue: Partial<RemoteWriteConfig['queue']> = {},
): RemoteWriteConfig {
  return {
    place: { file: 'x', line: 1, column: 1 },
    url: receiver.url,
    remoteTimeoutMs: 5000,
    headers: { 'X-Scope-OrgID': 'tenant' },
    protobufMessage: 'prometheus.WriteRequest',
    sendExemplars: true,
    sendNativeHistograms: true,
    writeRelabelConfigs: [],
    metadata: { send: true, sendIntervalMs: 60_000, maxSamplesPerSend: 1 },
    http: defaultHttpClientConfig,
    ...more,
    queue: {
      capacity: 100,
      maxShards: 4,
      minShards: 1,
      maxSamplesPerSend: 10,
      batchSendDeadlineMs: 5000,
      minBackoffMs: 30,
      maxBackoffMs: 5000,
      retryOnHttp429: true,
      sampleAgeLimitMs: 0,
      ...queue,
    },
  };
}

const apply = (...remoteWrites: RemoteWriteConfig[]): Promise<void> =>
  remote.apply({ remoteWrites, externalLabels: Labels.of({ cluster: 'c1', job: 'external' }) });

function append(values: Readonly<Record<string, number | 'stale'>>): void {
  nowMs += 1000;
  const appender = storage.appender();
  for (const [name, value] of Object.entries(values)) {
    const ref = appender.series(Labels.of({ __name__: name, job: 'j' }));
    if (value === 'stale') appender.stale(ref, nowMs);
    else appender.float(ref, nowMs, value);
  }
  appender.commit();
}

const histogram: FloatHistogram = {
  schema: 1,
  zeroThreshold: 0.001,
  zeroCount: 1,
  count: 6,
  sum: 12.5,
  positiveSpans: [{ offset: -1, length: 2 }],
  negativeSpans: [],
  positiveBuckets: [2, 3],
  negativeBuckets: [],
  customValues: undefined,
  counterResetHint: 'unknown',
};

describe.each(['prometheus.WriteRequest', 'io.prometheus.write.v2.Request'] as const)('%s', (protobufMessage) => {
  const isVersion2 = protobufMessage !== 'prometheus.WriteRequest';

  it('sends what is committed, with external labels, staleness, exemplars, histograms and metadata', async () => {
    await apply(config({ protobufMessage }));
    const rolledBack = storage.appender();
    rolledBack.float(rolledBack.series(Labels.of({ __name__: 'no' })), nowMs, 1);
    rolledBack.rollback();
    append({ a_total: 1, é: -0.5 });
    append({ a_total: 'stale' });
    const appender = storage.appender();
    const ref = appender.series(Labels.of({ __name__: 'a_total', job: 'j' }));
    appender.float(ref, nowMs + 1, 3, 1234);
    appender.exemplar(ref, { labels: Labels.of({ trace_id: 't' }), value: 0.5, timestampMs: nowMs + 1 });
    appender.histogram(appender.series(Labels.of({ __name__: 'h' })), nowMs + 1, histogram, 2345);
    appender.metadata('a', { type: 'counter', help: 'Help.', unit: 'seconds' });
    appender.commit();
    await eventually(() => receiver.samples('a_total')).toEqual([1, 'stale', 3]);
    const counters = receiver.series.filter((series) => series.labels['__name__'] === 'a_total');
    expect(counters[0]!.labels).toEqual({ __name__: 'a_total', job: 'j', cluster: 'c1' });
    expect(counters.at(-1)!.exemplars).toEqual([{ labels: { trace_id: 't' }, value: 0.5, timestampMs: nowMs + 1 }]);
    expect(receiver.samples('é')).toEqual([-0.5]);
    expect(receiver.samples('no')).toEqual([]);
    expect(receiver.series.find((series) => series.labels['__name__'] === 'h')!.histograms).toBe(1);
    expect(receiver.headers[0]).toMatchObject({
      'content-encoding': 'snappy',
      'x-prometheus-remote-write-version': isVersion2 ? '2.0.0' : '0.1.0',
      'x-scope-orgid': 'tenant',
    });
    if (isVersion2) {
      expect(counters.at(-1)).toMatchObject({ metadata: { type: 1, help: 'Help.', unit: 'seconds' }, startMs: 1234 });
      expect(counters.flatMap((series) => series.startsMs)).toEqual([0, 0, 1234]);
      expect(receiver.series.find((series) => series.labels['__name__'] === 'h')!.startsMs).toEqual([2345]);
    } else {
      await eventually(() => receiver.metadata[0]).toEqual({ family: 'a', type: 1, help: 'Help.' });
    }
    await eventually(() => remote.states()[0]).toMatchObject({ sentSamples: 6, droppedSamples: 0, error: '' });
  });
});

it('puts no two forms of one series into a message, which a receiver would take out of order', () => {
  const a = Labels.of({ __name__: 'a' });
  const b = Labels.of({ __name__: 'b' });
  const fractional = { ...histogram, zeroCount: 1.5, count: 6.5 };
  const items = (...list: readonly (readonly [Labels, WriteItem['value']])[]): WriteItem[] =>
    list.map(([labels, value], i) => ({ labels, timestampMs: i, startMs: 0, value }));
  const exemplar = { labels: b, value: 1, timestampMs: 0 };
  expect(messageLength(items([a, 1], [b, histogram], [a, 2], [b, histogram], [a, 'stale']), 9)).toBe(5);
  expect(messageLength(items([a, 1], [b, histogram], [a, 2], [b, histogram]), 3)).toBe(3);
  expect(messageLength(items([a, 1], [a, exemplar], [b, histogram], [a, histogram], [a, 3]), 9)).toBe(3);
  expect(messageLength(items([a, histogram], [a, histogram], [a, 'stale']), 9)).toBe(2);
  expect(messageLength(items([a, histogram], [a, fractional]), 9)).toBe(1);
});

it('relabels, drops what is not wanted, and limits age', async () => {
  const drop = {
    sourceLabels: ['__name__'],
    separator: ';',
    regex: 'b',
    compiled: compileRe2('^(?s:b)$'),
    modulus: 0,
    targetLabel: '',
    replacement: '$1',
    action: 'drop' as const,
    utf8Names: true,
  };
  await apply(config({ writeRelabelConfigs: [drop], sendExemplars: false }, { sampleAgeLimitMs: 60_000 }));
  append({ a: 1, b: 2 });
  const old = storage.appender();
  old.float(old.series(Labels.of({ __name__: 'old' })), nowMs - 100_000, 1);
  old.commit();
  await eventually(() => receiver.samples('a')).toEqual([1]);
  await eventually(() => remote.states()[0]!.droppedSamples).toBe(1);
  expect(receiver.series.map((series) => series.labels['__name__'])).toEqual(['a']);
});

it('tries again what the receiver cannot take now, and gives up what it never will', async () => {
  await apply(config());
  receiver.status = 503;
  append({ a: 1 });
  await eventually(() => receiver.requests).toBeGreaterThan(2);
  expect(remote.states()[0]!.error).toBe('server returned HTTP status 503 Service Unavailable: no thanks');
  expect(receiver.attempts.slice(0, 3)).toEqual([undefined, '1', '2']);
  receiver.status = 429;
  receiver.retryAfter = '1';
  await eventually(() => remote.states()[0]!.error).toContain('429');
  receiver.status = 200;
  await eventually(() => receiver.samples('a')).toEqual([1]);
  receiver.status = 400;
  append({ a: 2 });
  await eventually(() => remote.states()[0]!.refusedSamples).toBe(1);
  receiver.status = 200;
  append({ a: 3 });
  await eventually(() => receiver.samples('a')).toEqual([1, 3]);
  await eventually(() => reports.map((report) => report.replace(/127.*?: /, ''))).toEqual([
    'error: remote_write server returned HTTP status 503 Service Unavailable: no thanks: samples wait and are sent again',
    'info: remote_write 127.0.0.1:PORT: works again'.replace('127.0.0.1:PORT: ', ''),
    'error: remote_write server returned HTTP status 400 Bad Request: no thanks: 1 samples are refused for good',
    'info: remote_write works again',
  ]);
});

it('does not take silence about what was written for success, by protocol 2.0', async () => {
  await apply(config({ protobufMessage: 'io.prometheus.write.v2.Request' }));
  receiver.knowsOnlyVersion1 = true;
  append({ a: 1, b: 2 });
  await eventually(() => remote.states()[0]!.refusedSamples).toBe(2);
  expect(reports[0]).toMatch(/set protobuf_message to prometheus\.WriteRequest: 2 samples are refused for good$/);
  receiver.knowsOnlyVersion1 = false;
  append({ a: 3 });
  await eventually(() => remote.states()[0]!.sentSamples).toBe(1);
  expect(receiver.samples('a')).toEqual([3]);
});

it('keeps each series in order over many shards', async () => {
  await apply(config({}, { minShards: 4, maxShards: 8, capacity: 10_000 }));
  for (let i = 0; i < 50; i++) append(Object.fromEntries(Array.from({ length: 20 }, (_, s) => [`s${s}`, i])));
  await eventually(() => remote.states()[0]!.sentSamples).toBe(1000);
  for (let s = 0; s < 20; s++) expect(receiver.samples(`s${s}`)).toEqual(Array.from({ length: 50 }, (_, i) => i));
});

it('lets samples wait on disk while the receiver is away, in order, also over a restart', async () => {
  await receiver.stop();
  await apply(config({}, { capacity: 20 }));
  for (let i = 0; i < 100; i++) append({ a: i });
  await eventually(() => remote.states()[0]!.spooledBytes).toBeGreaterThan(0);
  expect(reports.join()).toContain('samples wait on disk');
  await remote.close();
  start();
  await apply(config({}, { capacity: 20 }));
  append({ a: 100 });
  await receiver.start();
  for (let i = 101; i < 110; i++) append({ a: i });
  await eventually(() => receiver.samples('a').length).toBe(110);
  expect(receiver.samples('a')).toEqual(Array.from({ length: 110 }, (_, i) => i));
  await eventually(() => remote.states()[0]!.spooledBytes).toBe(0);
  const [spool] = await readdir(folder);
  await eventually(() => readdir(join(folder, spool!))).toEqual([]);
});

it('goes on with an entry that a reload leaves as it is', async () => {
  await apply(config());
  append({ a: 1 });
  await apply(config());
  append({ a: 2 });
  // What is received counts as sent only once the answer is back.
  await eventually(() => remote.states()[0]!.sentSamples).toBe(2);
  expect(receiver.samples('a')).toEqual([1, 2]);
  await apply();
  append({ a: 3 });
  expect(remote.states()).toEqual([]);
});
