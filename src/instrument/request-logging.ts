/** Express middleware that gives each request an id and a logger of its own, and logs its end. */
import { randomUUID } from 'node:crypto';
import type { StructuredLogger } from './logger.ts';
import { activeTraceIds } from './trace-context.ts';
import { methodOf, onceAnswered, pathOf, type WebMiddleware, type WebRequest } from './web.ts';

/** A request that has passed the middleware. */
export type LoggedRequest = WebRequest & { requestId: string; logger: StructuredLogger };

/** Takes `X-Request-Id` over where it is a plain token, else makes one, and sends it back. */
export function createLoggingMiddleware(logger: StructuredLogger): WebMiddleware {
  return (request, response, next) => {
    const start = performance.now();
    const requestId = givenRequestId(request) ?? randomUUID();
    // Kept, because the span may be over when the answer is out.
    const ids = { requestId, ...activeTraceIds() };
    const logged = request as LoggedRequest;
    logged.requestId = requestId;
    logged.logger = logger.child({ ...ids, method: methodOf(request), url: pathOf(request) });
    response.setHeader('x-request-id', requestId);
    logged.logger.debug('Request started');
    onceAnswered(response, (statusCode) => {
      logger.logRequest(request, statusCode, Math.round((performance.now() - start) * 1000) / 1000, ids);
    });
    next();
  };
}

function givenRequestId(request: WebRequest): string | undefined {
  const given = request.headers['x-request-id'];
  return typeof given === 'string' && /^[\w.:-]{1,128}$/.test(given) ? given : undefined;
}
