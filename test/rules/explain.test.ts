import { beforeAll, describe, expect, it } from 'vitest';
import { Labels } from '../../src/labels/labels.ts';
import { createEngine } from '../../src/promql/engine.ts';
import type { QueryEngine } from '../../src/promql/result.ts';
import { explainRule } from '../../src/rules/explain.ts';
import type { RuleAlert } from '../../src/rules/state.ts';
import { createHead } from '../../src/storage/head.ts';
import { alert, group } from './groups.ts';

const MINUTE = 60_000;
const NOW_MS = 20 * MINUTE;

let engine: QueryEngine;

beforeAll(() => {
  const head = createHead();
  const appender = head.appender();
  const write = (labels: Record<string, string>, valueAt: (minute: number) => number): void => {
    const ref = appender.series(Labels.of(labels));
    for (let minute = 0; minute <= 20; minute++) appender.float(ref, minute * MINUTE, valueAt(minute));
  };
  write({ __name__: 'requests_total', code: '500', job: 'x' }, (minute) => minute * 2);
  write({ __name__: 'requests_total', code: '200', job: 'x' }, (minute) => minute * 100);
  write({ __name__: 'ceiling', job: 'x' }, () => 3);
  write({ __name__: 'temp', instance: 'a' }, (minute) => minute);
  write({ __name__: 'temp', instance: 'b' }, () => 5);
  appender.commit();
  engine = createEngine(head);
});

const STATE = {
  kind: 'alerting',
  name: 'R',
  labels: Labels.EMPTY,
  health: 'ok',
  lastError: '',
  lastEvaluationMs: NOW_MS,
  evaluationSeconds: 0.001,
} as const;
const GROUP_STATE = {
  name: 'g',
  file: 'rules.yml',
  intervalMs: MINUTE,
  limit: 0,
  lastEvaluationMs: NOW_MS,
  evaluationSeconds: 0,
};

async function explain(expression: string, alerts: readonly RuleAlert[] = []): Promise<string[]> {
  const config = group('g', [alert('R', expression, { forMs: 10 * MINUTE })]);
  const rule = { ...STATE, query: expression, alerts };
  const options = { groups: [config], states: [{ ...GROUP_STATE, rules: [rule] }], engine, nowMs: NOW_MS };
  const sections = await explainRule('R', options);
  return sections.slice(1).flatMap(({ heading, lines }) => [heading, ...lines]);
}

describe('an explanation of one alert', () => {
  const alertOf = (instance: string): RuleAlert => ({
    labels: Labels.of({ alertname: 'R', instance }),
    annotations: Labels.EMPTY,
    state: 'firing',
    activeAtMs: NOW_MS - MINUTE,
    value: 1,
  });
  const headings = async (alerts: readonly RuleAlert[], about?: Labels): Promise<string[]> => {
    const config = group('g', [alert('R', 'temp > 1')]);
    const states = [{ ...GROUP_STATE, rules: [{ ...STATE, query: 'temp > 1', alerts }] }];
    const sections = await explainRule('R', { groups: [config], states, engine, nowMs: NOW_MS, about });
    return sections.slice(1).map(({ heading }) => heading);
  };

  it('shows its series and counts the others', async () => {
    const alerts = [alertOf('a'), alertOf('b'), alertOf('gone')];
    expect(await headings(alerts, alertOf('b').labels)).toEqual(['series temp{instance="b"}', 'further series']);
    expect(await headings(alerts, alertOf('gone').labels)).toContain('alert {alertname="R", instance="gone"}');
    expect(await headings(alerts)).toEqual([
      'series temp{instance="a"}',
      'series temp{instance="b"}',
      'alert {alertname="R", instance="gone"}',
    ]);
  });

  it('does not take an alert for gone because its series is beyond those that are shown', async () => {
    const many = createHead();
    const appender = many.appender();
    const names = Array.from({ length: 25 }, (_, i) => `i${i}`);
    for (const instance of names) appender.float(appender.series(Labels.of({ __name__: 'temp', instance })), NOW_MS, 9);
    appender.commit();
    const config = group('g', [alert('R', 'temp > 1')]);
    const states = [{ ...GROUP_STATE, rules: [{ ...STATE, query: 'temp > 1', alerts: names.map(alertOf) }] }];
    const sections = await explainRule('R', { groups: [config], states, engine: createEngine(many), nowMs: NOW_MS });
    expect(sections.filter(({ heading }) => heading.startsWith('alert '))).toEqual([]);
    expect(sections.at(-1)).toEqual({ heading: 'further series', lines: ['5 more are in the result'] });
  });
});

