/** What is only there in production: Elasticsearch for logs, and the process' own tracer with auto-instrumentation. */
import { spawn } from 'node:child_process';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { StructuredLogger } from '../../src/instrument/index.ts';
import { loadPackage, loadPackageIfPresent, MissingPackageError } from '../../src/instrument/optional-package.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

function listen(
  answer: (
    request: IncomingMessage,
    body: string,
  ) => { status?: number; body: string; headers?: Record<string, string> },
): Promise<string> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { status = 200, body, headers } = answer(request, Buffer.concat(chunks).toString());
      response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(body);
    });
  });
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

describe('logs to Elasticsearch', () => {
  it('are the same documents as in the files, in an index of the day', async () => {
    const lines: string[] = [];
    const url = await listen((request, body) => {
      if (request.url?.startsWith('/_bulk')) lines.push(...body.trim().split('\n'));
      return {
        body: '{"errors":false,"items":[],"status":"green"}',
        headers: { 'x-elastic-product': 'Elasticsearch' },
      };
    });
    const logger = new StructuredLogger({ service: 'Shop', console: false, files: false, elasticsearch: { url } });
    logger.error('it broke', new Error('no'), { password: 'x', orderId: 5 });
    for (let i = 0; i < 100 && lines.length === 0; i++) await pause(50);
    await logger.close(500);
    const [action, document] = lines.map((line) => JSON.parse(line));
    expect((action.index ?? action.create)._index).toMatch(/^logs-shop-\d{4}\.\d{2}\.\d{2}$/);
    expect(document).toMatchObject({
      level: 'ERROR',
      message: 'it broke',
      service: 'Shop',
      orderId: 5,
      password: '[redacted]',
      error: { message: 'no' },
    });
    expect(document['@timestamp']).toMatch(/Z$/);
  }, 15_000);

  it('are each written once, under one id, whatever the server refuses', async () => {
    const bulks: { ids: string[]; messages: string[] }[] = [];
    const statuses: Readonly<Record<string, number[]>> = { busy: [429, 201], wrong: [400], fine: [201], twice: [409] };
    const url = await listen((request, body) => {
      if (!request.url?.startsWith('/_bulk')) return { body: '{}' };
      const lines = body
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      const messages = lines.filter((_line, i) => i % 2 === 1).map((document) => document.message as string);
      bulks.push({ ids: lines.filter((_line, i) => i % 2 === 0).map(({ create }) => create._id), messages });
      const items = messages.map((message) => {
        const status = statuses[message]!.shift()!;
        return { create: { status, ...(status < 300 ? {} : { error: { type: 't', reason: 'r' } }) } };
      });
      return { body: JSON.stringify({ errors: true, items }) };
    });
    const logger = new StructuredLogger({ service: 's', console: false, files: false, elasticsearch: { url } });
    for (const message of Object.keys(statuses)) logger.info(message);
    const written = (): string[] => bulks.flatMap(({ messages }) => messages);
    for (let i = 0; i < 200 && written().length < 5; i++) await pause(50);
    await logger.close(500);
    const first = bulks.find(({ messages }) => messages.includes('busy'))!;
    const again = bulks.findLast(({ messages }) => messages.includes('busy'))!;
    expect(written().sort()).toEqual(['busy', 'busy', 'fine', 'twice', 'wrong']);
    expect(again.messages).toEqual(['busy']);
    expect(again.ids[0]).toBe(first.ids[first.messages.indexOf('busy')]);
  }, 15_000);

  it('wait for a server that does not take them, and are then written', async () => {
    let refused = 0;
    let written = 0;
    const url = await listen((request) => {
      if (request.url?.startsWith('/_bulk')) {
        if (refused === 0) {
          refused += 1;
          return { status: 403, body: '{}' };
        }
        written += 1;
      }
      return { body: '{"items":[{"create":{"status":201}}]}' };
    });
    const logger = new StructuredLogger({ service: 's', console: false, files: false, elasticsearch: { url } });
    logger.info('patient');
    for (let i = 0; i < 200 && written === 0; i++) await pause(50);
    await logger.close(500);
    expect([refused, written]).toEqual([1, 1]);
  }, 15_000);
});

describe('the process’ own tracer', () => {
  it('instruments what is loaded after it, once for each request', async () => {
    const spans: {
      name: string;
      kind: number;
      parentSpanId?: string;
      attributes: { key: string; value: { stringValue?: string } }[];
    }[] = [];
    const resources: { key: string; value: { stringValue?: string } }[] = [];
    const url = await listen((_request, body) => {
      for (const { resource, scopeSpans } of JSON.parse(body).resourceSpans) {
        resources.push(...resource.attributes);
        for (const scope of scopeSpans) spans.push(...scope.spans);
      }
      return { body: '{}' };
    });
    const instrument = join(import.meta.dirname, '../../src/instrument/index.ts');
    const program = `
      const { startTracing } = await import(${JSON.stringify(instrument)});
      const tracing = startTracing({ exportDelayMs: 10 });
      const { default: express } = await import('express');
      const app = express();
      app.use(tracing.createTracingMiddleware());
      app.get('/orders/:id', (request, response) => response.json({}));
      const server = app.listen(0, '127.0.0.1', async () => {
        await (await fetch('http://127.0.0.1:' + server.address().port + '/orders/7')).text();
        server.close();
        await tracing.shutdown();
        process.exit();
      });`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      cwd: join(import.meta.dirname, '../..'),
      stdio: ['ignore', 'ignore', 'inherit'],
      env: { ...process.env, OTEL_SERVICE_NAME: 'auto', OTEL_RESOURCE_ATTRIBUTES: 'team=shop', JAEGER_ENDPOINT: url },
    });
    await new Promise((resolve) => child.once('exit', resolve));
    const server = spans.filter((span) => span.kind === 2);
    expect(server.map((span) => span.name)).toEqual(['GET /orders/:id']);
    expect(spans.find((span) => span.kind === 3)).toBeDefined();
    const value = (key: string): unknown => resources.find((each) => each.key === key)?.value.stringValue;
    expect(value('service.name')).toBe('auto');
    expect(value('team')).toBe('shop');
    expect(value('telemetry.sdk.language')).toBe('nodejs');
  }, 30_000);
});

describe('packages that are not installed', () => {
  it('are named, with the command that installs them', () => {
    expect(() => loadPackage('no-such-package-at-all', 'the structured logger')).toThrow(
      new MissingPackageError('no-such-package-at-all', 'the structured logger', ['no-such-package-at-all']),
    );
    expect(() => loadPackage('no-such-package-at-all', 'tracing', ['a', 'b'])).toThrow(
      'tracing needs the package no-such-package-at-all: run `npm install a b`.',
    );
    expect(loadPackageIfPresent('no-such-package-at-all')).toBeUndefined();
  });
});
