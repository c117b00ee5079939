/** What go-yaml's scanner refuses and the YAML library lets through: YAML versions, tabs before a line's text, names of anchors, some escapes. */
import { CST, Lexer } from 'yaml';
import { isMark } from './yaml-continuation.ts';

export interface ScannerFault {
  /** In UTF-16 units. */
  readonly offset: number;
  readonly message: string;
}

const TAB = 'found a tab character that violates indentation: replace the tab by spaces';

/** The first such fault in a text that the library can read. Only the first document counts. */
export function scannerFault(text: string): ScannerFault | undefined {
  let offset = 0;
  let depth = 0;
  let atLineStart = true;
  // The lexer says before the text of a plain or block scalar that it comes.
  let isScalar = false;
  // A line after a plain scalar may go on with it: tabs right of the collection that it is in are let through.
  let afterPlain = false;
  // Behind a dash a collection may begin, as at the beginning of a line.
  let afterDash = false;
  let indentation = 0;
  let scalarColumn = 0;
  // A line may begin with the colon of a key that a question mark led in.
  let hasKey = false;
  let documents = 0;
  for (const lexeme of new Lexer().lex(text)) {
    const type: CST.TokenType | null = isScalar ? null : CST.tokenType(lexeme);
    if (type !== null && isMark(type)) {
      isScalar = type === 'scalar';
      continue;
    }
    if (type === 'doc-start' && ++documents > 1) return undefined;
    const fault = type === null ? plainFault(lexeme, depth) : faultOf(lexeme, type);
    if (fault) return { offset: offset + fault.offset, message: fault.message };
    if (type === 'explicit-key-ind') hasKey = true;
    if (type === 'map-value-ind' && depth === 0) {
      if (atLineStart && !hasKey) return { offset, message: 'did not find expected key: write one before the colon' };
      hasKey = false;
    }
    const column = offset - (text.lastIndexOf('\n', offset - 1) + 1);
    const tab = type === 'space' && (atLineStart || afterDash) && depth === 0 ? lexeme.indexOf('\t') : -1;
    if (tab >= 0 && (!afterPlain || column + tab <= indentation)) return { offset: offset + tab, message: TAB };
    if (type === null || type === 'double-quoted-scalar' || type === 'single-quoted-scalar') scalarColumn = column;
    if (type === 'seq-item-ind' && depth === 0) indentation = column;
    afterDash = type === 'seq-item-ind' || type === 'explicit-key-ind';
    if (type === 'map-value-ind' && depth === 0) indentation = scalarColumn;
    if (type === 'flow-map-start' || type === 'flow-seq-start') depth++;
    if (type === 'flow-map-end' || type === 'flow-seq-end') depth--;
    if (type !== 'space' && type !== 'newline') afterPlain = type === null && !lexeme.endsWith('\n');
    if (type !== 'space') atLineStart = lexeme.endsWith('\n');
    isScalar = false;
    offset += lexeme.length;
  }
  return undefined;
}

function plainFault(lexeme: string, depth: number): ScannerFault | undefined {
  if (depth > 0 && lexeme.startsWith(':')) {
    return {
      offset: 0,
      message: 'did not find expected node content: quote a value in brackets that begins with a colon',
    };
  }
  const offset = depth > 0 ? lexeme.indexOf('?') : -1;
  return offset < 0
    ? undefined
    : { offset, message: "did not find expected ',' or '}': quote a value in brackets that holds a question mark" };
}

function faultOf(lexeme: string, type: CST.TokenType): ScannerFault | undefined {
  if (type === 'directive-line') return directiveFault(lexeme);
  if ((type === 'anchor' || type === 'alias') && !/^[&*][\w-]+$/.test(lexeme)) {
    const message = 'did not find expected alphabetic or numeric character: name the anchor with letters and digits';
    return { offset: 0, message: lexeme.endsWith(':') ? 'mapping values are not allowed in this context' : message };
  }
  return type === 'double-quoted-scalar' ? escapeFault(lexeme) : undefined;
}

function directiveFault(line: string): ScannerFault | undefined {
  const [, name, version] = /^%(\S*)\s*(\S*)/.exec(line) ?? [];
  if (name === 'YAML') {
    return version === '1.1'
      ? undefined
      : { offset: 0, message: `found incompatible YAML document: write %YAML 1.1, or leave the line out` };
  }
  return name === 'TAG' ? undefined : { offset: 0, message: 'found unknown directive name: leave the line out' };
}

function escapeFault(quoted: string): ScannerFault | undefined {
  for (const match of quoted.matchAll(/\\(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)/gs)) {
    const [, escaped = ''] = match;
    if (escaped === '/')
      return { offset: match.index, message: 'found unknown escape character: write / without a backslash' };
    const code = /^[uU]./.test(escaped) ? Number.parseInt(escaped.slice(1), 16) : 0;
    if ((code < 0xd800 || code > 0xdfff) && code <= 0x10_ffff) continue;
    return { offset: match.index, message: 'found invalid Unicode character escape code: write the character itself' };
  }
  return undefined;
}

/** The quote or bracket before `end` that nothing closes. */
export function lastOpening(text: string, end: number): number | undefined {
  const open: number[] = [];
  let offset = 0;
  for (const lexeme of new Lexer().lex(text)) {
    const type = CST.tokenType(lexeme);
    if (type !== null && isMark(type)) continue;
    if (offset >= end) break;
    if (type === 'flow-map-start' || type === 'flow-seq-start') open.push(offset);
    if (type === 'flow-map-end' || type === 'flow-seq-end') open.pop();
    const quoted = type === 'double-quoted-scalar' || type === 'single-quoted-scalar';
    if (quoted && (lexeme.length === 1 || !lexeme.endsWith(lexeme[0]!))) return offset;
    offset += lexeme.length;
  }
  return open.at(-1);
}
