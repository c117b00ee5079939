/** The critical path of a trace: which span the caller was waiting for, at each moment (as jaeger-ui computes it). */
import type { TraceNode, TraceTree } from './tree.ts';

export interface CriticalSection {
  readonly node: TraceNode;
  /** Unix microseconds. */
  readonly startUs: number;
  readonly endUs: number;
}

/**
 * Of the tree's first root, by time. From the end backwards: the child that finished last is what its parent waited
 * for; before that child started, the one that had finished last by then, and so on. A child counts only as far as it
 * overlaps its parent, and one that merely follows from it does not count. Sections do not overlap.
 */
export function criticalPath(tree: TraceTree): readonly CriticalSection[] {
  const root = tree.roots[0];
  if (root === undefined) return [];
  const sections: CriticalSection[] = [];
  const section = (node: TraceNode, startUs: number, endUs: number): void => {
    if (endUs > startUs) sections.push({ node, startUs, endUs });
  };
  const open: OpenSpan[] = [openSpan(root, root.startUs, root.startUs + root.span.durationUs)];
  for (let span = open.at(-1); span !== undefined; span = open.at(-1)) {
    const child = span.children.pop();
    if (child === undefined) {
      section(span.node, span.startUs, span.untilUs);
      open.pop();
    } else if (child.endUs <= span.untilUs) {
      section(span.node, child.endUs, span.untilUs);
      span.untilUs = child.startUs;
      open.push(openSpan(child.node, child.startUs, child.endUs));
    }
  }
  return sections.reverse();
}

interface ClippedChild {
  readonly node: TraceNode;
  readonly startUs: number;
  readonly endUs: number;
}

interface OpenSpan {
  readonly node: TraceNode;
  readonly startUs: number;
  /** What comes after is told already. */
  untilUs: number;
  /** The one that ends last is last. */
  readonly children: ClippedChild[];
}

function openSpan(node: TraceNode, startUs: number, endUs: number): OpenSpan {
  const children = node.children
    .filter((child) => !followsFrom(child))
    .map((child) => ({
      node: child,
      startUs: Math.max(child.startUs, startUs),
      endUs: Math.min(child.startUs + child.span.durationUs, endUs),
    }))
    .filter((child) => child.startUs < child.endUs)
    .sort((a, b) => a.endUs - b.endUs || b.startUs - a.startUs);
  return { node, startUs, untilUs: endUs, children };
}

function followsFrom({ span }: TraceNode): boolean {
  const reference = span.references.find((each) => each.spanId === span.parentSpanId);
  return reference?.kind === 'follows-from';
}
