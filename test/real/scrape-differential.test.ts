/** The same expositions scraped by a real Prometheus and by `watchfire watch`, held side by side over both HTTP APIs. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { collectDefaultMetrics, Histogram, Registry } from 'prom-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startShop } from '../../src/demo/shop.ts';
import { freePort } from '../free-port.ts';
import { type Exposition, generatedExpositions, OPEN_METRICS, PROTOBUF, TEXT } from './expositions.ts';

const peer = (name: string): string | undefined =>
  [...(process.env['WATCHFIRE_PEERS'] ?? '').split(delimiter), ...(process.env['PATH'] ?? '').split(delimiter)]
    .flatMap((folder) => [join(folder, name), join(folder, 'usr/bin', name)])
    .find((path) => existsSync(path));
const prometheus = peer('prometheus');
if (prometheus === undefined) console.log('skipped: prometheus is neither on PATH nor in $WATCHFIRE_PEERS');

const projectRoot = join(import.meta.dirname, '../..');
const samples = join(projectRoot, '../shared/conformance/exposition-samples');
/** Of every exposition, by each program. */
const SCRAPES = 4;

interface Vector {
  readonly metric: Record<string, string>;
  readonly value?: [number, string];
  readonly histogram?: [number, unknown];
}

interface ActiveTarget {
  readonly labels: Record<string, string>;
  readonly discoveredLabels: Record<string, string>;
  readonly health: string;
  readonly lastError: string;
}

