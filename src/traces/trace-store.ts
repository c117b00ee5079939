/** Traces in memory, bounded by spans and bytes: the trace that was longest without a new span goes first. */
import { attributeText } from './attribute.ts';
import { spanMatcher } from './match-span.ts';
import { summaryOf } from './summary.ts';
import type { Span, Trace, TraceQuery, TraceSummary } from './trace.ts';

export interface TraceStoreOptions {
  /** 200,000 by default. */
  readonly maxSpans?: number | undefined;
  /** Estimated; 128 MiB by default. */
  readonly maxBytes?: number | undefined;
  /** Of one trace; what is beyond is dropped. 100,000 by default. */
  readonly maxSpansPerTrace?: number | undefined;
}

export interface TraceStoreStatus {
  readonly traces: number;
  readonly spans: number;
  /** Estimated. */
  readonly bytes: number;
  readonly evictedTraces: number;
  readonly evictedSpans: number;
  /** Of traces that were too large. */
  readonly droppedSpans: number;
}

interface StoredTrace {
  readonly spans: Span[];
  readonly services: Map<string, number>;
  bytes: number;
  startUs: number;
  lastStartUs: number;
}

export class TraceStore {
  readonly #maxSpans: number;
  readonly #maxBytes: number;
  readonly #maxSpansPerTrace: number;
  /** In the order of the last span's arrival. */
  readonly #traces = new Map<string, StoredTrace>();
  /** Spans by service and operation. */
  readonly #operations = new Map<string, Map<string, number>>();
  #spans = 0;
  #bytes = 0;
  #evictedTraces = 0;
  #evictedSpans = 0;
  #droppedSpans = 0;

  constructor(options: TraceStoreOptions = {}) {
    this.#maxSpans = options.maxSpans ?? 200_000;
    this.#maxBytes = options.maxBytes ?? 128 * 1024 * 1024;
    this.#maxSpansPerTrace = options.maxSpansPerTrace ?? 100_000;
  }

  /** Gives how many spans were dropped because their trace is too large. */
  add(spans: readonly Span[]): number {
    let dropped = 0;
    for (const span of spans) if (!this.#addSpan(span)) dropped += 1;
    this.#droppedSpans += dropped;
    while (this.#spans > this.#maxSpans || this.#bytes > this.#maxBytes) this.#evictOldest();
    return dropped;
  }

  trace(traceId: string): Trace | undefined {
    const stored = this.#traces.get(traceId.toLowerCase().padStart(32, '0'));
    return stored === undefined ? undefined : { traceId: stored.spans[0]!.traceId, spans: [...stored.spans] };
  }

  /** The newest first. */
  search(query: TraceQuery): readonly TraceSummary[] {
    const matches = spanMatcher(query);
    const found: StoredTrace[] = [];
    for (const stored of this.#traces.values()) {
      if (query.service !== undefined && !stored.services.has(query.service)) continue;
      if (query.startUs !== undefined && stored.lastStartUs < query.startUs) continue;
      if (query.endUs !== undefined && stored.startUs > query.endUs) continue;
      if (stored.spans.some(matches)) found.push(stored);
    }
    return found
      .sort((a, b) => b.startUs - a.startUs)
      .slice(0, query.limit)
      .map(({ spans }) => summaryOf({ traceId: spans[0]!.traceId, spans }));
  }

  services(): readonly string[] {
    return [...this.#operations.keys()].sort();
  }

  operations(service: string): readonly string[] {
    return [...(this.#operations.get(service)?.keys() ?? [])].sort();
  }

  status(): TraceStoreStatus {
    return {
      traces: this.#traces.size,
      spans: this.#spans,
      bytes: this.#bytes,
      evictedTraces: this.#evictedTraces,
      evictedSpans: this.#evictedSpans,
      droppedSpans: this.#droppedSpans,
    };
  }

  #addSpan(span: Span): boolean {
    let stored = this.#traces.get(span.traceId);
    if (stored === undefined) {
      stored = { spans: [], services: new Map(), bytes: 0, startUs: span.startUs, lastStartUs: span.startUs };
    } else if (stored.spans.length >= this.#maxSpansPerTrace) return false;
    // Taken out and put in again, it is the newest.
    this.#traces.delete(span.traceId);
    this.#traces.set(span.traceId, stored);
    const bytes = estimatedBytes(span);
    stored.spans.push(span);
    stored.bytes += bytes;
    stored.startUs = Math.min(stored.startUs, span.startUs);
    stored.lastStartUs = Math.max(stored.lastStartUs, span.startUs);
    count(stored.services, span.service, 1);
    this.#spans += 1;
    this.#bytes += bytes;
    let operations = this.#operations.get(span.service);
    if (operations === undefined) {
      operations = new Map();
      this.#operations.set(span.service, operations);
    }
    count(operations, span.name, 1);
    return true;
  }

  #evictOldest(): void {
    const [traceId, stored] = this.#traces.entries().next().value!;
    this.#traces.delete(traceId);
    this.#spans -= stored.spans.length;
    this.#bytes -= stored.bytes;
    this.#evictedTraces += 1;
    this.#evictedSpans += stored.spans.length;
    for (const span of stored.spans) {
      const operations = this.#operations.get(span.service)!;
      count(operations, span.name, -1);
      if (operations.size === 0) this.#operations.delete(span.service);
    }
  }
}

function count(counts: Map<string, number>, key: string, by: number): void {
  const value = (counts.get(key) ?? 0) + by;
  if (value === 0) counts.delete(key);
  else counts.set(key, value);
}

const SPAN_BYTES = 400;
const ATTRIBUTE_BYTES = 48;

/** Without the resource, which the spans of one export share. */
function estimatedBytes(span: Span): number {
  let bytes = SPAN_BYTES + 2 * (span.name.length + span.statusMessage.length);
  const addAttributes = (attributes: Span['attributes']): void => {
    for (const key in attributes) bytes += ATTRIBUTE_BYTES + 2 * (key.length + attributeText(attributes[key]!).length);
  };
  addAttributes(span.attributes);
  for (const event of span.events) {
    bytes += 100 + 2 * event.name.length;
    addAttributes(event.attributes);
  }
  for (const reference of span.references) {
    bytes += 150;
    if (reference.attributes !== undefined) addAttributes(reference.attributes);
  }
  return bytes;
}
