/** Rule files and unit tests of rules beside promtool: the same verdict on each. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkRules } from '../../src/rules/check.ts';
import { runRuleTests } from '../../src/rules/unit-test/run.ts';

interface Case {
  readonly command: 'check' | 'test';
  readonly name: string;
  readonly text: string;
}

const cases: Case[] = JSON.parse(readFileSync(new URL('rule-files.json', import.meta.url), 'utf8'));
const path = [process.env['WATCHFIRE_PEERS'], process.env['PATH']].filter(Boolean).join(':');
const env = { ...process.env, PATH: path };
const isThere = spawnSync('promtool', ['--version'], { env }).status === 0;
if (!isThere) console.log('skipped: promtool is not on PATH nor in $WATCHFIRE_PEERS');

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchfire-rules-'));
  writeFileSync(join(folder, 'r1.rules'), readFileSync(new URL('rule-files.rules.yml', import.meta.url)));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe.skipIf(!isThere)('promtool agrees', () => {
  it.each(cases)('$command $name', async ({ command, name, text }) => {
    const file = join(folder, `${name}.yml`);
    writeFileSync(file, text);
    const args = command === 'check' ? ['check', 'rules', '--lint=none', file] : ['test', 'rules', file];
    const theirs = spawnSync('promtool', args, { env, encoding: 'utf8' });
    const lines: string[] = [];
    const accepted =
      command === 'check'
        ? checkRules([file]).every(({ severity }) => severity !== 'error')
        : await runRuleTests([file], (line) => lines.push(line));
    expect(accepted, `${theirs.stdout}${theirs.stderr}\n${lines.join('\n')}`).toBe(theirs.status === 0);
  });
});
