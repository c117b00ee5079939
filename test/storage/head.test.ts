import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FloatHistogram } from '../../src/exposition/histogram.ts';
import { Labels } from '../../src/labels/labels.ts';
import { Matcher, type MatchOperator, matchesAll } from '../../src/labels/matcher.ts';
import { createHead, type Head } from '../../src/storage/head.ts';
import { FLOAT, HISTOGRAM, SampleColumns, STALE } from '../../src/storage/queryable.ts';

const ALWAYS = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] as const;

interface Sample {
  readonly at: number;
  readonly value: number | 'stale' | FloatHistogram;
  readonly start?: number;
}

function fill(head: Head, labels: Labels, samples: readonly Sample[]): string[] {
  const appender = head.appender();
  const ref = appender.series(labels);
  const outcomes = samples.map(({ at, value, start }) => {
    if (value === 'stale') return appender.stale(ref, at);
    return typeof value === 'number'
      ? appender.float(ref, at, value, start)
      : appender.histogram(ref, at, value, start);
  });
  appender.commit();
  return outcomes;
}

function read(head: Head, matcher: Matcher, from: number = ALWAYS[0], to: number = ALWAYS[1]): Sample[] {
  const columns = new SampleColumns(1);
  const series = head.select([matcher], from, to);
  expect(series.length).toBeLessThan(2);
  if (series.length === 0) return [];
  series[0]!.read(from, to, columns);
  return Array.from({ length: columns.length }, (_, i) => {
    const kind = columns.floatsOnly ? FLOAT : columns.kinds[i];
    const value = kind === STALE ? 'stale' : kind === HISTOGRAM ? columns.histograms[i]! : columns.values[i]!;
    const start = columns.hasStarts ? columns.startTimestamps[i]! : 0;
    return { at: columns.timestamps[i]!, value, ...(start === 0 ? {} : { start }) };
  });
}

const up = Labels.of({ __name__: 'up', job: 'a' });
const isUp = new Matcher('=', '__name__', 'up');

function histogram(count: number, overrides: Partial<FloatHistogram> = {}): FloatHistogram {
  return {
    schema: 0,
    zeroThreshold: 0.001,
    zeroCount: 1,
    count,
    sum: count * 1.5,
    positiveSpans: [{ offset: 0, length: 2 }],
    negativeSpans: [],
    positiveBuckets: [count - 2, 1],
    negativeBuckets: [],
    customValues: undefined,
    counterResetHint: 'unknown',
    ...overrides,
  };
}

