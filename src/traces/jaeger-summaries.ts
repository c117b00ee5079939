/** Jaeger's own summaries of traces (`/api/v3/trace-summaries`, from 2.20 on) as rows of the list. */
import { traceIdOf } from './otlp-spans.ts';
import type { TraceSummary } from './trace.ts';

/** Of all parts of the answer; undefined where it has another shape. */
export function summariesOfJaeger(answer: readonly unknown[]): readonly TraceSummary[] | undefined {
  const summaries: TraceSummary[] = [];
  for (const part of answer) {
    const { result, summaries: direct } = (part ?? {}) as { result?: { summaries?: unknown }; summaries?: unknown };
    const list = direct ?? result?.summaries;
    if (list === undefined && Object.keys(part as object).length === 0) continue;
    if (!Array.isArray(list)) return undefined;
    for (const each of list) {
      const summary = summaryOfJaeger((each ?? {}) as Record<string, unknown>);
      if (summary !== undefined) summaries.push(summary);
    }
  }
  return summaries;
}

function summaryOfJaeger(summary: Record<string, unknown>): TraceSummary | undefined {
  const traceId = traceIdOf(summary['traceId']);
  if (traceId === undefined) return undefined;
  const startNs = nanoseconds(summary['minStartTimeUnixNano']);
  const endNs = nanoseconds(summary['maxEndTimeUnixNano']);
  const services: Record<string, number> = Object.create(null);
  for (const service of Array.isArray(summary['services']) ? summary['services'] : [])
    services[String(service?.name)] = Number(service?.spanCount ?? 0);
  return {
    traceId,
    rootService: String(summary['rootServiceName'] ?? ''),
    rootName: String(summary['rootOperationName'] ?? ''),
    startUs: Number(startNs) / 1000,
    durationUs: endNs > startNs ? Number(endNs - startNs) / 1000 : 0,
    // Protobuf's JSON leaves zeros out.
    spanCount: Number(summary['spanCount'] ?? 0),
    errorCount: Number(summary['errorSpanCount'] ?? 0),
    services,
  };
}

function nanoseconds(value: unknown): bigint {
  return /^\d{1,20}$/.test(String(value)) ? BigInt(String(value)) : 0n;
}
