/** Expressions that occur more than once in a query, and so need evaluating but once. */
import { childrenOf, type Expression, typeOf } from '../expression.ts';
import { formatExpression } from '../format.ts';

/** Instant vectors that read from the storage, by their text; of one length, so that what is said of a part of one is said of the other at the same distance from its start. */
export function findRepeated(expression: Expression): ReadonlyMap<Expression, string> {
  const byText = new Map<string, Expression[]>();
  collect(expression, byText);
  const repeated = new Map<Expression, string>();
  for (const [text, nodes] of byText) {
    if (nodes.length > 1) for (const node of nodes) repeated.set(node, text);
  }
  return repeated;
}

/** The text of an instant vector that is read or computed from the storage; undefined of other expressions. */
export function shareableText(expression: Expression): string | undefined {
  const { kind } = expression;
  const isShareable =
    kind === 'vector-selector' || kind === 'aggregation' || (kind === 'call' && expression.args.length > 0);
  return isShareable && typeOf(expression) === 'vector' ? formatExpression(expression) : undefined;
}

function collect(expression: Expression, byText: Map<string, Expression[]>): void {
  const shareable = shareableText(expression);
  if (shareable !== undefined) {
    const text = `${expression.end - expression.start} ${shareable}`;
    const nodes = byText.get(text);
    if (nodes) nodes.push(expression);
    else byText.set(text, [expression]);
  }
  // The selector of a range is none that is evaluated by itself.
  if (expression.kind === 'matrix-selector') return;
  for (const child of childrenOf(expression)) collect(child, byText);
}
