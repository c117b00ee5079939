/** What an alerting expression compares with what: its left side as a series, and the number that it is held against. */
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';
import { parseSignedDuration } from '../../config/duration.ts';

export type Comparison = '>' | '>=' | '<' | '<=' | '==' | '!=';

export interface Threshold {
  /** The side that varies, as PromQL. */
  readonly expression: string;
  readonly operator: Comparison;
  readonly value: number;
}

const OPERATORS: Readonly<Record<string, Comparison>> = {
  Gtr: '>',
  Gte: '>=',
  Lss: '<',
  Lte: '<=',
  Eql: '==',
  EqlC: '==',
  Neq: '!=',
};
const MIRRORED: Readonly<Record<Comparison, Comparison>> = {
  '>': '<',
  '>=': '<=',
  '<': '>',
  '<=': '>=',
  '==': '==',
  '!=': '!=',
};

/** Undefined where the expression is not a comparison with a number (`a > 5`, `5 < a`, in parentheses, or the first of several joined by `and`). */
export function thresholdOf(expression: string): Threshold | undefined {
  return compared(parser.parse(expression).topNode.firstChild, expression);
}

function compared(node: SyntaxNode | null, text: string): Threshold | undefined {
  if (node === null) return undefined;
  if (node.name === 'ParenExpr') return compared(node.firstChild, text);
  if (node.name !== 'BinaryExpr') return undefined;
  const left = node.firstChild;
  const right = node.lastChild;
  if (left === null || right === null) return undefined;
  if (node.getChild('And') !== null || node.getChild('Unless') !== null) return compared(left, text);
  const operator = Object.entries(OPERATORS).find(([name]) => node.getChild(name) !== null)?.[1];
  if (operator === undefined) return undefined;
  const rightValue = numberOf(right, text);
  if (rightValue !== undefined) return { expression: sliced(left, text), operator, value: rightValue };
  const leftValue = numberOf(left, text);
  if (leftValue !== undefined)
    return { expression: sliced(right, text), operator: MIRRORED[operator], value: leftValue };
  return undefined;
}

function sliced(node: SyntaxNode, text: string): string {
  return text.slice(node.from, node.to);
}

/** A number as PromQL writes it, arithmetic of numbers (`5 * 1024`) included. */
function numberOf(node: SyntaxNode, text: string): number | undefined {
  if (node.name === 'ParenExpr') return node.firstChild === null ? undefined : numberOf(node.firstChild, text);
  if (node.name === 'UnaryExpr') {
    const inner = node.lastChild === null ? undefined : numberOf(node.lastChild, text);
    return inner === undefined ? undefined : sliced(node, text).startsWith('-') ? -inner : inner;
  }
  if (node.name === 'BinaryExpr') {
    const left = node.firstChild === null ? undefined : numberOf(node.firstChild, text);
    const right = node.lastChild === null ? undefined : numberOf(node.lastChild, text);
    if (left === undefined || right === undefined) return undefined;
    if (node.getChild('Mul')) return left * right;
    if (node.getChild('Div')) return left / right;
    if (node.getChild('Add')) return left + right;
    if (node.getChild('Sub')) return left - right;
    return node.getChild('Pow') ? left ** right : undefined;
  }
  return node.name === 'NumberDurationLiteral'
    ? literal(sliced(node, text).replaceAll('_', '').toLowerCase())
    : undefined;
}

function literal(text: string): number | undefined {
  if (/^[+-]?inf$/.test(text)) return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  const value = Number(text);
  if (!Number.isNaN(value)) return value;
  try {
    return parseSignedDuration(text) / 1000;
  } catch {
    return undefined;
  }
}
