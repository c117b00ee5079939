/** Decimal digits as bytes, four at a time: each group is one look-up and one store. */

/** The digits of each number below 10,000, the first one in the lowest byte. */
const FOUR_DIGITS = Uint32Array.from({ length: 10_000 }, (_, number) => {
  const [a, b, c, d] = Buffer.from(String(number).padStart(4, '0')) as unknown as [number, number, number, number];
  return (a | (b << 8) | (c << 16) | (d << 24)) >>> 0;
});

/** Writes an integer of 0 up to 1e16 at `at`, where twenty bytes must be free; gives where it ends. */
export function writeInteger(into: DataView, at: number, value: number): number {
  if (value < 1e8) return writeSmall(into, at, value | 0);
  if (value < 2 ** 31) {
    // As below, in the arithmetic of integers.
    const whole = value | 0;
    const first = (whole / 1e8) | 0;
    return writeEight(into, writeFew(into, at, first), whole - first * 100_000_000);
  }
  const high = Math.floor(value / 1e8);
  return writeEight(into, writeSmall(into, at, high | 0), (value - high * 1e8) | 0);
}

/** Eight digits, leading zeros among them, of an integer below 1e8. */
export function writeEight(into: DataView, at: number, value: number): number {
  const high = (value / 1e4) | 0;
  into.setUint32(at, FOUR_DIGITS[high]!, true);
  into.setUint32(at + 4, FOUR_DIGITS[value - high * 10_000]!, true);
  return at + 8;
}

/** Below 1e8, without leading zeros. */
function writeSmall(into: DataView, at: number, value: number): number {
  if (value < 10_000) return writeFew(into, at, value);
  const high = (value / 1e4) | 0;
  const from = writeFew(into, at, high);
  into.setUint32(from, FOUR_DIGITS[value - high * 10_000]!, true);
  return from + 4;
}

/** Below 10,000, without leading zeros. */
function writeFew(into: DataView, at: number, value: number): number {
  const digits = value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : 4;
  into.setUint32(at, FOUR_DIGITS[value]! >>> (32 - digits * 8), true);
  return at + digits;
}
