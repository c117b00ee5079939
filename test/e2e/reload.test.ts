/** The running program reads its configuration again: by signal, over HTTP, and by itself when a file changes. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { freePort } from '../free-port.ts';
import { projectRoot } from './terminal.ts';

const WITHIN = { timeout: 50_000, interval: 50 };

const folder = mkdtempSync(join(tmpdir(), 'watchfire-reload-'));
const configFile = join(folder, 'prometheus.yml');
const ruleFile = join(folder, 'rules', 'first.yml');
/** By path, and which connections brought them. */
const scrapes = new Map<string, { count: number; readonly connections: Set<number | undefined> }>();
let exporter: Server;
let program: ChildProcess;
let printed = '';
let url = '';

beforeAll(async () => {
  mkdirSync(join(folder, 'rules'));
  exporter = createServer((request, response) => {
    const seen = scrapes.get(request.url!) ?? { count: 0, connections: new Set() };
    scrapes.set(request.url!, seen);
    seen.count++;
    seen.connections.add(request.socket.remotePort);
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end(`shop_orders_total ${seen.count}\n`);
  });
  await new Promise<void>((resolve) => exporter.listen(0, '127.0.0.1', resolve));
});

afterAll(() => {
  exporter.closeAllConnections();
  exporter.close();
  rmSync(folder, { recursive: true });
});

describe('a reload that is asked for', () => {
  beforeAll(() => start([]));
  afterAll(stop);

  it('by POST /-/reload takes jobs up and lets them go, and leaves what is as before alone', async () => {
    writeFileSync(configFile, configOf(['kept', 'coming']));
    expect((await fetch(`${url}/-/reload`, { method: 'POST' })).status).toBe(200);
    await expect.poll(() => jobsUp(), WITHIN).toEqual(['coming', 'kept']);
    const count = scrapes.get('/kept')!.count;
    await expect.poll(() => scrapes.get('/kept')!.count, WITHIN).toBeGreaterThan(count);
    expect(scrapes.get('/kept')!.connections.size).toBe(1);
    await expect.poll(() => query('shop_orders_total{job="leaving"}'), WITHIN).toEqual([]);
    expect((await query('shop_orders_total{job="kept"}')).length).toBe(1);
  });

  it('with a bad file changes nothing, says where the fault is, and counts as failed', async () => {
    writeFileSync(configFile, `${configOf(['other'])}  - job_nam: typo\n`);
    const answer = await fetch(`${url}/-/reload`, { method: 'POST' });
    expect(answer.status).toBe(500);
    expect(await answer.text()).toMatch(/failed to reload config: .*prometheus\.yml:\d+:\d+: .*job_nam/s);
    expect(await jobsUp()).toEqual(['coming', 'kept']);
    expect(await metric('watchfire_config_last_reload_successful')).toBe(0);
    await expect
      .poll(() => printed, WITHIN)
      .toMatch(/configuration was not taken over, the one before stays: .*job_nam/);
    const runtime = await data<{ reloadConfigSuccess: boolean }>('/api/v1/status/runtimeinfo');
    expect(runtime.reloadConfigSuccess).toBe(false);
    expect(scrapes.has('/other')).toBe(false);
  });

  it('with a bad rule file takes nothing over, of the good file beside it neither', async () => {
    writeFileSync(configFile, configOf(['another'], ruleFile));
    writeRules('sum(');
    expect((await fetch(`${url}/-/reload`, { method: 'POST' })).status).toBe(500);
    expect(await jobsUp()).toEqual(['coming', 'kept']);
    expect(await ruleNames()).toEqual([]);
  });

  it('by SIGHUP', async () => {
    writeFileSync(configFile, configOf(['kept', 'coming', 'hung-up']));
    program.kill('SIGHUP');
    await expect.poll(() => jobsUp(), WITHIN).toEqual(['coming', 'hung-up', 'kept']);
    expect(await metric('watchfire_config_last_reload_successful')).toBe(1);
  });
});

