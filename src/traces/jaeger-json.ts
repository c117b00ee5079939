/** Traces as Jaeger's older `/api` and its UI have them (references, tags, logs, processes), as the trace model. */
import { type Attributes, NO_ATTRIBUTES } from './attribute.ts';
import { UNKNOWN_SERVICE } from './otlp-spans.ts';
import type { AttributeValue, Span, SpanEvent, SpanKind, SpanReference, Trace } from './trace.ts';

/** Takes whatever shape it is given; undefined where it is no trace with at least one span. */
export function traceOfJaeger(document: unknown): Trace | undefined {
  const { traceID, spans, processes } = object(document);
  if (!Array.isArray(spans) || spans.length === 0) return undefined;
  const known = object(processes);
  const processTags = new Map<unknown, Process>();
  const read = spans.map((span) => {
    const fields = object(span);
    const id = fields['processID'];
    let process = processTags.get(id);
    if (process === undefined || fields['process'] !== undefined) {
      process = processOf(fields['process'] ?? known[String(id)]);
      processTags.set(id, process);
    }
    return spanOf(fields, process, String(traceID ?? ''));
  });
  return { traceId: read[0]!.traceId, spans: read };
}

/** Hexadecimal ids in the width of OpenTelemetry; any other as it is. */
export function widened(id: unknown, digits: number): string {
  const text = String(id ?? '');
  return /^[0-9a-fA-F]+$/.test(text) && text.length <= digits ? text.toLowerCase().padStart(digits, '0') : text;
}

interface Process {
  readonly service: string;
  readonly resource: Attributes;
}

const KINDS: ReadonlySet<unknown> = new Set<SpanKind>(['server', 'client', 'producer', 'consumer', 'internal']);

function processOf(process: unknown): Process {
  const { serviceName, tags } = object(process);
  const service = typeof serviceName === 'string' && serviceName !== '' ? serviceName : UNKNOWN_SERVICE;
  return { service, resource: { 'service.name': service, ...tagsOf(tags) } };
}

function spanOf(span: Record<string, unknown>, process: Process, traceIdOfAll: string): Span {
  const traceId = widened(span['traceID'] ?? traceIdOfAll, 32);
  const references = list(span['references'])
    .map((reference) => referenceOf(object(reference), traceId))
    .filter((reference) => reference !== undefined);
  const own = references.filter((reference) => reference.traceId === traceId);
  const parent = own.find((reference) => reference.kind === 'child-of') ?? own[0];
  const attributes = tagsOf(span['tags']);
  const kind = String(attributes['span.kind'] ?? '').toLowerCase();
  return {
    traceId,
    spanId: widened(span['spanID'], 16),
    parentSpanId: parent?.spanId ?? (span['parentSpanID'] ? widened(span['parentSpanID'], 16) : undefined),
    references,
    name: String(span['operationName'] ?? ''),
    service: process.service,
    kind: KINDS.has(kind) ? (kind as SpanKind) : 'internal',
    startUs: number(span['startTime']),
    durationUs: Math.max(0, number(span['duration'])),
    error: isError(attributes),
    statusMessage: String(attributes['otel.status_description'] ?? ''),
    attributes,
    resource: process.resource,
    scope: String(attributes['otel.scope.name'] ?? attributes['otel.library.name'] ?? ''),
    events: list(span['logs']).map((log) => eventOf(object(log))),
    warnings: list(span['warnings']).map(String),
  };
}

function isError(attributes: Attributes): boolean {
  const error = attributes['error'];
  return (
    attributes['otel.status_code'] === 'ERROR' ||
    (error !== undefined && error !== false && error !== 'false' && error !== '')
  );
}

function referenceOf(reference: Record<string, unknown>, traceId: string): SpanReference | undefined {
  if (reference['spanID'] === undefined) return undefined;
  return {
    kind: reference['refType'] === 'FOLLOWS_FROM' ? 'follows-from' : 'child-of',
    traceId: reference['traceID'] === undefined ? traceId : widened(reference['traceID'], 32),
    spanId: widened(reference['spanID'], 16),
  };
}

function eventOf(log: Record<string, unknown>): SpanEvent {
  const attributes = tagsOf(log['fields']);
  const { event, ...rest } = attributes;
  if (event !== undefined) return { timeUs: number(log['timestamp']), name: String(event), attributes: rest };
  return { timeUs: number(log['timestamp']), name: String(attributes['message'] ?? 'log'), attributes };
}

/** A list of `{key, type, value}`, or the plain object that some storage gives. */
function tagsOf(tags: unknown): Attributes {
  const pairs = Array.isArray(tags)
    ? tags.map((tag) => [object(tag)['key'], object(tag)['value']] as const)
    : Object.entries(object(tags));
  if (pairs.length === 0) return NO_ATTRIBUTES;
  const attributes: Record<string, AttributeValue> = Object.create(null);
  for (const [key, value] of pairs) if (typeof key === 'string') attributes[key] = attributeOf(value);
  return attributes;
}

function attributeOf(value: unknown): AttributeValue {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  if (Array.isArray(value)) return value.map(attributeOf);
  return value === null || value === undefined ? '' : JSON.stringify(value);
}

function object(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function number(value: unknown): number {
  const parsed = Number(value);
  return Number.isFinite(parsed) ? parsed : 0;
}
