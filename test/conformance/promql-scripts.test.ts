import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runPromqlTests, type TestFile } from '../../src/promql/testscript/run.ts';

const FOLDER = new URL('../../../shared/conformance/promqltest/', import.meta.url);
const names = existsSync(FOLDER) ? readdirSync(FOLDER).filter((name) => name.endsWith('.test')) : [];
const files: TestFile[] = names.map((name) => ({ name, text: readFileSync(new URL(name, FOLDER), 'utf8') }));
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

  it('are found wrong where an expected value is changed', async () => {
    let mutated = 0;
    const missed: string[] = [];
    for (const { name, text } of files) {
      const lines = text.split('\n');
      for (const [at, line] of lines.entries()) {
        const changed = mutate(lines, at);
        if (changed === undefined || mutated++ % 7 !== 0) continue;
        const before = lines.slice(0, at);
        const start = before.findLastIndex((each) => /^\s*clear\s*$/.test(each)) + 1;
        const segment = [...keepLoads(before.slice(start)), changed];
        const { failed } = await runPromqlTests([{ name, text: segment.join('\n') }], () => {});
        if (failed === 0) missed.push(`${name}:${at + 1}: ${line}`);
      }
    }
    expect(missed).toEqual([]);
    expect(mutated).toBeGreaterThan(100);
  });
});

/** A line of an expected float, its value another one: only where the eval above it has this one line. */
function mutate(lines: readonly string[], at: number): string | undefined {
  const isAlone = /^\s*eval (?:instant|range)/.test(lines[at - 1] ?? '') && (lines[at + 1] ?? '').trim() === '';
  const match = isAlone ? /^(\s*\{[^{}]*\}\s+)(-?\d+(?:\.\d+)?)\s*$/.exec(lines[at]!) : null;
  return match ? `${match[1]}${Number(match[2]) + 1}` : undefined;
}

/** The lines before, but of the evals only the last. */
function keepLoads(lines: readonly string[]): string[] {
  const kept: string[] = [];
  let isEval = false;
  for (const [i, line] of lines.entries()) {
    if (/^\s*eval/.test(line)) isEval = i < lines.length - 1;
    else if (line.trim() === '') isEval = false;
    if (!isEval) kept.push(line);
  }
  return kept;
}
