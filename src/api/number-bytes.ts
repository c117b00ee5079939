/** Sample values as the bytes of their text: what `floatText` gives, without a string in between wherever that can be. */
import { writeInteger } from './digit-bytes.ts';
import { floatText } from './go-text.ts';
import { writeShortest } from './shortest-decimal.ts';

/** Bytes that must be free where a value is written: no text is longer, and what is written in words may go beyond its end. */
export const WIDEST_NUMBER = 32;

/** Writes the value at `at`, where WIDEST_NUMBER bytes must be free; gives where it ends. */
export function writeNumber(into: DataView, at: number, value: number): number {
  let size = value;
  let from = at;
  if (value < 0) {
    size = -value;
    into.setUint8(from++, 0x2d);
  }
  if (size < 2 ** 53 && Math.floor(size) === size && (size !== 0 || Object.is(value, 0))) {
    return writeInteger(into, from, size);
  }
  if (size >= 1e-6 && size < 1e15) {
    const end = writeShortest(into, from, size);
    if (end > from) return end;
  }
  return writeAscii(into, at, floatText(value));
}

/** One byte a character. */
export function writeAscii(into: DataView, at: number, text: string): number {
  const { length } = text;
  for (let i = 0; i < length; i++) into.setUint8(at + i, text.charCodeAt(i));
  return at + length;
}
