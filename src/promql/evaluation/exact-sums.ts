/** Sums of the first n values of a series, where they are all integers so small that every sum of them is exact. */

/** Fills `prefix`, which has room for `count + 1`; false, and `prefix` of no use, where a sum may be inexact. */
export function exactSumsOf(values: Float64Array, count: number, prefix: Float64Array): boolean {
  let sum = 0;
  let magnitude = 0;
  prefix[0] = 0;
  for (let i = 0; i < count; i++) {
    const value = values[i]!;
    if (Math.floor(value) !== value) return false;
    magnitude += Math.abs(value);
    sum += value;
    prefix[i + 1] = sum;
  }
  return magnitude <= Number.MAX_SAFE_INTEGER;
}
