/** A trace in one row: root, extent, spans and errors by service. */
import { outlineOf, type SpanOutline } from './outline.ts';
import type { Trace, TraceSummary } from './trace.ts';

/** The trace must have at least one span. */
export function summaryOf({ traceId, spans }: Trace): TraceSummary {
  return summaryOfOutlines(traceId, spans.map(outlineOf));
}

/** Throws RangeError where there is no span. */
export function summaryOfOutlines(traceId: string, spans: Iterable<SpanOutline>): TraceSummary {
  let root: SpanOutline | undefined;
  let startUs = Number.POSITIVE_INFINITY;
  let endUs = Number.NEGATIVE_INFINITY;
  let [spanCount, errorCount] = [0, 0];
  const services: Record<string, number> = Object.create(null);
  for (const span of spans) {
    if (root === undefined || isBetterRoot(span, root)) root = span;
    startUs = Math.min(startUs, span.startUs);
    endUs = Math.max(endUs, span.startUs + span.durationUs);
    spanCount += 1;
    if (span.error) errorCount += 1;
    services[span.service] = (services[span.service] ?? 0) + 1;
  }
  if (root === undefined) throw new RangeError('a trace has at least one span');
  return {
    traceId,
    rootService: root.service,
    rootName: root.name,
    startUs,
    // A sum of floats that are microseconds of an epoch is off by a fraction.
    durationUs: spanCount === 1 ? root.durationUs : endUs - startUs,
    spanCount,
    errorCount,
    services,
  };
}

/** The earliest span without a parent is the root; where every parent is missing, the earliest of all. */
function isBetterRoot(one: SpanOutline, other: SpanOutline): boolean {
  return one.isRoot === other.isRoot ? one.startUs < other.startUs : one.isRoot;
}
