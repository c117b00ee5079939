/**
 * The Jaeger trace source against a real Jaeger (version 2, `jaeger`, on PATH or in $WATCHFIRE_PEERS), by both of its
 * HTTP interfaces: what is sent by OTLP comes back as it was.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/config/clock.ts';
import { defaultHttpClientConfig } from '../../src/config/http-config.ts';
import { createHttpClient } from '../../src/http/axios.ts';
import type { HttpClient } from '../../src/http/client.ts';
import { startTracing } from '../../src/instrument/tracing.ts';
import { jaegerTraceSource } from '../../src/traces/jaeger-trace-source.ts';
import type { TraceReader } from '../../src/traces/local-trace-source.ts';
import { spansOfOtlp } from '../../src/traces/otlp-spans.ts';
import type { Span, TraceQuery } from '../../src/traces/trace.ts';
import { buildTraceTree } from '../../src/traces/tree.ts';
import { freePort } from '../free-port.ts';
import { findPeer } from './promql-peer.ts';
import { runWatchfire } from './run-watchfire.ts';

const binary = findPeer('jaeger');
if (binary === undefined) console.log('skipped: jaeger is neither on PATH nor in $WATCHFIRE_PEERS');

const nowMs = Date.now();
const LARGE = 10_000;

/** Of a span that was sent: ids by number, times in milliseconds before now. */
interface Sent {
  readonly id: number;
  readonly parent?: number;
  readonly agoMs: number;
  readonly durationMs: number;
  readonly more?: object;
}

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');
const traceIdOf = (trace: number): string => hex(0xabc000 + trace, 32);
const nanos = (agoMs: number): string => `${nowMs - agoMs}000123`;
const text = (key: string, value: string): object => ({ key, value: { stringValue: value } });

function otlp(trace: number, service: string, spans: readonly Sent[]): object {
  return {
    resource: { attributes: [text('service.name', service), text('host.name', `host-${service}`)] },
    scopeSpans: [
      {
        scope: { name: 'contract', version: '1.2' },
        spans: spans.map(({ id, parent, agoMs, durationMs, more }) => ({
          traceId: traceIdOf(trace),
          spanId: hex(id, 16),
          ...(parent === undefined ? {} : { parentSpanId: hex(parent, 16) }),
          name: `${service} ${id}`,
          kind: 1,
          startTimeUnixNano: nanos(agoMs),
          endTimeUnixNano: nanos(agoMs - durationMs),
          status: {},
          ...more,
        })),
      },
    ],
  };
}

/** Everything that a span can have. */
const RICH: Sent = {
  id: 2,
  parent: 1,
  agoMs: 59_950,
  durationMs: 40,
  more: {
    kind: 3,
    status: { code: 2, message: 'card refused' },
    attributes: [
      text('payment.method', 'card'),
      { key: 'http.response.status_code', value: { intValue: '502' } },
      { key: 'ratio', value: { doubleValue: 0.25 } },
      { key: 'retried', value: { boolValue: true } },
      { key: 'items', value: { arrayValue: { values: [{ stringValue: 'a' }, { intValue: '7' }] } } },
    ],
    events: [{ timeUnixNano: nanos(59_930), name: 'exception', attributes: [text('exception.message', 'no')] }],
    links: [{ traceId: traceIdOf(2), spanId: hex(1, 16), attributes: [text('why', 'retry')] }],
  },
};
const SENT = {
  resourceSpans: [
    otlp(1, 'shop', [{ id: 1, agoMs: 60_000, durationMs: 100 }]),
    otlp(1, 'payment', [RICH]),
    otlp(1, 'stock', [{ id: 3, parent: 1, agoMs: 59_990, durationMs: 5 }]),
    otlp(2, 'shop', [
      { id: 1, agoMs: 50_000, durationMs: 2000, more: { attributes: [text('payment.method', 'cash')] } },
    ]),
    otlp(3, 'shop', [{ id: 1, agoMs: 40_000, durationMs: 10 }]),
    // Its parent was never sent.
    otlp(4, 'lonely', [{ id: 2, parent: 99, agoMs: 30_000, durationMs: 10 }]),
  ],
};
const MANY = {
  resourceSpans: [
    otlp(
      5,
      'large',
      Array.from({ length: LARGE }, (_, i) => ({
        id: i + 1,
        ...(i === 0 ? {} : { parent: Math.floor((i + 1) / 2) }),
        agoMs: 20_000,
        durationMs: 100,
        more: { attributes: [text('n', String(i))] },
      })),
    ),
  ],
};

