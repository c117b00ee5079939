/** Evaluates an expression to the vector that rules work on: a scalar counts as one sample without labels. */
import { Labels } from '../labels/labels.ts';
import type { SharedResults } from '../promql/evaluation/shared-results.ts';
import { type InstantSample, type QueryEngine, QueryError, type QueryResult } from '../promql/result.ts';

/** Rejects with QueryError. */
export function queryVector(
  engine: QueryEngine,
  expression: string,
  timeMs: number,
  signal?: AbortSignal,
  sharing?: SharedResults,
): Promise<readonly InstantSample[]> {
  return engine.query(expression, { timeMs, signal, sharing }).then(vectorOf);
}

function vectorOf({ value }: QueryResult): readonly InstantSample[] {
  if (value.type === 'vector') return value.samples;
  if (value.type === 'scalar') return [{ labels: Labels.EMPTY, value: value.value }];
  throw new QueryError('execution', 'rule result is not a vector or scalar');
}
