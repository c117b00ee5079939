/** Parses Alertmanager's matchers (`severity="critical"`): the UTF-8 grammar first, the classic one where the two differ, as Alertmanager does. */
import { Matcher, type MatchOperator } from './matcher.ts';
import { UnquoteError, unquoteGo } from './unquote.ts';

/** A text that is no matcher by either grammar; the message is Alertmanager's. */
class MatcherSyntaxError extends Error {
  override readonly name = 'MatcherSyntaxError';
}

/** One matcher, without braces. Throws MatcherSyntaxError, or RegexpError where a pattern does not compile. */
export function parseMatcher(input: string): Matcher {
  if (input.startsWith('{') || input.endsWith('}')) {
    throw new MatcherSyntaxError(`unexpected open or close brace: ${input}`);
  }
  return withFallback(
    () => {
      const matchers = parseUtf8Matchers(input);
      if (matchers.length === 1) return matchers;
      const found = matchers.length === 0 ? 'no matchers' : `expected 1 matcher, found ${matchers.length}`;
      throw new MatcherSyntaxError(found);
    },
    () => [parseClassicMatcher(input)],
  )[0]!;
}

/** Matchers parted by commas, with or without braces around them. Throws as `parseMatcher`. */
export function parseMatchers(input: string): Matcher[] {
  return withFallback(
    () => parseUtf8Matchers(input),
    () => parseClassicMatchers(input),
  );
}

/** Alertmanager's order of matchers: by name, value, operator. */
export function compareMatchers(a: Matcher, b: Matcher): number {
  if (a.name !== b.name) return a.name < b.name ? -1 : 1;
  if (a.value !== b.value) return a.value < b.value ? -1 : 1;
  return OPERATORS.indexOf(a.operator) - OPERATORS.indexOf(b.operator);
}

const OPERATORS: readonly MatchOperator[] = ['=', '!=', '=~', '!~'];

/** Where both succeed and differ, the classic reading counts. */
function withFallback(utf8: () => Matcher[], classic: () => Matcher[]): Matcher[] {
  let modern: Matcher[] | undefined;
  try {
    modern = utf8();
  } catch {
    return classic();
  }
  try {
    const old = classic();
    return sameMatchers(modern, old) ? modern : old;
  } catch {
    return modern;
  }
}

function sameMatchers(a: readonly Matcher[], b: readonly Matcher[]): boolean {
  return a.length === b.length && a.every((each, index) => compareMatchers(each, b[index]!) === 0);
}

function parseClassicMatchers(input: string): Matcher[] {
  const inner = input.replace(/^\{/, '').replace(/\}$/, '');
  const parts: string[] = [];
  let part = '';
  let quoted = false;
  let escaped = false;
  for (const character of inner) {
    if (character === ',' && !quoted) {
      parts.push(part);
      part = '';
      continue;
    }
    if (character === '"') {
      if (escaped) escaped = false;
      else quoted = !quoted;
    } else escaped = character === '\\' ? !escaped : false;
    part += character;
  }
  if (part.trim() !== '') parts.push(part.trim());
  return parts.map(parseClassicMatcher);
}

const CLASSIC = /^[\t\n\f\r ]*([a-zA-Z_:][a-zA-Z0-9_:]*)[\t\n\f\r ]*(=~|=|!=|!~)[\t\n\f\r ]*([\s\S]*?)[\t\n\f\r ]*$/;

function parseClassicMatcher(input: string): Matcher {
  const match = CLASSIC.exec(input);
  if (!match) throw new MatcherSyntaxError(`bad matcher format: ${input}`);
  const [, name = '', operator = '=', written = ''] = match;
  const stray = new MatcherSyntaxError(`matcher value contains unescaped double quote: ${written}`);
  const opened = written.startsWith('"');
  const raw = opened ? written.slice(1) : written;
  let value = '';
  let closed = false;
  for (let i = 0; i < raw.length; i++) {
    const character = raw[i]!;
    if (character === '"') {
      if (!opened || i < raw.length - 1) throw stray;
      closed = true;
    } else if (character === '\\' && i < raw.length - 1) {
      const next = raw[++i]!;
      if (next === 'n') value += '\n';
      else value += next === '"' || next === '\\' ? next : `\\${next}`;
    } else value += character;
  }
  if (opened && !closed) throw stray;
  return new Matcher(operator as MatchOperator, name, value);
}

