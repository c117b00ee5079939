import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScrapeProtocol } from '../../src/config/prometheus-config.ts';
import { parseExposition } from '../../src/exposition/exposition.ts';
import { acceptHeader, formatFromContentType } from '../../src/exposition/negotiation.ts';
import { CollectingSink } from '../exposition/collecting-sink.ts';

const prometheus = [
  ...(process.env['WATCHFIRE_PEERS'] ?? '').split(delimiter),
  ...(process.env['PATH'] ?? '').split(delimiter),
]
  .flatMap((folder) => [join(folder, 'prometheus'), join(folder, 'usr/bin/prometheus')])
  .find((path) => existsSync(path));
if (prometheus === undefined) console.log('skipped: prometheus is neither on PATH nor in $WATCHFIRE_PEERS');

describe.skipIf(prometheus === undefined)("a real Prometheus' own metrics", () => {
  const directory = mkdtempSync(join(tmpdir(), 'watchfire-own-metrics-'));
  let child: ChildProcess;
  let url = '';

  beforeAll(async () => {
    const probe = createServer();
    await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
    const listen = `127.0.0.1:${(probe.address() as AddressInfo).port}`;
    await new Promise((resolve) => probe.close(resolve));
    url = `http://${listen}/metrics`;
    writeFileSync(
      join(directory, 'prometheus.yml'),
      `scrape_configs: [{job_name: self, scrape_interval: 1s, scrape_timeout: 1s, static_configs: [{targets: ['${listen}']}]}]\n`,
    );
    const options = [
      `--config.file=${join(directory, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
    ];
    child = spawn(prometheus!, [...options, `--web.listen-address=${listen}`, '--log.level=error'], {
      stdio: 'ignore',
    });
    for (let i = 0; i < 100; i++) {
      const answer = await fetch(url.replace('/metrics', '/-/ready')).catch(() => undefined);
      if (answer?.status === 200) break;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    // Its first answers make series of their own.
    for (let i = 0; i < 3; i++) await fetch(url);
    await new Promise((resolve) => setTimeout(resolve, 3000));
  });

  afterAll(async () => {
    const gone = new Promise((resolve) => child.on('exit', resolve));
    child.kill();
    await gone;
    rmSync(directory, { recursive: true });
  });

  async function scrape(protocol: ScrapeProtocol, nativeHistograms: boolean): Promise<CollectingSink> {
    const answer = await fetch(url, { headers: { accept: acceptHeader([protocol], 'allow-utf-8') } });
    const { format } = formatFromContentType(answer.headers.get('content-type') ?? undefined, undefined);
    expect(format).toBe(protocol === 'PrometheusProto' ? 'protobuf' : 'text');
    const sink = new CollectingSink();
    parseExposition(format, new Uint8Array(await answer.arrayBuffer()), sink, { nativeHistograms });
    return sink;
  }

  it('are the same series and metadata in the text format and in protobuf', async () => {
    const names = (sink: CollectingSink): string[] =>
      [...sink.latest().keys()].map((labels) => labels.toSelector()).sort();
    const text = await scrape('PrometheusText0.0.4', false);
    const protobuf = await scrape('PrometheusProto', false);
    expect(names(text).length).toBeGreaterThan(300);
    expect(names(protobuf)).toEqual(names(text));
    const types = (sink: CollectingSink): string[] => sink.metadataLines.filter((line) => / type /.test(line)).sort();
    expect(types(protobuf)).toEqual(types(text));
    const native = (await scrape('PrometheusProto', true)).collected.filter(({ value }) => typeof value !== 'number');
    console.log(`${names(text).length} series, ${native.length} native histograms`);
  });
});
