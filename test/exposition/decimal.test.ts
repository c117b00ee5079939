import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FloatToken } from '../../src/exposition/float.ts';

const token = new FloatToken();

function read(text: string): number | undefined {
  const bytes = Buffer.from(text);
  return token.read(bytes, 0, bytes.length) ? token.value : undefined;
}

describe('decimal numbers', () => {
  it('gives the nearest double, as Number does, for what JavaScript writes', () => {
    const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
    fc.assert(
      fc.property(finite, (value) => {
        expect(read(String(value))).toBe(Number(String(value)));
        expect(read(value.toExponential())).toBe(Number(value.toExponential()));
      }),
      { numRuns: 2000 },
    );
  });

  it('gives the nearest double for any digits, point and exponent', () => {
    const digits = fc.stringMatching(/^[0-9]{1,20}$/);
    fc.assert(
      fc.property(digits, fc.nat(20), fc.integer({ min: -40, max: 40 }), (text, point, exponent) => {
        const number = `${text.slice(0, point)}.${text.slice(point)}`;
        expect(read(number)).toBe(Number(number));
        expect(read(`${number}e${exponent}`)).toBe(Number(`${number}e${exponent}`));
      }),
      { numRuns: 5000 },
    );
  });

  it('rounds halfway cases to even', () => {
    fc.assert(
      fc.property(fc.bigInt(2n ** 53n, 2n ** 54n), fc.nat(22), (integer, exponent) => {
        const odd = `${integer * 2n + 1n}`;
        expect(read(odd)).toBe(Number(odd));
        expect(read(`${odd}e-${exponent}`)).toBe(Number(`${odd}e-${exponent}`));
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps the sign of zero and refuses what is no number', () => {
    expect(read('-0')).toBe(-0);
    expect(read('-0.000e5')).toBe(-0);
    expect(read('1.e3')).toBe(1000);
    for (const text of ['', '-', '.', 'e5', '1e', '1e+', '1.2.3', '--1', '1x', '0x1p1', '1_0', '1e400']) {
      expect(read(text)).toBeUndefined();
    }
  });
});
