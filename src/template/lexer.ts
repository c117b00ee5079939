/** Cuts the text of a Go template into tokens: text between actions, and the words inside of `{{ }}`, trim markers applied. */
import { quote } from '../labels/labels.ts';
import { sprintf } from './format.ts';
import { KEYWORDS, type Token, type TokenKind } from './token.ts';

/** All tokens up to `eof`, or up to the `error` token whose text says what is wrong. */
export function lex(input: string): Token[] {
  return new Lexer(input).run();
}

const ALPHANUMERIC = /^[\p{L}\p{Nd}_]$/u;
const SPACES = ' \t\r\n';
const PUNCTUATION: Readonly<Record<string, TokenKind>> = {
  '=': 'assign',
  '|': 'pipe',
};

class Lexer {
  readonly #input: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #start = 0;
  #line = 1;
  #parens = 0;
  #failed = false;

  constructor(input: string) {
    this.#input = input;
  }

  run(): Token[] {
    while (!this.#failed) {
      const open = this.#input.indexOf('{{', this.#at);
      if (open < 0) {
        this.#at = this.#input.length;
        if (this.#at > this.#start) this.#emit('text');
        this.#emit('eof');
        break;
      }
      this.#textBefore(open);
      this.#openAction();
    }
    return this.#tokens;
  }

  #textBefore(open: number): void {
    this.#at = open;
    if (isTrimMarkerAfter(this.#input, open + 2)) {
      while (this.#at > this.#start && SPACES.includes(this.#input[this.#at - 1]!)) this.#at--;
    }
    if (this.#at > this.#start) this.#emit('text');
    this.#at = open;
    this.#skip();
  }

  #openAction(): void {
    const trims = isTrimMarkerAfter(this.#input, this.#at + 2);
    const inner = this.#at + 2 + (trims ? 2 : 0);
    if (this.#input.startsWith('/*', inner)) {
      this.#at = inner;
      this.#skip();
      this.#comment();
      return;
    }
    this.#at += 2;
    this.#emit('left-delim');
    this.#at = inner;
    this.#skip();
    this.#parens = 0;
    while (!this.#failed && !this.#insideAction());
  }

  #comment(): void {
    const close = this.#input.indexOf('*/', this.#at + 2);
    if (close < 0) {
      this.#fail('unclosed comment');
      return;
    }
    this.#at = close + 2;
    const delimiter = this.#rightDelimiter();
    if (delimiter === undefined) this.#fail('comment ends before closing delimiter');
    else this.#closeBehind(delimiter);
  }

  /** One token; true where it closed the action. */
  #insideAction(): boolean {
    const delimiter = this.#rightDelimiter();
    if (delimiter !== undefined) return this.#close(delimiter);
    const character = this.#peek();
    if (character === '') {
      this.#fail('unclosed action');
      return false;
    }
    if (SPACES.includes(character)) return this.#space();
    if (character === '.' && !/^[0-9]/.test(this.#input.slice(this.#at + 1, this.#at + 2))) {
      this.#at++;
      this.#word('field');
    } else if (/[0-9.+-]/.test(character)) this.#number();
    else if (ALPHANUMERIC.test(character)) this.#identifier();
    else this.#symbol(character);
    return false;
  }

  #symbol(character: string): void {
    this.#at += character.length;
    if (character === '$') this.#word('variable');
    else if (character === '"') this.#quoted('"', 'string', 'unterminated quoted string');
    else if (character === "'") this.#quoted("'", 'char-constant', 'unterminated character constant');
    else if (character === '`') this.#rawString();
    else if (character === ':') {
      if (this.#input[this.#at] !== '=') this.#fail('expected :=');
      else {
        this.#at++;
        this.#emit('declare');
      }
    } else if (character === '(') {
      this.#parens++;
      this.#emit('left-paren');
    } else if (character === ')') {
      if (--this.#parens < 0) this.#fail('unexpected right paren');
      else this.#emit('right-paren');
    } else if (PUNCTUATION[character] !== undefined) this.#emit(PUNCTUATION[character]);
    else if (/^[\x20-\x7e]$/.test(character)) this.#emit('char');
    else this.#fail(`unrecognized character in action: ${codePoint(character)}`);
  }

  #space(): boolean {
    while (this.#at < this.#input.length && SPACES.includes(this.#input[this.#at]!)) this.#at++;
    // The last space may belong to a closing ` -}}`.
    if (this.#input.startsWith('-}}', this.#at)) {
      this.#at--;
      if (this.#at === this.#start) return this.#close('trimming');
    }
    this.#emit('space');
    return false;
  }

  #close(delimiter: 'plain' | 'trimming'): boolean {
    if (this.#parens > 0) {
      this.#fail('unclosed left paren');
      return false;
    }
    if (delimiter === 'trimming') {
      this.#at += 2;
      this.#skip();
    }
    this.#at += 2;
    this.#emit('right-delim');
    if (delimiter === 'trimming') this.#trimAhead();
    return true;
  }

  #closeBehind(delimiter: 'plain' | 'trimming'): void {
    this.#at += delimiter === 'trimming' ? 4 : 2;
    if (delimiter === 'trimming') this.#trimAhead();
    else this.#skip();
  }

  #trimAhead(): void {
    while (this.#at < this.#input.length && SPACES.includes(this.#input[this.#at]!)) this.#at++;
    this.#skip();
  }

  #rightDelimiter(): 'plain' | 'trimming' | undefined {
    if (this.#input.startsWith('}}', this.#at)) return 'plain';
    const first = this.#input[this.#at];
    if (first !== undefined && SPACES.includes(first) && this.#input.startsWith('-}}', this.#at + 1)) return 'trimming';
    return undefined;
  }

  /** The rest of `.field` or `$variable`. */
  #word(kind: 'field' | 'variable'): void {
    const empty = this.#atTerminator();
    if (empty) {
      this.#emit(kind === 'field' ? 'dot' : 'variable');
      return;
    }
    this.#alphanumerics();
    if (!this.#atTerminator()) this.#fail(`bad character ${codePoint(this.#peek())}`);
    else this.#emit(kind);
  }

  #identifier(): void {
    this.#alphanumerics();
    if (!this.#atTerminator()) {
      this.#fail(`bad character ${codePoint(this.#peek())}`);
      return;
    }
    const word = this.#input.slice(this.#start, this.#at);
    const keyword = KEYWORDS.get(word);
    if (keyword !== undefined) this.#emit(keyword);
    else this.#emit(word === 'true' || word === 'false' ? 'bool' : 'identifier');
  }

  #alphanumerics(): void {
    for (let next = this.#peek(); next !== '' && ALPHANUMERIC.test(next); next = this.#peek()) this.#at += next.length;
  }

  #atTerminator(): boolean {
    const next = this.#peek();
    return next === '' || `${SPACES}.,|:)(`.includes(next) || this.#input.startsWith('}}', this.#at);
  }

  #quoted(mark: string, kind: TokenKind, unterminated: string): void {
    for (;;) {
      const next = this.#input[this.#at++];
      if (next === mark) break;
      const escaped = next === '\\' ? this.#input[this.#at++] : undefined;
      if (next === undefined || next === '\n' || (next === '\\' && (escaped === undefined || escaped === '\n'))) {
        this.#fail(unterminated);
        return;
      }
    }
    this.#emit(kind);
  }

  #rawString(): void {
    const close = this.#input.indexOf('`', this.#at);
    if (close < 0) {
      this.#fail('unterminated raw quoted string');
      return;
    }
    this.#at = close + 1;
    this.#emit('raw-string');
  }

