/** Runs a parsed Go template over a value, within limits of steps, depth and output. One file because every kind of node evaluates every other. */
import { quote } from '../labels/labels.ts';
import { BUILTINS } from './builtins.ts';
import { TemplateError } from './error.ts';
import { printable } from './format.ts';
import {
  type BranchNode,
  type ChainNode,
  type CommandNode,
  type FieldNode,
  type IdentifierNode,
  type ListNode,
  locate,
  type NumberNode,
  type Operand,
  type PipeNode,
  type Statement,
  type TemplateNode,
  type Tree,
  type VariableNode,
  writeNode,
} from './nodes.ts';
import {
  ANY,
  asInt,
  entriesOf,
  type GoFunction,
  isGoFunction,
  isTrue,
  kindOf,
  mapEntry,
  memberOf,
  type ParameterType,
  typeName,
} from './values.ts';

/** Where output goes. Text of the template passes as it is, values pass to `value` (an escaping writer differs there). */
export interface Writer {
  text(text: string): void;
  /** `raw` for a writer that knows safe strings; `shown` is how Go prints the value. */
  value(raw: unknown, shown: string): void;
  /** UTF-16 units written so far. */
  readonly length: number;
}

/** What to do about a key that a map does not have. */
export type MissingKey = 'default' | 'zero' | 'error';

export interface Limits {
  /** Nodes evaluated in one execution. */
  readonly steps: number;
  /** UTF-16 units of output. */
  readonly output: number;
  /** Templates within templates. */
  readonly depth: number;
}

export const DEFAULT_LIMITS: Limits = { steps: 5_000_000, output: 16 * 1024 * 1024, depth: 300 };

export interface Environment {
  readonly trees: ReadonlyMap<string, Tree>;
  readonly functions: ReadonlyMap<string, GoFunction>;
  readonly missingKey: MissingKey;
  readonly limits: Limits;
}

/** Throws TemplateError with Go's text. */
export function execute(environment: Environment, tree: Tree, data: unknown, writer: Writer): void {
  new Execution(environment, writer).run(tree, data);
}

/** Stands for "no value comes from the pipeline before". */
const NOTHING = Symbol('nothing');

/** How a list of statements ended. */
type Flow = 'done' | 'break' | 'continue';

class Execution {
  readonly #environment: Environment;
  readonly #writer: Writer;
  #templateName = '';
  #node: TemplateNode | undefined;
  #variables: { readonly name: string; value: unknown }[] = [];
  #depth = 0;
  #steps = 0;

  constructor(environment: Environment, writer: Writer) {
    this.#environment = environment;
    this.#writer = writer;
  }

  run(tree: Tree, data: unknown): void {
    this.#templateName = tree.name;
    this.#variables = [{ name: '$', value: data }];
    this.#walkList(data, tree.root);
  }

