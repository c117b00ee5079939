/** A trace in one row: root, extent, spans and errors by service. */
import type { Span, Trace, TraceSummary } from './trace.ts';
import { isBetterRoot } from './tree.ts';

/** The trace must have at least one span. */
export function summaryOf({ spans }: Trace): TraceSummary {
  const growing = new GrowingSummary();
  for (const span of spans) growing.add(span);
  return growing.summary();
}

/** The summary of a trace whose spans come one after the other. */
export class GrowingSummary {
  readonly #services = new Map<string, number>();
  #root: Pick<Span, 'traceId' | 'service' | 'name' | 'startUs' | 'durationUs' | 'parentSpanId'> | undefined;
  #startUs = Number.POSITIVE_INFINITY;
  #endUs = Number.NEGATIVE_INFINITY;
  #spans = 0;
  #errors = 0;

  add(span: Span): void {
    const { traceId, service, name, startUs, durationUs, parentSpanId } = span;
    if (this.#root === undefined || isBetterRoot(span, this.#root))
      this.#root = { traceId, service, name, startUs, durationUs, parentSpanId };
    this.#startUs = Math.min(this.#startUs, startUs);
    this.#endUs = Math.max(this.#endUs, startUs + durationUs);
    this.#spans += 1;
    if (span.error) this.#errors += 1;
    this.#services.set(service, (this.#services.get(service) ?? 0) + 1);
  }

  get spans(): number {
    return this.#spans;
  }

  get startUs(): number {
    return this.#startUs;
  }

  hasService(service: string): boolean {
    return this.#services.has(service);
  }

  /** Throws RangeError where no span came yet. */
  summary(): TraceSummary {
    const root = this.#root;
    if (root === undefined) throw new RangeError('a trace has at least one span');
    return {
      traceId: root.traceId,
      rootService: root.service,
      rootName: root.name,
      startUs: this.#startUs,
      // A sum of floats that are microseconds of an epoch is off by a fraction.
      durationUs: this.#spans === 1 ? root.durationUs : this.#endUs - this.#startUs,
      spanCount: this.#spans,
      errorCount: this.#errors,
      services: Object.fromEntries(this.#services),
    };
  }
}
