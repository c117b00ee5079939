/** Durations in brackets and after `offset`: plain numbers and durations, and arithmetic on them. */
import { evaluateDuration, secondsToMs } from './duration-expression.ts';
import type { DurationExpression } from './expression.ts';
import type { PromqlFeatures } from './features.ts';
import { parseNumberToken } from './literal-parser.ts';
import type { TokenReader } from './token-reader.ts';

export interface ParsedDuration {
  /** Of no meaning where `expression` is set. */
  readonly ms: number;
  readonly expression?: DurationExpression | undefined;
}

const EXPECTED = 'number, duration, step(), or range()';
/** About 292 years: what Prometheus' durations hold. */
const LONGEST_MS = 9_223_372_036_854;
const PRECEDENCE: ReadonlyMap<string, number> = new Map([
  ['+', 1],
  ['-', 1],
  ['*', 2],
  ['/', 2],
  ['%', 2],
  ['^', 3],
]);
const MULTIPLICATION = 2;

/** The range or the step of `[range:step]`: greater than zero. */
export function parseRangeDuration(reader: TokenReader, features: PromqlFeatures, context: string): ParsedDuration {
  const first = reader.peek();
  const duration = finish(reader, features, parseArithmetic(reader, context, 0), first);
  if (duration.expression === undefined && duration.ms <= 0) {
    reader.fail({ start: first.start, end: reader.lastEnd }, 'duration must be greater than 0');
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
  return { kind: sign.text === '-' ? 'minus' : 'plus', operand: parseSignedOperand(reader, context) };
}

/** A plain value becomes milliseconds at once; anything else waits for the query's step and range. */
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
  if (!plain) {
    if (!features.durationExpressions) reader.fail(position, 'experimental duration expression is not enabled');
    return { ms: 0, expression };
  }
  const ms = secondsToMs(evaluateDuration(expression, { stepMs: 0, rangeMs: 0 }));
  if (!(Math.abs(ms) <= LONGEST_MS)) reader.fail(position, 'duration out of range');
  return { ms };
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
  return { kind: sign.text === '-' ? 'minus' : 'plus', operand: parseArithmetic(reader, context, MULTIPLICATION) };
}

function parseOperand(reader: TokenReader, context: string): DurationExpression {
  const token = reader.peek();
  if (token.kind === 'number' || token.kind === 'duration') {
    return { kind: 'literal', literal: parseNumberToken(reader, reader.next()) };
  }
  if (token.kind === 'punctuation' && token.word === '(') {
    reader.next();
    const operand = parseArithmetic(reader, context, 0);
    reader.accept(')') ?? reader.unexpected(context, EXPECTED);
    return { kind: 'wrapped', operand };
  }
  if (token.kind !== 'keyword' || reader.peek(1).word !== '(') return reader.unexpected(context, EXPECTED);
  switch (token.word) {
    case 'step':
    case 'range': {
      reader.next();
      reader.next();
      const close = reader.accept(')') ?? reader.unexpected(context, EXPECTED);
      return { kind: token.word, start: token.start, end: close.end };
    }
    case 'min_of':
    case 'max_of': {
      reader.next();
      reader.next();
      const left = parseArithmetic(reader, context, 0);
      reader.accept(',') ?? reader.unexpected(context, EXPECTED);
      const right = parseArithmetic(reader, context, 0);
      reader.accept(')') ?? reader.unexpected(context, EXPECTED);
      return { kind: token.word, left, right };
    }
    default:
      return reader.unexpected(context, EXPECTED);
  }
}
