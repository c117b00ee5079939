import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Alerting } from '../../src/alerting/alerting.ts';
import type { PostableAlert } from '../../src/alerting/model.ts';
import { ManualClock } from '../../src/config/clock.ts';
import { Labels } from '../../src/labels/labels.ts';
import { Matcher } from '../../src/labels/matcher.ts';
import { createAlerting } from '../../src/notify/create-alerting.ts';
import { type Answer, RecordingHttp } from './recording-http.ts';
import { config, inhibitRule, integration, receiver, type SimpleRoute } from './simple-config.ts';

const START = Date.parse('2026-03-02T00:00:00Z');
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

function alert(labels: Record<string, string>, times: { start?: number; end?: number } = {}): PostableAlert {
  return {
    labels: Labels.of(labels),
    annotations: Labels.EMPTY,
    startsAtMs: times.start,
    endsAtMs: times.end,
    generatorUrl: '',
  };
}

interface Setup {
  readonly alerting: Alerting;
  readonly clock: ManualClock;
  /** `seconds status alertname…` of each notification. */
  readonly told: () => string[];
  readonly http: RecordingHttp;
}

function setUp(
  route: SimpleRoute,
  more: Partial<Parameters<typeof config>[0]> & {
    readonly answer?: (count: number) => Answer | Error | Promise<Answer>;
    /** By how much each of the timers is late that take at least a second. */
    readonly lateMs?: () => number;
  } = {},
): Setup {
  const clock = new ManualClock(START);
  const http = new RecordingHttp(
    () => clock.nowMs(),
    (_, count) => more.answer?.(count) ?? {},
  );
  const alerting = createAlerting({
    config: config({
      route,
      receivers: more.receivers ?? [receiver('default', [integration('webhook', { url: 'http://hook/' })])],
      ...more,
    }),
    clock: {
      nowMs: () => clock.nowMs(),
      after: (delayMs, callback) => clock.after(delayMs + (delayMs >= SECOND ? (more.lateMs?.() ?? 0) : 0), callback),
    },
    random: () => 0.5,
    externalUrl: 'http://watchfire',
    http: () => http,
  });
  return {
    alerting,
    clock,
    http,
    told: () =>
      http.sent.map(({ atMs, text }) => {
        const body = JSON.parse(text);
        const names = body.alerts.map(
          (each: { status: string; labels: Record<string, string> }) =>
            `${each.labels['alertname']}${each.status === 'resolved' ? '(resolved)' : ''}`,
        );
        return `${(atMs - START) / SECOND} ${body.notification_reason}: ${names.join(' ')}`;
      }),
  };
}

