/** PromQL text → typed tree (a Pratt parser), type-checked, with Prometheus' errors. */
import type { Matcher } from '../labels/matcher.ts';
import {
  type AggregationOperator,
  type BinaryExpression,
  type BinaryOperator,
  type Expression,
  typeOf,
  type VectorMatching,
  type VectorSelector,
} from './expression.ts';
import { ALL_SYNTAX, type PromqlFeatures } from './features.ts';
import { FUNCTIONS, type FunctionSignature } from './functions.ts';
import { parseNumberToken, parseStringToken } from './literal-parser.ts';
import { PromqlParseError } from './parse-error.ts';
import { parsePostfix } from './postfix-parser.ts';
import { finishSelector, parseMatchers } from './selector-parser.ts';
import { suggest } from './suggestion.ts';
import { AGGREGATORS, NOT_A_METRIC, type Token } from './token.ts';
import { TokenReader } from './token-reader.ts';
import { checkExpression } from './typecheck.ts';

/** Throws PromqlParseError. `features` says which experimental parts are allowed; all of them where it is absent. */
export function parseExpression(query: string, features: PromqlFeatures = ALL_SYNTAX): Expression {
  const reader = new TokenReader(query);
  if (reader.peek().kind === 'end') {
    throw new PromqlParseError(query, query === '' ? undefined : { start: 0, end: 0 }, 'no expression found in input');
  }
  const expression = new Parser(reader, features).expression(0);
  if (reader.peek().kind !== 'end') reader.unexpected();
  checkExpression(query, expression);
  return expression;
}

/**
 * The matchers of a selector such as an API's `match[]`: `name{a="b"}`, without any modifier; `{}` has none. Throws
 * PromqlParseError, and not where the matchers would fit every series.
 */
export function parseSelector(text: string): readonly Matcher[] {
  if (text === '') throw new PromqlParseError(text, undefined, 'unexpected end of input');
  const reader = new TokenReader(text);
  const selector = new Parser(reader, ALL_SYNTAX).selector();
  if (reader.peek().kind !== 'end') reader.unexpected();
  return selector.matchers;
}

/** How tightly operators bind; `^` is the only one that groups to the right. */
const PRECEDENCE: ReadonlyMap<string, number> = new Map([
  ['or', 1],
  ['and', 2],
  ['unless', 2],
  ...['==', '!=', '>', '<', '>=', '<=', '</', '>/'].map((operator) => [operator, 3] as const),
  ['+', 4],
  ['-', 4],
  ...['*', '/', '%', 'atan2'].map((operator) => [operator, 5] as const),
  ['^', 6],
]);
const MULTIPLICATION = 5;
/** Deeper nesting is refused rather than let run out of stack. */
const DEEPEST = 1500;

class Parser {
  readonly #reader: TokenReader;
  readonly #features: PromqlFeatures;
  #depth = 0;

  constructor(reader: TokenReader, features: PromqlFeatures) {
    this.#reader = reader;
    this.#features = features;
  }

  /** An expression of operators that bind more tightly than `above`. */
  expression(above: number): Expression {
    if (++this.#depth > DEEPEST) this.#reader.fail(this.#reader.peek(), 'expression is nested too deeply');
    let left = this.#unary();
    for (;;) {
      const token = this.#reader.peek();
      const precedence = token.kind === 'operator' ? PRECEDENCE.get(token.word) : undefined;
      if (precedence === undefined || precedence <= above) break;
      left = this.#binary(left, token, precedence);
    }
    this.#depth--;
    return left;
  }

  #binary(left: Expression, token: Token, precedence: number): BinaryExpression {
    const reader = this.#reader;
    reader.next();
    const returnBool = reader.accept('bool') !== undefined;
    const operator = token.word as BinaryOperator;
    const written = this.#matching(operator, left);
    const right = this.expression(operator === '^' ? precedence - 1 : precedence);
    const { labels, fillLeft, fillRight } = written;
    // By a scalar nothing is matched, and Prometheus forgets an `on ()`.
    const isEmpty = labels.length === 0 && fillLeft === undefined && fillRight === undefined;
    const matching = isEmpty && (typeOf(left) !== 'vector' || typeOf(right) !== 'vector') ? undefined : written;
    return {
      kind: 'binary',
      operator,
      operatorPosition: { start: token.start, end: token.end },
      left,
      right,
      returnBool,
      matching,
      start: left.start,
      end: right.end,
    };
  }

