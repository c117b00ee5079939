/** Reads a Go template into trees: the body, and one for each `define` and `block` in it, with Go's messages. One file because the productions of the grammar call each other. */
import { quote } from '../labels/labels.ts';
import { TemplateError } from './error.ts';
import { describeToken, lex, type Token, type TokenKind } from './lexer.ts';
import { characterConstant, parseNumber, unquote } from './literal.ts';
import {
  type BranchNode,
  type CommandNode,
  isEmptyList,
  type ListNode,
  type NumberNode,
  type Operand,
  type PipeNode,
  type Source,
  type Statement,
  type Tree,
  type VariableNode,
  writeNode,
} from './nodes.ts';

/**
 * Parses `text`. The result has the template itself under `name`, and those it defines under theirs.
 * Throws TemplateError (`template: name:line: …`).
 */
export function parseTemplate(name: string, text: string, isFunction: (name: string) => boolean): Map<string, Tree> {
  return new Parser({ name, text }, isFunction).parse();
}

/** What ends a list of statements. */
type ListEnd = { readonly kind: 'end' } | { readonly kind: 'else'; readonly position: number };

/** Blocks or parentheses nested deeper than this are refused: Go stops at 10000, the JavaScript stack before. */
const DEEPEST = 1000;

class Parser {
  readonly #source: Source;
  readonly #isFunction: (name: string) => boolean;
  readonly #tokens: readonly Token[];
  readonly #trees = new Map<string, Tree>();
  #at = 0;
  /** The farthest token looked at: its line is what Go names in an error. */
  #farthest = 0;
  #variables: string[] = ['$'];
  #rangeDepth = 0;
  #parenDepth = 0;
  #blockDepth = 0;
  /** Line of the `{{` of the action being read; 0 outside. */
  #actionLine = 0;

  constructor(source: Source, isFunction: (name: string) => boolean) {
    this.#source = source;
    this.#isFunction = isFunction;
    this.#tokens = lex(source.text);
  }

  parse(): Map<string, Tree> {
    const nodes: Statement[] = [];
    const start = this.#peek().position;
    while (this.#peek().kind !== 'eof') {
      if (this.#peek().kind === 'left-delim') {
        const before = this.#at;
        this.#next();
        if (this.#nextNonSpace().kind === 'define') {
          this.#definition();
          continue;
        }
        this.#at = before;
      }
      const node = this.#textOrAction();
      if (node.kind === 'end' || node.kind === 'else') this.#fail(`unexpected {{${node.kind}}}`);
      nodes.push(node);
    }
    this.#add(this.#source.name, { kind: 'list', source: this.#source, position: start, nodes });
    return this.#trees;
  }

