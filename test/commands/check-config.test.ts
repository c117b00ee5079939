import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkConfig } from '../../src/commands/check.ts';
import type { CommandContext } from '../../src/commands/context.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchfire-check-config-'));
});

afterEach(() => rmSync(folder, { recursive: true }));

async function check(job: string): Promise<[code: number, out: string]> {
  writeFileSync(join(folder, 'p.yml'), `scrape_configs:\n- job_name: a\n${job}`);
  let out = '';
  const stdout = { write: (text: string) => (out += text) };
  const code = await checkConfig(['p.yml'], { directory: folder, stdout } as unknown as CommandContext);
  return [code, out];
}

// As promtool refuses them.
it.each([
  [`  static_configs: [{targets: ['a:1']}]\n  relabel_configs: [{action: labeldrop, regex: .*}]\n`, 'no address'],
  [`  static_configs: [{targets: ['a:1'], labels: {__scrape_interval__: zz}}]\n`, 'error parsing scrape interval'],
  [
    `  static_configs: [{targets: ['a:1']}]\n  relabel_configs: [{target_label: __scrape_timeout__, replacement: 5h}]\n`,
    'scrape timeout cannot be greater than scrape interval ("5h" > "1m")',
  ],
])('refuses targets in the file that cannot be scraped', async (job, reason) => {
  const [code, out] = await check(job);
  expect(code).toBe(1);
  expect(out).toContain(`p.yml:3:19: job "a": instance 0 in group 0: ${reason}`);
});

it('accepts targets that are dropped, and none', async () => {
  const dropped = `  static_configs: [{targets: ['a:1']}]\n  relabel_configs: [{action: drop}]\n`;
  expect(await check(dropped)).toEqual([0, 'p.yml: ok\n']);
  expect(await check('')).toEqual([0, 'p.yml: ok\n']);
});
