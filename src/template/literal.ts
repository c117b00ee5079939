/** Go's literals as templates write them: quoted strings, character constants, numbers. */
import { quote } from '../labels/labels.ts';
import { GoStringError, unquoteGo } from '../promql/go-string.ts';

/** The value of `"…"` or `` `…` ``; undefined where Go's `strconv.Unquote` refuses it. */
export function unquote(literal: string): string | undefined {
  try {
    return unquoteGo(literal);
  } catch (error) {
    if (error instanceof GoStringError) return undefined;
    throw error;
  }
}

/** What a number can be: a float, and an int or an unsigned int where it has an integral value in range. */
export interface NumberLiteral {
  readonly int: bigint | undefined;
  readonly uint: bigint | undefined;
  readonly float: number | undefined;
}

/** The code point of `'x'`; a string says what is wrong. */
export function characterConstant(literal: string): bigint | string {
  const value = unquote(literal);
  if (value === undefined || value === '') return 'invalid syntax';
  const code = value.codePointAt(0)!;
  return String.fromCodePoint(code) === value ? BigInt(code) : `malformed character constant: ${literal}`;
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
