/** Which group of an aggregation a series belongs to, and what the group is called: once per series. */
import { compareBytes } from '../../labels/compare.ts';
import { type Labels, METRIC_NAME } from '../../labels/labels.ts';
import type { Aggregation } from '../expression.ts';
import { ABSENT, type Row } from './row.ts';

export interface Grouping {
  readonly without: boolean;
  readonly labels: readonly string[];
}

/** The names that a grouping is about. */
interface GroupedNames {
  /** Sorted. */
  readonly names: readonly string[];
  readonly set: ReadonlySet<string>;
  readonly isKept: (name: string) => boolean;
}

/** Shared by all queries that group alike: what was found out of a label set's names holds for the next query, too. */
const groupedNames = new Map<string, GroupedNames>();
const MOST_GROUPED_NAMES = 1000;

function groupedNamesOf({ without, labels }: Grouping): GroupedNames {
  // A label name may hold any character: only quoted ones stay apart.
  const key = JSON.stringify([without, ...labels]);
  let grouped = groupedNames.get(key);
  if (grouped === undefined) {
    const set = new Set(without ? [...labels, METRIC_NAME] : labels);
    grouped = { names: [...set].sort(compareBytes), set, isKept: (name) => set.has(name) !== without };
    if (groupedNames.size >= MOST_GROUPED_NAMES) groupedNames.clear();
    groupedNames.set(key, grouped);
  }
  return grouped;
}

/** So many label sets are kept with an expression for its next evaluation. Few, since those that were computed are new ones each time, and kept in vain. */
const MOST_KEPT_LABELS = 64;

/** The groups of an expression in all its evaluations: a label set that comes again, as it does with each evaluation of a rule, is not looked at again. */
class KnownGroups {
  readonly labels: Labels[] = [];
  readonly #without: boolean;
  readonly #grouped: GroupedNames;
  readonly #byLabels = new Map<Labels, number>();
  readonly #byKey = new Map<string, number>();
  /** The names looked at last, which most series share; of those that count, their places and a text that says which they are. */
  #shapedNames: readonly string[] | undefined;
  #places: number[] = [];
  #shape = '';

  constructor(grouping: Grouping) {
    this.#without = grouping.without;
    this.#grouped = groupedNamesOf(grouping);
  }

  get isFull(): boolean {
    return this.#byLabels.size >= MOST_KEPT_LABELS;
  }

  numberOf(labels: Labels): number {
    const known = this.#byLabels.get(labels);
    if (known !== undefined) return known;
    const key = this.#without ? this.#keyWithout(labels) : this.#keyWith(labels);
    let number = this.#byKey.get(key);
    if (number === undefined) {
      number = this.labels.length;
      this.#byKey.set(key, number);
      this.labels.push(labels.filterNames(this.#grouped.isKept));
    }
    if (!this.isFull) this.#byLabels.set(labels, number);
    return number;
  }

  #keyWith(labels: Labels): string {
    const { names } = this.#grouped;
    if (names.length === 1) return labels.get(names[0]!);
    let key = '';
    for (const name of names) {
      const value = labels.get(name);
      key += `${value.length}:${value}`;
    }
    return key;
  }

  #keyWithout(labels: Labels): string {
    const { names, values } = labels;
    if (names !== this.#shapedNames) this.#shapeOf(names);
    let key = this.#shape;
    for (const place of this.#places) key += `${values[place]!.length},${values[place]}`;
    return key;
  }

  #shapeOf(names: readonly string[]): void {
    this.#shapedNames = names;
    this.#places = [];
    this.#shape = '';
    for (let place = 0; place < names.length; place++) {
      const name = names[place]!;
      if (this.#grouped.set.has(name)) continue;
      this.#places.push(place);
      this.#shape += `${name.length},${name}`;
    }
    this.#shape = `${this.#places.length};${this.#shape}`;
  }
}

const knownGroups = new WeakMap<Aggregation, KnownGroups>();

function knownGroupsOf(node: Aggregation): KnownGroups {
  let known = knownGroups.get(node);
  if (known === undefined || known.isFull) {
    known = new KnownGroups({ without: node.without, labels: node.grouping });
    knownGroups.set(node, known);
  }
  return known;
}

/** Numbers the groups of one evaluation in the order in which they turn up. */
export class Groups {
  readonly labels: Labels[] = [];
  readonly #known: KnownGroups;
  /** By the number that the group has in all evaluations. */
  readonly #indexes: number[] = [];

  /** Of an aggregation, or of what is not kept for another evaluation. */
  constructor(of: Aggregation | Grouping) {
    this.#known = 'kind' in of ? knownGroupsOf(of) : new KnownGroups(of);
  }

  get size(): number {
    return this.labels.length;
  }

  indexOf(labels: Labels): number {
    const number = this.#known.numberOf(labels);
    let index = this.#indexes[number];
    if (index === undefined) {
      index = this.labels.length;
      this.#indexes[number] = index;
      this.labels.push(this.#known.labels[number]!);
    }
    return index;
  }
}

/**
 * Which groups lose the metric's name when the query is done: those in which a row loses it that has a point at the last
 * step of all. As in Prometheus the steps before do not count.
 */
export class GroupNames {
  readonly #lastSteps: number[] = [];
  readonly #drops: boolean[] = [];

  add(group: number, { kinds, dropName }: Row): void {
    const step = kinds.findLastIndex((kind) => kind !== ABSENT);
    if (step < 0) return;
    const last = this.#lastSteps[group] ?? -1;
    if (step > last) {
      this.#lastSteps[group] = step;
      this.#drops[group] = dropName;
    } else if (step === last && dropName) {
      this.#drops[group] = true;
    }
  }

  drops(group: number): boolean {
    return this.#drops[group] ?? false;
  }
}