describe.skipIf(binary === undefined)('a real Jaeger', () => {
  const folder = mkdtempSync(join(tmpdir(), 'watchfire-jaeger-'));
  const http = createHttpClient(defaultHttpClientConfig);
  let jaeger: ChildProcess;
  let url = '';
  let otlpUrl = '';
  const sources: { readonly v3: TraceReader; readonly old: TraceReader } = {} as never;

  beforeAll(async () => {
    const [query, grpc, receiver] = await Promise.all([freePort(), freePort(), freePort()]);
    url = `http://127.0.0.1:${query}`;
    otlpUrl = `http://127.0.0.1:${receiver}`;
    const config = join(folder, 'jaeger.yml');
    writeFileSync(config, configOf(query, grpc, receiver));
    jaeger = spawn(binary!, ['--config', config], { stdio: 'ignore' });
    await until(async () => (await fetch(`${url}/api/services`)).ok);
    for (const body of [SENT, MANY]) {
      const sent = await fetch(`${otlpUrl}/v1/traces`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
      expect(sent.status).toBe(200);
    }
    const options = { url, http, clock: systemClock };
    Object.assign(sources, {
      v3: jaegerTraceSource(options),
      old: jaegerTraceSource({ ...options, http: withoutV3(http) }),
    });
    await until(async () => (await sources.old.services()).length >= 5);
    await until(async () => (await sources.old.trace(traceIdOf(5)))?.spans.length === LARGE);
  });

  afterAll(async () => {
    jaeger?.kill();
    if (jaeger !== undefined && jaeger.exitCode === null) await once(jaeger, 'exit');
    http.close();
    rmSync(folder, { recursive: true });
  });

  describe.each(['v3', 'old'] as const)('by its %s interface', (api) => {
    const found = async (query: Partial<TraceQuery>): Promise<string[]> =>
      (await sources[api].search({ limit: 100, ...query })).map(({ traceId }) => traceId).sort();
    const traces = (...numbers: number[]): string[] => numbers.map(traceIdOf);

    it('names services and operations', async () => {
      expect(await sources[api].services()).toEqual(['large', 'lonely', 'payment', 'shop', 'stock']);
      expect(await sources[api].operations('shop')).toEqual(['shop 1']);
      expect(await sources[api].operations('nobody')).toEqual([]);
      expect(sources[api].state().kind).not.toBe('failing');
    });

    it('searches by service, operation, duration, tags and time', async () => {
      expect(await found({ service: 'shop' })).toEqual(traces(1, 2, 3));
      expect(await found({ service: 'payment', operation: 'payment 2' })).toEqual(traces(1));
      expect(await found({ service: 'payment', operation: 'other' })).toEqual([]);
      expect(await found({ service: 'nobody' })).toEqual([]);
      expect(await found({ service: 'shop', minDurationUs: 1_500_000 })).toEqual(traces(2));
      expect(await found({ service: 'shop', maxDurationUs: 50_000 })).toEqual(traces(3));
      expect(await found({ service: 'shop', minDurationUs: 50_000, maxDurationUs: 150_000 })).toEqual(traces(1));
      expect(await found({ service: 'shop', tags: { 'payment.method': 'cash' } })).toEqual(traces(2));
      expect(await found({ service: 'payment', tags: { 'http.response.status_code': '502' } })).toEqual(traces(1));
      expect(await found({ service: 'payment', tags: { error: 'true' } })).toEqual(traces(1));
      expect(await found({ service: 'shop', tags: { 'payment.method': 'none' } })).toEqual([]);
      const around = { startUs: (nowMs - 45_000) * 1000, endUs: (nowMs - 35_000) * 1000 };
      expect(await found({ service: 'shop', ...around })).toEqual(traces(3));
      expect(await found({})).toEqual(traces(1, 2, 3, 4, 5));
    });

    it('gives no more than asked for, the newest of what was found first', async () => {
      expect(await found({ service: 'shop', limit: 1 })).toHaveLength(1);
      const all = await sources[api].search({ service: 'shop', limit: 10 });
      expect(all.map(({ traceId }) => traceId)).toEqual(traces(3, 2, 1));
      // The newest has no such tag: the limit is on what was found.
      expect(await found({ service: 'shop', limit: 1, tags: { 'payment.method': 'cash' } })).toEqual(traces(2));
      expect(await found({ service: 'payment', limit: 1, tags: { 'span.kind': 'client' } })).toEqual(traces(1));
    });

    it('sums a trace up', async () => {
      const [summary] = await sources[api].search({ service: 'payment', limit: 5 });
      expect(summary).toMatchObject({
        traceId: traceIdOf(1),
        rootService: 'shop',
        rootName: 'shop 1',
        durationUs: 100_000,
        spanCount: 3,
        errorCount: 1,
        services: { shop: 1, payment: 1, stock: 1 },
      });
    });

    it('gives every span as it was sent', async () => {
      const sent = spansOfOtlp(SENT).spans.filter(({ traceId }) => traceId === traceIdOf(1));
      const trace = await sources[api].trace(traceIdOf(1));
      expect(trace!.spans.map(comparable).sort(bySpan)).toEqual(sent.map(comparable).sort(bySpan));
      const rich = trace!.spans.find(({ spanId }) => spanId === hex(2, 16))!;
      expect(rich).toMatchObject({ error: true, statusMessage: 'card refused', kind: 'client', service: 'payment' });
      expect(rich.attributes).toMatchObject({
        'payment.method': 'card',
        'http.response.status_code': 502,
        ratio: 0.25,
      });
      expect(rich.events).toMatchObject([{ name: 'exception', attributes: { 'exception.message': 'no' } }]);
      expect(rich.references.map(({ traceId, spanId }) => [traceId, spanId])).toEqual([
        [traceIdOf(1), hex(1, 16)],
        [traceIdOf(2), hex(1, 16)],
      ]);
    });

    it('keeps a span whose parent is missing', async () => {
      const trace = await sources[api].trace(traceIdOf(4));
      expect(buildTraceTree(trace!).roots).toMatchObject([{ parentMissing: true, span: { service: 'lonely' } }]);
    });

    it('reads a trace of ten thousand spans whole', async () => {
      const trace = await sources[api].trace(traceIdOf(5));
      const { nodes, roots } = buildTraceTree(trace!);
      expect([nodes.length, roots.length]).toEqual([LARGE, 1]);
      expect(nodes.filter(({ parentMissing }) => parentMissing)).toEqual([]);
    });

    it('has no trace that is not there, and says what is wrong with an id', async () => {
      expect(await sources[api].trace('f'.repeat(32))).toBeUndefined();
      await expect(sources[api].trace('no hexadecimal')).rejects.toThrow(/127\.0\.0\.1/);
      expect(await sources[api].trace(traceIdOf(3))).toBeDefined();
      expect(sources[api].state().kind).not.toBe('failing');
    });
  });

  it('is read by `watchfire traces`', async () => {
    const list = await runWatchfire(['traces', '--jaeger', url, '--service', 'shop', '--tag', 'payment.method=cash']);
    expect(list.split('\n')[1]).toContain(`${traceIdOf(2)}  shop: shop 1`);
    const tree = await runWatchfire(['traces', traceIdOf(1), '--jaeger', url]);
    expect(tree).toMatch(/^shop: shop 1 +100\.0 ms +\d/m);
    expect(tree).toMatch(/^ {2}payment: payment 2 +40\.0 ms +40\.0 ms +error card refused$/m);
    expect(tree).toMatch(/^payment +1 +1 +40\.0 ms +40\.0 ms$/m);
  });

  it('is sent what watchfire/instrument traces, by JAEGER_ENDPOINT', async () => {
    process.env['JAEGER_ENDPOINT'] = otlpUrl;
    const tracing = startTracing({ serviceName: 'instrumented', global: false, exportDelayMs: 10 });
    delete process.env['JAEGER_ENDPOINT'];
    await tracing.withSpan('outer', () => tracing.withSpan('inner', () => undefined));
    await tracing.shutdown();
    await until(async () => (await sources.v3.search({ service: 'instrumented', limit: 5 })).length > 0);
    const [summary] = await sources.v3.search({ service: 'instrumented', limit: 5 });
    expect(summary).toMatchObject({ rootService: 'instrumented', rootName: 'outer', spanCount: 2 });
  });
});

/** What both interfaces can tell: the older one has microseconds, and keeps some of a span among its tags. */
function comparable(span: Span): object {
  const { traceId, spanId, parentSpanId, name, service, kind, startUs, durationUs, error, statusMessage } = span;
  const times = [Math.floor(startUs), Math.floor(durationUs)];
  return {
    traceId,
    spanId,
    parentSpanId,
    name,
    service,
    kind,
    times,
    error,
    statusMessage,
    host: span.resource['host.name'],
  };
}

function bySpan(a: object, b: object): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

/** As a Jaeger answers that has only the older interface: with the page of its UI. */
function withoutV3(http: HttpClient): HttpClient {
  return {
    async request(request) {
      if (!request.url.includes('/api/v3/')) return http.request(request);
      const body = Buffer.from('<!doctype html><html></html>');
      return { status: 200, statusText: 'OK', headers: {}, body, url: request.url };
    },
    stream: (request) => http.stream(request),
    close: () => {},
  };
}

function configOf(query: number, grpc: number, receiver: number): string {
  return `
service:
  extensions: [jaeger_storage, jaeger_query]
  pipelines:
    traces: {receivers: [otlp], exporters: [jaeger_storage_exporter]}
  telemetry:
    metrics: {level: none}
extensions:
  jaeger_query:
    storage: {traces: memory}
    http: {endpoint: "127.0.0.1:${query}"}
    grpc: {endpoint: "127.0.0.1:${grpc}"}
  jaeger_storage:
    backends:
      memory: {memory: {max_traces: 1000}}
receivers:
  otlp: {protocols: {http: {endpoint: "127.0.0.1:${receiver}"}}}
exporters:
  jaeger_storage_exporter: {trace_storage: memory}
`;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let i = 0; i < 300; i++) {
    if (await isSo().catch(() => false)) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error('it did not come to be within a minute');
}
