/** Time zones by their IANA names: offset and abbreviation at an instant. */

export interface ZoneMoment {
  /** Seconds east of UTC. */
  readonly offsetSeconds: number;
  /** e.g. `CET`, or `+03` where the zone has no letters. */
  readonly abbreviation: string;
}

/** Throws Go's text for a name that nobody knows. */
export function checkZone(name: string): void {
  if (isUtc(name) || name === 'Local') return;
  try {
    formatterOf(name, 'en-US');
  } catch {
    throw new Error(`unknown time zone ${name}`);
  }
}

export function zoneAt(name: string, unixMs: number): ZoneMoment {
  if (isUtc(name)) return { offsetSeconds: 0, abbreviation: 'UTC' };
  const offsetSeconds = zoneOffset(name, unixMs);
  return { offsetSeconds, abbreviation: abbreviationOf(name, unixMs, offsetSeconds) };
}

/** `+01:00` and the like from seconds. */
export function offsetText(offsetSeconds: number, separator: string, fields: 1 | 2 | 3): string {
  const magnitude = Math.abs(offsetSeconds);
  const values = [Math.floor(magnitude / 3600), Math.floor(magnitude / 60) % 60, magnitude % 60].slice(0, fields);
  return (offsetSeconds < 0 ? '-' : '+') + values.map((value) => String(value).padStart(2, '0')).join(separator);
}

function zoneOffset(name: string, unixMs: number): number {
  const parts = new Map(
    formatterOf(name, 'en-US')
      .formatToParts(unixMs)
      .map((part) => [part.type, part.value]),
  );
  const field = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
  const year = parts.get('era') === 'BC' ? 1 - field('year') : field('year');
  const local = new Date(0);
  local.setUTCFullYear(year, field('month') - 1, field('day'));
  local.setUTCHours(field('hour') % 24, field('minute'), field('second'));
  return Math.round((local.getTime() - Math.floor(unixMs / 1000) * 1000) / 1000);
}

function isUtc(name: string): boolean {
  return name === '' || name === 'UTC';
}

/** Each English has letters for the zones of its own part of the world only. */
const LOCALES: readonly (readonly [string, RegExp])[] = [
  ['en-US', /^(America|US|Pacific\/Honolulu|E?[A-Z]{3}|Local)/],
  ['en-GB', /^(Europe|Africa|Atlantic|GB|E?[A-Z]{3}|Local)/],
  ['en-AU', /^Australia/],
  ['en-CA', /^(America|Canada)/],
  ['en-NZ', /^(Pacific\/Auckland|NZ)/],
];

/** Letters of the tz database that no English has: zone, standard time, and in summer. */
const LETTERS: Readonly<Record<string, readonly [string, string?]>> = {
  'Africa/Cairo': ['EET', 'EEST'],
  'Africa/Johannesburg': ['SAST'],
  'Africa/Lagos': ['WAT'],
  'Africa/Nairobi': ['EAT'],
  'Asia/Calcutta': ['IST'],
  'Asia/Hong_Kong': ['HKT'],
  'Asia/Jakarta': ['WIB'],
  'Asia/Jerusalem': ['IST', 'IDT'],
  'Asia/Karachi': ['PKT'],
  'Asia/Kolkata': ['IST'],
  'Asia/Manila': ['PST'],
  'Asia/Seoul': ['KST'],
  'Asia/Shanghai': ['CST'],
  'Asia/Taipei': ['CST'],
  'Asia/Tokyo': ['JST'],
  'Europe/Moscow': ['MSK'],
};

function abbreviationOf(name: string, unixMs: number, offsetSeconds: number): string {
  const letters = LETTERS[name];
  if (letters !== undefined) {
    const winter = zoneOffset(name, Date.UTC(new Date(unixMs).getUTCFullYear(), 0, 1));
    return offsetSeconds !== winter && letters[1] !== undefined ? letters[1] : letters[0];
  }
  for (const [locale, zones] of LOCALES) {
    if (!zones.test(name)) continue;
    const text = formatterOf(name, locale)
      .formatToParts(unixMs)
      .find((part) => part.type === 'timeZoneName')?.value;
    if (text !== undefined && /^[A-Z]{3,5}$/.test(text) && (text !== 'GMT' || offsetSeconds === 0)) return text;
  }
  return offsetText(offsetSeconds, '', offsetSeconds % 3600 === 0 ? 1 : 2);
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(name: string, locale: string): Intl.DateTimeFormat {
  const key = `${locale} ${name}`;
  let formatter = formatters.get(key);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat(locale, {
      ...(name === 'Local' ? {} : { timeZone: name }),
      era: 'short',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      hourCycle: 'h23',
      timeZoneName: 'short',
    });
    formatters.set(key, formatter);
  }
  return formatter;
}
