/** Reads what stands inside of `{{ }}`: pipelines, their commands, and the operands of those. One file because a pipeline in parentheses is an operand. */
import { quote } from '../labels/labels.ts';
import { characterConstant, parseNumber, unquote } from './literal.ts';
import {
  type CommandNode,
  type NumberNode,
  type Operand,
  type PipeNode,
  type VariableNode,
  writeNode,
} from './nodes.ts';
import type { Token, TokenKind } from './token.ts';
import type { TokenCursor } from './token-cursor.ts';

/** Blocks or parentheses nested deeper than this are refused: Go stops at 10000, the JavaScript stack before. */
export const DEEPEST = 1000;

export class PipelineParser {
  readonly #tokens: TokenCursor;
  readonly #isFunction: (name: string) => boolean;
  /** Names of the variables that are known where the cursor stands; blocks take back what was declared inside of them. */
  variables: string[] = ['$'];
  #parenDepth = 0;

  constructor(tokens: TokenCursor, isFunction: (name: string) => boolean) {
    this.#tokens = tokens;
    this.#isFunction = isFunction;
  }

  /** Up to and with the token that ends it. `context` names in messages what the pipeline belongs to. */
  pipeline(context: string, end: TokenKind): PipeNode {
    const position = this.#tokens.peekNonSpace().position;
    const { declares, assigns } = this.#declarations(context);
    const commands: CommandNode[] = [];
    for (;;) {
      const before = this.#tokens.at;
      const token = this.#tokens.nextNonSpace();
      if (token.kind === end) break;
      if (!OPERAND_STARTS.has(token.kind)) this.#tokens.unexpected(token, context);
      this.#tokens.at = before;
      commands.push(this.#command());
    }
    if (commands.length === 0) this.#tokens.fail(`missing value for ${context}`);
    for (const [index, command] of commands.entries()) {
      if (index > 0 && NOT_EXECUTABLE.has(command.args[0]!.kind))
        this.#tokens.fail(`non executable command in pipeline stage ${index + 1}`);
    }
    return { kind: 'pipe', source: this.#tokens.source, position, declares, assigns, commands };
  }

  /** `$x :=`, `$x =`, and in a range `$i, $x :=`. */
  #declarations(context: string): { readonly declares: VariableNode[]; readonly assigns: boolean } {
    const declares: VariableNode[] = [];
    for (;;) {
      const before = this.#tokens.at;
      const token = this.#tokens.nextNonSpace();
      const next = token.kind === 'variable' ? this.#tokens.peekNonSpace() : undefined;
      const separates = next?.kind === 'char' && next.text === ',';
      if (next === undefined || !(next.kind === 'assign' || next.kind === 'declare' || separates)) {
        this.#tokens.at = before;
        return { declares, assigns: false };
      }
      this.#tokens.nextNonSpace();
      declares.push({ kind: 'variable', source: this.#tokens.source, position: token.position, names: [token.text] });
      this.variables.push(token.text);
      if (!separates) return { declares, assigns: next.kind === 'assign' };
      if (context !== 'range' || declares.length >= 2) this.#tokens.fail(`too many declarations in ${context}`);
      if (!['variable', 'right-delim', 'right-paren'].includes(this.#tokens.peekNonSpace().kind))
        this.#tokens.fail('range can only initialize variables');
    }
  }

  #command(): CommandNode {
    const position = this.#tokens.peekNonSpace().position;
    const args: Operand[] = [];
    for (;;) {
      this.#tokens.peekNonSpace();
      const operand = this.#operand();
      if (operand !== undefined) args.push(operand);
      const before = this.#tokens.at;
      const token = this.#tokens.next();
      if (token.kind === 'space') continue;
      if (token.kind === 'right-delim' || token.kind === 'right-paren') this.#tokens.at = before;
      else if (token.kind !== 'pipe') this.#tokens.unexpected(token, 'operand');
      break;
    }
    if (args.length === 0) this.#tokens.fail('empty command');
    return { kind: 'command', source: this.#tokens.source, position, args };
  }

  #operand(): Operand | undefined {
    const term = this.#term();
    if (term === undefined || this.#tokens.peek().kind !== 'field') return term;
    const position = this.#tokens.peek().position;
    const names: string[] = [];
    while (this.#tokens.peek().kind === 'field') names.push(this.#tokens.next().text.slice(1));
    switch (term.kind) {
      case 'field':
      case 'variable':
        return { ...term, position, names: [...term.names, ...names] };
      case 'bool':
      case 'string':
      case 'number':
      case 'nil':
      case 'dot':
        return this.#tokens.fail(`unexpected . after term ${quote(writeNode(term))}`);
      default:
        return { kind: 'chain', source: this.#tokens.source, position, node: term, names };
    }
  }

  #term(): Operand | undefined {
    const before = this.#tokens.at;
    const token = this.#tokens.nextNonSpace();
    const place = { source: this.#tokens.source, position: token.position };
    switch (token.kind) {
      case 'identifier':
        if (!this.#isFunction(token.text)) this.#tokens.fail(`function ${quote(token.text)} not defined`);
        return { kind: 'identifier', ...place, name: token.text };
      case 'dot':
      case 'nil':
        return { kind: token.kind, ...place };
      case 'variable':
        if (!this.variables.includes(token.text)) this.#tokens.fail(`undefined variable ${quote(token.text)}`);
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
        if (this.#parenDepth >= DEEPEST) this.#tokens.fail('max expression depth exceeded');
        this.#parenDepth++;
        const pipe = this.pipeline('parenthesized pipeline', 'right-paren');
        this.#parenDepth--;
        return pipe;
      }
      case 'string':
      case 'raw-string':
        return { kind: 'string', ...place, written: token.text, value: this.unquoted(token) };
    }
    this.#tokens.at = before;
    return undefined;
  }

  #number(token: Token): NumberNode {
    const place = { kind: 'number', source: this.#tokens.source, position: token.position, text: token.text } as const;
    if (token.kind === 'char-constant') {
      const value = characterConstant(token.text);
      if (typeof value === 'string') this.#tokens.fail(value);
      return { ...place, int: value, uint: undefined, float: Number(value) };
    }
    // Complex numbers have no use in any function here; only Go's own type system could hold them.
    if (token.kind === 'complex' || token.text.endsWith('i'))
      this.#tokens.fail(`complex constant ${token.text} not supported`);
    const number = parseNumber(token.text);
    if (typeof number === 'string') this.#tokens.fail(number);
    return { ...place, ...number };
  }

  /** The text that a `string` or `raw-string` token stands for. */
  unquoted(token: Token): string {
    return unquote(token.text) ?? this.#tokens.fail('invalid syntax');
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
