/** Runs a parsed Go template over a value: its statements, each of which runs those inside of it. */
import { quote } from '../labels/labels.ts';
import type { Environment, Writer } from './environment.ts';
import { Evaluator } from './evaluate.ts';
import { printable } from './format.ts';
import { type BranchNode, type ListNode, type PipeNode, type Statement, type Tree, writeNode } from './nodes.ts';
import { Progress } from './progress.ts';
import { asInt, entriesOf, isTrue, kindOf, typeName } from './values.ts';
import { Variables } from './variables.ts';

/** Throws TemplateError with Go's text, also where a limit of the environment is passed. */
export function execute(environment: Environment, tree: Tree, data: unknown, writer: Writer): void {
  new Execution(environment, tree.name, data, writer).run(tree.root, data);
}

/** How a list of statements ended. */
type Flow = 'done' | 'break' | 'continue';

class Execution {
  readonly #environment: Environment;
  readonly #writer: Writer;
  readonly #progress: Progress;
  readonly #evaluator: Evaluator;
  #depth = 0;

  constructor(environment: Environment, templateName: string, data: unknown, writer: Writer) {
    this.#environment = environment;
    this.#writer = writer;
    this.#progress = new Progress(templateName, environment.limits.steps);
    this.#evaluator = new Evaluator(environment, this.#progress, data);
  }

  run(root: ListNode, data: unknown): void {
    this.#walkList(data, root);
  }

  #walkList(dot: unknown, list: ListNode): Flow {
    for (const node of list.nodes) {
      const flow = this.#walk(dot, node);
      if (flow !== 'done') return flow;
    }
    return 'done';
  }

  #walk(dot: unknown, node: Statement): Flow {
    this.#progress.at(node);
    switch (node.kind) {
      case 'text':
        this.#writer.text(node.text);
        this.#boundOutput();
        return 'done';
      case 'action': {
        const value = this.#evaluator.pipeline(dot, node.pipe);
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
    this.#progress.at(node);
    const shown = printable(value);
    if (shown === undefined) this.#progress.fail(`can't print ${writeNode(node)} of type ${typeName(value)}`);
    this.#writer.value(value, shown);
    this.#boundOutput();
  }

  #boundOutput(): void {
    const { output } = this.#environment.limits;
    if (this.#writer.length > output) this.#progress.fail(`output longer than ${output} characters`);
  }

  #ifOrWith(dot: unknown, node: BranchNode): Flow {
    const known = this.#evaluator.variables.count;
    const value = this.#evaluator.pipeline(dot, node.pipe);
    let flow: Flow = 'done';
    if (isTrue(value)) flow = this.#walkList(node.kind === 'with' ? value : dot, node.body);
    else if (node.otherwise !== undefined) flow = this.#walkList(dot, node.otherwise);
    this.#evaluator.variables.release(known);
    return flow;
  }

  #range(dot: unknown, node: BranchNode): Flow {
    const outer = this.#evaluator.variables.count;
    const value = this.#evaluator.pipeline(dot, node.pipe);
    const known = this.#evaluator.variables.count;
    let ran = false;
    for (const [key, element] of this.#elements(value, node)) {
      ran = true;
      this.#progress.step();
      this.#bindRange(node.pipe, key, element);
      const flow = this.#walkList(element, node.body);
      this.#evaluator.variables.release(known);
      if (flow === 'break') break;
    }
    let flow: Flow = 'done';
    if (!ran && node.otherwise !== undefined) flow = this.#walkList(dot, node.otherwise);
    this.#evaluator.variables.release(outer);
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
        if (node.pipe.declares.length > 1)
          this.#progress.fail(`can't use ${count} to iterate over more than one variable`);
        for (let i = 0n; i < count; i++) yield [undefined, i];
        return;
      }
      default:
        this.#progress.fail(`range can't iterate over ${printable(value) ?? 'func'}`);
    }
  }

  #bindRange(pipe: PipeNode, key: unknown, element: unknown): void {
    const [first, second] = pipe.declares;
    if (first === undefined) return;
    const values = second === undefined ? [element] : [key, element];
    const declared = this.#evaluator.variables.last(pipe.declares.length);
    for (const [i, variable] of pipe.declares.entries()) {
      if (pipe.assigns) this.#evaluator.setVariable(variable.names[0]!, values[i]);
      else declared[i]!.value = values[i];
    }
  }

  #template(dot: unknown, name: string, pipe: PipeNode | undefined): void {
    const tree = this.#environment.trees.get(name);
    if (tree === undefined) this.#progress.fail(`template ${quote(name)} not defined`);
    const { depth } = this.#environment.limits;
    if (this.#depth >= depth) this.#progress.fail(`exceeded maximum template depth (${depth})`);
    const argument = pipe === undefined ? undefined : this.#evaluator.pipeline(dot, pipe);
    const outer = { variables: this.#evaluator.variables, name: this.#progress.templateName };
    this.#depth++;
    this.#progress.templateName = tree.name;
    this.#evaluator.variables = new Variables(argument);
    this.#walkList(argument, tree.root);
    this.#depth--;
    this.#progress.templateName = outer.name;
    this.#evaluator.variables = outer.variables;
  }
}
