/** Numbers with their units and times, relative and absolute, in the fewest columns that stay clear. */

export type Unit =
  | 'none'
  | 'seconds'
  | 'bytes'
  | 'KiB'
  | 'MiB'
  | 'GiB'
  | 'bytes/s'
  | 'ratio'
  | 'per-second'
  | 'count'
  | 'timestamp';

const SI: readonly (readonly [number, string])[] = [
  [1e12, 'T'],
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
];
const BINARY: readonly (readonly [number, string])[] = [
  [2 ** 40, 'TiB'],
  [2 ** 30, 'GiB'],
  [2 ** 20, 'MiB'],
  [2 ** 10, 'KiB'],
];

/** A value in its unit, three significant digits: `1.25 s`, `48.1 MiB`, `7.3 %`, `12.4 /s`, `3.2k`. */
export function formatValue(value: number, unit: Unit): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  switch (unit) {
    case 'seconds':
      return formatSeconds(value);
    case 'bytes':
      return formatBytes(value);
    case 'KiB':
      return formatBytes(value * 2 ** 10);
    case 'MiB':
      return formatBytes(value * 2 ** 20);
    case 'GiB':
      return formatBytes(value * 2 ** 30);
    case 'bytes/s':
      return `${formatBytes(value)}/s`;
    case 'ratio':
      return `${digits(value * 100)} %`;
    case 'per-second':
      return `${scaled(value)} /s`;
    case 'timestamp':
      return new Date(value * 1000).toISOString().slice(0, 19).replace('T', ' ');
    default:
      return scaled(value);
  }
}

/** Three significant digits, no exponent between 0.001 and 10000. */
export function digits(value: number): string {
  const size = Math.abs(value);
  if (size === 0) return '0';
  if (size >= 1e15 || size < 1e-3) return value.toExponential(1).replace('e+', 'e');
  if (size >= 100) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

/** As it will be written, so that no unit is left at 1000 of it. */
function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

function scaled(value: number): string {
  const size = Math.abs(rounded(value));
  if (size >= 1e15) return value.toExponential(1).replace('e+', 'e');
  for (const [factor, letter] of SI) if (size >= factor) return `${digits(value / factor)}${letter}`;
  return digits(value);
}

export function formatBytes(value: number): string {
  const size = Math.abs(value);
  if (size >= 2 ** 60) return `${value.toExponential(1).replace('e+', 'e')} B`;
  // From half a unit of the smaller one below it on, which would be written as 1024 of that.
  for (const [factor, name] of BINARY) if (size >= factor * (1 - 1 / 2048)) return `${digits(value / factor)} ${name}`;
  return `${digits(value)} B`;
}

/** A measured time: `870 µs`, `12.3 ms`, `1.25 s`, `4m 10s`. */
export function formatSeconds(seconds: number): string {
  const size = Math.abs(rounded(seconds));
  if (size === 0) return '0 s';
  if (size < 1e-6) return `${digits(seconds * 1e9)} ns`;
  if (size < 1e-3) return `${digits(seconds * 1e6)} µs`;
  if (size < 1) return `${digits(seconds * 1e3)} ms`;
  if (size < 60) return `${digits(seconds)} s`;
  return (seconds < 0 ? '-' : '') + formatSpan(Math.abs(seconds) * 1000);
}

export function formatMicros(us: number): string {
  return formatSeconds(us / 1e6);
}

/** A length of time in its two largest units: `45s`, `3m 12s`, `2h 05m`, `4d 3h`. */
export function formatSpan(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (!Number.isFinite(seconds)) return '∞';
  if (seconds < 60) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m ${String(seconds % 60).padStart(2, '0')}s`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return minutes % 60 === 0 ? `${hours}h` : `${hours}h ${String(minutes % 60).padStart(2, '0')}m`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days}d` : `${days}d ${hours % 24}h`;
}

/** `12s ago`, `in 3m`, `now`. */
export function formatAgo(atMs: number, nowMs: number): string {
  const distance = nowMs - atMs;
  if (Math.abs(distance) < 1000) return 'now';
  return distance > 0 ? `${formatSpan(distance)} ago` : `in ${formatSpan(-distance)}`;
}

/** Clock times in the zone that the person reads. */
export interface Zone {
  readonly utc: boolean;
  /** e.g. `CET`, `UTC`. */
  readonly name: string;
}

export function makeZone(utc: boolean, nowMs: number): Zone {
  if (utc) return { utc, name: 'UTC' };
  const parts = new Intl.DateTimeFormat('en-GB', { timeZoneName: 'short' }).formatToParts(new Date(nowMs));
  return { utc, name: parts.find((part) => part.type === 'timeZoneName')?.value ?? 'local' };
}

const two = (value: number): string => String(value).padStart(2, '0');

/** `14:02:11`. */
export function formatClock(ms: number, zone: Zone): string {
  const at = new Date(ms);
  if (Number.isNaN(at.getTime())) return '--:--:--';
  return zone.utc
    ? `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`
    : `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** `14:02:11.042`. */
export function formatClockMs(ms: number, zone: Zone): string {
  return `${formatClock(ms, zone)}.${String(Math.floor(((ms % 1000) + 1000) % 1000)).padStart(3, '0')}`;
}

/** `2026-11-23`. */
export function formatDate(ms: number, zone: Zone): string {
  const at = new Date(ms);
  if (Number.isNaN(at.getTime())) return '----------';
  return zone.utc
    ? `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`
    : `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** The clock time, with the date before it where it is not today's. */
export function formatMoment(ms: number, nowMs: number, zone: Zone): string {
  const date = formatDate(ms, zone);
  const clock = formatClock(ms, zone);
  return date === formatDate(nowMs, zone) ? clock : `${date.slice(5)} ${clock}`;
}

/** `1 alert`, `3 alerts`, `12,405 lines`. */
export function plural(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

export function formatCount(count: number): string {
  return String(Math.round(count)).replace(/\B(?=(\d{3})+$)/g, ',');
}