describe('timers', () => {
  it('waits group_wait, gathers for group_interval, repeats after repeat_interval', async () => {
    const { alerting, clock, told } = setUp({
      groupBy: [],
      waitMs: 30 * SECOND,
      intervalMs: 5 * MINUTE,
      repeatMs: HOUR,
    });
    alerting.receive([alert({ alertname: 'A' }, { end: START + 12 * HOUR })]);
    await clock.advance(20 * SECOND);
    alerting.receive([alert({ alertname: 'B' }, { end: START + 12 * HOUR })]);
    await clock.advance(MINUTE);
    alerting.receive([alert({ alertname: 'C' }, { end: START + 12 * HOUR })]);
    await clock.advanceTo(START + 2.5 * HOUR);
    expect(told()).toEqual([
      '30 first notification: A B',
      '330 new alerts added: A B C',
      '3930 repeat interval elapsed: A B C',
      '7530 repeat interval elapsed: A B C',
    ]);
  });

  it('flushes at once where the alert has waited for longer than group_wait', async () => {
    const { alerting, clock, told } = setUp({ waitMs: 30 * SECOND });
    alerting.receive([alert({ alertname: 'A' }, { start: START - MINUTE })]);
    await clock.advance(0);
    expect(told()).toEqual(['0 first notification: A']);
  });

  it('tells of resolved alerts once, then starts over with group_wait', async () => {
    const { alerting, clock, told } = setUp({ waitMs: 10 * SECOND, intervalMs: MINUTE });
    alerting.receive([alert({ alertname: 'A' })]);
    await clock.advance(30 * SECOND);
    alerting.receive([alert({ alertname: 'A' }, { end: clock.nowMs() })]);
    await clock.advance(10 * MINUTE);
    alerting.receive([alert({ alertname: 'A' })]);
    await clock.advance(MINUTE);
    expect(told()).toEqual([
      '10 first notification: A',
      '70 all alerts resolved: A(resolved)',
      '640 first notification: A',
    ]);
  });

  it('takes an alert that is not reported again as resolved after resolve_timeout', async () => {
    const { alerting, clock, told } = setUp({ waitMs: SECOND, intervalMs: MINUTE }, { resolveTimeoutMs: 5 * MINUTE });
    alerting.receive([alert({ alertname: 'A' })]);
    await clock.advance(10 * MINUTE);
    expect(told()).toEqual(['1 first notification: A', '301 all alerts resolved: A(resolved)']);
  });

  it('keeps simulated weeks of repeats exact', async () => {
    const { alerting, clock, http } = setUp({ waitMs: 0, intervalMs: 5 * MINUTE, repeatMs: 12 * HOUR - MINUTE });
    alerting.receive([alert({ alertname: 'A' }, { end: START + 30 * 24 * HOUR })]);
    await clock.advanceTo(START + 14 * 24 * HOUR - 1);
    expect(http.sent.map(({ atMs }) => (atMs - START) / HOUR)).toEqual(Array.from({ length: 28 }, (_, i) => i * 12));
  });
});

describe('repeats', () => {
  it('count from when a flush was due, however late its timer is', async () => {
    const lateness = [0, 20, 40, 60, 80];
    let timers = 0;
    const { alerting, clock, told } = setUp(
      { waitMs: 5 * SECOND, intervalMs: 10 * SECOND, repeatMs: 10 * SECOND },
      { lateMs: () => lateness[timers++ % lateness.length]! },
    );
    alerting.receive([alert({ alertname: 'A' }, { end: START + HOUR })]);
    await clock.advance(46 * SECOND);
    const seconds = told().map((line) => Math.floor(Number(line.split(' ')[0])));
    // What was told of at 5 s is not yet older than 10 s at 15 s.
    expect(seconds).toEqual([5, 25, 45]);
  });

  it('come in time where repeat_interval is several group_intervals', async () => {
    const told = async (intervals: number): Promise<number[]> => {
      const { alerting, clock, http } = setUp(
        { waitMs: 0, intervalMs: 10 * SECOND, repeatMs: intervals * 10 * SECOND },
        { lateMs: () => 15 },
      );
      alerting.receive([alert({ alertname: 'A' }, { end: START + HOUR })]);
      await clock.advance(110 * SECOND);
      return http.sent.map(({ atMs }) => Math.floor((atMs - START) / SECOND));
    };
    expect(await told(5)).toEqual([0, 50, 100]);
    expect(await told(2)).toEqual([0, 30, 60, 90]);
  });
});

