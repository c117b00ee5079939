import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import { type CheckMetricsFlags, checkMetrics } from '../../src/commands/check.ts';
import type { CommandContext } from '../../src/commands/context.ts';

async function check(body: string, flags: CheckMetricsFlags): Promise<[number, string]> {
  let out = '';
  const stdout = { write: (text: string) => (out += text) };
  const context = { directory: '/', stdin: Readable.from([Buffer.from(body)]), stdout } as unknown as CommandContext;
  return [await checkMetrics([], flags, context), out];
}

const BODY = `# HELP a_total A.
# TYPE a_total counter
a_total{x="1"} 1
# HELP h H.
# TYPE h histogram
h_bucket{le="1"} 1
h_bucket{le="+Inf"} 1
h_sum 1
h_count 1
g 1
g{x="1"} 2
`;

it('tells how many series each metric has, as promtool does, where that is asked for', async () => {
  expect(await check(BODY, { extended: true, lint: 'none' })).toEqual([
    0,
    `Metric   Cardinality  Percentage
h                  4      57.14%
g                  2      28.57%
a_total            1      14.29%
Total              7        100%
<stdin>: ok
`,
  ]);
});

it('advises unless that is switched off, and says why a body is refused in any case', async () => {
  expect(await check(BODY, {})).toEqual([0, '<stdin>:10:1: warning: g no help text\n<stdin>: ok, 1 warning\n']);
  expect(await check(BODY, { lint: 'none' })).toEqual([0, '<stdin>: ok\n']);
  const [code, out] = await check('a 1\nb{', { lint: 'none', extended: true });
  expect([code, out.split('\n').at(-2)]).toEqual([1, expect.stringMatching(/^<stdin>:2:\d+: /)]);
});
