/** A client span around a call of another service, and the headers that carry the trace there. */
import type { Span } from '@opentelemetry/api';
import type { DistributedTracing } from './tracing.ts';

export interface ClientCall {
  /** The service called, for a person. */
  readonly service: string;
  readonly method: string;
  /** May hold a query string, which is left out of the span. */
  readonly url: string;
}

/** An answer of 400 and above is a failure of the call (OpenTelemetry's HTTP conventions, client side). */
export function callWithSpan<T extends { readonly status: number }>(
  tracing: DistributedTracing,
  call: ClientCall,
  body: (headers: Record<string, string>, span: Span) => Promise<T>,
): Promise<T> {
  const { context, propagation, SpanKind, SpanStatusCode } = tracing.api;
  const url = new URL(call.url);
  const attributes = {
    'http.request.method': call.method,
    'url.full': `${url.origin}${url.pathname}`,
    'server.address': url.hostname,
    'server.port': Number(url.port) || (url.protocol === 'https:' ? 443 : 80),
    'peer.service': call.service,
  };
  return tracing.withSpan(
    call.method,
    async (span) => {
      const headers: Record<string, string> = {};
      propagation.inject(context.active(), headers);
      const answer = await body(headers, span);
      span.setAttribute('http.response.status_code', answer.status);
      if (answer.status >= 400) {
        span.setAttribute('error.type', String(answer.status));
        span.setStatus({ code: SpanStatusCode.ERROR, message: `${call.service} answered ${answer.status}` });
      }
      return answer;
    },
    { kind: SpanKind.CLIENT, attributes },
  );
}
