/** Lets Prometheus and watchfire scrape the same exporter and compares CPU seconds a sample and resident memory. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPeer, pause, type Server, startServer, startWatchfire } from './peers.ts';

const SIZES = (process.env['WATCHFIRE_BENCH_SERIES'] ?? '10000,50000,100000').split(',').map(Number);
const SECONDS = Number(process.env['WATCHFIRE_BENCH_SECONDS'] ?? 60);
const INTERVAL_SECONDS = 5;
/** The first scrapes make the series, and V8 compiles what turns out to be hot: neither is what is measured. */
const WARM_UP_SECONDS = Number(process.env['WATCHFIRE_BENCH_WARM_UP_SECONDS'] ?? 90);

interface Measured {
  readonly cpuMicrosecondsPerSample: number;
  readonly residentMebibytes: number;
}

export async function run(): Promise<void> {
  const prometheus = findPeer('prometheus');
  if (prometheus === undefined)
    console.log('prometheus is not on PATH nor in WATCHFIRE_PEERS: watchfire alone is measured');
  console.log(`scraping every ${INTERVAL_SECONDS} s for ${SECONDS} s; CPU in microseconds a sample, memory resident`);
  console.log('series   watchfire CPU  Prometheus CPU  ratio   watchfire MiB  Prometheus MiB');
  for (const size of SIZES) {
    const exporter = await startExporter(size);
    const folder = mkdtempSync(join(tmpdir(), 'watchfire-bench-'));
    const config = join(folder, 'prometheus.yml');
    writeFileSync(config, configText(exporter.address));
    const watchfire = await startWatchfire(() => ['--state', join(folder, 'state'), '--prometheus-config', config]);
    const ours = await measure(watchfire, size);
    const theirs = prometheus && (await measure(await startPrometheus(prometheus, config, folder), size));
    console.log(row(size, ours, theirs || undefined));
    exporter.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function startPrometheus(program: string, config: string, folder: string): Promise<Server> {
  return startServer(program, (address) => [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'tsdb')}`,
    `--web.listen-address=${address}`,
  ]);
}

async function measure(server: Server, size: number): Promise<Measured> {
  await pause(WARM_UP_SECONDS * 1000);
  const before = server.cpuSeconds();
  await pause(SECONDS * 1000);
  const used = server.cpuSeconds() - before;
  const samples = (SECONDS / INTERVAL_SECONDS) * size;
  const measured = {
    cpuMicrosecondsPerSample: (used / samples) * 1e6,
    residentMebibytes: server.residentBytes() / 2 ** 20,
  };
  await server.stop();
  return measured;
}

function row(size: number, ours: Measured, theirs: Measured | undefined): string {
  const number = (value: number | undefined, width: number): string => (value?.toFixed(2) ?? '-').padStart(width);
  const ratio = theirs && ours.cpuMicrosecondsPerSample / theirs.cpuMicrosecondsPerSample;
  return [
    String(size).padEnd(6),
    number(ours.cpuMicrosecondsPerSample, 15),
    number(theirs?.cpuMicrosecondsPerSample, 15),
    number(ratio, 6),
    number(ours.residentMebibytes, 15),
    number(theirs?.residentMebibytes, 15),
  ].join(' ');
}

function configText(address: string): string {
  return `global:
  scrape_interval: ${INTERVAL_SECONDS}s
scrape_configs:
  - job_name: bench
    static_configs:
      - targets: ['${address}']
`;
}

/** A tenth of the series changes from scrape to scrape, as in a real exporter. */
async function startExporter(size: number): Promise<{ readonly address: string; stop(): void }> {
  let scrapes = 0;
  const server = http.createServer((_request, response) => {
    scrapes++;
    response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
    response.end(exposition(size, scrapes));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function exposition(size: number, scrapes: number): string {
  const lines: string[] = [];
  const families = Math.max(1, Math.round(size / 200));
  for (let family = 0; family < families; family++) {
    lines.push(`# HELP bench_requests_${family}_total Requests.`, `# TYPE bench_requests_${family}_total counter`);
    for (let i = family; i < size; i += families) {
      const value = i * 17 + (i % 10 === 0 ? scrapes : 0);
      lines.push(`bench_requests_${family}_total{method="GET",path="/api/v1/orders/${i}",code="200"} ${value}`);
    }
  }
  return `${lines.join('\n')}\n`;
}
