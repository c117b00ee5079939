/** Query latency and memory of watchfire beside Prometheus, on the same OpenMetrics dump, over HTTP, with equal answers. */
import { execFileSync } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPeer, pause, type Server, startServer, startWatchfire } from './peers.ts';

const STEP_SECONDS = 15;
const HOURS = 2;
/** A server that has run for a day has compiled what it does often. At least so many calls, and so long: a query of a millisecond wants hundreds. */
const WARM_UP = { calls: 10, ms: 1000 };
const MEASURED = { calls: 5, ms: 500 };

const QUERIES: readonly string[] = [
  'http_requests_total{instance="i-7"}',
  'rate(http_requests_total{job="job-1"}[5m])',
  'sum by (job) (rate(http_requests_total[5m]))',
  'sum(rate(http_requests_total{code=~"5.."}[5m])) / sum(rate(http_requests_total[5m]))',
  'histogram_quantile(0.95, sum by (le, job) (rate(request_seconds_bucket[5m])))',
  'histogram_quantile(0.9, rate(request_seconds_bucket[5m]))',
  'topk(5, rate(http_requests_total[5m]))',
  'http_requests_total{path=~"/api/.*",instance!~"i-1.*"}',
  'max_over_time(sum(rate(http_requests_total[1m]))[10m:1m])',
  'quantile_over_time(0.9, memory_bytes[10m])',
  'absent(http_requests_total{job="no-such-job"})',
  'label_replace(memory_bytes, "host", "$1", "instance", "i-(.*)")',
  'memory_bytes offset 10m',
  'sum by (instance) (rate(http_requests_total[5m])) * on (instance) group_left memory_bytes{kind="rss"}',
  'avg_over_time(memory_bytes[10m]) > 5e8',
  'count by (code) (http_requests_total)',
  'sum without (instance) (increase(http_requests_total[10m]))',
  'stddev by (job) (memory_bytes)',
];

/** Parts of the bench, by the command line. */
export interface PromqlBenchOptions {
  /** A number of series a metric, without the memory of many; else 1,000, 10,000, and that. */
  readonly series?: string | undefined;
  /** `range` or `instant`; else both. */
  readonly kind?: string | undefined;
  /** Queries that match this regular expression. */
  readonly only?: string | undefined;
}

interface Timing {
  readonly medianMs: number;
  readonly result: unknown;
}

