import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  ExpositionCache,
  ExpositionError,
  type ParseOptions,
  parseExposition,
} from '../../src/exposition/exposition.ts';
import type { FloatHistogram } from '../../src/exposition/histogram.ts';
import { CollectingSink } from './collecting-sink.ts';

type Field = readonly [number: number, value: number | bigint | string | Uint8Array | Double];

/** A number to be written as a double. */
class Double {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

function varint(value: bigint): number[] {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return [...bytes, Number(rest)];
}

function zigzag(value: number): bigint {
  return value >= 0 ? BigInt(value) * 2n : BigInt(-value) * 2n - 1n;
}

function message(...fields: Field[]): Uint8Array {
  const bytes: number[] = [];
  for (const [number, value] of fields) {
    if (typeof value === 'number' || typeof value === 'bigint') {
      bytes.push(...varint(BigInt(number * 8)), ...varint(BigInt(value)));
    } else if (value instanceof Double) {
      bytes.push(...varint(BigInt(number * 8 + 1)), ...new Uint8Array(Float64Array.of(value.value).buffer));
    } else {
      const block = typeof value === 'string' ? Buffer.from(value) : value;
      bytes.push(...varint(BigInt(number * 8 + 2)), ...varint(BigInt(block.length)), ...block);
    }
  }
  return Uint8Array.from(bytes);
}

function delimited(...messages: Uint8Array[]): Buffer {
  return Buffer.concat(messages.flatMap((each) => [Uint8Array.from(varint(BigInt(each.length))), each]));
}

const label = (name: string, value: string): Field => [1, message([1, name], [2, value])];
const double = (value: number): Double => new Double(value);
const packed = (values: readonly bigint[]): Uint8Array => Uint8Array.from(values.flatMap(varint));

const counter = message(
  [1, 'requests_total'],
  [2, 'Requests.'],
  [3, 0],
  [
    4,
    message(
      label('code', '200'),
      [
        3,
        message(
          [1, double(5)],
          [2, message(label('trace_id', 'x'), [2, double(0.5)], [3, message([1, 12], [2, 500_000_000])])],
          [3, message([1, 1000])],
        ),
      ],
      [6, 1234],
    ),
  ],
  [4, message(label('code', '500'), [3, message()])],
);

const summary = message(
  [1, 's'],
  [3, 2],
  [
    4,
    message([
      4,
      message(
        [1, 7],
        [2, double(1.5)],
        [3, message([1, double(0.5)], [2, double(2)])],
        [3, message([1, double(1)], [2, double(Number.NaN)])],
      ),
    ]),
  ],
);

const native = message(
  [1, 'h'],
  [2, 'A histogram.'],
  [3, 4],
  [5, ''],
  [
    4,
    message(label('x', 'y'), [
      7,
      message(
        [1, 9],
        [2, double(20)],
        [5, zigzag(3)],
        [6, double(1e-3)],
        [7, 1],
        [12, message([1, zigzag(-2)], [2, 2])],
        [12, message([1, zigzag(1)], [2, 2])],
        [13, packed([2, -2, 4, -1].map(zigzag))],
        [9, message([1, zigzag(0)], [2, 1])],
        [10, zigzag(-0 + 0)],
        [3, message([1, 4], [2, double(1)])],
        [3, message([1, 9], [2, double(Number.POSITIVE_INFINITY)])],
        [16, message(label('t', '1'), [2, double(3)], [3, message([1, 1])])],
        [16, message(label('t', '2'), [2, double(3)])],
      ),
    ]),
  ],
);

function parsed(body: Uint8Array, options: ParseOptions = {}): CollectingSink {
  const sink = new CollectingSink();
  parseExposition('protobuf', body, sink, options);
  return sink;
}

describe('protobuf', () => {
  it('gives counters with exemplars and start timestamps', () => {
    const sink = parsed(delimited(counter));
    expect(sink.metadataLines).toEqual(['requests_total help Requests.', 'requests_total type counter']);
    expect(sink.collected.map(({ labels, ...rest }) => ({ ...rest, labels: labels.toSelector() }))).toEqual([
      {
        labels: 'requests_total{code="200"}',
        value: 5,
        timestampMs: 1234,
        startMs: 1_000_000,
        exemplars: [{ labels: expect.objectContaining({ values: ['x'] }), value: 0.5, timestampMs: 12_500 }],
      },
      { labels: 'requests_total{code="500"}', value: 0, timestampMs: undefined, startMs: undefined, exemplars: [] },
    ]);
  });

  it('gives the series of a summary', () => {
    expect(parsed(delimited(summary)).collected.map((each) => `${each.labels.toSelector()} ${each.value}`)).toEqual([
      's_count 7',
      's_sum 1.5',
      's{quantile="0.5"} 2',
      's{quantile="1.0"} NaN',
    ]);
  });

  it('gives native histograms without their empty buckets, and the classic series where asked', () => {
    const expected: FloatHistogram = {
      schema: 3,
      zeroThreshold: 1e-3,
      zeroCount: 1,
      count: 9,
      sum: 20,
      positiveSpans: [
        { offset: -2, length: 1 },
        { offset: 2, length: 2 },
      ],
      negativeSpans: [],
      positiveBuckets: [2, 4, 3],
      negativeBuckets: [],
      customValues: undefined,
      counterResetHint: 'unknown',
    };
    const good = Buffer.from(native);
    good[good.indexOf(Buffer.from([8, 9, 17]), 20) + 1] = 10;
    const sink = parsed(delimited(good));
    expect(sink.collected.map((each) => each.value)).toEqual([{ ...expected, count: 10 }]);
    expect(sink.collected[0]!.exemplars.map((each) => each.timestampMs)).toEqual([1000]);
    const series = (options: ParseOptions): string[] =>
      parsed(delimited(good), options).collected.map((each) => each.labels.toSelector());
    const classic = ['h_count{x="y"}', 'h_sum{x="y"}', 'h_bucket{le="1.0", x="y"}', 'h_bucket{le="+Inf", x="y"}'];
    expect(series({ classicHistograms: true })).toEqual(['h{x="y"}', ...classic]);
    expect(series({ nativeHistograms: false })).toEqual(classic);
  });

  describe('families that mix native and classic histograms', () => {
    const parts: Record<string, Field[]> = {
      native: [
        [1, 3],
        [7, 1],
        [12, message([1, 0], [2, 1])],
        [13, packed([zigzag(2)])],
      ],
      classic: [
        [1, 3],
        [3, message([1, 2], [2, double(1)])],
      ],
    };
    parts['both'] = [...parts['native']!, parts['classic']![1]!];

    /** Each metric's forms: `n` native, `c` classic series, `x` converted. */
    function forms(metrics: readonly string[], options: ParseOptions): string {
      const family = metrics.map((kind, i): Field => [4, message(label('m', `${i}`), [7, message(...parts[kind]!)])]);
      const found = metrics.map(() => '');
      for (const { labels, value } of parsed(delimited(message([1, 'h'], [3, 4], ...family)), options).collected) {
        const form = typeof value === 'number' ? 'c' : value.customValues === undefined ? 'n' : 'x';
        const at = Number(labels.get('m'));
        if (!found[at]!.includes(form)) found[at] += form;
      }
      return found.join(' ');
    }

    // As Prometheus 3.14 was seen to store them.
    it.each([
      ['native classic both', 'n c c'],
      ['native both classic', 'n n c'],
      ['classic native', 'c c'],
      ['classic native native', 'c c n'],
    ])('give %s as %s', (metrics, expected) => {
      expect(forms(metrics.split(' '), {})).toBe(expected);
    });

    it.each([
      ['native both', 'n nc'],
      ['classic both both', 'c c nc'],
    ])('give %s as %s where classic series are asked for', (metrics, expected) => {
      expect(forms(metrics.split(' '), { classicHistograms: true })).toBe(expected);
    });

    it.each([
      ['native classic both classic', { convertClassicHistograms: true }, 'n x n x'],
      ['native classic both', { convertClassicHistograms: true, classicHistograms: true }, 'n cx nc'],
      ['both classic', { convertClassicHistograms: true, nativeHistograms: false }, 'x x'],
    ])('give %s by %o as %s', (metrics, options, expected) => {
      expect(forms(metrics.split(' '), options)).toBe(expected);
    });

    it.each([
      ['classic native classic', {}],
      ['both classic', { classicHistograms: true }],
    ])('are refused as %s by %o', (metrics, options) => {
      expect(() => forms(metrics.split(' '), options)).toThrow('a classic histogram where a native one has to follow');
    });
  });

  it('converts classic histograms, those of gauges included, and refuses those that contradict themselves', () => {
    const at = (seconds: number): Field => [
      3,
      message(label('id', `${seconds}`), [2, double(1)], [3, message([1, seconds])]),
    ];
    const family = (type: number, ...fields: Field[]): Buffer =>
      delimited(message([1, 'h'], [3, type], [4, message([7, message(...fields)])]));
    const buckets: Field[] = [
      [3, message([1, 5], [2, double(2)], at(9))],
      [3, message([1, 4], [2, double(1)], at(12))],
      [3, message([1, 6], [2, double(3)], at(10))],
    ];
    const options = { convertClassicHistograms: true };
    for (const [type, hint] of [
      [4, 'unknown'],
      [5, 'gauge'],
    ] as const) {
      const [only, ...others] = parsed(family(type, [1, 9], ...buckets), options).collected;
      expect(others).toEqual([]);
      expect(only!.value).toMatchObject({
        customValues: [1, 2, 3],
        positiveBuckets: [4, 1, 1, 3],
        counterResetHint: hint,
      });
      expect(only!.exemplars.map((each) => each.timestampMs)).toEqual([9000, 10_000, 12_000]);
    }
    const infinite: Field = [3, message([1, 8], [2, double(Number.POSITIVE_INFINITY)])];
    expect(() => parsed(family(4, [1, 9], ...buckets, infinite), options)).toThrow(
      'count mismatch: count=9 != le=+Inf count=8',
    );
  });

  it('refuses a native histogram whose spans name other buckets than it has', () => {
    const fields: Field[] = [
      [1, 5],
      [12, message([1, 0], [2, 2])],
      [13, packed([zigzag(5)])],
    ];
    expect(() => parsed(delimited(message([1, 'h'], [3, 4], [4, message([7, message(...fields)])])))).toThrow(
      'histogram "h": positive side: spans require 2 buckets, have 1',
    );
  });

  it('asks for each series once', () => {
    const cache = new ExpositionCache();
    const sink = new CollectingSink();
    const body = delimited(counter, summary);
    parseExposition('protobuf', body, sink, { cache });
    const first = sink.collected;
    sink.clear();
    parseExposition('protobuf', body, sink, { cache });
    expect(sink.seriesCalls).toBe(0);
    expect(sink.metadataLines).toEqual([]);
    expect(sink.collected).toEqual(first);
  });

  it('refuses what is no message, with a typed error', () => {
    expect(() => parsed(Buffer.from('a 1\n'))).toThrow(ExpositionError);
    expect(() => parsed(delimited(message([1, ''], [4, message()])))).toThrow('invalid metric name');
    expect(() => parsed(delimited(message([1, 'a'], [3, 9], [4, message()])))).toThrow('unknown metric type');
    // Prometheus up to 3.5 refuses the unit, 3.14 does not.
    expect(parsed(delimited(message([1, 'a'], [5, 'seconds'], [4, message()]))).metadataLines).toContain(
      'a unit seconds',
    );
    expect(parsed(delimited(message([1, ''], [3, 9]))).collected).toEqual([]);
    const body = delimited(counter, summary);
    const change = fc.record({ at: fc.nat(body.length - 1), byte: fc.nat(255), cut: fc.boolean() });
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 60 }), change), (input) => {
        let bytes = input instanceof Uint8Array ? input : Buffer.from(body);
        if (!(input instanceof Uint8Array)) {
          bytes[input.at] = input.byte;
          if (input.cut) bytes = bytes.subarray(0, input.at);
        }
        try {
          parseExposition('protobuf', bytes, {
            series: () => 0,
            sample() {},
            histogram() {},
            exemplar() {},
            metadata() {},
          });
        } catch (error) {
          expect(error).toBeInstanceOf(ExpositionError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
