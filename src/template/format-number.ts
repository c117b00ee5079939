/** Numbers under the verbs of Go's `fmt`. */
import { quote } from '../labels/labels.ts';
import { type Directive, pad } from './directive.ts';
import { type FloatVerb, formatFloat } from './float.ts';

/** Undefined where the verb is none for an int. */
export function formatInt(value: bigint, verb: string, directive: Directive): string | undefined {
  const bases: Readonly<Record<string, number>> = { v: 10, d: 10, b: 2, o: 8, O: 8, x: 16, X: 16 };
  const base = bases[verb];
  if (base === undefined) return formatCharacter(value, verb, directive);
  const magnitude = value < 0n ? -value : value;
  let digits = magnitude.toString(base);
  if (verb === 'X') digits = digits.toUpperCase();
  if (directive.precision !== undefined) {
    digits = directive.precision === 0 && value === 0n ? '' : digits.padStart(directive.precision, '0');
  }
  let prefix = '';
  if (verb === 'O') prefix = '0o';
  else if (directive.sharp) prefix = { b: '0b', o: '0', x: '0x', X: '0X' }[verb] ?? '';
  return padNumber(signOf(value < 0n, directive) + prefix, digits, directive, directive.precision === undefined);
}

const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

/** `%c`, `%q`, `%U` of an int. */
function formatCharacter(value: bigint, verb: string, directive: Directive): string | undefined {
  if (!'cqU'.includes(verb)) return undefined;
  const isCharacter = value >= 0n && value <= 0x10ffffn && !(value >= 0xd800n && value <= 0xdfffn);
  const character = String.fromCodePoint(isCharacter ? Number(value) : 0xfffd);
  if (verb === 'c') return pad(character, directive);
  if (verb === 'q') {
    const quoted = character === '"' ? '"' : character === "'" ? "\\'" : quote(character).slice(1, -1);
    return pad(`'${quoted}'`, directive);
  }
  const hex = BigInt.asUintN(64, value).toString(16).toUpperCase().padStart(4, '0');
  const shown = directive.sharp && isCharacter && PRINTABLE.test(character) ? ` '${character}'` : '';
  return pad(`U+${hex}${shown}`, directive);
}

/** Undefined where the verb is none for a float. */
export function formatFloatValue(value: number, verb: string, directive: Directive): string | undefined {
  const verbs: Readonly<Record<string, FloatVerb>> = {
    v: 'g',
    g: 'g',
    G: 'G',
    e: 'e',
    E: 'E',
    f: 'f',
    F: 'f',
    b: 'b',
    x: 'x',
    X: 'X',
  };
  const float = verbs[verb];
  if (float === undefined) return undefined;
  const byDefault = 'eEfF'.includes(verb) ? 6 : -1;
  const text = formatFloat(value, float, directive.precision ?? byDefault);
  const negative = text.startsWith('-');
  let digits = negative || text.startsWith('+') ? text.slice(1) : text;
  if (!Number.isFinite(value)) {
    // Infinity always has a sign, NaN where one is asked for.
    const sign = Number.isNaN(value) ? signOf(false, directive) : signOf(negative, directive) || '+';
    return pad(sign + digits, { ...directive, zero: false });
  }
  if (directive.sharp && verb !== 'b' && verb !== 'v') digits = withTrailingZeros(digits, verb, directive.precision);
  return padNumber(signOf(negative, directive), digits, directive, true);
}

/** `%#g` keeps the point and the zeros of the wanted precision (6 by default). */
function withTrailingZeros(text: string, verb: string, precision: number | undefined): string {
  const [mantissa, tail] = /^([^eEpP]*)(.*)$/.exec(text)!.slice(1) as [string, string];
  const wanted = 'gG'.includes(verb) ? (precision ?? 6) : 0;
  const digits = mantissa.replace('.', '');
  const significant = digits.replace(/^0+(?=.)/, '').length;
  const pointed = mantissa.includes('.') ? mantissa : `${mantissa}.`;
  return pointed + '0'.repeat(Math.max(wanted - significant, 0)) + tail;
}

function signOf(negative: boolean, directive: Directive): string {
  if (negative) return '-';
  return directive.plus ? '+' : directive.space ? ' ' : '';
}

function padNumber(sign: string, digits: string, directive: Directive, zeros: boolean): string {
  if (!directive.zero || !zeros || directive.width === undefined)
    return pad(sign + digits, { ...directive, zero: false });
  return sign + digits.padStart(directive.width - sign.length, '0');
}