export async function run(options: PromqlBenchOptions): Promise<void> {
  const prometheus = findPeer('prometheus');
  const promtool = findPeer('promtool');
  if (prometheus === undefined || promtool === undefined) {
    console.log('promql bench skipped: prometheus and promtool are neither on PATH nor in $WATCHFIRE_PEERS');
    return;
  }
  const directory = await mkdtemp(join(tmpdir(), 'watchfire-bench-'));
  try {
    const sizes = options.series === undefined ? [1000, 10_000] : [Number(options.series)];
    for (const series of sizes) await compare(series, prometheus, promtool, directory, options);
    if (options.series === undefined) await compareMemory(100_000, prometheus, promtool, directory);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

async function compare(
  series: number,
  prometheus: string,
  promtool: string,
  directory: string,
  { kind: onlyKind, only = '' }: PromqlBenchOptions,
): Promise<void> {
  const endSeconds = Math.floor(Date.now() / 1000 / 60) * 60;
  const { peer, own } = await startBoth(series, endSeconds, prometheus, promtool, directory);
  try {
    console.log(`\n## ${series.toLocaleString('en')} series a metric, ${HOURS} h at ${STEP_SECONDS} s`);
    for (const kind of ['range', 'instant'] as const) {
      if (onlyKind !== undefined && onlyKind !== kind) continue;
      console.log(
        `\n| ${kind} query | Prometheus ms | watchfire ms | ratio | equal |\n| --- | ---: | ---: | ---: | --- |`,
      );
      const ratios: number[] = [];
      for (const query of QUERIES.filter((each) => new RegExp(only).test(each))) {
        const theirs = await time(peer, kind, query, endSeconds);
        const ours = await time(own, kind, query, endSeconds);
        const ratio = ours.medianMs / theirs.medianMs;
        ratios.push(ratio);
        const equal = difference(theirs.result, ours.result);
        console.log(
          `| \`${query.replaceAll('|', '\\|')}\` | ${theirs.medianMs.toFixed(1)} | ${ours.medianMs.toFixed(1)} | ${ratio.toFixed(2)} | ${equal ?? 'yes'} |`,
        );
      }
      ratios.sort((a, b) => a - b);
      console.log(`\nmedian ratio ${ratios[ratios.length >> 1]!.toFixed(2)}, highest ${ratios.at(-1)!.toFixed(2)}`);
    }
  } finally {
    await Promise.all([peer.stop(), own.stop()]);
  }
}

async function compareMemory(series: number, prometheus: string, promtool: string, directory: string): Promise<void> {
  const endSeconds = Math.floor(Date.now() / 1000 / 60) * 60;
  const { peer, own } = await startBoth(series, endSeconds, prometheus, promtool, directory, ['http_requests_total']);
  try {
    // One look at everything, so that both have what they serve in memory.
    for (const server of [peer, own]) await time(server, 'range', 'sum(rate(http_requests_total[5m]))', endSeconds);
    await pause(5000);
    const mebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
    console.log(
      `\n${series.toLocaleString('en')} series, ${HOURS} h at ${STEP_SECONDS} s: resident memory Prometheus ${mebibytes(peer.residentBytes())} (blocks on disk, mapped), watchfire ${mebibytes(own.residentBytes())} (all samples in memory)`,
    );
  } finally {
    await Promise.all([peer.stop(), own.stop()]);
  }
}

async function startBoth(
  series: number,
  endSeconds: number,
  prometheus: string,
  promtool: string,
  directory: string,
  metrics?: readonly string[],
): Promise<{ peer: Server; own: Server }> {
  const dump = join(directory, `dump-${series}.om`);
  const blocks = join(directory, `blocks-${series}`);
  await writeDump(dump, series, endSeconds, metrics);
  execFileSync(promtool, ['tsdb', 'create-blocks-from', 'openmetrics', dump, blocks], { stdio: 'ignore' });
  const config = join(directory, 'prometheus.yml');
  await writeFile(config, 'scrape_configs: []\n');
  const peer = await startServer(prometheus, (address) => [
    `--config.file=${config}`,
    `--storage.tsdb.path=${blocks}`,
    '--storage.tsdb.retention.time=10y',
    `--web.listen-address=${address}`,
    '--log.level=error',
  ]);
  const own = await startWatchfire(() => [
    '--prometheus-config',
    config,
    '--import',
    dump,
    '--state',
    join(directory, `state-${series}`),
  ]);
  await rm(dump);
  return { peer, own };
}

/** Three metrics of `series` series each: a counter, a classic histogram (10 buckets a series of it), a gauge. */
async function writeDump(
  file: string,
  series: number,
  endSeconds: number,
  metrics: readonly string[] = ['http_requests_total', 'request_seconds_bucket', 'memory_bytes'],
): Promise<void> {
  const out = createWriteStream(file);
  const write = (text: string): Promise<void> | undefined =>
    out.write(text) ? undefined : new Promise((resolve) => out.once('drain', resolve));
  const random = generator(series);
  const steps = (HOURS * 3600) / STEP_SECONDS;
  const startSeconds = endSeconds - HOURS * 3600 + STEP_SECONDS;
  const codes = ['200', '201', '404', '500', '503'];
  const bounds = ['0.005', '0.01', '0.05', '0.1', '0.25', '0.5', '1', '2.5', '5', '+Inf'];
  for (const metric of metrics) {
    await write(
      `# TYPE ${metric.replace(/_total$|_bucket$/, '')} ${metric.endsWith('_total') ? 'counter' : metric.endsWith('_bucket') ? 'histogram' : 'gauge'}\n`,
    );
    for (let i = 0; i < series; i++) {
      const group = metric.endsWith('_bucket') ? Math.floor(i / bounds.length) : i;
      const common = `job="job-${group % 10}",instance="i-${group % 100}"`;
      const labels = metric.endsWith('_total')
        ? `${common},path="/api/v1/thing-${Math.floor(i / 500)}",method="GET",code="${codes[i % codes.length]}",pod="p-${i}"`
        : metric.endsWith('_bucket')
          ? `${common},pod="p-${group}",le="${bounds[i % bounds.length]}"`
          : `${common},kind="${i < 100 ? 'rss' : 'heap'}",pod="p-${i}"`;
      const rank = metric.endsWith('_bucket') ? (i % bounds.length) + 1 : 1;
      let value = 0;
      let text = '';
      for (let step = 0; step < steps; step++) {
        if (metric === 'memory_bytes') value = Math.round(3e8 + 4e8 * random());
        else value += rank * (1 + ((step * 7 + group) % 13));
        text += `${metric}{${labels}} ${value} ${startSeconds + step * STEP_SECONDS}\n`;
      }
      await write(text);
    }
  }
  await write('# EOF\n');
  await new Promise<void>((resolve) => out.end(resolve));
}

async function time(server: Server, kind: 'range' | 'instant', query: string, endSeconds: number): Promise<Timing> {
  const parameters = new URLSearchParams({ query });
  if (kind === 'range') {
    parameters.set('start', String(endSeconds - 3600));
    parameters.set('end', String(endSeconds));
    parameters.set('step', '15');
  } else parameters.set('time', String(endSeconds));
  const url = `${server.url}/api/v1/query${kind === 'range' ? '_range' : ''}?${parameters}`;
  const result: unknown = JSON.parse((await read(url)).toString());
  await readAgain(url, WARM_UP);
  const times = (await readAgain(url, MEASURED)).sort((a, b) => a - b);
  return { medianMs: times[times.length >> 1]!, result };
}

/** Milliseconds of each call. */
async function readAgain(url: string, least: { readonly calls: number; readonly ms: number }): Promise<number[]> {
  const times: number[] = [];
  for (let spentMs = 0; times.length < least.calls || spentMs < least.ms; ) {
    const startedMs = performance.now();
    await read(url);
    const ms = performance.now() - startedMs;
    times.push(ms);
    spentMs += ms;
  }
  return times;
}

/** The answer to its last byte, uncompressed: what the server takes, without a client that unpacks and decodes. */
function read(url: string): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const request = get(url, { agent }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => resolve(Buffer.concat(parts)));
      response.on('error', reject);
    });
    request.on('error', reject);
  });
}

