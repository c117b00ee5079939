/** Samples of the past, in memory or on a server, and expressions evaluated over a time of them. */
import type { FloatHistogram } from '../exposition/histogram.ts';
import type { Labels } from '../labels/labels.ts';
import { type QueryEngine, QueryError } from '../promql/result.ts';
import type { Queryable } from '../storage/queryable.ts';

export interface History {
  readonly engine: QueryEngine;
  /** What the engine reads; undefined: a server evaluates. */
  readonly samples?: Queryable | undefined;
  /** An engine of the same features over other samples. */
  engineOver(samples: Queryable): QueryEngine;
}

export interface HistoryRange {
  readonly startMs: number;
  readonly endMs: number;
  readonly signal?: AbortSignal | undefined;
}

export interface HistorySeries {
  readonly labels: Labels;
  /** In order of time. */
  readonly points: {
    readonly timeMs: number;
    readonly value: number;
    readonly histogram: FloatHistogram | undefined;
  }[];
}

/** A server refuses ranges of more points than this. */
const MOST_STEPS = 10_000;

/**
 * The result at each multiple of the step within the range, evaluated `offsetMs` earlier as a group's query offset asks for.
 * Rejects with QueryError.
 */
export async function seriesOver(
  engine: QueryEngine,
  expression: string,
  { startMs, endMs, signal }: HistoryRange,
  stepMs: number,
  offsetMs: number,
): Promise<HistorySeries[]> {
  const found = new Map<string, HistorySeries>();
  const firstMs = Math.ceil(startMs / stepMs) * stepMs;
  for (let fromMs = firstMs; fromMs <= endMs; fromMs += MOST_STEPS * stepMs) {
    const toMs = Math.min(fromMs + (MOST_STEPS - 1) * stepMs, endMs);
    const range = { startMs: fromMs - offsetMs, endMs: toMs - offsetMs, stepMs, signal };
    const { value } = await engine.queryRange(expression, range);
    if (value.type !== 'matrix') throw new QueryError('execution', 'rule result is not a vector or scalar');
    for (const { labels, timestamps, values, histograms } of value.series) {
      const series = found.get(labels.key) ?? { labels, points: [] };
      found.set(labels.key, series);
      for (const [i, time] of timestamps.entries()) {
        series.points.push({ timeMs: time + offsetMs, value: values[i]!, histogram: histograms?.[i] });
      }
    }
  }
  return [...found.values()];
}
