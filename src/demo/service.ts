/** One service of the shop: an Express application with metrics, logs and traces of its own, on a free loopback port. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type express from 'express';
import {
  createLoggingMiddleware,
  DistributedTracing,
  PrometheusMetrics,
  StructuredLogger,
} from '../instrument/index.ts';
import { loadPackage } from '../instrument/optional-package.ts';
import { Cache } from './cache.ts';
import { Database } from './database.ts';
import type { Incident } from './incidents.ts';
import { createRandom, type Random } from './random.ts';
import { ShopError } from './shop-error.ts';

const VERSION = '2.4.1';

export interface ShopSurroundings {
  readonly directory: string;
  readonly otlpEndpoint: string | undefined;
  /** What is going on now. */
  incident(): Incident | undefined;
}

export interface Service {
  readonly name: string;
  readonly url: string;
  /** `127.0.0.1:PORT`. */
  readonly target: string;
  readonly logFile: string;
  readonly metrics: PrometheusMetrics;
  readonly logger: StructuredLogger;
  readonly tracing: DistributedTracing;
  readonly database: Database;
  readonly cache: Cache;
  readonly surroundings: ShopSurroundings;
  /** The incident, where it strikes this service. */
  incident(): Incident | undefined;
  /** Calls another service within the trace of the request. */
  call(to: Service, method: string, path: string, request: ShopRequest, body?: unknown): Promise<CallAnswer>;
  stop(): Promise<void>;
}

export interface CallAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

/** Each request brings its own dice, so that the order in which requests overlap changes nothing. */
export const DICE_HEADER = 'x-demo-dice';

export type ShopRequest = express.Request & { dice?: Random; user?: { id: number }; requestId?: unknown };

/** Starts it; `routes` adds what it does. */
export async function startService(
  name: string,
  surroundings: ShopSurroundings,
  routes: (app: express.Express, service: Service) => void,
): Promise<Service> {
  const logFile = join(surroundings.directory, 'logs', `${name}.log`);
  const logger = new StructuredLogger({
    service: name,
    version: VERSION,
    environment: 'demo',
    console: false,
    files: {
      directory: join(surroundings.directory, 'logs'),
      fileName: `${name}.log`,
      errorFileName: '',
      maxBytes: 4 * 1024 * 1024,
      maxFiles: 3,
    },
    elasticsearch: false,
  });
  const metrics = new PrometheusMetrics({ exemplars: true });
  const tracing = new DistributedTracing({
    serviceName: name,
    serviceVersion: VERSION,
    environment: 'demo',
    endpoint: surroundings.otlpEndpoint,
    // One tracer for each service in this process.
    global: false,
    exportDelayMs: 500,
  });
  const database = new Database({ tracing, logger, metrics, connections: 10 });
  const cache = new Cache({ name, tracing, metrics, entries: 80 });
  const app = loadPackage<typeof express>('express', 'the demo')();
  const server = createServer(app);
  const service: Service = {
    name,
    get url() {
      return `http://${this.target}`;
    },
    get target() {
      return `127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    logFile,
    metrics,
    logger,
    tracing,
    database,
    cache,
    surroundings,
    incident() {
      const incident = surroundings.incident();
      return incident?.service === name ? incident : undefined;
    },
    call: (to, method, path, request, body) => callService(service, to, method, path, request, body),
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await Promise.all([logger.close(500), tracing.shutdown().catch(() => undefined)]);
    },
  };
  metrics.trackConnections(server);
  prepare(app, service);
  routes(app, service);
  app.use(answerError(service));
  await listen(server);
  logger.info('Service started', { url: service.url });
  return service;
}

function prepare(app: express.Express, service: Service): void {
  const { json } = loadPackage<typeof express>('express', 'the demo');
  app.disable('x-powered-by');
  // Before everything else, so that scrapes do not count as requests.
  app.get('/metrics', service.metrics.createMetricsHandler());
  app.use(service.tracing.createTracingMiddleware());
  app.use(service.metrics.createExpressMiddleware());
  app.use(createLoggingMiddleware(service.logger));
  app.use(json({ limit: '10kb' }));
  app.use((request: ShopRequest, _response, next) => {
    request.dice = createRandom(Number(request.get(DICE_HEADER) ?? 1) + service.name.length * 104_729);
    next();
  });
}

function answerError(service: Service): express.ErrorRequestHandler {
  return (error: Error, request, response, _next) => {
    const status = error instanceof ShopError ? error.status : 500;
    service.tracing.api.trace.getActiveSpan()?.recordException(error);
    service.metrics.recordError(error.name, service.name);
    service.logger.error(`${request.method} ${request.route?.path ?? request.path} failed`, error, { status });
    if (!response.headersSent) response.status(status).json({ error: error.message });
  };
}

async function callService(
  from: Service,
  to: Service,
  method: string,
  path: string,
  request: ShopRequest,
  body: unknown,
): Promise<CallAnswer> {
  const url = `${to.url}${path}`;
  return from.tracing.traceExternalCall({ service: to.name, method, url }, async (headers) => {
    const answer = await fetch(url, {
      method,
      headers: {
        ...headers,
        [DICE_HEADER]: String(request.dice!.integer(1, 2 ** 31)),
        'x-request-id': String(request.requestId),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
  });
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}
