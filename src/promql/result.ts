/** Results of PromQL evaluation, in columns. */
import type { FloatHistogram } from '../exposition/histogram.ts';
import type { Labels } from '../labels/labels.ts';
import type { SharedResults } from './evaluation/shared-results.ts';

export interface InstantSample {
  readonly labels: Labels;
  /** Of no meaning where `histogram` is set. */
  readonly value: number;
  readonly histogram?: FloatHistogram | undefined;
}

/** The points of one series: Unix milliseconds and values, one entry a point, in order of time. */
export interface RangeSeries {
  readonly labels: Labels;
  readonly timestamps: Float64Array;
  readonly values: Float64Array;
  /** The histogram at each index that has one; undefined where all points are floats. */
  readonly histograms?: readonly (FloatHistogram | undefined)[] | undefined;
}

export type QueryValue =
  | { readonly type: 'vector'; readonly timestampMs: number; readonly samples: readonly InstantSample[] }
  | { readonly type: 'matrix'; readonly series: readonly RangeSeries[] }
  | { readonly type: 'scalar'; readonly timestampMs: number; readonly value: number }
  | { readonly type: 'string'; readonly timestampMs: number; readonly value: string };

export interface QueryResult {
  readonly value: QueryValue;
  /** Prometheus' texts with positions, each once. */
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
  readonly samplesRead: number;
  /** Gives the memory of the values back to the engine, which will write over them: to be called by who has done with them. It need not be. */
  readonly release?: (() => void) | undefined;
}

/** Prometheus' API error types. */
export type QueryErrorType =
  | 'bad_data'
  | 'execution'
  | 'timeout'
  | 'canceled'
  | 'internal'
  | 'not_found'
  | 'unavailable';

export class QueryError extends Error {
  override readonly name = 'QueryError';
  readonly type: QueryErrorType;

  constructor(type: QueryErrorType, message: string) {
    super(message);
    this.type = type;
  }
}

export interface InstantQuery {
  readonly timeMs: number;
  /** Where others ask at the same time: results in between are used again. Engines without a storage of their own take no notice. */
  readonly sharing?: SharedResults | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly lookbackMs?: number | undefined;
}

export interface RangeQuery {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
  readonly lookbackMs?: number | undefined;
}

/** Evaluates text over one Queryable. Long evaluations yield to the event loop and watch the signal and the time-out. Rejects with QueryError. */
export interface QueryEngine {
  query(expression: string, query: InstantQuery): Promise<QueryResult>;
  queryRange(expression: string, query: RangeQuery): Promise<QueryResult>;
}
