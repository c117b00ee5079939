import { describe, expect, it } from 'vitest';
import { runPromqlTests } from '../../src/promql/testscript/run.ts';

const LOAD = `load 1m
  m{a="x"} 1 2 3
  m{a="y"} 10 20 NaN
  c_total 0+10x10
  h {{schema:0 sum:5 count:4 z_bucket:1 z_bucket_w:0.5 buckets:[1 2] n_buckets:[1]}}x3
  g {{schema:-53 sum:5 count:3 custom_values:[1 2] buckets:[1 2] counter_reset_hint:gauge}}x3
  s 1 stale 3

`;

/** The lines on which evals failed, the first being 1, and the counts. */
async function run(script: string): Promise<{ lines: number[]; passed: number; failed: number; printed: string[] }> {
  const printed: string[] = [];
  const { passed, failed } = await runPromqlTests([{ name: 'f.test', text: script }], (line) => printed.push(line));
  expect(printed.at(-1)).toBe(`${passed} passed, ${failed} failed`);
  const lines = printed.flatMap((line) => /^f\.test:(\d+): \S/.exec(line)?.[1] ?? []).map(Number);
  return { lines, passed, failed, printed };
}

const before = LOAD.split('\n').length;

describe('expectations that hold', () => {
  it.each([
    ['a scalar', 'eval instant at 0 1 + 1\n  2'],
    ['a string', 'eval instant at 0 "a\\nb"\n  expect string "a\\nb"'],
    ['a raw string', 'eval instant at 0 `a"b`\n  expect string `a"b`'],
    ['a vector, in any order', 'eval instant at 1m m\n  m{a="y"} 20\n  {__name__="m", a="x"} 2.0000001'],
    ['an ordered vector', 'eval instant at 1m sort_desc(m)\n  expect ordered\n  m{a="y"} 20\n  m{a="x"} 2'],
    ['nothing', 'eval instant at 0 nothing'],
    ['NaN', 'eval instant at 2m m{a="y"}\n  m{a="y"} NaN'],
    ['a matrix', 'eval range from 0 to 3m step 1m m{a="x"} * 2\n  {a="x"} 2 4 6 6'],
    ['gaps', 'eval range from 0 to 2m step 1m s\n  s 1 _ 3'],
    ['a range vector', 'eval instant at 2m m{a="x"}[2m]\n  expect range vector from 1m to 2m step 1m\n  m{a="x"} 2 3'],
    [
      'a histogram',
      'eval instant at 1m h\n  h {{count:4 sum:5 z_bucket:1 z_bucket_w:0.5 buckets:[1 2 0 0] n_buckets:[1]}}',
    ],
    [
      'a hint',
      'eval instant at 1m g\n  g {{schema:-53 sum:5 count:3 custom_values:[1 2] buckets:[1 2] counter_reset_hint:gauge}}',
    ],
    ['a failure', 'eval instant at 0 m + on () m\n  expect fail'],
    [
      'its text',
      'eval instant at 0 label_replace(m, "a", "", "a", ".*")\n  expect fail msg: vector cannot contain metrics with the same labelset',
    ],
    [
      'its pattern',
      'eval instant at 0 label_replace(m, "a", "", "a", ".*")\n  expect fail regex: same (labelset|labels)$',
    ],
    [
      'the old form of it',
      'eval_fail instant at 0 label_replace(m, "a", "", "a", ".*")\n  expected_fail_message vector cannot contain metrics with the same labelset',
    ],
    [
      'an info',
      'eval instant at 2m rate(m{a="x"}[2m])\n  expect info msg: PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "m" (1:6)\n  expect no_warn\n  {a="x"} 0.0166666666666',
    ],
    [
      'a warning',
      'eval instant at 0 quantile(2, m)\n  expect warn regex: between 0 and 1, got 2 \\(1:10\\)$\n  {} Inf',
    ],
    ['the old form of it, ordered', 'eval_ordered instant at 0 sort(m)\n  m{a="x"} 1\n  m{a="y"} 10'],
    [
      'numbers with underscores, and more of them than a call has arguments',
      'load 1m\n  l 1_0 1_0+1_0x2 1x200000\n\neval instant at 200003m l @ 180 + l\n  {} 31',
    ],
    ['an emptied storage', 'clear # all of it\n\neval instant at 0 m'],
    ['comments after a body', 'eval instant at 0 1\n  1\n  # 2'],
  ])('%s', async (_, body) => {
    expect(await run(`${LOAD}${body}\n`)).toMatchObject({ passed: 1, failed: 0, lines: [] });
  });
});

