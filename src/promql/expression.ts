/** The typed tree of a PromQL expression. Nodes are never changed once parsed. Positions are UTF-16 indexes into the query. */
import type { Matcher } from '../labels/matcher.ts';
import type { FunctionSignature } from './functions.ts';
import type { Position } from './position.ts';

export type ValueType = 'scalar' | 'vector' | 'matrix' | 'string';

export type Expression =
  | NumberLiteral
  | StringLiteral
  | VectorSelector
  | MatrixSelector
  | Subquery
  | Call
  | Aggregation
  | BinaryExpression
  | UnaryExpression
  | Parentheses;

export interface NumberLiteral extends Position {
  readonly kind: 'number';
  readonly value: number;
  /** Written as a duration (`5m`), and printed so. */
  readonly isDuration: boolean;
}

export interface StringLiteral extends Position {
  readonly kind: 'string';
  /** Unquoted. A byte that is no UTF-8 is a lone surrogate U+DC80…U+DCFF. */
  readonly value: string;
}

/** `@`, `offset` and how they were written. */
export interface TimeModifiers {
  /** Milliseconds; of no meaning where `offsetExpression` is set. */
  readonly offsetMs: number;
  readonly offsetExpression?: DurationExpression | undefined;
  /** Unix milliseconds, or what the query's own range gives. */
  readonly at?: number | 'start' | 'end' | undefined;
}

export type Extension = 'anchored' | 'smoothed';

export interface VectorSelector extends Position, TimeModifiers {
  readonly kind: 'vector-selector';
  /** The name written before the braces, or as a quoted string in them; else empty. */
  readonly name: string;
  /** With the one for the name. */
  readonly matchers: readonly Matcher[];
  readonly extension?: Extension | undefined;
}

/** The modifiers of a range selector are those of `selector`. */
export interface MatrixSelector extends Position {
  readonly kind: 'matrix-selector';
  readonly selector: VectorSelector;
  /** Milliseconds; of no meaning where `rangeExpression` is set. */
  readonly rangeMs: number;
  readonly rangeExpression?: DurationExpression | undefined;
}

export interface Subquery extends Position, TimeModifiers {
  readonly kind: 'subquery';
  readonly expression: Expression;
  readonly rangeMs: number;
  readonly rangeExpression?: DurationExpression | undefined;
  /** 0: the engine's default. */
  readonly stepMs: number;
  readonly stepExpression?: DurationExpression | undefined;
}

export interface Call extends Position {
  readonly kind: 'call';
  readonly signature: FunctionSignature;
  readonly args: readonly Expression[];
}

export interface Aggregation extends Position {
  readonly kind: 'aggregation';
  readonly operator: AggregationOperator;
  readonly expression: Expression;
  readonly parameter?: Expression | undefined;
  readonly grouping: readonly string[];
  readonly without: boolean;
}

export type AggregationOperator =
  | 'sum'
  | 'avg'
  | 'count'
  | 'min'
  | 'max'
  | 'group'
  | 'stddev'
  | 'stdvar'
  | 'topk'
  | 'bottomk'
  | 'count_values'
  | 'quantile'
  | 'limitk'
  | 'limit_ratio';

export type BinaryOperator =
  | '+'
  | '-'
  | '*'
  | '/'
  | '%'
  | '^'
  | 'atan2'
  | '=='
  | '!='
  | '>'
  | '<'
  | '>='
  | '<='
  | '</'
  | '>/'
  | 'and'
  | 'or'
  | 'unless';

export interface BinaryExpression extends Position {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly operatorPosition: Position;
  readonly left: Expression;
  readonly right: Expression;
  readonly returnBool: boolean;
  /** Only between two vectors. */
  readonly matching?: VectorMatching | undefined;
}

export interface VectorMatching {
  readonly cardinality: 'one-to-one' | 'many-to-one' | 'one-to-many' | 'many-to-many';
  readonly on: boolean;
  readonly labels: readonly string[];
  /** Labels of `group_left(…)` or `group_right(…)`. */
  readonly include: readonly string[];
  readonly fillLeft?: number | undefined;
  readonly fillRight?: number | undefined;
}

export interface UnaryExpression extends Position {
  readonly kind: 'unary';
  readonly operator: '+' | '-';
  readonly expression: Expression;
}

export interface Parentheses extends Position {
  readonly kind: 'parentheses';
  readonly expression: Expression;
}

/** Arithmetic on durations inside `[…]`, and after `offset`. Numbers are seconds. */
export type DurationExpression =
  | { readonly kind: 'literal'; readonly literal: NumberLiteral }
  | { readonly kind: 'step' | 'range'; readonly start: number; readonly end: number }
  /** `start` is that of the sign. */
  | { readonly kind: 'minus' | 'plus'; readonly start: number; readonly operand: DurationExpression }
  | {
      readonly kind: 'arithmetic';
      readonly operator: '+' | '-' | '*' | '/' | '%' | '^';
      readonly left: DurationExpression;
      readonly right: DurationExpression;
    }
  | { readonly kind: 'min_of' | 'max_of'; readonly left: DurationExpression; readonly right: DurationExpression }
  | { readonly kind: 'wrapped'; readonly operand: DurationExpression };

export const COMPARISONS: ReadonlySet<BinaryOperator> = new Set(['==', '!=', '>', '<', '>=', '<=']);
export const SET_OPERATORS: ReadonlySet<BinaryOperator> = new Set(['and', 'or', 'unless']);

export function typeOf(expression: Expression): ValueType {
  switch (expression.kind) {
    case 'number':
      return 'scalar';
    case 'string':
      return 'string';
    case 'matrix-selector':
    case 'subquery':
      return 'matrix';
    case 'vector-selector':
    case 'aggregation':
      return 'vector';
    case 'call':
      return expression.signature.returns;
    case 'binary':
      return typeOf(expression.left) === 'scalar' && typeOf(expression.right) === 'scalar' ? 'scalar' : 'vector';
    case 'unary':
    case 'parentheses':
      return typeOf(expression.expression);
  }
}

/** The expression inside any number of parentheses. */
export function unwrap(expression: Expression): Expression {
  let inner = expression;
  while (inner.kind === 'parentheses') inner = inner.expression;
  return inner;
}

export function childrenOf(expression: Expression): readonly Expression[] {
  switch (expression.kind) {
    case 'number':
    case 'string':
    case 'vector-selector':
      return [];
    case 'matrix-selector':
      return [expression.selector];
    case 'call':
      return expression.args;
    case 'aggregation':
      return expression.parameter ? [expression.parameter, expression.expression] : [expression.expression];
    case 'binary':
      return [expression.left, expression.right];
    case 'subquery':
    case 'unary':
    case 'parentheses':
      return [expression.expression];
  }
}
