/** What an engine keeps of an expression for its next evaluation does not show: a new engine says the same. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Labels } from '../../src/labels/labels.ts';
import { createEngine } from '../../src/promql/engine.ts';
import { createHead } from '../../src/storage/head.ts';

const EXPRESSIONS = [
  'sum by (job) (rate(m[1m]))',
  'sum without (code) (m)',
  'sum((m))',
  'count by (__name__, code) ({job=~".+"})',
  'topk by (job) (1, m)',
  'quantile by (code) (0.5, m)',
  'count_values by (job) ("value", m)',
  'max by (job) (rate(m[1m])) / on (job) group_right sum by (job, code) (m)',
  'sum by (job) (m) / sum by (job) (n)',
  'm and on (job) n',
  'rate(m[1m]) unless ignoring (code) rate(n[1m])',
];
const STEP_MS = 15_000;
const LOOKBACK_MS = 40_000;

it('as series come and go', async () => {
  const present = fc.array(fc.nat(11), { maxLength: 12 });
  await fc.assert(
    fc.asyncProperty(fc.array(present, { minLength: 1, maxLength: 12 }), async (rounds) => {
      const head = createHead({ retentionMs: 60_000 });
      const engine = createEngine(head, { lookbackMs: LOOKBACK_MS });
      let timeMs = 1_700_000_000_000;
      for (const series of rounds) {
        const appender = head.appender();
        for (const i of series) {
          const labels = Labels.of({ __name__: i % 2 ? 'm' : 'n', job: `j${(i >> 1) % 2}`, code: String(i >> 2) });
          appender.float(appender.series(labels), timeMs, (i * 7 + timeMs / STEP_MS) % 10);
        }
        appender.commit();
        head.truncate(timeMs);
        const fresh = createEngine(head, { lookbackMs: LOOKBACK_MS });
        for (const expression of EXPRESSIONS) {
          const [again, first] = await Promise.all(
            [engine, fresh].map((each) => each.query(expression, { timeMs }).then(({ value }) => value, String)),
          );
          expect(again, expression).toEqual(first);
        }
        timeMs += STEP_MS;
      }
    }),
    { numRuns: 60 },
  );
});