describe('samples', () => {
  it('come back as they were appended, whatever they are', () => {
    const value = fc.oneof(
      fc.double(),
      fc.integer(),
      fc.constantFrom(-0, 0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 1e308, 5e-324, 2 ** 53),
      fc.integer({ min: -1e6, max: 1e6 }).map((n) => n / 1000),
      fc.constant('stale' as const),
    );
    const step = fc.oneof(fc.constant(15_000), fc.integer({ min: 1, max: 1e5 }), fc.integer({ min: 1, max: 1e12 }));
    fc.assert(
      fc.property(fc.array(fc.tuple(step, value), { minLength: 1, maxLength: 600 }), fc.nat(), (steps, cut) => {
        const head = createHead();
        let at = 1_700_000_000_000;
        const samples = steps.map(([by, each]) => {
          at += by;
          return { at, value: each };
        });
        expect(new Set(fill(head, up, samples))).toEqual(new Set(['appended']));
        expect(read(head, isUp)).toEqual(samples);
        const from = samples[cut % samples.length]!.at;
        const to = samples[(cut * 7) % samples.length]!.at;
        expect(read(head, isUp, from, to)).toEqual(samples.filter((each) => each.at >= from && each.at <= to));
      }),
      { numRuns: 150 },
    );
  });

  it('of one value, then of others, with markers between, keep their order', () => {
    const head = createHead();
    const samples: Sample[] = [];
    for (let i = 0; i < 1000; i++) {
      samples.push({ at: i * 1000, value: i % 50 === 7 ? 'stale' : i < 400 ? 3 : i < 700 ? i / 10 : Math.sin(i) });
    }
    fill(head, up, samples);
    expect(read(head, isUp)).toEqual(samples);
  });

  it('take start timestamps', () => {
    const head = createHead();
    const samples: Sample[] = [
      { at: 1000, value: 1 },
      { at: 2000, value: 2, start: 1500 },
      { at: 3000, value: 3, start: 1500 },
      { at: 4000, value: 1 },
    ];
    fill(head, up, samples);
    expect(read(head, isUp)).toEqual(samples);
    expect(read(head, isUp, 3000)).toEqual(samples.slice(2));
  });

  it('are bound by the newest of the head, as in Prometheus: an hour, or the window where there is one', () => {
    const hour = 3_600_000;
    const at = 10 * hour;
    const other = (name: string): Labels => Labels.of({ __name__: name });
    const head = createHead();
    const importer = head.importer();
    expect(importer.float(importer.series(other('imported')), 20 * hour, 1)).toBe('appended');
    importer.commit();
    fill(head, up, [{ at, value: 1 }]);
    expect(fill(head, other('late'), [{ at: at - hour, value: 1 }])).toEqual(['appended']);
    expect(fill(head, other('later'), [{ at: at - hour - 1, value: 1 }])).toEqual(['out-of-bounds']);
    expect(fill(head, up, [{ at: at - hour - 1, value: 1 }])).toEqual(['out-of-bounds']);
    expect(fill(head, other('late'), [{ at: at - hour - 1, value: 1 }])).toEqual(['out-of-bounds']);
    head.configure({ outOfOrderWindowMs: 2 * hour });
    expect(fill(head, other('later'), [{ at: at - hour - 1, value: 1 }])).toEqual(['appended']);
    expect(fill(head, other('last'), [{ at: at - 2 * hour, value: 1 }])).toEqual(['appended']);
    expect(fill(head, other('latest'), [{ at: at - 2 * hour - 1, value: 1 }])).toEqual(['too-old']);
    head.configure({ outOfOrderWindowMs: 1000 });
    expect(fill(head, other('another'), [{ at: at - 1001, value: 1 }])).toEqual(['appended']);
    expect(fill(head, other('another'), [{ at: at - hour - 1, value: 1 }])).toEqual(['too-old']);
  });

  it('are told apart as duplicates, conflicts, out of order and too old', () => {
    const head = createHead();
    fill(head, up, [{ at: 100_000, value: 1 }]);
    expect(fill(head, up, [{ at: 100_000, value: 1 }])).toEqual(['duplicate']);
    expect(fill(head, up, [{ at: 100_000, value: 2 }])).toEqual(['duplicate-conflict']);
    expect(fill(head, up, [{ at: 100_000, value: 'stale' }])).toEqual(['duplicate-conflict']);
    expect(fill(head, up, [{ at: 99_000, value: 2 }])).toEqual(['out-of-order']);
    head.configure({ outOfOrderWindowMs: 10_000 });
    expect(fill(head, up, [{ at: 89_999, value: 2 }])).toEqual(['too-old']);
    expect(fill(head, up, [{ at: 95_000, value: 2 }])).toEqual(['appended']);
    expect(fill(head, up, [{ at: 95_000, value: 2 }])).toEqual(['duplicate']);
    expect(fill(head, up, [{ at: 95_000, value: 3 }])).toEqual(['duplicate-conflict']);
    expect(read(head, isUp)).toEqual([
      { at: 95_000, value: 2 },
      { at: 100_000, value: 1 },
    ]);
  });

  it('out of order are in order when read', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer({ min: 0, max: 5000 }), { maxLength: 500 }), (times) => {
        const head = createHead({ outOfOrderWindowMs: 1e9 });
        for (const at of times) expect(fill(head, up, [{ at, value: at / 7 }])).toEqual(['appended']);
        const sorted = times.toSorted((a, b) => a - b).map((at) => ({ at, value: at / 7 }));
        expect(read(head, isUp)).toEqual(sorted);
        expect(head.status(1).samples).toBe(times.length);
      }),
      { numRuns: 50 },
    );
  });

  it('of a batch are visible on commit only, and never after a rollback', () => {
    const head = createHead();
    const appender = head.appender();
    appender.float(appender.series(up), 1, 1);
    expect(read(head, isUp)).toEqual([]);
    appender.commit();
    expect(read(head, isUp)).toEqual([{ at: 1, value: 1 }]);
    const second = head.appender();
    second.float(second.series(up), 2, 2);
    second.rollback();
    expect(read(head, isUp)).toEqual([{ at: 1, value: 1 }]);
    expect(() => second.commit()).toThrow();
  });
});

