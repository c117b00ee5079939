import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkRelabel, type RelabelFlags } from '../../src/commands/check-relabel.ts';
import type { CommandContext } from '../../src/commands/context.ts';

let folder: string;
let out: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchfire-relabel-'));
  out = '';
});

afterEach(() => rmSync(folder, { recursive: true }));

async function check(jobs: string, flags: RelabelFlags): Promise<number> {
  writeFileSync(join(folder, 'prometheus.yml'), `scrape_configs:\n${jobs}`);
  const stdout = { write: (text: string) => (out += text) };
  return await checkRelabel('prometheus.yml', flags, { directory: folder, stdout } as unknown as CommandContext);
}

const JOBS = `
  - job_name: a
    params: { module: [http] }
    static_configs: [{ targets: ['x:1', 'b/c'], labels: { env: prod } }]
    file_sd_configs: [{ files: ['t*.json'] }]
    relabel_configs:
      - { source_labels: [env], regex: dev, action: drop }
      - { source_labels: [__meta_zone], regex: (.+), target_label: zone }
      - { source_labels: [env, __address__], target_label: place }
      - { regex: env, action: labeldrop }
    metric_relabel_configs: [{ source_labels: [__name__], regex: go_.*, action: drop }]
  - job_name: b
`;

it('tells of each step what it looked at, what it changed and why, and what is scraped', async () => {
  expect(await check(JOBS, { job: 'a', target: '__address__="x:1",env="prod"' })).toBe(0);
  const defaults =
    '__always_scrape_classic_histograms__="false", __convert_classic_histograms_to_nhcb__="false", __metrics_path__="/metrics", __param_module="http", __scheme__="http", __scrape_interval__="1m", __scrape_native_histograms__="false", __scrape_timeout__="10s"';
  expect(out).toBe(`job a, --target
in    {__address__="x:1", ${defaults}, env="prod", job="a"}

1. drop [env] regex=dev
      "prod": kept

2. replace [__meta_zone] regex=(.+) → zone = $1
      "": regex does not match

3. replace [env, __address__] → place = $1
      "prod;x:1": changed
      + place="prod;x:1"
out   {__address__="x:1", ${defaults}, env="prod", job="a", place="prod;x:1"}

4. labeldrop regex=env
      changed
      - env="prod"
out   {__address__="x:1", ${defaults}, job="a", place="prod;x:1"}

scraped at http://x:1/metrics?module=http as {instance="x:1", job="a", place="prod;x:1"}

`);
});

it('takes the targets that the file names, with the labels that a discovery gives them', async () => {
  writeFileSync(join(folder, 't1.json'), '[{ "targets": ["y:2"], "labels": { "env": "dev", "__meta_zone": "z" } }]');
  expect(await check(JOBS, { json: true })).toBe(0);
  const told = out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(told.map(({ outcome }) => outcome)).toEqual([
    {
      kind: 'scraped',
      url: 'http://x:1/metrics?module=http',
      labels: { instance: 'x:1', job: 'a', place: 'prod;x:1' },
    },
    { kind: 'refused', reason: '"b/c" is not a valid hostname' },
    { kind: 'dropped', step: 1, reason: 'dropped: regex matches' },
  ]);
  expect(told[2]).toMatchObject({
    job: 'a',
    source: join(folder, 't1.json'),
    labels: { __address__: 'y:2', __meta_filepath: join(folder, 't1.json'), __meta_zone: 'z' },
    steps: [{ action: 'drop', value: 'dev', in: { env: 'dev' }, out: null }],
  });
});

it('goes through every job with a target that none names, and ends with 1 where one drops it', async () => {
  expect(await check(JOBS, { target: 'h:3' })).toBe(0);
  expect(out.match(/^scraped at .*/gm)).toEqual([
    'scraped at http://h:3/metrics?module=http as {instance="h:3", job="a", place=";h:3"}',
    'scraped at http://h:3/metrics as {instance="h:3", job="b"}',
  ]);
  expect(await check(JOBS, { target: '__address__="h:3",env="dev"' })).toBe(1);
});

it('does the same for a series', async () => {
  expect(await check(JOBS, { job: 'a', metric: true, target: 'up{code="200"}' })).toBe(0);
  expect(out).toContain('stored as {__name__="up", code="200"}');
  expect(await check(JOBS, { job: 'a', metric: true, target: 'go_threads{}' })).toBe(1);
  expect(out).toContain('dropped by step 1');
});

it('says what is wrong with the question', async () => {
  await expect(check(JOBS, { job: 'c' })).rejects.toThrow('prometheus.yml has no job "c": it has a, b');
  await expect(check(JOBS, { metric: true })).rejects.toThrow('--metric needs a series as --target');
  await expect(check(JOBS, { target: 'a=b"' })).rejects.toThrow(/--target "a=b\\"" cannot be read/);
  await expect(check('  - { job_name: a, x: 1 }', {})).rejects.toThrow(/prometheus\.yml:2:\d+: /);
  expect(await check('  - job_name: b\n', {})).toBe(0);
  expect(out).toContain('no targets are written in it');
});