  #matching(operator: BinaryOperator, left: Expression): VectorMatching {
    const reader = this.#reader;
    const isSet = operator === 'and' || operator === 'or' || operator === 'unless';
    let cardinality: VectorMatching['cardinality'] = isSet ? 'many-to-many' : 'one-to-one';
    let labels: readonly string[] = [];
    let include: readonly string[] = [];
    const on = reader.is('on');
    if (on || reader.is('ignoring')) {
      reader.next();
      labels = this.#groupingLabels();
      const group = reader.accept('group_left') ?? reader.accept('group_right');
      if (group) {
        cardinality = group.word === 'group_left' ? 'many-to-one' : 'one-to-many';
        if (reader.is('(') || !beginsExpression(reader.peek())) include = this.#groupingLabels();
      }
    }
    const fill = this.#fill(left);
    return { cardinality, on, labels, include, ...fill };
  }

  #fill(left: Expression): Pick<VectorMatching, 'fillLeft' | 'fillRight'> {
    const reader = this.#reader;
    const values: { fillLeft?: number; fillRight?: number } = {};
    for (;;) {
      const token = reader.peek();
      const isFill = token.word === 'fill' || token.word === 'fill_left' || token.word === 'fill_right';
      if (!isFill || reader.peek(1).word !== '(') return values;
      if (!this.#features.binopFill) reader.fail(left, 'binop fill modifiers are experimental and not enabled');
      reader.next();
      const twice =
        (token.word !== 'fill_right' && values.fillLeft !== undefined) ||
        (token.word !== 'fill_left' && values.fillRight !== undefined);
      if (twice) reader.unexpected();
      const value = this.#fillValue();
      if (token.word !== 'fill_right') values.fillLeft = value;
      if (token.word !== 'fill_left') values.fillRight = value;
    }
  }

  #fillValue(): number {
    const reader = this.#reader;
    reader.expect('(', 'fill modifier', '"("');
    const sign = reader.accept('-') ?? reader.accept('+');
    const token = reader.peek();
    if (token.kind !== 'number' && token.kind !== 'duration') reader.unexpected();
    const { value } = parseNumberToken(reader, reader.next());
    reader.accept(')') ?? reader.unexpected();
    return sign?.text === '-' ? -value : value;
  }

  #unary(): Expression {
    const reader = this.#reader;
    const token = reader.peek();
    if (token.word !== '-' && token.word !== '+') return parsePostfix(reader, this.#features, this.#primary());
    reader.next();
    const inner = this.expression(MULTIPLICATION);
    if (inner.kind === 'number') {
      return { ...inner, value: token.word === '-' ? -inner.value : inner.value, start: token.start };
    }
    return { kind: 'unary', operator: token.word, expression: inner, start: token.start, end: inner.end };
  }

  #primary(): Expression {
    const reader = this.#reader;
    const token = reader.peek();
    switch (token.kind) {
      case 'number':
      case 'duration':
        return parseNumberToken(reader, reader.next());
      case 'string':
        return parseStringToken(reader, reader.next());
      case 'aggregator':
        if (isAggregation(reader)) return this.#aggregation();
        break;
      case 'identifier':
      case 'keyword':
        if (reader.peek(1).word === '(' && (token.kind === 'identifier' || FUNCTIONS.has(token.word)))
          return this.#call();
        break;
      default:
    }
    if (token.word === '(' && token.kind === 'punctuation') {
      reader.next();
      const expression = this.expression(0);
      const close = reader.accept(')') ?? reader.unexpected();
      return { kind: 'parentheses', expression, start: token.start, end: close.end };
    }
    return this.selector();
  }

  /** `name`, `name{…}` or `{…}`. */
  selector(): VectorSelector {
    const reader = this.#reader;
    const token = reader.peek();
    let name: Token | undefined;
    if (isMetricName(token)) name = reader.next();
    else if (token.word !== '{' || token.kind !== 'punctuation') reader.unexpected();
    return finishSelector(reader, name, reader.is('{') ? parseMatchers(reader) : undefined);
  }

  #call(): Expression {
    const reader = this.#reader;
    const name = reader.next();
    const text = name.kind === 'keyword' ? name.word : name.text;
    const { args, end } = this.#arguments();
    const signature: FunctionSignature | undefined = FUNCTIONS.get(text);
    if (!signature) {
      const meant = suggest(text, [...FUNCTIONS.keys(), ...AGGREGATORS]);
      const hint = meant === undefined ? '' : `, did you mean "${meant}"?`;
      return reader.fail(name, `unknown function with name "${text}"${hint}`);
    }
    if (signature.experimental && !this.#features.experimentalFunctions) {
      reader.fail(name, `function "${text}" is not enabled`);
    }
    return { kind: 'call', signature, args, start: name.start, end };
  }

  #arguments(): { readonly args: Expression[]; readonly end: number } {
    const reader = this.#reader;
    reader.next();
    const args: Expression[] = [];
    let close = reader.accept(')');
    while (!close) {
      args.push(this.expression(0));
      close = reader.accept(')');
      if (close) break;
      const comma = reader.accept(',') ?? reader.unexpected();
      if (!beginsExpression(reader.peek())) reader.fail(comma, 'trailing commas not allowed in function call args');
    }
    return { args, end: close.end };
  }

  #aggregation(): Expression {
    const reader = this.#reader;
    const token = reader.next();
    const operator = token.word as AggregationOperator;
    let modifier = this.#grouping();
    if (!reader.is('(')) reader.unexpected('aggregation');
    reader.aggregations++;
    const { args, end } = this.#arguments();
    reader.aggregations--;
    modifier ??= this.#grouping();
    if ((operator === 'limitk' || operator === 'limit_ratio') && !this.#features.experimentalFunctions) {
      reader.fail(
        token,
        `${operator}() is experimental and must be enabled with --enable-feature=promql-experimental-functions`,
      );
    }
    const position = { start: token.start, end: Math.max(end, reader.lastEnd) };
    const wanted = TAKES_PARAMETER.has(operator) ? 2 : 1;
    if (args.length === 0) reader.fail(position, 'no arguments for aggregate expression provided');
    if (args.length !== wanted) {
      reader.fail(
        position,
        `wrong number of arguments for aggregate expression provided, expected ${wanted}, got ${args.length}`,
      );
    }
    return {
      kind: 'aggregation',
      operator,
      expression: args[wanted - 1]!,
      parameter: wanted === 2 ? args[0] : undefined,
      grouping: modifier?.labels ?? [],
      without: modifier?.without ?? false,
      ...position,
    };
  }

  #grouping(): { readonly labels: readonly string[]; readonly without: boolean } | undefined {
    const token = this.#reader.accept('by') ?? this.#reader.accept('without');
    return token && { labels: this.#groupingLabels(), without: token.word === 'without' };
  }

  #groupingLabels(): string[] {
    const reader = this.#reader;
    reader.expect('(', 'grouping opts', '"("');
    const labels: string[] = [];
    while (!reader.accept(')')) {
      labels.push(this.#groupingLabel());
      if (reader.is(')')) continue;
      if (!reader.accept(',')) reader.unexpected('grouping opts', '"," or ")"');
    }
    return labels;
  }

  #groupingLabel(): string {
    const reader = this.#reader;
    const token = reader.peek();
    if (token.kind === 'string') {
      const { value } = parseStringToken(reader, reader.next());
      if (value === '') reader.fail(token, 'invalid label name for grouping: ""');
      return value;
    }
    const isWord =
      token.kind === 'identifier' ||
      token.kind === 'metric-identifier' ||
      token.kind === 'keyword' ||
      token.kind === 'aggregator';
    if (!isWord && !/^[a-z]/i.test(token.text)) reader.unexpected('grouping opts', 'label');
    if (token.kind === 'number' || token.kind === 'duration') {
      reader.fail(token, `invalid label name for grouping: "${token.text}"`);
    }
    return reader.next().text;
  }
}

const TAKES_PARAMETER: ReadonlySet<string> = new Set([
  'topk',
  'bottomk',
  'count_values',
  'quantile',
  'limitk',
  'limit_ratio',
]);

function isAggregation(reader: TokenReader): boolean {
  const after = reader.peek(1);
  return after.word === '(' || ((after.word === 'by' || after.word === 'without') && after.kind === 'keyword');
}

function isMetricName(token: Token): boolean {
  switch (token.kind) {
    case 'identifier':
    case 'metric-identifier':
    case 'aggregator':
      return true;
    case 'keyword':
    case 'operator':
      return /^[a-z]/.test(token.word) && !NOT_A_METRIC.has(token.word);
    default:
      return false;
  }
}

function beginsExpression(token: Token): boolean {
  const { kind, word } = token;
  if (kind === 'number' || kind === 'duration' || kind === 'string') return true;
  return (
    (kind !== 'identifier' && (word === '(' || word === '{' || word === '+' || word === '-')) || isMetricName(token)
  );
}
