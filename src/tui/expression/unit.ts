/** The unit of what an expression gives, guessed from the names that Prometheus' conventions prescribe. */
import type { Unit } from '../frame/format.ts';

export function unitOfExpression(expression: string): Unit {
  const text = expression.replace(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'/g, '""').replace(/\{[^}]*\}|\[[^\]]*\]/g, '');
  if (/^\s*count\b/.test(text)) return 'count';
  const names = text.match(/[a-zA-Z_:][a-zA-Z0-9_:]*/g) ?? [];
  const has = (pattern: RegExp): boolean => names.some((name) => pattern.test(name));
  const rated = has(/^(rate|irate)$/);
  const divided = /\)\s*\/\s*(?!\d)|[a-z_]\s+\/\s+(?!\d)/i.test(text);
  if (!rated && !divided && has(/_bytes(_total)?$/)) {
    const binary = binaryUnit(text);
    if (binary !== undefined) return binary;
  }
  // Divided by a number, the convention of the name holds no longer.
  if (/[/*]\s*\d/.test(text)) return 'none';
  if (has(/^histogram_quantile$/))
    return has(/_seconds(_bucket)?$/) ? 'seconds' : has(/_bytes(_bucket)?$/) ? 'bytes' : 'none';
  if (divided) return has(/_seconds_sum$/) ? 'seconds' : has(/_bytes_sum$/) ? 'bytes' : 'ratio';
  if (has(/_ratio$/)) return 'ratio';
  if (has(/_timestamp_seconds$|_time_seconds$/) && !rated && !/-/.test(text)) return 'timestamp';
  if (has(/_bytes(_total)?$/)) return rated ? 'bytes/s' : 'bytes';
  if (rated) return has(/_seconds_total$/) ? 'none' : 'per-second';
  if (has(/_seconds(_sum|_total)?$/)) return 'seconds';
  return 'none';
}

const DIVISORS: Readonly<Record<string, number>> = {
  '1024': 1,
  '1024^2': 2,
  '1048576': 2,
  '1024^3': 3,
  '1073741824': 3,
};
const BINARY: readonly (Unit | undefined)[] = [undefined, 'KiB', 'MiB', 'GiB'];

/** The unit of bytes that are divided by powers of 1024 and by nothing else. */
function binaryUnit(text: string): Unit | undefined {
  const factors = [...text.matchAll(/([/*])\s*(\d[\d.e]*(?:\s*\^\s*\d+)?)/gi)];
  let power = 0;
  for (const [, operator, number] of factors) {
    const exponent = DIVISORS[number!.replaceAll(' ', '')];
    if (operator !== '/' || exponent === undefined) return undefined;
    power += exponent;
  }
  return BINARY[power];
}
