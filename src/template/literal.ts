/** Go's literals as templates write them: quoted strings, character constants, numbers. */
import { quote } from '../labels/labels.ts';

/** The value of `"…"` or `` `…` ``; undefined where Go's `strconv.Unquote` refuses it. */
export function unquote(literal: string): string | undefined {
  const mark = literal[0];
  const inner = literal.slice(1, -1);
  if (mark === '`') return inner.replaceAll('\r', '');
  const bytes: number[] = [];
  let at = 0;
  while (at < inner.length) {
    const next = unquoteCharacter(inner, at, '"');
    if (next === undefined) return undefined;
    if (next.isByte) bytes.push(next.code);
    else bytes.push(...Buffer.from(String.fromCodePoint(next.code)));
    at = next.end;
  }
  return Buffer.from(bytes).toString('utf8');
}

/** What a number can be: a float, and an int or an unsigned int where it has an integral value in range. */
export interface NumberLiteral {
  readonly int: bigint | undefined;
  readonly uint: bigint | undefined;
  readonly float: number | undefined;
}

/** The code point of `'x'`; a string says what is wrong. */
export function characterConstant(literal: string): bigint | string {
  const next = unquoteCharacter(literal, 1, "'");
  if (next === undefined) return 'invalid syntax';
  if (literal.slice(next.end) !== "'") return `malformed character constant: ${literal}`;
  return BigInt(next.code);
}

/** Reads a number as Go's template parser does; a string says what is wrong. */
export function parseNumber(text: string): NumberLiteral | string {
  const integer = parseInteger(text);
  if (integer !== undefined && integer >= MIN_INT && integer <= MAX_UINT) {
    return {
      int: integer <= MAX_INT ? integer : undefined,
      uint: integer > MAX_INT ? integer : undefined,
      float: Number(integer),
    };
  }
  const float = parseFloat64(text);
  if (float === undefined) return `illegal number syntax: ${quote(text)}`;
  if (!/[.eEpP]/.test(text)) return `integer overflow: ${quote(text)}`;
  const integral = Number.isInteger(float) && Math.abs(float) < 2 ** 63;
  return { int: integral ? BigInt(float) : undefined, uint: undefined, float };
}

/** Go's `strconv.ParseFloat`; undefined for what it refuses as a matter of syntax or range. */
export function parseFloat64(text: string): number | undefined {
  if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : undefined;
  }
  const special = /^([+-]?)(inf|infinity|nan)$/i.exec(text);
  if (special) {
    if (special[2]!.toLowerCase() === 'nan') return special[1] === '' ? Number.NaN : undefined;
    return special[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  }
  const hex = /^([+-]?)0[xX]_?([0-9a-fA-F_]*)\.?([0-9a-fA-F_]*)[pP]([+-]?\d+)$/.exec(text);
  if (!hex || hex[2] + hex[3]! === '') return undefined;
  const digits = (hex[2]! + hex[3]!).replaceAll('_', '');
  const fraction = hex[3]!.replaceAll('_', '').length;
  const value = Number(BigInt(`0x${digits}`)) * 2 ** (Number(hex[4]) - 4 * fraction);
  return hex[1] === '-' ? -value : value;
}

const MIN_INT = -(2n ** 63n);
const MAX_INT = 2n ** 63n - 1n;
const MAX_UINT = 2n ** 64n - 1n;

const ESCAPES: Readonly<Record<string, number>> = { a: 7, b: 8, f: 12, n: 10, r: 13, t: 9, v: 11, '\\': 92 };

interface UnquotedCharacter {
  readonly code: number;
  /** Came from `\x` or an octal escape: one byte, not a code point. */
  readonly isByte: boolean;
  readonly end: number;
}

function unquoteCharacter(text: string, at: number, mark: string): UnquotedCharacter | undefined {
  const code = text.codePointAt(at);
  if (code === undefined || String.fromCodePoint(code) === mark) return undefined;
  if (code !== 0x5c) return { code, isByte: false, end: at + (code > 0xffff ? 2 : 1) };
  const letter = text[at + 1];
  if (letter === undefined) return undefined;
  if (letter === mark) return { code: letter.charCodeAt(0), isByte: false, end: at + 2 };
  if (ESCAPES[letter] !== undefined) return { code: ESCAPES[letter], isByte: false, end: at + 2 };
  const width = { x: 2, u: 4, U: 8 }[letter];
  if (width !== undefined) {
    const digits = text.slice(at + 2, at + 2 + width);
    if (!new RegExp(`^[0-9a-fA-F]{${width}}$`).test(digits)) return undefined;
    const value = Number.parseInt(digits, 16);
    if (letter !== 'x' && (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))) return undefined;
    return { code: value, isByte: letter === 'x', end: at + 2 + width };
  }
  const octal = /^[0-7]{3}/.exec(text.slice(at + 1))?.[0];
  if (octal === undefined || Number.parseInt(octal, 8) > 255) return undefined;
  return { code: Number.parseInt(octal, 8), isByte: true, end: at + 4 };
}

/** Go's integer syntax with base prefixes and underscores between digits. */
function parseInteger(text: string): bigint | undefined {
  const match =
    /^([+-]?)(0[xX]_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*|0[bB]_?[01]+(?:_[01]+)*|0[oO]?_?[0-7]+(?:_[0-7]+)*|0|[1-9]\d*(?:_\d+)*)$/.exec(
      text,
    );
  if (!match) return undefined;
  const digits = match[2]!.replaceAll('_', '').replace(/^0(?=[0-7])/, '0o');
  const value = BigInt(digits);
  return match[1] === '-' ? -value : value;
}
