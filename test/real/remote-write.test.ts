/** Writes to a real Prometheus by both remote write protocols and asks it what it stored. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPeer, type Server, startServer } from '../bench/peers.ts';
import { write } from './remote-written.ts';

const prometheus = findPeer('prometheus');
if (prometheus === undefined) console.log('skipped: prometheus is neither on PATH nor in $WATCHFIRE_PEERS');

describe.skipIf(prometheus === undefined)('a real Prometheus takes what is written to it', () => {
  const directory = mkdtempSync(join(tmpdir(), 'watchfire-remote-write-'));
  let server: Server;

  beforeAll(async () => {
    writeFileSync(join(directory, 'prometheus.yml'), 'storage: {exemplars: {max_exemplars: 100}}\n');
    server = await startServer(prometheus!, (address) => [
      `--config.file=${join(directory, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=${address}`,
      '--web.enable-remote-write-receiver',
      '--enable-feature=native-histograms,exemplar-storage,metadata-wal-records,created-timestamp-zero-ingestion',
    ]);
  });

  afterAll(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  async function api(path: string, parameters: Record<string, string>): Promise<{ data: unknown }> {
    const answer = await fetch(`${server.url}/api/v1/${path}?${new URLSearchParams(parameters)}`);
    return (await answer.json()) as { data: unknown };
  }

  async function values(selector: string, atMs: number): Promise<unknown> {
    const { data } = await api('query', { query: selector, time: String(atMs / 1000) });
    return (data as { result: { value?: [number, string]; histogram?: [number, unknown] }[] }).result.map(
      (series) => series.value?.[1] ?? series.histogram?.[1],
    );
  }

  it.each(['prometheus.WriteRequest', 'io.prometheus.write.v2.Request'] as const)('by %s', async (protobufMessage) => {
    const version = protobufMessage === 'prometheus.WriteRequest' ? '1' : '2';
    const nowMs = Math.floor(Date.now() / 1000) * 1000;
    const reports = await write(`${server.url}/api/v1/write`, protobufMessage, { nowMs, version, directory });
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
    // Protocol 2.0 says when a counter began, which Prometheus stores as a sample of 0.
    const samples = version === '2' ? '4' : '3';
    expect(await values(`count_over_time(begun_total{${own}}[1m])`, nowMs)).toEqual([samples]);
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