  #number(): void {
    let valid = this.#scanNumber();
    const isComplex = valid && (this.#input[this.#at] === '+' || this.#input[this.#at] === '-');
    if (isComplex) valid = this.#scanNumber() && this.#input[this.#at - 1] === 'i';
    if (!valid) this.#fail(`bad number syntax: ${quote(this.#input.slice(this.#start, this.#at))}`);
    else this.#emit(isComplex ? 'complex' : 'number');
  }

  #scanNumber(): boolean {
    const number =
      /[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?/y;
    number.lastIndex = this.#at;
    this.#at += number.exec(this.#input)![0].length;
    const next = this.#peek();
    if (next === '' || !ALPHANUMERIC.test(next)) return true;
    this.#at += next.length;
    return false;
  }

  #peek(): string {
    const code = this.#input.codePointAt(this.#at);
    return code === undefined ? '' : String.fromCodePoint(code);
  }

  #emit(kind: TokenKind): void {
    const text = kind === 'eof' ? 'EOF' : this.#input.slice(this.#start, this.#at);
    this.#tokens.push({ kind, position: this.#start, text, line: this.#line });
    this.#skip();
  }

  /** Leaves out what was read since the last token. */
  #skip(): void {
    for (let i = this.#start; i < this.#at; i++) if (this.#input[i] === '\n') this.#line++;
    this.#start = this.#at;
  }

  #fail(message: string): void {
    this.#tokens.push({ kind: 'error', position: this.#start, text: message, line: this.#line });
    this.#failed = true;
  }
}

function isTrimMarkerAfter(input: string, at: number): boolean {
  const space = input[at + 1];
  return input[at] === '-' && space !== undefined && SPACES.includes(space);
}

/** Go's `%#U`: `U+0023 '#'`. */
function codePoint(character: string): string {
  return sprintf('%#U', [BigInt(character.codePointAt(0) ?? -1)]);
}
