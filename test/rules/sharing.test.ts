/** Rules of one group that select the same read it once, and see what the rules before them wrote. */
import { expect, it } from 'vitest';
import { systemClock } from '../../src/config/clock.ts';
import { Labels } from '../../src/labels/labels.ts';
import { createEngine } from '../../src/promql/engine.ts';
import { RuleGroup } from '../../src/rules/rule-group.ts';
import { createHead } from '../../src/storage/head.ts';
import type { Queryable } from '../../src/storage/queryable.ts';
import { alert, group, record } from './groups.ts';

const START_MS = 1_700_000_000_000;
const INTERVAL_MS = 15_000;

/** A group over a head of two counters, and how often each metric was selected. */
function setUp(rules: Parameters<typeof group>[1]) {
  const head = createHead();
  const selected: string[] = [];
  const queryable: Queryable = {
    get changes() {
      return head.changes;
    },
    select(matchers, startMs, endMs) {
      selected.push(matchers.find(({ name }) => name === '__name__')?.value ?? '');
      return head.select(matchers, startMs, endMs);
    },
  };
  const running = new RuleGroup(
    group('g', rules),
    INTERVAL_MS,
    {
      engine: createEngine(queryable),
      storage: head,
      receiver: { receive: () => {} },
      clock: systemClock,
      externalLabels: Labels.EMPTY,
      externalUrl: '',
      resendDelayMs: 60_000,
      defaultQueryOffsetMs: 0,
      report: () => {},
    },
    true,
  );
  let round = 0;
  const append = (value: number, timeMs: number): void => {
    const appender = head.appender();
    for (const job of ['a', 'b']) appender.float(appender.series(Labels.of({ __name__: 'x', job })), timeMs, value);
    appender.commit();
  };
  return {
    append,
    /** Scrapes `value`, evaluates, and gives what was selected meanwhile. */
    async evaluate(value: number): Promise<string[]> {
      const timeMs = START_MS + INTERVAL_MS * round++;
      append(value, timeMs);
      selected.length = 0;
      await running.evaluate(timeMs);
      return [...selected];
    },
    /** The newest value of the metric's series of job a. */
    async newest(metric: string): Promise<number | undefined> {
      const query = { timeMs: START_MS + INTERVAL_MS * (round - 1) };
      const { value } = await createEngine(head).query(`${metric}{job="a"}`, query);
      return value.type === 'vector' ? value.samples[0]?.value : undefined;
    },
    faults: () => running.state().rules.flatMap(({ lastError }) => (lastError === '' ? [] : [lastError])),
  };
}

it('reads once what several rules select or compute', async () => {
  const { evaluate, newest, faults } = setUp([
    record('a', 'sum by (job) (rate(x[1m]))'),
    record('b', 'sum by (job) (rate(x[1m])) * 2'),
    record('c', 'max by (job) (rate(x[1m]))'),
    alert('High', 'x > 100'),
    record('d', '-x'),
  ]);
  await evaluate(0);
  expect(await evaluate(150)).toEqual(['x', 'x']);
  expect(await newest('a')).toBe(2.5);
  expect(await newest('b')).toBe(5);
  expect(await newest('c')).toBe(2.5);
  expect(await newest('d')).toBe(-150);
  expect(faults()).toEqual([]);
});

it('reads anew what a rule before has written', async () => {
  const { evaluate, newest, faults } = setUp([
    record('before', 'y'),
    record('y', 'x + 1'),
    record('after', 'y'),
    record('any', 'sum by (job) ({job=~".+", __name__=~"x|y"})'),
    record('y2', 'x + 1'),
    record('any_again', 'sum by (job) ({job=~".+", __name__=~"x|y"})'),
  ]);
  await evaluate(1);
  await evaluate(5);
  expect(await newest('before')).toBe(2);
  expect(await newest('after')).toBe(6);
  expect(await newest('any')).toBe(11);
  // Nothing that it reads was written since.
  expect(await evaluate(7)).toEqual(['y', 'x', 'y', 'x|y']);
  expect(faults()).toEqual([]);
  expect(await newest('any_again')).toBe(15);
});

it('takes nothing over from one round to the next, nor past what others append', async () => {
  const { evaluate, append, newest } = setUp([record('a', 'x'), record('b', 'x'), record('c', 'count(x)')]);
  await evaluate(1);
  await evaluate(2);
  expect(await newest('b')).toBe(2);
  append(9, START_MS + INTERVAL_MS + 1);
  await evaluate(3);
  expect(await newest('b')).toBe(3);
});
