/** The route tree: which routes an alert takes and why, and the keys that name a route and a group. */
import type { RouteConfig } from '../config/alertmanager-config.ts';
import { compareBytes } from '../labels/compare.ts';
import { type Labels, quote } from '../labels/labels.ts';
import { type Matcher, matchesAll } from '../labels/matcher.ts';

export interface RouteStep {
  readonly depth: number;
  readonly route: Route;
  readonly outcome: 'entered' | 'chosen' | 'matchers-do-not-match' | 'not-tried-after-a-match-without-continue';
  /** The first matcher that refused. */
  readonly refusedBy?: Matcher | undefined;
  /** The value that it refused; undefined where the alert has no such label. */
  readonly refusedValue?: string | undefined;
}

export class Route {
  readonly config: RouteConfig;
  readonly routes: readonly Route[];
  /** Not unique: two siblings with equal matchers share it, as in Alertmanager; it is part of the group key. */
  readonly key: string;
  /** Unique within the tree. */
  readonly id: string;

  constructor(config: RouteConfig, parent?: Route, index = 0) {
    this.config = config;
    const matchers = matchersText(config.matchers);
    this.key = parent === undefined ? matchers : `${parent.key}/${matchers}`;
    this.id = parent === undefined ? matchers : `${parent.id}/${matchers}/${index}`;
    this.routes = config.routes.map((child, position) => new Route(child, this, position));
  }

  /** Depth first, from the left; a match without `continue` ends its siblings' turn. Never empty at the root where the root matches all. */
  match(labels: Labels): readonly Route[] {
    if (!matchesAll(this.config.matchers, labels)) return [];
    const all: Route[] = [];
    for (const child of this.routes) {
      const matches = child.match(labels);
      all.push(...matches);
      if (matches.length > 0 && !child.config.continue) break;
    }
    return all.length > 0 ? all : [this];
  }

  /** The same walk, each step with its reason, in the order in which the routes are tried. */
  trace(labels: Labels, depth = 0): readonly RouteStep[] {
    const refusedBy = this.config.matchers.find((matcher) => !matcher.matches(labels.get(matcher.name)));
    if (refusedBy !== undefined) {
      const refusedValue = labels.has(refusedBy.name) ? labels.get(refusedBy.name) : undefined;
      return [{ depth, route: this, outcome: 'matchers-do-not-match', refusedBy, refusedValue }];
    }
    const below: RouteStep[] = [];
    let ended = false;
    let taken = false;
    for (const child of this.routes) {
      if (ended) {
        below.push({ depth: depth + 1, route: child, outcome: 'not-tried-after-a-match-without-continue' });
        continue;
      }
      const steps = child.trace(labels, depth + 1);
      below.push(...steps);
      const matched = steps[0]!.outcome !== 'matchers-do-not-match';
      taken ||= matched;
      ended = matched && !child.config.continue;
    }
    return [{ depth, route: this, outcome: taken ? 'entered' : 'chosen' }, ...below];
  }

  groupLabels(labels: Labels): Labels {
    const { groupBy } = this.config;
    return groupBy === 'all' ? labels : labels.filter((name) => groupBy.includes(name));
  }

  groupKey(groupLabels: Labels): string {
    return `${this.key}:${labelSetText(groupLabels)}`;
  }
}

/** A step as a line: its matchers, where they stand, what came of it and why. */
export function routeStepText({ route, depth, outcome, refusedBy, refusedValue }: RouteStep): string {
  const { matchers, place, receiver, continue: continues } = route.config;
  const has = refusedValue === undefined ? 'it has no such label' : `it is ${quote(refusedValue)}`;
  const why = refusedBy === undefined ? outcome : `${outcome}: ${matcherText(refusedBy)} (${has})`;
  const taken = outcome === 'chosen' ? ` → receiver ${receiver}` : '';
  const more = (outcome === 'chosen' || outcome === 'entered') && continues ? ', continue' : '';
  return `${'  '.repeat(depth)}${matchersText(matchers)} (${place.file}:${place.line}) ${why}${more}${taken}`;
}

/** `{a="b",c=~"d"}`, sorted as Alertmanager sorts matchers. */
export function matchersText(matchers: readonly Matcher[]): string {
  const sorted = [...matchers].sort(
    (a, b) =>
      compareBytes(a.name, b.name) ||
      compareBytes(a.value, b.value) ||
      OPERATORS.indexOf(a.operator) - OPERATORS.indexOf(b.operator),
  );
  return `{${sorted.map(matcherText).join(',')}}`;
}

const OPERATORS = ['=', '!=', '=~', '!~'];

/** A matcher as Alertmanager prints it: names are quoted only where they have to be. */
export function matcherText(matcher: Matcher): string {
  if (/[\s{}!=~,\\"'`]/u.test(matcher.name)) return quote(matcher.name) + matcher.operator + quote(matcher.value);
  const escaped = matcher.value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
  return `${matcher.name}${matcher.operator}"${escaped}"`;
}

/** `{a="b", c="d"}` as Go prints a `model.LabelSet`: names as they are. */
export function labelSetText(labels: Labels): string {
  return `{${[...labels].map(([name, value]) => `${name}=${quote(value)}`).join(', ')}}`;
}
