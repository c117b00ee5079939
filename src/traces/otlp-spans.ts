/** OTLP traces data (as its JSON encoding has it) as spans of the trace model. */
import { type Attributes, attributesOf, NO_ATTRIBUTES, type OtlpKeyValue } from './attribute.ts';
import type { Span, SpanEvent, SpanKind, SpanReference } from './trace.ts';

/** `TracesData` and `ExportTraceServiceRequest`; whatever comes from outside may be of any shape. */
export interface OtlpTraces {
  readonly resourceSpans?: unknown;
}

export interface OtlpSpans {
  readonly spans: readonly Span[];
  /** Spans that could not be taken, and why the first could not. */
  readonly rejected: number;
  readonly reason: string;
}

export const UNKNOWN_SERVICE = 'unknown_service';

/** Never throws: what has no valid trace and span id is counted as rejected (OTLP specification, partial success). */
export function spansOfOtlp(traces: OtlpTraces): OtlpSpans {
  const spans: Span[] = [];
  let rejected = 0;
  let reason = '';
  for (const resourceSpans of objects(traces.resourceSpans)) {
    const resource = attributesOf((resourceSpans['resource'] as { attributes?: unknown } | undefined)?.attributes);
    for (const scopeSpans of objects(resourceSpans['scopeSpans'] ?? resourceSpans['instrumentationLibrarySpans'])) {
      const scope = scopeOf(scopeSpans['scope'] ?? scopeSpans['instrumentationLibrary']);
      for (const span of objects(scopeSpans['spans'])) {
        const fault = faultOf(span);
        if (fault === undefined) spans.push(spanOf(span, resource, scope));
        else {
          rejected += 1;
          reason ||= fault;
        }
      }
    }
  }
  return { spans, rejected, reason };
}

/** Lower-case hexadecimal, a 64-bit trace id filled up to 128; undefined where it is none or all zero. */
export function traceIdOf(value: unknown): string | undefined {
  return identifier(value, 32, 16);
}

function spanIdOf(value: unknown): string | undefined {
  return identifier(value, 16, 1);
}

interface Scope {
  readonly name: string;
  readonly attributes: Attributes;
}

const KINDS: readonly SpanKind[] = ['internal', 'internal', 'server', 'client', 'producer', 'consumer'];
const KIND_NAMES = ['UNSPECIFIED', 'INTERNAL', 'SERVER', 'CLIENT', 'PRODUCER', 'CONSUMER'];
const STATUS_ERROR = 2;

function objects(list: unknown): readonly Record<string, unknown>[] {
  return Array.isArray(list) ? list.filter((each) => typeof each === 'object' && each !== null) : [];
}

function scopeOf(scope: unknown): Scope {
  const { name, version, attributes } = (scope ?? {}) as Record<string, unknown>;
  const text = typeof name === 'string' ? name : '';
  return {
    name: typeof version === 'string' && version !== '' ? `${text}@${version}` : text,
    attributes: attributesOf(attributes),
  };
}

function faultOf(span: Record<string, unknown>): string | undefined {
  if (traceIdOf(span['traceId']) === undefined) return `a span has no valid trace id (${brief(span['traceId'])})`;
  if (spanIdOf(span['spanId']) === undefined) return `a span has no valid span id (${brief(span['spanId'])})`;
  return undefined;
}

function spanOf(span: Record<string, unknown>, resource: Attributes, scope: Scope): Span {
  const traceId = traceIdOf(span['traceId'])!;
  const parentSpanId = spanIdOf(span['parentSpanId']);
  const startNs = nanoseconds(span['startTimeUnixNano']);
  const endNs = nanoseconds(span['endTimeUnixNano']);
  const status = (span['status'] ?? {}) as { code?: unknown; message?: unknown };
  const service = resource['service.name'];
  const references: SpanReference[] =
    parentSpanId === undefined ? [] : [{ kind: 'child-of', traceId, spanId: parentSpanId }];
  for (const link of objects(span['links'])) {
    const reference = referenceOf(link);
    if (reference !== undefined) references.push(reference);
  }
  return {
    traceId,
    spanId: spanIdOf(span['spanId'])!,
    parentSpanId,
    references,
    name: typeof span['name'] === 'string' ? span['name'] : '',
    service: typeof service === 'string' && service !== '' ? service : UNKNOWN_SERVICE,
    kind: KINDS[enumNumber(span['kind'], KIND_NAMES, 'SPAN_KIND_')] ?? 'internal',
    startUs: microseconds(startNs),
    // In nanoseconds first: the difference keeps what the microseconds of an epoch cannot hold.
    durationUs: endNs > startNs ? Number(endNs - startNs) / 1000 : 0,
    error: enumNumber(status.code, ['UNSET', 'OK', 'ERROR'], 'STATUS_CODE_') === STATUS_ERROR,
    statusMessage: typeof status.message === 'string' ? status.message : '',
    attributes: attributesOf(span['attributes']),
    resource,
    scope: scope.name,
    ...(scope.attributes === NO_ATTRIBUTES ? {} : { scopeAttributes: scope.attributes }),
    events: objects(span['events']).map(eventOf),
    warnings: endNs !== 0n && endNs < startNs ? ['the span ends before it starts'] : [],
  };
}

function referenceOf(link: Record<string, unknown>): SpanReference | undefined {
  const traceId = traceIdOf(link['traceId']);
  const spanId = spanIdOf(link['spanId']);
  if (traceId === undefined || spanId === undefined) return undefined;
  const attributes = attributesOf(link['attributes']);
  // How Jaeger writes an OpenTracing reference down as a link.
  const kind = attributes['opentracing.ref_type'] === 'child_of' ? 'child-of' : 'follows-from';
  return { kind, traceId, spanId, ...(attributes === NO_ATTRIBUTES ? {} : { attributes }) };
}

function eventOf(event: Record<string, unknown>): SpanEvent {
  return {
    timeUs: microseconds(nanoseconds(event['timeUnixNano'])),
    name: typeof event['name'] === 'string' ? event['name'] : '',
    attributes: attributesOf(event['attributes'] as readonly OtlpKeyValue[]),
  };
}

/** Protobuf's JSON allows a number or its name. */
function enumNumber(value: unknown, names: readonly string[], prefix: string): number {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string') return 0;
  const index = names.indexOf(value.startsWith(prefix) ? value.slice(prefix.length) : value);
  return index === -1 ? Math.trunc(Number(value)) || 0 : index;
}

function nanoseconds(value: unknown): bigint {
  if (typeof value === 'bigint') return value;
  if (typeof value === 'string' && /^\d{1,20}$/.test(value)) return BigInt(value);
  if (typeof value === 'number' && Number.isFinite(value) && value > 0) return BigInt(Math.trunc(value));
  return 0n;
}

function microseconds(ns: bigint): number {
  return Number(ns / 1000n) + Number(ns % 1000n) / 1000;
}

/** Hexadecimal as OTLP/JSON has it; base64 as plain protobuf JSON has it, which some senders use. */
function identifier(value: unknown, digits: number, shortest: number): string | undefined {
  if (typeof value !== 'string' || value === '') return undefined;
  let hex = value.toLowerCase();
  if (!/^[0-9a-f]+$/.test(hex) || hex.length > digits || hex.length < shortest) {
    const bytes = /^[A-Za-z0-9+/]+={0,2}$/.test(value) ? Buffer.from(value, 'base64') : undefined;
    if (bytes?.length !== digits / 2) return undefined;
    hex = bytes.toString('hex');
  }
  return /^0+$/.test(hex) ? undefined : hex.padStart(digits, '0');
}

function brief(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value).slice(0, 60);
}
