/** Durations as Prometheus' files write them (`1h30m`, `250ms`, `0`): prometheus/common `model.Duration`. */

/** A text that is no duration; the message is Prometheus' own. */
export class DurationError extends Error {
  override readonly name = 'DurationError';
}

interface Unit {
  /** Units come from the biggest to the smallest, each once. */
  readonly rank: number;
  readonly ms: number;
}

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const WEEK = 7 * DAY;
const YEAR = 365 * DAY;

const UNITS = new Map<string, Unit>([
  ['y', { rank: 1, ms: YEAR }],
  ['w', { rank: 2, ms: WEEK }],
  ['d', { rank: 3, ms: DAY }],
  ['h', { rank: 4, ms: HOUR }],
  ['m', { rank: 5, ms: MINUTE }],
  ['s', { rank: 6, ms: SECOND }],
  ['ms', { rank: 7, ms: 1 }],
]);

/** What fits into Go's signed 64 bits of nanoseconds (about 292 years). */
const LONGEST_MS = 9_223_372_036_854;

/** As `parseDuration`; `otherwise` for a text that is no duration. */
export function durationOr(text: string, otherwise: number): number {
  try {
    return parseDuration(text);
  } catch {
    return otherwise;
  }
}

/** Milliseconds, never negative. Throws DurationError. */
export function parseDuration(text: string): number {
  if (text === '0') return 0;
  if (text === '') throw new DurationError('empty duration string');
  let total = 0;
  let lastRank = 0;
  let rest = text;
  while (rest !== '') {
    const [, digits, unitName] = /^([0-9]*)([^0-9]*)/.exec(rest)!;
    if (!digits || !unitName || exceedsUint64(digits)) throw notValid(text);
    rest = rest.slice(digits.length + unitName.length);
    const unit = UNITS.get(unitName);
    if (!unit) throw new DurationError(`unknown unit ${JSON.stringify(unitName)} in duration ${JSON.stringify(text)}`);
    if (unit.rank <= lastRank) throw notValid(text);
    lastRank = unit.rank;
    total += Number(digits) * unit.ms;
    if (total > LONGEST_MS) throw new DurationError('duration out of range');
  }
  return total;
}

/** As `parseDuration`, a leading minus sign allowed. */
export function parseSignedDuration(text: string): number {
  return text.startsWith('-') ? -parseDuration(text.slice(1)) : parseDuration(text);
}

/** As Go's `model.Duration` prints: years and weeks only where nothing is left over (`90d`, not `12w6d`), `0s` for nothing. */
export function formatDuration(durationMs: number): string {
  let left = Math.trunc(Math.abs(durationMs));
  if (left === 0) return '0s';
  let out = durationMs < 0 ? '-' : '';
  for (const [name, unit] of UNITS) {
    if (unit.ms >= WEEK && left % unit.ms !== 0) continue;
    const count = Math.floor(left / unit.ms);
    if (count === 0) continue;
    out += `${count}${name}`;
    left -= count * unit.ms;
  }
  return out;
}

function notValid(text: string): DurationError {
  return new DurationError(`not a valid duration string: ${JSON.stringify(text)}`);
}

function exceedsUint64(digits: string): boolean {
  return digits.length > 19 && BigInt(digits) > 0xffff_ffff_ffff_ffffn;
}
