/** Numbers as Go writes them: `%g`, `strconv.FormatFloat(x, 'f', -1, 64)`. */

/** Go's `%g` (and `%v`): with an exponent below 1e-4 and from 1e6 on, or from `precision` digits where that is given. */
export function formatG(value: number, precision?: number): string {
  const special = formatSpecial(value);
  if (special !== undefined) return special;
  const { sign, digits, exponent } = decimal(precision === undefined ? value : rounded(value, precision));
  return exponent < -4 || exponent >= (precision ?? 6)
    ? sign + scientific(digits, exponent)
    : sign + positional(digits, exponent);
}

/** To so many digits, what lies exactly between two to the even one: `toPrecision` takes the greater. */
function rounded(value: number, precision: number): number {
  const exact = value
    .toPrecision(60)
    .replace(/e.*/, '')
    .replace(/^-?[0.]*/, '')
    .replace('.', '')
    .replace(/0+$/, '');
  const isBetween = exact.length === precision + 1 && exact.endsWith('5');
  if (!isBetween || Number(exact[precision - 1]) % 2 === 1) return Number(value.toPrecision(precision));
  const { sign, digits, exponent } = decimal(value);
  return Number(sign + scientific(digits.slice(0, precision), exponent));
}

/** Without an exponent, whatever the size: `strconv.FormatFloat(x, 'f', -1, 64)`. */
export function formatPlain(value: number): string {
  const special = formatSpecial(value);
  if (special !== undefined) return special;
  const { sign, digits, exponent } = decimal(value);
  return sign + positional(digits, exponent);
}

function formatSpecial(value: number): string | undefined {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Number.POSITIVE_INFINITY) return '+Inf';
  if (value === Number.NEGATIVE_INFINITY) return '-Inf';
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  return undefined;
}

interface Decimal {
  readonly sign: string;
  /** Without leading or trailing zeros. */
  readonly digits: string;
  /** Of the first digit. */
  readonly exponent: number;
}

function decimal(value: number): Decimal {
  const [mantissa, exponent] = Math.abs(value).toExponential().split('e') as [string, string];
  return { sign: value < 0 ? '-' : '', digits: mantissa.replace('.', ''), exponent: Number(exponent) };
}

function positional(digits: string, exponent: number): string {
  if (exponent < 0) return `0.${'0'.repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return digits + '0'.repeat(exponent + 1 - digits.length);
  return `${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}

function scientific(digits: string, exponent: number): string {
  const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
  const size = Math.abs(exponent).toString().padStart(2, '0');
  return `${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${size}`;
}
