import { describe, expect, it } from 'vitest';
import { matcherText, Route } from '../../src/alerting/route-tree.ts';
import { contains } from '../../src/alerting/time-interval.ts';
import type { TimeInterval } from '../../src/config/alertmanager-config.ts';
import { Labels } from '../../src/labels/labels.ts';
import { Matcher } from '../../src/labels/matcher.ts';
import { route } from './simple-config.ts';

describe('routes', () => {
  const tree = new Route(
    route({
      groupBy: ['alertname'],
      routes: [
        { matchers: ['severity="critical"', 'a=~"b.*"'], receiver: 'one', continue: true },
        {
          matchers: ['severity="critical"'],
          receiver: 'two',
          routes: [{ matchers: ['x="y"'] }, { matchers: ['x="y"'], receiver: 'three' }],
        },
        { matchers: [], receiver: 'rest' },
      ],
    }),
  );

  it('have keys and ids as in Alertmanager, matchers sorted', () => {
    const [first, second] = tree.routes;
    expect([tree.key, tree.id]).toEqual(['{}', '{}']);
    expect(first!.key).toBe('{}/{a=~"b.*",severity="critical"}');
    expect(first!.id).toBe('{}/{a=~"b.*",severity="critical"}/0');
    expect(second!.routes[0]!.key).toBe(second!.routes[1]!.key);
    expect(second!.routes[1]!.id).toBe('{}/{severity="critical"}/1/{x="y"}/1');
    expect(tree.groupKey(Labels.of({ alertname: 'a"b', 'na me': 'ü' }))).toBe('{}:{alertname="a\\"b", na me="ü"}');
  });

  it('print matchers as Alertmanager does', () => {
    expect(matcherText(new Matcher('=', 'a', 'x"\n\\'))).toBe('a="x\\"\\n\\\\"');
    expect(matcherText(new Matcher('!=', 'na me', 'ü'))).toBe('"na me"!="ü"');
  });

  it('are taken depth first, continue going on', () => {
    const receivers = (labels: Record<string, string>): string[] =>
      tree.match(Labels.of(labels)).map((each) => each.config.receiver);
    expect(receivers({ severity: 'critical', a: 'bc' })).toEqual(['one', 'two']);
    expect(receivers({ severity: 'critical', x: 'y' })).toEqual(['two']);
    expect(receivers({})).toEqual(['rest']);
    expect(tree.trace(Labels.of({ severity: 'critical' })).map(({ depth, outcome }) => `${depth} ${outcome}`)).toEqual([
      '0 entered',
      '1 matchers-do-not-match',
      '1 chosen',
      '2 matchers-do-not-match',
      '2 matchers-do-not-match',
      '1 not-tried-after-a-match-without-continue',
    ]);
  });
});

describe('time intervals', () => {
  const interval = (parts: Partial<TimeInterval>): TimeInterval => ({
    times: [],
    weekdays: [],
    daysOfMonth: [],
    months: [],
    years: [],
    ...parts,
  });

  it.each([
    ['a time’s end is exclusive', { times: [{ startMinute: 540, endMinute: 1020 }] }, '2026-03-02T09:00:00Z', true],
    ['a time’s end is exclusive', { times: [{ startMinute: 540, endMinute: 1020 }] }, '2026-03-02T17:00:00Z', false],
    ['until midnight', { times: [{ startMinute: 1080, endMinute: 1440 }] }, '2026-03-02T23:59:59Z', true],
    ['weekdays', { weekdays: [{ begin: 1, end: 5 }] }, '2026-03-01T12:00:00Z', false],
    ['weekdays', { weekdays: [{ begin: 1, end: 5 }] }, '2026-03-02T12:00:00Z', true],
    ['the last three days', { daysOfMonth: [{ begin: -3, end: -1 }] }, '2026-02-26T00:00:00Z', true],
    ['the last three days', { daysOfMonth: [{ begin: -3, end: -1 }] }, '2026-02-25T23:59:00Z', false],
    ['beyond the month’s end', { daysOfMonth: [{ begin: 30, end: 31 }] }, '2026-02-28T12:00:00Z', false],
    ['up to beyond the month’s end', { daysOfMonth: [{ begin: 28, end: 31 }] }, '2026-02-28T12:00:00Z', true],
    ['months', { months: [{ begin: 5, end: 8 }] }, '2026-08-31T23:59:00Z', true],
    ['years', { years: [{ begin: 2020, end: 2025 }] }, '2026-01-01T00:00:00Z', false],
    ['a zone’s own day', { weekdays: [{ begin: 1, end: 1 }], location: 'Asia/Tokyo' }, '2026-03-01T15:00:00Z', true],
    [
      'a zone’s own midnight',
      { times: [{ startMinute: 0, endMinute: 60 }], location: 'America/New_York' },
      '2026-07-01T04:30:00Z',
      true,
    ],
    ['nothing restricts nothing', {}, '2026-07-01T04:30:00Z', true],
  ])('%s: %#', (_, parts, at, inside) => {
    expect(contains(interval(parts), Date.parse(at))).toBe(inside);
  });
});
