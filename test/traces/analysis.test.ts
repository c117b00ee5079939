import { describe, expect, it } from 'vitest';
import { errorPaths, selfTimeUs, serviceSummaries } from '../../src/traces/analysis.ts';
import { criticalPath } from '../../src/traces/critical-path.ts';
import type { Span, Trace } from '../../src/traces/trace.ts';
import { buildTraceTree } from '../../src/traces/tree.ts';

type Short = [id: string, parent: string | undefined, startUs: number, endUs: number, more?: Partial<Span>];

function trace(...spans: Short[]): Trace {
  return {
    traceId: 't',
    spans: spans.map(([spanId, parentSpanId, startUs, endUs, more]) => ({
      traceId: 't',
      spanId,
      parentSpanId,
      references: parentSpanId === undefined ? [] : [{ kind: 'child-of', traceId: 't', spanId: parentSpanId }],
      name: spanId,
      service: 'one',
      kind: 'internal',
      startUs,
      durationUs: endUs - startUs,
      error: false,
      statusMessage: '',
      attributes: {},
      resource: {},
      scope: '',
      events: [],
      warnings: [],
      ...more,
    })),
  };
}

const sections = (of: Trace): string[] =>
  criticalPath(buildTraceTree(of)).map(({ node, startUs, endUs }) => `${node.span.name} ${startUs}-${endUs}`);

describe('trace tree', () => {
  it('hangs children under parents by their start, whatever order they come in', () => {
    const { roots, nodes } = buildTraceTree(
      trace(['c', 'a', 30, 40], ['b', 'a', 10, 20], ['a', undefined, 0, 50], ['d', 'b', 11, 12]),
    );
    expect(nodes.map((node) => `${node.span.name}${node.depth}`)).toEqual(['a0', 'b1', 'd2', 'c1']);
    expect(roots).toHaveLength(1);
  });

  it('puts up with missing parents, circles, parents of themselves and ids that occur twice', () => {
    const tree = buildTraceTree(
      trace(
        ['a', 'gone', 0, 5],
        ['b', 'c', 1, 2],
        ['c', 'b', 2, 3],
        ['d', 'd', 4, 5],
        ['e', undefined, 6, 9],
        ['e', undefined, 6, 8, { kind: 'server' }],
        ['f', 'e', 7, 8],
      ),
    );
    expect(tree.nodes).toHaveLength(7);
    expect(new Set(tree.nodes).size).toBe(7);
    expect(tree.nodes.find((node) => node.span.name === 'a')!.parentMissing).toBe(true);
    expect(tree.nodes.find((node) => node.span.name === 'f')!.parent!.span.kind).toBe('server');
  });

  it('takes the skew of another host’s clock out, and leaves what may be true', () => {
    const tree = buildTraceTree(
      trace(
        ['call', undefined, 1000, 1100, { kind: 'client' }],
        ['serve', 'call', 500, 560, { service: 'two', kind: 'server' }],
        ['query', 'serve', 510, 550, { service: 'two' }],
        ['later', 'call', 2000, 2100, { service: 'three', kind: 'consumer' }],
      ),
    );
    const start = (name: string): number => tree.nodes.find((node) => node.span.name === name)!.startUs;
    expect(start('serve')).toBe(1020);
    expect(start('query')).toBe(1030);
    expect(start('later')).toBe(2000);
    expect(tree.nodes.find((node) => node.span.name === 'query')!.skewUs).toBe(520);
  });

  it('is good to 80,000 spans, in a chain and under one parent', () => {
    const chain = trace(
      ...Array.from({ length: 80_000 }, (_, i): Short => [`s${i}`, i === 0 ? undefined : `s${i - 1}`, i, 200_000 - i]),
    );
    const wide = trace(
      ...Array.from(
        { length: 80_000 },
        (_, i): Short => [`s${i}`, i === 0 ? undefined : 's0', i, i === 0 ? 90_000 : i + 1],
      ),
    );
    for (const [each, path] of [
      [chain, 159_999],
      [wide, 80_001],
    ] as const) {
      const tree = buildTraceTree(each);
      expect(tree.nodes).toHaveLength(80_000);
      expect(criticalPath(tree)).toHaveLength(path);
      expect(serviceSummaries(tree)[0]!.spans).toBe(80_000);
    }
  });
});

