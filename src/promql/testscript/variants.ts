/** Other ways to ask the same thing, which must give the same answer. */
import { childrenOf, type Expression, unwrap } from '../expression.ts';
import { formatExpression } from '../format.ts';
import { parseExpression } from '../parse.ts';

export interface Variant {
  readonly query: string;
  readonly timeMs: number;
}

const TIME_FUNCTIONS: ReadonlySet<string> = new Set([
  'time',
  'timestamp',
  'start_timestamp',
  'predict_linear',
  'days_in_month',
  'day_of_month',
  'day_of_week',
  'day_of_year',
  'hour',
  'minute',
  'month',
  'year',
]);

/** Whether the answer depends on the start, the end or the step of the query itself. */
export function readsQueryTimes(query: string): boolean {
  return /\b(?:start|end|range|step)\s*\(/i.test(query);
}

/** Every selector and subquery without `@` gets one with the time of the query; then the time of asking does not matter. */
export function pinnedVariants(query: string, timeMs: number): Variant[] {
  const expression = parseExpression(query);
  if (readsQueryTimes(query) || looksAtTime(expression) || hasPinnedSubquery(expression)) return [];
  const pinned = formatExpression(pin(expression, timeMs));
  const times = timeMs === 0 ? [-1000, 0, 1000] : [-10 * timeMs, 0, Math.trunc(timeMs / 5), timeMs, 10 * timeMs];
  return times.map((time) => ({ query: pinned, timeMs: time }));
}

function looksAtTime(expression: Expression): boolean {
  return (
    (expression.kind === 'call' && TIME_FUNCTIONS.has(expression.signature.name)) ||
    childrenOf(expression).some(looksAtTime)
  );
}

function hasPinnedSubquery(expression: Expression): boolean {
  return (
    (expression.kind === 'subquery' && expression.at !== undefined) || childrenOf(expression).some(hasPinnedSubquery)
  );
}

function pin(expression: Expression, at: number): Expression {
  switch (expression.kind) {
    case 'vector-selector':
      return { ...expression, at: expression.at ?? at };
    case 'matrix-selector':
      return { ...expression, selector: { ...expression.selector, at: expression.selector.at ?? at } };
    case 'subquery':
      return { ...expression, at: expression.at ?? at };
    case 'call':
      return {
        ...expression,
        args: expression.args.map((arg, i) =>
          expression.signature.name === 'info' && i === 1 ? unwrap(arg) : pin(arg, at),
        ),
      };
    case 'aggregation':
      return {
        ...expression,
        expression: pin(expression.expression, at),
        parameter: expression.parameter && pin(expression.parameter, at),
      };
    case 'binary':
      return { ...expression, left: pin(expression.left, at), right: pin(expression.right, at) };
    case 'unary':
    case 'parentheses':
      return { ...expression, expression: pin(expression.expression, at) };
    default:
      return expression;
  }
}
