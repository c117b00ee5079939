/** The trace and span that the calling code runs in, for log records and exemplars; nothing where OpenTelemetry is not installed. */
import type * as OpenTelemetryApi from '@opentelemetry/api';
import { loadPackageIfPresent } from './optional-package.ts';

export interface TraceIds {
  readonly traceId: string;
  readonly spanId: string;
}

let loaded: { readonly api: typeof OpenTelemetryApi | undefined } | undefined;

export function activeTraceIds(): TraceIds | undefined {
  loaded ??= { api: loadPackageIfPresent<typeof OpenTelemetryApi>('@opentelemetry/api') };
  const { api } = loaded;
  const span = api?.trace.getActiveSpan()?.spanContext();
  if (api === undefined || span === undefined || !api.isSpanContextValid(span)) return undefined;
  return { traceId: span.traceId, spanId: span.spanId };
}
