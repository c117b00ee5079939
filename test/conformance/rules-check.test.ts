/** Rule files with the verdict of promtool. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkRules } from '../../src/rules/check.ts';

const folder = join(import.meta.dirname, '../../../shared/conformance/rules-check');
const there = existsSync(folder);
const cases = there
  ? readFileSync(join(folder, 'EXPECTED.tsv'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split('\t') as [string, string, string])
  : [];

describe.skipIf(!there)(`${cases.length} rule files`, () => {
  it.each(cases)('%s: %s', (file, verdict) => {
    const path = join(folder, file);
    const errors = checkRules([path]).filter(({ severity }) => severity === 'error');
    expect(errors.length > 0 ? 'error' : 'ok', JSON.stringify(errors)).toBe(verdict);
    for (const error of errors) {
      expect(error).toMatchObject({ file: path, line: expect.any(Number), column: expect.any(Number) });
      expect(error.line).toBeGreaterThan(0);
      expect(error.column).toBeGreaterThan(0);
      expect(error.message).not.toContain('\n');
    }
  });
});
