/** The value of a duration expression, known once the query's own step and range are. */
import { childrenOf, type DurationExpression, type Expression } from './expression.ts';
import type { Position } from './position.ts';
import { QueryError } from './result.ts';

export interface QueryTimes {
  /** The step of the query, 0 for an instant query. */
  readonly stepMs: number;
  /** End minus start. */
  readonly rangeMs: number;
}

/** About 292 years: what Prometheus' durations hold. */
export const LONGEST_MS = 9_223_372_036_854;

/** A duration that turns out to be none once the query's times are known. */
class DurationFault extends Error {
  readonly position: Position;

  constructor(detail: string, expression: DurationExpression) {
    super(detail);
    this.position = positionOf(expression);
  }
}

/** The error of a query with such a duration. */
export class DurationError extends QueryError {
  /** What is wrong, without place. */
  readonly detail: string;

  /** The message is Prometheus': the bytes of the query at which the duration starts and ends, from 0. */
  constructor(query: string, { start, end }: Position, detail: string) {
    const bytesUpTo = (at: number): number => Buffer.byteLength(query.slice(0, at));
    super('bad_data', `${bytesUpTo(start)}:${bytesUpTo(end)}: ${detail}`);
    this.detail = detail;
  }
}

/** The error to be thrown for what the evaluation of a query has thrown. */
export function withPlace(query: string, error: unknown): unknown {
  return error instanceof DurationFault ? new DurationError(query, error.position, error.message) : error;
}

/** Seconds. Throws a fault for a division by zero: see `withPlace`. */
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
          if (right === 0) throw new DurationFault('division by zero', expression);
          return left / right;
        case '%':
          if (right === 0) throw new DurationFault('modulo by zero', expression);
          return left % right;
        case '^':
          return left ** right;
      }
    }
  }
}

/** Milliseconds of a duration that may be negative (an offset). */
export function resolveOffset(ms: number, expression: DurationExpression | undefined, times: QueryTimes): number {
  return expression ? resolve(expression, times, false) : ms;
}

/** Milliseconds of a duration that must be greater than zero (a range, a step). */
export function resolveRange(ms: number, expression: DurationExpression | undefined, times: QueryTimes): number {
  return expression ? resolve(expression, times, true) : ms;
}

/**
 * Throws the fault of the first duration that is none, also where no evaluation would come to it: an expression comes before what it
 * contains, and of a subquery the offset before the step and the step before the range.
 */
export function checkDurations(expression: Expression, times: QueryTimes): void {
  if (expression.kind === 'vector-selector' || expression.kind === 'subquery') {
    resolveOffset(expression.offsetMs, expression.offsetExpression, times);
  }
  if (expression.kind === 'subquery') resolveRange(expression.stepMs, expression.stepExpression, times);
  if (expression.kind === 'subquery' || expression.kind === 'matrix-selector') {
    resolveRange(expression.rangeMs, expression.rangeExpression, times);
  }
  for (const child of childrenOf(expression)) checkDurations(child, times);
}

function resolve(expression: DurationExpression, times: QueryTimes, isPositive: boolean): number {
  const seconds = evaluateDuration(expression, times);
  if (!Number.isFinite(seconds)) throw new DurationFault('duration is NaN or infinite', expression);
  if (isPositive && seconds <= 0) throw new DurationFault('duration must be greater than 0', expression);
  const ms = secondsToMs(seconds);
  if (Math.abs(ms) > LONGEST_MS) throw new DurationFault('duration is out of range', expression);
  return ms;
}

/** Parentheses and what a name is written around do not count. */
export function positionOf(expression: DurationExpression): Position {
  switch (expression.kind) {
    case 'literal':
      return expression.literal;
    case 'step':
    case 'range':
      return expression;
    case 'minus':
      return { start: expression.start, end: positionOf(expression.operand).end };
    case 'plus':
    case 'wrapped':
      return positionOf(expression.operand);
    default:
      return { start: positionOf(expression.left).start, end: positionOf(expression.right).end };
  }
}

/** Whole milliseconds, what is less cut off; rounded to nanoseconds first, for 1.003 s times 1000 is 1002.999… */
export function secondsToMs(seconds: number): number {
  return Math.trunc(Math.round(seconds * 1e9) / 1e6);
}
