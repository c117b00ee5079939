import { expect, it } from 'vitest';
import { Labels } from '../../src/labels/labels.ts';
import { createEngine } from '../../src/promql/engine.ts';
import { backtestRules, differenceOf, totalsOf } from '../../src/rules/backtest.ts';
import { createHead } from '../../src/storage/head.ts';
import { alert, group } from './groups.ts';

const MINUTE = 60_000;

/** One value a minute. */
function engineOver(values: readonly number[]) {
  const head = createHead();
  const appender = head.appender();
  const ref = appender.series(Labels.of({ __name__: 'x', job: 'a' }));
  values.forEach((value, minute) => {
    appender.float(ref, minute * MINUTE, value);
  });
  appender.commit();
  return createEngine(head);
}

it('says when a rule would have been pending and firing, and what another threshold changes', async () => {
  const engine = engineOver([0, 5, 0, 5, 5, 5, 0, 5, 0, 0, 5, 5, 5, 5]);
  const options = { engine, startMs: 0, endMs: 13 * MINUTE, evaluationIntervalMs: MINUTE };
  const run = (expression: string, keepFiringForMs = 0) => {
    const rules = [alert('A', expression, { forMs: 2 * MINUTE, keepFiringForMs })];
    return backtestRules({ ...options, groups: [group('g', rules)] });
  };
  const minutes = (time: number | undefined): number | undefined => (time === undefined ? undefined : time / MINUTE);
  const table = (result: Awaited<ReturnType<typeof run>>) =>
    result[0]!.episodes.map((each) => [each.activeAtMs, each.firedAtMs, each.endedAtMs].map(minutes));
  const strict = await run('x > 4');
  expect(table(strict)).toEqual([
    [1, undefined, 2],
    [3, 5, 6],
    [7, undefined, 8],
    [10, 12, undefined],
  ]);
  expect(totalsOf(strict[0]!, options.endMs)).toEqual({ fired: 2, firingMs: 2 * MINUTE });
  expect(table(await run('x > 4', 2 * MINUTE))).toEqual([
    [1, undefined, 2],
    [3, 5, undefined],
  ]);
  const difference = differenceOf(strict, await run('x > 9'), options.endMs);
  expect([difference.gone.length, difference.added.length]).toEqual([2, 0]);
  expect((await run('x > (')).map(({ error }) => error)).toEqual([expect.stringContaining('parse error')]);
});
