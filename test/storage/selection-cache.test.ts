/** A selection that is made again finds what one that was never made before finds, whatever came and went in between. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Labels } from '../../src/labels/labels.ts';
import { Matcher, matchesAll } from '../../src/labels/matcher.ts';
import { createHead } from '../../src/storage/head.ts';

const RETENTION_MS = 10_000;
const matcher = (name: string, operator: '=' | '!=' | '=~' | '!~', value: string): Matcher =>
  new Matcher(operator, name, value);
const SELECTORS: readonly (readonly Matcher[])[] = [
  [matcher('__name__', '=', 'm')],
  [matcher('__name__', '=', 'm'), matcher('shard', '=', '1')],
  [matcher('shard', '=', '2'), matcher('code', '=~', '4|5')],
  [matcher('__name__', '=', 'n'), matcher('code', '!=', '4')],
  [matcher('shard', '=~', '.+')],
  [matcher('shard', '=', ''), matcher('__name__', '=', 'm')],
  [matcher('shard', '=', 'absent')],
];
const labelsOf = (i: number): Labels =>
  Labels.of({ __name__: i % 2 === 0 ? 'm' : 'n', shard: ['', '1', '2', '3'][(i >> 1) % 4]!, code: String(i >> 3) });

const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ append: fc.nat(47) }) },
  { weight: 1, arbitrary: fc.record({ passMs: fc.constantFrom(1000, RETENTION_MS + 1) }) },
  { weight: 6, arbitrary: fc.record({ select: fc.nat(SELECTORS.length - 1) }) },
);

it('is what the matchers say, as series come, go, and come again in the places of others', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), (steps) => {
      const head = createHead({ retentionMs: RETENTION_MS });
      const lastMs = new Map<string, { readonly labels: Labels; timeMs: number }>();
      let nowMs = 0;
      for (const each of steps) {
        if ('append' in each) {
          const labels = labelsOf(each.append);
          const appender = head.appender();
          appender.float(appender.series(labels), ++nowMs, 1);
          appender.commit();
          lastMs.set(labels.key, { labels, timeMs: nowMs });
        } else if ('passMs' in each) {
          nowMs += each.passMs;
          // A series goes once it was found empty twice.
          head.truncate(nowMs);
          head.truncate(nowMs);
        } else {
          const matchers = SELECTORS[each.select]!;
          const since = nowMs - RETENTION_MS;
          const found = head.select(matchers, since, nowMs).map(({ labels }) => labels.key);
          const wanted = [...lastMs.values()].filter(
            ({ labels, timeMs }) => timeMs >= since && matchesAll(matchers, labels),
          );
          expect(found.sort()).toEqual(wanted.map(({ labels }) => labels.key).sort());
        }
      }
    }),
    { numRuns: 300 },
  );
});