describe('--watch-files', () => {
  beforeAll(() => start(['--watch-files']));
  afterAll(stop);

  it('by itself when a file is written, or put in its place', async () => {
    writeFileSync(configFile, configOf(['kept', 'written'], ruleFile));
    await expect.poll(() => metric('watchfire_config_last_reload_successful'), WITHIN).toBe(0);
    expect(await ruleNames()).toEqual([]);
    // Only the refused configuration names the rule file.
    writeRules('sum(up)');
    writeFileSync(configFile, `${configOf(['kept', 'written'], ruleFile)}\n`);
    await expect.poll(() => jobsUp(), WITHIN).toEqual(['kept', 'written']);
    await expect.poll(() => ruleNames(), WITHIN).toEqual(['first']);

    writeFileSync(`${configFile}.new`, configOf(['kept', 'renamed'], ruleFile));
    renameSync(`${configFile}.new`, configFile);
    await expect.poll(() => jobsUp(), WITHIN).toEqual(['kept', 'renamed']);
    expect(scrapes.get('/kept')!.connections.size).toBe(1);
  });

  it('by itself when a rule file changes; a bad one is refused, and mended taken', async () => {
    writeRules('sum(', 'second');
    await expect.poll(() => metric('watchfire_config_last_reload_successful'), WITHIN).toBe(0);
    expect(await ruleNames()).toEqual(['first']);
    writeRules('sum(up)', 'second');
    await expect.poll(() => ruleNames(), WITHIN).toEqual(['second']);
    expect(await metric('watchfire_config_last_reload_successful')).toBe(1);
  });

  it('is not done for a file that changes to what it was', async () => {
    const before = await metric('watchfire_config_last_reload_timestamp_seconds');
    writeFileSync(configFile, readFileSync(configFile));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(await metric('watchfire_config_last_reload_timestamp_seconds')).toBe(before);
  });
});

async function start(more: readonly string[]): Promise<void> {
  scrapes.clear();
  writeFileSync(configFile, configOf(['kept', 'leaving']));
  const address = `127.0.0.1:${await freePort()}`;
  url = `http://${address}`;
  program = spawn(
    process.execPath,
    [
      join(projectRoot, 'bin', 'watchfire.js'),
      ...['watch', '--json', '--listen', address, '--prometheus-config', configFile],
      ...more,
    ],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  );
  program.stdout!.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
  });
  await vi.waitFor(async () => expect(await jobsUp()).toEqual(['kept', 'leaving']), WITHIN);
}

async function stop(): Promise<void> {
  program.kill('SIGTERM');
  await new Promise((resolve) => program.once('exit', resolve));
}

function configOf(jobs: readonly string[], rules?: string): string {
  const address = `127.0.0.1:${(exporter.address() as AddressInfo).port}`;
  return [
    'global: { scrape_interval: 500ms, evaluation_interval: 500ms }',
    ...(rules === undefined ? [] : [`rule_files: ['${rules}']`]),
    'scrape_configs:',
    ...jobs.map(
      (job) => `  - { job_name: ${job}, metrics_path: /${job}, static_configs: [{ targets: ['${address}'] }] }`,
    ),
    '',
  ].join('\n');
}

function writeRules(expression: string, name = 'first'): void {
  writeFileSync(ruleFile, `groups: [{ name: g, rules: [{ record: ${name}, expr: '${expression}' }] }]\n`);
}

async function jobsUp(): Promise<string[]> {
  const { activeTargets } = await data<{ activeTargets: { labels: { job: string }; health: string }[] }>(
    '/api/v1/targets',
  );
  return activeTargets
    .filter(({ health }) => health === 'up')
    .map(({ labels }) => labels.job)
    .sort();
}

async function ruleNames(): Promise<string[]> {
  const { groups } = await data<{ groups: { rules: { name: string }[] }[] }>('/api/v1/rules');
  return groups.flatMap(({ rules }) => rules.map(({ name }) => name));
}

async function query(expression: string): Promise<unknown[]> {
  return (await data<{ result: unknown[] }>(`/api/v1/query?query=${encodeURIComponent(expression)}`)).result;
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (.*)$`, 'm').exec(text)?.[1]);
}

async function data<T>(path: string): Promise<T> {
  return ((await (await fetch(`${url}${path}`)).json()) as { data: T }).data;
}