describe('routes', () => {
  it('sends to every route that continue lets through', async () => {
    const { alerting, clock, http } = setUp(
      {
        receiver: 'default',
        waitMs: 0,
        routes: [
          { receiver: 'team', matchers: ['team="a"'], continue: true },
          { receiver: 'pager', matchers: ['severity="critical"'] },
          { receiver: 'never', matchers: ['severity="critical"'] },
        ],
      },
      {
        receivers: ['default', 'team', 'pager', 'never'].map((name) =>
          receiver(name, [integration('webhook', { url: `http://${name}/` })]),
        ),
      },
    );
    alerting.receive([alert({ alertname: 'A', team: 'a', severity: 'critical' }), alert({ alertname: 'B' })]);
    await clock.advance(0);
    expect(http.sent.map(({ request }) => request.url).sort()).toEqual([
      'http://default/',
      'http://pager/',
      'http://team/',
    ]);
    const key = JSON.parse(http.sent.find(({ request }) => request.url === 'http://pager/')!.text).groupKey;
    expect(key).toBe('{}/{severity="critical"}:{}');
  });

  it('groups by all labels for group_by: [...]', async () => {
    const { alerting, clock, told } = setUp({ groupBy: 'all', waitMs: 0 });
    alerting.receive([alert({ alertname: 'A', i: '1' }), alert({ alertname: 'A', i: '2' })]);
    await clock.advance(0);
    expect(told()).toHaveLength(2);
  });
});

describe('muting', () => {
  it('inhibits targets while a source with equal labels fires, but never two alerts that are both', async () => {
    const { alerting, clock, told } = setUp(
      { groupBy: ['alertname'], waitMs: 0, intervalMs: MINUTE },
      {
        inhibitRules: [
          inhibitRule(['severity="critical"'], ['severity="warning"'], ['cluster']),
          inhibitRule(['alertname=~"Mutual.*"'], ['alertname=~"Mutual.*"'], []),
        ],
      },
    );
    alerting.receive([
      alert({ alertname: 'Source', severity: 'critical', cluster: 'a' }),
      alert({ alertname: 'Muted', severity: 'warning', cluster: 'a' }),
      alert({ alertname: 'Other', severity: 'warning', cluster: 'b' }),
      alert({ alertname: 'Mutual1' }),
      alert({ alertname: 'Mutual2' }),
    ]);
    await clock.advance(0);
    expect(
      told()
        .map((line) => line.split(': ')[1])
        .sort(),
    ).toEqual(['Mutual1', 'Mutual2', 'Other', 'Source']);
    const [muted] = alerting.alerts({ matchers: ['alertname="Muted"'] });
    expect(muted!.status.state).toBe('suppressed');
    expect(muted!.status.inhibitedBy).toEqual(
      alerting.alerts({ matchers: ['alertname="Source"'] }).map((a) => a.fingerprint),
    );
    const suppression = alerting.notifications(10).find((record) => record.outcome === 'suppressed');
    expect(suppression!.reason).toBe(`inhibited-by:${muted!.status.inhibitedBy[0]}`);
  });

  it('names of several sources the one that came first', async () => {
    const { alerting, clock } = setUp({}, { inhibitRules: [inhibitRule(['kind="source"'], ['kind="target"'], [])] });
    for (const alertname of ['S1', 'S2']) {
      alerting.receive([alert({ alertname, kind: 'source' })]);
      await clock.advance(SECOND);
    }
    alerting.receive([alert({ alertname: 'T', kind: 'target' })]);
    const named = (): readonly string[] => alerting.alerts({ matchers: ['kind="target"'] })[0]!.status.inhibitedBy;
    const idOf = (name: string): string => alerting.alerts({ matchers: [`alertname="${name}"`] })[0]!.fingerprint;
    expect(named()).toEqual([idOf('S1')]);
    alerting.receive([alert({ alertname: 'S1', kind: 'source' }, { end: clock.nowMs() })]);
    expect(named()).toEqual([idOf('S2')]);
  });

  it('needs all sources of a rule', async () => {
    const sources = [
      { matchers: [new Matcher('=', 'alertname', 'S1')], equal: ['zone'] },
      { matchers: [new Matcher('=', 'alertname', 'S2')], equal: [] },
    ];
    const { alerting, clock, told } = setUp(
      { groupBy: ['alertname'], waitMs: SECOND, intervalMs: MINUTE, repeatMs: MINUTE / 2 },
      { inhibitRules: [{ sources, targetMatchers: [new Matcher('=', 'alertname', 'T')], equal: [] }] },
    );
    alerting.receive([alert({ alertname: 'T', zone: 'z' }), alert({ alertname: 'S1', zone: 'z' })]);
    await clock.advance(30 * SECOND);
    alerting.receive([alert({ alertname: 'S2' })]);
    await clock.advance(MINUTE);
    expect(told().filter((line) => line.endsWith(': T'))).toEqual(['1 first notification: T']);
  });

  it('is silent within a silence and speaks after it', async () => {
    const { alerting, clock, told } = setUp({ waitMs: 0, intervalMs: MINUTE });
    const id = await alerting.setSilence({
      matchers: [new Matcher('=', 'alertname', 'A')],
      startsAtMs: START,
      endsAtMs: START + 10 * MINUTE,
      createdBy: 'me',
      comment: 'c',
    });
    alerting.receive([alert({ alertname: 'A' }, { end: START + HOUR })]);
    await clock.advance(5 * MINUTE);
    expect(told()).toEqual([]);
    expect(alerting.alerts({})[0]!.status).toMatchObject({ state: 'suppressed', silencedBy: [id] });
    await alerting.expireSilence(id);
    await clock.advance(MINUTE);
    expect(told()).toEqual(['360 first notification: A']);
  });

  it('mutes by time in the interval’s zone, over a change to summer time', async () => {
    const night = {
      name: 'night',
      intervals: [
        {
          times: [{ startMinute: 0, endMinute: 6 * 60 }],
          weekdays: [],
          daysOfMonth: [],
          months: [],
          years: [],
          location: 'Europe/Berlin',
        },
      ],
    };
    const { alerting, clock, http } = setUp(
      { waitMs: 0, intervalMs: HOUR, repeatMs: HOUR / 2, mute: ['night'] },
      { timeIntervals: [night] },
    );
    // 28 March 2026, 20:00 UTC; Berlin changes to summer time at 01:00 UTC on the 29th.
    await clock.advanceTo(Date.parse('2026-03-28T20:00:00Z'));
    alerting.receive([alert({ alertname: 'A' }, { end: clock.nowMs() + 48 * HOUR })]);
    await clock.advance(12 * HOUR);
    expect(http.sent.map(({ atMs }) => new Date(atMs).toISOString().slice(11, 13))).toEqual([
      '20',
      '21',
      '22',
      '04',
      '05',
      '06',
      '07',
      '08',
    ]);
    expect(alerting.notifications(100).some((record) => record.reason === 'within-mute-time:night')).toBe(true);
    const stateAt = async (hour: number): Promise<unknown> => {
      const untilMs = Date.parse(`2026-03-29T${hour}:30:00Z`);
      await clock.advance(untilMs - clock.nowMs());
      return alerting.alertGroups({}).map(({ alerts }) => alerts.map(({ status }) => [status.state, status.mutedBy]));
    };
    expect(await stateAt(12)).toEqual([[['active', []]]]);
    expect(await stateAt(23)).toEqual([[['suppressed', ['night']]]]);
  });
});

