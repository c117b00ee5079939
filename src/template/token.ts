/** The tokens of a Go template, and how Go's messages name them. */
import { quote } from '../labels/labels.ts';

export type TokenKind =
  | 'error'
  | 'bool'
  | 'char'
  | 'char-constant'
  | 'complex'
  | 'assign'
  | 'declare'
  | 'eof'
  | 'field'
  | 'identifier'
  | 'left-delim'
  | 'left-paren'
  | 'number'
  | 'pipe'
  | 'raw-string'
  | 'right-delim'
  | 'right-paren'
  | 'space'
  | 'string'
  | 'text'
  | 'variable'
  | Keyword;

type Keyword =
  | 'block'
  | 'break'
  | 'continue'
  | 'dot'
  | 'define'
  | 'else'
  | 'end'
  | 'if'
  | 'nil'
  | 'range'
  | 'template'
  | 'with';

export interface Token {
  readonly kind: TokenKind;
  /** Offset of the first UTF-16 unit. */
  readonly position: number;
  readonly text: string;
  /** Line on which the token starts, from 1. */
  readonly line: number;
}

export const KEYWORDS = new Map<string, Keyword>([
  ['.', 'dot'],
  ['block', 'block'],
  ['break', 'break'],
  ['continue', 'continue'],
  ['define', 'define'],
  ['else', 'else'],
  ['end', 'end'],
  ['if', 'if'],
  ['nil', 'nil'],
  ['range', 'range'],
  ['template', 'template'],
  ['with', 'with'],
]);

/** As Go's messages name a token. */
export function describeToken(token: Token): string {
  if (token.kind === 'eof') return 'EOF';
  if (token.kind === 'error') return token.text;
  if (KEYWORDS.has(token.text) && token.kind !== 'identifier') return `<${token.text}>`;
  const characters = [...token.text];
  return characters.length > 10 ? `${quote(characters.slice(0, 10).join(''))}...` : quote(token.text);
}
