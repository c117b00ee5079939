/** Traces in memory, bounded by spans and bytes: the trace that was longest without a new span goes first. */
import { setImmediate as turn } from 'node:timers/promises';
import { attributeText } from './attribute.ts';
import { outlineMatcher, spanMatcher } from './match-span.ts';
import { outlineOf, type SpanOutline } from './outline.ts';
import { type Operation, PackedSpans } from './packed-spans.ts';
import { summaryOfOutlines } from './summary.ts';
import type { Span, Trace, TraceQuery, TraceSummary } from './trace.ts';

export interface TraceStoreOptions {
  /** No bound but `maxBytes` by default. */
  readonly maxSpans?: number | undefined;
  /** 32 MiB by default. */
  readonly maxBytes?: number | undefined;
  /** Of one trace; what is beyond is dropped. 100,000 by default. */
  readonly maxSpansPerTrace?: number | undefined;
}

export interface TraceStoreStatus {
  readonly traces: number;
  readonly spans: number;
  /** Estimated for the newest, which are not packed yet. */
  readonly bytes: number;
  readonly evictedTraces: number;
  readonly evictedSpans: number;
  /** Of traces that were too large. */
  readonly droppedSpans: number;
}

interface StoredTrace {
  readonly traceId: string;
  /** In the order in which they came, as the loose ones that came after them. */
  readonly packed: PackedSpans[];
  loose: Span[];
  spans: number;
  /** Of all of it. */
  bytes: number;
  /** Of the loose spans. */
  looseBytes: number;
  startUs: number;
  lastStartUs: number;
}

/** So much of the bytes may be spans that are not packed yet. */
const LOOSE_SHARE = 1 / 8;
/** Spans packed together at most. */
const MOST_PACKED = 512;
/** Unpacked spans that one turn of the event loop looks through: some ten milliseconds. */
const SPANS_A_TURN = 1000;

export class TraceStore {
  readonly #maxSpans: number;
  readonly #maxBytes: number;
  readonly #maxSpansPerTrace: number;
  /** In the order of the last span's arrival. */
  readonly #traces = new Map<string, StoredTrace>();
  /** Those with loose spans, in the same order. */
  readonly #loose = new Set<StoredTrace>();
  #looseBytes = 0;
  /** By service and name. */
  readonly #operations = new Map<string, Map<string, Operation>>();
  #spans = 0;
  #bytes = 0;
  #evictedTraces = 0;
  #evictedSpans = 0;
  #droppedSpans = 0;

  constructor(options: TraceStoreOptions = {}) {
    this.#maxSpans = options.maxSpans ?? Number.POSITIVE_INFINITY;
    this.#maxBytes = options.maxBytes ?? 32 * 1024 * 1024;
    this.#maxSpansPerTrace = options.maxSpansPerTrace ?? 100_000;
  }

