/**
 * watchfire beside Prometheus and Alertmanager on the same targets, rules and routes through scripted incidents: the same
 * notifications, payload by payload. WATCHFIRE_SIDE_BY_SIDE_SECONDS says for how long (default 180, ten minutes are 600).
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPeer, pause, type Server, startServer, startWatchfire } from '../bench/peers.ts';
import {
  EVALUATION_SECONDS,
  exposition,
  ROUND_SECONDS,
  RULES,
  routes,
  SCRAPE_SECONDS,
  type TargetName,
  UNSILENCE_SECONDS,
} from './incidents.ts';

const prometheus = findPeer('prometheus');
const alertmanager = findPeer('prometheus-alertmanager') ?? findPeer('alertmanager');
const areThere = prometheus !== undefined && alertmanager !== undefined;
if (!areThere) console.log('skipped: prometheus or alertmanager is neither on PATH nor in $WATCHFIRE_PEERS');

const SECONDS = Number(process.env['WATCHFIRE_SIDE_BY_SIDE_SECONDS'] ?? 2 * ROUND_SECONDS);
const EXTERNAL_URL = 'http://mon.example.org';
const SIDES = ['peer', 'own'] as const;
type Side = (typeof SIDES)[number];

interface Payload {
  readonly receiver: string;
  readonly groupKey: string;
  readonly routeLabels?: unknown;
  readonly alerts: readonly { readonly startsAt: string; readonly endsAt: string; readonly status: string }[];
}

interface Told {
  readonly side: Side;
  /** Seconds of the script. */
  readonly atSeconds: number;
  readonly payload: Payload;
}

const told: Told[] = [];
const servers: Server[] = [];
let folder = '';
let targets: HttpServer;
let startMs = Number.POSITIVE_INFINITY;

beforeAll(
  async () => {
    if (!areThere) return;
    folder = mkdtempSync(join(tmpdir(), 'watchfire-beside-'));
    targets = createServer((request, response) => {
      const [, kind, name] = (request.url ?? '').split('/');
      const elapsedSeconds = (Date.now() - startMs) / 1000;
      if (request.method !== 'POST') {
        const body = exposition(kind as TargetName, elapsedSeconds);
        response.writeHead(body === undefined ? 503 : 200, { 'content-type': 'text/plain; version=0.0.4' });
        response.end(body);
        return;
      }
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const payload = JSON.parse(body) as Payload;
        told.push({ side: kind as Side, atSeconds: elapsedSeconds, payload });
        response.end(name);
      });
    });
    await new Promise<void>((resolve) => targets.listen(0, '127.0.0.1', resolve));
    const address = `127.0.0.1:${(targets.address() as AddressInfo).port}`;
    writeFileSync(join(folder, 'rules.yml'), RULES);
    const alertmanagerFile = (side: Side): string => {
      const file = join(folder, `alertmanager-${side}.yml`);
      writeFileSync(file, routes(`http://${address}/${side}`));
      return file;
    };
    const am = await startServer(alertmanager, (own) => [
      `--config.file=${alertmanagerFile('peer')}`,
      `--storage.path=${join(folder, 'alertmanager')}`,
      `--web.listen-address=${own}`,
      `--web.external-url=${EXTERNAL_URL}`,
      '--web.route-prefix=/',
      '--cluster.listen-address=',
      '--log.level=error',
    ]);
    servers.push(am);
    const peerConfig = configFile('peer', address, new URL(am.url).host);
    servers.push(
      await startServer(prometheus, (own) => [
        `--config.file=${peerConfig}`,
        `--storage.tsdb.path=${join(folder, 'tsdb')}`,
        `--web.listen-address=${own}`,
        `--web.external-url=${EXTERNAL_URL}`,
        '--web.route-prefix=/',
        '--log.level=error',
      ]),
    );
    const own = await startWatchfire(() => [
      ...['--prometheus-config', configFile('own', address, undefined)],
      ...['--alertmanager-config', alertmanagerFile('own')],
      ...['--state', join(folder, 'state'), '--external-url', EXTERNAL_URL],
    ]);
    servers.push(own);
    // Both have scraped and evaluated some times by then, and neither has an alert left from its start.
    await pause(10_000);
    startMs = Date.now();
    for (let round = 0; round * ROUND_SECONDS < SECONDS; round++) {
      const silences = await Promise.all([am, own].map((each) => silence(each.url)));
      await until(round * ROUND_SECONDS + UNSILENCE_SECONDS);
      await Promise.all(silences.map((url) => fetch(url, { method: 'DELETE' })));
      await until((round + 1) * ROUND_SECONDS);
    }
  },
  SECONDS * 1000 + 120_000,
);

afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
  targets?.closeAllConnections();
  targets?.close();
  if (folder !== '') rmSync(folder, { recursive: true, force: true });
}, 30_000);

