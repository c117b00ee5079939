/** The double nearest to a decimal number of up to 19 digits, by arithmetic with pairs of doubles instead of a text. */

const POWERS = Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);
/** The largest power of ten that is an exact double. */
const LARGEST_POWER = POWERS.length - 1;
/** 2^27 + 1: takes a double apart into two halves whose products are exact (Dekker, 1971). */
const SPLITTER = 134217729;
/** The pairs below are exact to 2^-100; where a change of this size turns the last bit the answer is not certain. */
const DOUBT = 2 ** -40;

/**
 * `(head × 10^tailDigits + tail) × 10^exponent`, rounded as IEEE 754 asks; undefined where that cannot be said for certain here. `head` has at
 * most 15 digits and `tail` at most 4.
 */
export function nearestDouble(head: number, tail: number, tailDigits: number, exponent: number): number | undefined {
  if (exponent > LARGEST_POWER || exponent < -LARGEST_POWER) return undefined;
  if (tailDigits === 0) return exponent < 0 ? head / POWERS[-exponent]! : head * POWERS[exponent]!;
  // digits + digitsError is the whole number exactly.
  const product = head * POWERS[tailDigits]!;
  const productError = errorOfProduct(head, POWERS[tailDigits]!, product);
  const sum = product + tail;
  const digitsError0 = productError + (tail - (sum - product));
  const digits = sum + digitsError0;
  const digitsError = digitsError0 - (digits - sum);
  if (exponent === 0) return digits;
  const power = POWERS[Math.abs(exponent)]!;
  let near: number;
  let error: number;
  if (exponent < 0) {
    near = digits / power;
    const back = near * power;
    error = (digits - back - errorOfProduct(near, power, back) + digitsError) / power;
  } else {
    near = digits * power;
    error = errorOfProduct(digits, power, near) + digitsError * power;
  }
  const value = near + error;
  return near + error * (1 + DOUBT) === value && near + error * (1 - DOUBT) === value ? value : undefined;
}

/** `a × b − product`, exactly, where `product` is what the machine says for `a × b`. */
function errorOfProduct(a: number, b: number, product: number): number {
  const aSplit = a * SPLITTER;
  const aHigh = aSplit - (aSplit - a);
  const aLow = a - aHigh;
  const bSplit = b * SPLITTER;
  const bHigh = bSplit - (bSplit - b);
  const bLow = b - bHigh;
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
}
