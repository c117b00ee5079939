import { beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/config/clock.ts';
import type { RuleGroupConfig } from '../../src/config/rule-file.ts';
import { Labels } from '../../src/labels/labels.ts';
import { RuleManager, type RuleManagerOptions } from '../../src/rules/rule-manager.ts';
import { FakeEngine, FakeReceiver, FakeStorage } from './fake-engine.ts';
import { alert, group, record } from './groups.ts';

const START_MS = 1_700_000_000_000;
const MINUTE = 60_000;

let clock: ManualClock;
let engine: FakeEngine;
let storage: FakeStorage;
let receiver: FakeReceiver;

beforeEach(() => {
  clock = new ManualClock(START_MS);
  engine = new FakeEngine();
  storage = new FakeStorage();
  receiver = new FakeReceiver();
});

function manager(more: Partial<RuleManagerOptions> = {}): RuleManager {
  return new RuleManager({ engine, storage, receiver, clock, ...more });
}

function settings(groups: readonly RuleGroupConfig[], evaluationIntervalMs = MINUTE) {
  const externalLabels = Labels.of({ region: 'eu' });
  return { groups, evaluationIntervalMs, queryOffsetMs: 0, externalLabels, externalUrl: 'http://wf:9090' };
}

function stateOf(rules: RuleManager): string {
  return rules
    .groups()
    .flatMap((each) => each.rules.flatMap((rule) => (rule.alerts ?? []).map((one) => `${one.labels} ${one.state}`)))
    .join('; ');
}

describe('an alerting rule', () => {
  it('goes pending, firing after its `for`, resolved, and is sent with start and end', async () => {
    const rules = manager();
    const down = alert('Down', 'up == 0', {
      forMs: 2 * MINUTE,
      labels: { severity: 'page' },
      annotations: { text: '{{ $labels.job }} is {{ $value }} in {{ $externalLabels.region }}' },
    });
    await rules.apply(settings([group('g', [down])]));
    engine.answers.set('up == 0', [[{ __name__: 'up', job: 'a' }, 0]]);
    await clock.advance(MINUTE);
    expect(stateOf(rules)).toBe('{alertname="Down", job="a", severity="page"} pending');
    expect(receiver.take()).toEqual([]);
    await clock.advance(2 * MINUTE);
    const [firing] = receiver.take();
    const firedAtMs = firing!.startsAtMs;
    expect(firing).toMatchObject({
      endsAtMs: firedAtMs + 4 * MINUTE,
      generatorUrl: 'http://wf:9090/graph?g0.expr=up+%3D%3D+0&g0.tab=1',
    });
    expect(firing!.annotations.toRecord()).toEqual({ text: 'a is 0 in eu' });
    engine.answers.set('up == 0', []);
    await clock.advance(MINUTE);
    const [resolved] = receiver.take();
    expect(resolved).toMatchObject({ startsAtMs: firedAtMs, endsAtMs: firedAtMs + MINUTE });
    expect(stateOf(rules)).toBe('');
    // Sent again for 15 minutes, though not at every evaluation: the delay must have passed.
    await clock.advance(20 * MINUTE);
    expect(receiver.take().length).toBe(7);
    await rules.close();
  });

  it('writes ALERTS and ALERTS_FOR_STATE and marks them stale', async () => {
    const rules = manager();
    await rules.apply(settings([group('g', [alert('A', 'x')])]));
    engine.answers.set('x', [[{ job: 'a' }, 1]]);
    await clock.advance(MINUTE);
    const at = rules.groups()[0]!.rules[0]!.lastEvaluationMs / 1000;
    expect(storage.take()).toEqual([
      `ALERTS{alertname="A", alertstate="firing", job="a"} ${at} 1`,
      `ALERTS_FOR_STATE{alertname="A", job="a"} ${at} ${Math.floor(at)}`,
    ]);
    engine.answers.set('x', []);
    await clock.advance(MINUTE);
    expect(storage.take()).toEqual([
      `ALERTS{alertname="A", alertstate="firing", job="a"} ${at + 60} stale`,
      `ALERTS_FOR_STATE{alertname="A", job="a"} ${at + 60} stale`,
    ]);
    await rules.close();
  });

  it('keeps firing for `keep_firing_for`', async () => {
    const rules = manager();
    await rules.apply(settings([group('g', [alert('A', 'x', { keepFiringForMs: 3 * MINUTE })])]));
    engine.answers.set('x', [[{}, 1]]);
    await clock.advance(MINUTE);
    engine.answers.set('x', []);
    const states: string[] = [];
    for (let i = 0; i < 4; i++) {
      await clock.advance(MINUTE);
      states.push(stateOf(rules));
    }
    expect(states).toEqual([...Array(3).fill('{alertname="A"} firing'), '']);
    await rules.close();
  });

  it('gives the text of a failing template in its place and asks a template query once', async () => {
    const rules = manager();
    const annotations = {
      bad: '{{ $labels.job.x }}',
      broken: '{{ $nope }}',
      asked: '{{ query "q" | first | value }}{{ query "q" | first | value }}',
      refused: '{{ query "none" | first }}',
    };
    await rules.apply(settings([group('g', [alert('A', 'x', { annotations })])]));
    engine.answers.set('x', [[{ job: 'a' }, 1]]);
    engine.answers.set('q', [[{}, 7]]);
    await clock.advance(MINUTE);
    const [sent] = receiver.take();
    expect(sent!.annotations.toRecord()).toEqual({
      asked: '77',
      bad: '<error expanding template: error executing template __alert_A: template: __alert_A:1:122: executing "__alert_A" at <$labels.job.x>: can\'t evaluate field x in type string>',
      broken:
        '<error expanding template: error parsing template __alert_A: template: __alert_A:1: undefined variable "$nope">',
      refused:
        '<error expanding template: error executing template __alert_A: template: __alert_A:1:130: executing "__alert_A" at <first>: error calling first: first() called on vector with no elements>',
    });
    expect(engine.asked.filter(({ expression }) => expression === 'q').length).toBe(1);
    await rules.close();
  });

  it('says why it has no result', async () => {
    const rules = manager();
    await rules.apply(
      settings([
        group('limited', [alert('A', 'two')], { limit: 1 }),
        group('twice', [alert('A', 'two', { labels: { job: '' } }), record('r', 'two', { labels: { job: 'same' } })]),
        group('broken', [alert('A', 'error')]),
      ]),
    );
    engine.answers.set('two', [
      [{ job: 'a' }, 1],
      [{ job: 'b' }, 1],
    ]);
    engine.answers.set('error', new Error('many-to-many matching not allowed'));
    await clock.advance(MINUTE);
    expect(rules.groups().flatMap((each) => each.rules.map((rule) => `${rule.health}: ${rule.lastError}`))).toEqual([
      'err: exceeded limit of 1 with 2 alerts',
      'err: vector contains metrics with the same labelset after applying alert labels',
      'err: vector contains metrics with the same labelset after applying rule labels',
      'err: many-to-many matching not allowed',
    ]);
    await rules.close();
  });
});

describe('the schedule', () => {
  it('gives each group its own slot, with the offset of the query', async () => {
    const rules = manager();
    const groups = ['a', 'b', 'c'].map((name) =>
      group(name, [record(`r_${name}`, `x_${name}`)], { queryOffsetMs: 30_000 }),
    );
    await rules.apply(settings(groups));
    await clock.advance(2 * MINUTE);
    const slots = ['a', 'b', 'c'].map((name) => {
      const times = engine.asked.filter(({ expression }) => expression === `x_${name}`).map(({ timeMs }) => timeMs);
      expect(times.length).toBe(2);
      expect(times[1]! - times[0]!).toBe(MINUTE);
      return times[0]! % MINUTE;
    });
    expect(new Set(slots).size).toBe(3);
    await rules.close();
  });

  it('counts the iterations that a long evaluation misses', async () => {
    const rules = manager();
    await rules.apply(settings([group('g', [record('r', 'slow')])]));
    let release = (): void => {};
    const query = engine.query.bind(engine);
    engine.query = async (expression, options) => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return query(expression, options);
    };
    await clock.advance(4 * MINUTE);
    release();
    engine.query = query;
    await clock.advance(MINUTE);
    const { missedIterations = 0, iterations, evaluations } = rules.groups()[0]!;
    expect(missedIterations).toBeGreaterThanOrEqual(2);
    expect(iterations).toBe(missedIterations + evaluations!);
    const times = engine.asked.map(({ timeMs }) => timeMs);
    expect(times[1]! - times[0]!).toBe(3 * MINUTE);
    await rules.close();
  });
});

