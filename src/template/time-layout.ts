/** Go's time layouts: the reference time `Mon Jan 2 15:04:05 MST 2006` taken apart, to write and to read. */
import { quote } from '../labels/labels.ts';
import { offsetText } from './time-zone.ts';

export interface BrokenTime {
  /** Its UTC fields are the local time. */
  readonly local: Date;
  readonly nanosecond: number;
  readonly offsetSeconds: number;
  readonly abbreviation: string;
}

export const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];
export const WEEKDAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

const ELEMENT =
  /January|Jan(?![a-z])|Monday|Mon(?![a-z])|MST|002|0[1-6]|15|2006|__2|_2(?!006)|[1-5]|PM|pm|[-Z]07:00:00|[-Z]070000|[-Z]07:00|[-Z]0700|[-Z]07|[.,]0+(?!\d)|[.,]9+(?!\d)/g;

export function formatLayout(layout: string, time: BrokenTime): string {
  return layout.replace(ELEMENT, (element) => formatElement(element, time));
}

/** Unix nanoseconds; without a zone in the text, UTC. Throws Go's text. */
export function parseLayout(layout: string, text: string): bigint {
  const fields = new Map<string, string>();
  let rest = text;
  let at = 0;
  const fail = (element: string): never => {
    throw new Error(
      `parsing time ${quote(text)} as ${quote(layout)}: cannot parse ${quote(rest)} as ${quote(element)}`,
    );
  };
  const literal = (part: string): void => {
    if (!rest.startsWith(part)) fail(part);
    rest = rest.slice(part.length);
  };
  for (const match of layout.matchAll(ELEMENT)) {
    literal(layout.slice(at, match.index));
    at = match.index + match[0].length;
    const read = patternOf(match[0]).exec(rest)?.[0];
    if (read === undefined) return fail(match[0]);
    fields.set(fieldOf(match[0]), read.trim());
    rest = rest.slice(read.length);
    // Go reads a fraction behind the seconds even where the layout has none.
    const fraction =
      /^0?5$/.test(match[0]) && !/^[.,][09]/.test(layout.slice(at)) ? /^[.,]\d+/.exec(rest)?.[0] : undefined;
    if (fraction !== undefined) {
      fields.set('fraction', fraction);
      rest = rest.slice(fraction.length);
    }
  }
  literal(layout.slice(at));
  if (rest !== '') throw new Error(`parsing time ${quote(text)}: extra text: ${quote(rest)}`);
  return assemble(fields, text);
}

function formatElement(element: string, { local, nanosecond, offsetSeconds, abbreviation }: BrokenTime): string {
  const two = (value: number): string => String(value).padStart(2, '0');
  const hour12 = local.getUTCHours() % 12 || 12;
  const year = local.getUTCFullYear();
  switch (element) {
    case '2006':
      return String(year).padStart(4, '0');
    case '06':
      return two(year % 100);
    case 'January':
      return MONTHS[local.getUTCMonth()]!;
    case 'Jan':
      return MONTHS[local.getUTCMonth()]!.slice(0, 3);
    case '01':
      return two(local.getUTCMonth() + 1);
    case '1':
      return String(local.getUTCMonth() + 1);
    case 'Monday':
      return WEEKDAYS[local.getUTCDay()]!;
    case 'Mon':
      return WEEKDAYS[local.getUTCDay()]!.slice(0, 3);
    case '02':
      return two(local.getUTCDate());
    case '_2':
      return String(local.getUTCDate()).padStart(2);
    case '2':
      return String(local.getUTCDate());
    case '002':
      return String(dayOfYear(local)).padStart(3, '0');
    case '__2':
      return String(dayOfYear(local)).padStart(3);
    case '15':
      return two(local.getUTCHours());
    case '03':
      return two(hour12);
    case '3':
      return String(hour12);
    case '04':
      return two(local.getUTCMinutes());
    case '4':
      return String(local.getUTCMinutes());
    case '05':
      return two(local.getUTCSeconds());
    case '5':
      return String(local.getUTCSeconds());
    case 'PM':
      return local.getUTCHours() >= 12 ? 'PM' : 'AM';
    case 'pm':
      return local.getUTCHours() >= 12 ? 'pm' : 'am';
    case 'MST':
      return abbreviation;
  }
  if (/^[.,]/.test(element)) return formatFraction(element, nanosecond);
  if (element.startsWith('Z') && offsetSeconds === 0) return 'Z';
  const digits = element.slice(1).replaceAll(':', '').length;
  return offsetText(offsetSeconds, element.includes(':') ? ':' : '', (digits / 2) as 1 | 2 | 3);
}

