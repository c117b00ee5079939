/** Reading the last samples of a series, which starts at the end of its last chunk, against reading all of them. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Labels } from '../../src/labels/labels.ts';
import { Matcher } from '../../src/labels/matcher.ts';
import { createHead } from '../../src/storage/head.ts';
import { SampleColumns } from '../../src/storage/queryable.ts';

const deltas = fc.oneof(
  fc.integer({ min: -3, max: 3 }),
  fc.integer({ min: -(2 ** 20), max: 2 ** 20 }),
  fc.integer({ min: -(2 ** 47), max: 2 ** 47 }),
);

it('gives the same samples from whatever time on', () => {
  fc.assert(
    fc.property(
      fc.array(deltas, { minLength: 2, maxLength: 260 }),
      fc.constantFrom(1, 10, 1000, 3),
      fc.boolean(),
      fc.nat(30),
      (steps, divisor, isRegular, cut) => {
        const head = createHead();
        const appender = head.appender();
        const ref = appender.series(Labels.of({ __name__: 'm' }));
        let integer = 0;
        let timeMs = 1_000_000;
        const expected: [number, number][] = [];
        for (const [i, delta] of steps.entries()) {
          integer += delta;
          timeMs += isRegular ? 15_000 : 15_000 + (i % 3);
          appender.float(ref, timeMs, integer / divisor);
          expected.push([timeMs, integer / divisor]);
        }
        appender.commit();
        const [series] = head.select([new Matcher('=', '__name__', 'm')], 0, 1e15);
        const columns = new SampleColumns(4);
        for (let from = 0; from < expected.length; from++) {
          const endMs = expected[Math.max(from, expected.length - 1 - cut)]![0];
          for (const startMs of [expected[from]![0], expected[from]![0] - 14_000]) {
            series!.read(startMs, endMs, columns);
            const found = Array.from({ length: columns.length }, (_, i) => [columns.timestamps[i], columns.values[i]]);
            expect(found).toEqual(expected.filter(([at]) => at >= startMs && at <= endMs));
          }
        }
      },
    ),
    { numRuns: 60 },
  );
});

it('gives the newest sample up to whatever time', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('float', 'float', 'float', 'stale', 'late'), { minLength: 1, maxLength: 260 }),
      fc.constantFrom(0, 1, 40),
      fc.boolean(),
      (kinds, jitterEvery, hasLate) => {
        const head = createHead({ outOfOrderWindowMs: 1e9 });
        const appender = head.appender();
        const ref = appender.series(Labels.of({ __name__: 'm' }));
        let timeMs = 1_000_000;
        for (const [i, kind] of kinds.entries()) {
          timeMs += jitterEvery > 0 && i % jitterEvery === 0 ? 15_003 : 15_000;
          if (kind === 'stale' && !hasLate) appender.stale(ref, timeMs);
          else appender.float(ref, timeMs, i * 3 - (i % 7));
          if (kind === 'late' && hasLate) appender.float(ref, timeMs - 7_000, i);
        }
        appender.commit();
        const [series] = head.select([new Matcher('=', '__name__', 'm')], 0, 1e15);
        const [all, newest] = [new SampleColumns(4), new SampleColumns(4)];
        const last = (columns: SampleColumns): unknown => {
          const at = columns.length - 1;
          return at < 0
            ? 'none'
            : [columns.timestamps[at], columns.values[at], !columns.floatsOnly && columns.kinds[at]];
        };
        for (let endMs = 1_000_000; endMs < timeMs + 20_000; endMs += 4_999) {
          series!.read(endMs - 299_999, endMs, all);
          series!.readNewest!(endMs - 299_999, endMs, newest);
          // Where there are floats only, their kind says nothing: it may be told of one reading and not of the other.
          expect(String(last(newest)).replace(/,(0|false)$/, '')).toBe(String(last(all)).replace(/,(0|false)$/, ''));
        }
      },
    ),
    { numRuns: 60 },
  );
});
