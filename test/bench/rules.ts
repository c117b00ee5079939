/** 1,000 rules over 10,000 series each 5 s under Prometheus and watchfire at once: CPU for a rule, and how long the group takes. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPeer, pause, type Server, startServer, startWatchfire } from './peers.ts';
import { run as compareLatency } from './rule-latency.ts';

const SECONDS = Number(process.env['WATCHFIRE_BENCH_SECONDS'] ?? 60);
const INTERVAL_SECONDS = 5;
/** The window of `rate` is full by then, and what V8 compiles late is compiled: rules run for months, not for a minute. */
const WARM_UP_SECONDS = Number(process.env['WATCHFIRE_BENCH_WARM_UP_SECONDS'] ?? 180);
/** Evaluations whose duration is looked at. */
const DURATIONS = 9;
const RULES = 1000;
/** A shard has five counters and five gauges: 10,000 series in all. */
const SHARDS = 1000;
const CODES = ['200', '204', '400', '404', '500'];

interface Measured {
  readonly cpuSeconds: number;
  /** Of the group, as the server itself says, one for each evaluation seen. */
  readonly durationsMs: readonly number[];
}

export async function run(): Promise<void> {
  await compareCost();
  await compareLatency();
}

async function compareCost(): Promise<void> {
  const prometheus = findPeer('prometheus');
  if (prometheus === undefined) console.log('prometheus is neither on PATH nor in $WATCHFIRE_PEERS: watchfire alone');
  const folder = mkdtempSync(join(tmpdir(), 'watchfire-bench-'));
  const exporter = await startExporter();
  writeFileSync(join(folder, 'rules.yml'), rulesText());
  const servers: Server[] = [];
  try {
    const start = async (kind: string, rules: boolean): Promise<Server> => {
      const own = join(folder, `${kind}-${rules}`);
      const config = join(folder, `${kind}-${rules}.yml`);
      writeFileSync(config, configText(exporter.address, rules));
      const server =
        kind === 'watchfire'
          ? await startWatchfire(() => ['--state', own, '--prometheus-config', config])
          : await startServer(prometheus!, (address) => [
              `--config.file=${config}`,
              `--storage.tsdb.path=${own}`,
              `--web.listen-address=${address}`,
              '--log.level=error',
            ]);
      servers.push(server);
      return server;
    };
    const kinds = prometheus === undefined ? ['watchfire'] : ['Prometheus', 'watchfire'];
    // All at once: what else the machine does meanwhile is the same for all.
    const pairs = await Promise.all(
      kinds.map(async (kind) => ({ kind, with: await start(kind, true), without: await start(kind, false) })),
    );
    console.log(
      `\n${RULES.toLocaleString('en')} rules over ${(SHARDS * CODES.length * 2).toLocaleString('en')} series each ${INTERVAL_SECONDS} s, for ${SECONDS} s; CPU of a rule is what the process uses beyond one that scrapes the same without rules\n`,
    );
    await pause(WARM_UP_SECONDS * 1000);
    const measured = await Promise.all(
      pairs.flatMap((pair) => [measure(pair.with, DURATIONS), measure(pair.without, 0)]),
    );
    console.log(
      '| | CPU µs a rule | group ms, median | group ms, shortest | group ms, longest |\n| --- | ---: | ---: | ---: | ---: |',
    );
    const rows = pairs.map(({ kind }, i) => {
      const evaluations = (SECONDS / INTERVAL_SECONDS) * RULES;
      const cpuMicroseconds = ((measured[2 * i]!.cpuSeconds - measured[2 * i + 1]!.cpuSeconds) / evaluations) * 1e6;
      const sorted = [...measured[2 * i]!.durationsMs].sort((a, b) => a - b);
      const medianMs = sorted[sorted.length >> 1] ?? Number.NaN;
      const cells = [cpuMicroseconds, medianMs, sorted[0], sorted.at(-1)].map((each) => each?.toFixed(0) ?? '-');
      console.log(`| ${kind} | ${cells.join(' | ')} |`);
      return { cpuMicroseconds, medianMs };
    });
    const [theirs, ours] = rows;
    if (ours !== undefined && theirs !== undefined) {
      const ratio = (of: 'cpuMicroseconds' | 'medianMs'): string => (ours[of] / theirs[of]).toFixed(2);
      console.log(`| ratio | ${ratio('cpuMicroseconds')} | ${ratio('medianMs')} | | |`);
    }
    for (const { kind, with: server } of pairs) console.log(`${kind}: ${await healthOf(server)}`);
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    exporter.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The CPU first, while nobody asks anything; then how long some evaluations take. */
async function measure(server: Server, evaluations: number): Promise<Measured> {
  const before = server.cpuSeconds();
  await pause(SECONDS * 1000);
  const cpuSeconds = server.cpuSeconds() - before;
  const durations = new Map<string, number>();
  while (durations.size < evaluations) {
    for (const { lastEvaluation, evaluationTime } of await groupsOf(server)) {
      durations.set(lastEvaluation, evaluationTime * 1000);
    }
    await pause((INTERVAL_SECONDS * 1000) / 2);
  }
  return { cpuSeconds, durationsMs: [...durations.values()] };
}

interface AnsweredGroup {
  readonly lastEvaluation: string;
  /** Seconds. */
  readonly evaluationTime: number;
  readonly rules: readonly { readonly health: string; readonly state?: string }[];
}

async function groupsOf(server: Server): Promise<readonly AnsweredGroup[]> {
  const answer = await fetch(`${server.url}/api/v1/rules?exclude_alerts=true&rule_name[]=shard:requests:rate1m_0`);
  return ((await answer.json()) as { data: { groups: readonly AnsweredGroup[] } }).data.groups;
}

/** That both do the same work: rules that are healthy, alerts that fire. */
async function healthOf(server: Server): Promise<string> {
  const answer = await fetch(`${server.url}/api/v1/rules`);
  const { data } = (await answer.json()) as { data: { groups: readonly AnsweredGroup[] } };
  const rules = data.groups.flatMap((group) => group.rules);
  const healthy = rules.filter(({ health }) => health === 'ok').length;
  const firing = rules.filter(({ state }) => state === 'firing').length;
  return `${healthy} of ${rules.length} rules healthy, ${firing} firing`;
}

function configText(address: string, rules: boolean): string {
  return `global: {scrape_interval: ${INTERVAL_SECONDS}s, evaluation_interval: ${INTERVAL_SECONDS}s}
rule_files: [${rules ? 'rules.yml' : ''}]
scrape_configs:
  - job_name: bench
    static_configs: [{targets: ['${address}']}]
`;
}

/** Half recording rules, a quarter thresholds, a quarter ratios with a `for`; each reads the five to ten series of its shard. */
function rulesText(): string {
  const lines = ['groups:', '  - name: bench', '    rules:'];
  for (let i = 0; i < RULES; i++) {
    const shard = `shard="s${i % SHARDS}"`;
    if (i % 2 === 0) {
      lines.push(
        `      - record: shard:requests:rate1m_${i}`,
        `        expr: sum by (shard, code) (rate(bench_requests_total{${shard}}[1m]))`,
      );
    } else if (i % 4 === 1) {
      lines.push(
        `      - alert: DeepQueue${i}`,
        `        expr: bench_queue_depth{${shard}} > 95`,
        '        labels: {severity: warning}',
        `        annotations: {summary: 'queue of {{ $labels.code }} holds {{ $value }}'}`,
      );
    } else {
      lines.push(
        `      - alert: Errors${i}`,
        `        expr: sum(rate(bench_requests_total{${shard},code=~"5.."}[1m])) / sum(rate(bench_requests_total{${shard}}[1m])) > 0.5`,
        '        for: 1m',
        '        labels: {severity: critical}',
        `        annotations: {summary: '{{ $value | humanizePercentage }} of requests fail'}`,
      );
    }
  }
  return `${lines.join('\n')}\n`;
}

async function startExporter(): Promise<{ readonly address: string; stop(): void }> {
  let scrapes = 0;
  const server = http.createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
    response.end(exposition(scrapes++));
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

function exposition(scrapes: number): string {
  const counters = ['# TYPE bench_requests_total counter'];
  const gauges = ['# TYPE bench_queue_depth gauge'];
  for (let shard = 0; shard < SHARDS; shard++) {
    for (const [i, code] of CODES.entries()) {
      counters.push(`bench_requests_total{shard="s${shard}",code="${code}"} ${scrapes * (1 + ((shard + i) % 7))}`);
      gauges.push(`bench_queue_depth{shard="s${shard}",code="${code}"} ${(shard * 7 + i * 13 + scrapes) % 100}`);
    }
  }
  return `${[...counters, ...gauges].join('\n')}\n`;
}
