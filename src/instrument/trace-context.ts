/** The trace and span that the calling code runs in, for log records and exemplars; nothing where OpenTelemetry is not installed. */
import type * as OpenTelemetryApi from '@opentelemetry/api';
import { loadPackageIfPresent } from './optional-package.ts';

export interface TraceIds {
  readonly traceId: string;
  readonly spanId: string;
}

let loaded: { readonly api: typeof OpenTelemetryApi | undefined } | undefined;

export function activeTraceIds(): TraceIds | undefined {
  const api = openTelemetry();
  const span = api?.trace.getActiveSpan()?.spanContext();
  if (api === undefined || span === undefined || !api.isSpanContextValid(span)) return undefined;
  return { traceId: span.traceId, spanId: span.spanId };
}

/** Runs `work` outside every trace, so that what observing costs does not show up among the application's own calls. */
export function untraced<T>(work: () => T): T {
  const api = openTelemetry();
  if (api === undefined) return work();
  // The key that `suppressTracing` of @opentelemetry/core sets; the SDK's instrumentations and tracers look for it.
  const suppressed = api.createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING');
  return api.context.with(api.ROOT_CONTEXT.setValue(suppressed, true), work);
}

function openTelemetry(): typeof OpenTelemetryApi | undefined {
  loaded ??= { api: loadPackageIfPresent<typeof OpenTelemetryApi>('@opentelemetry/api') };
  return loaded.api;
}
