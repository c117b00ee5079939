/** The steps an expression is evaluated at, and what the whole query shares. */
import type { Queryable } from '../../storage/queryable.ts';
import type { QueryTimes } from '../duration-expression.ts';
import type { Expression, VectorSelector } from '../expression.ts';
import type { PromqlFeatures } from '../features.ts';
import type { Annotations } from './annotations.ts';
import type { Budget } from './budget.ts';
import type { QuerySlabs } from './row-slabs.ts';
import type { CommonExpressions, SharedResults } from './shared-results.ts';

export interface Frame {
  readonly startMs: number;
  readonly stepMs: number;
  /** At least 1. */
  readonly steps: number;
  /** Whether the end that was asked for is after the start; with one step it may be, too. */
  readonly isRange: boolean;
}

export interface QueryScope {
  readonly queryable: Queryable;
  readonly features: PromqlFeatures;
  readonly lookbackMs: number;
  readonly noStepSubqueryIntervalMs: (rangeMs: number) => number;
  /** The query's own start and end: what `start()` and `end()` mean. */
  readonly startMs: number;
  readonly endMs: number;
  readonly times: QueryTimes;
  readonly annotations: Annotations;
  readonly budget: Budget;
  readonly slabs: QuerySlabs;
  /** Selectors whose histograms are needed for their count and sum only. */
  readonly statsOnly: ReadonlySet<VectorSelector>;
  /** Expressions that occur more than once, by their text: evaluated once. */
  readonly repeated: ReadonlyMap<Expression, string>;
  /** Expressions that other queries evaluate, too, and who keeps what they come to. */
  readonly common: CommonExpressions;
  readonly sharing: SharedResults | undefined;
}

export function timeAt(frame: Frame, step: number): number {
  return frame.startMs + step * frame.stepMs;
}

export function lastTime(frame: Frame): number {
  return timeAt(frame, frame.steps - 1);
}
