/** Rules evaluated as soon as what they read is scraped: which, how often, in what order, beside an unchanged schedule. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/config/clock.ts';
import type { RuleGroupConfig } from '../../src/config/rule-file.ts';
import { Labels } from '../../src/labels/labels.ts';
import type { RuleInput } from '../../src/rules/rule-inputs.ts';
import { RuleManager, type RuleManagerOptions } from '../../src/rules/rule-manager.ts';
import { FakeEngine, FakeReceiver, FakeStorage } from './fake-engine.ts';
import { alert, group, record } from './groups.ts';

const START_MS = 1_700_000_000_000;
const SECOND = 1000;
const MINUTE = 60_000;

let clock: ManualClock;
let engine: FakeEngine;
let storage: FakeStorage;
let receiver: FakeReceiver;
let rules: RuleManager;

beforeEach(() => {
  clock = new ManualClock(START_MS);
  engine = new FakeEngine();
  storage = new FakeStorage();
  receiver = new FakeReceiver();
});

afterEach(() => rules.close());

async function run(groups: readonly RuleGroupConfig[], more: Partial<RuleManagerOptions> = {}): Promise<void> {
  rules = new RuleManager({ engine, storage, receiver, clock, afterScrape: true, ...more });
  await rules.apply(settings(groups));
}

function settings(groups: readonly RuleGroupConfig[]) {
  const externalLabels = Labels.EMPTY;
  return { groups, evaluationIntervalMs: MINUTE, queryOffsetMs: 0, externalLabels, externalUrl: 'http://wf:9090' };
}

function target(labels: Record<string, string>, names: readonly string[], labelsMayDiffer = false): RuleInput {
  return { target: { labels: Labels.of(labels) }, labelsMayDiffer, metricNames: () => new Set(names) };
}

/** Expressions asked since the last call. */
function asked(): string[] {
  return engine.asked.splice(0).map(({ expression }) => expression);
}

/** Within the slot of a group of this name, which is known after one turn. */
async function slotOf(name: string): Promise<number> {
  const probe = new RuleManager({ engine: new FakeEngine(), receiver: new FakeReceiver(), clock });
  await probe.apply(settings([group(name, [record('r', 'x')])]));
  await clock.advance(MINUTE);
  const slotMs = probe.groups()[0]!.lastEvaluationMs % MINUTE;
  await probe.close();
  return slotMs;
}

const api = target({ job: 'api', instance: 'a:1' }, ['up', 'requests_total']);

describe('which groups', () => {
  it.each([
    ['up == 0', true],
    ['rate(requests_total{job="api"}[5m]) > 1', true],
    ['sum by (code) (requests_total{job=~"api|web", code="500"})', true],
    ['vector(1) and on() max_over_time(requests_total[5m:1m])', true],
    ['{__name__=~"requests_.+"}', true],
    ['requests_total{job="web"}', false],
    ['requests_total{instance!="a:1"}', false],
    ['errors_total', false],
    ['{__name__=~"errors_.+"}', false],
    ['vector(time())', false],
  ])('%s is evaluated after the scrape: %s', async (expression, isReader) => {
    await run([group('g', [alert('A', expression)])]);
    rules.scraped(api, true);
    await clock.advance(100);
    expect(asked()).toEqual(isReader ? [expression] : []);
  });

  it('takes a series for possible where the job may have changed its labels', async () => {
    await run([group('g', [alert('A', 'requests_total{job="web"}')])]);
    rules.scraped(target({ job: 'federate' }, ['requests_total'], true), true);
    await clock.advance(100);
    expect(asked().length).toBe(1);
  });

  it('learns of series that the target has only now', async () => {
    await run([group('g', [alert('A', 'errors_total > 0')])]);
    const names = new Set(['up']);
    const growing: RuleInput = { ...api, metricNames: () => names };
    rules.scraped(growing, true);
    await clock.advance(100);
    expect(asked()).toEqual([]);
    names.add('errors_total');
    rules.scraped(growing, true);
    await clock.advance(100);
    rules.scraped(growing, false);
    await clock.advance(100);
    expect(asked().length).toBe(2);
  });

  it('leaves a group alone whose queries look at an earlier time, and all without the option', async () => {
    await run([group('g', [alert('A', 'up == 0')], { queryOffsetMs: 30 * SECOND })]);
    rules.scraped(api, true);
    await clock.advance(100);
    expect(asked()).toEqual([]);
    await rules.close();
    await run([group('g', [alert('A', 'up == 0')])], { afterScrape: false });
    rules.scraped(api, true);
    await clock.advance(100);
    expect(asked()).toEqual([]);
  });

  it('follows a reload', async () => {
    await run([group('g', [alert('A', 'errors_total')]), group('kept', [alert('B', 'up')])]);
    rules.scraped(api, true);
    await clock.advance(100);
    expect(asked()).toEqual(['up']);
    await rules.apply(settings([group('kept', [alert('B', 'up')]), group('g', [alert('A', 'requests_total')])]));
    rules.scraped(api, false);
    await clock.advance(100);
    expect(asked().sort()).toEqual(['requests_total', 'up']);
  });
});

