/** Times in log records, in the notations that loggers use, as Unix milliseconds. */

/** A number (seconds, milliseconds, micro- or nanoseconds, told by its size), an ISO 8601 text or another that is known; undefined where it is none. */
export function timestampOf(value: unknown, nowMs: number): number | undefined {
  if (typeof value === 'number') return epoch(value);
  if (typeof value === 'bigint') return epoch(Number(value));
  if (typeof value !== 'string') return undefined;
  const text = value.trim();
  if (/^-?\d{9,19}(\.\d+)?$/.test(text)) return epoch(Number(text));
  return timestampInText(text, nowMs)?.ms;
}

export interface FoundTimestamp {
  readonly ms: number;
  /** What precedes and follows it in the text. */
  readonly before: string;
  readonly after: string;
}

/** The time that a line of text begins with, within its first characters. */
export function timestampInText(text: string, nowMs: number): FoundTimestamp | undefined {
  const head = text.slice(0, 120);
  for (const { pattern, read } of NOTATIONS) {
    const match = pattern.exec(head);
    if (match === null) continue;
    const ms = read(match, nowMs);
    if (ms === undefined || Number.isNaN(ms)) continue;
    const end = match.index + match[0].length;
    return { ms, before: text.slice(0, match.index), after: text.slice(end) };
  }
  return undefined;
}