interface Token {
  readonly kind: '{' | '}' | ',' | 'operator' | 'quoted' | 'unquoted' | 'end';
  readonly text: string;
  /** In characters, from 0. */
  readonly start: number;
  readonly end: number;
}

const SPACE = /[\s\u0085]/u;
const RESERVED = /[\s\u0085{}!=~,\\"'`]/u;

function tokenize(input: string): Token[] {
  const characters = [...input];
  const tokens: Token[] = [];
  let at = 0;
  const push = (kind: Token['kind'], end: number): void => {
    tokens.push({ kind, text: characters.slice(at, end).join(''), start: at, end });
    at = end;
  };
  while (at < characters.length) {
    const character = characters[at]!;
    if (character === '{' || character === '}' || character === ',') push(character, at + 1);
    else if (character === '=' || character === '!') push('operator', operatorEnd(characters, at));
    else if (character === '"') push('quoted', quotedEnd(characters, at));
    else if (!RESERVED.test(character)) {
      let end = at + 1;
      while (end < characters.length && !RESERVED.test(characters[end]!)) end++;
      push('unquoted', end);
    } else if (SPACE.test(character)) at++;
    else throw new MatcherSyntaxError(`${at}:${at + 1}: ${character}: invalid input`);
  }
  tokens.push({ kind: 'end', text: '', start: at, end: at });
  return tokens;
}

function operatorEnd(characters: readonly string[], at: number): number {
  const next = characters[at + 1];
  if (characters[at] === '=') return next === '~' ? at + 2 : at + 1;
  if (next === '=' || next === '~') return at + 2;
  throw new MatcherSyntaxError(`${at}:${at + 1}: expected one of '=~'`);
}

function quotedEnd(characters: readonly string[], at: number): number {
  for (let i = at + 1; i < characters.length; i++) {
    if (characters[i] === '\\') i++;
    else if (characters[i] === '"') return i + 1;
  }
  throw new MatcherSyntaxError(`${at}:${characters.length}: ${characters.slice(at).join('')}: missing end "`);
}

function parseUtf8Matchers(input: string): Matcher[] {
  const tokens = tokenize(input);
  const matchers: Matcher[] = [];
  let at = 0;
  const take = (wanted: readonly Token['kind'][], what: string): Token => {
    const token = tokens[at]!;
    if (!wanted.includes(token.kind)) {
      const found = token.kind === 'end' ? 'end of input' : `${token.start}:${token.end}: unexpected ${token.text}`;
      throw new MatcherSyntaxError(`${found}: ${what}`);
    }
    at++;
    return token;
  };
  const braced = tokens[at]!.kind === '{';
  if (braced) at++;
  while (tokens[at]!.kind !== '}' && (tokens[at]!.kind !== 'end' || (matchers.length === 0 && braced))) {
    const name = unquote(take(['quoted', 'unquoted'], 'expected label name'));
    const operator = take(['operator'], "expected an operator such as '=', '!=', '=~' or '!~'").text as MatchOperator;
    const value = unquote(take(['quoted', 'unquoted'], 'expected label value'));
    matchers.push(new Matcher(operator, name, value));
    const next = tokens[at]!.kind;
    if (next === '}' || next === 'end') break;
    take([','], 'expected a comma or close brace');
  }
  if (braced) take(['}'], 'expected close brace');
  else if (tokens[at]!.kind === '}') throw new MatcherSyntaxError(`0:${tokens[at]!.end}: }: expected opening brace`);
  take(['end'], 'expected end of input');
  return matchers;
}

function unquote(token: Token): string {
  if (token.kind !== 'quoted') return token.text;
  try {
    return unquoteGo(token.text);
  } catch (error) {
    if (error instanceof UnquoteError)
      throw new MatcherSyntaxError(`${token.start}:${token.end}: ${token.text}: invalid input`);
    throw error;
  }
}
