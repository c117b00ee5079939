import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { decodeOtlpTraces } from '../../src/traces/otlp-protobuf.ts';
import { spansOfOtlp } from '../../src/traces/otlp-spans.ts';
import { receiveOtlp } from '../../src/traces/receive-otlp.ts';
import type { Span } from '../../src/traces/trace.ts';
import { TraceStore } from '../../src/traces/trace-store.ts';

const traceId = '0af7651916cd43dd8448eb211c80319c';

function otlp(spans: object[], service = 'orders'): object {
  return {
    resourceSpans: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: service } }] },
        scopeSpans: [{ scope: { name: 'lib', version: '1' }, spans }],
      },
    ],
  };
}

const full = {
  traceId,
  spanId: 'b7ad6b7169203331',
  parentSpanId: '00f067aa0ba902b7',
  name: 'POST /orders',
  kind: 2,
  startTimeUnixNano: '1700000000000000500',
  endTimeUnixNano: '1700000000000002000',
  attributes: [
    { key: 'n', value: { intValue: '9223372036854775807' } },
    { key: 'small', value: { intValue: 7 } },
    { key: 'ok', value: { boolValue: false } },
    { key: 'list', value: { arrayValue: { values: [{ stringValue: 'a' }, { doubleValue: 1.5 }] } } },
    { key: 'map', value: { kvlistValue: { values: [{ key: 'k', value: { stringValue: 'v' } }] } } },
    { key: '__proto__', value: { stringValue: 'x' } },
  ],
  events: [{ name: 'exception', timeUnixNano: '1700000000000001000', attributes: [] }],
  links: [{ traceId: 'ff'.repeat(16), spanId: 'ee'.repeat(8) }],
  status: { code: 2, message: 'broken' },
};

/** A minimal encoder of the wire format. */
function field(number: number, value: string | Uint8Array | number | bigint): Uint8Array {
  if (typeof value === 'bigint') {
    const bytes = new Uint8Array(9);
    bytes[0] = number * 8 + 1;
    new DataView(bytes.buffer).setBigUint64(1, value, true);
    return bytes;
  }
  if (typeof value === 'number') return Uint8Array.from([...varint(number * 8), ...varint(value)]);
  const bytes = typeof value === 'string' ? Buffer.from(value) : value;
  return Uint8Array.from([...varint(number * 8 + 2), ...varint(bytes.length), ...bytes]);
}
function varint(value: number): number[] {
  return value < 128 ? [value] : [(value % 128) | 0x80, ...varint(Math.floor(value / 128))];
}
function message(...fields: Uint8Array[]): Uint8Array {
  return Buffer.concat(fields);
}

function protobuf(): Uint8Array {
  const attribute = (key: string, value: Uint8Array) => message(field(1, key), field(2, value));
  const span = message(
    field(1, Buffer.from(traceId, 'hex')),
    field(2, Buffer.from('b7ad6b7169203331', 'hex')),
    field(4, Buffer.from('00f067aa0ba902b7', 'hex')),
    field(5, 'POST /orders'),
    field(6, 2),
    field(7, 1_700_000_000_000_000_500n),
    field(8, 1_700_000_000_000_002_000n),
    field(9, attribute('small', field(3, 7))),
    field(9, attribute('list', field(5, message(field(1, field(1, 'a')))))),
    field(11, message(field(1, 1_700_000_000_000_001_000n), field(2, 'exception'))),
    field(15, message(field(2, 'broken'), field(3, 2))),
    // A field of a later version.
    field(99, 'whatever'),
  );
  const resource = message(field(1, attribute('service.name', field(1, 'orders'))));
  return field(1, message(field(1, resource), field(2, message(field(1, message(field(1, 'lib'))), field(2, span)))));
}