interface Notation {
  readonly pattern: RegExp;
  readonly read: (match: RegExpExecArray, nowMs: number) => number | undefined;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const CLOCK = String.raw`(\d{2}):(\d{2}):(\d{2})(?:[.,:](\d{1,9}))?`;
const ZONE = String.raw`\s?(Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})?`;
const BEFORE = String.raw`^[\s[(<"']{0,3}`;

const NOTATIONS: readonly Notation[] = [
  {
    // ISO 8601, and with a space, slashes or a comma before the fraction.
    pattern: new RegExp(`${BEFORE}(\\d{4})[-/.](\\d{2})[-/.](\\d{2})[T ]+${CLOCK}${ZONE}`, 'i'),
    read: ([, year, month, day, hour, minute, second, fraction, zone]) =>
      moment(Number(year), Number(month) - 1, Number(day), [hour, minute, second, fraction], zone),
  },
  {
    // Web servers: [02/Jan/2024:03:04:05 +0000], anywhere near the start.
    pattern: new RegExp(`\\[(\\d{2})/([A-Z][a-z]{2})/(\\d{4}):${CLOCK}${ZONE}\\]?`),
    read: ([, day, month, year, hour, minute, second, fraction, zone]) =>
      moment(Number(year), monthOf(month), Number(day), [hour, minute, second, fraction], zone),
  },
  {
    // RFC 2822, and what the C library prints.
    pattern: new RegExp(`${BEFORE}[A-Z][a-z]{2},? (?:(\\d{1,2}) ([A-Z][a-z]{2}) (\\d{4})) ${CLOCK}${ZONE}`),
    read: ([, day, month, year, hour, minute, second, fraction, zone]) =>
      moment(Number(year), monthOf(month), Number(day), [hour, minute, second, fraction], zone),
  },
  {
    // Apache's errors, and what C's `ctime` prints: the year comes last.
    pattern: new RegExp(`${BEFORE}[A-Z][a-z]{2} ([A-Z][a-z]{2}) {1,2}(\\d{1,2}) ${CLOCK} (\\d{4})`),
    read: ([, month, day, hour, minute, second, fraction, year]) =>
      moment(Number(year), monthOf(month), Number(day), [hour, minute, second, fraction], undefined),
  },
  {
    // PHP's [28-Nov-2026 10:30:00 UTC], and Redis' after process and role.
    pattern: new RegExp(`^(?:\\d+:[A-Z] )?\\[?(\\d{1,2})[- ]([A-Z][a-z]{2})[- ](\\d{4}) ${CLOCK}${ZONE}`),
    read: ([, day, month, year, hour, minute, second, fraction, zone]) =>
      moment(Number(year), monthOf(month), Number(day), [hour, minute, second, fraction], zone),
  },
  {
    // java.util.logging: Nov 28, 2026 1:30:04 PM.
    pattern: /^([A-Z][a-z]{2}) (\d{1,2}), (\d{4}) (\d{1,2}):(\d{2}):(\d{2}) ([AP])M/,
    read: ([, month, day, year, hour, minute, second, half]) =>
      moment(
        Number(year),
        monthOf(month),
        Number(day),
        [String((Number(hour) % 12) + (half === 'P' ? 12 : 0)), minute, second, undefined],
        undefined,
      ),
  },
  {
    // syslog of RFC 5424: priority and version come first.
    pattern: new RegExp(`(?<=^<\\d{1,3}>1 )(\\d{4})-(\\d{2})-(\\d{2})T${CLOCK}${ZONE}`),
    read: ([, year, month, day, hour, minute, second, fraction, zone]) =>
      moment(Number(year), Number(month) - 1, Number(day), [hour, minute, second, fraction], zone),
  },
  {
    // syslog, which leaves the year out.
    pattern: new RegExp(`${BEFORE}(?:<\\d{1,3}>)?([A-Z][a-z]{2}) {1,2}(\\d{1,2}) ${CLOCK}`),
    read: ([, month, day, hour, minute, second, fraction], nowMs) =>
      withoutYear(monthOf(month), Number(day), [hour, minute, second, fraction], nowMs),
  },
  {
    // klog and glog: E0102 03:04:05.000000.
    pattern: new RegExp(`^[IWEF](\\d{2})(\\d{2}) ${CLOCK}`),
    read: ([, month, day, hour, minute, second, fraction], nowMs) =>
      withoutYear(Number(month) - 1, Number(day), [hour, minute, second, fraction], nowMs),
  },
  {
    // A time of day alone, with a fraction, as logback has it by default.
    pattern: /^(\d{2}):(\d{2}):(\d{2})[.,](\d{3,9})(?=\s)/,
    read: ([, hour, minute, second, fraction], nowMs) => ofTheDay([hour, minute, second, fraction], nowMs),
  },
  {
    // An epoch at the start of the line.
    pattern: /^\[?(\d{10}(?:\.\d{1,9})?|\d{13}|\d{16}|\d{19})\]?(?=\s)/,
    read: ([, number]) => epoch(Number(number)),
  },
];

type ClockText = readonly [string | undefined, string | undefined, string | undefined, string | undefined];

function epoch(value: number): number | undefined {
  const size = Math.abs(value);
  if (!Number.isFinite(value) || size < 1e8) return undefined;
  if (size < 1e11) return value * 1000;
  if (size < 1e14) return value;
  if (size < 1e17) return value / 1000;
  return value / 1e6;
}

/** In local time where there is no zone, as the logger that wrote it meant. */
function moment(
  year: number,
  month: number,
  day: number,
  clock: ClockText,
  zone: string | undefined,
): number | undefined {
  const [hour, minute, second, fraction] = clock;
  if (month < 0 || month > 11 || day < 1 || day > 31 || Number(hour) > 24 || Number(minute) > 59) return undefined;
  const ms = fraction === undefined ? 0 : Number(`0.${fraction}`) * 1000;
  if (zone === undefined)
    return new Date(year, month, day, Number(hour), Number(minute), Number(second)).getTime() + ms;
  return Date.UTC(year, month, day, Number(hour), Number(minute), Number(second)) + ms - offsetMs(zone);
}

function offsetMs(zone: string): number {
  const parts = /^([+-])(\d{2}):?(\d{2})?$/.exec(zone);
  if (parts === null) return 0;
  const minutes = Number(parts[2]) * 60 + Number(parts[3] ?? 0);
  return (parts[1] === '-' ? -minutes : minutes) * 60_000;
}

/** The year that puts it nearest before tomorrow. */
function withoutYear(month: number, day: number, clock: ClockText, nowMs: number): number | undefined {
  const year = new Date(nowMs).getFullYear();
  const ms = moment(year, month, day, clock, undefined);
  return ms !== undefined && ms > nowMs + 86_400_000 ? moment(year - 1, month, day, clock, undefined) : ms;
}

/** Today, or yesterday where that would be to come. */
function ofTheDay(clock: ClockText, nowMs: number): number | undefined {
  const on = (day: Date): number | undefined =>
    moment(day.getFullYear(), day.getMonth(), day.getDate(), clock, undefined);
  const today = new Date(nowMs);
  const ms = on(today);
  if (ms === undefined || ms <= nowMs + 60_000) return ms;
  return on(new Date(today.getFullYear(), today.getMonth(), today.getDate() - 1));
}

function monthOf(name: string | undefined): number {
  return MONTHS.indexOf((name ?? '').toLowerCase());
}