describe('a reload', () => {
  it('takes a group once that two patterns name', async () => {
    const rules = manager();
    const twice = group('g', [record('r', 'x')]);
    await rules.apply(settings([twice, twice]));
    await clock.advance(MINUTE);
    expect([rules.groups().length, engine.asked.length]).toEqual([1, 1]);
    await rules.close();
    await clock.advance(5 * MINUTE);
    expect(engine.asked.length).toBe(1);
  });

  it('keeps the state of what did not change and ends what is gone', async () => {
    const rules = manager();
    const kept = alert('Kept', 'x', { forMs: 10 * MINUTE });
    await rules.apply(settings([group('g', [kept, record('gone', 'x')])]));
    engine.answers.set('x', [[{ job: 'a' }, 1]]);
    await clock.advance(MINUTE);
    const since = rules.groups()[0]!.rules[0]!.alerts![0]!.activeAtMs;
    storage.take();
    await rules.apply(settings([group('g', [kept, record('new', 'x')])]));
    await clock.advance(MINUTE);
    expect(rules.groups()[0]!.rules[0]!.alerts![0]!.activeAtMs).toBe(since);
    expect(storage.take().some((line) => line.startsWith('gone{job="a"}') && line.endsWith('stale'))).toBe(true);
    await rules.apply(settings([]));
    storage.take();
    await clock.advance(3 * MINUTE);
    expect(storage.take().filter((line) => line.startsWith('new{job="a"}') && line.endsWith('stale')).length).toBe(1);
    expect(rules.groups()).toEqual([]);
    await rules.close();
  });

  it('makes a firing alert wait again whose `for` has become longer than it is active', async () => {
    const rules = manager();
    await rules.apply(settings([group('g', [alert('Hot', 'x')])]));
    engine.answers.set('x', [[{ job: 'a' }, 1]]);
    await clock.advance(MINUTE);
    const [first] = receiver.take();
    await rules.apply(settings([group('g', [alert('Hot', 'x', { forMs: 3 * MINUTE })])]));
    await clock.advance(MINUTE);
    expect(stateOf(rules)).toBe('{alertname="Hot", job="a"} pending');
    expect(receiver.take()).toEqual([]);
    await clock.advance(2 * MINUTE);
    expect(stateOf(rules)).toBe('{alertname="Hot", job="a"} firing');
    const [again] = receiver.take();
    expect(again!.startsAtMs).toBe(first!.startsAtMs + 3 * MINUTE);
    await rules.close();
  });

  it('drops a firing alert that is kept firing where its `for` has become longer', async () => {
    const rules = manager();
    const keepFiringForMs = 60 * MINUTE;
    await rules.apply(settings([group('g', [alert('Hot', 'x', { keepFiringForMs })])]));
    engine.answers.set('x', [[{ job: 'a' }, 1]]);
    await clock.advance(MINUTE);
    await rules.apply(settings([group('g', [alert('Hot', 'x', { keepFiringForMs, forMs: 60 * MINUTE })])]));
    engine.answers.set('x', []);
    await clock.advance(2 * MINUTE);
    expect(stateOf(rules)).toBe('');
    await rules.close();
  });
});

describe('after a restart', () => {
  it('restores since when an alert is active, without counting the outage', async () => {
    const slow = alert('Slow', 'x', { forMs: 30 * MINUTE });
    engine.answers.set('x', [[{ job: 'a' }, 1]]);
    const first = manager();
    await first.apply(settings([group('g', [slow])]));
    await clock.advance(15 * MINUTE);
    const since = first.groups()[0]!.rules[0]!.alerts![0]!.activeAtMs;
    const wroteMs = first.groups()[0]!.lastEvaluationMs;
    await first.close();
    await clock.advance(5 * MINUTE);
    const second = manager({ queryable: storage });
    await second.apply(settings([group('g', [slow])]));
    storage.take();
    await clock.advance(MINUTE);
    expect(storage.take()).toEqual([]);
    await clock.advance(MINUTE);
    const restored = second.groups()[0]!;
    const outageMs = restored.lastEvaluationMs - wroteMs;
    expect(restored.rules[0]!.alerts![0]!.activeAtMs).toBe(Math.floor(since / 1000) * 1000 + outageMs);
    await clock.advance(MINUTE);
    expect(storage.take().length).toBe(2);
    await second.close();
  });
});
