/** Whatever comes from outside, readers of traces answer; trees hold every span once. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorPaths, selfTimeUs, serviceSummaries } from '../../src/traces/analysis.ts';
import { criticalPath } from '../../src/traces/critical-path.ts';
import { traceOfJaeger } from '../../src/traces/jaeger-json.ts';
import { receiveOtlp } from '../../src/traces/receive-otlp.ts';
import type { Span } from '../../src/traces/trace.ts';
import { TraceStore } from '../../src/traces/trace-store.ts';
import { buildTraceTree } from '../../src/traces/tree.ts';

const keys = [
  'resourceSpans',
  'scopeSpans',
  'spans',
  'resource',
  'attributes',
  'key',
  'value',
  'traceId',
  'spanId',
  'events',
  'links',
  'status',
  'kind',
];
const json = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'medium' },
    fc.constantFrom(null, true, -1, 1e300, '', 'a'.repeat(32), 'b'.repeat(16), '1700000000000000000'),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...keys), tie('any'), { maxKeys: 6 }),
  ),
})).any;

const span = fc.record({
  spanId: fc.constantFrom('1', '2', '3', '4', '5', '6'),
  parentSpanId: fc.option(fc.constantFrom('1', '2', '3', '4', '5', '6', '7'), { nil: undefined }),
  service: fc.constantFrom('a', 'b'),
  kind: fc.constantFrom('internal', 'server', 'client') as fc.Arbitrary<Span['kind']>,
  startUs: fc.integer({ min: 0, max: 100 }),
  durationUs: fc.integer({ min: 0, max: 100 }),
  error: fc.boolean(),
});

describe('anything', () => {
  it('may be sent as OTLP', () => {
    fc.assert(
      fc.property(json, (document) => {
        const answer = receiveOtlp(Buffer.from(JSON.stringify(document)), 'application/json', new TraceStore());
        expect([200, 400]).toContain(answer.status);
      }),
      { numRuns: 500 },
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect([200, 400]).toContain(receiveOtlp(bytes, 'application/x-protobuf', new TraceStore()).status);
      }),
      { numRuns: 1000 },
    );
  });

  it('may come from Jaeger', () => {
    const renamed = json.map((document) =>
      JSON.parse(
        JSON.stringify(document)
          .replaceAll('resourceSpans', 'processes')
          .replaceAll('spanId', 'spanID')
          .replaceAll('links', 'references'),
      ),
    );
    fc.assert(
      fc.property(
        fc.oneof(
          renamed,
          renamed.map((each) => ({ spans: [each, {}] })),
        ),
        (document) => void traceOfJaeger(document),
      ),
      { numRuns: 500 },
    );
  });

  it('may be a trace: every span is shown once, times add up', () => {
    fc.assert(
      fc.property(fc.array(span, { minLength: 1, maxLength: 12 }), (parts) => {
        const spans = parts.map(
          (part): Span => ({
            traceId: 't',
            references: [],
            name: 'n',
            statusMessage: '',
            attributes: {},
            resource: {},
            scope: '',
            events: [],
            warnings: [],
            ...part,
          }),
        );
        const tree = buildTraceTree({ traceId: 't', spans });
        expect(new Set(tree.nodes.map((node) => node.span)).size).toBe(spans.length);
        for (const node of tree.nodes) {
          expect(node.parent === undefined || node.parent.children.includes(node)).toBe(true);
          expect(selfTimeUs(node)).toBeGreaterThanOrEqual(0);
          expect(selfTimeUs(node)).toBeLessThanOrEqual(node.span.durationUs);
        }
        const path = criticalPath(tree);
        const root = tree.roots[0]!;
        // It covers the root from its start to its end, without a gap.
        expect(path.reduce((sum, { startUs, endUs }) => sum + endUs - startUs, 0)).toBeCloseTo(root.span.durationUs, 6);
        path.forEach(({ startUs }, i) => {
          if (i > 0) expect(startUs).toBeCloseTo(path[i - 1]!.endUs, 6);
        });
        expect(serviceSummaries(tree).reduce((sum, { spans: count }) => sum + count, 0)).toBe(spans.length);
        for (const { origin, passedOn, reachesRoot } of errorPaths(tree)) {
          let top = origin;
          for (let i = 0; i < passedOn; i++) top = top.parent!;
          expect([top.span.error, top.parent?.span.error ?? false]).toEqual([true, false]);
          expect(reachesRoot).toBe(top.parent === undefined);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
