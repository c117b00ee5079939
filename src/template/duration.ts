/** Go's `time.Duration`: nanoseconds with methods and the text `1h2m3.5s`. */
import { formatFloat } from './float.ts';
import { NamedInt } from './values.ts';

const SECOND = 1_000_000_000n;
const MINUTE = 60n * SECOND;
const HOUR = 60n * MINUTE;

export class Duration extends NamedInt {
  static readonly goType = 'time.Duration';

  static ofMs(ms: number): Duration {
    return new Duration(BigInt(Math.round(ms * 1e6)));
  }

  Seconds(): number {
    return Number(this.value) / 1e9;
  }

  Minutes(): number {
    return Number(this.value) / 6e10;
  }

  Hours(): number {
    return Number(this.value) / 3.6e12;
  }

  Milliseconds(): bigint {
    return this.value / 1_000_000n;
  }

  Microseconds(): bigint {
    return this.value / 1000n;
  }

  Nanoseconds(): bigint {
    return this.value;
  }

  Abs(): Duration {
    return this.value < 0n ? new Duration(-this.value) : this;
  }

  Truncate(unit: unknown): Duration {
    const size = nanoseconds(unit);
    return size <= 0n ? this : new Duration(this.value - (this.value % size));
  }

  Round(unit: unknown): Duration {
    const size = nanoseconds(unit);
    if (size <= 0n) return this;
    const magnitude = this.value < 0n ? -this.value : this.value;
    const rounded = ((magnitude + size / 2n) / size) * size;
    return new Duration(this.value < 0n ? -rounded : rounded);
  }

  String(): string {
    if (this.value === 0n) return '0s';
    const sign = this.value < 0n ? '-' : '';
    const magnitude = this.value < 0n ? -this.value : this.value;
    if (magnitude < 1000n) return `${sign}${magnitude}ns`;
    if (magnitude < 1_000_000n) return `${sign}${decimal(magnitude, 1000n)}µs`;
    if (magnitude < SECOND) return `${sign}${decimal(magnitude, 1_000_000n)}ms`;
    const hours = magnitude / HOUR;
    const minutes = (magnitude % HOUR) / MINUTE;
    const head = hours > 0n ? `${hours}h${minutes}m` : minutes > 0n ? `${minutes}m` : '';
    return `${sign}${head}${decimal(magnitude % MINUTE, SECOND)}s`;
  }
}

/** Nanoseconds of a Duration or an int. Throws where it is neither. */
export function nanoseconds(value: unknown): bigint {
  if (value instanceof NamedInt) return value.value;
  if (typeof value === 'bigint') return value;
  throw new Error('expected a time.Duration');
}

/** Go's `%.4g` with which all the humanize functions print. */
export function fourDigits(value: number): string {
  return formatFloat(value, 'g', 4);
}

function decimal(value: bigint, unit: bigint): string {
  const places = unit.toString().length - 1;
  const fraction = (value % unit).toString().padStart(places, '0').replace(/0+$/, '');
  return `${value / unit}${fraction === '' ? '' : `.${fraction}`}`;
}