  #walkList(dot: unknown, list: ListNode): Flow {
    for (const node of list.nodes) {
      const flow = this.#walk(dot, node);
      if (flow !== 'done') return flow;
    }
    return 'done';
  }

  #walk(dot: unknown, node: Statement): Flow {
    this.#at(node);
    switch (node.kind) {
      case 'text':
        this.#writer.text(node.text);
        this.#boundOutput();
        return 'done';
      case 'action': {
        const value = this.#pipeline(dot, node.pipe);
        if (node.pipe.declares.length === 0) this.#print(node, value);
        return 'done';
      }
      case 'break':
      case 'continue':
        return node.kind;
      case 'if':
      case 'with':
        return this.#ifOrWith(dot, node);
      case 'range':
        return this.#range(dot, node);
      case 'template':
        this.#template(dot, node.name, node.pipe);
        return 'done';
    }
  }

  #print(node: Statement, value: unknown): void {
    this.#at(node);
    const shown = printable(value);
    if (shown === undefined) this.#fail(`can't print ${writeNode(node)} of type ${typeName(value)}`);
    this.#writer.value(value, shown);
    this.#boundOutput();
  }

  #boundOutput(): void {
    const { output } = this.#environment.limits;
    if (this.#writer.length > output) this.#fail(`output longer than ${output} characters`);
  }

  #ifOrWith(dot: unknown, node: BranchNode): Flow {
    const known = this.#variables.length;
    const value = this.#pipeline(dot, node.pipe);
    let flow: Flow = 'done';
    if (isTrue(value)) flow = this.#walkList(node.kind === 'with' ? value : dot, node.body);
    else if (node.otherwise !== undefined) flow = this.#walkList(dot, node.otherwise);
    this.#variables.length = known;
    return flow;
  }

  #range(dot: unknown, node: BranchNode): Flow {
    const outer = this.#variables.length;
    const value = this.#pipeline(dot, node.pipe);
    const known = this.#variables.length;
    let ran = false;
    for (const [key, element] of this.#elements(value, node)) {
      ran = true;
      this.#step();
      this.#bindRange(node.pipe, key, element);
      const flow = this.#walkList(element, node.body);
      this.#variables.length = known;
      if (flow === 'break') break;
    }
    let flow: Flow = 'done';
    if (!ran && node.otherwise !== undefined) flow = this.#walkList(dot, node.otherwise);
    this.#variables.length = outer;
    return flow;
  }

  *#elements(value: unknown, node: BranchNode): Iterable<readonly [unknown, unknown]> {
    switch (kindOf(value)) {
      case 'nil':
        return;
      case 'slice':
        for (const [i, element] of (value as unknown[]).entries()) yield [BigInt(i), element];
        return;
      case 'map':
        yield* entriesOf(value as object);
        return;
      case 'int': {
        const count = asInt(value);
        if (node.pipe.declares.length > 1) this.#fail(`can't use ${count} to iterate over more than one variable`);
        for (let i = 0n; i < count; i++) yield [undefined, i];
        return;
      }
      default:
        this.#fail(`range can't iterate over ${printable(value) ?? 'func'}`);
    }
  }

  #bindRange(pipe: PipeNode, key: unknown, element: unknown): void {
    const [first, second] = pipe.declares;
    if (first === undefined) return;
    const values = second === undefined ? [element] : [key, element];
    for (const [i, variable] of pipe.declares.entries()) {
      if (pipe.assigns) this.#setVariable(variable.names[0]!, values[i]);
      else this.#variables[this.#variables.length - pipe.declares.length + i]!.value = values[i];
    }
  }

  #template(dot: unknown, name: string, pipe: PipeNode | undefined): void {
    const tree = this.#environment.trees.get(name);
    if (tree === undefined) this.#fail(`template ${quote(name)} not defined`);
    const { depth } = this.#environment.limits;
    if (this.#depth >= depth) this.#fail(`exceeded maximum template depth (${depth})`);
    const argument = pipe === undefined ? undefined : this.#pipeline(dot, pipe);
    const outer = { variables: this.#variables, name: this.#templateName };
    this.#depth++;
    this.#templateName = tree.name;
    this.#variables = [{ name: '$', value: argument }];
    this.#walkList(argument, tree.root);
    this.#depth--;
    this.#templateName = outer.name;
    this.#variables = outer.variables;
  }

  #pipeline(dot: unknown, pipe: PipeNode): unknown {
    this.#at(pipe);
    let value: unknown = NOTHING;
    for (const command of pipe.commands) value = this.#command(dot, command, value);
    for (const variable of pipe.declares) {
      if (pipe.assigns) this.#setVariable(variable.names[0]!, value);
      else this.#variables.push({ name: variable.names[0]!, value });
    }
    return value;
  }

  #setVariable(name: string, value: unknown): void {
    const variable = this.#variables.findLast((each) => each.name === name);
    if (variable === undefined) this.#fail(`undefined variable: ${name}`);
    variable.value = value;
  }

  #command(dot: unknown, command: CommandNode, final: unknown): unknown {
    const first = command.args[0]!;
    switch (first.kind) {
      case 'field':
        return this.#field(dot, first, command.args, final);
      case 'chain':
        return this.#chain(dot, first, command.args, final);
      case 'identifier':
        return this.#function(dot, first, command, command.args, final);
      case 'variable':
        return this.#variable(dot, first, command.args, final);
      case 'pipe':
        this.#refuseArguments(command.args, final);
        return this.#pipeline(dot, first);
    }
    this.#at(first);
    this.#refuseArguments(command.args, final);
    if (first.kind === 'nil') this.#fail('nil is not a command');
    return this.#constant(dot, first);
  }

  #constant(dot: unknown, node: Extract<Operand, { kind: 'bool' | 'dot' | 'string' | 'number' | 'nil' }>): unknown {
    switch (node.kind) {
      case 'dot':
        return dot;
      case 'bool':
      case 'string':
        return node.value;
      case 'number':
        return this.#idealNumber(node);
      case 'nil':
        return undefined;
    }
  }

  /** A number whose type nobody asks for: its writing says whether it is an int or a float. */
  #idealNumber(node: NumberNode): unknown {
    this.#at(node);
    const isHexInt = /^0[xX]/.test(node.text) && !/[pP]/.test(node.text);
    if (node.float !== undefined && !isHexInt && !node.text.startsWith("'") && /[.eEpP]/.test(node.text)) {
      return node.float;
    }
    return node.int ?? this.#fail(`${node.text} overflows int`);
  }

  #refuseArguments(args: readonly Operand[], final: unknown): void {
    if (args.length > 1 || final !== NOTHING) {
      this.#fail(`can't give argument to non-function ${writeNode(args[0]!)}`);
    }
  }

  #field(dot: unknown, node: FieldNode, args: readonly Operand[], final: unknown): unknown {
    this.#at(node);
    return this.#fieldChain(dot, dot, node, node.names, args, final);
  }

  #chain(dot: unknown, node: ChainNode, args: readonly Operand[], final: unknown): unknown {
    this.#at(node);
    const receiver = this.#argument(dot, ANY, node.node);
    return this.#fieldChain(dot, receiver, node, node.names, args, final);
  }

  #variable(dot: unknown, node: VariableNode, args: readonly Operand[], final: unknown): unknown {
    this.#at(node);
    const variable = this.#variables.findLast((each) => each.name === node.names[0]);
    if (variable === undefined) return this.#fail(`undefined variable: ${node.names[0]}`);
    if (node.names.length === 1) {
      this.#refuseArguments(args.length === 0 ? [node] : args, final);
      return variable.value;
    }
    return this.#fieldChain(dot, variable.value, node, node.names.slice(1), args, final);
  }

  #fieldChain(
    dot: unknown,
    start: unknown,
    node: TemplateNode,
    names: readonly string[],
    args: readonly Operand[],
    final: unknown,
  ): unknown {
    let receiver = start;
    for (const [i, name] of names.entries()) {
      const isLast = i === names.length - 1;
      receiver = this.#member(dot, receiver, node, name, isLast ? args : [], isLast ? final : NOTHING);
    }
    return receiver;
  }

  #member(
    dot: unknown,
    receiver: unknown,
    node: TemplateNode,
    name: string,
    args: readonly Operand[],
    final: unknown,
  ): unknown {
    const kind = kindOf(receiver);
    if (kind === 'nil') {
      if (this.#environment.missingKey === 'error') this.#fail(`nil data; no entry for key ${quote(name)}`);
      return undefined;
    }
    const member = typeof receiver === 'object' ? memberOf(receiver as object, name) : undefined;
    if (member !== undefined && (typeof member.value === 'function' || isGoFunction(member.value))) {
      const method = isGoFunction(member.value) ? member.value : plainMethod(receiver as object, member.value);
      return this.#call(dot, method, node, name, args, final);
    }
    const hasArguments = args.length > 1 || final !== NOTHING;
    if (kind === 'struct' && member !== undefined) {
      if (hasArguments) this.#fail(`${name} has arguments but cannot be invoked as function`);
      return member.value;
    }
    if (kind === 'map') {
      if (hasArguments) this.#fail(`${name} is not a method but has arguments`);
      const entry = mapEntry(receiver as object, name);
      if (entry.found) return entry.value;
      if (this.#environment.missingKey === 'error') this.#fail(`map has no entry for key ${quote(name)}`);
      return this.#environment.missingKey === 'zero' ? entry.value : undefined;
    }
    return this.#fail(`can't evaluate field ${name} in type ${typeName(receiver)}`);
  }

  #function(
    dot: unknown,
    node: IdentifierNode,
    command: TemplateNode,
    args: readonly Operand[],
    final: unknown,
  ): unknown {
    this.#at(node);
    const own = this.#environment.functions.get(node.name);
    if (own !== undefined) return this.#call(dot, own, command, node.name, args, final);
    if (node.name === 'and' || node.name === 'or') return this.#shortCircuit(dot, node.name, args, final);
    if (node.name === 'call') return this.#callValue(dot, command, args, final);
    const builtin = BUILTINS.get(node.name);
    if (builtin === undefined) return this.#fail(`${quote(node.name)} is not a defined function`);
    return this.#call(dot, builtin, command, node.name, args, final);
  }

  #shortCircuit(dot: unknown, name: 'and' | 'or', args: readonly Operand[], final: unknown): unknown {
    if (args.length < 2 && final === NOTHING) this.#fail(`wrong number of args for ${name}: want at least 1 got 0`);
    let value: unknown;
    for (const arg of args.slice(1)) {
      value = this.#argument(dot, ANY, arg);
      if (isTrue(value) === (name === 'or')) return value;
    }
    return final === NOTHING ? value : final;
  }

  #callValue(dot: unknown, node: TemplateNode, args: readonly Operand[], final: unknown): unknown {
    const values = args.slice(1).map((arg) => this.#argument(dot, ANY, arg));
    if (final !== NOTHING) values.push(final);
    if (values.length === 0) this.#fail('wrong number of args for call: want at least 1 got 0');
    const name = args.length > 1 ? writeNode(args[1]!) : (printable(final) ?? 'func');
    const [callee, ...rest] = values;
    return this.#guarded(node, 'call', () => {
      if (kindOf(callee) === 'nil') throw new Error('call of nil');
      if (isGoFunction(callee)) return callee.call(rest);
      if (typeof callee === 'function') return callee(...rest) as unknown;
      throw new Error(`non-function ${name} of type ${typeName(callee)}`);
    });
  }

  #call(
    dot: unknown,
    callee: GoFunction,
    node: TemplateNode,
    name: string,
    args: readonly Operand[],
    final: unknown,
  ): unknown {
    const given = args.slice(1);
    const count = given.length + (final === NOTHING ? 0 : 1);
    const fixed = callee.parameters.length;
    if (callee.rest !== undefined && count < fixed) {
      this.#fail(`wrong number of args for ${name}: want at least ${fixed} got ${given.length}`);
    }
    if (callee.rest === undefined && count !== fixed) {
      this.#fail(`wrong number of args for ${name}: want ${fixed} got ${count}`);
    }
    const typeOf = (i: number): ParameterType<unknown> => callee.parameters[i] ?? callee.rest!;
    const values = given.map((arg, i) => this.#argument(dot, typeOf(i), arg));
    if (final !== NOTHING) values.push(this.#checked(final, typeOf(values.length)));
    return this.#guarded(node, name, () => callee.call(values));
  }

  #guarded(node: TemplateNode, name: string, run: () => unknown): unknown {
    try {
      const result = run();
      // A text that doubles in a loop must not outgrow the memory before it is printed.
      if (typeof result === 'string' && result.length > this.#environment.limits.output) {
        throw new Error(`result longer than ${this.#environment.limits.output} characters`);
      }
      return result;
    } catch (error) {
      if (error instanceof TemplateError || error instanceof Suspension) throw error;
      this.#at(node);
      return this.#fail(`error calling ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #argument(dot: unknown, type: ParameterType<unknown>, node: Operand): unknown {
    this.#at(node);
    switch (node.kind) {
      case 'dot':
        return this.#checked(dot, type);
      case 'nil':
        return type.nilable ? undefined : this.#fail(`cannot assign nil to ${type.name}`);
      case 'field':
        return this.#checked(this.#field(dot, node, [], NOTHING), type);
      case 'variable':
        return this.#checked(this.#variable(dot, node, [], NOTHING), type);
      case 'pipe':
        return this.#checked(this.#pipeline(dot, node), type);
      case 'identifier':
        return this.#checked(this.#function(dot, node, node, [], NOTHING), type);
      case 'chain':
        return this.#checked(this.#chain(dot, node, [], NOTHING), type);
    }
    if (type === ANY) return this.#constant(dot, node);
    return this.#literal(type, node);
  }

  #literal(type: ParameterType<unknown>, node: Extract<Operand, { kind: 'bool' | 'string' | 'number' }>): unknown {
    switch (type.literal) {
      case 'bool':
        return node.kind === 'bool' ? node.value : this.#fail(`expected bool; found ${writeNode(node)}`);
      case 'string':
        return node.kind === 'string' ? node.value : this.#fail(`expected string; found ${writeNode(node)}`);
      case 'int':
        if (node.kind === 'number' && node.int !== undefined) return node.int;
        return this.#fail(`expected integer; found ${writeNode(node)}`);
      case 'float':
        if (node.kind === 'number' && node.float !== undefined) return node.float;
        return this.#fail(`expected float; found ${writeNode(node)}`);
      default:
        return this.#fail(`can't handle ${writeNode(node)} for arg of type ${type.name}`);
    }
  }

  #checked(value: unknown, type: ParameterType<unknown>): unknown {
    if (kindOf(value) === 'nil') return type.nilable ? undefined : this.#fail(`invalid value; expected ${type.name}`);
    if (type.accepts(value)) return value;
    return this.#fail(`wrong type for value; expected ${type.name}; got ${typeName(value)}`);
  }

  #at(node: TemplateNode): void {
    this.#node = node;
    this.#step();
  }

  #step(): void {
    if (++this.#steps > this.#environment.limits.steps) {
      this.#fail(`more than ${this.#environment.limits.steps} steps`);
    }
  }

  #fail(message: string): never {
    const node = this.#node!;
    const { text, line, column } = locate(node);
    throw new TemplateError(
      `template: ${text}: executing ${quote(this.#templateName)} at <${writeNode(node)}>: ${message}`,
      line,
      column,
    );
  }
}

/** Thrown by a function whose answer is not there yet: the execution is given up, and run again once it is. */
export class Suspension extends Error {}

/** A method given as a plain JavaScript function: as many arguments of any type as it declares. */
function plainMethod(receiver: object, method: unknown): GoFunction {
  const callee = method as (...args: readonly unknown[]) => unknown;
  return { parameters: new Array(callee.length).fill(ANY), call: (args) => callee.apply(receiver, args as unknown[]) };
}
