/** Reads a Go template into trees: the body, and one for each `define` and `block` in it, with Go's messages. */
import { quote } from '../labels/labels.ts';
import {
  type BranchNode,
  isEmptyList,
  type ListNode,
  type PipeNode,
  type Source,
  type Statement,
  type Tree,
} from './nodes.ts';
import { DEEPEST, PipelineParser } from './pipeline-parser.ts';
import type { Token } from './token.ts';
import { TokenCursor } from './token-cursor.ts';

/**
 * Parses `text`. The result has the template itself under `name`, and those it defines under theirs.
 * Throws TemplateError (`template: name:line: …`).
 */
export function parseTemplate(name: string, text: string, isFunction: (name: string) => boolean): Map<string, Tree> {
  return new Parser({ name, text }, isFunction).parse();
}

/** What ends a list of statements. */
type ListEnd = { readonly kind: 'end' } | { readonly kind: 'else'; readonly position: number };

class Parser {
  readonly #tokens: TokenCursor;
  readonly #pipelines: PipelineParser;
  readonly #trees = new Map<string, Tree>();
  #rangeDepth = 0;
  #blockDepth = 0;

  constructor(source: Source, isFunction: (name: string) => boolean) {
    this.#tokens = new TokenCursor(source);
    this.#pipelines = new PipelineParser(this.#tokens, isFunction);
  }

  parse(): Map<string, Tree> {
    const nodes: Statement[] = [];
    const start = this.#tokens.peek().position;
    while (this.#tokens.peek().kind !== 'eof') {
      if (this.#tokens.peek().kind === 'left-delim') {
        const before = this.#tokens.at;
        this.#tokens.next();
        if (this.#tokens.nextNonSpace().kind === 'define') {
          this.#definition();
          continue;
        }
        this.#tokens.at = before;
      }
      const node = this.#textOrAction();
      if (node.kind === 'end' || node.kind === 'else') this.#tokens.fail(`unexpected {{${node.kind}}}`);
      nodes.push(node);
    }
    this.#add(this.#tokens.source.name, { kind: 'list', source: this.#tokens.source, position: start, nodes });
    return this.#trees;
  }

