/** What a trace tells beside its waterfall: self times, sums by service, and how errors went up. */
import { criticalPath } from './critical-path.ts';
import type { TraceNode, TraceTree } from './tree.ts';

export interface ServiceSummary {
  readonly service: string;
  readonly spans: number;
  readonly errors: number;
  /** Sum of durations; spans within spans count twice. */
  readonly totalUs: number;
  /** Sum of self times. */
  readonly selfUs: number;
  /** Time on the critical path. */
  readonly criticalUs: number;
}

export interface ErrorPath {
  /** The deepest span that failed: no child of it did. */
  readonly origin: TraceNode;
  /** How many spans above it failed as well, one after the other. */
  readonly passedOn: number;
  /** The error arrived at a root. */
  readonly reachesRoot: boolean;
}

/** The time that a span spends in none of its children, in microseconds: its duration less the union of theirs. */
export function selfTimeUs(node: TraceNode): number {
  const endUs = node.startUs + node.span.durationUs;
  let coveredUs = 0;
  let untilUs = node.startUs;
  // Children are ordered by their start.
  for (const child of node.children) {
    const from = Math.max(child.startUs, untilUs);
    const to = Math.min(child.startUs + child.span.durationUs, endUs);
    if (to <= from) continue;
    coveredUs += to - from;
    untilUs = to;
  }
  return Math.max(0, node.span.durationUs - coveredUs);
}

/** By self time, the largest first; `path` is the tree's critical path, where it is known already. */
export function serviceSummaries(tree: TraceTree, path = criticalPath(tree)): readonly ServiceSummary[] {
  const services = new Map<string, { -readonly [Key in keyof ServiceSummary]: ServiceSummary[Key] }>();
  const of = (service: string) => {
    let summary = services.get(service);
    if (summary === undefined) {
      summary = { service, spans: 0, errors: 0, totalUs: 0, selfUs: 0, criticalUs: 0 };
      services.set(service, summary);
    }
    return summary;
  };
  for (const node of tree.nodes) {
    const summary = of(node.span.service);
    summary.spans += 1;
    if (node.span.error) summary.errors += 1;
    summary.totalUs += node.span.durationUs;
    summary.selfUs += selfTimeUs(node);
  }
  for (const { node, startUs, endUs } of path) of(node.span.service).criticalUs += endUs - startUs;
  return [...services.values()].sort((a, b) => b.selfUs - a.selfUs || a.service.localeCompare(b.service));
}

/** One path for each place where an error began, the earliest first. */
export function errorPaths(tree: TraceTree): readonly ErrorPath[] {
  const paths: ErrorPath[] = [];
  // Parents come before their children, so that a chain is walked once, however many errors hang on it.
  const reaches = new Map<TraceNode, Omit<ErrorPath, 'origin'>>();
  for (const origin of tree.nodes) {
    if (!origin.span.error) continue;
    const { parent } = origin;
    const above = parent === undefined ? undefined : reaches.get(parent);
    const reach = {
      passedOn: above === undefined ? 0 : above.passedOn + 1,
      reachesRoot: parent === undefined || (above?.reachesRoot ?? false),
    };
    reaches.set(origin, reach);
    if (!origin.children.some((child) => child.span.error)) paths.push({ origin, ...reach });
  }
  return paths.sort((a, b) => a.origin.startUs - b.origin.startUs);
}
