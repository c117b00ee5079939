/** From a breach to the webhook: Prometheus with Alertmanager, watchfire on Prometheus' cadence, and watchfire evaluating after each scrape. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findPeer, pause, type Server, startServer, startWatchfire } from './peers.ts';

const TRIALS = Number(process.env['WATCHFIRE_BENCH_TRIALS'] ?? 30);
/** Scrapes and evaluations are each second: by then everybody has told. */
const WAIT_MS = 3000;

/** What one program did about one breach. */
interface Moments {
  /** When the first scrape that saw the breach was answered. */
  readonly scrapedMs: number;
  readonly toldMs: number;
}

export async function run(): Promise<void> {
  const prometheus = findPeer('prometheus');
  const alertmanager = findPeer('prometheus-alertmanager') ?? findPeer('alertmanager');
  const folder = mkdtempSync(join(tmpdir(), 'watchfire-bench-'));
  const target = await startTarget();
  const servers: Server[] = [];
  try {
    const names: string[] = [];
    if (prometheus !== undefined && alertmanager !== undefined) {
      names.push('Prometheus + Alertmanager');
      servers.push(...(await startPeers(prometheus, alertmanager, folder, target.address)));
    } else {
      console.log('prometheus and alertmanager are neither on PATH nor in $WATCHFIRE_PEERS: watchfire alone');
    }
    for (const [name, flags] of [
      ['watchfire', []],
      ['watchfire --rules-after-scrape', ['--rules-after-scrape']],
    ] as const) {
      const path = pathOf(names.push(name));
      const files = writeFiles(join(folder, path), path, target.address, '');
      const state = join(folder, `${path}-state`);
      servers.push(
        await startWatchfire(() => [
          '--state',
          state,
          '--prometheus-config',
          files.prometheus,
          '--alertmanager-config',
          files.alertmanager,
          ...flags,
        ]),
      );
    }
    await pause(10_000);
    const trials: { readonly breachMs: number; readonly moments: ReadonlyMap<string, Moments> }[] = [];
    for (let trial = 0; trial < TRIALS; trial++) {
      // At any instant of the second.
      await pause(Math.random() * 1000);
      const breachMs = target.breach(trial);
      await pause(WAIT_MS);
      trials.push({ breachMs, moments: target.momentsOf(trial) });
    }
    console.log(
      `\nfrom a breach to the webhook, ms: scrape and evaluation each 1 s, group_wait 0s, ${TRIALS} breaches\n\n| | breach to POST, median | 90 % | scrape to POST, median | 90 % | longest | told |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: |`,
    );
    for (const [i, name] of names.entries()) {
      const path = pathOf(i + 1);
      const told = trials.flatMap(({ breachMs, moments }) => {
        const moment = moments.get(path);
        return moment === undefined ? [] : [{ breachMs, ...moment }];
      });
      const whole = told.map(({ breachMs, toldMs }) => toldMs - breachMs).sort((a, b) => a - b);
      const part = told.map(({ scrapedMs, toldMs }) => toldMs - scrapedMs).sort((a, b) => a - b);
      const at = (of: readonly number[], share: number): string =>
        of[Math.min(Math.floor(of.length * share), of.length - 1)]?.toFixed(0) ?? '-';
      const cells = [at(whole, 0.5), at(whole, 0.9), at(part, 0.5), at(part, 0.9), at(part, 1)];
      console.log(`| ${name} | ${cells.join(' | ')} | ${told.length} of ${TRIALS} |`);
    }
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    target.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function pathOf(number: number): string {
  return `p${number}`;
}

async function startPeers(
  prometheus: string,
  alertmanager: string,
  folder: string,
  address: string,
): Promise<readonly Server[]> {
  const path = pathOf(1);
  const am = await startServer(alertmanager, (own) => [
    `--config.file=${writeFiles(join(folder, path), path, address, '').alertmanager}`,
    `--storage.path=${join(folder, 'alertmanager')}`,
    `--web.listen-address=${own}`,
    '--cluster.listen-address=',
    '--log.level=error',
  ]);
  const files = writeFiles(join(folder, path), path, address, new URL(am.url).host);
  const server = await startServer(prometheus, (own) => [
    `--config.file=${files.prometheus}`,
    `--storage.tsdb.path=${join(folder, 'tsdb')}`,
    `--web.listen-address=${own}`,
    '--log.level=error',
  ]);
  return [am, server];
}

/** Each program scrapes and tells under a path of its own, so that it is known whose request it is. */
function writeFiles(
  base: string,
  path: string,
  address: string,
  alertmanager: string,
): { readonly prometheus: string; readonly alertmanager: string } {
  const files = { prometheus: `${base}-prometheus.yml`, alertmanager: `${base}-alertmanager.yml` };
  const alerting =
    alertmanager === '' ? '' : `alerting: {alertmanagers: [{static_configs: [{targets: ['${alertmanager}']}]}]}\n`;
  writeFileSync(
    files.prometheus,
    `global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: ['${base}-rules.yml']
${alerting}scrape_configs: [{job_name: app, metrics_path: /${path}/metrics, static_configs: [{targets: ['${address}']}]}]
`,
  );
  writeFileSync(
    `${base}-rules.yml`,
    'groups: [{name: g, rules: [{alert: Breach, expr: breach > 0, labels: {severity: page}}]}]\n',
  );
  writeFileSync(
    files.alertmanager,
    `route: {receiver: hook, group_by: [trial], group_wait: 0s, group_interval: 5m, repeat_interval: 1h}
receivers: [{name: hook, webhook_configs: [{url: 'http://${address}/${path}/hook', send_resolved: false}]}]
`,
  );
  return files;
}

/** A target with one gauge for each breach, and the webhook. */
async function startTarget() {
  const breaches: number[] = [];
  const scraped = new Map<string, number>();
  const told = new Map<string, number>();
  const server = http.createServer((request, response) => {
    const path = (request.url ?? '').split('/')[1] ?? '';
    if (request.method === 'POST') {
      const nowMs = performance.now();
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        for (const { labels } of (JSON.parse(body) as { alerts: { labels: { trial: string } }[] }).alerts) {
          const key = `${path} ${labels.trial}`;
          if (!told.has(key)) told.set(key, nowMs);
        }
        response.end();
      });
      return;
    }
    response.setHeader('content-type', 'text/plain; version=0.0.4; charset=utf-8');
    response.end(`quiet 1\n${breaches.map((trial) => `breach{trial="${trial}"} 1\n`).join('')}`);
    for (const trial of breaches) {
      const key = `${path} ${trial}`;
      if (!scraped.has(key)) scraped.set(key, performance.now());
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** Gives when it was. */
    breach: (trial: number): number => {
      breaches.push(trial);
      return performance.now();
    },
    /** By path, of those who told. */
    momentsOf: (trial: number): ReadonlyMap<string, Moments> => {
      const moments = new Map<string, Moments>();
      for (const [key, toldMs] of told) {
        const [path, of] = key.split(' ');
        if (of === String(trial)) moments.set(path!, { scrapedMs: scraped.get(key)!, toldMs });
      }
      return moments;
    },
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
