/** The store that packs what is not new: what it gives is what a plain map would give, and its memory stays bounded. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { spanMatcher } from '../../src/traces/match-span.ts';
import { summaryOf } from '../../src/traces/summary.ts';
import type { Span, TraceQuery } from '../../src/traces/trace.ts';
import { TraceStore } from '../../src/traces/trace-store.ts';

let ids = 0;
const span: fc.Arbitrary<Span> = fc
  .record({
    trace: fc.integer({ min: 1, max: 25 }),
    service: fc.constantFrom('a', 'b', 'c'),
    name: fc.constantFrom('GET /', 'POST /orders', 'SELECT'),
    root: fc.boolean(),
    startUs: fc.integer({ min: 0, max: 1000 }),
    durationUs: fc.integer({ min: 0, max: 100 }),
    error: fc.boolean(),
    value: fc.oneof(fc.constantFrom('x', true, Number.NaN, -0, Number.POSITIVE_INFINITY), fc.array(fc.string())),
  })
  .map(({ trace, root, value, ...rest }) => ({
    traceId: trace.toString(16).padStart(32, '0'),
    spanId: (++ids).toString(16).padStart(16, '0'),
    parentSpanId: root ? undefined : '00f067aa0ba902b7',
    references: [],
    kind: 'server',
    statusMessage: '',
    attributes: { value, __proto__: null } as unknown as Span['attributes'],
    resource: { 'service.name': rest.service },
    scope: '',
    events: [{ timeUs: 1, name: 'e', attributes: { 'db.rows': 3 } }],
    warnings: [],
    ...rest,
  }));
const batches = fc.array(fc.array(span, { maxLength: 40 }), { maxLength: 15 });
const query: fc.Arbitrary<TraceQuery> = fc.record(
  {
    service: fc.constantFrom('a', 'b', 'nobody'),
    operation: fc.constantFrom('GET /', 'SELECT'),
    tags: fc.constantFrom({}, { value: 'x' }, { 'db.rows': '3' }, { error: 'true' }),
    minDurationUs: fc.integer({ min: 0, max: 100 }),
    startUs: fc.integer({ min: 0, max: 1000 }),
    endUs: fc.integer({ min: 0, max: 1000 }),
    limit: fc.constantFrom(3, 100),
  },
  { requiredKeys: ['limit'] },
);

describe('the store', () => {
  it('gives whole traces, and finds those that a search through all spans finds', async () => {
    await fc.assert(
      fc.asyncProperty(batches, fc.array(query, { minLength: 1, maxLength: 4 }), async (added, asked) => {
        // So few bytes that most is packed; no trace has to go, since all of them together are few.
        const store = new TraceStore({ maxBytes: 400_000 });
        const all = new Map<string, Span[]>();
        for (const batch of added) {
          store.add(batch);
          for (const each of batch) all.set(each.traceId, [...(all.get(each.traceId) ?? []), each]);
        }
        expect(store.status()).toMatchObject({ evictedTraces: 0, spans: added.flat().length, traces: all.size });
        for (const [traceId, spans] of all) expect(store.trace(traceId)).toEqual({ traceId, spans });
        for (const each of asked) {
          const found = await store.search(each);
          const expected = [...all.entries()]
            .filter(([, spans]) => spans.some(spanMatcher(each)))
            .map(([traceId, spans]) => summaryOf({ traceId, spans }));
          const starts = expected.map(({ startUs }) => startUs).sort((a, b) => b - a);
          expect(found.map(({ startUs }) => startUs)).toEqual(starts.slice(0, each.limit));
          for (const summary of found) expect(expected).toContainEqual(summary);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('stays within its bytes, and forgets the operations of what is gone', () => {
    fc.assert(
      fc.property(batches, (added) => {
        const store = new TraceStore({ maxBytes: 20_000 });
        for (const batch of added) {
          store.add(batch);
          expect(store.status().bytes).toBeLessThanOrEqual(20_000);
        }
        const left = new Set<string>();
        for (let trace = 1; trace <= 25; trace++)
          for (const { service, name } of store.trace(trace.toString(16))?.spans ?? []) left.add(`${service} ${name}`);
        const operations = store
          .services()
          .flatMap((service) => store.operations(service).map((name) => `${service} ${name}`));
        expect(operations.sort()).toEqual([...left].sort());
        expect(store.status().spans + store.status().evictedSpans).toBe(added.flat().length);
      }),
    );
  });

  it('holds many times more than as objects', () => {
    const store = new TraceStore({ maxBytes: 1024 * 1024 });
    for (let i = 0; i < 20_000; i++) {
      store.add([
        {
          ...fc.sample(span, { numRuns: 1, seed: 7 })[0]!,
          traceId: Math.floor(i / 10)
            .toString(16)
            .padStart(32, '0'),
          spanId: i.toString(16).padStart(16, '0'),
          attributes: { 'http.method': 'GET', 'http.route': '/orders/:id', 'http.url': `http://orders/orders/${i}` },
        },
      ]);
    }
    // By the estimate for objects, 1,300 of them would fill it.
    expect(store.status().spans).toBeGreaterThan(3500);
  });
});
