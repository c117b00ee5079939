/** Writes to a real VictoriaMetrics by both remote write protocols and asks it what it stored. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPeer, type Server, startServer } from '../bench/peers.ts';
import { write } from './remote-written.ts';

const victoriaMetrics = findPeer('victoria-metrics');
if (victoriaMetrics === undefined) console.log('skipped: victoria-metrics is neither on PATH nor in $WATCHFIRE_PEERS');

describe.skipIf(victoriaMetrics === undefined)('a real VictoriaMetrics', () => {
  const directory = mkdtempSync(join(tmpdir(), 'watchfire-victoria-metrics-'));
  let server: Server;

  beforeAll(async () => {
    const args = (address: string): string[] => [
      `-httpListenAddr=${address}`,
      `-storageDataPath=${join(directory, 'data')}`,
      '-retentionPeriod=1d',
    ];
    server = await startServer(victoriaMetrics!, args, '/health');
  });

  afterAll(async () => {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  /** One series' values, oldest first, as its export has them: null for a staleness marker. */
  async function exported(selector: string): Promise<(number | string | null)[][]> {
    await fetch(`${server.url}/internal/force_flush`);
    const answer = await fetch(`${server.url}/api/v1/export?${new URLSearchParams({ 'match[]': selector })}`);
    const lines = (await answer.text()).split('\n').filter((line) => line !== '');
    return lines.map((line) => (JSON.parse(line) as { values: (number | string | null)[] }).values);
  }

  it('takes what is written by prometheus.WriteRequest', async () => {
    const nowMs = Math.floor(Date.now() / 1000) * 1000;
    const reports = await write(`${server.url}/api/v1/write`, 'prometheus.WriteRequest', {
      nowMs,
      version: '1',
      directory,
    });
    expect(reports).toEqual([]);
    expect(await exported('{__name__="requests_total",version="1","dotted.name"="ü\\"\\n"}')).toEqual([
      [0.1, 1.1, 2.1],
    ]);
    expect(await exported('gone{version="1"}')).toEqual([[0, 1, null]]);
    // It keeps no NaN, and decimals of 64 bits only.
    expect(await exported('special{version="1"}')).toEqual([['-Infinity', 0]]);
    // Native histograms become buckets of its own kind.
    expect(await exported('exponential_count{version="1"}')).toEqual([[10, 10, 10]]);
    expect(await exported('fractional_sum{version="1"}')).toEqual([[12.5, 13.5, 14.5]]);
    const buckets = [
      '-1.000e+00...-7.071e-01',
      '-1.000e-03...1.000e-03',
      '5.000e-01...7.071e-01',
      '7.071e-01...1.000e+00',
    ];
    const of = (vmrange: string) => exported(`fractional_bucket{version="1",vmrange="${vmrange}"}`);
    expect((await Promise.all(buckets.map(of))).map(([values]) => values?.[0])).toEqual([3, 1, 2.5, 3]);
    const metadata = (await (await fetch(`${server.url}/api/v1/metadata`)).json()) as { data: unknown };
    expect(metadata.data).toEqual({ requests: [{ type: 'counter', help: 'Requests.' }] });
  });

  it('is found out to know nothing of protocol 2.0', async () => {
    const nowMs = Math.floor(Date.now() / 1000) * 1000;
    const reports = await write(`${server.url}/api/v1/write`, 'io.prometheus.write.v2.Request', {
      nowMs,
      version: '2',
      directory,
    });
    expect(await exported('{version="2"}')).toEqual([]);
    expect(reports.length).toBe(1);
    expect(reports[0]).toContain('set protobuf_message to prometheus.WriteRequest');
  });
});