describe('expectations that do not hold', () => {
  it.each([
    ['a scalar off by little', 'eval instant at 0 1e6\n  1000003'],
    ['a scalar where a vector comes', 'eval instant at 0 vector(1)\n  1'],
    ['a vector where a scalar comes', 'eval instant at 0 1\n  {} 1'],
    ['a series beside a scalar', 'eval instant at 0 1\n  1\n  m 1'],
    ['a string where a scalar comes', 'eval instant at 0 1\n  expect string "1"'],
    ['a scalar where a string comes', 'eval instant at 0 "1"\n  1'],
    ['another string', 'eval instant at 0 "a"\n  expect string "b"'],
    ['nothing where something comes', 'eval instant at 0 m'],
    ['a vector where a matrix comes', 'eval instant at 2m m{a="x"}[2m]\n  m{a="x"} 3'],
    ['a missing series', 'eval instant at 1m m\n  m{a="x"} 2'],
    ['a series too many', 'eval instant at 1m m\n  m{a="x"} 2\n  m{a="y"} 20\n  m{a="z"} 20'],
    ['another label', 'eval instant at 1m m{a="x"}\n  m{a="x",b="y"} 2'],
    ['another name', 'eval instant at 1m m{a="x"}\n  {a="x"} 2'],
    ['another value', 'eval instant at 1m m{a="x"}\n  m{a="x"} 2.00001'],
    ['another sign', 'eval instant at 1m m{a="x"}\n  m{a="x"} -2'],
    ['a value for NaN', 'eval instant at 2m m{a="y"}\n  m{a="y"} 0'],
    ['NaN for a value', 'eval instant at 1m m{a="x"}\n  m{a="x"} NaN'],
    ['a stale marker for NaN', 'eval instant at 2m m{a="y"}\n  m{a="y"} stale'],
    ['another order', 'eval instant at 1m sort(m)\n  expect ordered\n  m{a="y"} 20\n  m{a="x"} 2'],
    ['two values in a vector', 'eval instant at 1m m{a="x"}\n  m{a="x"} 2 3'],
    ['a point too few', 'eval range from 0 to 2m step 1m m{a="x"}\n  m{a="x"} 1 2'],
    ['a point too many', 'eval range from 0 to 2m step 1m m{a="x"}\n  m{a="x"} 1 2 3 3'],
    ['a point at another step', 'eval range from 0 to 2m step 1m s\n  s 1 3 _'],
    ['a point in a gap', 'eval range from 0 to 2m step 1m s\n  s 1 1 3'],
    [
      'other times of a range vector',
      'eval instant at 2m m{a="x"}[2m]\n  expect range vector from 0 to 1m step 1m\n  m{a="x"} 2 3',
    ],
    ['a float for a histogram', 'eval instant at 1m h\n  h 4'],
    ['a histogram for a float', 'eval instant at 1m m{a="x"}\n  m{a="x"} {{}}'],
    ...[
      'count:5 sum:5 z_bucket:1 z_bucket_w:0.5 buckets:[1 2] n_buckets:[1]',
      'count:4 sum:5.1 z_bucket:1 z_bucket_w:0.5 buckets:[1 2] n_buckets:[1]',
      'count:4 sum:5 z_bucket:2 z_bucket_w:0.5 buckets:[1 2] n_buckets:[1]',
      'count:4 sum:5 z_bucket:1 z_bucket_w:0.25 buckets:[1 2] n_buckets:[1]',
      'count:4 sum:5 z_bucket:1 z_bucket_w:0.5 buckets:[2 1] n_buckets:[1]',
      'count:4 sum:5 z_bucket:1 z_bucket_w:0.5 offset:1 buckets:[1 2] n_buckets:[1]',
      'count:4 sum:5 z_bucket:1 z_bucket_w:0.5 buckets:[1 2] n_buckets:[1 1]',
      'count:4 sum:5 z_bucket:1 z_bucket_w:0.5 buckets:[1 2] n_offset:1 n_buckets:[1]',
      'schema:1 count:4 sum:5 z_bucket:1 z_bucket_w:0.5 buckets:[1 2] n_buckets:[1]',
      'counter_reset_hint:gauge count:4 sum:5 z_bucket:1 z_bucket_w:0.5 buckets:[1 2] n_buckets:[1]',
    ].map((text) => [text, `eval instant at 1m h\n  h {{${text}}}`]),
    ['other bounds', 'eval instant at 1m g\n  g {{schema:-53 sum:5 count:3 custom_values:[1 3] buckets:[1 2]}}'],
    [
      'another hint',
      'eval instant at 1m g\n  g {{schema:-53 sum:5 count:3 custom_values:[1 2] buckets:[1 2] counter_reset_hint:reset}}',
    ],
    [
      'a histogram where a float is beside it',
      'eval range from 0 to 1m step 1m label_replace({__name__=~"c_total|h"}, "__name__", "n", "", "")\n  n {{count:4 sum:5 z_bucket:1 z_bucket_w:0.5 buckets:[1 2] n_buckets:[1]}}x1',
    ],
    ['a failure that does not come', 'eval instant at 0 m\n  expect fail'],
    ['a failure that is not expected', 'eval instant at 0 label_replace(m, "a", "", "a", ".*")'],
    [
      'another text of a failure',
      'eval instant at 0 label_replace(m, "a", "", "a", ".*")\n  expect fail msg: vector cannot contain metrics',
    ],
    [
      'another pattern of a failure',
      'eval instant at 0 label_replace(m, "a", "", "a", ".*")\n  expect fail regex: ^same labelset',
    ],
    [
      'the old form of it',
      'eval_fail instant at 0 label_replace(m, "a", "", "a", ".*")\n  expected_fail_message same labelset',
    ],
    ['a query that cannot be read', 'eval instant at 0 m +\n  expect fail'],
    ['a warning that does not come', 'eval instant at 0 quantile(0.5, m{a="x"})\n  expect warn\n  {} 1'],
    ['an info that does not come', 'eval instant at 0 m{a="x"}\n  expect info\n  m{a="x"} 1'],
    ['a warning that is not expected', 'eval instant at 0 quantile(2, m)\n  expect no_warn\n  {} Inf'],
    [
      'an info that is not expected',
      'eval instant at 2m rate(m{a="x"}[2m])\n  expect no_info\n  {a="x"} 0.0166666666666',
    ],
    [
      'another text of a warning',
      'eval instant at 0 quantile(2, m)\n  expect warn msg: PromQL warning: quantile value should be between 0 and 1, got 2 (1:1)\n  {} Inf',
    ],
    ['one warning of two', 'eval instant at 0 quantile(2, m) + quantile(3, m)\n  expect warn regex: got 2\n  {} Inf'],
    ['a scalar that is no number', 'eval instant at 0 1\n  one'],
    ['an expect line that is none', 'eval instant at 0 1\n  expect nothing\n  1'],
    ['two failures', 'eval instant at 0 m\n  expect fail\n  expect fail'],
    ['an empty text', 'eval instant at 0 m\n  expect fail msg:'],
    ['no query', 'eval instant at 0'],
    ['no step', 'eval range from 0 to 1m 1'],
  ])('%s', async (_, body) => {
    const { lines, passed, failed } = await run(
      `${LOAD}eval instant at 0 1\n  1\n\n${body}\n\neval instant at 0 2\n  2\n`,
    );
    expect({ lines, passed, failed }).toEqual({ lines: [before + 3], passed: 2, failed: 1 });
  });
});

