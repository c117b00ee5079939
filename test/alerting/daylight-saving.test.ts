/** Timers over the weeks around both changes of daylight-saving time: what is said in wall-clock time follows the clocks on the wall, durations do not. */
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/config/clock.ts';
import { Labels } from '../../src/labels/labels.ts';
import { createAlerting } from '../../src/notify/create-alerting.ts';
import { RecordingHttp } from './recording-http.ts';
import { config, integration, receiver, type SimpleRoute } from './simple-config.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const START = Date.parse;

interface LocalTimes {
  readonly location: string;
  readonly times: readonly (readonly [from: string, to: string])[];
  /** 0: Sunday. */
  readonly weekdays?: { readonly begin: number; readonly end: number };
}

interface MuteCase {
  readonly change: string;
  readonly local: LocalTimes;
  readonly from: string;
  readonly to: string;
  readonly muted: readonly string[];
}

/** One alert that fires from `from` to `to`; gives the times, in UTC, at which it was told of. */
async function notifiedAt(
  from: string,
  to: string,
  route: SimpleRoute,
  { location, times, weekdays }: LocalTimes,
): Promise<readonly string[]> {
  const clock = new ManualClock(START(from));
  const http = new RecordingHttp(() => clock.nowMs());
  const interval = {
    times: times.map(([begin, end]) => ({ startMinute: minuteOf(begin), endMinute: minuteOf(end) })),
    weekdays: weekdays === undefined ? [] : [weekdays],
    daysOfMonth: [],
    months: [],
    years: [],
    location,
  };
  const alerting = createAlerting({
    config: config({
      route: { waitMs: 0, ...route },
      receivers: [receiver('default', [integration('webhook', { url: 'http://hook/' })])],
      timeIntervals: [{ name: 'local', intervals: [interval] }],
    }),
    clock,
    random: () => 0.5,
    externalUrl: 'http://watchfire',
    http: () => http,
  });
  const labels = Labels.of({ alertname: 'A' });
  alerting.receive([
    { labels, annotations: Labels.EMPTY, generatorUrl: '', startsAtMs: START(from), endsAtMs: START(to) + HOUR },
  ]);
  await clock.advanceTo(START(to));
  await alerting.close();
  return http.sent.map(({ atMs }) => new Date(atMs).toISOString().slice(0, 16));
}

function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3));
}

/** The flushes from `from` to `to` at which nothing was told, as `MM-DD HH:mm..HH:mm` for each run of them. */
function gaps(from: string, to: string, everyMs: number, notified: readonly string[]): readonly string[] {
  const told = new Set(notified);
  const runs: { beginMs: number; endMs: number }[] = [];
  for (let atMs = START(from); atMs <= START(to); atMs += everyMs) {
    if (told.has(new Date(atMs).toISOString().slice(0, 16))) continue;
    const last = runs.at(-1);
    if (last !== undefined && last.endMs === atMs) last.endMs = atMs + everyMs;
    else runs.push({ beginMs: atMs, endMs: atMs + everyMs });
  }
  const text = (ms: number): string => new Date(ms).toISOString().slice(5, 16).replace('T', ' ');
  return runs.map(({ beginMs, endMs }) => `${text(beginMs)}..${text(endMs).slice(6)}`);
}

/** The same hours on each day from `from` to `to`, both included. */
function daily(from: string, to: string, hours: string): readonly string[] {
  const days: string[] = [];
  for (let ms = START(from); ms <= START(to); ms += DAY)
    days.push(`${new Date(ms).toISOString().slice(5, 10)} ${hours}`);
  return days;
}

