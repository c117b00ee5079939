/** Literals: tokens → values. */

import { DurationError, parseDuration } from '../config/duration.ts';
import { parseGoFloat } from '../exposition/float.ts';
import type { NumberLiteral, StringLiteral } from './expression.ts';
import { GoStringError, unquoteGo } from './go-string.ts';
import type { Token } from './token.ts';
import type { TokenReader } from './token-reader.ts';

/** A number token, or a duration token in seconds. */
export function parseNumberToken(reader: TokenReader, token: Token): NumberLiteral {
  const place = { start: token.start, end: token.end };
  if (token.kind === 'number')
    return { kind: 'number', value: parseNumber(reader, token), isDuration: false, ...place };
  try {
    return { kind: 'number', value: parseDuration(token.text) / 1000, isDuration: true, ...place };
  } catch (error) {
    if (!(error instanceof DurationError)) throw error;
    return reader.fail(token, error.message);
  }
}

export function parseStringToken(reader: TokenReader, token: Token): StringLiteral {
  try {
    return { kind: 'string', value: unquoteGo(token.text), start: token.start, end: token.end };
  } catch (error) {
    if (!(error instanceof GoStringError)) throw error;
    return reader.fail(token, error.message);
  }
}

/** As Go reads it: integers may be hexadecimal, or octal by a leading zero, with underscores between digits. */
function parseNumber(reader: TokenReader, token: Token): number {
  const text = token.text;
  if (/^0[0-7_]+$/.test(text)) return Number.parseInt(text.replaceAll('_', ''), 8);
  if (/^(?:0[xX]_?[0-9a-fA-F][0-9a-fA-F_]*|[0-9_]+)$/.test(text)) return Number(text.replaceAll('_', ''));
  const value = parseGoFloat(text.includes('_') ? text.replaceAll('_', '') : text);
  if (value === undefined)
    return reader.fail(token, `error parsing number: strconv.ParseFloat: parsing "${text}": invalid syntax`);
  if (!Number.isFinite(value) && /^[0-9.]/.test(text)) {
    return reader.fail(token, `error parsing number: strconv.ParseFloat: parsing "${text}": value out of range`);
  }
  return value;
}
