/** A trace as the waterfall needs it: nodes in order with what can be folded below them, and the rows that are visible. */
import {
  type ErrorPath,
  errorPaths,
  type ServiceSummary,
  selfTimeUs,
  serviceSummaries,
} from '../../../traces/analysis.ts';
import { criticalPath } from '../../../traces/critical-path.ts';
import type { Span, Trace } from '../../../traces/trace.ts';
import { buildTraceTree, type TraceNode } from '../../../traces/tree.ts';

export interface WaterfallNode {
  readonly span: Span;
  readonly depth: number;
  /** Unix microseconds, clock skew taken out. */
  readonly startUs: number;
  readonly skewUs: number;
  readonly parentMissing: boolean;
  /** Index of the parent in the list; -1 for a root. */
  readonly parent: number;
  /** How many nodes below it follow directly in the list. */
  readonly descendants: number;
  /** Time in it that none of its children covers, microseconds. */
  readonly selfUs: number;
  /** Something below it failed. */
  readonly errorBelow: boolean;
  /** The parts of the critical path that run in this span, `[startUs, endUs]`. */
  readonly critical: readonly (readonly [number, number])[];
}

export interface Waterfall {
  readonly traceId: string;
  /** Depth first: a node's descendants follow it. */
  readonly nodes: readonly WaterfallNode[];
  readonly startUs: number;
  readonly durationUs: number;
  /** The one with the most self time first. */
  readonly services: readonly ServiceSummary[];
  /** Where errors began, the earliest first. */
  readonly errors: readonly ErrorPath[];
  readonly errorCount: number;
}

export function makeWaterfall(trace: Trace): Waterfall {
  const tree = buildTraceTree(trace);
  const index = new Map<TraceNode, number>(tree.nodes.map((node, i) => [node, i]));
  const parents = tree.nodes.map((node) => (node.parent === undefined ? -1 : index.get(node.parent)!));
  const descendants = new Int32Array(tree.nodes.length);
  const errorBelow = new Uint8Array(tree.nodes.length);
  for (let i = tree.nodes.length - 1; i >= 0; i--) {
    const parent = parents[i]!;
    if (parent < 0) continue;
    descendants[parent]! += descendants[i]! + 1;
    if (tree.nodes[i]!.span.error || errorBelow[i] === 1) errorBelow[parent] = 1;
  }
  const critical = new Map<TraceNode, [number, number][]>();
  const path = criticalPath(tree);
  for (const { node, startUs, endUs } of path) {
    const parts = critical.get(node);
    if (parts) parts.push([startUs, endUs]);
    else critical.set(node, [[startUs, endUs]]);
  }
  return {
    traceId: trace.traceId,
    nodes: tree.nodes.map((node, i) => ({
      span: node.span,
      depth: node.depth,
      startUs: node.startUs,
      skewUs: node.skewUs,
      parentMissing: node.parentMissing,
      parent: parents[i]!,
      descendants: descendants[i]!,
      selfUs: selfTimeUs(node),
      errorBelow: errorBelow[i] === 1,
      critical: critical.get(node) ?? [],
    })),
    startUs: tree.startUs,
    durationUs: Math.max(1, tree.endUs - tree.startUs),
    services: serviceSummaries(tree, path),
    errors: errorPaths(tree),
    errorCount: tree.nodes.filter((node) => node.span.error).length,
  };
}

/** Indexes of the nodes to show: nothing below a folded one, and those that `accept` takes. */
export function visibleNodes(
  { nodes }: Waterfall,
  folded: ReadonlySet<string>,
  accept: (node: WaterfallNode) => boolean,
): number[] {
  const visible: number[] = [];
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!;
    if (accept(node)) visible.push(i);
    if (folded.has(node.span.spanId)) i += node.descendants;
  }
  return visible;
}
