/** The tree of an expression as `/api/v1/parse_query` gives it. */
import type { Matcher } from '../labels/matcher.ts';
import type {
  DurationExpression,
  Expression,
  NumberLiteral,
  TimeModifiers,
  VectorSelector,
} from '../promql/expression.ts';
import { typeOf } from '../promql/expression.ts';
import { formatFloat } from '../promql/format.ts';

export function parseTree(node: Expression | undefined): unknown {
  if (node === undefined) return null;
  switch (node.kind) {
    case 'aggregation':
      return {
        type: 'aggregation',
        op: node.operator,
        expr: parseTree(node.expression),
        param: parseTree(node.parameter),
        grouping: node.grouping,
        without: node.without,
      };
    case 'binary': {
      // Between a vector and a scalar nothing is matched.
      const matching = typeOf(node.left) === 'vector' && typeOf(node.right) === 'vector' ? node.matching : undefined;
      return {
        type: 'binaryExpr',
        op: node.operator,
        lhs: parseTree(node.left),
        rhs: parseTree(node.right),
        matching: matching
          ? {
              card: matching.cardinality,
              labels: matching.labels,
              on: matching.on,
              include: matching.include,
              fillValues: { lhs: matching.fillLeft ?? null, rhs: matching.fillRight ?? null },
            }
          : null,
        bool: node.returnBool,
      };
    }
    case 'call':
      return {
        type: 'call',
        func: {
          name: node.signature.name,
          argTypes: node.signature.args,
          variadic: node.signature.variadic,
          returnType: node.signature.returns,
        },
        args: node.args.map(parseTree),
      };
    case 'matrix-selector':
      return {
        ...selector(node.selector),
        type: 'matrixSelector',
        range: node.rangeMs,
        rangeExpr: durationTree(node.rangeExpression),
      };
    case 'subquery':
      return {
        type: 'subquery',
        expr: parseTree(node.expression),
        range: node.rangeMs,
        rangeExpr: durationTree(node.rangeExpression),
        step: node.stepMs,
        stepExpr: durationTree(node.stepExpression),
        ...modifiers(node),
      };
    case 'number':
      return { type: 'numberLiteral', val: formatFloat(node.value) };
    case 'parentheses':
      return { type: 'parenExpr', expr: parseTree(node.expression) };
    case 'string':
      return { type: 'stringLiteral', val: node.value };
    case 'unary':
      return { type: 'unaryExpr', op: node.operator, expr: parseTree(node.expression) };
    case 'vector-selector':
      return { type: 'vectorSelector', ...selector(node) };
  }
}

function selector(node: VectorSelector): object {
  return {
    name: node.name,
    matchers: node.matchers.map(matcherTree),
    ...modifiers(node),
    anchored: node.extension === 'anchored',
    smoothed: node.extension === 'smoothed',
  };
}

function modifiers({ offsetMs, offsetExpression, at }: TimeModifiers): object {
  return {
    offset: offsetExpression ? 0 : offsetMs,
    offsetExpr: durationTree(offsetExpression),
    timestamp: typeof at === 'number' ? at : null,
    startOrEnd: typeof at === 'string' ? at : null,
  };
}

function matcherTree({ name, value, operator }: Matcher): object {
  return { name, value, type: operator };
}

function durationTree(node: DurationExpression | undefined): unknown {
  if (node === undefined) return null;
  const expression = (op: string, lhs: unknown, rhs: unknown, wrapped = false): object => {
    return { type: 'durationExpr', op, lhs, rhs, wrapped };
  };
  switch (node.kind) {
    case 'literal':
      return numberTree(node.literal);
    case 'step':
    case 'range':
      return expression(node.kind, null, null);
    case 'minus':
    case 'plus':
      return expression(node.kind === 'minus' ? '-' : '+', null, durationTree(node.operand));
    case 'arithmetic':
      return expression(node.operator, durationTree(node.left), durationTree(node.right));
    case 'min_of':
    case 'max_of':
      return expression(node.kind, durationTree(node.left), durationTree(node.right));
    case 'wrapped': {
      const inner = durationTree(node.operand) as { readonly type?: string };
      return inner.type === 'durationExpr' ? { ...inner, wrapped: true } : inner;
    }
  }
}

function numberTree(literal: NumberLiteral): object {
  return { type: 'numberLiteral', val: formatFloat(literal.value), duration: literal.isDuration };
}
