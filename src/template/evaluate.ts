/** The values of a template's pipelines. One file because every kind of operand evaluates every other. */
import { quote } from '../labels/labels.ts';
import { checkedValue, constantValue, literalValue } from './argument.ts';
import { BUILTINS } from './builtins.ts';
import type { Environment } from './environment.ts';
import { Suspension, TemplateError } from './error.ts';
import { printable } from './format.ts';
import {
  type ChainNode,
  type CommandNode,
  type FieldNode,
  type IdentifierNode,
  type Operand,
  type PipeNode,
  type TemplateNode,
  type VariableNode,
  writeNode,
} from './nodes.ts';
import type { Progress } from './progress.ts';
import {
  ANY,
  type GoFunction,
  isGoFunction,
  isTrue,
  kindOf,
  mapEntry,
  memberOf,
  type ParameterType,
  typeName,
} from './values.ts';
import { Variables } from './variables.ts';

/** Stands for "no value comes from the pipeline before". */
const NOTHING = Symbol('nothing');

export class Evaluator {
  readonly #environment: Environment;
  readonly #progress: Progress;
  /** Those of the template at hand; whoever calls a template puts others here for that long. */
  variables: Variables;

  constructor(environment: Environment, progress: Progress, data: unknown) {
    this.#environment = environment;
    this.#progress = progress;
    this.variables = new Variables(data);
  }

  /** The value of the last command; what the pipeline declares or assigns is in `variables` behind it. */
  pipeline(dot: unknown, pipe: PipeNode): unknown {
    this.#progress.at(pipe);
    let value: unknown = NOTHING;
    for (const command of pipe.commands) value = this.#command(dot, command, value);
    for (const variable of pipe.declares) {
      if (pipe.assigns) this.setVariable(variable.names[0]!, value);
      else this.variables.declare(variable.names[0]!, value);
    }
    return value;
  }

  setVariable(name: string, value: unknown): void {
    const variable = this.variables.find(name);
    if (variable === undefined) this.#progress.fail(`undefined variable: ${name}`);
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
        return this.pipeline(dot, first);
    }
    this.#progress.at(first);
    this.#refuseArguments(command.args, final);
    if (first.kind === 'nil') this.#progress.fail('nil is not a command');
    return constantValue(this.#progress, first, dot);
  }

  #refuseArguments(args: readonly Operand[], final: unknown): void {
    if (args.length > 1 || final !== NOTHING) {
      this.#progress.fail(`can't give argument to non-function ${writeNode(args[0]!)}`);
    }
  }

  #field(dot: unknown, node: FieldNode, args: readonly Operand[], final: unknown): unknown {
    this.#progress.at(node);
    return this.#fieldChain(dot, dot, node, node.names, args, final);
  }

  #chain(dot: unknown, node: ChainNode, args: readonly Operand[], final: unknown): unknown {
    this.#progress.at(node);
    const receiver = this.#argument(dot, ANY, node.node);
    return this.#fieldChain(dot, receiver, node, node.names, args, final);
  }

  #variable(dot: unknown, node: VariableNode, args: readonly Operand[], final: unknown): unknown {
    this.#progress.at(node);
    const variable = this.variables.find(node.names[0]!);
    if (variable === undefined) return this.#progress.fail(`undefined variable: ${node.names[0]}`);
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
      if (this.#environment.missingKey === 'error') this.#progress.fail(`nil data; no entry for key ${quote(name)}`);
      return undefined;
    }
    const member = typeof receiver === 'object' ? memberOf(receiver as object, name) : undefined;
    if (member !== undefined && (typeof member.value === 'function' || isGoFunction(member.value))) {
      const method = isGoFunction(member.value) ? member.value : plainMethod(receiver as object, member.value);
      return this.#call(dot, method, node, name, args, final);
    }
    const hasArguments = args.length > 1 || final !== NOTHING;
    if (kind === 'struct' && member !== undefined) {
      if (hasArguments) this.#progress.fail(`${name} has arguments but cannot be invoked as function`);
      return member.value;
    }
    if (kind === 'map') {
      if (hasArguments) this.#progress.fail(`${name} is not a method but has arguments`);
      const entry = mapEntry(receiver as object, name);
      if (entry.found) return entry.value;
      if (this.#environment.missingKey === 'error') this.#progress.fail(`map has no entry for key ${quote(name)}`);
      return this.#environment.missingKey === 'zero' ? entry.value : undefined;
    }
    return this.#progress.fail(`can't evaluate field ${name} in type ${typeName(receiver)}`);
  }

  #function(
    dot: unknown,
    node: IdentifierNode,
    command: TemplateNode,
    args: readonly Operand[],
    final: unknown,
  ): unknown {
    this.#progress.at(node);
    const own = this.#environment.functions.get(node.name);
    if (own !== undefined) return this.#call(dot, own, command, node.name, args, final);
    if (node.name === 'and' || node.name === 'or') return this.#shortCircuit(dot, node.name, args, final);
    if (node.name === 'call') return this.#callValue(dot, command, args, final);
    const builtin = BUILTINS.get(node.name);
    if (builtin === undefined) return this.#progress.fail(`${quote(node.name)} is not a defined function`);
    return this.#call(dot, builtin, command, node.name, args, final);
  }

  #shortCircuit(dot: unknown, name: 'and' | 'or', args: readonly Operand[], final: unknown): unknown {
    if (args.length < 2 && final === NOTHING)
      this.#progress.fail(`wrong number of args for ${name}: want at least 1 got 0`);
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
    if (values.length === 0) this.#progress.fail('wrong number of args for call: want at least 1 got 0');
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
      this.#progress.fail(`wrong number of args for ${name}: want at least ${fixed} got ${given.length}`);
    }
    if (callee.rest === undefined && count !== fixed) {
      this.#progress.fail(`wrong number of args for ${name}: want ${fixed} got ${count}`);
    }
    const typeOf = (i: number): ParameterType<unknown> => callee.parameters[i] ?? callee.rest!;
    const values = given.map((arg, i) => this.#argument(dot, typeOf(i), arg));
    if (final !== NOTHING) values.push(checkedValue(this.#progress, final, typeOf(values.length)));
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
      this.#progress.at(node);
      return this.#progress.fail(`error calling ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  #argument(dot: unknown, type: ParameterType<unknown>, node: Operand): unknown {
    this.#progress.at(node);
    switch (node.kind) {
      case 'dot':
        return checkedValue(this.#progress, dot, type);
      case 'nil':
        return type.nilable ? undefined : this.#progress.fail(`cannot assign nil to ${type.name}`);
      case 'field':
        return checkedValue(this.#progress, this.#field(dot, node, [], NOTHING), type);
      case 'variable':
        return checkedValue(this.#progress, this.#variable(dot, node, [], NOTHING), type);
      case 'pipe':
        return checkedValue(this.#progress, this.pipeline(dot, node), type);
      case 'identifier':
        return checkedValue(this.#progress, this.#function(dot, node, node, [], NOTHING), type);
      case 'chain':
        return checkedValue(this.#progress, this.#chain(dot, node, [], NOTHING), type);
    }
    if (type === ANY) return constantValue(this.#progress, node, dot);
    return literalValue(this.#progress, node, type);
  }
}

/** A method given as a plain JavaScript function: as many arguments of any type as it declares. */
function plainMethod(receiver: object, method: unknown): GoFunction {
  const callee = method as (...args: readonly unknown[]) => unknown;
  return { parameters: new Array(callee.length).fill(ANY), call: (args) => callee.apply(receiver, args as unknown[]) };
}
