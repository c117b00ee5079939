/** Goes through the tokens of a template, and words what is wrong with the one at hand as Go does. */
import { TemplateError } from './error.ts';
import { lex } from './lexer.ts';
import type { Source } from './nodes.ts';
import { describeToken, type Token, type TokenKind } from './token.ts';

export class TokenCursor {
  readonly source: Source;
  readonly #tokens: readonly Token[];
  /** Index of the token that comes next; set back to one of before, reading goes on from there. */
  at = 0;
  /** Line of the `{{` of the action being read; 0 outside. */
  actionLine = 0;
  /** The farthest token looked at: its line is what Go names in an error. */
  #farthest = 0;

  constructor(source: Source) {
    this.source = source;
    this.#tokens = lex(source.text);
  }

  peek(): Token {
    const token = this.#tokens[Math.min(this.at, this.#tokens.length - 1)]!;
    this.#farthest = Math.max(this.#farthest, this.at);
    return token;
  }

  next(): Token {
    const token = this.peek();
    this.at++;
    return token;
  }

  nextNonSpace(): Token {
    let token = this.next();
    while (token.kind === 'space') token = this.next();
    return token;
  }

  peekNonSpace(): Token {
    while (this.peek().kind === 'space') this.at++;
    return this.peek();
  }

  expect(kind: TokenKind, context: string): Token {
    const token = this.nextNonSpace();
    if (token.kind !== kind) this.unexpected(token, context);
    return token;
  }

  unexpected(token: Token, context: string): never {
    if (token.kind !== 'error') return this.fail(`unexpected ${describeToken(token)} in ${context}`);
    let extra = '';
    if (this.actionLine !== 0 && this.actionLine !== token.line) {
      const begun = `started at ${this.source.name}:${this.actionLine}`;
      extra = token.text.endsWith(' action') ? ` ${begun}` : ` in action ${begun}`;
    }
    return this.fail(`${token.text}${extra}`);
  }

  fail(message: string): never {
    const line = this.#tokens[Math.min(this.#farthest, this.#tokens.length - 1)]!.line;
    throw new TemplateError(`template: ${this.source.name}:${line}: ${message}`, line);
  }
}
