/** A rule's expression as Prometheus writes it back, and the link to its graph. */
import { formatExpression } from '../promql/format.ts';
import { parseExpression } from '../promql/parse.ts';
import { QueryError } from '../promql/result.ts';
import { graphPath } from '../template/prometheus.ts';

/** In canonical form; as it was written where only the (remote) engine understands it. */
export function canonicalExpression(expression: string): string {
  try {
    return formatExpression(parseExpression(expression));
  } catch (error) {
    if (error instanceof QueryError) return expression;
    throw error;
  }
}

/** `URL/graph?g0.expr=…&g0.tab=1`: what Prometheus gives as an alert's generator URL. */
export function graphLink(externalUrl: string, canonical: string): string {
  return externalUrl + graphPath(canonical, 1);
}