  #definition(): void {
    const token = this.#tokens.nextNonSpace();
    if (token.kind !== 'string' && token.kind !== 'raw-string') this.#tokens.unexpected(token, 'define clause');
    const name = this.#pipelines.unquoted(token);
    this.#tokens.expect('right-delim', 'define clause');
    const outer = this.#enterTemplate();
    const { list, end } = this.#itemList();
    if (end.kind !== 'end') this.#tokens.fail(`unexpected {{else}} in define clause`);
    this.#add(name, list);
    this.#leaveTemplate(outer);
  }

  #enterTemplate(): { readonly variables: string[]; readonly rangeDepth: number } {
    const outer = { variables: this.#pipelines.variables, rangeDepth: this.#rangeDepth };
    this.#pipelines.variables = ['$'];
    this.#rangeDepth = 0;
    return outer;
  }

  #leaveTemplate(outer: { readonly variables: string[]; readonly rangeDepth: number }): void {
    this.#pipelines.variables = outer.variables;
    this.#rangeDepth = outer.rangeDepth;
  }

  #add(name: string, root: ListNode): void {
    const before = this.#trees.get(name);
    if (before === undefined || isEmptyList(before.root)) this.#trees.set(name, { name, root });
    else if (!isEmptyList(root)) this.#tokens.fail(`template: multiple definition of template ${quote(name)}`);
  }

  #itemList(): { readonly list: ListNode; readonly end: ListEnd } {
    if (++this.#blockDepth > DEEPEST) this.#tokens.fail('max expression depth exceeded');
    const nodes: Statement[] = [];
    const position = this.#tokens.peekNonSpace().position;
    while (this.#tokens.peekNonSpace().kind !== 'eof') {
      const node = this.#textOrAction();
      if (node.kind === 'end' || node.kind === 'else') {
        this.#blockDepth--;
        return { list: { kind: 'list', source: this.#tokens.source, position, nodes }, end: node };
      }
      nodes.push(node);
    }
    this.#tokens.fail('unexpected EOF');
  }

  #textOrAction(): Statement | ListEnd {
    const token = this.#tokens.nextNonSpace();
    if (token.kind === 'text') {
      return { kind: 'text', source: this.#tokens.source, position: token.position, text: token.text };
    }
    if (token.kind !== 'left-delim') this.#tokens.unexpected(token, 'input');
    this.#tokens.actionLine = token.line;
    const node = this.#action();
    this.#tokens.actionLine = 0;
    return node;
  }

  #action(): Statement | ListEnd {
    const before = this.#tokens.at;
    const token = this.#tokens.nextNonSpace();
    switch (token.kind) {
      case 'block':
        return this.#block();
      case 'break':
      case 'continue': {
        const close = this.#tokens.nextNonSpace();
        if (close.kind !== 'right-delim') this.#tokens.unexpected(close, `{{${token.kind}}}`);
        if (this.#rangeDepth === 0) this.#tokens.fail(`{{${token.kind}}} outside {{range}}`);
        return { kind: token.kind, source: this.#tokens.source, position: token.position };
      }
      case 'else':
        return this.#else();
      case 'end':
        this.#tokens.expect('right-delim', 'end');
        return { kind: 'end' };
      case 'if':
      case 'range':
      case 'with':
        return this.#branch(token.kind);
      case 'template':
        return this.#template();
    }
    this.#tokens.at = before;
    const position = this.#tokens.peek().position;
    const pipe = this.#pipelines.pipeline('command', 'right-delim');
    return { kind: 'action', source: this.#tokens.source, position, pipe };
  }

  #else(): ListEnd {
    const ahead = this.#tokens.peekNonSpace();
    if (ahead.kind === 'if' || ahead.kind === 'with') return { kind: 'else', position: ahead.position };
    return { kind: 'else', position: this.#tokens.expect('right-delim', 'else').position };
  }

  #branch(kind: BranchNode['kind']): BranchNode {
    const known = this.#pipelines.variables.length;
    const pipe = this.#pipelines.pipeline(kind, 'right-delim');
    if (kind === 'range') this.#rangeDepth++;
    const { list: body, end } = this.#itemList();
    if (kind === 'range') this.#rangeDepth--;
    const otherwise = end.kind === 'else' ? this.#otherwise(kind, end.position) : undefined;
    this.#pipelines.variables.length = known;
    return { kind, source: this.#tokens.source, position: pipe.position, pipe, body, otherwise };
  }

  #otherwise(kind: BranchNode['kind'], position: number): ListNode {
    if (kind !== 'range' && this.#tokens.peek().kind === kind) {
      this.#tokens.next();
      if (++this.#blockDepth > DEEPEST) this.#tokens.fail('max expression depth exceeded');
      const nested = this.#branch(kind);
      this.#blockDepth--;
      return { kind: 'list', source: this.#tokens.source, position, nodes: [nested] };
    }
    const { list, end } = this.#itemList();
    if (end.kind !== 'end') this.#tokens.fail('expected end; found {{else}}');
    return list;
  }

  #block(): Statement {
    const token = this.#tokens.nextNonSpace();
    const name = this.#templateName(token, 'block clause');
    const pipe = this.#pipelines.pipeline('block clause', 'right-delim');
    const outer = this.#enterTemplate();
    const { list, end } = this.#itemList();
    if (end.kind !== 'end') this.#tokens.fail('unexpected {{else}} in block clause');
    this.#add(name, list);
    this.#leaveTemplate(outer);
    return { kind: 'template', source: this.#tokens.source, position: token.position, name, pipe };
  }

  #template(): Statement {
    const token = this.#tokens.nextNonSpace();
    const name = this.#templateName(token, 'template clause');
    const before = this.#tokens.at;
    let pipe: PipeNode | undefined;
    if (this.#tokens.nextNonSpace().kind !== 'right-delim') {
      this.#tokens.at = before;
      pipe = this.#pipelines.pipeline('template clause', 'right-delim');
    }
    return { kind: 'template', source: this.#tokens.source, position: token.position, name, pipe };
  }

  #templateName(token: Token, context: string): string {
    if (token.kind !== 'string' && token.kind !== 'raw-string') this.#tokens.unexpected(token, context);
    return this.#pipelines.unquoted(token);
  }
}
