/** The notation of series in tests: `name{a="b"} 1 2+1x3 _ stale {{schema:1 sum:3}}x2`. */

import { parseGoFloat } from '../../exposition/float.ts';
import type { CounterResetHint, FloatHistogram, Span } from '../../exposition/histogram.ts';
import { CUSTOM_BUCKETS_SCHEMA } from '../../exposition/histogram.ts';
import { Labels, METRIC_NAME } from '../../labels/labels.ts';
import { combine } from '../histogram/operations.ts';
import { PromqlParseError } from '../parse-error.ts';
import { parseMatchers } from '../selector-parser.ts';
import { TokenReader } from '../token-reader.ts';

/** What is at one position. */
export type SequenceValue =
  | { readonly kind: 'none' }
  | { readonly kind: 'stale' }
  | { readonly kind: 'float'; readonly value: number }
  | { readonly kind: 'histogram'; readonly histogram: FloatHistogram };

export interface SeriesLine {
  readonly labels: Labels;
  readonly values: readonly SequenceValue[];
}

/** A text that is not in this notation. */
export class NotationError extends Error {
  override readonly name = 'NotationError';
}

const NONE: SequenceValue = { kind: 'none' };
const STALE: SequenceValue = { kind: 'stale' };
const DIGITS = '[0-9]+(?:_[0-9]+)*';
const NUMBER = `(?:inf|nan|(?:${DIGITS}\\.?(?:${DIGITS})?|\\.${DIGITS})(?:e[+-]?${DIGITS})?)`;
const FLOATS = new RegExp(`^([+-]?${NUMBER})(?:([+-])(${NUMBER})(?=x))?(?:x([0-9]+))?$`, 'i');
/** More positions than anything could mean. */
const MOST_REPEATS = 10_000_000;

/** Series and values. Throws NotationError. */
export function parseSeriesLine(line: string): SeriesLine {
  const { labels, rest } = parseSeriesName(line);
  return { labels, values: parseSequence(rest) };
}