describe('OTLP', () => {
  it('reads every kind of value', () => {
    const [span] = spansOfOtlp(otlp([full])).spans as [Span];
    expect(span).toMatchObject({
      traceId,
      parentSpanId: '00f067aa0ba902b7',
      service: 'orders',
      kind: 'server',
      startUs: 1_700_000_000_000_000.5,
      durationUs: 1.5,
      error: true,
      statusMessage: 'broken',
      scope: 'lib@1',
      references: [
        { kind: 'child-of', spanId: '00f067aa0ba902b7' },
        { kind: 'follows-from', traceId: 'ff'.repeat(16) },
      ],
    });
    expect(Object.entries(span.attributes)).toEqual([
      ['n', '9223372036854775807'],
      ['small', 7],
      ['ok', false],
      ['list', ['a', 1.5]],
      ['map', '{"k":"v"}'],
      ['__proto__', 'x'],
    ]);
  });

  it('reads protobuf as it reads JSON', () => {
    const [span] = spansOfOtlp(decodeOtlpTraces(protobuf())).spans as [Span];
    expect(span).toMatchObject({
      traceId,
      spanId: 'b7ad6b7169203331',
      parentSpanId: '00f067aa0ba902b7',
      name: 'POST /orders',
      kind: 'server',
      durationUs: 1.5,
      startUs: 1_700_000_000_000_000.5,
      error: true,
      statusMessage: 'broken',
      attributes: { small: 7, list: ['a'] },
      events: [{ name: 'exception', timeUs: 1_700_000_000_000_001 }],
      service: 'orders',
    });
  });

  it('stores and answers in the format it was asked in, gzip or not', () => {
    const store = new TraceStore();
    const json = Buffer.from(JSON.stringify(otlp([full])));
    expect(receiveOtlp(json, 'application/json; charset=utf-8', store)).toMatchObject({
      status: 200,
      body: Buffer.from('{}'),
    });
    expect(receiveOtlp(gzipSync(json), 'application/json', store, { contentEncoding: 'gzip' }).status).toBe(200);
    const answer = receiveOtlp(gzipSync(protobuf()), 'application/x-protobuf', store);
    expect(answer).toMatchObject({ status: 200, contentType: 'application/x-protobuf' });
    expect(answer.body).toHaveLength(0);
    expect(store.trace(traceId)!.spans).toHaveLength(3);
  });

  it('takes what is good and tells what is not', () => {
    const store = new TraceStore();
    const body = JSON.stringify(
      otlp([full, { ...full, traceId: '0'.repeat(32) }, { ...full, spanId: 'xyz' }, 7 as never]),
    );
    const answer = receiveOtlp(Buffer.from(body), 'application/json', store);
    expect(answer.status).toBe(200);
    expect(JSON.parse(Buffer.from(answer.body).toString()).partialSuccess).toMatchObject({
      rejectedSpans: '2',
      errorMessage: expect.stringContaining('no valid trace id'),
    });
    expect(store.status().spans).toBe(1);
  });

  it('refuses what it cannot read, whatever it is', () => {
    const store = new TraceStore();
    const refused = (body: Uint8Array | string, type: string, options = {}) =>
      receiveOtlp(typeof body === 'string' ? Buffer.from(body) : body, type, store, options).status;
    expect(refused('{"resourceSpans":', 'application/json')).toBe(400);
    expect(refused('[]', 'application/json')).toBe(400);
    expect(refused('x', 'text/plain')).toBe(415);
    expect(refused('x', 'application/json', { contentEncoding: 'br' })).toBe(415);
    expect(refused(gzipSync(Buffer.alloc(1_000_000)), 'application/json', { maxBytes: 1000 })).toBe(413);
    expect(refused(Uint8Array.from([0x1f, 0x8b, 1, 2]), 'application/json')).toBe(400);
    const good = protobuf();
    for (let cut = 1; cut < good.length; cut++)
      expect([200, 400]).toContain(refused(good.subarray(0, cut), 'application/x-protobuf'));
    expect(refused(Uint8Array.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]), 'application/x-protobuf')).toBe(400);
  });
});

describe('trace store', () => {
  const spans = (count: number, trace: number, service = 'a') =>
    spansOfOtlp(
      otlp(
        Array.from({ length: count }, (_, i) => ({
          ...full,
          traceId: String(trace).padStart(32, '0'),
          spanId: (i + 1).toString(16).padStart(16, '0'),
          startTimeUnixNano: String(1_700_000_000_000_000_000n + BigInt(trace) * 1_000_000n),
          endTimeUnixNano: String(1_700_000_000_000_000_000n + BigInt(trace) * 1_000_000n + 5000n),
        })),
        service,
      ),
    ).spans;

  it('lets the trace go that was longest without a new span, and counts it', () => {
    const store = new TraceStore({ maxSpans: 30 });
    store.add(spans(10, 1, 'old'));
    store.add(spans(10, 2));
    store.add(spans(5, 1, 'old'));
    store.add(spans(10, 3));
    expect(store.trace('2')).toBeUndefined();
    expect(store.trace('1')!.spans).toHaveLength(15);
    expect(store.status()).toMatchObject({ traces: 2, spans: 25, evictedTraces: 1, evictedSpans: 10, droppedSpans: 0 });
    store.add(spans(20, 4));
    expect(store.services()).toEqual(['a']);
  });

  it('is bounded by bytes, and each trace by spans', () => {
    const store = new TraceStore({ maxBytes: 50_000, maxSpansPerTrace: 20 });
    expect(store.add(spans(25, 1))).toBe(5);
    for (let trace = 2; trace < 100; trace++) store.add(spans(5, trace));
    expect(store.status().bytes).toBeLessThanOrEqual(50_000);
    expect(store.status().droppedSpans).toBe(5);
  });

  it('finds the newest first, up to the limit', async () => {
    const store = new TraceStore();
    for (const trace of [3, 1, 2, 5, 4]) store.add(spans(2, trace));
    const found = await store.search({ service: 'a', operation: 'POST /orders', minDurationUs: 5, limit: 3 });
    expect(found.map((each) => Number(each.traceId))).toEqual([5, 4, 3]);
    expect(found[0]).toMatchObject({
      rootService: 'a',
      spanCount: 2,
      errorCount: 2,
      durationUs: 5,
      services: { a: 2 },
    });
    expect(store.operations('a')).toEqual(['POST /orders']);
    expect(await store.search({ tags: { error: 'true', small: '7' }, limit: 10 })).toHaveLength(5);
    expect(await store.search({ tags: { small: '8' }, limit: 10 })).toHaveLength(0);
  });
});
