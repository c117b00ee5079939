/** The trace model that every trace source gives, after OpenTelemetry and Jaeger. */

export type AttributeValue = string | number | boolean | readonly AttributeValue[];
export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

export interface SpanReference {
  readonly kind: 'child-of' | 'follows-from';
  readonly traceId: string;
  readonly spanId: string;
  /** Of the link that it was. */
  readonly attributes?: Readonly<Record<string, AttributeValue>> | undefined;
}

export interface SpanEvent {
  /** Unix microseconds. */
  readonly timeUs: number;
  readonly name: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

export interface Span {
  /** 32 lower-case hexadecimal digits. */
  readonly traceId: string;
  /** 16 lower-case hexadecimal digits. */
  readonly spanId: string;
  /** Undefined for a root. */
  readonly parentSpanId: string | undefined;
  readonly references: readonly SpanReference[];
  readonly name: string;
  readonly service: string;
  readonly kind: SpanKind;
  /** Unix microseconds. */
  readonly startUs: number;
  readonly durationUs: number;
  readonly error: boolean;
  readonly statusMessage: string;
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly resource: Readonly<Record<string, AttributeValue>>;
  readonly scope: string;
  readonly scopeAttributes?: Readonly<Record<string, AttributeValue>> | undefined;
  readonly events: readonly SpanEvent[];
  readonly warnings: readonly string[];
}

export interface Trace {
  readonly traceId: string;
  readonly spans: readonly Span[];
}

/** A row of the list of traces. */
export interface TraceSummary {
  readonly traceId: string;
  readonly rootService: string;
  readonly rootName: string;
  readonly startUs: number;
  readonly durationUs: number;
  readonly spanCount: number;
  readonly errorCount: number;
  /** Spans by service. */
  readonly services: Readonly<Record<string, number>>;
}

/** All conditions must hold on one and the same span; the time range is on its start, both ends included. */
export interface TraceQuery {
  readonly service?: string | undefined;
  readonly operation?: string | undefined;
  /** Each must be found among the attributes of the span, its resource, scope, events or links, as text. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Reads the values of `tags` as regular expressions for the whole value; false by default. */
  readonly tagsAreRegexps?: boolean | undefined;
  readonly minDurationUs?: number | undefined;
  readonly maxDurationUs?: number | undefined;
  readonly startUs?: number | undefined;
  readonly endUs?: number | undefined;
  readonly limit: number;
}
