/** Which rule groups read what a target exposes, and which read what other groups write: by the selectors of their expressions. */
import type { RuleGroupConfig } from '../config/rule-file.ts';
import { type Labels, METRIC_NAME } from '../labels/labels.ts';
import type { Matcher } from '../labels/matcher.ts';
import { ALL_SYNTAX } from '../promql/features.ts';
import { parseExpression } from '../promql/parse.ts';
import { PromqlParseError } from '../promql/parse-error.ts';
import { selectorsOf } from '../promql/selectors.ts';

/** A target whose samples rules may read. */
export interface RuleInput {
  readonly target: { readonly labels: Labels };
  /** Whether its series may have other values of the target's labels, as `honor_labels` and metric relabelling make them. */
  readonly labelsMayDiffer: boolean;
  /** Of all series that it has or had lately, its own report included. */
  metricNames(): ReadonlySet<string>;
}

export class RuleInputs {
  readonly #reads: readonly (readonly (readonly Matcher[])[])[];
  /** By group, those that read what it writes and come after it. */
  readonly #readers: readonly (readonly number[])[];
  /** By group, how many groups it comes after. */
  readonly #order: readonly number[];

  constructor(groups: readonly RuleGroupConfig[]) {
    this.#reads = groups.map(readsOf);
    const writes = groups.map(writesOf);
    const writersOf = this.#reads.map((reads, reader) =>
      groups.flatMap((_, writer) => (writer !== reader && mayRead(reads, writes[writer]!, undefined) ? [writer] : [])),
    );
    this.#order = orderOf(writersOf);
    this.#readers = groups.map((_, writer) =>
      groups.flatMap((__, reader) =>
        writersOf[reader]!.includes(writer) && this.#order[writer]! < this.#order[reader]! ? [reader] : [],
      ),
    );
  }

  /** The groups to begin with when the target has been scraped; the others that its samples reach read from these. */
  firstReadersOf(input: RuleInput): readonly number[] {
    const names = input.metricNames();
    const labels = input.labelsMayDiffer ? undefined : input.target.labels;
    const direct = this.#reads.flatMap((reads, group) => (mayRead(reads, names, labels) ? [group] : []));
    const later = new Set<number>();
    const reach = (group: number): void => {
      for (const reader of this.#readers[group]!) {
        if (later.has(reader)) continue;
        later.add(reader);
        reach(reader);
      }
    };
    for (const group of direct) reach(group);
    return direct.filter((group) => !later.has(group));
  }

  /** The groups that read what this one writes. */
  readersOf(group: number): readonly number[] {
    return this.#readers[group]!;
  }
}

function readsOf(group: RuleGroupConfig): (readonly Matcher[])[] {
  return group.rules.flatMap(({ expression }) => {
    try {
      return selectorsOf(parseExpression(expression, ALL_SYNTAX)).map(({ matchers }) => matchers);
    } catch (error) {
      // What does not parse has no result, however often it is evaluated.
      if (error instanceof PromqlParseError) return [];
      throw error;
    }
  });
}

function writesOf(group: RuleGroupConfig): ReadonlySet<string> {
  const names = new Set<string>();
  for (const { kind, name } of group.rules) {
    if (kind === 'recording') names.add(name);
    else names.add('ALERTS').add('ALERTS_FOR_STATE');
  }
  return names;
}

function mayRead(
  reads: readonly (readonly Matcher[])[],
  names: ReadonlySet<string>,
  labels: Labels | undefined,
): boolean {
  return reads.some(
    (matchers) => hasName(matchers, names) && (labels === undefined || mayHaveLabels(matchers, labels)),
  );
}

function hasName(matchers: readonly Matcher[], names: ReadonlySet<string>): boolean {
  const ofName = matchers.filter(({ name }) => name === METRIC_NAME);
  const exact = ofName.find(({ operator }) => operator === '=');
  if (exact !== undefined && !names.has(exact.value)) return false;
  const candidates = exact === undefined ? names : [exact.value];
  for (const name of candidates) if (ofName.every((matcher) => matcher.matches(name))) return true;
  return false;
}

function mayHaveLabels(matchers: readonly Matcher[], labels: Labels): boolean {
  return matchers.every((matcher) => !labels.has(matcher.name) || matcher.matches(labels.get(matcher.name)));
}

/** Writers before their readers; where groups read each other in a circle, the one that the files name first goes first. */
function orderOf(writersOf: readonly (readonly number[])[]): number[] {
  const order = new Array<number>(writersOf.length).fill(-1);
  const entered = new Set<number>();
  let next = 0;
  const visit = (group: number): void => {
    if (entered.has(group)) return;
    entered.add(group);
    for (const writer of writersOf[group]!) visit(writer);
    order[group] = next++;
  };
  for (let group = 0; group < writersOf.length; group++) visit(group);
  return order;
}
