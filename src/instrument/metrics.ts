/** The Prometheus metrics of a Node application: HTTP, connections, database pool, queues, cache, business and errors. */
import type { Server, ServerResponse } from 'node:http';
import promClient, { type Counter, type Gauge, type Histogram, type Registry } from 'prom-client';
import { activeTraceIds } from './trace-context.ts';
import { methodOf, onceAnswered, routeOf, type WebMiddleware } from './web.ts';

export interface MetricsOptions {
  /** Process and Node.js metrics (`process_resident_memory_bytes`, event loop, garbage collection); true by default. */
  readonly defaultMetrics?: boolean | undefined;
  /** Labels put on every series. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** Seconds. */
  readonly durationBuckets?: readonly number[] | undefined;
  /** Route values beyond so many become `<other>`; 200 by default. */
  readonly maxRoutes?: number | undefined;
  /** Serves OpenMetrics, with the active trace's id as an exemplar on the duration histogram; false by default. */
  readonly exemplars?: boolean | undefined;
}

export type BusinessEvent =
  | 'order_created'
  | 'order_completed'
  | 'order_failed'
  | 'revenue'
  | 'user_login'
  | 'user_logout';

/** What a `pg` pool says of itself. */
export interface PoolState {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
}

type HttpLabels = 'method' | 'route' | 'status_code';

export class PrometheusMetrics {
  readonly registry: Registry;
  readonly httpRequestsTotal: Counter<HttpLabels>;
  readonly httpRequestDuration: Histogram<HttpLabels>;
  readonly activeConnections: Gauge;
  readonly dbConnectionPool: Gauge<'state'>;
  readonly ordersTotal: Counter<'status'>;
  readonly revenueTotal: Counter;
  readonly activeUsers: Gauge;
  readonly queueSize: Gauge<'queue_name'>;
  readonly cacheRequestsTotal: Counter<'cache' | 'result'>;
  readonly cacheHitRatio: Gauge;
  readonly errorsByType: Counter<'error_type' | 'service'>;
  readonly #routes = new Set<string>();
  readonly #maxRoutes: number;
  readonly #exemplars: boolean;
  #cacheHits = 0;
  #cacheRequests = 0;
  #users = 0;

  constructor(options: MetricsOptions = {}) {
    this.#maxRoutes = options.maxRoutes ?? 200;
    this.#exemplars = options.exemplars ?? false;
    this.registry = new promClient.Registry();
    if (this.#exemplars) {
      // The types fix a registry's format when it is made, the code does not.
      const anyFormat: { setContentType(contentType: string): void } = this.registry;
      anyFormat.setContentType(promClient.openMetricsContentType);
    }
    const registers = [this.registry];
    if (options.labels !== undefined) this.registry.setDefaultLabels(options.labels);
    if (options.defaultMetrics ?? true) {
      promClient.collectDefaultMetrics({
        register: this.registry,
        gcDurationBuckets: [0.001, 0.01, 0.1, 1, 2, 5],
      });
    }
    const httpLabels = ['method', 'route', 'status_code'] as const;
    this.httpRequestsTotal = new promClient.Counter({
      name: 'http_requests_total',
      help: 'Total number of HTTP requests',
      labelNames: httpLabels,
      registers,
    });
    this.httpRequestDuration = new promClient.Histogram({
      name: 'http_request_duration_seconds',
      help: 'Duration of HTTP requests in seconds',
      labelNames: httpLabels,
      buckets: [...(options.durationBuckets ?? DURATION_BUCKETS)],
      enableExemplars: this.#exemplars,
      registers,
    });
    this.activeConnections = new promClient.Gauge({
      name: 'active_connections',
      help: 'Number of open connections',
      registers,
    });
    this.dbConnectionPool = new promClient.Gauge({
      name: 'db_connection_pool_size',
      help: 'Database connections by state; for the state waiting, callers that wait for one',
      labelNames: ['state'],
      registers,
    });
    this.ordersTotal = new promClient.Counter({
      name: 'orders_total',
      help: 'Total number of orders',
      labelNames: ['status'],
      registers,
    });
    this.revenueTotal = new promClient.Counter({ name: 'revenue_total', help: 'Total revenue in cents', registers });
    this.activeUsers = new promClient.Gauge({ name: 'active_users', help: 'Number of active users', registers });
    this.queueSize = new promClient.Gauge({
      name: 'queue_size',
      help: 'Size of processing queue',
      labelNames: ['queue_name'],
      registers,
    });
    this.cacheRequestsTotal = new promClient.Counter({
      name: 'cache_requests_total',
      help: 'Cache lookups by result (hit, miss)',
      labelNames: ['cache', 'result'],
      registers,
    });
    this.cacheHitRatio = new promClient.Gauge({
      name: 'cache_hit_ratio',
      help: 'Share of cache lookups that hit, 0 to 1',
      registers,
    });
    this.errorsByType = new promClient.Counter({
      name: 'errors_by_type_total',
      help: 'Total errors by type',
      labelNames: ['error_type', 'service'],
      registers,
    });
  }

