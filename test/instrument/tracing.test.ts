import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { activeTraceIds, type DistributedTracing, startTracing, traceEndpoint } from '../../src/instrument/index.ts';
import { traceProtocol } from '../../src/instrument/trace-endpoint.ts';
import { receiveOtlp } from '../../src/traces/receive-otlp.ts';
import { TraceStore } from '../../src/traces/trace-store.ts';

interface OtlpSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  status: { code?: number; message?: string };
  attributes: { key: string; value: Record<string, unknown> }[];
  events: { name: string }[];
}

let receiver: Server;
let url = '';
const spans: { service: string; span: OtlpSpan }[] = [];

beforeAll(async () => {
  receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      for (const { resource, scopeSpans } of JSON.parse(Buffer.concat(chunks).toString()).resourceSpans) {
        const service = resource.attributes.find((each: { key: string }) => each.key === 'service.name').value
          .stringValue;
        for (const scope of scopeSpans) for (const span of scope.spans) spans.push({ service, span });
      }
      response.setHeader('content-type', 'application/json').end('{}');
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
});
afterAll(() => void receiver.close());

function tracing(serviceName: string): DistributedTracing {
  return startTracing({ serviceName, endpoint: url, global: false, exportDelayMs: 20 });
}

function attribute(span: OtlpSpan, key: string): unknown {
  return Object.values(span.attributes.find((each) => each.key === key)?.value ?? {})[0];
}