describe.skipIf(prometheus === undefined)('scraped by Prometheus and by watchfire', () => {
  const directory = mkdtempSync(join(tmpdir(), 'watchfire-differential-'));
  const children: ChildProcess[] = [];
  const served = new Map<string, Exposition>();
  const counts = new Map<string, number>();
  const skipped: string[] = [];
  let server: Server;
  let theirs = '';
  let ours = '';

  beforeAll(async () => {
    for (const each of [...generatedExpositions(), ...conformanceSamples(), ...(await realExpositions())])
      served.set(each.name, each);
    server = createServer((request, response) => {
      const name = decodeURIComponent(request.url!.slice(1));
      const { contentType, body } = served.get(name)!;
      const who = `${request.headers['user-agent']!.split('/')[0]} ${name}`;
      counts.set(who, (counts.get(who) ?? 0) + 1);
      if (contentType !== undefined) response.setHeader('content-type', contentType);
      response.end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const file = join(directory, 'prometheus.yml');
    const native = 'scrape_native_histograms: true';
    writeFileSync(file, `global: { ${native} }\n`);
    // Prometheus 3.5 reads native histograms where its feature flag says so, 3.14 where the configuration does.
    const knowsIt = spawnSync(join(dirname(prometheus!), 'promtool'), ['check', 'config', file]).status === 0;
    const { port } = server.address() as AddressInfo;
    writeFileSync(file, configOf([...served.values()], port, knowsIt ? native : ''));
    theirs = await startPrometheus(file, join(directory, 'tsdb'), ['exemplar-storage', 'native-histograms']);
    ours = await startWatchfire(file);
    const enough = (): boolean =>
      [...served.keys()].every((name) =>
        ['Prometheus', 'watchfire'].every((who) => (counts.get(`${who} ${name}`) ?? 0) >= SCRAPES),
      );
    for (let i = 0; i < 400 && !enough(); i++) await pause(100);
    await pause(500);
  });

  afterAll(async () => {
    await Promise.all(children.map(end));
    server.closeAllConnections();
    server.close();
    rmSync(directory, { recursive: true });
    console.log(`${served.size} expositions; skipped: ${skipped.length === 0 ? 'none' : skipped.join(', ')}`);
  });

  it('gives the same series and values', async () => {
    const wrong: string[] = [];
    let series = 0;
    for (const name of served.keys()) {
      const [a, b] = await both(`/api/v1/query?query=${encodeURIComponent(`{job="${name}"}`)}`, seriesOf);
      series += a.length;
      wrong.push(...differences(name, a, b));
    }
    console.log(`${series} series of ${served.size} expositions, ${wrong.length} differences`);
    expect(wrong).toEqual([]);
  });

  it('counts samples, series and failures alike in every scrape', async () => {
    const wrong: string[] = [];
    for (const metric of [
      'up',
      'scrape_samples_scraped',
      'scrape_samples_post_metric_relabeling',
      'max_over_time(scrape_series_added[1m])',
      'last_over_time(scrape_series_added[1m])',
      'count by (job) (scrape_duration_seconds)',
    ]) {
      const [a, b] = await both(`/api/v1/query?query=${encodeURIComponent(metric)}`, seriesOf);
      wrong.push(...differences(metric, a, b));
    }
    expect(wrong).toEqual([]);
  });

  it('knows the same metadata', async () => {
    const wrong: string[] = [];
    let families = 0;
    for (const name of served.keys()) {
      const path = `/api/v1/targets/metadata?match_target=${encodeURIComponent(`{job="${name}"}`)}`;
      const [a, b] = await both(path, (answer) =>
        ((answer ?? []) as { metric: string; type: string; help: string; unit: string }[])
          .map(({ metric, type, help, unit }) => JSON.stringify([metric, type, help, unit]))
          .sort(),
      );
      families += a.length;
      wrong.push(...differences(name, a, b));
    }
    console.log(`metadata of ${families} families`);
    expect(wrong).toEqual([]);
  });

  it('keeps the same exemplars', async () => {
    const wrong: string[] = [];
    let exemplars = 0;
    const nowSeconds = Date.now() / 1000;
    for (const { name, ownExemplarTimes } of served.values()) {
      const query = encodeURIComponent(`{job="${name}"}`);
      const path = `/api/v1/query_exemplars?query=${query}&start=${nowSeconds - 3600}&end=${nowSeconds + 60}`;
      const [a, b] = await both(path, (answer) => exemplarsOf(answer, ownExemplarTimes ?? false));
      exemplars += a.length;
      wrong.push(...differences(name, a, b));
    }
    console.log(`${exemplars} exemplars`);
    expect(exemplars).toBeGreaterThan(0);
    expect(wrong).toEqual([]);
  });

  it('says the same of every target, errors in kind', async () => {
    const [a, b] = await both('/api/v1/targets?state=active', (answer) =>
      (answer as { activeTargets: ActiveTarget[] }).activeTargets
        .map(({ labels, discoveredLabels, health, lastError }) =>
          JSON.stringify([
            labels['job'],
            health,
            kindOf(lastError),
            sorted(labels),
            sorted(comparable(discoveredLabels)),
          ]),
        )
        .sort(),
    );
    console.log(`${a.filter((each) => each.includes('"down"')).length} of ${a.length} targets refused`);
    expect(differences('targets', a, b)).toEqual([]);
  });

  async function both(path: string, read: (data: unknown) => string[]): Promise<[string[], string[]]> {
    const answers = await Promise.all([theirs, ours].map((url) => ask(`${url}${path}`)));
    return [read(answers[0]), read(answers[1])];
  }

  async function realExpositions(): Promise<Exposition[]> {
    const found: Exposition[] = [];
    const take = async (name: string, url: string, accept: string): Promise<void> => {
      const answer = await fetch(url, { headers: { accept } });
      const contentType = answer.headers.get('content-type') ?? undefined;
      found.push({ name, contentType, body: Buffer.from(await answer.arrayBuffer()), ...limits(accept) });
    };
    const empty = join(directory, 'empty.yml');
    writeFileSync(empty, 'global: {}\n');
    const own = await startPrometheus(empty, join(directory, 'own'), ['native-histograms']);
    for (let i = 0; i < 3; i++) await fetch(`${own}/metrics`);
    for (const [kind, accept] of [...ACCEPTS, ['protobuf', PROTOBUF] as const])
      await take(`prometheus-${kind}`, `${own}/metrics`, accept);
    const exporter = peer('prometheus-node-exporter');
    if (exporter === undefined) skipped.push('node_exporter');
    else {
      const address = `127.0.0.1:${await freePort()}`;
      await started(exporter, [`--web.listen-address=${address}`], `http://${address}/`);
      for (const [kind, accept] of ACCEPTS) await take(`node-exporter-${kind}`, `http://${address}/metrics`, accept);
    }
    const alertmanager = peer('prometheus-alertmanager');
    if (alertmanager === undefined) skipped.push('Alertmanager');
    else {
      const file = join(directory, 'alertmanager.yml');
      writeFileSync(file, 'route: { receiver: none }\nreceivers: [{ name: none }]\n');
      const address = `127.0.0.1:${await freePort()}`;
      const options = [
        `--config.file=${file}`,
        `--storage.path=${join(directory, 'am')}`,
        `--web.listen-address=${address}`,
      ];
      await started(alertmanager, [...options, '--cluster.listen-address='], `http://${address}/-/ready`);
      for (const [kind, accept] of ACCEPTS) await take(`alertmanager-${kind}`, `http://${address}/metrics`, accept);
    }
    found.push(...(await promClientExpositions()));
    const shop = await startShop({
      directory: mkdtempSync(join(directory, 'shop-')),
      seed: 1,
      speed: 10,
      otlpEndpoint: 'http://127.0.0.1:9',
      nowMs: () => performance.now(),
    });
    await pause(2000);
    for (const { name, target } of shop.services) await take(`demo-${name}`, `http://${target}/metrics`, OPEN_METRICS);
    await shop.stop();
    return found;
  }

  async function startPrometheus(file: string, data: string, features: readonly string[]): Promise<string> {
    const address = `127.0.0.1:${await freePort()}`;
    const options = [`--config.file=${file}`, `--storage.tsdb.path=${data}`, `--enable-feature=${features.join(',')}`];
    return started(
      prometheus!,
      [...options, `--web.listen-address=${address}`, '--log.level=error'],
      `http://${address}/-/ready`,
    );
  }

  async function startWatchfire(file: string): Promise<string> {
    const address = `127.0.0.1:${await freePort()}`;
    const program = join(projectRoot, 'bin', 'watchfire.js');
    const options = [
      'watch',
      '--listen',
      address,
      '--prometheus-config',
      file,
      '--enable-feature',
      'native-histograms',
    ];
    return started(process.execPath, [program, ...options], `http://${address}/-/ready`);
  }

  /** Gives the address once `ready` answers. */
  async function started(command: string, args: readonly string[], ready: string): Promise<string> {
    const child = spawn(command, args, { stdio: 'ignore' });
    children.push(child);
    for (let i = 0; i < 300; i++) {
      if ((await fetch(ready).catch(() => undefined))?.ok) return new URL(ready).origin;
      await pause(100);
    }
    throw new Error(`${command} is not ready`);
  }
});

const ACCEPTS = [
  ['text', TEXT],
  ['openmetrics', OPEN_METRICS],
] as const;

function conformanceSamples(): Exposition[] {
  if (!existsSync(samples)) {
    console.log('skipped: ../shared/conformance is not here');
    return [];
  }
  return readdirSync(samples)
    .filter((file) => /\.(txt|om)$/.test(file))
    .map((file) => ({
      name: file,
      contentType: file.endsWith('.om') ? OPEN_METRICS : TEXT,
      body: readFileSync(join(samples, file)),
    }));
}

async function promClientExpositions(): Promise<Exposition[]> {
  const text = new Registry();
  collectDefaultMetrics({ register: text });
  const open = new Registry<typeof Registry.OPENMETRICS_CONTENT_TYPE>();
  open.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  const histogram = new Histogram<string>({
    name: 'request_seconds',
    help: 'Requests.',
    labelNames: ['code'],
    registers: [open],
    enableExemplars: true,
  });
  for (let i = 1; i <= 20; i++) {
    histogram.observe({ labels: { code: '200' }, value: i / 5, exemplarLabels: { trace_id: `trace${i}` } });
  }
  return [
    { name: 'prom-client-text', contentType: text.contentType, body: Buffer.from(await text.metrics()) },
    {
      name: 'prom-client-openmetrics',
      contentType: open.contentType,
      body: Buffer.from(await open.metrics()),
      ownExemplarTimes: true,
    },
  ];
}

/** Prometheus takes protobuf only where it is asked for. */
function limits(accept: string): Partial<Exposition> {
  return accept === PROTOBUF ? { job: ['scrape_protocols: [PrometheusProto]'] } : {};
}

function configOf(expositions: readonly Exposition[], port: number, more: string): string {
  return [
    `global: { scrape_interval: 1s, scrape_timeout: 1s${more && ', '}${more} }`,
    'scrape_configs:',
    ...expositions.flatMap(({ name, job = [] }) => [
      `  - job_name: '${name}'`,
      `    metrics_path: '/${encodeURIComponent(name)}'`,
      `    static_configs: [{ targets: ['127.0.0.1:${port}'], labels: { zone: here } }]`,
      ...job.map((line) => `    ${line}`),
    ]),
    '',
  ].join('\n');
}

/** One line a series; of what differs from scrape to scrape only that it is there. */
function seriesOf(answer: unknown): string[] {
  return (answer as { result: Vector[] }).result
    .map(({ metric, value, histogram }) => {
      const isTimed = metric['__name__'] === 'scrape_duration_seconds';
      return `${sorted(metric)} ${isTimed ? 'any' : (value?.[1] ?? JSON.stringify(histogram?.[1]))}`;
    })
    .sort();
}

function exemplarsOf(answer: unknown, withTimes: boolean): string[] {
  const found = answer as {
    seriesLabels: Record<string, string>;
    exemplars: { labels: Record<string, string>; value: string; timestamp: number }[];
  }[];
  const lines = found.flatMap(({ seriesLabels, exemplars }) =>
    exemplars.map(({ labels, value, timestamp }) =>
      JSON.stringify([sorted(seriesLabels), sorted(labels), value, withTimes ? timestamp : 'any']),
    ),
  );
  return [...new Set(lines)].sort();
}

function differences(name: string, theirs: readonly string[], ours: readonly string[]): string[] {
  const [a, b] = [new Set(theirs), new Set(ours)];
  return [
    ...theirs.filter((each) => !b.has(each)).map((each) => `${name}: only Prometheus: ${each}`),
    ...ours.filter((each) => !a.has(each)).map((each) => `${name}: only watchfire: ${each}`),
  ].slice(0, 12);
}

/** Up to the text that was not understood, which Prometheus shows in bytes and with the names of its lexer's tokens. */
function kindOf(error: string): string {
  return error.replace(/, got ".*| ?: ".*/s, '');
}

/** Without the labels that tell how a target's histograms are scraped: Prometheus has them since 3.14. */
function comparable(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !/^__\w+_histograms_/.test(name)));
}

function sorted(labels: Readonly<Record<string, string>>): string {
  return JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)));
}

async function ask(url: string): Promise<unknown> {
  return ((await (await fetch(url)).json()) as { data: unknown }).data;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('exit', resolve));
}
