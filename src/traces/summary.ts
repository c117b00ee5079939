/** A trace in one row: root, extent, spans and errors by service. */

import type { Trace, TraceSummary } from './trace.ts';
import { rootSpanOf } from './tree.ts';

/** The trace must have at least one span. */
export function summaryOf(trace: Trace): TraceSummary {
  const root = rootSpanOf(trace);
  let startUs = Number.POSITIVE_INFINITY;
  let endUs = Number.NEGATIVE_INFINITY;
  let errorCount = 0;
  const services: Record<string, number> = Object.create(null);
  for (const span of trace.spans) {
    startUs = Math.min(startUs, span.startUs);
    endUs = Math.max(endUs, span.startUs + span.durationUs);
    if (span.error) errorCount += 1;
    services[span.service] = (services[span.service] ?? 0) + 1;
  }
  return {
    traceId: trace.traceId,
    rootService: root.service,
    rootName: root.name,
    startUs,
    // A sum of floats that are microseconds of an epoch is off by a fraction.
    durationUs: trace.spans.length === 1 ? root.durationUs : endUs - startUs,
    spanCount: trace.spans.length,
    errorCount,
    services,
  };
}
