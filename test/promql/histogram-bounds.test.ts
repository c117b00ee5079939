import { describe, expect, it } from 'vitest';
import { exponentialBound } from '../../src/promql/histogram/buckets.ts';

describe('bounds of exponential buckets', () => {
  // As Prometheus' table has them, to the last digit.
  it.each([
    [-1, 0, 1],
    [-1, 1, 4],
    [-4, -1, 2 ** -16],
    [0, 3, 8],
    [1, -1, 0.7071067811865475],
    [1, 1, Math.SQRT2 - Number.EPSILON],
    [2, -3, 0.5946035575013605],
    [2, -1, 0.8408964152537144],
    [3, -7, 0.5452538663326288],
    [3, -5, 0.6484197773255048],
    [3, 9, 2 * 1.0905077326652577],
  ])('schema %i, index %i: %d', (schema, index, bound) => {
    expect(exponentialBound(index, schema)).toBe(bound);
  });
});