describe('a mute time over the change of the clocks', () => {
  const everyMs = 30 * MINUTE;
  // Two weeks before and two weeks after; the hour that the clocks repeat, or leave out, is the one that is muted.
  it.each<MuteCase>([
    {
      change: 'Berlin, autumn: from 03:00 back to 02:00',
      local: { location: 'Europe/Berlin', times: [['02:00', '03:00']] },
      from: '2026-10-11T00:00Z',
      to: '2026-11-08T12:00Z',
      muted: [
        ...daily('2026-10-11', '2026-10-24', '00:00..01:00'),
        '10-25 00:00..02:00',
        ...daily('2026-10-26', '2026-11-08', '01:00..02:00'),
      ],
    },
    {
      change: 'Berlin, spring: from 02:00 on to 03:00',
      local: { location: 'Europe/Berlin', times: [['02:00', '03:00']] },
      from: '2026-03-15T00:00Z',
      to: '2026-04-12T12:00Z',
      muted: [
        ...daily('2026-03-15', '2026-03-28', '01:00..02:00'),
        ...daily('2026-03-30', '2026-04-12', '00:00..01:00'),
      ],
    },
    {
      change: 'New York, autumn: from 02:00 back to 01:00',
      local: { location: 'America/New_York', times: [['01:00', '02:00']] },
      from: '2026-10-18T00:00Z',
      to: '2026-11-15T12:00Z',
      muted: [
        ...daily('2026-10-18', '2026-10-31', '05:00..06:00'),
        '11-01 05:00..07:00',
        ...daily('2026-11-02', '2026-11-15', '06:00..07:00'),
      ],
    },
    {
      change: 'New York, spring: from 02:00 on to 03:00',
      local: { location: 'America/New_York', times: [['02:00', '03:00']] },
      from: '2026-02-22T00:00Z',
      to: '2026-03-22T12:00Z',
      muted: [
        ...daily('2026-02-22', '2026-03-07', '07:00..08:00'),
        ...daily('2026-03-09', '2026-03-22', '06:00..07:00'),
      ],
    },
    {
      // Summer is 11 hours ahead of UTC, winter ten and a half: half an hour is repeated.
      change: 'Lord Howe, autumn: from 02:00 back to 01:30',
      local: { location: 'Australia/Lord_Howe', times: [['01:30', '02:00']] },
      from: '2026-03-21T00:00Z',
      to: '2026-04-18T18:00Z',
      muted: [
        ...daily('2026-03-21', '2026-04-03', '14:30..15:00'),
        '04-04 14:30..15:30',
        ...daily('2026-04-05', '2026-04-18', '15:00..15:30'),
      ],
    },
    {
      change: 'Lord Howe, spring: from 02:00 on to 02:30',
      local: { location: 'Australia/Lord_Howe', times: [['02:00', '03:00']] },
      from: '2026-09-19T00:00Z',
      to: '2026-10-17T18:00Z',
      muted: [
        ...daily('2026-09-19', '2026-10-02', '15:30..16:30'),
        '10-03 15:30..16:00',
        ...daily('2026-10-04', '2026-10-17', '15:00..16:00'),
      ],
    },
  ])('$change', async ({ local, from, to, muted }) => {
    const route = { intervalMs: everyMs, repeatMs: MINUTE, mute: ['local'] };
    expect(gaps(from, to, everyMs, await notifiedAt(from, to, route, local))).toEqual(muted);
  });
});

