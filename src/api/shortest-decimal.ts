/**
 * The shortest decimal that reads back as a given float, written as bytes: for the magnitudes of everyday values, several times
 * faster than by way of a string. x · 10^k is computed exactly, as the sum of two floats, with k such that it has seventeen digits
 * before the point; the decimals of fifteen, sixteen and seventeen digits nearest to it are then found by rounding.
 */
import { writeEight, writeInteger } from './digit-bytes.ts';

/** 10^22 is the largest power of ten that is a float. */
const POWERS = Float64Array.from({ length: 23 }, (_, exponent) => 10 ** exponent);
/** Each power split in two halves of at most 26 bits, whose products with another's are exact (Veltkamp, Dekker). */
const SPLITTER = 2 ** 27 + 1;
const HIGHS = POWERS.map((power) => power * SPLITTER - (power * SPLITTER - power));
const LOWS = POWERS.map((power, exponent) => power - HIGHS[exponent]!);

const scratch = new Float64Array(1);
const scratchWords = new Uint32Array(scratch.buffer);
/** The word of a float that holds its exponent. */
const HIGH_WORD = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1 ? 1 : 0;
/** For powers of two from 2^-20 (just below 1e-6) to 2^49 (the last below 1e15): the exponent of the greatest power of ten that is not larger. */
const LEAST_EXPONENT = -20;
const TENS = Int8Array.from({ length: 70 }, (_, index) => Math.floor(Math.log10(2 ** (index + LEAST_EXPONENT))));
/** Half the gap between neighbouring floats. */
const HALF_GAPS = Float64Array.from({ length: 70 }, (_, index) => 2 ** (index + LEAST_EXPONENT - 53));
const TENTHS = Float64Array.of(1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1);

/** Distances nearer to each other than this are left to the slow way: they may be equal but for rounding. */
const TOO_NEAR = 1e-9;

/** For 1e-6 ≤ value < 1e15, where 28 bytes must be free; gives where the text ends, `at` itself for the few values that it cannot do. */
export function writeShortest(into: DataView, at: number, value: number): number {
  scratch[0] = value;
  const high = scratchWords[HIGH_WORD]!;
  // The gap below a power of two is half that above it.
  if (scratchWords[1 - HIGH_WORD] === 0 && (high & 0xfffff) === 0) return at;
  const exponent = (high >>> 20) - 1023 - LEAST_EXPONENT;
  let tens = TENS[exponent]!;
  if (value >= (tens < 0 ? TENTHS[tens + 7]! : POWERS[tens + 1]!)) tens++;

  // Decimals of fifteen digits differ as floats: one that reads back is the shortest, once its zeros are off.
  const rounded = Math.round(value * POWERS[14 - tens]!);
  if (rounded / POWERS[14 - tens]! === value) {
    const front = Math.floor(rounded / 1e6);
    return writeDigits(into, at, front, (rounded - front * 1e6) * 100, tens);
  }
  const power = POWERS[16 - tens]!;
  const product = value * power;
  const split = value * SPLITTER;
  const valueHigh = split - (split - value);
  const valueLow = value - valueHigh;
  const powerHigh = HIGHS[16 - tens]!;
  const powerLow = LOWS[16 - tens]!;
  const rest = valueLow * powerLow - (product - valueHigh * powerHigh - valueLow * powerHigh - valueHigh * powerLow);

  // product is an integer, in two parts that are both exact.
  const front = Math.floor(product / 1e8);
  const back = product - front * 1e8;
  const reach = HALF_GAPS[exponent]! * power;
  const sixteen = Math.round((back + rest) / 10) * 10;
  const distance = Math.abs(back - sixteen + rest);
  if (Math.abs(distance - reach) < TOO_NEAR || Math.abs(distance - 5) < TOO_NEAR) return at;
  if (distance < reach) return writeDigits(into, at, front, sixteen, tens);
  const nearest = Math.round(rest);
  if (Math.abs(Math.abs(rest - nearest) - 0.5) < TOO_NEAR) return at;
  return writeDigits(into, at, front, back + nearest, tens);
}

/** Seventeen digits, front · 10^8 + back, the first of which stands for 10^tens; zeros at their end are left out. */
function writeDigits(into: DataView, at: number, front: number, back: number, tens: number): number {
  let from = at;
  if (tens < 0) {
    into.setUint16(from, 0x302e);
    from += 2;
    for (let zeros = -1 - tens; zeros > 0; zeros--) into.setUint8(from++, 0x30);
  } else {
    // The digits before the point are moved to make room for it.
    from++;
  }
  const carry = back < 0 ? -1 : back >= 1e8 ? 1 : 0;
  let end = writeEight(into, writeInteger(into, from, front + carry), (back - carry * 1e8) | 0);
  if (tens >= 0) {
    for (let digit = 0; digit <= tens; digit++) into.setUint8(at + digit, into.getUint8(from + digit));
    into.setUint8(at + tens + 1, 0x2e);
  }
  while (into.getUint8(end - 1) === 0x30) end--;
  return end;
}
