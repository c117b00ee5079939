/** Go's `time.Time` as templates use it: methods, and the layouts that are written as `2006-01-02 15:04:05`. */
import { Duration, nanoseconds } from './duration.ts';
import { formatLayout, MONTHS, parseLayout, WEEKDAYS } from './time-layout.ts';
import { checkZone, zoneAt } from './time-zone.ts';
import { NamedInt } from './values.ts';

/** 0001-01-01 00:00:00 UTC, Go's zero time, in Unix milliseconds. */
const ZERO_MS = -62_135_596_800_000;

export class Time {
  static readonly goType = 'time.Time';
  /** Unix nanoseconds. */
  readonly #nanos: bigint;
  /** IANA name; `UTC`, `Local`. */
  readonly #zone: string;

  private constructor(nanos: bigint, zone: string) {
    this.#nanos = nanos;
    this.#zone = zone;
  }

  static ofMs(unixMs: number, zone = 'UTC'): Time {
    return new Time(BigInt(Math.floor(unixMs * 1000)) * 1000n, zone);
  }

  /** Throws where the text does not have the layout's form. */
  static parse(layout: string, text: string): Time {
    return new Time(parseLayout(layout, text), 'UTC');
  }

  static readonly zero = Time.ofMs(ZERO_MS);

  /** The same instant in another zone. Throws for a zone that nobody knows. */
  inZone(name: string): Time {
    checkZone(name);
    return new Time(this.#nanos, name);
  }

  get unixMs(): number {
    return Number(this.#nanos / 1_000_000n);
  }

  Format(layout: unknown): string {
    if (typeof layout !== 'string') throw new Error('expected a string as layout');
    const unixMs = this.#floorMs();
    const { offsetSeconds, abbreviation } = zoneAt(this.#zone, unixMs);
    return formatLayout(layout, {
      local: new Date(unixMs + offsetSeconds * 1000),
      nanosecond: this.#nanosecond(),
      offsetSeconds,
      abbreviation,
    });
  }

  String(): string {
    return this.Format('2006-01-02 15:04:05.999999999 -0700 MST');
  }

  /** RFC 3339, as Go's JSON. */
  toJSON(): string {
    return this.Format('2006-01-02T15:04:05.999999999Z07:00');
  }

  UTC(): Time {
    return new Time(this.#nanos, 'UTC');
  }

  Local(): Time {
    return new Time(this.#nanos, 'Local');
  }

  Unix(): bigint {
    return floorDivide(this.#nanos, 1_000_000_000n);
  }

  UnixMilli(): bigint {
    return floorDivide(this.#nanos, 1_000_000n);
  }

  UnixMicro(): bigint {
    return floorDivide(this.#nanos, 1000n);
  }

  UnixNano(): bigint {
    return this.#nanos;
  }

  Year(): bigint {
    return BigInt(this.#local().getUTCFullYear());
  }

  Month(): NamedInt {
    return new Named(BigInt(this.#local().getUTCMonth() + 1), MONTHS[this.#local().getUTCMonth()]!);
  }

  Day(): bigint {
    return BigInt(this.#local().getUTCDate());
  }

  Hour(): bigint {
    return BigInt(this.#local().getUTCHours());
  }

  Minute(): bigint {
    return BigInt(this.#local().getUTCMinutes());
  }

  Second(): bigint {
    return BigInt(this.#local().getUTCSeconds());
  }

  Nanosecond(): bigint {
    return BigInt(this.#nanosecond());
  }

  Weekday(): NamedInt {
    return new Named(BigInt(this.#local().getUTCDay()), WEEKDAYS[this.#local().getUTCDay()]!);
  }

  YearDay(): bigint {
    const local = this.#local();
    const first = new Date(local);
    first.setUTCMonth(0, 1);
    return BigInt(Math.round((local.getTime() - first.getTime()) / 86_400_000) + 1);
  }

  Add(duration: unknown): Time {
    return new Time(this.#nanos + nanoseconds(duration), this.#zone);
  }

  AddDate(years: unknown, months: unknown, days: unknown): Time {
    const local = this.#local();
    const moved = new Date(local);
    moved.setUTCFullYear(
      local.getUTCFullYear() + Number(years),
      local.getUTCMonth() + Number(months),
      local.getUTCDate() + Number(days),
    );
    return new Time(this.#nanos + BigInt(moved.getTime() - local.getTime()) * 1_000_000n, this.#zone);
  }

  Sub(other: unknown): Duration {
    return new Duration(this.#nanos - timeOf(other).#nanos);
  }

  Before(other: unknown): boolean {
    return this.#nanos < timeOf(other).#nanos;
  }

  After(other: unknown): boolean {
    return this.#nanos > timeOf(other).#nanos;
  }

  Equal(other: unknown): boolean {
    return this.#nanos === timeOf(other).#nanos;
  }

  Compare(other: unknown): bigint {
    const difference = this.#nanos - timeOf(other).#nanos;
    return difference < 0n ? -1n : difference > 0n ? 1n : 0n;
  }

  IsZero(): boolean {
    return this.#nanos === BigInt(ZERO_MS) * 1_000_000n;
  }

  Truncate(unit: unknown): Time {
    const size = nanoseconds(unit);
    if (size <= 0n) return this;
    const sinceZero = this.#nanos - BigInt(ZERO_MS) * 1_000_000n;
    return new Time(this.#nanos - (sinceZero % size), this.#zone);
  }

  Round(unit: unknown): Time {
    const size = nanoseconds(unit);
    return size <= 0n ? this : new Time(this.#nanos + size / 2n, this.#zone).Truncate(size);
  }

  #floorMs(): number {
    return Number(floorDivide(this.#nanos, 1_000_000n));
  }

  #nanosecond(): number {
    return Number(this.#nanos - floorDivide(this.#nanos, 1_000_000_000n) * 1_000_000_000n);
  }

  #local(): Date {
    const unixMs = this.#floorMs();
    return new Date(unixMs + zoneAt(this.#zone, unixMs).offsetSeconds * 1000);
  }
}

class Named extends NamedInt {
  readonly #text: string;

  constructor(value: bigint, text: string) {
    super(value);
    this.#text = text;
  }

  String(): string {
    return this.#text;
  }
}

function timeOf(value: unknown): Time {
  if (value instanceof Time) return value;
  throw new Error('expected a time.Time');
}

function floorDivide(value: bigint, by: bigint): bigint {
  const quotient = value / by;
  return value % by < 0n ? quotient - 1n : quotient;
}
