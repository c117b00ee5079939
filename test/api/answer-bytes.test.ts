/** The bytes of large answers: numbers as their texts, stamps of sparse series, and one gzip member of many pieces. */
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { floatText, timestampText } from '../../src/api/go-text.ts';
import { gzipPieces } from '../../src/api/gzip-pieces.ts';
import { WIDEST_NUMBER, writeNumber } from '../../src/api/number-bytes.ts';
import { resultJson } from '../../src/api/result-json.ts';
import { CUSTOM_BUCKETS_SCHEMA, type FloatHistogram } from '../../src/exposition/histogram.ts';
import { Labels } from '../../src/labels/labels.ts';

function written(value: number): string {
  const bytes = Buffer.alloc(WIDEST_NUMBER + 8, '!');
  const end = writeNumber(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 4, value);
  expect(end - 4).toBeLessThanOrEqual(WIDEST_NUMBER);
  return bytes.toString('latin1', 4, end);
}

test('numbers are written as Prometheus writes them', () => {
  const edges = [
    0,
    -0,
    1,
    -1,
    0.1,
    -2.5,
    1e9,
    1e9 - 1,
    1e15,
    1e15 - 1,
    1e21,
    1e-6,
    1.5e-7,
    123456.789,
    999999999.999999,
  ];
  for (const value of [...edges, Number.NaN, Infinity, -Infinity, 2 ** 31, -(2 ** 31), 2 ** 53, 5e-324, 1 / 3])
    expect(written(value)).toBe(floatText(value));
  fc.assert(
    fc.property(fc.double(), (value) => {
      expect(written(value)).toBe(floatText(value));
    }),
  );
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 0, max: 12 }), (integer, exponent) => {
      const value = integer / 10 ** exponent;
      expect(written(value)).toBe(floatText(value));
    }),
  );
});

test('decimals of sixteen and seventeen digits are the shortest that read back, at the edges of powers of ten and two, too', () => {
  const float = new Float64Array(1);
  const bits = new BigUint64Array(float.buffer);
  const everyday = fc.tuple(fc.integer({ min: -20, max: 50 }), fc.bigInt({ min: 0n, max: 2n ** 52n - 1n }));
  fc.assert(
    fc.property(everyday, ([exponent, mantissa]) => {
      bits[0] = (BigInt(exponent + 1023) << 52n) | mantissa;
      expect(written(float[0]!)).toBe(floatText(float[0]!));
    }),
    { numRuns: 5000 },
  );
  for (let tens = -6; tens <= 15; tens++) {
    for (const edge of [10 ** tens, 2 ** (tens * 3), 10 ** tens / 3]) {
      for (let away = -20n; away <= 20n; away++) {
        float[0] = edge;
        bits[0]! += away;
        expect(written(float[0]!)).toBe(floatText(float[0]!));
      }
    }
  }
});

test('series longer than a piece, and label sets of any text, are written whole', () => {
  const count = 9000;
  const timestamps = Float64Array.from({ length: count }, (_, i) => i * 1500);
  const labels = [Labels.of({ a: 'x', 'é"': '\\' }), Labels.of({ a: '\u2028é' }), Labels.EMPTY];
  const series = labels.map((each, k) => ({
    labels: each,
    timestamps,
    values: timestamps.map((time) => time / (k + 7)),
  }));
  const pieces = [...resultJson({ type: 'matrix', series }, { startMs: 0, endMs: count * 1500, stepMs: 1500 })];
  expect(pieces.length).toBeGreaterThan(2);
  const parsed = JSON.parse(Buffer.concat(pieces.map((piece) => Buffer.from(piece))).toString());
  expect(parsed).toEqual(
    series.map((each) => ({
      metric: each.labels.toRecord(),
      values: Array.from(timestamps, (time, i) => [Number(timestampText(time)), floatText(each.values[i]!)]),
    })),
  );
});

test('series with some of the steps, and with times that are no steps, keep their own times', () => {
  const grid = { startMs: 1000, endMs: 5000, stepMs: 1000 };
  const series = [[1000, 2000, 3000, 4000, 5000], [3000], [2000, 5000], [1500, 2000.5]].map((times, i) => ({
    labels: Labels.of({ n: `${i}"\n\u00e9` }),
    timestamps: Float64Array.from(times),
    values: Float64Array.from(times, (time) => time / 3),
  }));
  for (const each of [grid, undefined]) {
    const pieces = [...resultJson({ type: 'matrix', series }, each)];
    const parsed = JSON.parse(Buffer.concat(pieces.map((piece) => Buffer.from(piece))).toString());
    expect(parsed).toEqual(
      series.map(({ labels, timestamps, values }) => ({
        metric: labels.toRecord(),
        values: Array.from(timestamps, (time, i) => [Number(timestampText(time)), floatText(values[i]!)]),
      })),
    );
  }
});

test('pieces that are compressed side by side make one gzip member', async () => {
  const pieces = Array.from({ length: 40 }, (_, i) => Buffer.from(`${i} `.repeat(i * 3000)));
  const zipped: Uint8Array[] = [];
  for await (const piece of gzipPieces(pieces)) zipped.push(piece);
  expect(gunzipSync(Buffer.concat(zipped)).equals(Buffer.concat(pieces))).toBe(true);
});

test('bytes of a string that are no UTF-8 become replacement characters', () => {
  expect([...resultJson({ type: 'string', timestampMs: 1000, value: 'a\udcff' }, undefined)]).toEqual([
    '[1,"a\ufffd"]',
  ]);
});

test('the first custom bucket alone holds its lower end, which another may have, too', () => {
  const custom = (customValues: number[], positiveBuckets: number[]): string => {
    const histogram: FloatHistogram = {
      schema: CUSTOM_BUCKETS_SCHEMA,
      zeroThreshold: 0,
      zeroCount: 0,
      count: 9,
      sum: 7,
      positiveSpans: [{ offset: 0, length: positiveBuckets.length }],
      negativeSpans: [],
      positiveBuckets,
      negativeBuckets: [],
      customValues,
      counterResetHint: 'unknown',
    };
    const samples = [{ labels: Labels.EMPTY, value: Number.NaN, histogram }];
    const pieces = [...resultJson({ type: 'vector', timestampMs: 0, samples }, undefined)];
    const [text] = pieces
      .map((piece) => Buffer.from(piece).toString())
      .join('')
      .match(/\[\[.*\]\]/)!;
    return text;
  };
  // As Prometheus 3.14 writes them.
  expect(custom([1], [4, 5])).toBe('[[3,"-Inf","1","4"],[0,"1","+Inf","5"]]');
  expect(custom([Number.NEGATIVE_INFINITY, 1], [0, 4, 5])).toBe('[[0,"-Inf","1","4"],[0,"1","+Inf","5"]]');
  expect(custom([Number.NEGATIVE_INFINITY], [1, 8])).toBe('[[3,"-Inf","-Inf","1"],[0,"-Inf","+Inf","8"]]');
  expect(custom([], [9])).toBe('[[3,"-Inf","+Inf","9"]]');
});