  #definition(): void {
    const token = this.#nextNonSpace();
    if (token.kind !== 'string' && token.kind !== 'raw-string') this.#unexpected(token, 'define clause');
    const name = this.#unquoted(token);
    this.#expect('right-delim', 'define clause');
    const outer = this.#enterTemplate();
    const { list, end } = this.#itemList();
    if (end.kind !== 'end') this.#fail(`unexpected {{else}} in define clause`);
    this.#add(name, list);
    this.#leaveTemplate(outer);
  }

  #enterTemplate(): { readonly variables: string[]; readonly rangeDepth: number } {
    const outer = { variables: this.#variables, rangeDepth: this.#rangeDepth };
    this.#variables = ['$'];
    this.#rangeDepth = 0;
    return outer;
  }

  #leaveTemplate(outer: { readonly variables: string[]; readonly rangeDepth: number }): void {
    this.#variables = outer.variables;
    this.#rangeDepth = outer.rangeDepth;
  }

  #add(name: string, root: ListNode): void {
    const before = this.#trees.get(name);
    if (before === undefined || isEmptyList(before.root)) this.#trees.set(name, { name, root });
    else if (!isEmptyList(root)) this.#fail(`template: multiple definition of template ${quote(name)}`);
  }

  #itemList(): { readonly list: ListNode; readonly end: ListEnd } {
    if (++this.#blockDepth > DEEPEST) this.#fail('max expression depth exceeded');
    const nodes: Statement[] = [];
    const position = this.#peekNonSpace().position;
    while (this.#peekNonSpace().kind !== 'eof') {
      const node = this.#textOrAction();
      if (node.kind === 'end' || node.kind === 'else') {
        this.#blockDepth--;
        return { list: { kind: 'list', source: this.#source, position, nodes }, end: node };
      }
      nodes.push(node);
    }
    this.#fail('unexpected EOF');
  }

  #textOrAction(): Statement | ListEnd {
    const token = this.#nextNonSpace();
    if (token.kind === 'text') {
      return { kind: 'text', source: this.#source, position: token.position, text: token.text };
    }
    if (token.kind !== 'left-delim') this.#unexpected(token, 'input');
    this.#actionLine = token.line;
    const node = this.#action();
    this.#actionLine = 0;
    return node;
  }

  #action(): Statement | ListEnd {
    const before = this.#at;
    const token = this.#nextNonSpace();
    switch (token.kind) {
      case 'block':
        return this.#block();
      case 'break':
      case 'continue': {
        const close = this.#nextNonSpace();
        if (close.kind !== 'right-delim') this.#unexpected(close, `{{${token.kind}}}`);
        if (this.#rangeDepth === 0) this.#fail(`{{${token.kind}}} outside {{range}}`);
        return { kind: token.kind, source: this.#source, position: token.position };
      }
      case 'else':
        return this.#else();
      case 'end':
        this.#expect('right-delim', 'end');
        return { kind: 'end' };
      case 'if':
      case 'range':
      case 'with':
        return this.#branch(token.kind);
      case 'template':
        return this.#template();
    }
    this.#at = before;
    const position = this.#peek().position;
    const pipe = this.#pipeline('command', 'right-delim');
    return { kind: 'action', source: this.#source, position, pipe };
  }

  #else(): ListEnd {
    const ahead = this.#peekNonSpace();
    if (ahead.kind === 'if' || ahead.kind === 'with') return { kind: 'else', position: ahead.position };
    return { kind: 'else', position: this.#expect('right-delim', 'else').position };
  }

  #branch(kind: BranchNode['kind']): BranchNode {
    const known = this.#variables.length;
    const pipe = this.#pipeline(kind, 'right-delim');
    if (kind === 'range') this.#rangeDepth++;
    const { list: body, end } = this.#itemList();
    if (kind === 'range') this.#rangeDepth--;
    const otherwise = end.kind === 'else' ? this.#otherwise(kind, end.position) : undefined;
    this.#variables.length = known;
    return { kind, source: this.#source, position: pipe.position, pipe, body, otherwise };
  }

  #otherwise(kind: BranchNode['kind'], position: number): ListNode {
    if (kind !== 'range' && this.#peek().kind === kind) {
      this.#next();
      if (++this.#blockDepth > DEEPEST) this.#fail('max expression depth exceeded');
      const nested = this.#branch(kind);
      this.#blockDepth--;
      return { kind: 'list', source: this.#source, position, nodes: [nested] };
    }
    const { list, end } = this.#itemList();
    if (end.kind !== 'end') this.#fail('expected end; found {{else}}');
    return list;
  }

  #block(): Statement {
    const token = this.#nextNonSpace();
    const name = this.#templateName(token, 'block clause');
    const pipe = this.#pipeline('block clause', 'right-delim');
    const outer = this.#enterTemplate();
    const { list, end } = this.#itemList();
    if (end.kind !== 'end') this.#fail('unexpected {{else}} in block clause');
    this.#add(name, list);
    this.#leaveTemplate(outer);
    return { kind: 'template', source: this.#source, position: token.position, name, pipe };
  }

  #template(): Statement {
    const token = this.#nextNonSpace();
    const name = this.#templateName(token, 'template clause');
    const before = this.#at;
    let pipe: PipeNode | undefined;
    if (this.#nextNonSpace().kind !== 'right-delim') {
      this.#at = before;
      pipe = this.#pipeline('template clause', 'right-delim');
    }
    return { kind: 'template', source: this.#source, position: token.position, name, pipe };
  }

  #templateName(token: Token, context: string): string {
    if (token.kind !== 'string' && token.kind !== 'raw-string') this.#unexpected(token, context);
    return this.#unquoted(token);
  }

  #pipeline(context: string, end: TokenKind): PipeNode {
    const position = this.#peekNonSpace().position;
    const { declares, assigns } = this.#declarations(context);
    const commands: CommandNode[] = [];
    for (;;) {
      const before = this.#at;
      const token = this.#nextNonSpace();
      if (token.kind === end) break;
      if (!OPERAND_STARTS.has(token.kind)) this.#unexpected(token, context);
      this.#at = before;
      commands.push(this.#command());
    }
    if (commands.length === 0) this.#fail(`missing value for ${context}`);
    for (const [index, command] of commands.entries()) {
      if (index > 0 && NOT_EXECUTABLE.has(command.args[0]!.kind))
        this.#fail(`non executable command in pipeline stage ${index + 1}`);
    }
    return { kind: 'pipe', source: this.#source, position, declares, assigns, commands };
  }

  /** `$x :=`, `$x =`, and in a range `$i, $x :=`. */
  #declarations(context: string): { readonly declares: VariableNode[]; readonly assigns: boolean } {
    const declares: VariableNode[] = [];
    for (;;) {
      const before = this.#at;
      const token = this.#nextNonSpace();
      const next = token.kind === 'variable' ? this.#peekNonSpace() : undefined;
      const separates = next?.kind === 'char' && next.text === ',';
      if (next === undefined || !(next.kind === 'assign' || next.kind === 'declare' || separates)) {
        this.#at = before;
        return { declares, assigns: false };
      }
      this.#nextNonSpace();
      declares.push({ kind: 'variable', source: this.#source, position: token.position, names: [token.text] });
      this.#variables.push(token.text);
      if (!separates) return { declares, assigns: next.kind === 'assign' };
      if (context !== 'range' || declares.length >= 2) this.#fail(`too many declarations in ${context}`);
      if (!['variable', 'right-delim', 'right-paren'].includes(this.#peekNonSpace().kind))
        this.#fail('range can only initialize variables');
    }
  }

  #command(): CommandNode {
    const position = this.#peekNonSpace().position;
    const args: Operand[] = [];
    for (;;) {
      this.#peekNonSpace();
      const operand = this.#operand();
      if (operand !== undefined) args.push(operand);
      const before = this.#at;
      const token = this.#next();
      if (token.kind === 'space') continue;
      if (token.kind === 'right-delim' || token.kind === 'right-paren') this.#at = before;
      else if (token.kind !== 'pipe') this.#unexpected(token, 'operand');
      break;
    }
    if (args.length === 0) this.#fail('empty command');
    return { kind: 'command', source: this.#source, position, args };
  }

  #operand(): Operand | undefined {
    const term = this.#term();
    if (term === undefined || this.#peek().kind !== 'field') return term;
    const position = this.#peek().position;
    const names: string[] = [];
    while (this.#peek().kind === 'field') names.push(this.#next().text.slice(1));
    switch (term.kind) {
      case 'field':
      case 'variable':
        return { ...term, position, names: [...term.names, ...names] };
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        return this.#fail(`unexpected . after term ${quote(writeNode(term))}`);
      default:
        return { kind: 'chain', source: this.#source, position, node: term, names };
    }
  }

  #term(): Operand | undefined {
    const before = this.#at;
    const token = this.#nextNonSpace();
    const place = { source: this.#source, position: token.position };
    switch (token.kind) {
      case 'identifier':
        if (!this.#isFunction(token.text)) this.#fail(`function ${quote(token.text)} not defined`);
        return { kind: 'identifier', ...place, name: token.text };
      case 'dot':
      case 'nil':
        return { kind: token.kind, ...place };
      case 'variable':
        if (!this.#variables.includes(token.text)) this.#fail(`undefined variable ${quote(token.text)}`);
        return { kind: 'variable', ...place, names: [token.text] };
      case 'field':
        return { kind: 'field', ...place, names: [token.text.slice(1)] };
      case 'bool':
        return { kind: 'bool', ...place, value: token.text === 'true' };
      case 'char-constant':
      case 'complex':
      case 'number':
        return this.#number(token);
      case 'left-paren': {
        if (this.#parenDepth >= DEEPEST) this.#fail('max expression depth exceeded');
        this.#parenDepth++;
        const pipe = this.#pipeline('parenthesized pipeline', 'right-paren');
        this.#parenDepth--;
        return pipe;
      }
      case 'string':
      case 'raw-string':
        return { kind: 'string', ...place, written: token.text, value: this.#unquoted(token) };
    }
    this.#at = before;
    return undefined;
  }

  #number(token: Token): NumberNode {
    const place = { kind: 'number', source: this.#source, position: token.position, text: token.text } as const;
    if (token.kind === 'char-constant') {
      const value = characterConstant(token.text);
      if (typeof value === 'string') this.#fail(value);
      return { ...place, int: value, uint: undefined, float: Number(value) };
    }
    // Complex numbers have no use in any function here; only Go's own type system could hold them.
    if (token.kind === 'complex' || token.text.endsWith('i'))
      this.#fail(`complex constant ${token.text} not supported`);
    const number = parseNumber(token.text);
    if (typeof number === 'string') this.#fail(number);
    return { ...place, ...number };
  }

  #unquoted(token: Token): string {
    return unquote(token.text) ?? this.#fail('invalid syntax');
  }

  #peek(): Token {
    const token = this.#tokens[Math.min(this.#at, this.#tokens.length - 1)]!;
    this.#farthest = Math.max(this.#farthest, this.#at);
    return token;
  }

  #next(): Token {
    const token = this.#peek();
    this.#at++;
    return token;
  }

  #nextNonSpace(): Token {
    let token = this.#next();
    while (token.kind === 'space') token = this.#next();
    return token;
  }

  #peekNonSpace(): Token {
    while (this.#peek().kind === 'space') this.#at++;
    return this.#peek();
  }

  #expect(kind: TokenKind, context: string): Token {
    const token = this.#nextNonSpace();
    if (token.kind !== kind) this.#unexpected(token, context);
    return token;
  }

  #unexpected(token: Token, context: string): never {
    if (token.kind !== 'error') return this.#fail(`unexpected ${describeToken(token)} in ${context}`);
    let extra = '';
    if (this.#actionLine !== 0 && this.#actionLine !== token.line) {
      const begun = `started at ${this.#source.name}:${this.#actionLine}`;
      extra = token.text.endsWith(' action') ? ` ${begun}` : ` in action ${begun}`;
    }
    return this.#fail(`${token.text}${extra}`);
  }

  #fail(message: string): never {
    const line = this.#tokens[Math.min(this.#farthest, this.#tokens.length - 1)]!.line;
    throw new TemplateError(`template: ${this.#source.name}:${line}: ${message}`, line);
  }
}

const OPERAND_STARTS = new Set<TokenKind>([
  'bool',
  'char-constant',
  'complex',
  'dot',
  'field',
  'identifier',
  'number',
  'nil',
  'raw-string',
  'string',
  'variable',
  'left-paren',
]);

const NOT_EXECUTABLE = new Set(['bool', 'dot', 'nil', 'number', 'string']);
