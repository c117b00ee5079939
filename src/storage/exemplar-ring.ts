/** Exemplars in a ring of bounded size: the oldest goes when it is full. */
import { compareExemplars, type TimedExemplar } from '../exposition/exemplar.ts';

export class ExemplarRing {
  readonly capacity: number;
  readonly #refs: number[] = [];
  readonly #exemplars: TimedExemplar[] = [];
  #next = 0;
  /** Where each series' newest exemplar is. */
  readonly #newest = new Map<number, number>();

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  get size(): number {
    return this.#exemplars.length;
  }

  /** Refuses what is equal to the series' newest exemplar or comes before it. */
  add(ref: number, exemplar: TimedExemplar): 'added' | 'duplicate' | 'out-of-order' {
    if (this.capacity === 0) return 'out-of-order';
    const at = this.#newest.get(ref);
    const newest = at === undefined || this.#refs[at] !== ref ? undefined : this.#exemplars[at]!;
    if (newest !== undefined) {
      const same =
        newest.timestampMs === exemplar.timestampMs &&
        Object.is(newest.value, exemplar.value) &&
        newest.labels.equals(exemplar.labels);
      if (same) return 'duplicate';
      if (compareExemplars(exemplar, newest) < 0) return 'out-of-order';
    }
    if (this.#exemplars.length === this.capacity) {
      const gone = this.#refs[this.#next]!;
      if (this.#newest.get(gone) === this.#next) this.#newest.delete(gone);
    }
    this.#refs[this.#next] = ref;
    this.#exemplars[this.#next] = exemplar;
    this.#newest.set(ref, this.#next);
    this.#next = (this.#next + 1) % this.capacity;
    return 'added';
  }

  /** The exemplars of the series within the range, in order of time, by series. */
  of(refs: ReadonlySet<number>, startMs: number, endMs: number): Map<number, TimedExemplar[]> {
    const found = new Map<number, TimedExemplar[]>();
    for (const [ref, exemplar] of this.all()) {
      if (!refs.has(ref) || exemplar.timestampMs < startMs || exemplar.timestampMs > endMs) continue;
      const list = found.get(ref);
      if (list === undefined) found.set(ref, [exemplar]);
      else list.push(exemplar);
    }
    for (const list of found.values()) list.sort((a, b) => a.timestampMs - b.timestampMs);
    return found;
  }

  /** All, the oldest first. */
  *all(): IterableIterator<[number, TimedExemplar]> {
    const size = this.#exemplars.length;
    const from = size < this.capacity ? 0 : this.#next;
    for (let i = 0; i < size; i++) {
      const at = (from + i) % size;
      yield [this.#refs[at]!, this.#exemplars[at]!];
    }
  }
}