describe('an active time over the change of the clocks', () => {
  const OFFICE = { times: [['09:00', '17:00']], weekdays: { begin: 1, end: 5 } } as const;
  const everyMs = 30 * MINUTE;

  it.each([
    {
      change: 'Berlin, autumn',
      location: 'Europe/Berlin',
      // Friday to Tuesday; the clocks change on Sunday.
      days: ['2026-10-23T00:00Z', '2026-10-27T23:00Z'],
      first: ['2026-10-23T07:00', '2026-10-26T08:00', '2026-10-27T08:00'],
      last: ['2026-10-23T14:30', '2026-10-26T15:30', '2026-10-27T15:30'],
    },
    {
      change: 'New York, spring',
      location: 'America/New_York',
      days: ['2026-03-06T00:00Z', '2026-03-10T23:00Z'],
      first: ['2026-03-06T14:00', '2026-03-09T13:00', '2026-03-10T13:00'],
      last: ['2026-03-06T21:30', '2026-03-09T20:30', '2026-03-10T20:30'],
    },
    {
      change: 'Lord Howe, autumn: the local day begins before the one of UTC does',
      location: 'Australia/Lord_Howe',
      days: ['2026-04-02T12:00Z', '2026-04-07T12:00Z'],
      first: ['2026-04-02T22:00', '2026-04-05T22:30', '2026-04-06T22:30'],
      last: ['2026-04-03T05:30', '2026-04-06T06:00', '2026-04-07T06:00'],
    },
  ])('opens and closes by local time: $change', async ({ location, days, first, last }) => {
    const route = { intervalMs: everyMs, repeatMs: MINUTE, active: ['local'] };
    const notified = await notifiedAt(days[0]!, days[1]!, route, { ...OFFICE, location });
    const previous = (at: string): string => new Date(START(`${at}Z`) - everyMs).toISOString().slice(0, 16);
    const next = (at: string): string => new Date(START(`${at}Z`) + everyMs).toISOString().slice(0, 16);
    expect(notified.filter((at) => !notified.includes(previous(at)))).toEqual(first);
    expect(notified.filter((at) => !notified.includes(next(at)))).toEqual(last);
  });

  it('sends each day what repeats once a day, though the day has 25 hours', async () => {
    const route = { intervalMs: 5 * MINUTE, repeatMs: DAY, active: ['local'] };
    // The first is told of on Thursday at 16:55. Sunday's change moves 24 hours later into 15:55, still in the office's time.
    const notified = await notifiedAt('2026-10-22T14:55Z', '2026-10-28T00:00Z', route, {
      ...OFFICE,
      location: 'Europe/Berlin',
    });
    expect(notified).toEqual(['2026-10-22T14:55', '2026-10-23T14:55', '2026-10-26T08:00', '2026-10-27T08:00']);
  });
});

describe('repeat_interval over the change of the clocks', () => {
  const ALWAYS = { location: 'UTC', times: [] };

  it.each([
    ['12 hours, autumn', '2026-10-11T06:00Z', '2026-11-08T00:00Z', 12 * HOUR],
    ['4 hours, spring', '2026-03-15T00:30Z', '2026-04-12T00:00Z', 4 * HOUR],
    ['4 days, both', '2026-03-02T10:00Z', '2026-11-30T00:00Z', 4 * DAY],
  ])('is time that passed, whatever the clocks on the wall say: %s', async (_, from, to, repeatMs) => {
    const notified = await notifiedAt(from, to, { intervalMs: HOUR, repeatMs }, ALWAYS);
    const expected: string[] = [];
    for (let ms = START(from); ms <= START(to); ms += repeatMs) expected.push(new Date(ms).toISOString().slice(0, 16));
    expect(notified).toEqual(expected);
  });

  it('counts the repeated hour once, and repeats what the mute time kept back as soon as that ends', async () => {
    const night = {
      location: 'Europe/Berlin',
      times: [
        ['22:00', '24:00'],
        ['00:00', '06:00'],
      ],
    } as const;
    const route = { intervalMs: 10 * MINUTE, repeatMs: 3 * HOUR, mute: ['local'] };
    const notified = await notifiedAt('2026-10-24T12:00Z', '2026-10-26T12:00Z', route, night);
    expect(notified).toEqual([
      '2026-10-24T12:00',
      '2026-10-24T15:00',
      '2026-10-24T18:00',
      // Nine hours of night: 22:00 summer time to 06:00 winter time.
      '2026-10-25T05:00',
      '2026-10-25T08:00',
      '2026-10-25T11:00',
      '2026-10-25T14:00',
      '2026-10-25T17:00',
      '2026-10-25T20:00',
      '2026-10-26T05:00',
      '2026-10-26T08:00',
      '2026-10-26T11:00',
    ]);
  });
});
