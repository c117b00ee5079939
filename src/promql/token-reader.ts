/** A cursor over the tokens of one query, with Prometheus' wording for what is not expected. */
import { tokenize } from './lexer.ts';
import { PromqlParseError } from './parse-error.ts';
import type { Position } from './position.ts';
import { describeToken, type Token } from './token.ts';

export class TokenReader {
  readonly query: string;
  readonly #tokens: readonly Token[];
  #at = 0;
  /** Aggregations whose parentheses are open. */
  aggregations = 0;

  constructor(query: string) {
    this.query = query;
    this.#tokens = tokenize(query);
  }

  /** Throws the lexer's error where the next token is one. */
  peek(ahead = 0): Token {
    const token = this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!;
    if (ahead === 0 && token.error) throw token.error;
    return token;
  }

  next(): Token {
    const token = this.peek();
    if (token.kind !== 'end') this.#at++;
    return token;
  }

  /** The end of the token read last. */
  get lastEnd(): number {
    return this.#tokens[this.#at - 1]?.end ?? 0;
  }

  is(word: string): boolean {
    const token = this.peek();
    return token.word === word && token.kind !== 'string';
  }

  accept(word: string): Token | undefined {
    return this.is(word) ? this.next() : undefined;
  }

  expect(word: string, context: string, expected: string): Token {
    return this.accept(word) ?? this.unexpected(context, expected);
  }

  /** `unexpected … in context, expected …`. */
  unexpected(context = this.aggregations > 0 ? 'aggregation' : '', expected = ''): never {
    const token = this.peek();
    const where = context === '' ? '' : ` in ${context}`;
    const wanted = expected === '' ? '' : `, expected ${expected}`;
    this.fail(token, `unexpected ${describeToken(token)}${where}${wanted}`);
  }

  fail(position: Position, detail: string): never {
    throw new PromqlParseError(this.query, { start: position.start, end: position.end }, detail);
  }
}
