/** Numbers, durations and instants for people, as Prometheus' template functions print them. */

import { quote } from '../labels/labels.ts';
import { Duration, fourDigits } from './duration.ts';
import { parseFloat64 } from './literal.ts';
import { Time } from './time.ts';
import { typeName } from './values.ts';

const LARGE = ['k', 'M', 'G', 'T', 'P', 'E', 'Z', 'Y'];
const SMALL = ['m', 'u', 'n', 'p', 'f', 'a', 'z', 'y'];
const BINARY = ['ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei', 'Zi', 'Yi'];

/** `1.235M`. */
export function humanize(input: unknown): string {
  const value = toFloat(input);
  if (value === 0 || !Number.isFinite(value)) return fourDigits(value);
  return Math.abs(value) >= 1 ? scaleDown(value, 1000, LARGE) : scaleUp(value);
}

/** `1.177Mi`. */
export function humanize1024(input: unknown): string {
  const value = toFloat(input);
  return Math.abs(value) <= 1 || !Number.isFinite(value) ? fourDigits(value) : scaleDown(value, 1024, BINARY);
}

/** Seconds as `1d 1h 1m 1s`; below one second as `500ms`. */
export function humanizeDuration(input: unknown): string {
  const value = toFloat(input);
  if (!Number.isFinite(value)) return fourDigits(value);
  if (value === 0) return `${fourDigits(value)}s`;
  if (Math.abs(value) < 1) return `${scaleUp(value)}s`;
  const sign = value < 0 ? '-' : '';
  const magnitude = Math.abs(value);
  const whole = Math.trunc(magnitude);
  const seconds = whole % 60;
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600) % 24;
  const days = Math.floor(whole / 86_400);
  if (days > 0) return `${sign}${days}d ${hours}h ${minutes}m ${seconds}s`;
  if (hours > 0) return `${sign}${hours}h ${minutes}m ${seconds}s`;
  if (minutes > 0) return `${sign}${minutes}m ${seconds}s`;
  return `${sign}${fourDigits(magnitude)}s`;
}

/** A ratio as `12.5%`. */
export function humanizePercentage(input: unknown): string {
  return `${fourDigits(toFloat(input) * 100)}%`;
}

/** Unix seconds as `2023-11-14 22:13:20 +0000 UTC`. */
export function humanizeTimestamp(input: unknown): string {
  const value = toFloat(input);
  return Number.isFinite(value) ? timeOfSeconds(value).String() : fourDigits(value);
}

/** Throws where the value is no finite number, or beyond what nanoseconds in 64 bits hold. */
export function toTime(input: unknown): Time {
  const value = toFloat(input);
  if (!Number.isFinite(value)) throw new Error('value is NaN or Inf');
  return timeOfSeconds(value);
}

/** Seconds as a Duration. */
export function toDuration(input: unknown): Duration {
  const value = toFloat(input);
  if (!Number.isFinite(value)) throw new Error('value is NaN or Inf');
  if (Math.abs(value) * 1e9 > 2 ** 63) {
    throw new Error(`${fourDigits(value)} cannot be represented as a duration since it overflows int64`);
  }
  return new Duration(BigInt(Math.trunc(value * 1e9)));
}

/** What the functions take for a number: a number, a text that is one, a duration as its seconds. */
export function toFloat(value: unknown): number {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Duration) return value.Seconds();
  if (typeof value !== 'string') throw new Error(`can't convert ${typeName(value)} to float`);
  const parsed = parseFloat64(value);
  if (parsed === undefined) throw new Error(`strconv.ParseFloat: parsing ${quote(value)}: invalid syntax`);
  return parsed;
}

function scaleDown(value: number, step: number, prefixes: readonly string[]): string {
  let scaled = value;
  let prefix = '';
  for (const next of prefixes) {
    if (Math.abs(scaled) < step) break;
    prefix = next;
    scaled /= step;
  }
  return fourDigits(scaled) + prefix;
}

function scaleUp(value: number): string {
  let scaled = value;
  let prefix = '';
  for (const next of SMALL) {
    if (Math.abs(scaled) >= 1) break;
    prefix = next;
    scaled *= 1000;
  }
  return fourDigits(scaled) + prefix;
}

/** Milliseconds are all that is kept, as in Prometheus. */
function timeOfSeconds(seconds: number): Time {
  const nanos = seconds * 1e9;
  if (Math.abs(nanos) > 2 ** 63) {
    throw new Error(`${seconds} cannot be represented as a nanoseconds timestamp since it overflows int64`);
  }
  return Time.ofMs(Number(BigInt(Math.trunc(nanos)) / 1_000_000n));
}