const agent = new Agent({ keepAlive: true });

/** Undefined where the answers say the same, floats to 1e-9; else the first difference. */
function difference(theirs: unknown, ours: unknown): string | undefined {
  const rows = (answer: unknown): Map<string, [number, string][]> | string => {
    const { status, data, error } = answer as {
      status: string;
      error?: string;
      data?: { result: { metric: Record<string, string>; values?: [number, string][]; value?: [number, string] }[] };
    };
    if (status !== 'success' || data === undefined) return `fails: ${error}`;
    return new Map(
      data.result.map((row) => [JSON.stringify(Object.entries(row.metric).sort()), row.values ?? [row.value!]]),
    );
  };
  const a = rows(theirs);
  const b = rows(ours);
  if (typeof a === 'string' || typeof b === 'string')
    return `Prometheus ${typeof a === 'string' ? a : 'answers'}, watchfire ${typeof b === 'string' ? b : 'answers'}`;
  if (a.size !== b.size) return `${a.size} series against ${b.size}`;
  for (const [metric, points] of a) {
    const others = b.get(metric);
    if (others === undefined) return `${metric} is missing`;
    if (points.length !== others.length) return `${metric}: ${points.length} points against ${others.length}`;
    for (const [i, [at, value]] of points.entries()) {
      const [otherAt, otherValue] = others[i]!;
      if (at !== otherAt || !close(Number(value), Number(otherValue)))
        return `${metric} at ${at}: ${value} against ${otherValue}`;
    }
  }
  return undefined;
}

function close(a: number, b: number): boolean {
  return (
    a === b || (Number.isNaN(a) && Number.isNaN(b)) || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b))
  );
}

/** A small seeded generator (mulberry32), so that every run has the same samples. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
