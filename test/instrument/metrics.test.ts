import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { afterEach, describe, expect, it } from 'vitest';
import { PrometheusMetrics } from '../../src/instrument/index.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

function shop(metrics: PrometheusMetrics): Promise<string> {
  const app = express();
  app.use(metrics.createExpressMiddleware());
  app.get('/orders/:id', (_request, response) => void response.json({}));
  app.get('/broken', () => {
    throw new Error('no');
  });
  const nested = express.Router({ mergeParams: true });
  nested.get('/items', (_request, response) => void response.json([]));
  app.use('/shops/:shop', nested);
  app.get('/metrics', metrics.createMetricsHandler());
  app.use((_error: Error, _request: express.Request, response: express.Response, _next: express.NextFunction) => {
    response.status(500).end();
  });
  const server = createServer(app);
  metrics.trackConnections(server);
  servers.push(server);
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  });
}

describe('metrics', () => {
  it('labels requests by route, with one value for what no route takes', async () => {
    const metrics = new PrometheusMetrics({ defaultMetrics: false });
    const url = await shop(metrics);
    for (const path of [
      '/orders/1',
      '/orders/2',
      '/broken',
      '/made/up/1',
      '/made/up/2',
      '/shops/7/items',
      '/shops/8/items',
    ])
      await (await fetch(url + path)).arrayBuffer();
    const text = await (await fetch(`${url}/metrics`)).text();
    const counts = text
      .split('\n')
      .filter((line) => line.startsWith('http_requests_total{'))
      .sort();
    expect(counts).toEqual([
      'http_requests_total{method="GET",route="/broken",status_code="500"} 1',
      'http_requests_total{method="GET",route="/orders/:id",status_code="200"} 2',
      'http_requests_total{method="GET",route="/shops/:shop/items",status_code="200"} 2',
      'http_requests_total{method="GET",route="<unmatched>",status_code="404"} 2',
    ]);
    expect(text).toContain(
      'http_request_duration_seconds_bucket{le="0.1",method="GET",route="/orders/:id",status_code="200"} 2',
    );
    expect(text).toMatch(/^active_connections [1-9]/m);
  });

  it('bounds the number of routes', async () => {
    const metrics = new PrometheusMetrics({ defaultMetrics: false, maxRoutes: 2 });
    for (const route of ['/a', '/b', '/c', '/d', '/a']) metrics.recordHttpRequest('GET', route, 200, 0.1);
    const text = await metrics.getMetrics();
    expect(text).toContain('http_requests_total{method="GET",route="<other>",status_code="200"} 2');
    expect(text).toContain('http_requests_total{method="GET",route="/a",status_code="200"} 2');
    expect(text).not.toContain('route="/c"');
  });

  it('gives what the alert rules ask for', async () => {
    const metrics = new PrometheusMetrics();
    metrics.updateDbPoolMetrics({ totalCount: 10, idleCount: 3, waitingCount: 4 });
    const text = await metrics.getMetrics();
    expect(text).toContain('db_connection_pool_size{state="waiting"} 4');
    expect(text).toContain('db_connection_pool_size{state="active"} 7');
    expect(text).toMatch(/^process_resident_memory_bytes \d+/m);
  });

  it('keeps business, queue, cache and error metrics', async () => {
    const metrics = new PrometheusMetrics({ defaultMetrics: false, labels: { shop: 'north' } });
    metrics.recordBusinessEvent('order_created');
    metrics.recordBusinessEvent('order_completed', 2);
    metrics.recordBusinessEvent('revenue', 1999);
    metrics.recordBusinessEvent('user_logout');
    metrics.recordBusinessEvent('user_login');
    metrics.recordError('timeout', 'orders');
    metrics.updateQueueSize('mail', 12);
    metrics.recordCacheLookup('orders', true);
    metrics.recordCacheLookup('orders', false);
    const text = await metrics.getMetrics();
    for (const line of [
      'orders_total{status="created",shop="north"} 1',
      'orders_total{status="completed",shop="north"} 2',
      'revenue_total{shop="north"} 1999',
      'active_users{shop="north"} 1',
      'errors_by_type_total{error_type="timeout",service="orders",shop="north"} 1',
      'queue_size{queue_name="mail",shop="north"} 12',
      'cache_hit_ratio{shop="north"} 0.5',
    ])
      expect(text).toContain(line);
  });

  it('serves OpenMetrics with exemplars when asked', async () => {
    const metrics = new PrometheusMetrics({ defaultMetrics: false, exemplars: true });
    metrics.recordHttpRequest('GET', '/a', 200, 0.02, '0af7651916cd43dd8448eb211c80319c');
    const text = await metrics.getMetrics();
    expect(metrics.registry.contentType).toContain('application/openmetrics-text');
    expect(text).toMatch(/le="0.025".*# \{trace_id="0af7651916cd43dd8448eb211c80319c"\} 0.02 /);
    expect(text.endsWith('# EOF\n')).toBe(true);
  });
});
