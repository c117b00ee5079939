/** Floats as Go's `strconv` reads and writes them. */
import { nearestDouble } from './decimal.ts';
import { quoteBytes } from './exposition-error.ts';

const DECIMAL = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const INFINITY = /^[+-]?inf(?:inity)?$/i;
/** Underscores that are not between two digits; the prefix counts as one. */
const MISPLACED = /(?<![0-9])_|_(?![0-9])/;
const MISPLACED_IN_HEXADECIMAL = /(?<![0-9a-fx])_|_(?![0-9a-f])/i;
const HEXADECIMAL = /^([+-]?)0x([0-9a-f]*)\.?([0-9a-f]*)p([+-]?[0-9]+)$/i;

const MINUS = 0x2d;
const PLUS = 0x2b;
const ZERO = 0x30;
/** Less zero. */
const POINT = 0x2e - ZERO;
const EXPONENT = 0x65;
const LOWER_CASE = 0x20;
const HEAD_DIGITS = 15;
const TAIL_DIGITS = 4;

/** What a float token was: its value, or why it is none. */
export class FloatToken {
  value = 0;
  problem: 'invalid syntax' | 'value out of range' | 'unsupported character in float' | undefined;
  text = '';

  /** Reads bytes[from…to) as the exposition formats do: Go's floats but without hexadecimal ones and underscores. */
  read(bytes: Uint8Array, from: number, to: number): boolean {
    let at = from;
    const negative = bytes[at] === MINUS;
    if (negative) at++;
    // Up to 15 digits are exact in `head`; `tail` takes those that follow.
    let head = 0;
    let tail = 0;
    let tailDigits = 0;
    let significant = 0;
    let digits = 0;
    let exponent = 0;
    let pointAt = -1;
    for (; at < to; at++) {
      const digit = bytes[at]! - ZERO;
      if (digit < 0 || digit > 9) {
        if (digit !== POINT || pointAt >= 0) break;
        pointAt = digits;
        continue;
      }
      digits++;
      if (significant < HEAD_DIGITS) {
        head = head * 10 + digit;
        if (head > 0) significant++;
      } else {
        if (significant < HEAD_DIGITS + TAIL_DIGITS) tail = tail * 10 + digit;
        tailDigits++;
        significant++;
      }
    }
    if (pointAt >= 0) exponent = pointAt - digits;
    if (digits > 0 && at < to && (bytes[at]! | LOWER_CASE) === EXPONENT) {
      const sign = bytes[at + 1];
      at += sign === MINUS || sign === PLUS ? 2 : 1;
      let power = 0;
      const powerFrom = at;
      for (; at < to && bytes[at]! >= ZERO && bytes[at]! <= ZERO + 9; at++) power = power * 10 + bytes[at]! - ZERO;
      if (at === powerFrom) at = -1;
      exponent += sign === MINUS ? -power : power;
    }
    if (at === to && digits > 0 && tailDigits <= TAIL_DIGITS) {
      const value = nearestDouble(head, tail, tailDigits, exponent);
      if (value !== undefined) {
        this.value = negative ? -value : value;
        return true;
      }
    }
    return this.#readText(Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1'));
  }

  /** The message of Prometheus' parser for the token that was refused. */
  get message(): string {
    if (this.problem === 'unsupported character in float') return this.problem;
    return `strconv.ParseFloat: parsing ${quoteBytes(Buffer.from(this.text, 'latin1'))}: ${this.problem}`;
  }

  #readText(text: string): boolean {
    this.text = text;
    this.problem = 'invalid syntax';
    if (/[pP_]/.test(text)) {
      this.problem = 'unsupported character in float';
      return false;
    }
    const value = parseGoFloat(text);
    if (value === undefined) return false;
    if (!Number.isFinite(value) && DECIMAL.test(text)) {
      this.problem = 'value out of range';
      return false;
    }
    this.value = value;
    return true;
  }
}

/** Go's `strconv.ParseFloat(text, 64)`; undefined where that says invalid syntax. What is out of range gives an infinity. */
export function parseGoFloat(text: string): number | undefined {
  if (DECIMAL.test(text)) return Number(text);
  if (INFINITY.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  if (/^nan$/i.test(text)) return Number.NaN;
  if (text.includes('_')) {
    const misplaced = /^[+-]?0x/i.test(text) ? MISPLACED_IN_HEXADECIMAL : MISPLACED;
    return misplaced.test(text) ? undefined : parseGoFloat(text.replaceAll('_', ''));
  }
  const hexadecimal = HEXADECIMAL.exec(text);
  if (hexadecimal === null || hexadecimal[2]! + hexadecimal[3]! === '') return undefined;
  const mantissa = Number.parseInt(`0${hexadecimal[2]}${hexadecimal[3]}`, 16);
  const value = mantissa * 2 ** (Number(hexadecimal[4]) - 4 * hexadecimal[3]!.length);
  return hexadecimal[1] === '-' ? -value : value;
}

/** Go's `strconv.FormatFloat(value, 'g', -1, 64)`. */
export function formatGoFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf';
  if (Object.is(value, -0)) return '-0';
  const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
  const power = Number(exponent);
  if (value !== 0 && (power < -4 || power >= 6)) {
    return `${mantissa}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`;
  }
  return String(value);
}

/** As OpenMetrics writes `le` and `quantile`: with `.0` where neither a point nor an exponent is. */
export function formatOpenMetricsFloat(value: number): string {
  if (value === 0) return '0.0';
  if (!Number.isFinite(value)) return formatGoFloat(value);
  const text = formatGoFloat(value);
  return /[e.]/.test(text) ? text : `${text}.0`;
}
