import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import express from 'express';
import { describe, expect, it } from 'vitest';
import {
  createLoggingMiddleware,
  type LoggedRequest,
  redact,
  redactText,
  StructuredLogger,
  setupGlobalErrorLogging,
} from '../../src/instrument/index.ts';

function fileLogger(): { logger: StructuredLogger; records: () => Record<string, unknown>[]; directory: string } {
  const directory = mkdtempSync(join(tmpdir(), 'watchfire-log-'));
  const logger = new StructuredLogger({ service: 'orders', console: false, files: { directory }, level: 'debug' });
  const records = (): Record<string, unknown>[] =>
    readFileSync(join(directory, 'combined.log'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { logger, records, directory };
}

describe('structured logger', () => {
  it('writes JSON records with service, and errors with their stacks', async () => {
    const { logger, records, directory } = fileLogger();
    logger.info('started', { port: 3000 });
    logger.child({ requestId: 'r1' }).warn('slow');
    logger.error('failed', new TypeError('bad'), { orderId: 7 });
    logger.logBusinessEvent('order_created', { amount: 5 });
    logger.logDatabaseOperation('SELECT', 'orders', 12);
    logger.logDatabaseOperation('SELECT', 'orders', 12, new Error('gone'));
    logger.logExternalApiCall({ service: 'payment', endpoint: '/pay', method: 'POST', statusCode: 200, durationMs: 3 });
    await logger.close();
    const all = records();
    expect(all.map((record) => record['level'])).toEqual(['INFO', 'WARN', 'ERROR', 'INFO', 'DEBUG', 'ERROR', 'INFO']);
    expect(all[0]).toMatchObject({ message: 'started', service: 'orders', port: 3000, pid: process.pid });
    expect(Object.keys(all[0]!).slice(0, 4)).toEqual(['@timestamp', 'level', 'message', 'service']);
    expect(all[1]).toMatchObject({ requestId: 'r1' });
    expect(all[2]).toMatchObject({ orderId: 7, error: { name: 'TypeError', message: 'bad' } });
    expect(String((all[2]!['error'] as { stack: string }).stack)).toContain('logger.test.ts');
    expect(readFileSync(join(directory, 'error.log'), 'utf8').trim().split('\n')).toHaveLength(2);
  });

  it('rotates by size and keeps a number of files', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'watchfire-log-'));
    const files = { directory, maxBytes: 2000, maxFiles: 3, errorFileName: '' };
    const logger = new StructuredLogger({ service: 'orders', console: false, files });
    for (let i = 0; i < 60; i++) {
      logger.info(`line ${i} ${'x'.repeat(100)}`);
      if (i % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await logger.close();
    const names = readdirSync(directory);
    expect(names.length).toBeGreaterThan(1);
    expect(names.length).toBeLessThanOrEqual(3);
  });

  it('takes secrets out', () => {
    expect(
      redact({ password: 'p', nested: { apiKey: 'k', token_type: 'bearer', list: [{ authToken: 1 }] }, ok: 'fine' }),
    ).toEqual({
      password: '[redacted]',
      nested: { apiKey: '[redacted]', token_type: 'bearer', list: [{ authToken: '[redacted]' }] },
      ok: 'fine',
    });
    expect(redactText('GET http://me:pw@host/x Authorization: Bearer abcdefghijk ?password=1&a=2')).toBe(
      'GET http://[redacted]@host/x Authorization: Bearer [redacted] ?password=[redacted]&a=2',
    );
    const circle: Record<string, unknown> = {};
    circle['self'] = circle;
    expect(redact(circle)).toEqual({ self: '[circular]' });
  });

  it('gives each request an id and a logger, and logs its end', async () => {
    const { logger, records } = fileLogger();
    const app = express();
    app.use(createLoggingMiddleware(logger));
    app.get('/orders/:id', (request, response) => {
      (request as unknown as LoggedRequest).logger.info('inside');
      response.json({});
    });
    const server = createServer(app);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/orders/5?token=abc`;
    const answer = await fetch(url, { headers: { 'x-request-id': 'given-1' } });
    await answer.arrayBuffer();
    server.close();
    await logger.close();
    expect(answer.headers.get('x-request-id')).toBe('given-1');
    const [, inside, end] = records();
    expect(inside).toMatchObject({ message: 'inside', requestId: 'given-1', url: '/orders/5' });
    expect(end).toMatchObject({ message: 'HTTP Request', route: '/orders/:id', statusCode: 200, requestId: 'given-1' });
    expect(JSON.stringify(records())).not.toContain('abc');
  });

  it('logs what nobody caught, then ends once', async () => {
    const { logger, records } = fileLogger();
    const codes: number[] = [];
    const before = process.listeners('uncaughtException').slice();
    const off = setupGlobalErrorLogging(logger, { exit: (code) => codes.push(code) });
    const mine = process.listeners('uncaughtException').find((each) => !before.includes(each))!;
    mine(new Error('boom'), 'uncaughtException');
    mine(new Error('again'), 'uncaughtException');
    off();
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(codes).toEqual([1]);
    expect(records()[0]).toMatchObject({ message: 'Uncaught Exception', fatal: true, error: { message: 'boom' } });
  });
});
