import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runPromqlTests, type TestFile } from '../../src/promql/testscript/run.ts';
import { mutations } from './script-mutations.ts';

const FOLDER = new URL('../../../shared/conformance/promqltest/', import.meta.url);
const names = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.endsWith('.test')) : [];
const files: TestFile[] = names.map((name) => ({ name, text: readFileSync(new URL(name, FOLDER), 'utf8') }));
/** Of so many mutations one is tried; coprime to how they repeat. */
const STRIDE = 23;
const EVAL = /^\s*eval/gm;
const evalCount = files.reduce((sum, { text }) => sum + (text.match(EVAL)?.length ?? 0), 0);

describe.skipIf(files.length === 0)('test scripts of Prometheus', () => {
  it('all pass', async () => {
    const printed: string[] = [];
    const { passed, failed } = await runPromqlTests(files, (line) => printed.push(line));
    expect(printed.slice(0, -1)).toEqual([]);
    expect({ passed, failed }).toEqual({ passed: evalCount, failed: 0 });
    expect(printed.at(-1)).toBe(`${evalCount} passed, 0 failed`);
  });

  it('are found wrong where one expectation is changed, that one eval and once', { timeout: 120_000 }, async () => {
    const kinds = new Map<string, number>();
    const missed: string[] = [];
    let index = 0;
    for (const { name, text } of files) {
      for (const mutation of mutations(text)) {
        // A sample of some thousand.
        if (index++ % STRIDE !== 0) continue;
        const printed: string[] = [];
        const { passed, failed } = await runPromqlTests([{ name, text: mutation.text }], (line) => printed.push(line));
        const lines = printed.filter((line) => line.startsWith(`${name}:`));
        const isFound = passed === 0 && failed === 1 && lines.length === 1;
        if (!isFound || !lines[0]!.startsWith(`${name}:${mutation.line}: `)) {
          missed.push(`${name}:${mutation.line}: ${mutation.kind}: ${printed.join('; ')}`);
        }
        kinds.set(mutation.kind, (kinds.get(mutation.kind) ?? 0) + 1);
      }
    }
    expect(missed).toEqual([]);
    expect(kinds.size).toBeGreaterThan(25);
  });
});
