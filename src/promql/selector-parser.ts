/** Vector selectors: a metric name, label matchers, or both. */
import { METRIC_NAME } from '../labels/labels.ts';
import { Matcher, type MatchOperator } from '../labels/matcher.ts';
import { RegexpError } from '../labels/regexp.ts';
import type { VectorSelector } from './expression.ts';
import { parseStringToken } from './literal-parser.ts';
import type { Position } from './position.ts';
import type { Token } from './token.ts';
import type { TokenReader } from './token-reader.ts';

export interface ParsedMatchers {
  readonly matchers: readonly Matcher[];
  readonly open: Token;
  readonly end: number;
}

const MATCH_OPERATORS: ReadonlySet<string> = new Set(['=', '!=', '=~', '!~']);

/** `{…}`, the reader standing on the brace. A quoted string alone is a matcher of the name: there may be several, as in Prometheus. */
export function parseMatchers(reader: TokenReader): ParsedMatchers {
  const open = reader.next();
  const matchers: Matcher[] = [];
  for (;;) {
    const close = reader.accept('}');
    if (close) return { matchers, open, end: close.end };
    const token = reader.peek();
    if (token.kind !== 'identifier' && token.kind !== 'string')
      reader.unexpected('label matching', 'identifier or "}"');
    reader.next();
    if (token.kind === 'string' && (reader.is(',') || reader.is('}'))) {
      matchers.push(new Matcher('=', METRIC_NAME, parseStringToken(reader, token).value));
    } else {
      matchers.push(parseMatcher(reader, token));
    }
    if (!reader.is('}') && !reader.accept(',')) reader.unexpected('label matching', '"," or "}"');
  }
}

function parseMatcher(reader: TokenReader, name: Token): Matcher {
  const label = name.kind === 'string' ? parseStringToken(reader, name).value : name.text;
  const operator = reader.peek();
  if (!MATCH_OPERATORS.has(operator.word)) {
    // A string alone would have been a metric's name.
    reader.unexpected('label matching', name.kind === 'string' ? '"," or "}"' : 'label matching operator');
  }
  reader.next();
  const value = reader.peek();
  if (value.kind !== 'string') reader.unexpected('label matching', 'string');
  reader.next();
  return makeMatcher(reader, operator.word as MatchOperator, label, parseStringToken(reader, value).value, {
    start: name.start,
    end: value.end,
  });
}

function makeMatcher(
  reader: TokenReader,
  operator: MatchOperator,
  label: string,
  value: string,
  position: Position,
): Matcher {
  try {
    return new Matcher(operator, label, value);
  } catch (error) {
    if (!(error instanceof RegexpError)) throw error;
    return reader.fail(position, error.message);
  }
}

export function finishSelector(
  reader: TokenReader,
  nameToken: Token | undefined,
  parsed: ParsedMatchers | undefined,
): VectorSelector {
  const start = nameToken?.start ?? parsed!.open.start;
  const end = parsed?.end ?? nameToken!.end;
  const position = { start, end };
  const name = nameToken?.text ?? '';
  const matchers = [...(parsed?.matchers ?? [])];
  if (name !== '') {
    const other = matchers.find((matcher) => matcher.name === METRIC_NAME);
    if (other) reader.fail(position, `metric name must not be set twice: "${name}" or "${other.value}"`);
    matchers.push(new Matcher('=', METRIC_NAME, name));
  }
  return { kind: 'vector-selector', name, matchers, offsetMs: 0, start, end };
}
