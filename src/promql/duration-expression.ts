/** The value of a duration expression, known once the query's own step and range are. */
import type { DurationExpression } from './expression.ts';
import { QueryError } from './result.ts';

export interface QueryTimes {
  /** The step of the query, 0 for an instant query. */
  readonly stepMs: number;
  /** End minus start. */
  readonly rangeMs: number;
}

/** Seconds. Throws QueryError for a division by zero. */
export function evaluateDuration(expression: DurationExpression, times: QueryTimes): number {
  switch (expression.kind) {
    case 'literal':
      return expression.literal.value;
    case 'step':
      return times.stepMs / 1000;
    case 'range':
      return times.rangeMs / 1000;
    case 'minus':
      return -evaluateDuration(expression.operand, times);
    case 'plus':
    case 'wrapped':
      return evaluateDuration(expression.operand, times);
    case 'min_of':
      return Math.min(evaluateDuration(expression.left, times), evaluateDuration(expression.right, times));
    case 'max_of':
      return Math.max(evaluateDuration(expression.left, times), evaluateDuration(expression.right, times));
    case 'arithmetic': {
      const left = evaluateDuration(expression.left, times);
      const right = evaluateDuration(expression.right, times);
      switch (expression.operator) {
        case '+':
          return left + right;
        case '-':
          return left - right;
        case '*':
          return left * right;
        case '/':
          if (right === 0) throw new QueryError('execution', 'division by zero');
          return left / right;
        case '%':
          if (right === 0) throw new QueryError('execution', 'modulo by zero');
          return left % right;
        case '^':
          return left ** right;
      }
    }
  }
}

/** Milliseconds of a duration that may be negative (an offset). */
export function resolveOffset(ms: number, expression: DurationExpression | undefined, times: QueryTimes): number {
  if (!expression) return ms;
  const value = secondsToMs(evaluateDuration(expression, times));
  if (!Number.isFinite(value)) throw new QueryError('execution', 'duration out of range');
  return value;
}

/** Milliseconds of a duration that must be greater than zero (a range, a step). */
export function resolveRange(ms: number, expression: DurationExpression | undefined, times: QueryTimes): number {
  const value = resolveOffset(ms, expression, times);
  if (expression && value <= 0) throw new QueryError('execution', 'duration must be greater than 0');
  return value;
}

/** Whole milliseconds, what is less cut off; rounded to nanoseconds first, for 1.003 s times 1000 is 1002.999… */
export function secondsToMs(seconds: number): number {
  return Math.trunc(Math.round(seconds * 1e9) / 1e6);
}