describe('delivery', () => {
  it('backs off exponentially, and gives up when the time is over', async () => {
    const { alerting, clock, http } = setUp(
      { waitMs: 0, intervalMs: SECOND, repeatMs: HOUR },
      { answer: (count) => (count <= 6 ? { status: 500 } : {}) },
    );
    alerting.receive([alert({ alertname: 'A' })]);
    await clock.advance(11 * SECOND);
    const at = http.sent.map(({ atMs }) => Math.round((atMs - START) / 100) / 10);
    expect(at.slice(0, 6)).toEqual([0, 0.5, 1.3, 2.4, 4.1, 6.6]);
    // Ten seconds are over; the flush that was due meanwhile begins at once.
    expect(at.slice(6)).toEqual([10]);
    expect(alerting.notifications(3).map(({ outcome }) => outcome)).toEqual(['sent', 'failed', 'retrying']);
  });

  it.each<[string, Answer | Error | 'silence', string]>([
    ['an answer of 503', { status: 503 }, 'serverError'],
    ['an answer of 404, which is final', { status: 404 }, 'clientError'],
    ['an answer of 401, which is final', { status: 401 }, 'authError'],
    ['no answer', new Error('connection refused'), 'other'],
    ['no end', 'silence', 'contextDeadlineExceeded'],
  ])('counts what could not be sent, as Alertmanager does: %s', async (_, answer, reason) => {
    const { alerting, clock } = setUp(
      { waitMs: 0, intervalMs: 30 * SECOND, repeatMs: HOUR },
      { answer: (count) => (count === 1 ? {} : answer === 'silence' ? new Promise(() => {}) : answer) },
    );
    alerting.receive([alert({ alertname: 'A' }, { end: START + HOUR })]);
    await clock.advance(SECOND);
    alerting.receive([alert({ alertname: 'B' }, { end: START + HOUR })]);
    // The first flush succeeds, the second has failed by the third, which has begun.
    await clock.advance(60 * SECOND);
    const { notifications, failed, requests, requestsFailed } = alerting.counts.byKind().get('webhook')!;
    expect(Object.entries(failed).filter(([, count]) => count > 0)).toEqual([[reason, expect.any(Number)]]);
    expect(notifications).toBe(3);
    expect(requests).toBe(requestsFailed + 1);
    expect(alerting.counts.received).toEqual({ firing: 2, resolved: 0 });
    await Promise.all([alerting.close(), clock.advance(10 * SECOND)]);
  });

  it('leaves a service alone for as long as it asks, but not beyond the flush', async () => {
    const { alerting, clock, http } = setUp(
      { waitMs: 0, intervalMs: 30 * SECOND, repeatMs: HOUR },
      {
        answer: (count) =>
          count <= 2 ? { status: 429, headers: { 'retry-after': count === 1 ? '12' : '86400' } } : {},
      },
    );
    alerting.receive([alert({ alertname: 'A' })]);
    await clock.advance(40 * SECOND);
    expect(http.sent.map(({ atMs }) => (atMs - START) / SECOND)).toEqual([0, 12, 30]);
  });

  it('does not repeat within a flush what is final, but tries again at the next', async () => {
    const { alerting, clock, http } = setUp(
      { waitMs: 0, intervalMs: MINUTE },
      { answer: (count) => (count === 1 ? { status: 400, text: 'no' } : {}) },
    );
    alerting.receive([alert({ alertname: 'A' })]);
    await clock.advance(30 * SECOND);
    expect(http.sent).toHaveLength(1);
    expect(alerting.notifications(1)[0]).toMatchObject({ outcome: 'failed', reason: 'unexpected status code 400: no' });
    await clock.advance(MINUTE);
    expect(http.sent).toHaveLength(2);
  });

  it('forgets resolved alerts without a word where send_resolved is off', async () => {
    const { alerting, clock, told } = setUp(
      { groupBy: [], waitMs: 0, intervalMs: MINUTE },
      { receivers: [receiver('default', [integration('webhook', { url: 'http://hook/' }, false)])] },
    );
    alerting.receive([alert({ alertname: 'A' }), alert({ alertname: 'B' })]);
    await clock.advance(SECOND);
    alerting.receive([alert({ alertname: 'A' }, { end: clock.nowMs() })]);
    await clock.advance(2 * MINUTE);
    alerting.receive([alert({ alertname: 'B' }, { end: clock.nowMs() })]);
    await clock.advance(2 * MINUTE);
    expect(told()).toEqual(['0 first notification: A B']);
    expect(alerting.alerts({})).toEqual([]);
  });

  it('names what cannot be delivered', async () => {
    const { alerting, clock } = setUp(
      { waitMs: 0 },
      { receivers: [receiver('default', [integration('sns', { sigv4: { profile: 'work' } })])] },
    );
    alerting.receive([alert({ alertname: 'A' })]);
    await clock.advance(SECOND);
    expect(alerting.status().undeliverable).toHaveLength(1);
    expect(alerting.notifications(5)).toMatchObject([{ outcome: 'not-delivered', integration: 'sns[0]' }]);
  });
});