describe('groups that read what others write', () => {
  it('are evaluated after them, once', async () => {
    await run([
      group('last', [alert('A', 'job:requests:rate > 1 and up')]),
      group('middle', [record('job:requests:rate', 'sum by (job) (instance:requests:rate)')]),
      group('first', [record('instance:requests:rate', 'rate(requests_total[1m])')]),
    ]);
    rules.scraped(api, true);
    await clock.advance(200);
    expect(asked()).toEqual([
      'rate(requests_total[1m])',
      'sum by (job) (instance:requests:rate)',
      'job:requests:rate > 1 and up',
    ]);
  });

  it('come to an end where they read each other in a circle', async () => {
    await run([group('a', [record('x', 'y + up')]), group('b', [record('y', 'x')])]);
    rules.scraped(api, true);
    await clock.advance(SECOND);
    expect(asked().length).toBeLessThanOrEqual(2);
  });
});

describe('how often', () => {
  it('is once for scrapes at nearly the same instant', async () => {
    await run([group('g', [alert('A', 'up == 0')])]);
    for (let i = 0; i < 20; i++) {
      rules.scraped(target({ job: 'api', instance: `a:${i}` }, ['up']), true);
      if (i % 4 === 0) await clock.advance(1);
    }
    await clock.advance(100);
    expect(asked().length).toBe(1);
  });

  it('takes a tenth of the time at most, however many are scraped', async () => {
    const query = engine.query.bind(engine);
    engine.query = async (expression, options) => {
      await new Promise<void>((resolve) => clock.after(50, resolve));
      return query(expression, options);
    };
    await run([group('g', [alert('A', 'up == 0')])]);
    for (let i = 0; i < 1000; i++) {
      rules.scraped(api, false);
      await clock.advance(10);
    }
    const { length } = asked();
    // 10 s: twenty of 50 ms would be a tenth; one more is of the schedule.
    expect(length).toBeGreaterThan(15);
    expect(length).toBeLessThanOrEqual(21);
  });

  it('evaluates again where the scrape ended while the group was evaluated', async () => {
    const query = engine.query.bind(engine);
    engine.query = async (expression, options) => {
      await new Promise<void>((resolve) => clock.after(5, resolve));
      return query(expression, options);
    };
    await run([group('g', [alert('A', 'up == 0')])]);
    rules.scraped(api, true);
    await clock.advance(12);
    rules.scraped(api, false);
    await clock.advance(200);
    expect(asked().length).toBe(2);
  });
});