describe('histograms', () => {
  it('come back as they were appended, with what is known of resets', () => {
    const head = createHead();
    const counts = [10, 20, 20, 5, 6];
    fill(
      head,
      up,
      counts.map((count, i) => ({ at: i * 1000, value: histogram(count) })),
    );
    const hints = ['unknown', 'not-reset', 'not-reset', 'unknown', 'not-reset'] as const;
    expect(read(head, isUp)).toEqual(
      counts.map((count, i) => ({ at: i * 1000, value: histogram(count, { counterResetHint: hints[i]! }) })),
    );
  });

  it('with new buckets go on without a reset; with another schema or bucket that shrinks they do not', () => {
    const head = createHead();
    const wider = { positiveSpans: [{ offset: -1, length: 3 }], positiveBuckets: [1, 10, 2] };
    const samples = [
      histogram(10),
      histogram(20, wider),
      histogram(30, { ...wider, positiveBuckets: [1, 11, 2] }),
      histogram(40),
      histogram(50, { schema: 1 }),
    ];
    fill(
      head,
      up,
      samples.map((value, i) => ({ at: i, value })),
    );
    const hints = read(head, isUp).map((each) => (each.value as FloatHistogram).counterResetHint);
    expect(hints).toEqual(['unknown', 'not-reset', 'not-reset', 'unknown', 'unknown']);
  });

  it('of any numbers, gauges, custom buckets and beside floats', () => {
    const number = fc.oneof(fc.double(), fc.nat(), fc.constantFrom(0, -0, Number.NaN, Number.POSITIVE_INFINITY));
    const any = fc.record({
      numbers: fc.array(number, { minLength: 5, maxLength: 5 }),
      custom: fc.boolean(),
      float: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(any, { maxLength: 300 }), (list) => {
        const head = createHead();
        const samples: Sample[] = list.map(({ numbers, custom, float }, i) => {
          if (float && numbers[0]! > 1) return { at: i, value: numbers[1]! };
          const value = histogram(0, {
            counterResetHint: 'gauge',
            sum: numbers[0]!,
            count: numbers[1]!,
            zeroCount: numbers[2]!,
            positiveBuckets: [numbers[3]!, numbers[4]!],
            ...(custom ? { schema: -53, customValues: [1, 2.5] } : {}),
          });
          return { at: i, value };
        });
        fill(head, up, samples);
        expect(read(head, isUp)).toEqual(samples);
      }),
      { numRuns: 100 },
    );
  });
});

