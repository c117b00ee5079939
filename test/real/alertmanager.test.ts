/** Beside a real Alertmanager: the same alerts give the same notifications, amtool works here, and alerts are forwarded there. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Alerting } from '../../src/alerting/alerting.ts';
import { AlertForwarder } from '../../src/alerting/forwarder.ts';
import { loadAlertmanagerConfig } from '../../src/config/alertmanager-loader.ts';
import { systemClock } from '../../src/config/clock.ts';
import { defaultHttpClientConfig } from '../../src/config/http-config.ts';
import { createHttpClient } from '../../src/http/axios.ts';
import { Labels } from '../../src/labels/labels.ts';
import { createAlerting } from '../../src/notify/create-alerting.ts';
import { runKillTrial } from '../alerting/kill-trial.ts';
import { serveV2, type V2Server } from '../api/v2-server.ts';
import { freePort } from '../free-port.ts';

const run = promisify(execFile);
const alertmanager = find('prometheus-alertmanager') ?? find('alertmanager');
const amtool = find('amtool');
const prometheus = find('prometheus');

for (const [name, path] of Object.entries({ alertmanager, amtool, prometheus })) {
  if (path === undefined) console.log(`${name}: not found on PATH or in $WATCHFIRE_PEERS, skipped`);
}

interface Told {
  readonly path: string;
  readonly atMs: number;
  readonly body: string;
}

const folder = mkdtempSync(join(tmpdir(), 'watchfire-alertmanager-'));
const told: Told[] = [];
let hook: Server;
let own: { readonly alerting: Alerting; readonly server: V2Server };
let real: { readonly process: ChildProcess; readonly url: string } | undefined;

beforeAll(async () => {
  hook = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      told.push({ path: request.url ?? '', atMs: Date.now(), body });
      response.end();
    });
  });
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  own = await startOwn();
  if (alertmanager !== undefined) real = await startReal(alertmanager);
});

afterAll(async () => {
  real?.process.kill('SIGTERM');
  await own.server.close();
  await own.alerting.close();
  hook.closeAllConnections();
  hook.close();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(alertmanager === undefined)('beside Alertmanager', () => {
  it('tells the same, payload by payload', { timeout: 120_000 }, async () => {
    const start = Date.now();
    const post = async (alerts: unknown): Promise<void> => {
      await Promise.all([own.server.url, real!.url].map((url) => send(`${url}/api/v2/alerts`, alerts)));
    };
    const at = (seconds: number): string => new Date(start + seconds * 1000).toISOString();
    const alert = (labels: Record<string, string>, more: Record<string, unknown> = {}): unknown => ({
      labels,
      annotations: { summary: `<${labels['alertname']}> & "more" ü` },
      generatorURL: 'http://prometheus/graph?g0.expr=up&g0.tab=1',
      startsAt: at(0),
      endsAt: at(600),
      ...more,
    });
    await post([
      alert({ alertname: 'Down', severity: 'critical', instance: 'b', job: 'x' }),
      alert({ alertname: 'Down', severity: 'critical', instance: 'a', job: 'x' }),
      alert({ alertname: 'Slow', severity: 'warning', cluster: 'c1' }),
      alert({ alertname: 'Slow', severity: 'warning', cluster: 'c2' }),
      alert({ alertname: 'ClusterDown', cluster: 'c1' }),
      alert({ alertname: 'Other', team: 'ü"\\x' }),
    ]);
    // Groups are flushed at 1, 3, 5, … seconds: in between there is no race.
    await sleep(2_000);
    await post([
      alert({ alertname: 'Down', severity: 'critical', instance: 'c', job: 'x' }),
      alert({ alertname: 'Down', severity: 'critical', instance: 'b', job: 'x' }, { endsAt: at(2) }),
    ]);
    await sleep(2_000);
    await post([
      alert({ alertname: 'ClusterDown', cluster: 'c1' }, { endsAt: at(4) }),
      alert({ alertname: 'Other', team: 'ü"\\x' }, { endsAt: at(4) }),
    ]);
    await sleep(6_000);
    const [ours, theirs] = ['/own', '/real'].map((side) =>
      told
        .filter(({ path }) => path.startsWith(side))
        .map(({ path, body }) => comparable(path.slice(side.length), body))
        .sort(),
    );
    expect(theirs!.length).toBeGreaterThan(6);
    expect(ours).toEqual(theirs);
  });

  it('takes what the forwarder sends', async () => {
    const http = createHttpClient(defaultHttpClientConfig);
    const forwarder = new AlertForwarder({
      targets: () => [
        {
          url: `${real!.url}/api/v2/alerts`,
          http,
          timeoutMs: 5_000,
          relabel: (labels) => labels.with('forwarded', 'yes'),
        },
      ],
      clock: systemClock,
      report: () => {},
    });
    forwarder.receive(
      Array.from({ length: 100 }, (_, i) => ({
        labels: Labels.of({ alertname: 'Forwarded', i: String(i) }),
        annotations: Labels.of({ summary: 'ü' }),
        startsAtMs: Date.now(),
        endsAtMs: Date.now() + 60_000,
        generatorUrl: 'http://x/',
      })),
    );
    await forwarder.close();
    expect(forwarder.stats()).toMatchObject({ sent: 100, dropped: 0 });
    const response = await fetch(`${real!.url}/api/v2/alerts?filter=forwarded%3Dyes`);
    expect(await response.json()).toHaveLength(100);
  });
});

describe.skipIf(amtool === undefined)('amtool', () => {
  const call = async (...args: string[]): Promise<string> =>
    (await run(amtool!, [`--alertmanager.url=${own.server.url}`, ...args])).stdout.trim();

  it('adds and queries alerts, silences them, and shows the configuration', async () => {
    await call('alert', 'add', 'ByAmtool', 'severity=page', '--annotation=summary=hi');
    expect(await call('alert', 'query', 'alertname=ByAmtool', '-o', 'simple')).toContain('ByAmtool');
    const id = await call('silence', 'add', 'alertname=ByAmtool', '--comment=c', '--author=me', '--duration=1h');
    expect(id).toMatch(/^[0-9a-f-]{36}$/);
    expect(await call('silence', 'query', 'alertname=ByAmtool')).toContain('alertname="ByAmtool"');
    expect(await call('alert', 'query', '--silenced', 'alertname=ByAmtool')).toContain('suppressed');
    await call('silence', 'update', id, '--duration=2h');
    await call('silence', 'expire', id);
    expect(await call('silence', 'query', '--expired', '-q', 'alertname=ByAmtool')).toBe(id);
    expect(await call('config', 'show')).toContain('receiver: default');
    expect(await call('cluster', 'show')).toContain('disabled');
  });
});

describe.skipIf(prometheus === undefined)('Prometheus', () => {
  it('sends its alerts here, firing and resolved', { timeout: 60_000 }, async () => {
    const rules = join(folder, 'rules.yml');
    const untilSeconds = Math.ceil(Date.now() / 1000) + 12;
    writeFileSync(
      rules,
      `groups: [{name: g, interval: 1s, rules: [{alert: FromPrometheus, expr: 'vector(3) and on () vector(time()) < ${untilSeconds}', annotations: {summary: '{{ $value }}'}}]}]`,
    );
    const target = new URL(own.server.url).host;
    const configuration = join(folder, 'prometheus.yml');
    writeFileSync(
      configuration,
      `global: {evaluation_interval: 1s, external_labels: {from: prometheus}}
rule_files: ['${rules}']
alerting: {alertmanagers: [{static_configs: [{targets: ['${target}']}]}]}
`,
    );
    const child = spawn(
      prometheus!,
      [
        `--config.file=${configuration}`,
        `--storage.tsdb.path=${join(folder, 'prometheus')}`,
        `--web.listen-address=127.0.0.1:${await freePort()}`,
        // It finds its Alertmanagers some seconds after its rules fire.
        '--rules.alert.resend-delay=1s',
      ],
      { stdio: 'ignore' },
    );
    const seen = async (): Promise<{ annotations: unknown; generatorURL: string }[]> =>
      (await (await fetch(`${own.server.url}/api/v2/alerts?filter=alertname%3DFromPrometheus`)).json()) as {
        annotations: unknown;
        generatorURL: string;
      }[];
    try {
      await until(async () => (await seen()).length === 1);
      const [alert] = await seen();
      expect(alert).toMatchObject({ annotations: { summary: '3' }, labels: { from: 'prometheus' } });
      expect(alert!.generatorURL).toContain('/graph?g0.expr=vector');
      await until(async () => (await seen()).length === 0);
    } finally {
      child.kill('SIGTERM');
    }
  });
});

describe('kill -9', () => {
  it('at 300 random instants loses nothing that was acknowledged and repeats nothing that was logged', {
    timeout: 1_800_000,
  }, async () => {
    const trial = await runKillTrial(300, Math.random);
    console.log(
      `kill -9: ${trial.kills} kills, ${trial.acknowledged} acknowledged, ${trial.missing.length} missing, ` +
        `${trial.repeatedLogged.length} repeated after being logged, ${trial.repeatedUnlogged} repeated before`,
    );
    expect(trial.missing).toEqual([]);
    expect(trial.repeatedLogged).toEqual([]);
  });
});

function configFile(side: string): string {
  const file = join(folder, `${side}.yml`);
  const url = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/${side}`;
  writeFileSync(
    file,
    `global: {resolve_timeout: 1m}
route:
  receiver: default
  group_by: [alertname]
  group_wait: 1s
  group_interval: 2s
  repeat_interval: 1h
  routes:
    - matchers: ['severity="critical"']
      receiver: critical
      group_by: [alertname, job]
      continue: true
    - matchers: ['severity=~"critical|warning"']
      receiver: limited
    - matchers: ['team!=""']
      receiver: quiet
      group_by: ['...']
receivers:
  - name: default
    webhook_configs: [{url: '${url}/default'}]
  - name: critical
    webhook_configs: [{url: '${url}/critical'}, {url: '${url}/second'}]
  - name: limited
    webhook_configs: [{url: '${url}/limited', max_alerts: 1}]
  - name: quiet
    webhook_configs: [{url: '${url}/quiet', send_resolved: false}]
inhibit_rules:
  - source_matchers: [alertname=ClusterDown]
    target_matchers: [severity=warning]
    equal: [cluster]
`,
  );
  return file;
}

async function startOwn(): Promise<typeof own> {
  const alerting = createAlerting({
    config: loadAlertmanagerConfig(configFile('own')).value,
    externalUrl: 'http://alertmanager.test',
    stateDirectory: join(folder, 'own-state'),
  });
  return { alerting, server: await serveV2(alerting) };
}

async function startReal(program: string): Promise<NonNullable<typeof real>> {
  const port = await freePort();
  const child = spawn(
    program,
    [
      `--config.file=${configFile('real')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.external-url=http://alertmanager.test',
      '--web.route-prefix=/',
      '--cluster.listen-address=',
      `--storage.path=${join(folder, 'real-state')}`,
    ],
    { stdio: 'ignore' },
  );
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; attempt < 100; attempt++) {
    const ready = await fetch(`${url}/-/ready`).catch(() => undefined);
    if (ready?.ok) return { process: child, url };
    await sleep(100);
  }
  throw new Error(`${program} did not become ready`);
}

/** A payload without what differs by its nature: the sub-millisecond part of times, and fields of later versions. */
function comparable(path: string, body: string): string {
  const { routeLabels: _, ...payload } = JSON.parse(body);
  for (const alert of payload.alerts) {
    alert.startsAt = new Date(alert.startsAt).toISOString();
    alert.endsAt = new Date(alert.endsAt).toISOString();
  }
  return `${path} ${JSON.stringify(payload)}`;
}

async function send(url: string, body: unknown): Promise<void> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${url}: ${response.status} ${await response.text()}`);
}

function find(program: string): string | undefined {
  const folders = [process.env['WATCHFIRE_PEERS'] ?? '', ...(process.env['PATH'] ?? '').split(delimiter)];
  return folders.map((each) => join(each, program)).find((path) => existsSync(path));
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (await condition()) return;
    await sleep(100);
  }
  throw new Error('what was waited for did not come within 20 s');
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
