/** The same targets and rules under watchfire and under Prometheus: the same alerts with the same texts, and the same series. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/config/clock.ts';
import { loadPrometheusConfig } from '../../src/config/prometheus-loader.ts';
import { loadRuleFile } from '../../src/config/rule-file-loader.ts';
import { createEngine } from '../../src/promql/engine.ts';
import type { QueryEngine } from '../../src/promql/result.ts';
import { RuleManager } from '../../src/rules/rule-manager.ts';
import type { SentAlert } from '../../src/rules/state.ts';
import { queryVector } from '../../src/rules/vector-query.ts';
import { ScrapeManager } from '../../src/scrape/manager.ts';
import { createHead } from '../../src/storage/head.ts';
import { freePort } from '../free-port.ts';

const env = { ...process.env, PATH: [process.env['WATCHFIRE_PEERS'], process.env['PATH']].filter(Boolean).join(':') };
const isThere = spawnSync('prometheus', ['--version'], { env }).status === 0;
if (!isThere) console.log('skipped: prometheus is not on PATH nor in $WATCHFIRE_PEERS');

const RULES = `
groups:
  - name: g
    interval: 1s
    labels: {team: core}
    rules:
      - record: load:sum
        expr: sum by (zone) (load)
        labels: {kind: "sum"}
      - alert: Immediate
        expr: load > 5
        labels: {severity: '{{ if gt $value 8.0 }}page{{ else }}ticket{{ end }}'}
        annotations:
          summary: '{{ $labels.zone }} has {{ $value | humanize }} in {{ $externalLabels.region }}'
          asked: '{{ with query "load:sum" }}{{ . | sortByLabel "zone" | first | label "zone" }}{{ end }}'
          broken: '{{ $labels.zone.x }}'
      - alert: Waiting
        expr: load:sum{zone="b"} > 1
        for: 3s
        keep_firing_for: 2s
        annotations: {summary: 'since {{ $value }}'}
      - alert: TooMany
        expr: load
        labels: {zone: same}
`;
const EXTERNAL_URL = 'http://prometheus.example.org:9090/p';

let folder = '';
let server: Server;
let prometheus: ChildProcess;
let engine: QueryEngine;
let scrape: ScrapeManager;
let rules: RuleManager;
let base = '';
const ours: SentAlert[] = [];
const theirs: {
  labels: Record<string, string>;
  annotations: Record<string, string>;
  endsAt: string;
  generatorURL: string;
}[] = [];

beforeAll(async () => {
  if (!isThere) return;
  folder = mkdtempSync(join(tmpdir(), 'watchfire-rules-'));
  const startedMs = Date.now();
  server = createServer((request, response) => {
    if (request.method === 'POST') {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        theirs.push(...JSON.parse(Buffer.concat(chunks).toString()));
        response.end('{}');
      });
      return;
    }
    const elapsed = (Date.now() - startedMs) / 1000;
    const high = elapsed > 5 && elapsed < 13;
    response.setHeader('Content-Type', 'text/plain; version=0.0.4');
    response.end(`load{zone="a"} ${high ? 9 : 1}\nload{zone="b"} ${high ? 6.5 : 0}\n`);
  });
  const port = await listen(server);
  const own = await freePort();
  base = `http://127.0.0.1:${own}`;
  const config = join(folder, 'prometheus.yml');
  writeFileSync(join(folder, 'rules.yml'), RULES);
  writeFileSync(
    config,
    `global: {scrape_interval: 1s, evaluation_interval: 1s, external_labels: {region: eu}}
rule_files: [rules.yml]
alerting: {alertmanagers: [{static_configs: [{targets: ['127.0.0.1:${port}']}]}]}
scrape_configs: [{job_name: app, static_configs: [{targets: ['127.0.0.1:${port}']}]}]
`,
  );
  const flags = [
    `--config.file=${config}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=127.0.0.1:${own}`,
    `--web.external-url=${EXTERNAL_URL}`,
    '--web.route-prefix=/',
    '--rules.alert.resend-delay=1s',
  ];
  prometheus = spawn('prometheus', flags, { env, stdio: 'ignore' });
  const head = createHead();
  engine = createEngine(head);
  const { value } = loadPrometheusConfig(config);
  const { externalLabels, evaluationIntervalMs, ruleQueryOffsetMs } = value.global;
  scrape = new ScrapeManager({ appendable: head, clock: systemClock, report: () => {} });
  scrape.apply({ scrapeConfigs: value.scrapeConfigs, externalLabels });
  rules = new RuleManager({
    engine,
    storage: head,
    queryable: head,
    receiver: { receive: (alerts) => ours.push(...alerts) },
    clock: systemClock,
    resendDelayMs: 1000,
  });
  await rules.apply({
    groups: loadRuleFile(join(folder, 'rules.yml')).value.groups,
    evaluationIntervalMs,
    queryOffsetMs: ruleQueryOffsetMs,
    externalLabels,
    externalUrl: EXTERNAL_URL,
  });
  await new Promise((resolve) => setTimeout(resolve, 24_000));
}, 60_000);

afterAll(async () => {
  if (!isThere) return;
  prometheus.kill();
  await rules.close();
  await scrape.close();
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

describe.skipIf(!isThere)('beside Prometheus', () => {
  it('sends the same alerts with the same labels, texts and links', () => {
    // External labels are added to what is sent by the forwarder, not by the rules.
    const their = theirs.map(({ labels: { region: _, ...labels }, annotations, generatorURL }) => ({
      labels,
      annotations,
      generatorURL,
    }));
    const own = ours.map(({ labels, annotations, generatorUrl }) => ({
      labels: labels.toRecord(),
      annotations: annotations.toRecord(),
      generatorURL: generatorUrl,
    }));
    expect(distinct(own).length).toBeGreaterThan(2);
    expect(distinct(own)).toEqual(distinct(their));
  });

  it('resolves the same alerts', () => {
    const past = (endsMs: number): boolean => endsMs < Date.now();
    const their = theirs.filter(({ endsAt }) => past(Date.parse(endsAt))).map(({ labels }) => labels['alertname']);
    const own = ours.filter(({ endsAtMs }) => past(endsAtMs)).map(({ labels }) => labels.get('alertname'));
    expect(new Set(own)).toEqual(new Set(['Immediate', 'Waiting']));
    expect(new Set(own)).toEqual(new Set(their));
  });

  it.each([
    'load:sum',
    'count_over_time({__name__=~"ALERTS.*"}[1m]) > 0',
    'ALERTS',
    'group by (alertname, alertstate) (last_over_time(ALERTS[1m]))',
  ])('writes the same series: %s', async (expression) => {
    const own = (await queryVector(engine, expression, Date.now())).map(({ labels }) => labels.toRecord());
    const answer = await fetch(`${base}/api/v1/query?query=${encodeURIComponent(expression)}`);
    const body = (await answer.json()) as { data: { result: { metric: Record<string, string> }[] } };
    expect(distinct(own)).toEqual(distinct(body.data.result.map(({ metric }) => metric)));
  });

  it('says the same of each rule', async () => {
    const answer = await fetch(`${base}/api/v1/rules`);
    const body = (await answer.json()) as {
      data: {
        groups: { rules: { name: string; query: string; health: string; lastError?: string; state?: string }[] }[];
      };
    };
    const their = body.data.groups[0]!.rules.map((rule) => [
      rule.name,
      rule.query,
      rule.health,
      rule.lastError ?? '',
      rule.state,
    ]);
    const own = rules
      .groups()[0]!
      .rules.map((rule) => [rule.name, rule.query, rule.health, rule.lastError, rule.state]);
    expect(own).toEqual(their);
  });
});

function distinct(values: readonly unknown[]): string[] {
  return [...new Set(values.map(sortedJson))].sort();
}

/** Keys in order at every depth. */
function sortedJson(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? '';
  const entries = Object.keys(value)
    .sort()
    .map((key) => `${JSON.stringify(key)}:${sortedJson((value as Record<string, unknown>)[key])}`);
  return `{${entries.join(',')}}`;
}

function listen(on: Server): Promise<number> {
  return new Promise((resolve) => {
    on.listen(0, '127.0.0.1', () => resolve((on.address() as AddressInfo).port));
  });
}
