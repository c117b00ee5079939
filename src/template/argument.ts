/** What constants of a template are worth, and what a parameter of a type takes; each refusal is a TemplateError in Go's words. */
import { type NumberNode, type Operand, writeNode } from './nodes.ts';
import type { Progress } from './progress.ts';
import { kindOf, type ParameterType, typeName } from './values.ts';

type Constant = Extract<Operand, { kind: 'bool' | 'dot' | 'string' | 'number' | 'nil' }>;

type Literal = Extract<Operand, { kind: 'bool' | 'string' | 'number' }>;

/** Where any type will do. `dot` is what `.` stands for. */
export function constantValue(progress: Progress, node: Constant, dot: unknown): unknown {
  switch (node.kind) {
    case 'dot':
      return dot;
    case 'bool':
    case 'string':
      return node.value;
    case 'number':
      return idealNumber(progress, node);
    case 'nil':
      return undefined;
  }
}

/** A number whose type nobody asks for: its writing says whether it is an int or a float. */
function idealNumber(progress: Progress, node: NumberNode): unknown {
  progress.at(node);
  const isHexInt = /^0[xX]/.test(node.text) && !/[pP]/.test(node.text);
  if (node.float !== undefined && !isHexInt && !node.text.startsWith("'") && /[.eEpP]/.test(node.text)) {
    return node.float;
  }
  return node.int ?? progress.fail(`${node.text} overflows int`);
}

/** A constant as an argument of the type. */
export function literalValue(progress: Progress, node: Literal, type: ParameterType<unknown>): unknown {
  switch (type.literal) {
    case 'bool':
      return node.kind === 'bool' ? node.value : progress.fail(`expected bool; found ${writeNode(node)}`);
    case 'string':
      return node.kind === 'string' ? node.value : progress.fail(`expected string; found ${writeNode(node)}`);
    case 'int':
      if (node.kind === 'number' && node.int !== undefined) return node.int;
      return progress.fail(`expected integer; found ${writeNode(node)}`);
    case 'float':
      if (node.kind === 'number' && node.float !== undefined) return node.float;
      return progress.fail(`expected float; found ${writeNode(node)}`);
    default:
      return progress.fail(`can't handle ${writeNode(node)} for arg of type ${type.name}`);
  }
}

/** A value as an argument of the type. */
export function checkedValue(progress: Progress, value: unknown, type: ParameterType<unknown>): unknown {
  if (kindOf(value) === 'nil') return type.nilable ? undefined : progress.fail(`invalid value; expected ${type.name}`);
  if (type.accepts(value)) return value;
  return progress.fail(`wrong type for value; expected ${type.name}; got ${typeName(value)}`);
}
