import { describe, expect, it } from 'vitest';
import { Labels } from '../../src/labels/labels.ts';
import { createEngine } from '../../src/promql/engine.ts';
import { parseExpression } from '../../src/promql/parse.ts';
import { backtestRules, differenceOf, type RuleBacktest, totalsOf } from '../../src/rules/backtest.ts';
import type { History } from '../../src/rules/history.ts';
import { createHead } from '../../src/storage/head.ts';
import { alert, group, record } from './groups.ts';

const MINUTE = 60_000;

/** One value a minute, of a series called x. */
function historyOf(values: readonly number[]): History {
  const head = createHead();
  const appender = head.appender();
  const ref = appender.series(Labels.of({ __name__: 'x', job: 'a' }));
  values.forEach((value, minute) => {
    appender.float(ref, minute * MINUTE, value);
  });
  appender.commit();
  return { engine: createEngine(head), samples: head, engineOver: (samples) => createEngine(samples) };
}

const values = [0, 5, 0, 5, 5, 5, 0, 5, 0, 0, 5, 5, 5, 5];
const options = {
  history: historyOf(values),
  parse: (text: string) => parseExpression(text),
  startMs: 0,
  endMs: 13 * MINUTE,
  evaluationIntervalMs: MINUTE,
};

function run(expression: string, more: Parameters<typeof alert>[2] = {}) {
  return backtestRules({ ...options, groups: [group('g', [alert('A', expression, { forMs: 2 * MINUTE, ...more })])] });
}

function table([result]: readonly RuleBacktest[]) {
  const minutes = (time: number | undefined): number | undefined => (time === undefined ? undefined : time / MINUTE);
  return result!.episodes.map((each) => [each.activeAtMs, each.firedAtMs, each.endedAtMs].map(minutes));
}

it('says when a rule would have been pending and firing', async () => {
  const strict = await run('x > 4');
  expect(table(strict)).toEqual([
    [1, undefined, 2],
    [3, 5, 6],
    [7, undefined, 8],
    [10, 12, undefined],
  ]);
  expect(totalsOf(strict[0]!, options.endMs)).toEqual({ fired: 2, firingMs: 2 * MINUTE });
  expect(table(await run('x > 4', { keepFiringForMs: 2 * MINUTE }))).toEqual([
    [1, undefined, 2],
    [3, 5, undefined],
  ]);
  expect((await run('x > (')).map(({ error }) => error)).toEqual([expect.stringContaining('parse error')]);
});

it('says what another rule changes: firings that are gone, new, or begin or end at another time', async () => {
  const count = (difference: ReturnType<typeof differenceOf>) => [
    difference.gone.length,
    difference.added.length,
    difference.moved.length,
  ];
  const before = await run('x > 4');
  // The metric name is no label of an alert.
  expect(count(differenceOf(before, await run('x * 1 > 4'), options.endMs))).toEqual([0, 0, 0]);
  expect(count(differenceOf(before, await run('x > 9'), options.endMs))).toEqual([2, 0, 0]);
  expect(count(differenceOf(await run('x > 9'), before, options.endMs))).toEqual([0, 2, 0]);
  // Without a `for` two more fire, and the two that did fire begin earlier.
  expect(count(differenceOf(before, await run('x > 4', { forMs: 0 }), options.endMs))).toEqual([0, 2, 2]);
  const severe = await run('x > 4', { labels: { severity: 'critical' } });
  expect(count(differenceOf(before, severe, options.endMs))).toEqual([2, 2, 0]);
});

it('drops the result of an evaluation that exceeds the limit of its group', async () => {
  const rules = [alert('A', 'x > 4 or label_replace(x > 4, "job", "b", "", "")')];
  const [limited] = await backtestRules({ ...options, groups: [group('g', rules, { limit: 1 })] });
  expect(limited!.episodes).toEqual([]);
  expect(limited!.notes).toEqual(["the group's limit of 1 drops the result of 9 evaluations"]);
});

describe('rules that read recorded series', () => {
  const rules = [
    alert('A', 'max_over_time(job:x:twice[3m]) > 9', { forMs: 2 * MINUTE }),
    record('job:x:twice', 'job:x:once * 2'),
    record('job:x:once', 'sum by (job) (x)'),
  ];

  it('reads what the rules of the same files would have recorded, before what is stored', async () => {
    const results = await backtestRules({ ...options, startMs: 4 * MINUTE, groups: [group('g', rules)] });
    // The recording begins early enough for the range of the alert: at minute 4 it knows minute 3.
    expect(table(results)).toEqual([[4, 6, undefined]]);
  });

  it('reads a server’s own series where both kinds are read at once, and says so', async () => {
    const { engine, engineOver } = options.history;
    const mixed = [...rules, alert('B', 'job:x:once > 4 and on (job) x > 4')];
    const results = await backtestRules({ ...options, history: { engine, engineOver }, groups: [group('g', mixed)] });
    expect(results.map(({ rule, episodes, notes }) => [rule.name, episodes.length, notes])).toEqual([
      ['A', 1, []],
      ['B', 0, ['job:x:once is read as the history has it, not as the rule here records it']],
    ]);
  });

  it('says which recording rule fails, and goes on with the others', async () => {
    const unread = [...rules, alert('C', 'x > 4'), record('y', 'sum(')];
    const results = await backtestRules({ ...options, groups: [group('g', unread)] });
    expect(results.map(({ error }) => error)).toEqual([undefined, undefined]);
    const broken = [...rules.slice(0, 2), record('job:x:once', 'sum('), alert('C', 'x > 4')];
    const failing = await backtestRules({ ...options, groups: [group('g', broken)] });
    expect(failing.map(({ error }) => error)).toEqual([
      expect.stringMatching(
        /^the recording rule job:x:twice fails: the recording rule job:x:once fails: .*parse error/,
      ),
      undefined,
    ]);
  });
});