describe.skipIf(!areThere)('beside Prometheus and Alertmanager', () => {
  it('tells the same, payload by payload', () => {
    const [peer, own] = SIDES.map(bySequence);
    console.log(
      `${SECONDS} s of incidents: ${count('peer')} notifications of Alertmanager, ${count('own')} of watchfire`,
    );
    expect(count('peer')).toBeGreaterThan(20);
    expect(own).toEqual(peer);
  });

  it('tells it at the same times, within an evaluation and the scrape before it', () => {
    const [peer, own] = SIDES.map((side) => timesOf(side));
    const tolerance = EVALUATION_SECONDS + SCRAPE_SECONDS;
    const differences = [...peer!].map(([key, seconds]) => ({ key, by: (own!.get(key) ?? Number.NaN) - seconds }));
    const sorted = differences.map(({ by }) => Math.abs(by)).sort((a, b) => a - b);
    console.log(
      `times apart, s: median ${sorted[sorted.length >> 1]?.toFixed(2)}, longest ${sorted.at(-1)?.toFixed(2)}, of ${sorted.length}`,
    );
    expect(differences.filter(({ by }) => !(Math.abs(by) <= tolerance))).toEqual([]);
  });
});

function count(side: Side): number {
  return told.filter((each) => each.side === side).length;
}

/** By receiver and group, its payloads in order, without times. */
function bySequence(side: Side): Record<string, string[]> {
  const sequences: Record<string, string[]> = {};
  for (const { payload } of inOrder(side)) {
    const key = `${payload.receiver} ${payload.groupKey}`;
    sequences[key] ??= [];
    sequences[key].push(JSON.stringify(withoutTimes(payload), undefined, 1));
  }
  return Object.fromEntries(Object.entries(sequences).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function inOrder(side: Side): Told[] {
  return told.filter((each) => each.side === side);
}

/** The times that are set say so and no more. What Alertmanager tells only from a later version on counts where it tells it. */
function withoutTimes(payload: Payload): unknown {
  const { alerts, routeLabels, ...known } = payload;
  const rest = told.some((each) => each.side === 'peer' && 'routeLabels' in each.payload)
    ? { ...known, routeLabels }
    : known;
  const said = (time: string): string => (time.startsWith('0001') ? 'none' : 'set');
  return {
    ...rest,
    alerts: alerts.map((alert) => ({ ...alert, startsAt: said(alert.startsAt), endsAt: said(alert.endsAt) })),
  };
}

/** Of each notification when it came, and of its alerts when they began and ended, in seconds of the script. */
function timesOf(side: Side): Map<string, number> {
  const times = new Map<string, number>();
  const counts = new Map<string, number>();
  for (const { atSeconds, payload } of inOrder(side)) {
    const group = `${payload.receiver} ${payload.groupKey}`;
    const nth = (counts.get(group) ?? 0) + 1;
    counts.set(group, nth);
    times.set(`${group} ${nth}`, atSeconds);
    for (const [i, { startsAt, endsAt }] of payload.alerts.entries()) {
      times.set(`${group} ${nth} ${i} starts`, (Date.parse(startsAt) - startMs) / 1000);
      if (!endsAt.startsWith('0001')) times.set(`${group} ${nth} ${i} ends`, (Date.parse(endsAt) - startMs) / 1000);
    }
  }
  return times;
}

function configFile(side: Side, address: string, alertmanagerAddress: string | undefined): string {
  const file = join(folder, `prometheus-${side}.yml`);
  const job = (name: TargetName): string =>
    `  - {job_name: ${name}, metrics_path: /${name}, static_configs: [{targets: ['${address}']}]}`;
  const alerting =
    alertmanagerAddress === undefined
      ? ''
      : `alerting: {alertmanagers: [{static_configs: [{targets: ['${alertmanagerAddress}']}]}]}`;
  writeFileSync(
    file,
    `global: {scrape_interval: ${SCRAPE_SECONDS}s, evaluation_interval: ${EVALUATION_SECONDS}s, external_labels: {region: eu}}
rule_files: [rules.yml]
${alerting}
scrape_configs:
${job('shop')}
${job('batch')}
${job('db')}
`,
  );
  return file;
}

/** Gives the URL under which it can be expired. */
async function silence(base: string): Promise<string> {
  const nowMs = Date.now();
  const answer = await fetch(`${base}/api/v2/silences`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      matchers: [{ name: 'team', value: 'quiet', isRegex: false, isEqual: true }],
      startsAt: new Date(nowMs).toISOString(),
      endsAt: new Date(nowMs + 3_600_000).toISOString(),
      createdBy: 'test',
      comment: 'until it is taken away',
    }),
  });
  const { silenceID } = (await answer.json()) as { silenceID: string };
  return `${base}/api/v2/silence/${silenceID}`;
}

function until(seconds: number): Promise<void> {
  return pause(startMs + seconds * 1000 - Date.now());
}
