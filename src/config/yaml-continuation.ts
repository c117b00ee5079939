/**
 * Inside brackets and quotes go-yaml does not look at how far a line is indented, and allows tabs there; the YAML library asks for the
 * indentation that the standard wants. This gives a text the indentation that is missing, and the way from its offsets back to the original's.
 */
import { CST, Lexer } from 'yaml';

export interface IndentedText {
  readonly text: string;
  /** The offset in the original text of an offset in `text`. */
  original(offset: number): number;
}

export function indentContinuations(text: string): IndentedText {
  let current = text;
  const insertions: { readonly at: number; readonly length: number }[] = [];
  // Each round mends the first bracket or quote that needs it: what comes after can only be told apart once it is whole.
  for (let from = 0; from < current.length; ) {
    const opening = nextOpening(current, from);
    if (opening === undefined) break;
    const end = endOf(current, opening);
    const column = opening - (current.lastIndexOf('\n', opening - 1) + 1) + 1;
    let whole = current.slice(opening, end);
    for (let line = whole.indexOf('\n') + 1; line > 0; line = whole.indexOf('\n', line) + 1) {
      const missing = column - /^ */.exec(whole.slice(line))![0].length;
      if (missing <= 0 || /^(---|\.\.\.)(\s|$)/.test(whole.slice(line))) continue;
      whole = `${whole.slice(0, line)}${' '.repeat(missing)}${whole.slice(line)}`;
      insertions.push({ at: opening + line, length: missing });
    }
    current = `${current.slice(0, opening)}${whole}${current.slice(end)}`;
    from = opening + whole.length;
  }
  return { text: current, original: (offset) => backBefore(insertions, offset) };
}

/** Insertions come in ascending order of their offsets in the new text. */
function backBefore(insertions: readonly { readonly at: number; readonly length: number }[], offset: number): number {
  let inserted = 0;
  for (const { at, length } of insertions) {
    if (at >= offset) break;
    inserted += Math.min(length, offset - at);
  }
  return offset - inserted;
}

/** Where the first bracket or quote at or after `from` begins. */
function nextOpening(text: string, from: number): number | undefined {
  let offset = 0;
  for (const lexeme of new Lexer().lex(text)) {
    const type = CST.tokenType(lexeme);
    const opens =
      type === 'flow-map-start' ||
      type === 'flow-seq-start' ||
      type === 'double-quoted-scalar' ||
      type === 'single-quoted-scalar';
    if (opens && offset >= from) return offset;
    if (!isMark(type)) offset += lexeme.length;
  }
  return undefined;
}

/** The lexer's own signs, which are not in the text. */
export function isMark(type: CST.TokenType | null): boolean {
  return type === 'doc-mode' || type === 'flow-error-end' || type === 'scalar' || type === 'byte-order-mark';
}

/** The offset after the closing bracket or quote; of the text's end where it is missing. */
function endOf(text: string, opening: number): number {
  let depth = 0;
  let inPlain = false;
  for (let at = opening; at < text.length; at++) {
    const character = text[at]!;
    if ((character === '"' || character === "'") && !inPlain) {
      at = quoteEnd(text, at);
      if (depth === 0) return at + 1;
    } else if (character === '#' && /[\s[{,]/.test(text[at - 1] ?? '')) {
      const line = text.indexOf('\n', at);
      if (line < 0) return text.length;
      at = line - 1;
    } else if (/[[{]/.test(character)) {
      depth++;
      inPlain = false;
    } else if (/[\]}]/.test(character)) {
      depth--;
      inPlain = false;
      if (depth === 0) return at + 1;
    } else if (character === ',' || (character === ':' && /[\s[\]{},]/.test(text[at + 1] ?? ' '))) inPlain = false;
    else if (!/\s/.test(character)) inPlain = true;
  }
  return text.length;
}

/** The offset of the closing quote. */
function quoteEnd(text: string, opening: number): number {
  const quote = text[opening]!;
  for (let at = opening + 1; at < text.length; at++) {
    if (quote === '"' && text[at] === '\\') at++;
    else if (text[at] === quote) {
      if (quote === '"' || text[at + 1] !== quote) return at;
      at++;
    }
  }
  return text.length;
}