  /** Gives how many spans were dropped because their trace is too large. */
  add(spans: readonly Span[]): number {
    let dropped = 0;
    for (const span of spans) if (!this.#addSpan(span)) dropped += 1;
    this.#droppedSpans += dropped;
    for (const stored of this.#loose) {
      if (this.#looseBytes <= this.#maxBytes * LOOSE_SHARE) break;
      this.#pack(stored);
    }
    while (this.#spans > this.#maxSpans || this.#bytes > this.#maxBytes) this.#evictOldest();
    return dropped;
  }

  trace(traceId: string): Trace | undefined {
    const stored = this.#traces.get(traceId.toLowerCase().padStart(32, '0'));
    return stored === undefined ? undefined : { traceId: stored.traceId, spans: spansOf(stored) };
  }

  /** The newest first. Long searches let others have their turn. */
  async search(query: TraceQuery): Promise<readonly TraceSummary[]> {
    const { service, startUs, endUs } = query;
    const matches = spanMatcher(query);
    const isOutlined = outlineMatcher(query);
    const asksTags = Object.keys(query.tags ?? {}).length > 0;
    const candidates: StoredTrace[] = [];
    for (const stored of this.#traces.values()) {
      if (service !== undefined && service !== '' && !hasService(stored, service)) continue;
      if (startUs !== undefined && stored.lastStartUs < startUs) continue;
      if (endUs !== undefined && stored.startUs > endUs) continue;
      candidates.push(stored);
    }
    candidates.sort((a, b) => b.startUs - a.startUs);
    const found: TraceSummary[] = [];
    let unpacked = 0;
    for (const stored of candidates) {
      if (found.length >= query.limit) break;
      const { loose, packed } = stored;
      let isFound = loose.some(matches);
      for (const some of isFound ? [] : packed) {
        if (!some.some(isOutlined)) continue;
        isFound = !asksTags || some.spans().some(matches);
        if (isFound) break;
        unpacked += some.length;
        if (unpacked < SPANS_A_TURN) continue;
        unpacked = 0;
        await turn();
      }
      if (isFound) found.push(summaryOfOutlines(stored.traceId, outlinesOf(stored)));
    }
    return found;
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
    const stored = this.#traces.get(span.traceId) ?? this.#newTrace(span);
    if (stored.spans >= this.#maxSpansPerTrace) return false;
    // Taken out and put in again, it is the newest.
    this.#traces.delete(span.traceId);
    this.#traces.set(span.traceId, stored);
    this.#loose.delete(stored);
    this.#loose.add(stored);
    stored.loose.push(span);
    stored.spans += 1;
    stored.startUs = Math.min(stored.startUs, span.startUs);
    stored.lastStartUs = Math.max(stored.lastStartUs, span.startUs);
    const bytes = estimatedBytes(span);
    stored.looseBytes += bytes;
    this.#looseBytes += bytes;
    this.#grow(stored, bytes);
    this.#spans += 1;
    this.#operationOf(span).spans += 1;
    return true;
  }

  #newTrace({ traceId, startUs }: Span): StoredTrace {
    const stored: StoredTrace = {
      traceId,
      spans: 0,
      packed: [],
      loose: [],
      bytes: 0,
      looseBytes: 0,
      startUs,
      lastStartUs: startUs,
    };
    this.#grow(stored, TRACE_BYTES);
    return stored;
  }

  #grow(stored: StoredTrace, bytes: number): void {
    stored.bytes += bytes;
    this.#bytes += bytes;
  }

  #operationOf({ service, name }: Span): Operation {
    let operations = this.#operations.get(service);
    if (operations === undefined) {
      operations = new Map();
      this.#operations.set(service, operations);
    }
    let operation = operations.get(name);
    if (operation === undefined) {
      operation = { service, name, spans: 0 };
      operations.set(name, operation);
    }
    return operation;
  }

  #pack(stored: StoredTrace): void {
    for (let at = 0; at < stored.loose.length; at += MOST_PACKED) {
      const packed = new PackedSpans(stored.loose.slice(at, at + MOST_PACKED), (span) => this.#operationOf(span));
      stored.packed.push(packed);
      this.#grow(stored, packed.bytes);
    }
    this.#takeLoose(stored);
  }

  #takeLoose(stored: StoredTrace): void {
    this.#grow(stored, -stored.looseBytes);
    this.#looseBytes -= stored.looseBytes;
    stored.loose = [];
    stored.looseBytes = 0;
    this.#loose.delete(stored);
  }

  #evictOldest(): void {
    const [traceId, stored] = this.#traces.entries().next().value!;
    this.#traces.delete(traceId);
    for (const span of stored.loose) this.#leave(this.#operationOf(span));
    for (const packed of stored.packed) for (const operation of packed.operations()) this.#leave(operation);
    this.#takeLoose(stored);
    this.#bytes -= stored.bytes;
    this.#spans -= stored.spans;
    this.#evictedTraces += 1;
    this.#evictedSpans += stored.spans;
  }

  /** One span less. */
  #leave(operation: Operation): void {
    operation.spans -= 1;
    if (operation.spans > 0) return;
    const operations = this.#operations.get(operation.service);
    operations?.delete(operation.name);
    if (operations?.size === 0) this.#operations.delete(operation.service);
  }
}

function hasService({ packed, loose }: StoredTrace, service: string): boolean {
  return packed.some((some) => some.hasService(service)) || loose.some((span) => span.service === service);
}

function* outlinesOf({ packed, loose }: StoredTrace): Generator<SpanOutline, void, undefined> {
  for (const some of packed) yield* some.outlines();
  yield* loose.map(outlineOf);
}

function spansOf({ packed, loose }: StoredTrace): Span[] {
  return [...packed.flatMap((some) => some.spans()), ...loose];
}

/** Of a trace, beside its spans. */
const TRACE_BYTES = 400;
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