/** The series at the beginning of a line, and what follows it. Throws NotationError. */
export function parseSeriesName(line: string): { readonly labels: Labels; readonly rest: string } {
  const name = /^[a-zA-Z_:][a-zA-Z0-9_:]*/.exec(line)?.[0] ?? '';
  const braces = /^\s*\{(?!\{)/.exec(line.slice(name.length));
  if (!braces && name === '') throw new NotationError(`a series is expected: ${line}`);
  const end = braces ? closingBrace(line, name.length + braces[0].length) : name.length;
  return { labels: parseLabels(name, line.slice(name.length, end)), rest: line.slice(end) };
}

/** Values only. Throws NotationError. */
export function parseSequence(text: string): SequenceValue[] {
  const values: SequenceValue[] = [];
  for (const item of splitItems(text)) {
    // Too many for arguments of one call.
    for (const value of parseItem(item)) values.push(value);
  }
  return values;
}

/** `{{schema:1 count:3 buckets:[1 2]}}`. Throws NotationError. */
export function parseHistogramNotation(text: string): FloatHistogram {
  const inner = /^\{\{([^{}]*)\}\}$/.exec(text)?.[1];
  if (inner === undefined) throw new NotationError(`a histogram is expected: ${text}`);
  const fields = new Map<string, string>();
  const pattern = /\s*([a-z_]+):(\[[^\]]*\]|[^\s[\]]+)(?=\s|$)/gy;
  let at = 0;
  for (let match = pattern.exec(inner); match; match = pattern.exec(inner)) {
    const [, key, value] = match as unknown as [string, string, string];
    if (fields.has(key)) throw new NotationError(`duplicate key "${key}" in histogram ${text}`);
    fields.set(key, value);
    at = pattern.lastIndex;
  }
  if (inner.slice(at).trim() !== '') throw new NotationError(`cannot read histogram at ${inner.slice(at).trim()}`);
  return buildHistogram(fields, text);
}

/** Items are separated by blanks; those within a histogram do not separate. */
export function splitItems(text: string): string[] {
  return text.match(/(?:\{\{[^{}]*\}\}|\S)+/g) ?? [];
}

function parseItem(item: string): SequenceValue[] {
  const gap = /^_(?:x([0-9]+))?$/.exec(item);
  if (gap) return new Array<SequenceValue>(gap[1] === undefined ? 1 : repeats(gap[1], item)).fill(NONE);
  if (item === 'stale') return [STALE];
  const floats = FLOATS.exec(item);
  if (floats) return floatSequence(floats, item);
  const histograms = /^(\{\{[^{}]*\}\})(?:([+-])(\{\{[^{}]*\}\})(?=x))?(?:x([0-9]+))?$/.exec(item);
  if (!histograms) throw new NotationError(`unexpected value ${item}`);
  return histogramSequence(histograms, item);
}

function floatSequence([, first, sign, step, times]: RegExpExecArray, item: string): SequenceValue[] {
  let value = parseGoFloat(first!)!;
  const delta = step === undefined ? 0 : (sign === '-' ? -1 : 1) * parseGoFloat(step)!;
  const values: SequenceValue[] = [{ kind: 'float', value }];
  for (let i = times === undefined ? 0 : repeats(times, item); i > 0; i--) {
    if (step !== undefined) value += delta;
    values.push({ kind: 'float', value });
  }
  return values;
}

function histogramSequence([, first, sign, step, times]: RegExpExecArray, item: string): SequenceValue[] {
  let histogram = parseHistogramNotation(first!);
  const delta = step === undefined ? undefined : parseHistogramNotation(step);
  const values: SequenceValue[] = [{ kind: 'histogram', histogram }];
  for (let i = times === undefined ? 0 : repeats(times, item); i > 0; i--) {
    if (delta) {
      const next = histogram.schema > delta.schema ? undefined : combine(histogram, delta, sign === '-' ? -1 : 1);
      if (!next) {
        throw new NotationError(
          `error combining histograms: cannot merge from schema ${delta.schema} to ${histogram.schema}`,
        );
      }
      histogram = next.histogram;
    }
    values.push({ kind: 'histogram', histogram });
  }
  return values;
}

function repeats(text: string, item: string): number {
  const times = Number(text);
  if (times > MOST_REPEATS) throw new NotationError(`too many repetitions in ${item}`);
  return times;
}

const HINTS: ReadonlyMap<string, CounterResetHint> = new Map([
  ['unknown', 'unknown'],
  ['reset', 'reset'],
  ['not_reset', 'not-reset'],
  ['gauge', 'gauge'],
]);
const KEYS: ReadonlySet<string> = new Set([
  'schema',
  'count',
  'sum',
  'z_bucket',
  'z_bucket_w',
  'buckets',
  'offset',
  'n_buckets',
  'n_offset',
  'custom_values',
  'counter_reset_hint',
]);

function buildHistogram(fields: ReadonlyMap<string, string>, text: string): FloatHistogram {
  for (const key of fields.keys())
    if (!KEYS.has(key)) throw new NotationError(`unknown key "${key}" in histogram ${text}`);
  const number = (key: string): number => readNumber(fields.get(key) ?? '0', key);
  const list = (key: string): number[] => readList(fields.get(key) ?? '[]', key);
  const schema = number('schema');
  if (schema !== CUSTOM_BUCKETS_SCHEMA && !(Number.isInteger(schema) && schema >= -4 && schema <= 8)) {
    throw new NotationError(`schema ${schema} is none of -53, -4 … 8`);
  }
  const isCustom = schema === CUSTOM_BUCKETS_SCHEMA;
  if (!isCustom && fields.has('custom_values')) throw new NotationError('custom_values needs schema -53');
  const hint = HINTS.get(fields.get('counter_reset_hint') ?? 'unknown');
  if (!hint) throw new NotationError(`unknown counter_reset_hint ${fields.get('counter_reset_hint')}`);
  const positiveBuckets = list('buckets');
  const negativeBuckets = list('n_buckets');
  return {
    schema,
    zeroThreshold: number('z_bucket_w'),
    zeroCount: number('z_bucket'),
    count: number('count'),
    sum: number('sum'),
    positiveSpans: oneSpan(number('offset'), positiveBuckets),
    positiveBuckets,
    negativeSpans: oneSpan(number('n_offset'), negativeBuckets),
    negativeBuckets,
    customValues: isCustom ? list('custom_values') : undefined,
    counterResetHint: hint,
  };
}

function oneSpan(offset: number, buckets: readonly number[]): Span[] {
  return buckets.length === 0 ? [] : [{ offset, length: buckets.length }];
}

function readNumber(text: string, key: string): number {
  const value = parseGoFloat(text) ?? parseGoFloat(text.replace(/^[+-](?=nan$)/i, ''));
  if (value === undefined) throw new NotationError(`${key} is no number: ${text}`);
  return value;
}

function readList(text: string, key: string): number[] {
  if (!text.startsWith('[')) throw new NotationError(`${key} is no list: ${text}`);
  return (text.slice(1, -1).match(/\S+/g) ?? []).map((item) => readNumber(item, key));
}

function closingBrace(line: string, from: number): number {
  const rest = /^(?:[^"'`}]|"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`)*\}/.exec(line.slice(from));
  if (!rest) throw new NotationError(`the braces are not closed: ${line}`);
  return from + rest[0].length;
}

function parseLabels(name: string, braces: string): Labels {
  if (braces === '') return Labels.fromPairs([[METRIC_NAME, name]]);
  try {
    const reader = new TokenReader(braces);
    const { matchers } = parseMatchers(reader);
    if (reader.peek().kind !== 'end') reader.unexpected();
    const pairs: [string, string][] = [];
    for (const matcher of matchers) {
      if (matcher.operator !== '=') throw new NotationError(`only = is allowed in a series: ${braces}`);
      pairs.push([matcher.name, matcher.value]);
    }
    if (name !== '') pairs.push([METRIC_NAME, name]);
    return Labels.fromPairs(pairs);
  } catch (error) {
    if (error instanceof PromqlParseError) throw new NotationError(error.detail);
    throw error;
  }
}
