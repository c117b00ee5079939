/** Floats as Go's `strconv` reads and writes them. */

const POWERS = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);
const DECIMAL = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const INFINITY = /^[+-]?inf(?:inity)?$/i;
const HEXADECIMAL = /^([+-]?)0x([0-9a-f]*)\.?([0-9a-f]*)p([+-]?[0-9]+)$/i;

/** What a float token was: its value, or why it is none. */
export class FloatToken {
  value = 0;
  problem: 'invalid syntax' | 'value out of range' | 'unsupported character in float' | undefined;
  text = '';

  /** Reads bytes[from…to) as the exposition formats do: Go's floats but without hexadecimal ones and underscores. */
  read(bytes: Uint8Array, from: number, to: number): boolean {
    let at = from;
    const negative = bytes[at] === 0x2d;
    if (negative) at++;
    let mantissa = 0;
    let digits = 0;
    let fraction = 0;
    let byte = at < to ? bytes[at]! - 48 : 99;
    while (byte >= 0 && byte <= 9) {
      mantissa = mantissa * 10 + byte;
      digits++;
      byte = ++at < to ? bytes[at]! - 48 : 99;
    }
    if (byte === -2) {
      byte = ++at < to ? bytes[at]! - 48 : 99;
      while (byte >= 0 && byte <= 9) {
        mantissa = mantissa * 10 + byte;
        fraction++;
        byte = ++at < to ? bytes[at]! - 48 : 99;
      }
    }
    // Up to 15 digits and powers up to 10^22 are exact, so the quotient is the nearest double.
    if (at === to && digits + fraction > 0 && digits + fraction <= 15) {
      const value = fraction === 0 ? mantissa : mantissa / POWERS[fraction]!;
      this.value = negative ? -value : value;
      return true;
    }
    return this.#readText(Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1'));
  }

  /** The message of Prometheus' parser for the token that was refused. */
  get message(): string {
    if (this.problem === 'unsupported character in float') return this.problem;
    return `strconv.ParseFloat: parsing ${JSON.stringify(this.text)}: ${this.problem}`;
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
  if (/^[+-]?(?:[0-9]_?)*[0-9][0-9_.eE+-]*$/.test(text) && text.includes('_') && !/__|_[.eE]|[.eE+-]_|_$/.test(text)) {
    return parseGoFloat(text.replaceAll('_', ''));
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