describe('decisions not to notify', () => {
  it('are recorded once for as long as they stay the same', async () => {
    const { alerting, clock } = setUp(
      { groupBy: [], waitMs: 0, intervalMs: MINUTE },
      { inhibitRules: [inhibitRule(['alertname="Source"'], ['alertname="Target"'], [])] },
    );
    const id = await alerting.setSilence({
      matchers: [new Matcher('=', 'alertname', 'Quiet')],
      startsAtMs: START,
      endsAtMs: START + HOUR,
      createdBy: 'me',
      comment: 'c',
    });
    alerting.receive(
      ['Source', 'Target', 'Quiet'].map((alertname) => alert({ alertname }, { end: START + 24 * HOUR })),
    );
    await clock.advance(30 * MINUTE);
    const source = alerting.alerts({ matchers: ['alertname=Source'] })[0]!.fingerprint;
    expect(alerting.notifications(100).map(({ outcome, reason }) => `${outcome} ${reason}`)).toEqual([
      'sent first-notification',
      `suppressed silenced-by:${id}`,
      `suppressed inhibited-by:${source}`,
    ]);
  });
});

describe('reload', () => {
  it('that is refused changes nothing and does not block the next', async () => {
    const { alerting } = setUp({});
    const folder = mkdtempSync(join(tmpdir(), 'watchfire-reload-'));
    const broken = join(folder, 'broken.tmpl');
    writeFileSync(broken, '{{ define "x" }}');
    const receivers = [receiver('default', [])];
    await expect(alerting.reload(config({ route: {}, receivers, templates: [broken] }))).rejects.toThrow('broken.tmpl');
    await alerting.reload(config({ route: {}, receivers: [...receivers, receiver('second', [])] }));
    expect(alerting.status().receivers).toEqual(['default', 'second']);
  });

  it('keeps alerts, silences and what has been told', async () => {
    const route = { groupBy: [], waitMs: SECOND, intervalMs: 6 * SECOND, repeatMs: HOUR };
    const { alerting, clock, told } = setUp(route);
    alerting.receive([alert({ alertname: 'A' })]);
    await clock.advance(2 * SECOND);
    await alerting.reload(
      config({ route, receivers: [receiver('default', [integration('webhook', { url: 'http://hook/' })])] }),
    );
    await clock.advance(SECOND);
    alerting.receive([alert({ alertname: 'B' })]);
    await clock.advance(10 * SECOND);
    expect(told()).toEqual(['1 first notification: A', '8 new alerts added: A B']);
  });
});

describe('explain', () => {
  it('names the route, the group and its timer, and who was told', async () => {
    const { alerting, clock } = setUp({
      waitMs: 0,
      intervalMs: MINUTE,
      routes: [{ matchers: ['team="x"'] }, { matchers: ['alertname="A"'] }, { matchers: [] }],
    });
    alerting.receive([alert({ alertname: 'A' })]);
    await clock.advance(SECOND);
    const text = alerting
      .explain(Labels.of({ alertname: 'A' }))
      .map(({ heading, lines }) => `${heading}\n${lines.join('\n')}`)
      .join('\n\n');
    expect(text).toContain('matchers-do-not-match: team="x"');
    expect(text).toContain('chosen → receiver default');
    expect(text).toContain('not-tried-after-a-match-without-continue');
    expect(text).toContain('group-interval: next flush 2026-03-02T00:01:00.000Z (in 59s)');
    expect(text).toContain('webhook[0]: last told 2026-03-02T00:00:00.000Z, told that this alert fires');
    expect(text).toContain('default/webhook[0] sent: first-notification');
    expect(text).toContain('not-silenced');
  });
});
