import type { Labels } from '../labels/labels.ts';

export interface Exemplar {
  readonly labels: Labels;
  readonly value: number;
  /** Undefined where the exposition gave none. */
  readonly timestampMs: number | undefined;
}

/**
 * What is kept of the exemplars that come with one native histogram, in the order in which they are to be stored. They stand for its buckets:
 * without a time of their own they cannot be ordered.
 */
export function histogramExemplars(exemplars: readonly Exemplar[]): TimedExemplar[] {
  return exemplars.filter(isTimed).sort(compareExemplars);
}

export type TimedExemplar = Exemplar & { readonly timestampMs: number };

function isTimed(exemplar: Exemplar): exemplar is TimedExemplar {
  return exemplar.timestampMs !== undefined;
}

/** By time, then value, then labels: the order in which Prometheus stores exemplars. */
export function compareExemplars(a: TimedExemplar, b: TimedExemplar): number {
  return a.timestampMs - b.timestampMs || a.value - b.value || a.labels.compare(b.labels);
}

/** The metric types of the exposition formats, as Prometheus' metadata API names them. */
export type MetricType =
  | 'counter'
  | 'gauge'
  | 'histogram'
  | 'gaugehistogram'
  | 'summary'
  | 'info'
  | 'stateset'
  | 'unknown';

export interface Metadata {
  readonly type: MetricType;
  readonly help: string;
  readonly unit: string;
}
