/** A span around a business operation, with events as it goes on. */
import type { Attributes, Span } from '@opentelemetry/api';
import type { DistributedTracing } from './tracing.ts';

export interface BusinessOperation {
  readonly span: Span;
  addEvent(name: string, attributes?: Attributes): void;
  /** Runs `body` with this operation's span as the parent of what it starts. */
  run<T>(body: () => T): T;
  /** Ends the span: as done, or as failed by `error`. A second call does nothing. */
  end(error?: unknown): void;
}

export function startBusinessOperation(
  tracing: DistributedTracing,
  name: string,
  attributes: Attributes,
): BusinessOperation {
  const { context, trace, SpanStatusCode } = tracing.api;
  const span = tracing.createSpan(name, { attributes: { 'business.operation': name, ...attributes } });
  let ended = false;
  return {
    span,
    addEvent: (event, eventAttributes) => void span.addEvent(event, eventAttributes),
    run: (body) => context.with(trace.setSpan(context.active(), span), body),
    end(error) {
      if (ended) return;
      ended = true;
      if (error === undefined || error === null) span.setStatus({ code: SpanStatusCode.OK });
      else tracing.fail(span, error);
      span.end();
    },
  };
}
