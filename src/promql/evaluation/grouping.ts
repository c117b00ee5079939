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
  readonly #byKey = new Map<string, number>();
  readonly labels: Labels[] = [];

  constructor({ without, labels }: Grouping) {
    this.#without = without;
    const names = without ? [...labels, METRIC_NAME] : labels;
    this.#names = [...new Set(names)].sort(compareBytes);
    this.#nameSet = new Set(this.#names);
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
      this.labels.push(labels.filter((name) => this.#nameSet.has(name) !== this.#without));
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
    let key = '';
    for (let i = 0; i < names.length; i++) {
      if (this.#nameSet.has(names[i]!)) continue;
      key += `${names[i]!.length},${values[i]!.length},${names[i]}${values[i]}`;
    }
    return key;
  }
}
