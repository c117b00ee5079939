/** `time_intervals` and the older `mute_time_intervals` of `alertmanager.yml`. */
import type { NamedTimeInterval, TimeInterval } from './alertmanager-config.ts';
import { field, list, parsed, struct, type Type, text } from './schema.ts';

type Range = { readonly begin: number; readonly end: number };

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];
const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];

const timeRange: Type<{ readonly startMinute: number; readonly endMinute: number } | undefined> = struct(
  'timeinterval.yamlTimeRange',
  { start_time: field(text), end_time: field(text) },
  (raw, at) => {
    if (raw.start_time === '' || raw.end_time === '') {
      at.fail(at.place, 'both start and end times must be provided');
      return { startMinute: 0, endMinute: 0 };
    }
    const startMinute = minuteOf(raw.start_time);
    const endMinute = minuteOf(raw.end_time);
    if (startMinute === undefined) at.fail('start_time', badTime(raw.start_time));
    if (endMinute === undefined) at.fail('end_time', badTime(raw.end_time));
    if (startMinute !== undefined && endMinute !== undefined && startMinute >= endMinute) {
      at.fail('start_time', 'start time cannot be equal or greater than end time: split a range that crosses midnight');
    }
    return { startMinute: startMinute ?? 0, endMinute: endMinute ?? 0 };
  },
);

function minuteOf(time: string): number | undefined {
  if (!/^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$/.test(time)) return undefined;
  const [hours, minutes] = time.split(':').map(Number);
  return hours! * 60 + minutes!;
}

function badTime(time: string): string {
  return `couldn't parse timestamp ${time}, invalid format: write HH:MM, from 00:00 to 24:00`;
}

/** `a` or `a:b`, each end read by `member`. */
function range(
  name: string,
  member: (word: string) => number,
  check: (range: Range, written: string) => void,
): Type<Range> {
  return parsed(name, { begin: 0, end: 0 }, (written) => {
    const parts = written.toLowerCase().split(':');
    if (parts.length > 2)
      throw new Error(`couldn't parse range ${written.toLowerCase()}, invalid format: write first:last`);
    const begin = member(parts[0]!);
    const end = parts.length === 2 ? member(parts[1]!) : begin;
    check({ begin, end }, written);
    return { begin, end };
  });
}

function wholeNumber(word: string): number {
  if (!/^[-+]?[0-9]+$/.test(word))
    throw new Error(`strconv.Atoi: parsing ${JSON.stringify(word)}: invalid syntax: write a number`);
  const value = Number(word);
  if (Math.abs(value) >= 2 ** 63) throw new Error(`strconv.Atoi: parsing ${JSON.stringify(word)}: value out of range`);
  return value;
}

const weekday = range(
  'timeinterval.WeekdayRange',
  (word) => {
    const index = WEEKDAYS.indexOf(word);
    if (index < 0) throw new Error(`${word} is not a valid weekday: write it in full, such as monday`);
    return index;
  },
  ({ begin, end }) => {
    if (begin > end) throw new Error('start day cannot be before end day: the week begins on sunday');
  },
);

const dayOfMonth = range('timeinterval.DayOfMonthRange', wholeNumber, ({ begin, end }) => {
  for (const day of [begin, end]) {
    if (day === 0 || day < -31 || day > 31) throw new Error(`${day} is not a valid day of the month: out of range`);
  }
  if (begin < 0 && end > 0) throw new Error('end day must be negative if start day is negative');
  const inShortestMonth = (day: number): number => (day < 0 ? 28 + day : day);
  if (inShortestMonth(begin) > inShortestMonth(end))
    throw new Error(`end day ${end} is always before start day ${begin}`);
});

const month = range(
  'timeinterval.MonthRange',
  (word) => {
    const index = MONTHS.indexOf(word);
    if (index >= 0) return index + 1;
    if (!/^[-+]?[0-9]+$/.test(word)) throw new Error(`${word} is not a valid month: write its full name or number`);
    return Number(word);
  },
  ({ begin, end }) => {
    if (begin > end)
      throw new Error(`end month ${MONTHS[end - 1] ?? ''} is before start month ${MONTHS[begin - 1] ?? ''}`);
  },
);

const year = range('timeinterval.YearRange', wholeNumber, ({ begin, end }) => {
  if (begin > end) throw new Error(`end year ${end} is before start year ${begin}`);
});

const location: Type<string | undefined> = parsed<string | undefined>('timeinterval.Location', undefined, (name) => {
  if (name === '' || name === 'UTC') return 'UTC';
  if (name === 'Local') return Intl.DateTimeFormat().resolvedOptions().timeZone;
  const known = /^[A-Za-z][A-Za-z0-9_+\-/]*$/.test(name) && isTimeZone(name);
  if (!known) throw new Error(`unknown time zone ${name}: use an IANA name such as Europe/Berlin`);
  return name;
});

/** Names tell small letters from large ones, which Intl does not; all of them have a large one. */
function isTimeZone(name: string): boolean {
  try {
    const { timeZone } = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions();
    return /[A-Z]/.test(name) && (timeZone === name || timeZone.toLowerCase() !== name.toLowerCase());
  } catch {
    return false;
  }
}

const timeInterval: Type<TimeInterval | undefined> = struct(
  'timeinterval.TimeInterval',
  {
    times: field(list(timeRange)),
    weekdays: field(list(weekday)),
    days_of_month: field(list(dayOfMonth)),
    months: field(list(month)),
    years: field(list(year)),
    location: field(location),
  },
  (raw) => ({
    times: (raw.times ?? []).filter((each) => each !== undefined),
    weekdays: raw.weekdays ?? [],
    daysOfMonth: raw.days_of_month ?? [],
    months: raw.months ?? [],
    years: raw.years ?? [],
    location: raw.location,
  }),
);

/** `title` is how messages call it. */
export function namedTimeInterval(title: string) {
  return struct('config.plain', { name: field(text), time_intervals: field(list(timeInterval)) }, (raw, at) => {
    if (raw.name === '') at.fail('name', `missing name in ${title}: give it a name that routes can use`);
    const interval: NamedTimeInterval = {
      name: raw.name,
      intervals: (raw.time_intervals ?? []).filter((each) => each !== undefined),
    };
    return { interval, place: at.of('name') };
  });
}
