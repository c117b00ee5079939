import { describe, expect, it } from 'vitest';
import type { NotificationRecord } from '../../src/alerting/model.ts';
import { ManualClock } from '../../src/config/clock.ts';
import { toJson, toLine } from '../../src/headless/lines.ts';
import { changesBetween, type Look } from '../../src/headless/transitions.ts';
import { Labels } from '../../src/labels/labels.ts';
import { EventLog } from '../../src/monitor/events.ts';
import type { RuleAlertState, RuleGroupState, TargetState } from '../../src/monitor/sources.ts';

const live = { kind: 'live', endpoint: 'local', sinceMs: 0 } as const;

function look(parts: Partial<Look> = {}): Look {
  return {
    atMs: 1000,
    groups: [],
    targets: [],
    discoveries: [],
    notifications: [],
    states: { metrics: live },
    events: [],
    ...parts,
  };
}

function group(state: RuleAlertState | undefined, lastError = ''): RuleGroupState {
  const labels = Labels.of({ alertname: 'Down', job: 'a' });
  return {
    name: 'g',
    file: 'r.yml',
    intervalMs: 1000,
    limit: 0,
    lastEvaluationMs: 1000,
    evaluationSeconds: 0,
    rules: [
      {
        kind: 'alerting',
        name: 'Down',
        query: 'up == 0',
        labels: Labels.EMPTY,
        health: lastError === '' ? 'ok' : 'err',
        lastError,
        lastEvaluationMs: 1000,
        evaluationSeconds: 0,
        alerts:
          state === undefined
            ? []
            : [{ labels, annotations: Labels.of({ summary: 'gone' }), state, activeAtMs: 500, value: 0 }],
      },
    ],
  };
}

function target(health: TargetState['health'], lastError = ''): TargetState {
  return {
    job: 'a',
    discoveredLabels: Labels.EMPTY,
    labels: Labels.EMPTY,
    scrapeUrl: 'http://a/metrics',
    globalUrl: '',
    health,
    lastError,
    lastScrapeMs: 900,
    lastScrapeDurationSeconds: 0,
    scrapeIntervalMs: 1000,
    scrapeTimeoutMs: 1000,
  };
}

describe('changes between two looks', () => {
  it('tells an alert pending, firing and resolved, once each', () => {
    const pending = look({ groups: [group('pending')] });
    const firing = look({ groups: [group('firing')] });
    const gone = look({ groups: [group(undefined)] });
    const states = [
      changesBetween(look(), pending),
      changesBetween(pending, pending),
      changesBetween(pending, firing),
      changesBetween(firing, gone),
    ].map((changes) => changes.map((change) => (change.kind === 'alert' ? change.state : change.kind)));
    expect(states).toEqual([['pending'], [], ['firing'], ['inactive']]);
  });

  it('tells a target down with its error, and up again', () => {
    const down = look({ targets: [target('down', 'no such host')] });
    expect(changesBetween(look({ targets: [target('unknown')] }), down)).toMatchObject([
      { kind: 'target', health: 'down', error: 'no such host' },
    ]);
    expect(changesBetween(down, look({ targets: [target('up')] }))).toMatchObject([{ kind: 'target', health: 'up' }]);
  });

  it('tells a rule that fails and one that recovers', () => {
    const failing = look({ groups: [group(undefined, 'boom')] });
    expect(changesBetween(look({ groups: [group(undefined)] }), failing)).toMatchObject([
      { kind: 'rule', health: 'err', error: 'boom' },
    ]);
    expect(changesBetween(failing, look({ groups: [group(undefined)] }))).toMatchObject([
      { kind: 'rule', health: 'ok' },
    ]);
  });

  it('tells the events that are new, also of a log that goes on growing', () => {
    const log = new EventLog(new ManualClock());
    log.add('info', 'one');
    const before = look({ events: log.all() });
    log.add('error', 'two');
    expect(changesBetween(before, look({ events: log.all() }))).toMatchObject([{ kind: 'event', text: 'two' }]);
  });

  it('tells a source that fails, and says nothing of one that was live from the start', () => {
    const failing = { kind: 'failing', endpoint: 'x', sinceMs: 1, reason: 'refused' } as const;
    expect(changesBetween(undefined, look())).toEqual([]);
    expect(changesBetween(look(), look({ states: { metrics: failing } }))).toMatchObject([
      { kind: 'source', state: 'failing', reason: 'refused' },
    ]);
  });
});

describe('lines', () => {
  const [change] = changesBetween(look(), look({ groups: [group('firing')] }));

  it('are one line for a person', () => {
    expect(toLine(change!)).toBe('1970-01-01T00:00:01Z firing   Down {job="a"} · gone · value 0');
    expect(toLine({ kind: 'event', atMs: 0, severity: 'error', text: 'a\u001b[31m\nb' })).toBe(
      '1970-01-01T00:00:00Z error    a\ufffd[31m b',
    );
  });

  it('are one JSON value for a program, times in RFC 3339', () => {
    expect(JSON.parse(toJson(change!))).toMatchObject({
      time: '1970-01-01T00:00:01.000Z',
      kind: 'alert',
      state: 'firing',
      activeAt: '1970-01-01T00:00:00.500Z',
      labels: { alertname: 'Down', job: 'a' },
    });
  });

  it('calls notified only what has arrived, and says what comes next', () => {
    const line = (outcome: NotificationRecord['outcome'], more: Partial<NotificationRecord> = {}): string =>
      toLine({
        kind: 'notification',
        atMs: 1000,
        receiver: 'team',
        integration: 'slack[0]',
        groupLabels: Labels.of({ alertname: 'Down' }),
        status: 'firing',
        firing: 2,
        resolved: 1,
        fingerprints: [],
        outcome,
        reason: 'unexpected status code 503: no',
        durationMs: 3,
        ...more,
      }).slice('1970-01-01T00:00:01Z '.length);
    expect(line('sent', { reason: 'first-notification' })).toBe(
      'notified team/slack[0] {alertname="Down"} (2 firing, 1 resolved): first-notification',
    );
    expect(line('retrying', { nextTryMs: 2500 })).toBe(
      'retrying team/slack[0] {alertname="Down"} (2 firing, 1 resolved): unexpected status code 503: no; next try 1970-01-01T00:00:02Z',
    );
    expect(line('failed', { nextTryMs: 301_000 })).toMatch(/^failed {3}.*; next try 1970-01-01T00:05:01Z$/);
    expect(line('suppressed', { integration: '*', reason: 'silenced-by:1' })).toBe(
      'suppressed team {alertname="Down"} (2 firing, 1 resolved): silenced-by:1',
    );
  });
});
