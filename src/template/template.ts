/** Sets of Go templates: parse texts under names, execute them as plain text or as HTML with contextual escaping. */

import { quote } from '../labels/labels.ts';
import { BUILTINS, printedText } from './builtins.ts';
import { DEFAULT_LIMITS, type Limits, type MissingKey, type Writer } from './environment.ts';
import { TemplateError } from './error.ts';
import { escapeHtml } from './escape.ts';
import { execute } from './execute.ts';
import { HtmlWriter } from './html.ts';
import { isEmptyList, type Tree } from './nodes.ts';
import { parseTemplate } from './parser.ts';
import { ANY, type GoFunction, SafeString, variadicFunction } from './values.ts';

export { alertmanagerFunctions } from './alertmanager.ts';
export { Alerts, KV, Pair, Pairs, Strings } from './alertmanager-values.ts';
export { Duration } from './duration.ts';
export { Suspension, TemplateError } from './error.ts';
export { type PrometheusFunctionOptions, prometheusFunctions, TemplateSample } from './prometheus.ts';
export { Time } from './time.ts';
export {
  ANY,
  type GoFunction,
  goFunction,
  SafeString,
  STRING,
  STRINGS,
  StringMap,
  variadicFunction,
} from './values.ts';

export type FunctionMap = Readonly<Record<string, GoFunction>>;

export interface TemplateSetOptions {
  /** Beside Go's builtins, which they may replace. */
  readonly functions?: FunctionMap | undefined;
  /** For a key that a map lacks; Prometheus and Alertmanager both say `zero`, which is the default here. */
  readonly missingKey?: MissingKey | undefined;
  readonly limits?: Limits | undefined;
}

export class TemplateSet {
  readonly #functions: ReadonlyMap<string, GoFunction>;
  readonly #missingKey: MissingKey;
  readonly #limits: Limits;
  #trees = new Map<string, Tree>();

  constructor(options: TemplateSetOptions = {}) {
    this.#functions = new Map(Object.entries(options.functions ?? {}));
    this.#missingKey = options.missingKey ?? 'zero';
    this.#limits = options.limits ?? DEFAULT_LIMITS;
  }

  /** Adds the template and all that it defines; one that is there already is replaced, unless by an empty one. Throws TemplateError. */
  parse(name: string, text: string): void {
    this.#trees = this.#with(name, text);
  }

  /** The names of all templates, in the order in which they were first parsed. */
  names(): string[] {
    return [...this.#trees.keys()];
  }

  has(name: string): boolean {
    return this.#trees.has(name);
  }

  /** The same templates, to which more can be added without changing these. */
  clone(): TemplateSet {
    const clone = new TemplateSet({
      functions: Object.fromEntries(this.#functions),
      missingKey: this.#missingKey,
      limits: this.#limits,
    });
    clone.#trees = this.#trees;
    return clone;
  }

  /** Executes a template by its name. Throws TemplateError. */
  execute(name: string, data: unknown): string {
    const writer = new TextWriter();
    this.#run(this.#trees, name, data, writer);
    return writer.out;
  }

  /** Executes a template by its name, values escaped for their place in the HTML. Throws TemplateError. */
  executeHtmlTemplate(name: string, data: unknown): string {
    return this.#html(this.#trees, name, data);
  }

  /** Parses and executes a text that may use the set's templates, and leaves the set as it is. `name` is for messages. Throws TemplateError. */
  executeText(text: string, data: unknown, name = ''): string {
    const writer = new TextWriter();
    this.#run(this.#with(name, text), name, data, writer);
    return writer.out;
  }

  /** As executeText, as HTML. */
  executeHtml(text: string, data: unknown, name = ''): string {
    return this.#html(this.#with(name, text), name, data);
  }

  #with(name: string, text: string): Map<string, Tree> {
    const parsed = parseTemplate(name, text, (each) => this.#isFunction(each));
    const trees = new Map(this.#trees);
    for (const [each, tree] of parsed) {
      if (!trees.has(each) || each === name || !isEmptyList(tree.root)) trees.set(each, tree);
    }
    return trees;
  }

  #isFunction(name: string): boolean {
    return this.#functions.has(name) || BUILTINS.has(name) || LANGUAGE_FUNCTIONS.has(name);
  }

  #html(trees: ReadonlyMap<string, Tree>, name: string, data: unknown): string {
    const writer = new HtmlWriter();
    this.#run(trees, name, data, writer, new Map([['html', HTML_IN_HTML], ...this.#functions]));
    return writer.toString();
  }

  #run(
    trees: ReadonlyMap<string, Tree>,
    name: string,
    data: unknown,
    writer: Writer,
    functions: ReadonlyMap<string, GoFunction> = this.#functions,
  ): void {
    const tree = trees.get(name);
    if (tree === undefined) throw new TemplateError(`template: no template ${quote(name)}`);
    execute({ trees, functions, missingKey: this.#missingKey, limits: this.#limits }, tree, data, writer);
  }
}

/** In HTML, what `html` escaped must not be escaped again. */
const HTML_IN_HTML = variadicFunction([], ANY, (...args) => new SafeString('html', escapeHtml(printedText(args))));

const LANGUAGE_FUNCTIONS = new Set(['and', 'or', 'call']);

class TextWriter implements Writer {
  out = '';

  get length(): number {
    return this.out.length;
  }

  text(text: string): void {
    this.out += text;
  }

  value(_raw: unknown, shown: string): void {
    this.out += shown;
  }
}
