/** Numbers and times as Prometheus' JSON writes them. */

/** A sample's value, without the quotes: Go's shortest form, with an exponent of at least two digits below 1e-6 and from 1e21 on. */
export function floatText(value: number): string {
  const size = Math.abs(value);
  // In between JavaScript writes what Go writes.
  if (size >= 1e-6 && size < 1e21) return `${value}`;
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  return padExponent(`${value}`);
}

/** Go's `strconv.FormatFloat(value, 'e', -1, 64)`: `1e+00`. */
export function exponentText(value: number): string {
  if (!Number.isFinite(value)) return floatText(value);
  const text = padExponent(value.toExponential());
  return Object.is(value, -0) ? `-${text}` : text;
}

function padExponent(text: string): string {
  return text.replace(/e([-+])(\d)$/, 'e$10$2');
}

/** Seconds, with exactly three decimals where they are not whole. */
export function timestampText(timestampMs: number): string {
  const rounded = Math.trunc(timestampMs);
  const absolute = Math.abs(rounded);
  const fraction = absolute % 1000;
  const seconds = (absolute - fraction) / 1000;
  const sign = rounded < 0 ? '-' : '';
  return fraction === 0 ? `${sign}${seconds}` : `${sign}${seconds}.${String(fraction).padStart(3, '0')}`;
}

/** RFC 3339 as Go writes a `time.Time`; 0 (never) is Go's zero time. */
export function timeText(timestampMs: number): string {
  if (timestampMs === 0 || !Number.isFinite(timestampMs)) return '0001-01-01T00:00:00Z';
  return new Date(timestampMs).toISOString().replace(/\.?0*Z$/, 'Z');
}
