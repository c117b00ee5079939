/** Which expressions have the same value at every step: those whose selectors all have an `@`, and that look at no time. */
import { type Expression, unwrap } from '../expression.ts';

/** Their result depends on the time of evaluation even where their arguments do not. */
const LOOKS_AT_TIME: ReadonlySet<string> = new Set([
  'days_in_month',
  'day_of_month',
  'day_of_week',
  'day_of_year',
  'hour',
  'minute',
  'month',
  'year',
  'predict_linear',
  'time',
  'timestamp',
  'start_timestamp',
]);

const known = new WeakMap<Expression, boolean>();

export function isStepInvariant(expression: Expression): boolean {
  let invariant = known.get(expression);
  if (invariant === undefined) {
    invariant = decide(expression);
    known.set(expression, invariant);
  }
  return invariant;
}

function decide(expression: Expression): boolean {
  switch (expression.kind) {
    case 'number':
    case 'string':
      return true;
    case 'vector-selector':
    case 'subquery':
      return expression.at !== undefined;
    case 'matrix-selector':
      return expression.selector.at !== undefined;
    case 'call':
      return (
        !LOOKS_AT_TIME.has(expression.signature.name) && expression.args.every((arg) => isStepInvariant(unwrap(arg)))
      );
    case 'aggregation':
      // Not its parameter: as in Prometheus, that of the first step is then that of all.
      return isStepInvariant(expression.expression);
    case 'binary':
      return isStepInvariant(expression.left) && isStepInvariant(expression.right);
    case 'unary':
    case 'parentheses':
      return isStepInvariant(expression.expression);
  }
}