  /** Counts and times every request, those included that no route takes and whose client goes away. */
  createExpressMiddleware(): WebMiddleware {
    return (request, response, next) => {
      const start = process.hrtime.bigint();
      // The span may have ended by the time the answer is out.
      const traceId = this.#exemplars ? activeTraceIds()?.traceId : undefined;
      onceAnswered(response, (statusCode) => {
        const seconds = Number(process.hrtime.bigint() - start) / 1e9;
        this.recordHttpRequest(methodOf(request), routeOf(request), statusCode, seconds, traceId);
      });
      next();
    };
  }

  /** For servers without Express; `route` must be one of a bounded set. */
  recordHttpRequest(method: string, route: string, statusCode: number, seconds: number, traceId?: string): void {
    const labels = { method, route: this.#boundedRoute(route), status_code: String(statusCode) };
    this.httpRequestsTotal.inc(labels);
    if (traceId === undefined) this.httpRequestDuration.observe(labels, seconds);
    else {
      // The types of prom-client ask for exemplar labels among the metric's own, the format does not.
      const exemplarLabels = { trace_id: traceId } as Partial<Record<HttpLabels, string>>;
      this.httpRequestDuration.observe({ labels, value: seconds, exemplarLabels });
    }
  }

  /** Answers a scrape. */
  createMetricsHandler(): (request: unknown, response: ServerResponse) => void {
    return (_request, response) => {
      this.getMetrics().then(
        (text) => response.writeHead(200, { 'content-type': this.registry.contentType }).end(text),
        (error: Error) => response.writeHead(500, { 'content-type': 'text/plain' }).end(`${error.message}\n`),
      );
    };
  }

  /** Keeps `active_connections` at the number of open sockets of the server. */
  trackConnections(server: Pick<Server, 'on'>): void {
    server.on('connection', (socket) => {
      this.activeConnections.inc();
      socket.once('close', () => this.activeConnections.dec());
    });
  }

  updateDbPoolMetrics(pool: PoolState): void {
    this.dbConnectionPool.set({ state: 'active' }, pool.totalCount - pool.idleCount);
    this.dbConnectionPool.set({ state: 'idle' }, pool.idleCount);
    this.dbConnectionPool.set({ state: 'waiting' }, pool.waitingCount);
  }

  /** `value` is a number of orders or users, and for `revenue` cents. */
  recordBusinessEvent(event: BusinessEvent, value = 1): void {
    if (event === 'revenue') this.revenueTotal.inc(value);
    else if (event === 'user_login' || event === 'user_logout') {
      // A logout of a session from before the start must not make the number negative.
      this.#users = Math.max(0, this.#users + (event === 'user_login' ? value : -value));
      this.activeUsers.set(this.#users);
    } else this.ordersTotal.inc({ status: event.slice('order_'.length) }, value);
  }

  /** `errorType` must be one of a bounded set: a kind, never a message. */
  recordError(errorType: string, service = process.env.SERVICE_NAME ?? 'nodejs-app'): void {
    this.errorsByType.inc({ error_type: errorType, service });
  }

  updateQueueSize(queueName: string, size: number): void {
    this.queueSize.set({ queue_name: queueName }, size);
  }

  /** Counts a lookup and keeps `cache_hit_ratio` at the share of hits since the start. */
  recordCacheLookup(cache: string, hit: boolean): void {
    this.cacheRequestsTotal.inc({ cache, result: hit ? 'hit' : 'miss' });
    this.#cacheRequests += 1;
    if (hit) this.#cacheHits += 1;
    this.cacheHitRatio.set(this.#cacheHits / this.#cacheRequests);
  }

  /** For caches that compute the ratio themselves. */
  updateCacheHitRatio(ratio: number): void {
    this.cacheHitRatio.set(ratio);
  }

  /** The text that a scrape gets. */
  getMetrics(): Promise<string> {
    return this.registry.metrics();
  }

  /** Sets every series back to nothing; the metrics stay registered. */
  resetMetrics(): void {
    this.registry.resetMetrics();
    this.#cacheHits = 0;
    this.#cacheRequests = 0;
    this.#users = 0;
  }

  /** Takes every metric off the registry. */
  clearMetrics(): void {
    this.registry.clear();
  }

  #boundedRoute(route: string): string {
    if (this.#routes.has(route)) return route;
    if (this.#routes.size >= this.#maxRoutes) return '<other>';
    this.#routes.add(route);
    return route;
  }
}

const DURATION_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.3, 0.5, 0.7, 1, 3, 5, 7, 10];
