/** Which group of an aggregation a series belongs to, and what the group is called: once per series. */
import { compareBytes } from '../../labels/compare.ts';
import { type Labels, METRIC_NAME } from '../../labels/labels.ts';
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

/** Numbers the groups in the order in which they turn up. */
export class Groups {
  readonly #without: boolean;
  readonly #grouped: GroupedNames;
  readonly #byKey = new Map<string, number>();
  readonly labels: Labels[] = [];
  /** The names looked at last, which most series share; of those that count, their places and a text that says which they are. */
  #shapedNames: readonly string[] | undefined;
  #places: number[] = [];
  #shape = '';

  constructor(grouping: Grouping) {
    this.#without = grouping.without;
    this.#grouped = groupedNamesOf(grouping);
  }

  get size(): number {
    return this.labels.length;
  }

  indexOf(labels: Labels): number {
    const key = this.#without ? this.#keyWithout(labels) : this.#keyWith(labels);
    let index = this.#byKey.get(key);
    if (index === undefined) {
      index = this.labels.length;
      this.#byKey.set(key, index);
      this.labels.push(labels.filterNames(this.#grouped.isKept));
    }
    return index;
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
