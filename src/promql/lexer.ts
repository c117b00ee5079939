/** PromQL text → tokens. */
import { quote } from '../labels/labels.ts';
import { PromqlParseError } from './parse-error.ts';
import { AGGREGATORS, FILLS, KEYWORDS, type Token, type TokenKind, WORD_OPERATORS } from './token.ts';

const SPACE = /[ \t\r\n]*(?:#[^\n]*(?:\n|$)[ \t\r\n]*)*/y;
const BLANKS = /[ \t\r\n]*/y;
const OPERATOR = /==|=~|!=|!~|<=|<\/|>=|>\/|[-+*/%^<>=]/y;
const IDENTIFIER = /[a-zA-Z_:][a-zA-Z0-9_:]*/y;
const PLAIN_IDENTIFIER = /[a-zA-Z_][a-zA-Z0-9_]*/y;
const HEX = /0[xX]_?[0-9a-fA-F]+(?:_[0-9a-fA-F]+)*/y;
const DECIMAL =
  /(?:[0-9]+(?:_[0-9]+)*\.?(?:[0-9]+(?:_[0-9]+)*)?|\.[0-9]+(?:_[0-9]+)*)(?:[eE][+-]?[0-9]+(?:_[0-9]+)*)?/y;
/** A number with the unit of a duration behind it. */
const UNKNOWN_UNIT = new RegExp(`(?:${HEX.source}|${DECIMAL.source})(?:ms|[smhdwy])(?:[0-9]+(?:ms|[smhdw]))*`, 'y');
/** What Prometheus takes for a number, and then cannot read. */
const BARE_HEX = /0[xX](?:_|\.[0-9]*)?/y;
/** Years are read in front only, other units in any order; which order is right is seen later. */
const DURATION = /[0-9]+(?:ms|[smhdwy])(?:[0-9]+(?:ms|[smhdw]))*/y;
/** What a number cannot end with, or be followed by. */
const UNFINISHED = /(?<=[smhdwy])[a-zA-Z_]|[eE][+-]?|_[._eE]?|\.|[0-9]+/y;
/** A word in brackets: without digits. */
const LETTERS = /[a-zA-Z_]+/y;
/** What may stand in brackets before any number. */
const BEFORE_NUMBER = '()]+-*/%^,:';
const WORD_CHARACTER = /[0-9a-zA-Z_]/;
const DURATION_WORDS: ReadonlySet<string> = new Set(['step', 'range', 'min_of', 'max_of']);
const NAMED_NUMBERS: ReadonlySet<string> = new Set(['inf', 'nan']);

/** All tokens, the last one of kind `end`. Where the text cannot be read on, that one carries the PromqlParseError. */
export function tokenize(query: string): Token[] {
  return new Lexer(query).run();
}

class Lexer {
  readonly #query: string;
  readonly #tokens: Token[] = [];
  readonly #parentheses: number[] = [];
  #at = 0;
  #bracesFrom = -1;
  #bracketsFrom = -1;
  #numberInBrackets = false;
  #colonInBrackets = false;
  /** In any brackets so far: Prometheus does not begin anew with each. */
  #anyNumberInBrackets = false;

  constructor(query: string) {
    this.#query = query;
  }

  run(): Token[] {
    try {
      this.#all();
    } catch (error) {
      if (!(error instanceof PromqlParseError)) throw error;
      this.#tokens.push({ kind: 'end', text: '', word: 'end', ...error.position, error });
    }
    return this.#tokens;
  }

  #all(): void {
    for (;;) {
      this.#match(this.#isBeforeNumber ? BLANKS : SPACE);
      const character = this.#query[this.#at];
      if (character === undefined) break;
      if (this.#bracesFrom >= 0) this.#insideBraces(character);
      else if (this.#isBeforeNumber) this.#beforeNumber(character);
      else this.#statement(character);
    }
    const end = this.#query.length;
    if (this.#bracesFrom >= 0) this.#fail(end, end, 'unexpected end of input inside braces');
    if (this.#isBeforeNumber) this.#fail(end, end, 'unexpected end of input in duration expression');
    if (this.#parentheses.length > 0) this.#fail(end, end, 'unclosed left parenthesis');
    if (this.#bracketsFrom >= 0) this.#fail(end, end, 'unclosed left bracket');
    this.#tokens.push({ kind: 'end', text: '', word: 'end', start: end, end });
  }

  /** In brackets Prometheus reads nothing but parts of a duration up to the first number, and from there on as anywhere, but for words. */
  get #isBeforeNumber(): boolean {
    return this.#bracketsFrom >= 0 && !this.#numberInBrackets;
  }

  #beforeNumber(character: string): void {
    const at = this.#at;
    const isColon = character === ':';
    if (isColon && !this.#anyNumberInBrackets) {
      this.#fail(at + 1, at + 1, 'unexpected colon before duration in duration expression');
    }
    if (isColon && this.#colonInBrackets)
      this.#fail(at + 1, at + 1, 'unexpected repeated colon in duration expression');
    const isAllowed = BEFORE_NUMBER.includes(character) || this.#isNumberNext(character) || this.#isDurationWordNext();
    if (!isAllowed) {
      const point = String.fromCodePoint(this.#query.codePointAt(at)!);
      this.#fail(at, at + point.length, `unexpected character in duration expression: ${quoteCharacter(point)}`);
    }
    this.#statement(character);
  }

  #isNumberNext(character: string): boolean {
    return /[0-9]/.test(character) || (character === '.' && /[0-9]/.test(this.#query[this.#at + 1] ?? ''));
  }

  #isDurationWordNext(): boolean {
    LETTERS.lastIndex = this.#at;
    return DURATION_WORDS.has(LETTERS.exec(this.#query)?.[0].toLowerCase() ?? '');
  }

  #statement(character: string): void {
    const at = this.#at;
    switch (character) {
      case '(':
        this.#parentheses.push(at);
        this.#push('punctuation', character);
        return;
      case ')':
        if (this.#parentheses.pop() === undefined) this.#fail(at + 1, at + 1, "unexpected right parenthesis ')'");
        this.#push('punctuation', character);
        return;
      case '{':
        this.#bracesFrom = at;
        this.#push('punctuation', character);
        return;
      case '[':
        if (this.#bracketsFrom >= 0) this.#fail(at, at + 1, "unexpected left bracket '['");
        this.#bracketsFrom = at;
        this.#numberInBrackets = false;
        this.#colonInBrackets = false;
        this.#push('punctuation', character);
        return;
      case ']':
        if (this.#bracketsFrom < 0) this.#fail(at, at + 1, "unexpected right bracket ']'");
        this.#bracketsFrom = -1;
        this.#push('punctuation', character);
        return;
      case ',':
      case '@':
        this.#push('punctuation', character);
        return;
      case ':':
        if (this.#bracketsFrom < 0) break;
        if (this.#colonInBrackets) this.#fail(at, at + 1, "unexpected colon ':'");
        this.#colonInBrackets = true;
        this.#push('punctuation', character);
        return;
      case '"':
      case "'":
      case '`':
        this.#string(character);
        return;
      default:
    }
    const operator = this.#match(OPERATOR);
    if (operator === '=~') this.#fail(at, at + 1, "unexpected character after '=': '~'");
    if (operator !== '') {
      this.#pushText('operator', operator, operator, at);
      return;
    }
    if (this.#isNumberNext(character)) {
      if (this.#bracketsFrom >= 0) this.#numberInBrackets = this.#anyNumberInBrackets = true;
      this.#number();
      return;
    }
    const word = this.#match(this.#bracketsFrom >= 0 ? LETTERS : IDENTIFIER);
    if (this.#bracketsFrom >= 0 && word !== '' && !DURATION_WORDS.has(word.toLowerCase())) {
      this.#fail(at, at + 1, `unexpected character: ${quoteCharacter(character)}, expected ':'`);
    }
    if (word === '') {
      const point = String.fromCodePoint(this.#query.codePointAt(at)!);
      if (character === '!') {
        const after = this.#query.slice(at + 1, at + 2);
        this.#fail(at, at + 1, `unexpected character after '!': ${quoteCharacter(after)}`);
      }
      this.#fail(at, at + point.length, `unexpected character: ${quoteCharacter(point)}`);
    }
    this.#word(word, at);
  }

  #word(text: string, at: number): void {
    const word = text.toLowerCase();
    if (text.includes(':')) this.#pushText('metric-identifier', text, 'metric-identifier', at);
    else if (NAMED_NUMBERS.has(word)) this.#pushText('number', text, 'number', at);
    else if (AGGREGATORS.has(word)) this.#pushText('aggregator', text, word, at);
    else if (WORD_OPERATORS.has(word)) this.#pushText('operator', text, word, at);
    else if (FILLS.has(word) && !/^\s*\(/.test(this.#query.slice(this.#at))) {
      this.#pushText('identifier', text, 'identifier', at);
    } else if (KEYWORDS.has(word)) this.#pushText('keyword', text, word, at);
    else this.#pushText('identifier', text, 'identifier', at);
  }

  #insideBraces(character: string): void {
    const at = this.#at;
    if (character === '}') {
      this.#bracesFrom = -1;
      this.#push('punctuation', character);
      return;
    }
    if (character === ',') {
      this.#push('punctuation', character);
      return;
    }
    if (character === '{') this.#fail(at, at + 1, "unexpected left brace '{'");
    if (character === '"' || character === "'" || character === '`') {
      this.#string(character);
      return;
    }
    const word = this.#match(PLAIN_IDENTIFIER);
    if (word !== '') {
      this.#pushText('identifier', word, 'identifier', at);
      return;
    }
    const operator = /^(?:=~|=|!=|!~)/.exec(this.#query.slice(at, at + 2))?.[0];
    if (operator) {
      this.#at += operator.length;
      this.#pushText('operator', operator, operator, at);
      return;
    }
    if (character === '!') {
      const after = this.#query.slice(at + 1, at + 2);
      this.#fail(at, at + 1, `unexpected character after '!' inside braces: ${quoteCharacter(after)}`);
    }
    const point = String.fromCodePoint(this.#query.codePointAt(at)!);
    this.#fail(at, at + point.length, `unexpected character inside braces: ${quoteCharacter(point)}`);
  }

  #string(mark: string): void {
    const start = this.#at;
    let at = start + 1;
    for (; ; at++) {
      const character = this.#query[at];
      if (character === undefined || (character === '\n' && mark !== '`')) {
        this.#fail(start, at, mark === '`' ? 'unterminated raw string' : 'unterminated quoted string');
      }
      if (character === mark) break;
      if (character === '\\' && mark !== '`') at++;
    }
    this.#at = at + 1;
    this.#pushText('string', this.#query.slice(start, this.#at), 'string', start);
  }

  #number(): void {
    const at = this.#at;
    for (const [pattern, kind] of [
      [HEX, 'number'],
      [DECIMAL, 'number'],
      [DURATION, 'duration'],
    ] as const) {
      this.#at = at;
      const text = this.#match(pattern);
      if (text === '' || WORD_CHARACTER.test(this.#query[this.#at] ?? '')) continue;
      if (kind === 'number' && this.#query[this.#at] === '.') continue;
      this.#pushText(kind, text, kind, at);
      return;
    }
    this.#at = at;
    const mixed = this.#match(UNKNOWN_UNIT);
    if (mixed !== '' && !WORD_CHARACTER.test(this.#query[this.#at] ?? '')) {
      const unit = /^\d+(\D+)/.exec(mixed)?.[1];
      const what = unit === undefined ? 'not a valid duration string: ' : `unknown unit ${quote(unit)} in duration `;
      this.#fail(at, this.#at, `${what}${quote(mixed)}`);
    }
    this.#at = at;
    const bare = this.#match(BARE_HEX);
    if (bare !== '' && !WORD_CHARACTER.test(this.#query[this.#at] ?? '')) {
      this.#pushText('number', bare, 'number', at);
      return;
    }
    // Prometheus shows what it has read, with what could still belong to a number.
    let longest = at;
    for (const pattern of [HEX, DECIMAL, DURATION]) {
      this.#at = at;
      this.#match(pattern);
      longest = Math.max(longest, this.#at);
    }
    this.#at = longest;
    if (/^0[xX]$/.test(this.#query.slice(at, longest + 1))) this.#at++;
    else this.#match(UNFINISHED);
    this.#fail(at, longest, `bad number or duration syntax: ${quote(this.#query.slice(at, this.#at))}`);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const text = pattern.exec(this.#query)?.[0] ?? '';
    this.#at += text.length;
    return text;
  }

  #push(kind: TokenKind, text: string): void {
    this.#at += text.length;
    this.#pushText(kind, text, text, this.#at - text.length);
  }

  #pushText(kind: TokenKind, text: string, word: string, start: number): void {
    this.#tokens.push({ kind, text, word, start, end: start + text.length });
  }

  #fail(start: number, end: number, detail: string): never {
    throw new PromqlParseError(this.#query, { start, end }, detail);
  }
}

/** Go's `%q` of a character; the end of the text is its -1. */
function quoteCharacter(character: string): string {
  if (character === '') return "'\ufffd'";
  if (character === "'") return "'\\''";
  return `'${quote(character).slice(1, -1).replace('\\"', '"')}'`;
}
