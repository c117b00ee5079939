/** Reads Jaeger's own traces and answers, in place; without the folder, each is skipped. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/config/clock.ts';
import type { HttpClient } from '../../src/http/client.ts';
import { criticalPath } from '../../src/traces/critical-path.ts';
import { traceOfJaeger } from '../../src/traces/jaeger-json.ts';
import { jaegerTraceSource } from '../../src/traces/jaeger-trace-source.ts';
import { spansOfOtlp } from '../../src/traces/otlp-spans.ts';
import { receiveOtlp } from '../../src/traces/receive-otlp.ts';
import { summaryOf } from '../../src/traces/summary.ts';
import { TraceStore } from '../../src/traces/trace-store.ts';
import { buildTraceTree } from '../../src/traces/tree.ts';

const folder = join(import.meta.dirname, '../../../shared/conformance/jaeger');
const there = existsSync(folder);
const read = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'));
const files = (name: string): string[] =>
  there
    ? readdirSync(join(folder, name))
        .filter((file) => file.endsWith('.json'))
        .map((file) => join(name, file))
    : [];

interface Search {
  readonly Caption: string;
  readonly Query: {
    readonly ServiceName: string;
    readonly OperationName: string;
    readonly Tags: Readonly<Record<string, unknown>> | null;
    readonly StartTimeMin: string;
    readonly StartTimeMax: string;
    readonly DurationMin: number;
    readonly DurationMax: number;
    readonly NumTraces: number;
  };
  readonly ExpectedFixtures: readonly string[];
}

/** Unix microseconds of an RFC 3339 time with microseconds. */
function microseconds(text: string): number {
  const fraction = /\.(\d{1,6})/.exec(text)?.[1]?.padEnd(6, '0') ?? '000000';
  return Date.parse(text.replace(/\.\d+/, '')) * 1000 + Number(fraction);
}

describe.skipIf(!there)('Jaeger’s search cases', () => {
  const store = new TraceStore();
  const nameOf = new Map<string, string>();
  for (const file of files('storage-integration/traces')) {
    const answer = receiveOtlp(readFileSync(join(folder, file)), 'application/json', store);
    if (answer.status !== 200 || answer.body.length !== 2) throw new Error(`${file}: ${Buffer.from(answer.body)}`);
    for (const span of spansOfOtlp(read(file) as object).spans)
      nameOf.set(span.traceId, file.slice(file.lastIndexOf('/') + 1, -'.json'.length));
  }
  for (const [file, tagsAreRegexps] of [
    ['queries.json', false],
    ['queries_es.json', true],
  ] as const) {
    for (const { Caption, Query, ExpectedFixtures } of there ? (read(`storage-integration/${file}`) as Search[]) : []) {
      it(`${file}: ${Caption}`, async () => {
        const found = await store.search({
          service: Query.ServiceName,
          operation: Query.OperationName || undefined,
          tags: Object.fromEntries(Object.entries(Query.Tags ?? {}).map(([key, value]) => [key, String(value)])),
          tagsAreRegexps,
          startUs: microseconds(Query.StartTimeMin),
          endUs: microseconds(Query.StartTimeMax),
          minDurationUs: Query.DurationMin === 0 ? undefined : Query.DurationMin / 1000,
          maxDurationUs: Query.DurationMax === 0 ? undefined : Query.DurationMax / 1000,
          limit: Query.NumTraces,
        });
        expect(found.map((each) => nameOf.get(each.traceId)).sort()).toEqual([...ExpectedFixtures].sort());
      });
    }
  }
});

describe.skipIf(!there)('Jaeger’s trace documents', () => {
  const documents: [string, unknown][] = [];
  for (const file of [...files('ui'), ...files('uimodel'), ...files('query-fixture')]) {
    const document = read(file) as { data?: unknown[]; resourceSpans?: unknown; processes?: unknown };
    if (document.data !== undefined) documents.push(...document.data.map((each): [string, unknown] => [file, each]));
    else if (document.processes !== undefined) documents.push([file, document]);
  }
  for (const [file, document] of documents) {
    it(`shows all spans of ${file}`, () => {
      const trace = traceOfJaeger(document)!;
      const { spans } = document as { spans: { operationName: string; duration: number }[] };
      expect(trace.spans.map((span) => span.name)).toEqual(spans.map((span) => span.operationName));
      expect(summaryOf(trace).spanCount).toBe(spans.length);
      const tree = buildTraceTree(trace);
      expect(tree.nodes).toHaveLength(spans.length);
      const path = criticalPath(tree);
      for (let i = 1; i < path.length; i++) expect(path[i]!.startUs).toBeGreaterThanOrEqual(path[i - 1]!.endUs);
    });
  }

  it('reads OTLP and Jaeger’s JSON of one trace alike', () => {
    for (const prefix of ['ui/fixtures__otlp2jaeger', 'query-fixture/otlp2jaeger']) {
      const fromOtlp = spansOfOtlp(read(`${prefix}-in.json`) as object).spans;
      const fromJaeger = traceOfJaeger((read(`${prefix}-out.json`) as { data: unknown[] }).data[0])!.spans;
      const essence = (spans: typeof fromOtlp) =>
        spans.map(({ traceId, spanId, parentSpanId, name, service, kind, startUs, durationUs, scope }) => ({
          traceId,
          spanId,
          parentSpanId,
          name,
          service,
          kind,
          startUs,
          durationUs,
          scope,
        }));
      expect(essence(fromOtlp)).toEqual(essence(fromJaeger));
    }
  });

  it('takes an OTLP document without a service', () => {
    const { spans, rejected } = spansOfOtlp(read('ui/fixtures__otlp2jaeger-in-error.json') as object);
    expect(spans).toHaveLength(1);
    expect(spans[0]!.service).toBe('unknown_service');
    expect(rejected).toBe(0);
  });
});

describe.skipIf(!there)('Jaeger’s v3 answers', () => {
  it('are understood by the reader', async () => {
    const answers: Record<string, string> = {
      '/api/v3/services': 'GetServices',
      '/api/v3/operations': 'GetOperations',
      '/api/v3/traces': 'FindTraces',
      '/api/v3/trace-summaries': 'FindTraceSummaries',
      '/api/v3/traces/00000000000000000000000000000001': 'GetTrace',
    };
    const http: HttpClient = {
      async request({ url }) {
        const { pathname } = new URL(url);
        const body = readFileSync(join(folder, 'apiv3-snapshots', `${answers[pathname]}.json`));
        return { status: 200, statusText: 'OK', headers: {}, body, url };
      },
      stream: () => Promise.reject(new Error('not used')),
      close: () => {},
    };
    const source = jaegerTraceSource({ url: 'http://jaeger:16686', http, clock: new ManualClock(1e6) });
    expect(await source.services()).toEqual(['foo']);
    expect(await source.operations('foo')).toEqual(['get_users']);
    const trace = await source.trace('00000000000000000000000000000001');
    expect(trace!.spans[0]).toMatchObject({ name: 'foobar', kind: 'server', error: true, spanId: '0000000000000002' });
    const found = await source.search({ limit: 10, tags: { error: 'true' } });
    expect(found.map((each) => each.traceId)).toEqual(['00000000000000000000000000000001']);
    expect(await source.search({ limit: 10 })).toEqual([
      {
        traceId: '00000000000000000000000000000001',
        rootService: 'frontend',
        rootName: 'HTTP GET /',
        startUs: 1_000_000_000,
        durationUs: 1_000_000,
        spanCount: 2,
        errorCount: 1,
        services: { frontend: 2 },
      },
    ]);
    expect(source.state().kind).toBe('live');
  });
});