describe('tracing', () => {
  it('carries a trace from one service to another, to its database and cache', async () => {
    const orders = tracing('orders');
    const payment = tracing('payment');
    let logged: unknown;
    const paymentApp = express();
    paymentApp.use(payment.createTracingMiddleware());
    paymentApp.post('/charge/:id', async (_request, response) => {
      await payment.traceDbOperation({ system: 'postgresql', operation: 'INSERT', table: 'charges' }, () => ({
        rowCount: 1,
      }));
      await payment.traceCacheOperation({ system: 'redis', operation: 'get', key: 'c' }, () => null);
      logged = activeTraceIds();
      response.status(503).end();
    });
    const server = createServer(paymentApp);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const target = `http://127.0.0.1:${(server.address() as AddressInfo).port}/charge/7?card=1`;
    await orders.withSpan('place order', async () => {
      await orders.traceExternalCall({ service: 'payment', method: 'POST', url: target }, (headers) =>
        fetch(target, { method: 'POST', headers }),
      );
    });
    await orders.shutdown();
    await payment.shutdown();
    server.close();
    const named = (name: string): { service: string; span: OtlpSpan } => spans.find(({ span }) => span.name === name)!;
    const root = named('place order');
    const client = named('POST');
    const served = named('POST /charge/:id');
    const insert = named('INSERT charges');
    const get = named('GET redis');
    expect([root, client, served, insert, get].map(({ service }) => service)).toEqual([
      'orders',
      'orders',
      'payment',
      'payment',
      'payment',
    ]);
    expect(new Set([root, client, served, insert, get].map(({ span }) => span.traceId)).size).toBe(1);
    expect(client.span.parentSpanId).toBe(root.span.spanId);
    expect(served.span.parentSpanId).toBe(client.span.spanId);
    expect(insert.span.parentSpanId).toBe(served.span.spanId);
    expect(served.span.status.code).toBe(2);
    expect(client.span.status.message).toBe('payment answered 503');
    expect(attribute(insert.span, 'db.response.returned_rows')).toBe(1);
    expect(attribute(get.span, 'cache.hit')).toBe(false);
    expect(logged).toEqual({ traceId: served.span.traceId, spanId: served.span.spanId });
    expect(JSON.stringify(spans)).not.toContain('card=1');
  });

  it('traces methods, business operations and what they throw', async () => {
    const users = tracing('users');
    const create = users.wrap('user.create', async (name: string) => `made ${name}`);
    expect(await create('ann')).toBe('made ann');
    await expect(
      users.wrap('user.fail', async () => {
        throw new RangeError('too old');
      })(),
    ).rejects.toThrow('too old');
    const operation = users.startBusinessOperation('sign_up', { plan: 'free' });
    operation.addEvent('validated');
    await operation.run(() => create('bob'));
    operation.end();
    operation.end(new Error('late'));
    await users.shutdown();
    const mine = spans.filter(({ service }) => service === 'users').map(({ span }) => span);
    const failed = mine.find((span) => span.name === 'user.fail')!;
    expect(failed.status).toMatchObject({ code: 2, message: 'too old' });
    expect(failed.events.map((event) => event.name)).toEqual(['exception']);
    const signUp = mine.find((span) => span.name === 'sign_up')!;
    expect(signUp.status.code).toBe(1);
    expect(signUp.events.map((event) => event.name)).toEqual(['validated']);
    expect(mine.filter((span) => span.parentSpanId === signUp.spanId).map((span) => span.name)).toEqual([
      'user.create',
    ]);
  });

  it('decorates methods in both styles', async () => {
    const carts = tracing('carts');
    class Cart {
      size = 2;
      async count(): Promise<number> {
        return this.size;
      }
    }
    const descriptor = Object.getOwnPropertyDescriptor(Cart.prototype, 'count')!;
    carts.traceMethod('cart.count')(Cart.prototype, 'count', descriptor);
    Object.defineProperty(Cart.prototype, 'count', descriptor);
    expect(await new Cart().count()).toBe(2);
    const standard = carts.traceMethod('cart.standard');
    const wrapped = standard(
      async function (this: Cart) {
        return this.size + 1;
      } as never,
      { name: 'more' } as never,
    );
    expect(await (wrapped as (this: Cart) => Promise<number>).call(new Cart())).toBe(3);
    await carts.shutdown();
    const names = spans
      .filter(({ service }) => service === 'carts')
      .map(({ span }) => attribute(span, 'code.function.name'));
    expect(names).toEqual(['Cart.count', 'Cart.more']);
  });

  it('sends by the protocol and with the headers that the environment asks for', async () => {
    const asked: { type: string | undefined; encoding: string | undefined; team: unknown; service: string }[] = [];
    const store = new TraceStore();
    const receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { 'content-type': type, 'content-encoding': encoding, 'x-team': team } = request.headers;
        const answer = receiveOtlp(Buffer.concat(chunks), type, store, { contentEncoding: encoding });
        asked.push({ type, encoding, team, service: store.services().join() });
        response.writeHead(answer.status, { 'content-type': answer.contentType }).end(answer.body);
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const { port } = receiver.address() as AddressInfo;
    const environment = {
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/protobuf',
      OTEL_EXPORTER_OTLP_COMPRESSION: 'gzip',
      OTEL_EXPORTER_OTLP_HEADERS: 'x-team=shop',
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
    };
    Object.assign(process.env, environment);
    try {
      const sender = startTracing({ serviceName: 'binary', global: false, exportDelayMs: 10 });
      await sender.withSpan('one', () => undefined);
      await sender.shutdown();
    } finally {
      for (const name of Object.keys(environment)) delete process.env[name];
      receiver.close();
    }
    expect(asked).toEqual([{ type: 'application/x-protobuf', encoding: 'gzip', team: 'shop', service: 'binary' }]);
    expect(traceProtocol({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' })).toBe('grpc');
    expect(
      traceProtocol({ OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc', OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json' }),
    ).toBe('http');
    expect(traceProtocol({})).toBe('http');
  });

  it('finds its endpoint', () => {
    const at = (environment: Record<string, string>): string => traceEndpoint(undefined, environment).url;
    expect(at({})).toBe('http://localhost:4318/v1/traces');
    expect(at({ JAEGER_ENDPOINT: 'http://jaeger:14268/api/traces' })).toBe('http://jaeger:4318/v1/traces');
    expect(traceEndpoint(undefined, { JAEGER_ENDPOINT: 'http://jaeger:14268/api/traces' }).warning).toContain('4318');
    expect(at({ JAEGER_ENDPOINT: 'http://jaeger:4318' })).toBe('http://jaeger:4318/v1/traces');
    expect(at({ JAEGER_ENDPOINT: 'http://j:1', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:2/base/' })).toBe(
      'http://c:2/base/v1/traces',
    );
    expect(at({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://c:2/x', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://d' })).toBe(
      'http://c:2/x',
    );
  });
});
