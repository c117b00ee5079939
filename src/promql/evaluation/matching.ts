/** Which series of two vectors belong together: signatures, and the labels of what comes of a pair. */
import { compareBytes } from '../../labels/compare.ts';
import { type Labels, METRIC_NAME } from '../../labels/labels.ts';
import type { BinaryOperator, VectorMatching } from '../expression.ts';
import { withoutMetadata } from './row.ts';

/** Arithmetic makes another thing of a metric; comparing, trimming and set operators do not. */
export const CHANGES_METRIC: ReadonlySet<BinaryOperator> = new Set(['+', '-', '*', '/', '%', '^', 'atan2']);

const known = new WeakMap<VectorMatching, Matching>();

export class Matching {
  /** Made once for an expression, however often that is evaluated. */
  static of(matching: VectorMatching): Matching {
    let made = known.get(matching);
    if (made === undefined) {
      made = new Matching(matching);
      known.set(matching, made);
    }
    return made;
  }

  readonly matching: VectorMatching;
  readonly #names: readonly string[];
  readonly #set: ReadonlySet<string>;
  /** Whether a label takes part in matching. */
  readonly #takesPart: (name: string) => boolean;
  /** The same of labels whose name the metric keeps: with `ignoring` that stays unless it is listed. */
  readonly #isListed: (name: string) => boolean;

  private constructor(matching: VectorMatching) {
    this.matching = matching;
    this.#names = [...new Set(matching.labels)].sort(compareBytes);
    this.#set = new Set(matching.on ? matching.labels : [...matching.labels, METRIC_NAME]);
    this.#takesPart = (name) => this.#set.has(name) === matching.on;
    const listed = new Set(matching.labels);
    this.#isListed = (name) => listed.has(name) === matching.on;
  }

  signature(labels: Labels): string {
    let key = '';
    if (this.matching.on) {
      for (const name of this.#names) {
        const value = labels.get(name);
        key += `${value.length}:${value}`;
      }
      return key;
    }
    const { names, values } = labels;
    for (let i = 0; i < names.length; i++) {
      if (!this.#set.has(names[i]!)) key += `${names[i]!.length},${values[i]!.length},${names[i]}${values[i]}`;
    }
    return key;
  }

  /** The labels that a match is made by. */
  matched(labels: Labels): Labels {
    return labels.filterNames(this.#takesPart);
  }

  /** `many` is the side whose labels stay; `one` gives those of `group_left` and `group_right`. */
  resultLabels(many: Labels, one: Labels, operator: BinaryOperator): Labels {
    let labels = CHANGES_METRIC.has(operator) ? withoutMetadata(many) : many;
    if (this.matching.cardinality === 'one-to-one') labels = labels.filterNames(this.#isListed);
    for (const name of this.matching.include) labels = labels.with(name, one.get(name));
    return labels;
  }
}
