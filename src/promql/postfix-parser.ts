/** What follows a selector or an expression: `[5m]`, `[1h:1m]`, `offset`, `@`, `anchored`, `smoothed`. */
import { parseOffsetDuration, parseRangeDuration, parseStepDuration } from './duration-parser.ts';
import type { Expression, Extension, MatrixSelector, Subquery, VectorSelector } from './expression.ts';
import type { PromqlFeatures } from './features.ts';
import { parseNumberToken } from './literal-parser.ts';
import type { TokenReader } from './token-reader.ts';

export function parsePostfix(reader: TokenReader, features: PromqlFeatures, primary: Expression): Expression {
  let expression = primary;
  for (;;) {
    const token = reader.peek();
    if (token.kind === 'punctuation' && token.word === '[') expression = parseBrackets(reader, features, expression);
    else if (token.kind === 'punctuation' && token.word === '@') expression = parseAt(reader, expression);
    else if (token.kind !== 'keyword') return expression;
    else if (token.word === 'offset') expression = parseOffset(reader, features, expression);
    else if (token.word === 'anchored' || token.word === 'smoothed') {
      expression = parseExtension(reader, features, expression, token.word);
    } else return expression;
  }
}

/** `[range]` behind an instant selector, `[range:step]` behind any expression. */
function parseBrackets(reader: TokenReader, features: PromqlFeatures, expression: Expression): Expression {
  const open = reader.next();
  const range = parseRangeDuration(reader, features, 'subquery or range selector');
  if (reader.accept(':')) {
    const step = reader.is(']') ? { ms: 0, expression: undefined } : parseStepDuration(reader, features);
    const close = reader.expect(']', 'subquery selector', '"]"');
    const subquery: Subquery = {
      kind: 'subquery',
      expression,
      rangeMs: range.ms,
      rangeExpression: range.expression,
      stepMs: step.ms,
      stepExpression: step.expression,
      offsetMs: 0,
      start: expression.start,
      end: close.end,
    };
    return subquery;
  }
  const close = reader.expect(']', 'subquery or range', '":" or "]"');
  const brackets = { start: open.start, end: close.end };
  if (expression.kind !== 'vector-selector') reader.fail(brackets, 'ranges only allowed for vector selectors');
  if (expression.offsetMs !== 0 || expression.offsetExpression) {
    reader.fail(brackets, 'no offset modifiers allowed before range');
  }
  if (expression.at !== undefined) reader.fail(brackets, 'no @ modifiers allowed before range');
  const matrix: MatrixSelector = {
    kind: 'matrix-selector',
    selector: expression,
    rangeMs: range.ms,
    rangeExpression: range.expression,
    start: expression.start,
    end: close.end,
  };
  return matrix;
}

function parseOffset(reader: TokenReader, features: PromqlFeatures, expression: Expression): Expression {
  reader.next();
  const offset = parseOffsetDuration(reader, features);
  return setModifier(reader, expression, 'offset', (target) => {
    if (target.offsetMs !== 0 || target.offsetExpression)
      reader.fail(expression, 'offset may not be set multiple times');
    return { offsetMs: offset.ms, offsetExpression: offset.expression };
  });
}

function parseAt(reader: TokenReader, expression: Expression): Expression {
  reader.next();
  const at = parseTimestamp(reader, expression);
  return setModifier(reader, expression, '@', (target) => {
    if (target.at !== undefined) reader.fail(expression, '@ <timestamp> may not be set multiple times');
    return { at };
  });
}

function parseTimestamp(reader: TokenReader, expression: Expression): number | 'start' | 'end' {
  const token = reader.peek();
  if (token.kind === 'keyword' && (token.word === 'start' || token.word === 'end')) {
    reader.next();
    reader.expect('(', '@', 'timestamp');
    reader.expect(')', '@', 'timestamp');
    return token.word;
  }
  const sign = reader.accept('-') ?? reader.accept('+');
  const value = reader.peek();
  if (value.kind !== 'number' && value.kind !== 'duration') reader.unexpected('@', 'timestamp');
  const seconds = parseNumberToken(reader, reader.next()).value * (sign?.text === '-' ? -1 : 1);
  if (!(Math.abs(seconds) < MOST)) {
    const shown = Number.isFinite(seconds)
      ? `${BigInt(seconds)}.000000`
      : String(seconds).replace(/^(-?)I\w+/, (_, sign) => `${sign || '+'}Inf`);
    reader.fail(expression, `timestamp out of bounds for @ modifier: ${shown}`);
  }
  const at = Math.round(seconds * 1000);
  return Math.abs(at) < MOST ? at : -MOST;
}

/** Of seconds what Prometheus takes, of milliseconds what it can hold: more becomes the least of 64 bits. */
const MOST = 2 ** 63;

function parseExtension(
  reader: TokenReader,
  features: PromqlFeatures,
  expression: Expression,
  extension: Extension,
): Expression {
  const token = reader.next();
  if (!features.extendedRangeSelectors) {
    reader.fail(expression, `${extension} modifier is experimental and not enabled`);
  }
  if (expression.kind === 'matrix-selector') {
    const selector = extended(reader, expression.selector, extension, expression.selector.end);
    return { ...expression, selector, end: token.end };
  }
  if (expression.kind === 'vector-selector') return extended(reader, expression, extension, token.end);
  if (expression.kind === 'subquery') {
    return reader.fail(expression, `${extension} modifier is not supported for subqueries`);
  }
  return reader.fail(expression, `${extension} modifier not implemented`);
}

function extended(reader: TokenReader, selector: VectorSelector, extension: Extension, end: number): VectorSelector {
  if (selector.extension !== undefined && selector.extension !== extension) {
    reader.fail(selector, 'anchored and smoothed modifiers cannot be used together');
  }
  return { ...selector, extension, end };
}

/** Puts a modifier on a selector or subquery, or says that it may not be there. */
function setModifier(
  reader: TokenReader,
  expression: Expression,
  name: '@' | 'offset',
  change: (target: VectorSelector | Subquery) => object,
): Expression {
  const end = reader.lastEnd;
  if (expression.kind === 'vector-selector' || expression.kind === 'subquery') {
    return { ...expression, ...change(expression), end };
  }
  if (expression.kind === 'matrix-selector') {
    return { ...expression, selector: { ...expression.selector, ...change(expression.selector) }, end };
  }
  return reader.fail(
    expression,
    `${name} modifier must be preceded by an instant vector selector or range vector selector or a subquery`,
  );
}
