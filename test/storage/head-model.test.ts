import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ManualClock } from '../../src/config/clock.ts';
import type { FloatHistogram } from '../../src/exposition/histogram.ts';
import { Labels } from '../../src/labels/labels.ts';
import { Matcher } from '../../src/labels/matcher.ts';
import type { Head } from '../../src/storage/head.ts';
import { openHead } from '../../src/storage/open-head.ts';
import { FLOAT, HISTOGRAM, SampleColumns, STALE } from '../../src/storage/queryable.ts';
import { MemoryFiles } from './memory-files.ts';

type Step =
  | {
      readonly kind: 'append';
      readonly series: number;
      readonly by: number;
      readonly value: number | 'stale' | 'histogram';
    }
  | { readonly kind: 'rollback'; readonly series: number }
  | { readonly kind: 'flush' | 'restart' | 'truncate' };

const WINDOW_MS = 3000;
const RETENTION_MS = 20_000;

const value = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.double({ noNaN: true }),
  fc.constantFrom('stale' as const, 'histogram' as const, Number.NaN, -0, 0.1),
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 60,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      series: fc.nat(6),
      by: fc.oneof(fc.constant(15), fc.integer({ min: -4000, max: 600 })),
      value,
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rollback' as const), series: fc.nat(30) }) },
  { weight: 8, arbitrary: fc.record({ kind: fc.constantFrom('flush' as const, 'truncate' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restart' as const) }) },
);

function labelsOf(series: number): Labels {
  return Labels.of({ __name__: 'm', series: String(series), half: String(series % 2) });
}

function histogramAt(at: number): FloatHistogram {
  return {
    schema: at % 5 === 0 ? 1 : 0,
    zeroThreshold: 0,
    zeroCount: 0,
    count: (at % 7) + 1,
    sum: at / 3,
    positiveSpans: [{ offset: at % 3, length: 1 }],
    negativeSpans: [],
    positiveBuckets: [(at % 7) + 1],
    negativeBuckets: [],
    customValues: undefined,
    counterResetHint: 'unknown',
  };
}

function read(head: Head, series: number): Map<number, string> {
  const columns = new SampleColumns(4);
  const found = head.select([new Matcher('=', 'series', String(series)), new Matcher('=~', 'half', '0|1')], 0, 1e15);
  expect(found.length).toBeLessThanOrEqual(1);
  if (found.length === 0) return new Map();
  found[0]!.read(0, 1e15, columns);
  const samples = new Map<number, string>();
  for (let i = 0; i < columns.length; i++) {
    const kind = columns.floatsOnly ? FLOAT : columns.kinds[i];
    if (i > 0) expect(columns.timestamps[i]).toBeGreaterThan(columns.timestamps[i - 1]!);
    if (kind === HISTOGRAM) {
      const { counterResetHint: _, ...rest } = columns.histograms[i]!;
      samples.set(columns.timestamps[i]!, JSON.stringify(rest));
    } else {
      samples.set(
        columns.timestamps[i]!,
        kind === STALE ? 'stale' : Object.is(columns.values[i], -0) ? '-0' : String(columns.values[i]),
      );
    }
  }
  return samples;
}

it('holds what a plain map would, over restarts, snapshots, retention and samples out of order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 400 }), async (steps) => {
      const files = new MemoryFiles();
      const open = (): Promise<Head> =>
        openHead({
          directory: '/wal',
          files,
          clock: new ManualClock(),
          outOfOrderWindowMs: WINDOW_MS,
          retentionMs: RETENTION_MS,
          segmentBytes: 400,
          snapshotAfterBytes: 1500,
          onRepair: (repair) => expect(repair).toBeUndefined(),
        });
      let head = await open();
      const model = new Map<number, Map<number, string>>();
      let now = 1_000_000;
      let horizon = 0;
      const check = (): void => {
        for (let series = 0; series <= 6; series++) {
          const held = read(head, series);
          const expected = model.get(series) ?? new Map<number, string>();
          const recent = (samples: Map<number, string>): string =>
            JSON.stringify([...samples].filter(([at]) => at >= horizon).sort((a, b) => a[0] - b[0]));
          expect(recent(held)).toBe(recent(expected));
          for (const [at, each] of held) expect(each).toBe(expected.get(at));
        }
      };
      for (const each of steps) {
        if (each.kind === 'append') {
          const at = now + each.by;
          const appender = head.appender();
          const ref = appender.series(labelsOf(each.series));
          const histogram = histogramAt(at);
          const outcome =
            each.value === 'stale'
              ? appender.stale(ref, at)
              : each.value === 'histogram'
                ? appender.histogram(ref, at, histogram)
                : appender.float(ref, at, each.value);
          appender.commit();
          if (outcome === 'appended') {
            const { counterResetHint: _, ...rest } = histogram;
            const shown =
              each.value === 'histogram' ? JSON.stringify(rest) : Object.is(each.value, -0) ? '-0' : String(each.value);
            const samples = model.get(each.series) ?? new Map<number, string>();
            expect(samples.has(at) && at >= horizon).toBe(false);
            model.set(each.series, samples.set(at, shown));
            now = Math.max(now, at);
          } else {
            expect(['too-old', 'duplicate', 'duplicate-conflict', 'out-of-bounds']).toContain(outcome);
          }
        } else if (each.kind === 'rollback') {
          const appender = head.appender();
          appender.float(appender.series(labelsOf(each.series)), now + 1, 1);
          appender.rollback();
        } else if (each.kind === 'truncate') {
          horizon = Math.max(horizon, now - RETENTION_MS);
          head.truncate(now);
          head.truncate(now);
        } else if (each.kind === 'flush') {
          await head.flush();
        } else {
          check();
          await head.close();
          head = await open();
        }
      }
      check();
      const total = [0, 1, 2, 3, 4, 5, 6].reduce((sum, series) => sum + read(head, series).size, 0);
      expect(head.status(1).samples).toBe(total);
    }),
    { numRuns: 120 },
  );
});
