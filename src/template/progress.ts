/** How far one execution is: the template and node at hand, which its errors name, and the steps taken so far. */
import { quote } from '../labels/labels.ts';
import { TemplateError } from './error.ts';
import { locate, type TemplateNode, writeNode } from './nodes.ts';

export class Progress {
  readonly #mostSteps: number;
  templateName: string;
  #node: TemplateNode | undefined;
  #steps = 0;

  constructor(templateName: string, mostSteps: number) {
    this.templateName = templateName;
    this.#mostSteps = mostSteps;
  }

  /** The node is evaluated from here on. Throws TemplateError where that is one step too many. */
  at(node: TemplateNode): void {
    this.#node = node;
    this.step();
  }

  step(): void {
    if (++this.#steps > this.#mostSteps) this.fail(`more than ${this.#mostSteps} steps`);
  }

  /** Throws TemplateError, the node at hand named as Go does. */
  fail(message: string): never {
    const node = this.#node!;
    const { text, line, column } = locate(node);
    throw new TemplateError(
      `template: ${text}: executing ${quote(this.templateName)} at <${writeNode(node)}>: ${message}`,
      line,
      column,
    );
  }
}
