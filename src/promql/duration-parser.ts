/** Durations in brackets and after `offset`: plain numbers and durations, and arithmetic on them. */
import { evaluateDuration, LONGEST_MS, positionOf, secondsToMs } from './duration-expression.ts';
import type { DurationExpression } from './expression.ts';
import type { PromqlFeatures } from './features.ts';
import { parseNumberToken } from './literal-parser.ts';
import type { TokenReader } from './token-reader.ts';

export interface ParsedDuration {
  /** Of no meaning where `expression` is set. */
  readonly ms: number;
  readonly expression?: DurationExpression | undefined;
}

/** What may stand for a duration; behind the colon of a subquery also nothing. */
function expectedIn(context: string): string {
  return context === STEP ? 'number, duration, step(), range(), or "]"' : 'number, duration, step(), or range()';
}

const STEP = 'subquery selector';
const PRECEDENCE: ReadonlyMap<string, number> = new Map([
  ['+', 1],
  ['-', 1],
  ['*', 2],
  ['/', 2],
  ['%', 2],
  ['^', 3],
]);
const MULTIPLICATION = 2;
const DURATION_KINDS: ReadonlySet<string> = new Set(['number', 'duration']);
const NO_TIMES = { stepMs: 0, rangeMs: 0 };

/** The step of `[range:step]`: a millisecond at least. */
export function parseStepDuration(reader: TokenReader, features: PromqlFeatures): ParsedDuration {
  const first = reader.peek();
  const duration = parseRangeDuration(reader, features, STEP);
  if (duration.expression === undefined && duration.ms <= 0) {
    reader.fail({ start: first.start, end: reader.lastEnd }, 'duration must be greater than 0');
  }
  return duration;
}

/** The range of `[range:step]`: greater than zero. */
export function parseRangeDuration(reader: TokenReader, features: PromqlFeatures, context: string): ParsedDuration {
  const first = reader.peek();
  const expression = parseArithmetic(reader, context, 0);
  const duration = finish(reader, features, expression, first);
  if (duration.expression === undefined && !(evaluateDuration(expression, NO_TIMES) > 0)) {
    const { start } = expression.kind === 'wrapped' ? positionOf(expression) : first;
    reader.fail({ start, end: reader.lastEnd }, 'duration must be greater than 0');
  }
  return duration;
}

/**
 * What follows `offset`: one operand, with signs in front of it or not. Behind one in parentheses without a sign any
 * arithmetic belongs to it, as in Prometheus: `x offset (1m) - 30` is one of 30 s.
 */
export function parseOffsetDuration(reader: TokenReader, features: PromqlFeatures): ParsedDuration {
  const first = reader.peek();
  if (first.kind === 'punctuation' && first.word === '(') {
    return finish(reader, features, parseArithmetic(reader, 'offset', 0), first);
  }
  return finish(reader, features, parseSignedOperand(reader, 'offset'), first);
}

function parseSignedOperand(reader: TokenReader, context: string): DurationExpression {
  const sign = reader.accept('-') ?? reader.accept('+');
  if (!sign) return parseOperand(reader, context);
  // The sign of a literal is a part of it.
  const isLiteral = DURATION_KINDS.has(reader.peek().kind);
  const operand = isLiteral ? parseOperand(reader, context, sign.start) : parseSignedOperand(reader, context);
  return { kind: sign.text === '-' ? 'minus' : 'plus', start: sign.start, operand };
}

/** A single value becomes milliseconds at once; anything else waits for the query's step and range. */
function finish(
  reader: TokenReader,
  features: PromqlFeatures,
  expression: DurationExpression,
  first: { readonly start: number },
): ParsedDuration {
  const position = { start: first.start, end: reader.lastEnd };
  const plain =
    expression.kind === 'literal' ||
    ((expression.kind === 'minus' || expression.kind === 'plus') && expression.operand.kind === 'literal');
  if (!plain && !features.durationExpressions) {
    reader.fail(position, 'experimental duration expression is not enabled');
  }
  if (!isLiteral(expression)) return { ms: 0, expression };
  const ms = secondsToMs(evaluateDuration(expression, NO_TIMES));
  // What Go makes of NaN is the least integer.
  return { ms: Number.isNaN(ms) ? -LONGEST_MS : ms };
}

/** But for signs and parentheses. */
function isLiteral(expression: DurationExpression): boolean {
  switch (expression.kind) {
    case 'literal':
      return true;
    case 'minus':
    case 'plus':
    case 'wrapped':
      return isLiteral(expression.operand);
    default:
      return false;
  }
}

function parseArithmetic(reader: TokenReader, context: string, above: number): DurationExpression {
  let left = parseSigned(reader, context);
  for (;;) {
    const token = reader.peek();
    const precedence = token.kind === 'operator' ? PRECEDENCE.get(token.word) : undefined;
    if (precedence === undefined || precedence <= above) return left;
    reader.next();
    const operator = token.word as '+';
    const right = parseArithmetic(reader, context, token.word === '^' ? precedence - 1 : precedence);
    if (isZero(right)) {
      if (token.word === '/') reader.fail(token, 'division by zero');
      if (token.word === '%') reader.fail(token, 'modulo by zero');
    }
    left = { kind: 'arithmetic', operator, left, right };
  }
}

/** Zero whatever the query's times are. */
function isZero(expression: DurationExpression): boolean {
  switch (expression.kind) {
    case 'literal':
      return expression.literal.value === 0;
    case 'minus':
    case 'plus':
    case 'wrapped':
      return isZero(expression.operand);
    default:
      return false;
  }
}

function parseSigned(reader: TokenReader, context: string): DurationExpression {
  const sign = reader.accept('-') ?? reader.accept('+');
  if (!sign) return parseOperand(reader, context);
  return {
    kind: sign.text === '-' ? 'minus' : 'plus',
    start: sign.start,
    operand: parseArithmetic(reader, context, MULTIPLICATION),
  };
}

/** `start`: where a sign stands that belongs to a literal. */
function parseOperand(reader: TokenReader, context: string, start?: number): DurationExpression {
  const token = reader.peek();
  if (DURATION_KINDS.has(token.kind)) {
    const literal = parseNumberToken(reader, reader.next());
    if (Math.abs(secondsToMs(literal.value)) > LONGEST_MS) {
      reader.fail({ start: start ?? literal.start, end: literal.end }, 'duration out of range');
    }
    return { kind: 'literal', literal };
  }
  if (token.kind === 'punctuation' && token.word === '(') {
    reader.next();
    const operand = parseArithmetic(reader, context, 0);
    reader.accept(')') ?? reader.unexpected(context, expectedIn(context));
    return { kind: 'wrapped', operand };
  }
  if (token.kind !== 'keyword') return reader.unexpected(context, expectedIn(context));
  switch (token.word) {
    case 'step':
    case 'range': {
      reader.next();
      reader.expect('(', context, expectedIn(context));
      const close = reader.accept(')') ?? reader.unexpected(context, expectedIn(context));
      return { kind: token.word, start: token.start, end: close.end };
    }
    case 'min_of':
    case 'max_of': {
      reader.next();
      reader.expect('(', context, expectedIn(context));
      const left = parseArithmetic(reader, context, 0);
      reader.accept(',') ?? reader.unexpected(context, expectedIn(context));
      const right = parseArithmetic(reader, context, 0);
      reader.accept(')') ?? reader.unexpected(context, expectedIn(context));
      return { kind: token.word, left, right };
    }
    default:
      return reader.unexpected(context, expectedIn(context));
  }
}