describe('a series in the result', () => {
  it('is shown against the threshold, with its past, since when it is true and what is left of `for`', async () => {
    const pending: RuleAlert = {
      labels: Labels.of({ alertname: 'R', instance: 'a', severity: 'page' }),
      annotations: Labels.EMPTY,
      state: 'pending',
      activeAtMs: NOW_MS - 4 * MINUTE,
      value: 20,
    };
    expect(await explain('temp > 16', [pending])).toEqual([
      'series temp{instance="a"}',
      'value 20 > 16 (threshold)',
      'over the last 20m: 0 2 4 6 8 10 12 14 16 18 20 (lowest 0, highest 20)',
      'pending, true since 1970-01-01T00:16:00.000Z (4m)',
      'fires in 6m if it stays so (for 10m)',
    ]);
  });

  it('is told from one that the rule has not seen yet and from an alert that left the result', async () => {
    const kept: RuleAlert = {
      labels: Labels.of({ alertname: 'R', instance: 'b' }),
      annotations: Labels.EMPTY,
      state: 'firing',
      activeAtMs: 0,
      value: 20,
    };
    const lines = await explain('temp > 16', [kept]);
    expect(lines).toContain('true now, not yet seen by an evaluation of the rule');
    expect(lines.slice(-3)).toEqual([
      'alert {alertname="R", instance="b"}',
      'no longer in the result',
      'firing, true since 1970-01-01T00:00:00.000Z (20m)',
    ]);
  });
});

describe('an empty result', () => {
  it.each([
    ['temp > 100', 'temp has 2 series and none is > 100; the nearest:'],
    ['temp > 100', '  temp{instance="a"} 20'],
    ['100 < temp', '100 < holds for none of the 2 series of temp; the nearest:'],
    ['nix{a="b"} > 1', 'nix{a="b"} is empty: there is no series called nix now, nor was there one within the last day'],
    [
      'requests_totl > 1',
      'requests_totl is empty: there is no series called requests_totl now, nor was there one within the last day (there is requests_total)',
    ],
    [
      'temp{instance="c"} == 1',
      'temp{instance="c"} is empty: the matcher instance="c" finds nothing (it has "a", "b")',
    ],
    ['temp{zone="c"}', 'temp{zone="c"} is empty: the matcher zone="c" finds nothing (no series has the label zone)'],
    ['temp > ceiling', 'both sides of > have series (2 and 1), but no two match in their labels'],
    ['temp > ceiling', 'only the left side has the labels instance'],
    ['temp > on (job) ceiling', 'only the right side has the labels job'],
    [
      'rate(temp[1m]) > 0',
      'rate(temp[1m]) is empty although 2 series have samples within 1m: at most 1 each, which may be too few',
    ],
    ['absent(temp)', 'absent gives nothing, because temp has series'],
    ['temp unless temp', 'all 2 series of the left side of unless are on its right side too'],
    ['sum(nix) > 5', 'sum(nix) is empty, because its argument is'],
    ['temp and nix', 'the right side of and is empty: nix'],
    ['temp offset 1h', 'temp offset 1h is empty: series are there, not at the time that its offset or @ asks for'],
    [
      'requests_total{code="500"} / on (code) requests_total{code="200"} > 0',
      'the label code has no common value: "500" on the left, "200" on the right',
    ],
  ])('of %s: %s', async (expression, line) => {
    const lines = await explain(expression);
    expect(lines[0]).toBe('why the result is empty');
    expect(lines).toContain(line);
  });

  it('says that an expression fails', async () => {
    const config = group('g', [alert('R', 'temp > (')]);
    const sections = await explainRule('R', { groups: [config], states: [], engine, nowMs: NOW_MS });
    expect(sections[0]!.lines.at(-1)).toMatch(/^the expression is not understood here: 1:9: parse error/);
    expect(await explainRule('S', { groups: [config], states: [], engine, nowMs: NOW_MS })).toEqual([
      { heading: 'rule', lines: ['no rule is called S: did you mean R?'] },
    ]);
  });

  it('says it once where the rule fails for the same reason', async () => {
    const expression = 'temp * on () temp';
    const config = group('g', [alert('R', expression)]);
    const options = { groups: [config], engine, nowMs: NOW_MS };
    const fresh = await explainRule('R', { ...options, states: [] });
    const [failure] = fresh[0]!.lines.filter((line) => line.startsWith('the expression fails: '));
    const lastError = failure!.slice('the expression fails: '.length);
    const rule = { ...STATE, query: expression, health: 'err', lastError } as const;
    const [section] = await explainRule('R', { ...options, states: [{ ...GROUP_STATE, rules: [rule] }] });
    expect(section!.lines.filter((line) => line.includes(lastError))).toEqual([`last error: ${lastError}`]);
  });
});
