/** The spans of a trace as trees: parents that are missing, circles and clocks that disagree are all put up with. */
import type { Span, Trace } from './trace.ts';

export interface TraceNode {
  readonly span: Span;
  readonly parent: TraceNode | undefined;
  /** By their start. */
  readonly children: readonly TraceNode[];
  /** 0 for a root. */
  readonly depth: number;
  /** Unix microseconds, with the skew of this host's clock taken out. */
  readonly startUs: number;
  /** What was added to the span's own start; 0 where the clocks agree. */
  readonly skewUs: number;
  /** The span names a parent that is not in the trace. */
  readonly parentMissing: boolean;
}

export interface TraceTree {
  /** By their start. */
  readonly roots: readonly TraceNode[];
  /** Every node, parents before their children, each subtree together. */
  readonly nodes: readonly TraceNode[];
  /** Over all nodes, as adjusted. */
  readonly startUs: number;
  readonly endUs: number;
}

type MutableNode = { -readonly [Key in Exclude<keyof TraceNode, 'parent' | 'children'>]: TraceNode[Key] } & {
  parent: MutableNode | undefined;
  children: MutableNode[];
};

/** Linear but for sorting, and without recursion: good to 80,000 spans in one chain or under one parent. */
export function buildTraceTree(trace: Trace): TraceTree {
  const all: MutableNode[] = trace.spans.map((span) => ({
    span,
    parent: undefined,
    children: [],
    depth: 0,
    startUs: span.startUs,
    skewUs: 0,
    parentMissing: false,
  }));
  connect(all);
  const roots = all.filter((node) => node.parent === undefined).sort(byStart);
  const nodes = inOrder(roots);
  let startUs = Number.POSITIVE_INFINITY;
  let endUs = Number.NEGATIVE_INFINITY;
  for (const node of nodes) {
    startUs = Math.min(startUs, node.startUs);
    endUs = Math.max(endUs, node.startUs + node.span.durationUs);
  }
  return nodes.length === 0 ? { roots, nodes, startUs: 0, endUs: 0 } : { roots, nodes, startUs, endUs };
}

function byStart(a: TraceNode, b: TraceNode): number {
  return a.startUs - b.startUs;
}

/** Finds each node's parent by id. Where ids occur twice (client and server sharing one, as Zipkin does), the better one. */
function connect(all: readonly MutableNode[]): void {
  const byId = new Map<string, MutableNode | MutableNode[]>();
  for (const node of all) {
    const known = byId.get(node.span.spanId);
    if (known === undefined) byId.set(node.span.spanId, node);
    else if (Array.isArray(known)) known.push(node);
    else byId.set(node.span.spanId, [known, node]);
  }
  for (const node of all) {
    const { parentSpanId } = node.span;
    if (parentSpanId === undefined) continue;
    const found = byId.get(parentSpanId);
    node.parent = Array.isArray(found) ? bestParent(found, node) : found === node ? undefined : found;
    node.parentMissing = node.parent === undefined;
  }
  breakCircles(all);
  for (const node of all) node.parent?.children.push(node);
}

/** Of several with the id that is asked for: the same service's, preferably the server's half, else the first. */
function bestParent(candidates: readonly MutableNode[], child: MutableNode): MutableNode | undefined {
  let best: MutableNode | undefined;
  let bestScore = -1;
  for (const candidate of candidates) {
    if (candidate === child) continue;
    const score = (candidate.span.service === child.span.service ? 2 : 0) + (candidate.span.kind === 'server' ? 1 : 0);
    if (score > bestScore) {
      best = candidate;
      bestScore = score;
    }
  }
  return best;
}

/** Spans that are each other's ancestors hang under no root: the first that is met becomes one. */
function breakCircles(all: readonly MutableNode[]): void {
  const walkOf = new Map<MutableNode, number>();
  all.forEach((start, walk) => {
    let node: MutableNode | undefined = start;
    while (node !== undefined && !walkOf.has(node)) {
      walkOf.set(node, walk);
      node = node.parent;
    }
    if (node !== undefined && walkOf.get(node) === walk) {
      node.parent = undefined;
      node.parentMissing = true;
    }
  });
}

/** Depth first; sets depth and skew on the way, from parent to child, and sorts children by the adjusted start. */
function inOrder(roots: readonly MutableNode[]): MutableNode[] {
  const nodes: MutableNode[] = [];
  const waiting = [...roots].reverse();
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    nodes.push(node);
    for (const child of node.children) {
      child.depth = node.depth + 1;
      child.skewUs = skewOf(child, node);
      child.startUs = child.span.startUs + child.skewUs;
    }
    node.children.sort(byStart);
    for (let i = node.children.length - 1; i >= 0; i--) waiting.push(node.children[i]!);
  }
  return nodes;
}

/**
 * What to add to the child's start. A child on its parent's host shares the parent's skew. On another host it is moved
 * only where the clocks are proven to disagree: it starts before its parent, or is the server's half of a call and ends
 * after the call. It then goes into the middle of its parent (the network takes the same time both ways), or to the
 * parent's start where it is longer (as Jaeger adjusts).
 */
function skewOf(child: MutableNode, parent: MutableNode): number {
  const sameHost = hostOf(child.span) === hostOf(parent.span);
  if (sameHost) return parent.skewUs;
  const { startUs, durationUs } = child.span;
  const parentEndUs = parent.startUs + parent.span.durationUs;
  const startsBefore = startUs < parent.startUs;
  const isCall = parent.span.kind === 'client' && child.span.kind === 'server';
  if (durationUs > parent.span.durationUs) return startsBefore ? parent.startUs - startUs : 0;
  if (!startsBefore && !(isCall && startUs + durationUs > parentEndUs)) return 0;
  return parent.startUs + (parent.span.durationUs - durationUs) / 2 - startUs;
}

/** What tells whose clock it was; the service where the resource does not say. */
function hostOf(span: Span): string {
  const { resource } = span;
  return String(resource['host.id'] ?? resource['host.name'] ?? resource['ip'] ?? resource['hostname'] ?? span.service);
}
