/** Which group of an aggregation a series belongs to, and what the group is called: once per series. */
import { compareBytes } from '../../labels/compare.ts';
import { type Labels, METRIC_NAME } from '../../labels/labels.ts';

export interface Grouping {
  readonly without: boolean;
  readonly labels: readonly string[];
}

/** Numbers the groups in the order in which they turn up. */
export class Groups {
  readonly #without: boolean;
  /** Sorted. */
  readonly #names: readonly string[];
  readonly #nameSet: ReadonlySet<string>;
  readonly #isKept: (name: string) => boolean;
  readonly #byKey = new Map<string, number>();
  readonly labels: Labels[] = [];
  /** The names looked at last, which most series share; of those that count, their places and a text that says which they are. */
  #shapedNames: readonly string[] | undefined;
  #places: number[] = [];
  #shape = '';

  constructor({ without, labels }: Grouping) {
    this.#without = without;
    const names = without ? [...labels, METRIC_NAME] : labels;
    this.#names = [...new Set(names)].sort(compareBytes);
    const nameSet = new Set(this.#names);
    this.#nameSet = nameSet;
    this.#isKept = (name) => nameSet.has(name) !== without;
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
      this.labels.push(labels.filterNames(this.#isKept));
    }
    return index;
  }

  #keyWith(labels: Labels): string {
    if (this.#names.length === 1) return labels.get(this.#names[0]!);
    let key = '';
    for (const name of this.#names) {
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
    for (const [place, name] of names.entries()) {
      if (this.#nameSet.has(name)) continue;
      this.#places.push(place);
      this.#shape += `${name.length},${name}`;
    }
    this.#shape = `${this.#places.length};${this.#shape}`;
  }
}
