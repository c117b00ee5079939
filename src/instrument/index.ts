/**
 * What a Node application imports to be observable: metrics, structured logs and traces that refer to each other.
 *
 * ```js
 * // main.js: tracing first, the application after it, so that what it loads is instrumented.
 * import { createLoggingMiddleware, PrometheusMetrics, setupGlobalErrorLogging, startTracing, StructuredLogger } from 'watchfire/instrument';
 * const tracing = startTracing({ serviceName: 'orders' });
 * const logger = new StructuredLogger({ service: 'orders' });
 * const metrics = new PrometheusMetrics();
 * setupGlobalErrorLogging(logger);
 * const { default: express } = await import('express');
 * const app = express();
 * app.get('/metrics', metrics.createMetricsHandler());
 * app.use(tracing.createTracingMiddleware(), metrics.createExpressMiddleware(), createLoggingMiddleware(logger));
 * app.get('/orders/:id', (request, response) => response.json({}));
 * metrics.trackConnections(app.listen(3000));
 * ```
 */

export type { LogElasticsearchOptions } from './log-elasticsearch.ts';
export type { LogFileOptions } from './log-transports.ts';
export { type ExternalApiCall, type LoggerOptions, type LogMeta, StructuredLogger } from './logger.ts';
export { type BusinessEvent, type MetricsOptions, type PoolState, PrometheusMetrics } from './metrics.ts';
export { MissingPackageError } from './optional-package.ts';
export { type ProcessErrorOptions, setupGlobalErrorLogging } from './process-errors.ts';
export { redact, redactText } from './redact.ts';
export { createLoggingMiddleware, type LoggedRequest } from './request-logging.ts';
export type { BusinessOperation } from './trace-business.ts';
export { activeTraceIds, type TraceIds } from './trace-context.ts';
export { type TraceEndpoint, traceEndpoint } from './trace-endpoint.ts';
export type { ClientCall } from './trace-external.ts';
export type { TracedRequest } from './trace-middleware.ts';
export type { CacheOperation, DbOperation } from './trace-storage.ts';
export { DistributedTracing, type SpanOptions, startTracing, type TracingOptions } from './tracing.ts';
export { UNMATCHED_ROUTE, type WebMiddleware, type WebRequest } from './web.ts';
