/** What lists of traces are made of: a span without its ids, attributes and events. */
import type { Span } from './trace.ts';

export interface SpanOutline {
  readonly service: string;
  readonly name: string;
  /** Unix microseconds. */
  readonly startUs: number;
  readonly durationUs: number;
  readonly error: boolean;
  /** It names no parent. */
  readonly isRoot: boolean;
}

export function outlineOf({ service, name, startUs, durationUs, error, parentSpanId }: Span): SpanOutline {
  return { service, name, startUs, durationUs, error, isRoot: parentSpanId === undefined };
}