function formatFraction(element: string, nanosecond: number): string {
  const digits = String(nanosecond)
    .padStart(9, '0')
    .slice(0, element.length - 1);
  if (element[1] === '0') return element[0] + digits.padEnd(element.length - 1, '0');
  const trimmed = digits.replace(/0+$/, '');
  return trimmed === '' ? '' : element[0] + trimmed;
}

function dayOfYear(local: Date): number {
  return Math.floor((local.getTime() - Date.UTC(local.getUTCFullYear(), 0, 1)) / 86_400_000) + 1;
}

const PATTERNS: Readonly<Record<string, RegExp>> = {
  '2006': /^\d{4}/,
  January: new RegExp(`^(?:${MONTHS.join('|')})`, 'i'),
  Jan: new RegExp(`^(?:${MONTHS.map((month) => month.slice(0, 3)).join('|')})`, 'i'),
  Monday: new RegExp(`^(?:${WEEKDAYS.join('|')})`, 'i'),
  Mon: new RegExp(`^(?:${WEEKDAYS.map((day) => day.slice(0, 3)).join('|')})`, 'i'),
  MST: /^(?:[A-Z]{3,5}|[+-]\d{2,4})/,
  PM: /^(?:AM|PM)/,
  pm: /^(?:am|pm)/,
  _2: /^ ?\d{1,2}/,
  __2: /^ {0,2}\d{1,3}/,
  '002': /^\d{3}/,
};

function patternOf(element: string): RegExp {
  const known = PATTERNS[element];
  if (known !== undefined) return known;
  if (/^[.,]/.test(element))
    return element[1] === '0' ? new RegExp(`^[.,]\\d{${element.length - 1}}`) : /^(?:[.,]\d+)?/;
  if (/^[-Z]07/.test(element)) {
    const offset = element.slice(1).replace(/\d{2}/g, '\\d{2}');
    return new RegExp(element.startsWith('Z') ? `^(?:Z|[+-]${offset})` : `^[+-]${offset}`);
  }
  return /^\d{2}$/.test(element) && element !== '15' ? /^\d{2}/ : /^\d{1,2}/;
}

function fieldOf(element: string): string {
  if (/^[.,]/.test(element)) return 'fraction';
  if (/^[-Z]07/.test(element)) return 'offset';
  return FIELDS[element] ?? element;
}

const FIELDS: Readonly<Record<string, string>> = {
  '2006': 'year',
  '06': 'short-year',
  '01': 'month',
  '1': 'month',
  Jan: 'month-name',
  January: 'month-name',
  '02': 'day',
  '2': 'day',
  _2: 'day',
  '002': 'year-day',
  __2: 'year-day',
  '15': 'hour',
  '03': 'hour',
  '3': 'hour',
  '04': 'minute',
  '4': 'minute',
  '05': 'second',
  '5': 'second',
  PM: 'half',
  pm: 'half',
};

function assemble(fields: ReadonlyMap<string, string>, text: string): bigint {
  const number = (field: string, otherwise: number): number => Number(fields.get(field) ?? otherwise);
  const shortYear = fields.has('short-year') ? number('short-year', 0) : undefined;
  const year = shortYear === undefined ? number('year', 0) : shortYear + (shortYear >= 69 ? 1900 : 2000);
  const monthName = fields.get('month-name')?.slice(0, 3).toLowerCase();
  const month =
    monthName === undefined
      ? number('month', 1)
      : MONTHS.findIndex((each) => each.toLowerCase().startsWith(monthName)) + 1;
  const yearDay = fields.get('year-day');
  const day = number('day', 1);
  let hour = number('hour', 0);
  const half = fields.get('half')?.toLowerCase();
  if (half === 'pm' && hour < 12) hour += 12;
  if (half === 'am' && hour === 12) hour = 0;
  const date = new Date(0);
  date.setUTCFullYear(year, yearDay === undefined ? month - 1 : 0, yearDay === undefined ? day : Number(yearDay));
  date.setUTCHours(hour, number('minute', 0), number('second', 0));
  const wrong = yearDay === undefined && (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day);
  if (wrong || hour > 23 || number('minute', 0) > 59 || number('second', 0) > 59) {
    throw new Error(`parsing time ${quote(text)}: ${wrong ? 'day' : 'hour'} out of range`);
  }
  const nanos = BigInt((fields.get('fraction') ?? '').slice(1).padEnd(9, '0').slice(0, 9));
  const seconds = BigInt(date.getTime() / 1000 - offsetSecondsOf(fields.get('offset')));
  return seconds * 1_000_000_000n + nanos;
}

function offsetSecondsOf(offset: string | undefined): number {
  if (offset === undefined || offset === 'Z') return 0;
  const [hours = 0, minutes = 0, seconds = 0] = offset.slice(1).replaceAll(':', '').match(/\d{2}/g)!.map(Number);
  return (offset.startsWith('-') ? -1 : 1) * (hours * 3600 + minutes * 60 + seconds);
}
