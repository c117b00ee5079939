/** Files of rule unit tests with the exit code of promtool. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runRuleTests } from '../../src/rules/unit-test/run.ts';

const folder = join(import.meta.dirname, '../../../shared/conformance/rules-unit-tests');
const there = existsSync(folder);
const cases = there
  ? readFileSync(join(folder, 'EXPECTED.tsv'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split('\t') as [string, string])
  : [];

describe.skipIf(!there)(`${cases.length} files of rule unit tests`, () => {
  it.each(cases)('%s: %s', async (file, exitCode) => {
    const lines: string[] = [];
    const passed = await runRuleTests([join(folder, file)], (line) => lines.push(line));
    expect(passed ? '0' : '1', lines.join('\n')).toBe(exitCode);
  });
});