describe('scripts with faults', () => {
  it('fail each eval whose series could not be loaded, until the storage is emptied', async () => {
    const script = `eval instant at 0 1\n  1\n\nload 1m\n  m 1 x 2\n\neval instant at 0 m\n  m 1\n\neval instant at 0 1\n  1\n\nclear\n\neval instant at 0 1\n  1\n`;
    const { lines, passed, failed, printed } = await run(script);
    expect({ lines, passed, failed }).toEqual({ lines: [7, 10], passed: 2, failed: 2 });
    expect(printed[0]).toBe('f.test:7: not evaluated, for line 4 cannot be read: line 5: unexpected value x');
  });

  it('count a fault that no eval fails for', async () => {
    expect(await run('load 1m\n  m{ 1\n')).toMatchObject({ lines: [1], passed: 0, failed: 1 });
    expect(await run('eval instant at 0 1\n  1\n\nnonsense\n')).toMatchObject({ lines: [4], passed: 1, failed: 1 });
    expect(await run('nonsense\n\nclear\n\neval instant at 0 1\n  1\n')).toMatchObject({
      lines: [1],
      passed: 1,
      failed: 1,
    });
  });

  it.each(['0', '-1m', 'soon'])('do not load by steps of %s', async (step) => {
    expect(await run(`load ${step}\n  m 1\n`)).toMatchObject({ passed: 0, failed: 1, lines: [1] });
  });

  it.each([
    'm 1+x2',
    'm 1x-1',
    'm {{schema:9}}',
    'm {{count:1 count:2}}',
    'm {{what:1}}',
    'm{a!="x"} 1',
    'm{a="x" 1',
    'm@st 1m\n  n 1',
    'm@st 1m 2m\n  m 1',
    'm@st 1m',
  ])('do not load %s', async (line) => {
    expect(await run(`load 1m\n  ${line}\n`)).toMatchObject({ passed: 0, failed: 1, lines: [1] });
  });
});
