/** Parameters of `/api/v1` requests: times, durations, limits, selectors, in Prometheus' forms and with its messages. */
import { parseDuration } from '../config/duration.ts';
import { parseGoFloat } from '../exposition/float.ts';
import { isLegacyLabelName } from '../labels/labels.ts';
import { parseSelector } from '../promql/parse.ts';
import { QueryError } from '../promql/result.ts';
import { strictDateMs } from './calendar.ts';
import { ParameterError } from './v1-answer.ts';

const MIN_TIME = '-292273086-05-16T16:47:06Z';
const MAX_TIME = '292277025-08-18T07:12:54.999999999Z';
const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:[.,]\d+)?(?:Z|[+-]\d{2}:\d{2})$/;

/** Unix milliseconds of Unix seconds or RFC 3339. */
export function timeOf(query: URLSearchParams, name: string): number {
  const text = query.get(name) ?? '';
  const timeMs = parseTime(text);
  if (timeMs === undefined) throw new ParameterError(name, `cannot parse ${JSON.stringify(text)} to a valid timestamp`);
  return timeMs;
}

/** Undefined where the parameter is missing or empty. */
export function optionalTimeOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? '';
  if (text === '' || text === MIN_TIME || text === MAX_TIME) return undefined;
  const timeMs = parseTime(text);
  if (timeMs !== undefined) return timeMs;
  const message = `cannot parse ${JSON.stringify(text)} to a valid timestamp`;
  throw new ParameterError(name, `invalid time value for '${name}': ${message}`);
}

function parseTime(text: string): number | undefined {
  const seconds = text === '' ? undefined : parseGoFloat(text);
  if (seconds !== undefined) return Number.isFinite(seconds) ? Math.round(seconds * 1000) : undefined;
  if (!RFC3339.test(text)) return undefined;
  const timeMs = strictDateMs(text.replace(/[.,](\d{3})\d+/, '.$1').replace(',', '.'));
  return Number.isNaN(timeMs) ? undefined : timeMs;
}

/** What Prometheus makes of NaN: the least number of nanoseconds. */
const LEAST_DURATION_MS = -(2 ** 63) / 1e6;

/** Milliseconds of seconds or of a duration such as `5m`. */
export function durationOf(text: string): number {
  const seconds = text === '' ? undefined : parseGoFloat(text);
  if (seconds !== undefined) {
    if (Number.isNaN(seconds)) return LEAST_DURATION_MS;
    if (Math.abs(seconds) > 9_223_372_036.854) {
      throw new Error(`cannot parse ${JSON.stringify(text)} to a valid duration. It overflows int64`);
    }
    return seconds * 1000;
  }
  try {
    return parseDuration(text);
  } catch {
    throw new Error(`cannot parse ${JSON.stringify(text)} to a valid duration`);
  }
}

/** Undefined where the parameter is missing or empty. */
export function optionalDurationOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  try {
    return durationOf(text);
  } catch (error) {
    throw new ParameterError(name, (error as Error).message);
  }
}

/** 0: no limit. */
export function limitOf(query: URLSearchParams): number {
  const text = query.get('limit') ?? '';
  if (text === '') return 0;
  if (!/^[-+]?\d+$/.test(text)) {
    throw new ParameterError('limit', `strconv.Atoi: parsing ${JSON.stringify(text)}: invalid syntax`);
  }
  if (!isInt64(text)) {
    throw new ParameterError('limit', `strconv.Atoi: parsing ${JSON.stringify(text)}: value out of range`);
  }
  if (Number(text) < 0) throw new ParameterError('limit', 'limit must be non-negative');
  return Number(text);
}

/** An integer that has no name in its message; undefined where missing. */
export function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name) ?? '';
  if (text === '') return undefined;
  if (!/^[-+]?\d+$/.test(text) || !isInt64(text)) throw new QueryError('bad_data', `${name} must be a number`);
  return Number(text);
}

function isInt64(digits: string): boolean {
  const value = BigInt(digits.replace('+', ''));
  return BigInt.asIntN(64, value) === value;
}

/** Each must parse, and must not match everything. */
export function selectorsOf(query: URLSearchParams): readonly string[] {
  const selectors = query.getAll('match[]');
  for (const selector of selectors) {
    const matchers = parseSelector(selector);
    if (matchers.every((matcher) => matcher.matches(''))) {
      throw new QueryError('bad_data', 'match[] must contain at least one non-empty matcher');
    }
  }
  return selectors;
}

/** A label name in a path: `U__` begins a name whose odd characters are written as `_HEX_`. */
export function labelNameOf(written: string): string {
  if (!written.startsWith('U__')) return written;
  const name = written.slice(3);
  if (!isLegacyLabelName(`_${name}`)) return written;
  let out = '';
  for (let i = 0; i < name.length; i++) {
    if (name[i] !== '_') {
      out += name[i];
      continue;
    }
    if (name[i + 1] === '_') {
      out += '_';
      i++;
      continue;
    }
    const escaped = /^_([0-9a-fA-F]{1,6})_/.exec(name.slice(i));
    const code = escaped ? Number.parseInt(escaped[1]!, 16) : -1;
    if (!escaped || code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return written;
    out += String.fromCodePoint(code);
    i += escaped[0].length - 1;
  }
  return out;
}

export const TRUNCATED = 'results truncated due to limit';

/** The first `limit` elements, and whether any were left out. */
export function truncated<T>(
  list: readonly T[],
  limit: number,
): { readonly kept: readonly T[]; readonly warnings: readonly string[] } {
  if (limit === 0 || list.length <= limit) return { kept: list, warnings: [] };
  return { kept: list.slice(0, limit), warnings: [TRUNCATED] };
}