describe('critical path', () => {
  it('goes to the child that finished last, and back', () => {
    expect(sections(trace(['a', undefined, 0, 100], ['b', 'a', 10, 30], ['c', 'a', 40, 80]))).toEqual([
      'a 0-10',
      'b 10-30',
      'a 30-40',
      'c 40-80',
      'a 80-100',
    ]);
  });

  it('leaves out what ran beside something longer', () => {
    expect(sections(trace(['a', undefined, 0, 100], ['b', 'a', 10, 60], ['c', 'a', 20, 90]))).toEqual([
      'a 0-20',
      'c 20-90',
      'a 90-100',
    ]);
  });

  it('counts children only as far as they overlap their parents', () => {
    expect(
      sections(
        trace(
          ['a', undefined, 10, 100],
          ['b', 'a', 0, 30],
          ['c', 'a', 80, 150],
          ['d', 'a', 120, 130],
          ['e', 'c', 85, 120],
        ),
      ),
    ).toEqual(['b 10-30', 'a 30-80', 'c 80-85', 'e 85-100']);
  });

  it('does not wait for what merely follows', () => {
    const references = [{ kind: 'follows-from', traceId: 't', spanId: 'a' }] as const;
    expect(sections(trace(['a', undefined, 0, 100], ['b', 'a', 10, 90, { references }]))).toEqual(['a 0-100']);
  });

  it('has children that touch, and such without any length', () => {
    expect(sections(trace(['a', undefined, 0, 10], ['b', 'a', 0, 5], ['c', 'a', 5, 10], ['z', 'a', 5, 5]))).toEqual([
      'b 0-5',
      'c 5-10',
    ]);
  });
});

describe('sums and errors', () => {
  it('gives the time that a span has for itself', () => {
    const tree = buildTraceTree(
      trace(['a', undefined, 0, 100], ['b', 'a', 10, 40], ['c', 'a', 30, 60], ['d', 'a', 90, 200]),
    );
    expect(selfTimeUs(tree.roots[0]!)).toBe(40);
  });

  it('adds up by service', () => {
    const tree = buildTraceTree(trace(['a', undefined, 0, 100], ['b', 'a', 10, 40, { service: 'two', error: true }]));
    expect(serviceSummaries(tree)).toEqual([
      { service: 'one', spans: 1, errors: 0, totalUs: 100, selfUs: 70, criticalUs: 70 },
      { service: 'two', spans: 1, errors: 1, totalUs: 30, selfUs: 30, criticalUs: 30 },
    ]);
  });

  it('follows errors from where they began', () => {
    const error = true;
    const tree = buildTraceTree(
      trace(
        ['a', undefined, 0, 100, { error }],
        ['b', 'a', 10, 40, { error }],
        ['c', 'b', 20, 30, { error }],
        ['d', 'a', 50, 60],
        ['e', 'd', 51, 55, { error }],
      ),
    );
    expect(
      errorPaths(tree).map(({ origin, passedOn, reachesRoot }) => [origin.span.name, passedOn, reachesRoot]),
    ).toEqual([
      ['c', 2, true],
      ['e', 0, false],
    ]);
  });

  it('of thousands of errors on one long chain of errors take no more than the spans', () => {
    const chain = Array.from({ length: 20_000 }, (_, i): Short[] => [
      [`c${i}`, i === 0 ? undefined : `c${i - 1}`, i, 100_000 - i, { error: true }],
      [`leaf${i}`, `c${i}`, i, i + 1, { error: true }],
    ]);
    const paths = errorPaths(buildTraceTree(trace(...chain.flat())));
    expect(paths).toHaveLength(20_000);
    expect(Math.max(...paths.map(({ passedOn }) => passedOn))).toBe(20_000);
    expect(paths.every(({ reachesRoot }) => reachesRoot)).toBe(true);
  });
});
