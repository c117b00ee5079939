/** Floats in Go's written forms (`strconv.FormatFloat`), exact and with ties rounded to even. */

export type FloatVerb = 'e' | 'E' | 'f' | 'g' | 'G' | 'b' | 'x' | 'X';

/** `precision` −1 is the shortest form that reads back as the same float. */
export function formatFloat(value: number, verb: FloatVerb, precision: number): string {
  if (Number.isNaN(value)) return 'NaN';
  const negative = value < 0 || Object.is(value, -0);
  if (!Number.isFinite(value)) return negative ? '-Inf' : '+Inf';
  const sign = negative ? '-' : '';
  const magnitude = Math.abs(value);
  if (verb === 'b') return sign + binaryExponent(magnitude);
  if (verb === 'x' || verb === 'X') {
    const hex = hexadecimal(magnitude, precision);
    return sign + (verb === 'X' ? hex.toUpperCase() : hex);
  }
  const lower = verb.toLowerCase();
  const text = lower === 'f' ? fixed(magnitude, precision) : scientific(magnitude, lower, precision);
  return sign + (verb === 'E' || verb === 'G' ? text.toUpperCase() : text);
}

/** Decimal digits d₁d₂… of the value 0.d₁d₂… × 10^point. */
interface Decimal {
  readonly digits: string;
  readonly point: number;
}

function fixed(value: number, precision: number): string {
  const decimal = precision < 0 ? shortest(value) : significant(value, (decimal) => decimal.point + precision);
  const places = precision < 0 ? Math.max(decimal.digits.length - decimal.point, 0) : precision;
  const whole = decimal.point > 0 ? decimal.digits.slice(0, decimal.point).padEnd(decimal.point, '0') : '0';
  if (places === 0) return whole;
  const fraction = '0'.repeat(Math.max(-decimal.point, 0)) + decimal.digits.slice(Math.max(decimal.point, 0));
  return `${whole}.${fraction.slice(0, places).padEnd(places, '0')}`;
}

function scientific(value: number, verb: string, precision: number): string {
  const isShortest = precision < 0;
  const wanted = verb === 'e' ? precision + 1 : Math.max(precision, 1);
  const { digits, point } = isShortest ? shortest(value) : significant(value, () => wanted);
  const exponent = value === 0 ? 0 : point - 1;
  if (verb === 'e') return exponential(isShortest ? digits : digits.padEnd(wanted, '0'), exponent);
  const threshold = isShortest ? 6 : wanted > digits.length && digits.length >= point ? digits.length : wanted;
  if (exponent < -4 || exponent >= threshold) return exponential(digits, exponent);
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return fraction === '' ? whole : `${whole}.${fraction}`;
}

function exponential(digits: string, exponent: number): string {
  const fraction = digits.slice(1);
  const mantissa = (digits[0] ?? '0') + (fraction === '' ? '' : `.${fraction}`);
  return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}

/** The first digits of the exact value, rounded half to even; how many may depend on where the point is. */
function significant(value: number, countOf: (decimal: Decimal) => number): Decimal {
  const short = shortest(value);
  const count = countOf(short);
  // JavaScript rounds the exact value too, but halves up; a half shows in the shortest form, unless that is too long to be exact.
  const mayBeHalf = short.digits.length === count + 1 && short.digits.endsWith('5');
  if (value === 0 || count < 1 || count > 15 || mayBeHalf) {
    const decimal = exact(value);
    return rounded(decimal, countOf(decimal));
  }
  const [mantissa, exponent] = value.toExponential(count - 1).split('e') as [string, string];
  return { digits: mantissa.replace('.', '').replace(/0+$/, ''), point: Number(exponent) + 1 };
}

function shortest(value: number): Decimal {
  if (value === 0) return { digits: '0', point: 1 };
  const [mantissa, exponent] = value.toExponential().split('e') as [string, string];
  return { digits: mantissa.replace('.', ''), point: Number(exponent) + 1 };
}

/** All decimal digits of the float. */
function exact(value: number): Decimal {
  if (value === 0) return { digits: '0', point: 1 };
  const { mantissa, exponent } = split(value);
  // A negative power of two is 5^n / 10^n.
  const scaled = exponent >= 0 ? mantissa << BigInt(exponent) : mantissa * 5n ** BigInt(-exponent);
  const digits = scaled.toString();
  return { digits: digits.replace(/0+$/, ''), point: digits.length - Math.max(-exponent, 0) };
}

/** The first `count` digits, rounded half to even; none where count < 0. */
function rounded(decimal: Decimal, count: number): Decimal {
  const { digits, point } = decimal;
  if (count >= digits.length) return decimal;
  if (count < 0) return { digits: '', point };
  const next = digits.charCodeAt(count) - 48;
  const isTie = next === 5 && digits.length === count + 1;
  const odd = count > 0 && (digits.charCodeAt(count - 1) - 48) % 2 === 1;
  const up = isTie ? odd : next >= 5;
  const head = digits.slice(0, count);
  if (!up) return { digits: head.replace(/0+$/, ''), point };
  const raised = (BigInt(head === '' ? '0' : head) + 1n).toString().padStart(head.length, '0');
  return { digits: raised.replace(/0+$/, ''), point: point + (raised.length > head.length ? 1 : 0) };
}

/** value = mantissa × 2^exponent. */
function split(value: number): { readonly mantissa: bigint; readonly exponent: number } {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  const biased = Number((bits >> 52n) & 0x7ffn);
  const fraction = bits & 0xfffffffffffffn;
  return biased === 0
    ? { mantissa: fraction, exponent: -1074 }
    : { mantissa: fraction | 0x10000000000000n, exponent: biased - 1075 };
}

function binaryExponent(value: number): string {
  const { mantissa, exponent } = split(value);
  return `${mantissa}p${exponent < 0 ? '' : '+'}${exponent}`;
}

/** `0x1.8p+01`. */
function hexadecimal(value: number, precision: number): string {
  if (value === 0) return `0x0${precision > 0 ? `.${'0'.repeat(precision)}` : ''}p+00`;
  let { mantissa, exponent } = split(value);
  while (mantissa < 0x10000000000000n) {
    mantissa <<= 1n;
    exponent--;
  }
  exponent += 52;
  if (precision >= 0 && precision < 13) {
    const drop = BigInt(52 - 4 * precision);
    const rest = mantissa & ((1n << drop) - 1n);
    const half = 1n << (drop - 1n);
    mantissa >>= drop;
    if (rest > half || (rest === half && mantissa % 2n === 1n)) mantissa++;
    mantissa <<= drop;
    if (mantissa >> 53n !== 0n) {
      mantissa >>= 1n;
      exponent++;
    }
  }
  const fraction = (mantissa & 0xfffffffffffffn).toString(16).padStart(13, '0');
  const shown = precision < 0 ? fraction.replace(/0+$/, '') : fraction.padEnd(precision, '0').slice(0, precision);
  const power = `p${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  return `0x1${shown === '' ? '' : `.${shown}`}${power}`;
}
