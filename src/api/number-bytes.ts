/** Sample values as the bytes of their text: what `floatText` gives, without a string in between wherever that can be. */
import { floatText } from './go-text.ts';

/** The most bytes that one value takes. */
export const WIDEST_NUMBER = 32;

/** Values that have no short decimal come again often (rates of one slope): the texts written last, by a hash of the value. */
const REMEMBERED_BITS = 12;
const rememberedValues = new Float64Array(1 << REMEMBERED_BITS);
const rememberedTexts: string[] = new Array(1 << REMEMBERED_BITS).fill('0');
const scratch = new Float64Array(1);
const scratchWords = new Int32Array(scratch.buffer);

/** Writes the value at `at`, where WIDEST_NUMBER bytes must be free; gives where it ends. */
export function writeNumber(bytes: Uint8Array, at: number, value: number): number {
  let size = value;
  let from = at;
  if (value < 0) {
    size = -value;
    bytes[from++] = 0x2d;
  }
  if (size < 1e15) {
    if (Math.floor(size) === size && (size !== 0 || Object.is(value, 0))) return writeInteger(bytes, from, size);
    if (size >= 1e-6 && size < 1e9) {
      // Up to fifteen digits are the shortest text of the number that they make.
      const millionths = Math.round(size * 1e6);
      if (millionths / 1e6 === size) return writeMillionths(bytes, from, millionths);
    }
  }
  return writeAscii(bytes, at, textOf(value));
}

/** One byte a character. */
export function writeAscii(bytes: Uint8Array, at: number, text: string): number {
  const { length } = text;
  for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
  return at + length;
}

/** Below 1e15. */
function writeInteger(bytes: Uint8Array, at: number, value: number): number {
  if (value < 1e9) return writeDigits(bytes, at, value | 0);
  const high = Math.floor(value / 1e8);
  const from = writeDigits(bytes, at, high);
  return writePadded(bytes, from, (value - high * 1e8) | 0, 8);
}

function writeMillionths(bytes: Uint8Array, at: number, millionths: number): number {
  const whole = Math.floor(millionths / 1e6);
  let fraction = (millionths - whole * 1e6) | 0;
  let digits = 6;
  while (fraction % 10 === 0) {
    fraction = (fraction / 10) | 0;
    digits--;
  }
  const from = writeDigits(bytes, at, whole | 0);
  bytes[from] = 0x2e;
  return writePadded(bytes, from + 1, fraction, digits);
}

function writeDigits(bytes: Uint8Array, at: number, value: number): number {
  let digits = 1;
  for (let limit = 10; digits < 10 && value >= limit; limit *= 10) digits++;
  return writePadded(bytes, at, value, digits);
}

function writePadded(bytes: Uint8Array, at: number, value: number, digits: number): number {
  let rest = value;
  for (let i = at + digits - 1; i >= at; i--) {
    const next = (rest / 10) | 0;
    bytes[i] = 0x30 + rest - next * 10;
    rest = next;
  }
  return at + digits;
}

function textOf(value: number): string {
  scratch[0] = value;
  const slot =
    Math.imul(scratchWords[0]! ^ Math.imul(scratchWords[1]!, 0x9e3779b1), 0x85ebca6b) >>> (32 - REMEMBERED_BITS);
  if (rememberedValues[slot] === value && value !== 0) return rememberedTexts[slot]!;
  const text = floatText(value);
  rememberedValues[slot] = value;
  rememberedTexts[slot] = text;
  return text;
}
