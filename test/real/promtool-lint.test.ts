import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, it } from 'vitest';
import { lintExposition } from '../../src/exposition/lint.ts';

const promtool = [
  ...(process.env['WATCHFIRE_PEERS'] ?? '').split(delimiter),
  ...(process.env['PATH'] ?? '').split(delimiter),
]
  .flatMap((folder) => [join(folder, 'promtool'), join(folder, 'usr/bin/promtool')])
  .find((path) => existsSync(path));
if (promtool === undefined) console.log('skipped: promtool is neither on PATH nor in $WATCHFIRE_PEERS');

const SEED = Number(process.env['WATCHFIRE_SEED'] ?? 20_261_123);

// Newer versions advise on `_timestamp_seconds` too, which Debian's does not; the names here leave it out.
it.skipIf(promtool === undefined)('advises what promtool advises', () => {
  let state = SEED;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const pick = <T>(from: readonly T[]): T => from[random(from.length)]!;
  const words = [
    'http',
    'requests',
    'total',
    'seconds',
    'milliseconds',
    'bytes',
    'kilobytes',
    'hours',
    'ms',
    's',
    'count',
    'sum',
    'bucket',
  ];
  const rare = ['gauge', 'counter', 'histogram', 'summary', 'fooBar', 'a:b', 'kelvins', 'ratio', 'b', 'info', 'miles'];
  const wrong: string[] = [];
  for (let i = 0; i < 150; i++) {
    const lines: string[] = [];
    const names = new Set(
      Array.from(
        { length: 1 + random(4) },
        () => `x${i}_${Array.from({ length: 1 + random(3) }, () => pick(random(3) === 0 ? rare : words)).join('_')}`,
      ),
    );
    for (const name of names) {
      const type = pick(['counter', 'gauge', 'summary', 'histogram', 'untyped', '']);
      if (random(2) === 0) lines.push(`# HELP ${name} ${pick(['', 'Some help.'])}`);
      if (type !== '') lines.push(`# TYPE ${name} ${type}`);
      const labels = pick([
        '',
        'x="1"',
        'fooBar="1",barFoo="2"',
        type === 'histogram' ? 'y="1"' : 'le="1"',
        type === 'summary' ? 'y="1"' : 'quantile="0.5"',
      ]);
      const more = labels === '' ? '' : `,${labels}`;
      const own = labels === '' ? '' : `{${labels}}`;
      if (type === 'histogram')
        lines.push(
          `${name}_bucket{le="1"${more}} 1`,
          `${name}_bucket{le="+Inf"${more}} 2`,
          `${name}_sum${own} 1`,
          `${name}_count${own} 2`,
        );
      else if (type === 'summary')
        lines.push(`${name}{quantile="0.5"${more}} 1`, `${name}_sum${own} 1`, `${name}_count${own} 2`);
      else lines.push(`${name}${own} 1`, ...(random(3) === 0 ? [`${name}{z="2"${more}} 1`] : []));
    }
    const body = `${lines.join('\n')}\n`;
    const { status, stderr } = spawnSync(promtool!, ['check', 'metrics'], { input: body, encoding: 'utf8' });
    const problems = lintExposition(Buffer.from(body), 'm');
    const ours = problems.map((problem) => problem.message).sort();
    const theirs = stderr
      .split('\n')
      .filter((line) => line !== '')
      .sort();
    if (status === 1 || problems.some((problem) => problem.severity === 'error')) {
      if (status !== 1 || problems.every((problem) => problem.severity !== 'error'))
        wrong.push(`${body}\npromtool: ${stderr}\nhere: ${ours}`);
    } else if (JSON.stringify(ours) !== JSON.stringify(theirs)) {
      wrong.push(`${body}\npromtool:\n${theirs.join('\n')}\nhere:\n${ours.join('\n')}`);
    }
  }
  expect(wrong).toEqual([]);
});
