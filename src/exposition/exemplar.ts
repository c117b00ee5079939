import type { Labels } from '../labels/labels.ts';

export interface Exemplar {
  readonly labels: Labels;
  readonly value: number;
  /** Undefined where the exposition gave none. */
  readonly timestampMs: number | undefined;
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
