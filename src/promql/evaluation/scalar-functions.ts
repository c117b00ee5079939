/** Functions and operators on single numbers. */

import type { BinaryOperator } from '../expression.ts';
import { QueryError } from '../result.ts';
import { type CivilTime, civilTime, daysInMonth } from './civil-time.ts';

export function floatFunction(name: string): ((value: number) => number) | undefined {
  return FLOAT_FUNCTIONS.get(name);
}

/** Comparisons give 1 or 0. */
export function scalarOperation(operator: BinaryOperator, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
    case '%':
      return a % b;
    case '^':
      return power(a, b);
    case 'atan2':
      return Math.atan2(a, b);
    case '</':
    case '>/':
      throw new QueryError('execution', `operator "${operator}" not allowed for Scalar operations`);
    default:
      return compareFloats(operator, a, b) ? 1 : 0;
  }
}

export function compareFloats(operator: BinaryOperator, a: number, b: number): boolean {
  switch (operator) {
    case '==':
      return a === b;
    case '!=':
      return a !== b;
    case '>':
      return a > b;
    case '<':
      return a < b;
    case '>=':
      return a >= b;
    case '<=':
      return a <= b;
    default:
      return false;
  }
}

/** As Go's `math.Pow`, which says 1 for 1 to any power and -1 to an infinite one, where JavaScript says NaN. */
export function power(base: number, exponent: number): number {
  if (base === 1) return 1;
  if (base === -1 && Math.abs(exponent) === Number.POSITIVE_INFINITY) return 1;
  return base ** exponent;
}

/** A function of the date and time a number of seconds after 1970 stands for, in UTC. */
export function dateFunction(name: string): ((seconds: number) => number) | undefined {
  const get = DATE_FUNCTIONS.get(name);
  return get && ((seconds) => get(civilTime(seconds)));
}

/** Go's `math.Max`: +Inf wins over NaN. */
export function greater(a: number, b: number): number {
  return a === Number.POSITIVE_INFINITY || b === Number.POSITIVE_INFINITY ? Number.POSITIVE_INFINITY : Math.max(a, b);
}

/** Go's `math.Min`: -Inf wins over NaN. */
export function lesser(a: number, b: number): number {
  return a === Number.NEGATIVE_INFINITY || b === Number.NEGATIVE_INFINITY ? Number.NEGATIVE_INFINITY : Math.min(a, b);
}

const DEGREES = 180 / Math.PI;

const FLOAT_FUNCTIONS: ReadonlyMap<string, (value: number) => number> = new Map([
  ['abs', Math.abs],
  ['ceil', Math.ceil],
  ['floor', Math.floor],
  ['exp', Math.exp],
  ['sqrt', Math.sqrt],
  ['ln', Math.log],
  ['log2', Math.log2],
  ['log10', Math.log10],
  ['sgn', (value: number) => (value < 0 ? -1 : value > 0 ? 1 : value)],
  ['sin', Math.sin],
  ['cos', Math.cos],
  ['tan', Math.tan],
  ['asin', Math.asin],
  ['acos', Math.acos],
  ['atan', Math.atan],
  ['sinh', Math.sinh],
  ['cosh', Math.cosh],
  ['tanh', Math.tanh],
  ['asinh', Math.asinh],
  ['acosh', Math.acosh],
  ['atanh', Math.atanh],
  ['deg', (value: number) => value * DEGREES],
  ['rad', (value: number) => (value * Math.PI) / 180],
]);

const DATE_FUNCTIONS: ReadonlyMap<string, (time: CivilTime) => number> = new Map([
  ['days_in_month', ({ year, month }: CivilTime) => daysInMonth(year, month)],
  ['day_of_month', ({ day }: CivilTime) => day],
  ['day_of_week', ({ weekday }: CivilTime) => weekday],
  ['day_of_year', ({ dayOfYear }: CivilTime) => dayOfYear],
  ['hour', ({ hour }: CivilTime) => hour],
  ['minute', ({ minute }: CivilTime) => minute],
  ['month', ({ month }: CivilTime) => month],
  ['year', ({ year }: CivilTime) => year],
]);