describe('the schedule', () => {
  it('goes on as it was', async () => {
    const slotMs = await slotOf('g');
    await run([group('g', [alert('A', 'up == 0')])]);
    const startMs = clock.nowMs();
    for (let i = 0; i < 60; i++) {
      rules.scraped(api, false);
      await clock.advance(5 * SECOND);
    }
    const times = engine.asked.map(({ timeMs }) => timeMs);
    const regular = times.filter((timeMs) => timeMs % MINUTE === slotMs);
    expect(regular.length).toBe(5);
    expect(times.length).toBe(65);
    expect(startMs).toBeLessThan(regular[0]!);
  });

  it('takes one at its very slot for its own, so that no time is written twice', async () => {
    const slotMs = await slotOf('g');
    await run([group('g', [record('r', 'up')])]);
    engine.answers.set('up', [[{ job: 'api' }, 1]]);
    const dueMs = clock.nowMs() + ((slotMs - (clock.nowMs() % MINUTE) + MINUTE) % MINUTE || MINUTE);
    for (const early of [10, 9, 0]) {
      await clock.advanceTo(dueMs + MINUTE * (10 - early) - early);
      rules.scraped(api, false);
      await clock.advance(SECOND);
    }
    const times = storage.take().map((line) => Number(line.split(' ')[1]) * 1000);
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    expect(times.filter((timeMs) => timeMs % MINUTE === slotMs).length).toBeGreaterThan(8);
  });

  it('goes on after the system’s clock was set back', async () => {
    await run([group('g', [record('r', 'up')])]);
    await clock.advance(2 * MINUTE);
    const now = clock.nowMs.bind(clock);
    clock.nowMs = () => now() - 10 * MINUTE;
    asked();
    rules.scraped(api, true);
    await clock.advance(SECOND);
    await clock.advance(15 * MINUTE);
    expect(asked().length).toBeGreaterThan(3);
  });
});

describe('alerts', () => {
  it('wait for their whole `for`, and then fire with the next scrape', async () => {
    await run([group('g', [alert('Down', 'up == 0', { forMs: 30 * SECOND })])]);
    engine.answers.set('up == 0', [[{ job: 'api' }, 0]]);
    const firstMs = clock.nowMs();
    let firedMs: number | undefined;
    for (let i = 0; i < 40 && firedMs === undefined; i++) {
      rules.scraped(api, false);
      await clock.advance(SECOND);
      const [sent] = receiver.take();
      if (sent !== undefined) firedMs = sent.startsAtMs;
    }
    expect(firedMs! - firstMs).toBeGreaterThanOrEqual(30 * SECOND);
    expect(firedMs! - firstMs).toBeLessThan(31 * SECOND + 100);
  });

  it('are sent with the scrape that shows them', async () => {
    await run([group('g', [alert('Down', 'up == 0')])]);
    rules.scraped(api, true);
    await clock.advance(SECOND);
    engine.answers.set('up == 0', [[{ job: 'api' }, 0]]);
    rules.scraped(api, false);
    await clock.advance(10);
    expect(receiver.take().map(({ startsAtMs }) => startsAtMs)).toEqual([clock.nowMs()]);
  });

  it('are restored after the second regular evaluation as ever', async () => {
    const slow = group('g', [alert('Slow', 'up == 0', { forMs: 30 * MINUTE })]);
    engine.answers.set('up == 0', [[{ job: 'api' }, 0]]);
    await run([slow]);
    await clock.advance(15 * MINUTE);
    await rules.close();
    await clock.advance(MINUTE);
    await run([slow], { queryable: storage });
    storage.take();
    for (let i = 0; i < 5; i++) {
      rules.scraped(api, true);
      await clock.advance(100);
    }
    // Other targets may not have been scraped yet.
    expect(storage.take()).toEqual([]);
    await clock.advance(2 * MINUTE);
    await clock.advance(MINUTE);
    expect(storage.take().length).toBeGreaterThan(0);
    expect(clock.nowMs() - rules.groups()[0]!.rules[0]!.alerts![0]!.activeAtMs).toBeGreaterThan(15 * MINUTE);
  });
});
