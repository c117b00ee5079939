/** Beside promtool and amtool: both understand the HTTP face here, and mutated configurations get the same verdict. */
import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiServer, createApiServer } from '../../src/api/server.ts';
import { prometheusRoutes } from '../../src/api/v1.ts';
import { loadAlertmanagerConfig } from '../../src/config/alertmanager-loader.ts';
import { ConfigError } from '../../src/config/problem.ts';
import { loadPrometheusConfig } from '../../src/config/prometheus-loader.ts';
import { fakeAlerts, fakeMetrics, NOW_MS } from '../api/fake-sources.ts';
import { ALERTMANAGER_FILE, mutations, PROMETHEUS_FILE } from './mutated-config.ts';

const run = promisify(execFile);
const promtool = find('promtool');
const amtool = find('amtool');

for (const [name, path] of Object.entries({ promtool, amtool })) {
  if (path === undefined) console.log(`${name}: not found on PATH or in $WATCHFIRE_PEERS, skipped`);
}

function find(name: string): string | undefined {
  const folders = [
    process.env['WATCHFIRE_PEERS'],
    ...(process.env['PATH'] ?? '').split(delimiter),
    '/opt/peers/usr/bin',
  ];
  return folders.map((folder) => join(folder ?? '', name)).find((path) => path !== name && existsSync(path));
}

describe.skipIf(promtool === undefined)('promtool query', () => {
  let server: ApiServer;
  beforeAll(async () => {
    const routes = prometheusRoutes({
      metrics: fakeMetrics(),
      alerts: fakeAlerts(),
      version: '0',
      configText: () => '',
      nowMs: () => NOW_MS,
    });
    server = await createApiServer({ listen: '127.0.0.1:0', routes });
  });
  afterAll(() => server.close());

  const query = async (...args: readonly string[]): Promise<string> => {
    const [verb, ...rest] = args;
    return (await run(promtool!, ['query', verb!, ...rest.map((each) => (each === 'URL' ? server.url : each))])).stdout;
  };

  it('asks for an instant', async () => {
    expect(await query('instant', 'URL', 'up')).toContain('up{instance="b:1", job="node"} => 0.1 @[');
    expect(await query('instant', 'URL', 'h')).toContain('Buckets: [[-2,-1):3 [-0.5,0.5]:1 (1,2]:2]');
  });

  it('asks for a range', async () => {
    const out = await query('range', '--start=0', '--end=3', '--step=1s', 'URL', 'up');
    expect(out).toContain('1000000000000000000000 @[1]');
    expect(out).toContain('+Inf @[2]');
  });

  it('asks for series and labels', async () => {
    expect(await query('series', '--match=up', 'URL')).toContain('instance="a:1"');
    expect(await query('labels', 'URL', 'job')).toBe('x\ny\n');
  });

  it('is told what is wrong', async () => {
    await expect(query('instant', 'URL', 'up(')).rejects.toThrow(
      'bad_data: invalid parameter "query": 1:4: parse error',
    );
  });
});

const COUNT = 600;
/** Files for one run of the peer. */
const BATCH = 50;

function verdict(load: () => unknown): 'ok' | 'error' {
  try {
    load();
    return 'ok';
  } catch (error) {
    if (error instanceof ConfigError) return 'error';
    throw error;
  }
}

/** The files that the peer accepts: it says of each, after `Checking`, whether it is one. */
async function acceptedByPeer(
  program: string,
  args: readonly string[],
  files: readonly string[],
): Promise<Map<string, boolean>> {
  const output = await run(program, [...args, ...files]).catch((error: { stdout: string }) => error);
  const blocks = output.stdout.split(/^Checking /m).slice(1);
  return new Map(blocks.map((block) => [/^'?([^'\n ]+)/.exec(block)![1]!, block.includes('SUCCESS')]));
}

describe.each([
  ['promtool check config', promtool, ['check', 'config', '--syntax-only'], PROMETHEUS_FILE, loadPrometheusConfig],
  [
    'amtool check-config',
    amtool,
    ['check-config'],
    ALERTMANAGER_FILE,
    (file: string) => loadAlertmanagerConfig(file, { strict: true }),
  ],
] as const)('%s', (_, program, args, text, load) => {
  const folder = mkdtempSync(join(tmpdir(), 'watchfire-config-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  it.skipIf(program === undefined)(`agrees on ${COUNT} mutated files`, async () => {
    const differ: string[] = [];
    const cases = mutations(text, COUNT).map((mutated, index) => ({ mutated, file: join(folder, `${index}.yml`) }));
    for (const { file, mutated } of cases) writeFileSync(file, mutated);
    for (let from = 0; from < COUNT; from += BATCH) {
      const batch = cases.slice(from, from + BATCH);
      const accepted = await acceptedByPeer(
        program!,
        args,
        batch.map(({ file }) => file),
      );
      expect(accepted.size).toBe(batch.length);
      for (const { file, mutated } of batch) {
        const theirs = accepted.get(file) ? 'ok' : 'error';
        if (verdict(() => load(file)) !== theirs) differ.push(`they say ${theirs}:\n${mutated}`);
      }
    }
    expect(differ).toEqual([]);
  });
});
