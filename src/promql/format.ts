/** Expressions and values as Prometheus prints them. */
import { formatDuration } from '../config/duration.ts';
import { isLegacyLabelName, isLegacyMetricName, METRIC_NAME, quote } from '../labels/labels.ts';
import type {
  Aggregation,
  BinaryExpression,
  DurationExpression,
  Expression,
  MatrixSelector,
  NumberLiteral,
  Subquery,
  TimeModifiers,
  VectorSelector,
} from './expression.ts';
import { formatG, formatPlain } from './number-text.ts';

/** A sample's value as the HTTP interface writes it: Go's `strconv.FormatFloat(value, 'f', -1, 64)`. */
export function formatFloat(value: number): string {
  return formatPlain(value);
}

/** On one line, as Prometheus' `String()`. */
export function formatExpression(expression: Expression): string {
  switch (expression.kind) {
    case 'number':
      return formatNumber(expression);
    case 'string':
      return quote(expression.value);
    case 'vector-selector':
      return `${formatSelector(expression)}${formatExtension(expression)}${formatModifiers(expression)}`;
    case 'matrix-selector':
      return formatMatrix(expression);
    case 'subquery':
      return `${formatExpression(expression.expression)}${formatSubquerySuffix(expression)}`;
    case 'call':
      return `${expression.signature.name}(${expression.args.map(formatExpression).join(', ')})`;
    case 'aggregation': {
      const parameter = expression.parameter ? `${formatExpression(expression.parameter)}, ` : '';
      return `${formatAggregator(expression)}(${parameter}${formatExpression(expression.expression)})`;
    }
    case 'binary':
      return `${formatExpression(expression.left)} ${formatOperator(expression)} ${formatExpression(expression.right)}`;
    case 'unary':
      return `${expression.operator}${formatExpression(expression.expression)}`;
    case 'parentheses':
      return `(${formatExpression(expression.expression)})`;
  }
}

/** `sum by (job) ` with the blank behind the grouping. */
export function formatAggregator(aggregation: Aggregation): string {
  const labels = formatLabels(aggregation.grouping);
  if (aggregation.without) return `${aggregation.operator} without (${labels}) `;
  return aggregation.grouping.length > 0 ? `${aggregation.operator} by (${labels}) ` : aggregation.operator;
}

/** The operator with `bool`, the matching and the fill values. */
export function formatOperator({ operator, returnBool, matching }: BinaryExpression): string {
  let out: string = operator;
  if (returnBool) out += ' bool';
  if (!matching) return out;
  const grouped = matching.cardinality === 'many-to-one' || matching.cardinality === 'one-to-many';
  if (matching.labels.length > 0 || matching.on || grouped) {
    out += ` ${matching.on ? 'on' : 'ignoring'} (${formatLabels(matching.labels)})`;
  }
  if (grouped) {
    const side = matching.cardinality === 'many-to-one' ? 'left' : 'right';
    out += ` group_${side} (${formatLabels(matching.include)})`;
  }
  const { fillLeft, fillRight } = matching;
  if (fillLeft !== undefined && Object.is(fillLeft, fillRight)) return `${out} fill (${formatG(fillLeft)})`;
  if (fillLeft !== undefined) out += ` fill_left (${formatG(fillLeft)})`;
  if (fillRight !== undefined) out += ` fill_right (${formatG(fillRight)})`;
  return out;
}

/** `[1h:1m]` with the modifiers. */
export function formatSubquerySuffix(subquery: Subquery): string {
  const range = formatLength(subquery.rangeMs, subquery.rangeExpression);
  const hasStep = subquery.stepMs !== 0 || subquery.stepExpression !== undefined;
  const step = hasStep ? formatLength(subquery.stepMs, subquery.stepExpression) : '';
  return `[${range}:${step}]${formatModifiers(subquery)}`;
}

function formatMatrix(matrix: MatrixSelector): string {
  const { selector } = matrix;
  const range = formatLength(matrix.rangeMs, matrix.rangeExpression);
  return `${formatSelector(selector)}[${range}]${formatExtension(selector)}${formatModifiers(selector)}`;
}

function formatSelector({ name, matchers }: VectorSelector): string {
  const bare = name === '' || isLegacyMetricName(name);
  const parts = matchers
    .filter((matcher) => !(name !== '' && matcher.name === METRIC_NAME && matcher.operator === '='))
    .map((matcher) => matcher.toString())
    .sort();
  if (!bare) parts.unshift(quote(name));
  if (bare && parts.length === 0 && name !== '') return name;
  return `${bare ? name : ''}{${parts.join(',')}}`;
}

function formatExtension(selector: VectorSelector): string {
  return selector.extension === undefined ? '' : ` ${selector.extension}`;
}

function formatModifiers({ at, offsetMs, offsetExpression }: TimeModifiers): string {
  let out = '';
  if (typeof at === 'number') out += ` @ ${(at / 1000).toFixed(3)}`;
  else if (at !== undefined) out += ` @ ${at}()`;
  if (offsetExpression) return `${out} offset ${formatDurationExpression(offsetExpression)}`;
  if (offsetMs !== 0) out += ` offset ${formatDuration(offsetMs)}`;
  return out;
}

function formatLength(ms: number, expression: DurationExpression | undefined): string {
  return expression ? formatDurationExpression(expression) : formatDuration(ms);
}

function formatDurationExpression(expression: DurationExpression): string {
  switch (expression.kind) {
    case 'literal':
      return formatNumber(expression.literal);
    case 'step':
    case 'range':
      return `${expression.kind}()`;
    case 'minus':
      return `-${formatDurationExpression(expression.operand)}`;
    case 'plus':
      return `+${formatDurationExpression(expression.operand)}`;
    case 'wrapped':
      return `(${formatDurationExpression(expression.operand)})`;
    case 'min_of':
    case 'max_of':
      return `${expression.kind}(${formatDurationExpression(expression.left)}, ${formatDurationExpression(expression.right)})`;
    case 'arithmetic':
      return `${formatDurationExpression(expression.left)} ${expression.operator} ${formatDurationExpression(expression.right)}`;
  }
}

function formatNumber(literal: NumberLiteral): string {
  return literal.isDuration ? formatDuration(Math.round(literal.value * 1000)) : formatPlain(literal.value);
}

function formatLabels(labels: readonly string[]): string {
  return labels.map((label) => (isLegacyLabelName(label) ? label : quote(label))).join(', ');
}
