/** Express middleware that continues the caller's trace in a server span, after OpenTelemetry's HTTP conventions. */
import type { ServerResponse } from 'node:http';
import type { Attributes, Span } from '@opentelemetry/api';
import type { DistributedTracing } from './tracing.ts';
import {
  methodOf,
  onceAnswered,
  pathOf,
  routeOf,
  UNMATCHED_ROUTE,
  userIdOf,
  type WebMiddleware,
  type WebRequest,
} from './web.ts';

/** A request that has passed the middleware. */
export type TracedRequest = WebRequest & { span: Span };

export function tracingMiddleware(tracing: DistributedTracing): WebMiddleware {
  const { context, propagation, ROOT_CONTEXT, SpanKind, trace } = tracing.api;
  return (request, response, next) => {
    const active = trace.getActiveSpan();
    if (active?.isRecording()) {
      // Auto-instrumentation has a server span open already; a second one would show every request twice.
      (request as TracedRequest).span = active;
      onceAnswered(response, () => describe(active, request));
      next();
      return;
    }
    const caller = propagation.extract(ROOT_CONTEXT, request.headers);
    const attributes: Attributes = {
      'http.request.method': methodOf(request),
      'url.path': pathOf(request),
      'client.address': request.socket?.remoteAddress,
      'user_agent.original': request.headers['user-agent'],
    };
    const span = tracing.tracer.startSpan(methodOf(request), { kind: SpanKind.SERVER, attributes }, caller);
    (request as TracedRequest).span = span;
    onceAnswered(response, (statusCode) => {
      describe(span, request);
      conclude(tracing, span, response, statusCode);
    });
    context.with(trace.setSpan(caller, span), next);
  };
}

/** What is known only when a route has taken the request. */
function describe(span: Span, request: WebRequest): void {
  const route = routeOf(request);
  if (route !== UNMATCHED_ROUTE) {
    span.setAttribute('http.route', route);
    span.updateName(`${methodOf(request)} ${route}`);
  }
  const userId = userIdOf(request);
  if (userId !== undefined) span.setAttribute('user.id', userId);
  if (typeof request.requestId === 'string') span.setAttribute('request.id', request.requestId);
}

function conclude(tracing: DistributedTracing, span: Span, response: ServerResponse, statusCode: number): void {
  span.setAttribute('http.response.status_code', statusCode);
  const size = Number(response.getHeader('content-length'));
  if (Number.isFinite(size) && size > 0) span.setAttribute('http.response.body.size', size);
  // A 4xx is the client's fault, and no error of this server.
  if (statusCode >= 500) {
    span.setAttribute('error.type', String(statusCode));
    span.setStatus({ code: tracing.api.SpanStatusCode.ERROR, message: `HTTP ${statusCode}` });
  }
  span.end();
}
