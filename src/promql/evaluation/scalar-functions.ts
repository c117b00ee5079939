/** Functions and operators on single numbers. */
import type { BinaryOperator } from '../expression.ts';

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
  return get && ((seconds) => get(new Date(Math.trunc(seconds) * 1000)));
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

const DAY_MS = 86_400_000;

const DATE_FUNCTIONS: ReadonlyMap<string, (date: Date) => number> = new Map([
  ['days_in_month', (date: Date) => new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 0)).getUTCDate()],
  ['day_of_month', (date: Date) => date.getUTCDate()],
  ['day_of_week', (date: Date) => date.getUTCDay()],
  ['day_of_year', (date: Date) => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0, 1)) / DAY_MS) + 1],
  ['hour', (date: Date) => date.getUTCHours()],
  ['minute', (date: Date) => date.getUTCMinutes()],
  ['month', (date: Date) => date.getUTCMonth() + 1],
  ['year', (date: Date) => date.getUTCFullYear()],
]);