describe('selection', () => {
  const head = createHead();
  const sets = ['1', '2', '3', ''].flatMap((a) =>
    ['x', 'y', ''].flatMap((b) => ['m', 'n'].map((name) => Labels.of({ __name__: name, a, b }))),
  );
  for (const labels of sets) fill(head, labels, [{ at: 1, value: 1 }]);

  it('agrees with matching each series', () => {
    const operators: MatchOperator[] = ['=', '!=', '=~', '!~'];
    const values = ['', '1', '2', '.*', '.+', '1|2', '|1', '[12]', 'x', 'y?', 'nothing', '(1|9)', '.*1'];
    const any = fc
      .tuple(fc.constantFrom(...operators), fc.constantFrom('a', 'b', '__name__', 'absent'), fc.constantFrom(...values))
      .map(([operator, name, value]) => new Matcher(operator, name, value));
    fc.assert(
      fc.property(fc.array(any, { maxLength: 4 }), (matchers) => {
        const expected = sets.filter((labels) => matchesAll(matchers, labels)).map(String);
        expect(head.select(matchers, 0, 2).map((each) => String(each.labels))).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it('lists names, values and series', () => {
    expect(head.labelNames([])).toEqual(['__name__', 'a', 'b']);
    expect(head.labelNames([new Matcher('=', 'a', ''), new Matcher('=', 'b', '')])).toEqual(['__name__']);
    expect(head.labelValues('a', [])).toEqual(['1', '2', '3']);
    expect(head.labelValues('a', [new Matcher('=~', 'a', '2|3')])).toEqual(['2', '3']);
    expect(head.labelValues('a', [], 5, 6)).toEqual([]);
    expect(head.series([new Matcher('=', 'a', '1'), isM]).map(String)).toEqual([
      '{__name__="m", a="1"}',
      '{__name__="m", a="1", b="x"}',
      '{__name__="m", a="1", b="y"}',
    ]);
  });

  const isM = new Matcher('=', '__name__', 'm');
});

describe('retention', () => {
  it('drops what is older, counts it, and forgets series without samples', () => {
    const head = createHead({ retentionMs: 60_000 });
    fill(head, up, [{ at: 1000, value: 1 }]);
    const other = Labels.of({ __name__: 'other' });
    fill(head, other, [{ at: 100_000, value: 1 }]);
    const appender = head.appender();
    const ref = appender.series(up);
    appender.rollback();
    expect(head.truncate(100_000)).toBe(1);
    expect(head.status(1)).toMatchObject({ samples: 1, droppedSamples: 1, series: 2, minTimeMs: 100_000 });
    head.truncate(100_001);
    expect(head.status(1).series).toBe(1);
    expect(head.labelNames([])).toEqual(['__name__']);
    expect(head.labelValues('job', [])).toEqual([]);
    expect(head.appender().float(ref, 200_000, 1)).toBe('unknown-series');
    expect(head.appender().series(up)).not.toBe(ref);
    expect(fill(head, up, [{ at: 39_000, value: 1 }])).toEqual(['out-of-bounds']);
    expect(fill(head, up, [{ at: 101_000, value: 1 }])).toEqual(['appended']);
    expect(read(head, isUp)).toEqual([{ at: 101_000, value: 1 }]);
  });

  it('keeps within the budget by dropping the oldest', () => {
    const head = createHead({ budgetBytes: 400_000 });
    for (let series = 0; series < 20; series++) {
      const samples = Array.from({ length: 5000 }, (_, i) => ({ at: i * 500, value: Math.sin(i * series) }));
      fill(head, Labels.of({ __name__: 'm', series: String(series) }), samples);
    }
    const dropped = head.truncate(2_500_000);
    expect(dropped).toBeGreaterThan(10_000);
    expect(head.bytes).toBeLessThanOrEqual(400_000);
    expect(head.status(1).samples).toBe(100_000 - dropped);
    expect(head.status(1).maxTimeMs).toBe(2_499_500);
    const columns = new SampleColumns();
    for (const series of head.select([], 0, 1e9)) {
      series.read(0, 1e9, columns);
      expect(columns.timestamps[columns.length - 1]).toBe(2_499_500);
    }
  });

  it('over the budget drops the older part of chunks that are still growing, never the newest', () => {
    const head = createHead({ budgetBytes: 300_000 });
    const valueAt = (series: number, i: number): number => Math.sin(series * 1e4 + i);
    for (let series = 0; series < 200; series++) {
      const samples = Array.from({ length: 200 }, (_, i) => ({ at: i * 15_000, value: valueAt(series, i) }));
      fill(head, Labels.of({ __name__: 'm', series: String(series) }), samples);
    }
    const dropped = head.truncate(3_000_000);
    expect(head.bytes).toBeLessThanOrEqual(300_000);
    const columns = new SampleColumns();
    let left = 0;
    for (const series of head.select([], 0, 1e9)) {
      series.read(0, 1e9, columns);
      left += columns.length;
      expect(columns.length).toBeGreaterThan(50);
      const number = Number(series.labels.get('series'));
      for (let i = 0; i < columns.length; i++) {
        expect(columns.timestamps[i]).toBe((200 - columns.length + i) * 15_000);
        expect(columns.values[i]).toBe(valueAt(number, 200 - columns.length + i));
      }
    }
    expect(left + dropped).toBe(40_000);
    head.configure({ budgetBytes: 1 });
    head.truncate(3_000_000);
    expect(head.status(1).samples).toBe(200 * 21);
    const appender = head.appender();
    const ref = appender.series(Labels.of({ __name__: 'm', series: '7' }));
    expect(appender.float(ref, 3_000_000, 0.5)).toBe('appended');
    appender.commit();
    head.select([new Matcher('=', 'series', '7')], 0, 1e9)[0]!.read(0, 1e9, columns);
    expect([columns.length, columns.values[21], columns.values[20]]).toEqual([22, 0.5, valueAt(7, 199)]);
  });

  it('gives memory back, and mixes no chunks up while it moves them', () => {
    const head = createHead({ retentionMs: 1_200_000 });
    const valueAt = (series: number, i: number): number => Math.sin(series * 1e4 + i);
    for (let series = 0; series < 300; series++) {
      // Every other one is short-lived, so that what stays is strewn over all slabs.
      const length = series % 2 === 0 ? 3000 : 1500;
      const samples = Array.from({ length }, (_, i) => ({ at: i * 1000, value: valueAt(series, i) }));
      fill(head, Labels.of({ __name__: 'm', series: String(series) }), samples);
    }
    const { pool } = head.chunks.table;
    const before = pool.heldBytes;
    head.truncate(3_000_000);
    expect(pool.heldBytes).toBeLessThan(before * 0.6);
    expect(pool.heldBytes).toBeLessThan(pool.usedBytes * 1.25 + 5e6);
    const columns = new SampleColumns();
    for (const series of head.select([], 1_800_000, 1e9)) {
      series.read(1_800_000, 1e9, columns);
      expect(columns.length).toBe(1200);
      const number = Number(series.labels.get('series'));
      for (let i = 0; i < 1200; i++) expect(columns.values[i]).toBe(valueAt(number, 1800 + i));
    }
    const samples = Array.from({ length: 2000 }, (_, i) => ({ at: 3_000_000 + i * 1000, value: valueAt(7, i) }));
    fill(head, up, samples);
    expect(read(head, isUp)).toEqual(samples);
  });

  it('leaves imported samples alone', () => {
    const head = createHead({ retentionMs: 1000, budgetBytes: 1 });
    const importer = head.importer();
    const ref = importer.series(up);
    importer.float(ref, 5000, 2);
    importer.float(ref, 1000, 1);
    importer.commit();
    expect(head.truncate(1e12)).toBe(0);
    expect(read(head, isUp)).toEqual([
      { at: 1000, value: 1 },
      { at: 5000, value: 2 },
    ]);
  });

  it('uses slots again without mixing series up', () => {
    const head = createHead({ retentionMs: 1000 });
    for (let round = 0; round < 30; round++) {
      const at = round * 10_000;
      for (let i = 0; i < 40; i++) {
        const labels = Labels.of({ __name__: 'm', i: String(i), round: String(round % (i + 1)) });
        fill(head, labels, [{ at, value: i }]);
      }
      head.truncate(at);
      head.truncate(at);
      expect(head.status(1).series).toBe(40);
      const columns = new SampleColumns();
      for (const series of head.select([new Matcher('=~', 'i', '[0-9]+')], 0, 1e9)) {
        series.read(0, 1e9, columns);
        expect(columns.values[0]).toBe(Number(series.labels.get('i')));
      }
    }
  });
});

describe('beside the samples', () => {
  it('exemplars are bounded and found by series and time', () => {
    const head = createHead({ maxExemplars: 3 });
    const appender = head.appender();
    const ref = appender.series(up);
    for (let i = 0; i < 5; i++) {
      appender.exemplar(ref, { labels: Labels.of({ trace_id: `t${i}` }), value: i, timestampMs: i });
    }
    appender.exemplar(ref, { labels: Labels.of({ trace_id: 't4' }), value: 4, timestampMs: 4 });
    appender.commit();
    const found = head.exemplars([isUp], 0, 10);
    expect(found.map((each) => each.exemplars.map((exemplar) => exemplar.value))).toEqual([[2, 3, 4]]);
    expect(head.exemplars([isUp], 3, 3)[0]!.exemplars.length).toBe(1);
    expect(head.exemplars([new Matcher('=', 'job', 'b')], 0, 10)).toEqual([]);
  });

  it('exemplars of one time are kept in order of value, then labels', () => {
    const head = createHead();
    const appender = head.appender();
    const ref = appender.series(up);
    const put = (value: number, id: string): void =>
      appender.exemplar(ref, { labels: Labels.of({ trace_id: id }), value, timestampMs: 5 });
    for (const [value, id] of [
      [2, 'b'],
      [3, 'b'],
      [2, 'c'],
      [3, 'a'],
      [3, 'c'],
    ] as const)
      put(value, id);
    appender.commit();
    const [kept] = head.exemplars([isUp], 0, 10);
    expect(kept!.exemplars.map(({ value, labels }) => `${value}${labels.get('trace_id')}`)).toEqual(['2b', '3b', '3c']);
  });

  it('metadata of a family, the newest first', () => {
    const head = createHead();
    const appender = head.appender();
    appender.metadata('up', { type: 'gauge', help: 'one', unit: '' });
    appender.metadata('up', { type: 'gauge', help: 'two', unit: '' });
    appender.commit();
    expect(
      head
        .metadata('up')
        .get('up')!
        .map((each) => each.help),
    ).toEqual(['two', 'one']);
    expect(head.metadata('down').size).toBe(0);
    expect(head.metadata().size).toBe(1);
  });

  it('cardinality', () => {
    const head = createHead();
    for (let i = 0; i < 30; i++) fill(head, Labels.of({ __name__: `m${i % 3}`, i: `v${i}` }), [{ at: 1, value: 1 }]);
    const status = head.status(2);
    expect(status.seriesByMetric).toEqual([
      { name: 'm0', value: 10 },
      { name: 'm1', value: 10 },
    ]);
    expect(status.valuesByLabel[0]).toEqual({ name: 'i', value: 30 });
    expect(status.bytesByLabel[0]).toEqual({ name: 'i', value: 80 });
    expect(status.seriesByPair[0]).toEqual({ name: '__name__=m0', value: 10 });
    expect(status).toMatchObject({ series: 30, samples: 30, labelPairs: 33 });
  });
});
