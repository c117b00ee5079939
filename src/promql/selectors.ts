/** The selectors of series that an expression reads. */
import { childrenOf, type Expression, type VectorSelector } from './expression.ts';

/** In the order of the text, those of range selectors and subqueries included. */
export function selectorsOf(expression: Expression): VectorSelector[] {
  if (expression.kind === 'vector-selector') return [expression];
  return childrenOf(expression).flatMap(selectorsOf);
}
