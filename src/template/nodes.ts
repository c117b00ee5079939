/** The syntax tree of a Go template, and its written form as error messages quote it. */
import { quote } from '../labels/labels.ts';

/** The text that a tree was parsed from. */
export interface Source {
  readonly name: string;
  readonly text: string;
}

interface Located {
  readonly source: Source;
  readonly position: number;
}

export interface NumberNode extends Located {
  readonly kind: 'number';
  readonly text: string;
  /** Set where the constant can be an int; Go's int is 64 bits wide. */
  readonly int: bigint | undefined;
  /** The value beyond int's range that only an unsigned int holds. */
  readonly uint: bigint | undefined;
  readonly float: number | undefined;
}

export interface FieldNode extends Located {
  readonly kind: 'field';
  readonly names: readonly string[];
}

export interface VariableNode extends Located {
  readonly kind: 'variable';
  /** `$x`, then the fields. */
  readonly names: readonly string[];
}

export interface ChainNode extends Located {
  readonly kind: 'chain';
  readonly node: Operand;
  readonly names: readonly string[];
}

export interface IdentifierNode extends Located {
  readonly kind: 'identifier';
  readonly name: string;
}

export type Operand =
  | (Located & { readonly kind: 'bool'; readonly value: boolean })
  | (Located & { readonly kind: 'dot' })
  | (Located & { readonly kind: 'nil' })
  | (Located & { readonly kind: 'string'; readonly written: string; readonly value: string })
  | NumberNode
  | FieldNode
  | VariableNode
  | ChainNode
  | IdentifierNode
  | PipeNode;

export interface CommandNode extends Located {
  readonly kind: 'command';
  readonly args: readonly Operand[];
}

export interface PipeNode extends Located {
  readonly kind: 'pipe';
  readonly declares: readonly VariableNode[];
  /** `=` instead of `:=`. */
  readonly assigns: boolean;
  readonly commands: readonly CommandNode[];
}

export interface ListNode extends Located {
  readonly kind: 'list';
  readonly nodes: readonly Statement[];
}

export interface BranchNode extends Located {
  readonly kind: 'if' | 'range' | 'with';
  readonly pipe: PipeNode;
  readonly body: ListNode;
  readonly otherwise: ListNode | undefined;
}

export type Statement =
  | (Located & { readonly kind: 'text'; readonly text: string })
  | (Located & { readonly kind: 'action'; readonly pipe: PipeNode })
  | (Located & { readonly kind: 'break' })
  | (Located & { readonly kind: 'continue' })
  | (Located & { readonly kind: 'template'; readonly name: string; readonly pipe: PipeNode | undefined })
  | BranchNode;

export type TemplateNode = Statement | Operand | CommandNode | ListNode;

/** A template once parsed: the body, and what it may be named in messages. */
export interface Tree {
  readonly name: string;
  readonly root: ListNode;
}

export function writeNode(node: TemplateNode): string {
  switch (node.kind) {
    case 'list':
      return node.nodes.map(writeNode).join('');
    case 'text':
      return node.text;
    case 'action':
      return `{{${writeNode(node.pipe)}}}`;
    case 'break':
    case 'continue':
      return `{{${node.kind}}}`;
    case 'template':
      return `{{template ${quote(node.name)}${node.pipe === undefined ? '' : ` ${writeNode(node.pipe)}`}}}`;
    case 'if':
    case 'range':
    case 'with': {
      const otherwise = node.otherwise === undefined ? '' : `{{else}}${writeNode(node.otherwise)}`;
      return `{{${node.kind} ${writeNode(node.pipe)}}}${writeNode(node.body)}${otherwise}{{end}}`;
    }
    case 'pipe': {
      const declares = node.declares.map(writeNode).join(', ');
      const head = declares === '' ? '' : `${declares}${node.assigns ? ' = ' : ' := '}`;
      return head + node.commands.map(writeNode).join(' | ');
    }
    case 'command':
      return node.args.map((arg) => (arg.kind === 'pipe' ? `(${writeNode(arg)})` : writeNode(arg))).join(' ');
    case 'field':
      return node.names.map((name) => `.${name}`).join('');
    case 'variable':
      return node.names.join('.');
    case 'chain': {
      const inner = node.node.kind === 'pipe' ? `(${writeNode(node.node)})` : writeNode(node.node);
      return inner + node.names.map((name) => `.${name}`).join('');
    }
    case 'identifier':
      return node.name;
    case 'dot':
      return '.';
    case 'nil':
      return 'nil';
    case 'bool':
      return String(node.value);
    case 'string':
      return node.written;
    case 'number':
      return node.text;
  }
}

/** Whether the tree holds nothing but blank text. */
export function isEmptyList(list: ListNode): boolean {
  return list.nodes.every((node) => node.kind === 'text' && node.text.trim() === '');
}

/** `name:line:column` of a node, the column in bytes from 0 as Go's execution errors count it. */
export function locate(node: TemplateNode): { readonly text: string; readonly line: number; readonly column: number } {
  const before = node.source.text.slice(0, node.position);
  const line = before.split('\n').length;
  const column = Buffer.byteLength(before.slice(before.lastIndexOf('\n') + 1));
  return { text: `${node.source.name}:${line}:${column}`, line, column };
}
