/** Expressions over several lines, as `promtool promql format` and the API's `format_query` print them. */
import { type Expression, unwrap } from './expression.ts';
import { formatAggregator, formatExpression, formatOperator, formatSubquerySuffix } from './format.ts';

/** What is longer than this is split. */
const LINE_LENGTH = 100;

export function formatPretty(expression: Expression): string {
  return pretty(expression, 0);
}

function pretty(expression: Expression, level: number): string {
  const indent = '  '.repeat(level);
  const line = formatExpression(expression);
  if (expression.kind === 'unary') {
    return `${indent}${expression.operator}${pretty(expression.expression, level).trim()}`;
  }
  // Prometheus forgets the indent of a subquery that fits.
  if (line.length <= LINE_LENGTH) return expression.kind === 'subquery' ? line : indent + line;
  switch (expression.kind) {
    case 'aggregation': {
      const parameter = expression.parameter ? `${pretty(unwrap(expression.parameter), level + 1)},\n` : '';
      return `${indent}${formatAggregator(expression)}(\n${parameter}${pretty(expression.expression, level + 1)}\n${indent})`;
    }
    case 'binary':
      return `${pretty(expression.left, level + 1)}\n${indent}${formatOperator(expression)}\n${pretty(expression.right, level + 1)}`;
    case 'call': {
      const args = expression.args.map((arg) => pretty(arg, level + 1)).join(',\n');
      return `${indent}${expression.signature.name}(\n${args}\n${indent})`;
    }
    case 'parentheses':
      return `${indent}(\n${pretty(expression.expression, level + 1)}\n${indent})`;
    case 'subquery':
      return `${pretty(expression.expression, level)}${formatSubquerySuffix(expression)}`;
    default:
      return indent + line;
  }
}
