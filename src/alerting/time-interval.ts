/** Whether an instant lies within one of `time_intervals`, in the interval's own time zone. */
import type { NamedTimeInterval, RouteConfig, TimeInterval } from '../config/alertmanager-config.ts';

/** Of the named intervals those that contain the instant. Names that are not defined contain nothing. */
function containingIntervals(
  defined: ReadonlyMap<string, NamedTimeInterval>,
  names: readonly string[],
  atMs: number,
): readonly string[] {
  return names.filter((name) => defined.get(name)?.intervals.some((interval) => contains(interval, atMs)));
}

export interface Muting {
  readonly name: string;
  readonly why: 'within-mute-time' | 'outside-active-time';
}

/** The time intervals for which a route sends nothing at the instant: mute times do not count where it is not active at all. */
export function mutingIntervals(
  defined: ReadonlyMap<string, NamedTimeInterval>,
  { muteTimeIntervals, activeTimeIntervals }: Pick<RouteConfig, 'muteTimeIntervals' | 'activeTimeIntervals'>,
  atMs: number,
): readonly Muting[] {
  if (activeTimeIntervals.length > 0 && containingIntervals(defined, activeTimeIntervals, atMs).length === 0) {
    return activeTimeIntervals.map((name) => ({ name, why: 'outside-active-time' }));
  }
  return containingIntervals(defined, muteTimeIntervals, atMs).map((name) => ({ name, why: 'within-mute-time' }));
}

export function contains(interval: TimeInterval, atMs: number): boolean {
  const at = wallClock(atMs, interval.location);
  return (
    within(interval.times, ({ startMinute, endMinute }) => at.minute >= startMinute && at.minute < endMinute) &&
    within(interval.daysOfMonth, (range) => dayMatches(range, at)) &&
    within(interval.months, ({ begin, end }) => at.month >= begin && at.month <= end) &&
    within(interval.weekdays, ({ begin, end }) => at.weekday >= begin && at.weekday <= end) &&
    within(interval.years, ({ begin, end }) => at.year >= begin && at.year <= end)
  );
}

/** A field that says nothing restricts nothing. */
function within<T>(ranges: readonly T[], matches: (range: T) => boolean): boolean {
  return ranges.length === 0 || ranges.some(matches);
}

function dayMatches(range: { readonly begin: number; readonly end: number }, at: WallClock): boolean {
  const days = new Date(Date.UTC(at.year, at.month, 0)).getUTCDate();
  const begin = range.begin < 0 ? days + range.begin + 1 : range.begin;
  const end = range.end < 0 ? days + range.end + 1 : range.end;
  // A range that starts after the month's end must not spill into the last day.
  if (begin > days) return false;
  return at.day >= Math.max(begin, -days) && at.day <= Math.min(Math.max(end, -days), days);
}

interface WallClock {
  readonly year: number;
  /** 1: January. */
  readonly month: number;
  readonly day: number;
  /** 0: Sunday. */
  readonly weekday: number;
  /** Minutes since midnight. */
  readonly minute: number;
}

const formats = new Map<string, Intl.DateTimeFormat>();

function wallClock(atMs: number, location: string | undefined): WallClock {
  const parts = new Map(
    formatFor(location ?? 'UTC')
      .formatToParts(atMs)
      .map(({ type, value }) => [type, value]),
  );
  const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
  const [year, month, day] = [number('year'), number('month'), number('day')];
  return {
    year,
    month,
    day,
    weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay(),
    minute: number('hour') * 60 + number('minute'),
  };
}

function formatFor(timeZone: string): Intl.DateTimeFormat {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      // Go's name for the machine's own zone.
      ...(timeZone === 'Local' ? {} : { timeZone }),
      calendar: 'gregory',
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    });
    formats.set(timeZone, format);
  }
  return format;
}
