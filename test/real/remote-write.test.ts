/** Writes to a real Prometheus by both remote write protocols and asks it what it stored. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/config/clock.ts';
import { defaultHttpClientConfig } from '../../src/config/http-config.ts';
import type { RemoteWriteConfig } from '../../src/config/prometheus-config.ts';
import { CUSTOM_BUCKETS_SCHEMA, type FloatHistogram } from '../../src/exposition/histogram.ts';
import { Labels } from '../../src/labels/labels.ts';
import { RemoteWrite } from '../../src/scrape/remote-write/remote-write.ts';
import { createHead } from '../../src/storage/head.ts';

const prometheus = [
  ...(process.env['WATCHFIRE_PEERS'] ?? '').split(delimiter),
  ...(process.env['PATH'] ?? '').split(delimiter),
]
  .flatMap((folder) => [join(folder, 'prometheus'), join(folder, 'usr/bin/prometheus')])
  .find((path) => existsSync(path));
if (prometheus === undefined) console.log('skipped: prometheus is neither on PATH nor in $WATCHFIRE_PEERS');

const exponential: FloatHistogram = {
  schema: 1,
  zeroThreshold: 0.001,
  zeroCount: 1,
  count: 10,
  sum: 12.5,
  positiveSpans: [
    { offset: -1, length: 2 },
    { offset: 3, length: 1 },
  ],
  negativeSpans: [{ offset: 0, length: 1 }],
  positiveBuckets: [2, 3, 1],
  negativeBuckets: [3],
  customValues: undefined,
  counterResetHint: 'unknown',
};

const custom: FloatHistogram = {
  ...exponential,
  schema: CUSTOM_BUCKETS_SCHEMA,
  zeroThreshold: 0,
  zeroCount: 0,
  count: 6,
  positiveSpans: [{ offset: 0, length: 3 }],
  positiveBuckets: [2, 3, 1],
  negativeSpans: [],
  negativeBuckets: [],
  customValues: [0.5, 1],
};

const fractional: FloatHistogram = { ...exponential, count: 10.5, positiveBuckets: [2.5, 3, 1] };

describe.skipIf(prometheus === undefined)('a real Prometheus takes what is written to it', () => {
  const directory = mkdtempSync(join(tmpdir(), 'watchfire-remote-write-'));
  let child: ChildProcess;
  let base = '';

  beforeAll(async () => {
    writeFileSync(join(directory, 'prometheus.yml'), 'storage: {exemplars: {max_exemplars: 100}}\n');
    const listen = `127.0.0.1:${await freePort()}`;
    base = `http://${listen}`;
    const args = [
      `--config.file=${join(directory, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=${listen}`,
      '--web.enable-remote-write-receiver',
      '--enable-feature=native-histograms,exemplar-storage,metadata-wal-records',
    ];
    child = spawn(prometheus!, args, { stdio: 'ignore' });
    const isReady = async (): Promise<boolean> =>
      (await fetch(`${base}/-/ready`).catch(() => undefined))?.status === 200;
    while (!(await isReady())) await new Promise((resolve) => setTimeout(resolve, 100));
  });

  afterAll(async () => {
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGTERM');
    await gone;
    rmSync(directory, { recursive: true, force: true });
  });

  async function api(path: string, parameters: Record<string, string>): Promise<{ data: unknown }> {
    const answer = await fetch(`${base}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    return (await answer.json()) as { data: unknown };
  }

  async function values(selector: string, atMs: number): Promise<unknown> {
    const { data } = await api('query', { query: selector, time: String(atMs / 1000) });
    return (data as { result: { value?: [number, string]; histogram?: [number, unknown] }[] }).result.map(
      (series) => series.value?.[1] ?? series.histogram?.[1],
    );
  }

  it.each(['prometheus.WriteRequest', 'io.prometheus.write.v2.Request'] as const)('by %s', async (protobufMessage) => {
    const reports: string[] = [];
    const remote = new RemoteWrite({ clock: systemClock, report: (_, text) => reports.push(text), directory });
    const version = protobufMessage === 'prometheus.WriteRequest' ? '1' : '2';
    await remote.apply({
      remoteWrites: [configFor(`${base}/api/v1/write`, protobufMessage)],
      externalLabels: Labels.of({ version }),
    });
    const storage = remote.tee(createHead());
    const nowMs = Math.floor(Date.now() / 1000) * 1000;
    const labels = (name: string): Labels => Labels.of({ __name__: name, 'dotted.name': 'ü"\n' });
    for (let i = 0; i < 3; i++) {
      const atMs = nowMs - 2000 + i * 1000;
      const appender = storage.appender();
      appender.metadata('requests', { type: 'counter', help: 'Requests.', unit: '' });
      const counter = appender.series(labels('requests_total'));
      appender.float(counter, atMs, 0.1 + i);
      appender.exemplar(counter, { labels: Labels.of({ trace_id: `t${i}` }), value: i, timestampMs: atMs });
      const gone = appender.series(labels('gone'));
      if (i < 2) appender.float(gone, atMs, i);
      else appender.stale(gone, atMs);
      const turning = appender.series(labels('turning'));
      if (i === 1) appender.float(turning, atMs, 7);
      else appender.histogram(turning, atMs, i === 0 ? exponential : fractional);
      const histogramGone = appender.series(labels('histogram_gone'));
      if (i < 2) appender.histogram(histogramGone, atMs, exponential);
      else appender.stale(histogramGone, atMs);
      for (let n = 0; n < 30; n++) {
        appender.float(appender.series(Labels.of({ __name__: 'many', n: String(n) })), atMs, i * n);
      }
      for (const [name, histogram] of Object.entries({ exponential, custom, fractional })) {
        appender.histogram(appender.series(labels(name)), atMs, { ...histogram, sum: histogram.sum + i });
      }
      appender.float(appender.series(labels('special')), atMs, [Number.NaN, Number.NEGATIVE_INFINITY, 5e-324][i]!);
      appender.commit();
    }
    await remote.close();
    expect(reports).toEqual([]);
    const own = `version="${version}"`;
    expect(await values(`{"requests_total", ${own}, "dotted.name"="ü\\"\\n"}`, nowMs)).toEqual(['2.1']);
    expect(await values(`gone{${own}}`, nowMs - 1000)).toEqual(['1']);
    expect(await values(`gone{${own}}`, nowMs)).toEqual([]);
    expect(await values(`count_over_time(turning{${own}}[10s])`, nowMs)).toEqual(['3']);
    expect(await values(`count_over_time(histogram_gone{${own}}[10s])`, nowMs)).toEqual(['2']);
    expect(await values(`histogram_gone{${own}}`, nowMs)).toEqual([]);
    expect(await values(`special{${own}}`, nowMs)).toEqual(['5e-324']);
    expect(await values(`special{${own}}`, nowMs - 1000)).toEqual(['-Inf']);
    expect(await values(`sum(many{${own}})`, nowMs)).toEqual([String(2 * 435)]);
    expect(await values(`exponential{${own}}`, nowMs)).toMatchObject([{ count: '10', sum: '14.5' }]);
    expect(await values(`fractional{${own}}`, nowMs)).toMatchObject([{ count: '10.5', sum: '14.5' }]);
    expect(await values(`custom{${own}}`, nowMs)).toEqual([
      {
        count: '6',
        sum: '14.5',
        buckets: [
          [3, '-Inf', '0.5', '2'],
          [0, '0.5', '1', '3'],
          [0, '1', '+Inf', '1'],
        ],
      },
    ]);
    const exemplars = await api('query_exemplars', {
      query: `requests_total{${own}}`,
      start: String(nowMs / 1000 - 60),
      end: String(nowMs / 1000),
    });
    expect(exemplars.data).toMatchObject([
      {
        exemplars: [
          { labels: { trace_id: 't0' } },
          { labels: { trace_id: 't1' } },
          { labels: { trace_id: 't2' }, value: '2' },
        ],
      },
    ]);
  });
});

function configFor(url: string, protobufMessage: RemoteWriteConfig['protobufMessage']): RemoteWriteConfig {
  return {
    place: { file: 'x', line: 1, column: 1 },
    url,
    remoteTimeoutMs: 5000,
    headers: {},
    protobufMessage,
    sendExemplars: true,
    sendNativeHistograms: true,
    writeRelabelConfigs: [],
    metadata: { send: true, sendIntervalMs: 60_000, maxSamplesPerSend: 500 },
    http: defaultHttpClientConfig,
    queue: {
      capacity: 10_000,
      maxShards: 10,
      minShards: 2,
      maxSamplesPerSend: 20,
      batchSendDeadlineMs: 100,
      minBackoffMs: 30,
      maxBackoffMs: 1000,
      retryOnHttp429: false,
      sampleAgeLimitMs: 0,
    },
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}
