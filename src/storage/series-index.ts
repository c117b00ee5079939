/** The series of the head: interned label sets, and the posting index from label name and value to series slots. */
import { Labels } from '../labels/labels.ts';
import type { Matcher } from '../labels/matcher.ts';
import { copied } from './chunk-table.ts';
import { intersect, type Posting, PostingList, postingLength, unionDisjoint } from './posting-list.ts';

/** The values of one label name. */
class LabelIndex {
  readonly ids = new Map<string, number>();
  /** By value id; a value whose last series went keeps its id with no posting. */
  readonly values: string[] = [];
  readonly postings: (Posting | undefined)[] = [];
  /** Ids that no series uses. */
  readonly free: number[] = [];
}

/** A label name with a value, while no series is removed. */
export interface Pair {
  readonly index: LabelIndex;
  readonly id: number;
}

export class SeriesIndex {
  /** By slot; undefined where the slot is free. */
  readonly labels: (Labels | undefined)[] = [];
  readonly byName = new Map<string, LabelIndex>();
  /** Series present. */
  size = 0;
  /** Slots ever used. */
  slots = 0;
  readonly #freeSlots: number[] = [];
  /** Label name arrays, shared by all series that have the same names. */
  readonly #nameSets = new Map<string, readonly string[]>();
  #hashes = new Int32Array(1024);
  /** Open addressing: slot + 1, 0 for empty, −1 for deleted. */
  #table = new Int32Array(2048);
  #occupied = 0;
  /** Sum of the lengths of the values over the distinct pairs. */
  pairBytes = 0;
  pairs = 0;
  /** How often series were removed. */
  removals = 0;

  /** The slot of the series; −1 where there is none. */
  find(labels: Labels): number {
    const hash = hashOf(labels);
    const mask = this.#table.length - 1;
    for (let at = hash & mask; ; at = (at + 1) & mask) {
      const entry = this.#table[at]!;
      if (entry === 0) return -1;
      if (entry > 0 && this.#hashes[entry - 1] === hash && this.labels[entry - 1]!.equals(labels)) return entry - 1;
    }
  }

  /** Adds a series that is not there; gives its slot. */
  add(labels: Labels): number {
    const slot = this.#freeSlots.pop() ?? this.slots++;
    const values: string[] = [];
    for (let i = 0; i < labels.names.length; i++) values.push(this.#post(labels.names[i]!, labels.values[i]!, slot));
    // A slice has no room to grow.
    this.labels[slot] = Labels.fromSorted(this.#nameSet(labels.names), values.slice());
    if (slot >= this.#hashes.length) this.#hashes = copied(this.#hashes, new Int32Array(this.#hashes.length * 2));
    this.#hashes[slot] = hashOf(labels);
    this.size++;
    if (++this.#occupied * 2 > this.#table.length) this.#rehash();
    else this.#insert(slot);
    return slot;
  }

  /** Removes series; their slots are used again. */
  remove(slots: readonly number[]): void {
    const gone = new Set(slots);
    const touched = new Map<LabelIndex, Set<number>>();
    for (const slot of slots) {
      const labels = this.labels[slot]!;
      for (let i = 0; i < labels.names.length; i++) {
        const index = this.byName.get(labels.names[i]!)!;
        const ids = touched.get(index) ?? new Set<number>();
        touched.set(index, ids);
        ids.add(index.ids.get(labels.values[i]!)!);
      }
      this.#delete(slot);
      this.labels[slot] = undefined;
      this.#freeSlots.push(slot);
    }
    this.size -= slots.length;
    this.removals++;
    for (const [index, ids] of touched) for (const id of ids) this.#shrink(index, id, gone);
    for (const [name, index] of this.byName) if (index.ids.size === 0) this.byName.delete(name);
  }

  /** Slots of the series that match every matcher, in ascending order. */
  select(matchers: readonly Matcher[]): Uint32Array {
    let candidates: Uint32Array | undefined;
    const rest: Matcher[] = [];
    for (const matcher of matchers) {
      const lists = this.#looked(matcher);
      if (lists === undefined) {
        if (matcher.matches('') && isTrivial(matcher)) continue;
        rest.push(matcher);
        continue;
      }
      if (lists.length === 0) return new Uint32Array(0);
      const slots = unionDisjoint(lists);
      candidates = candidates === undefined ? slots : intersect(candidates, slots);
      if (candidates.length === 0) return candidates;
    }
    for (const matcher of rest) {
      const index = this.byName.get(matcher.name);
      if (matcher.matches('')) {
        if (index === undefined) continue;
      } else {
        if (index === undefined) return new Uint32Array(0);
        if (candidates === undefined || index.ids.size <= candidates.length) {
          const slots = matchingSlots(index, matcher);
          candidates = candidates === undefined ? slots : intersect(candidates, slots);
          continue;
        }
      }
      candidates = this.#filtered(candidates ?? this.all(), matcher);
    }
    return candidates === undefined ? this.all() : candidates.slice();
  }

  /** Of the pairs that the matchers ask for, the one that the fewest series have; undefined where they ask for none that is there. */
  pairOf(matchers: readonly Matcher[]): Pair | undefined {
    let rarest: Pair | undefined;
    for (const { operator, name, value } of matchers) {
      const index = operator === '=' && value !== '' ? this.byName.get(name) : undefined;
      const id = index?.ids.get(value);
      if (id === undefined) continue;
      const pair = { index: index!, id };
      if (rarest === undefined || this.countOf(pair) < this.countOf(rarest)) rarest = pair;
    }
    return rarest;
  }

  /** The number of series that have the pair. */
  countOf({ index, id }: Pair): number {
    return postingLength(index.postings[id]!);
  }

  all(): Uint32Array {
    const into = new Uint32Array(this.size);
    let length = 0;
    for (let slot = 0; slot < this.slots; slot++) if (this.labels[slot] !== undefined) into[length++] = slot;
    return into;
  }

  /** The postings of a matcher whose values can be looked up; undefined where they cannot. */
  #looked(matcher: Matcher): Posting[] | undefined {
    if (matcher.operator === '=' && matcher.value !== '') {
      const index = this.byName.get(matcher.name);
      const id = index?.ids.get(matcher.value);
      return id === undefined ? [] : [index!.postings[id]!];
    }
    const literals = matcher.operator === '=~' ? matcher.regexp!.literals : undefined;
    if (literals === undefined || literals.includes('')) return undefined;
    const index = this.byName.get(matcher.name);
    const lists: Posting[] = [];
    for (const value of new Set(literals)) {
      const id = index?.ids.get(value);
      if (id !== undefined) lists.push(index!.postings[id]!);
    }
    return lists;
  }

  #filtered(candidates: Uint32Array, matcher: Matcher): Uint32Array {
    const verdicts = new Map<string, boolean>();
    return candidates.filter((slot) => {
      const value = this.labels[slot]!.get(matcher.name);
      const verdict = verdicts.get(value) ?? matcher.matches(value);
      verdicts.set(value, verdict);
      return verdict;
    });
  }

  /** Files the slot under the pair; gives the one string that all series share for the value. */
  #post(name: string, value: string, slot: number): string {
    const index = this.byName.get(name) ?? new LabelIndex();
    if (index.values.length === 0) this.byName.set(name, index);
    const id = index.ids.get(value);
    if (id === undefined) {
      const fresh = index.free.pop() ?? index.values.length;
      index.ids.set(value, fresh);
      index.values[fresh] = value;
      index.postings[fresh] = slot;
      this.pairs++;
      this.pairBytes += value.length;
      return value;
    }
    const posting = index.postings[id]!;
    if (typeof posting === 'number') {
      const list = new PostingList();
      list.add(posting);
      list.add(slot);
      index.postings[id] = list;
    } else {
      posting.add(slot);
    }
    return index.values[id]!;
  }

  #shrink(index: LabelIndex, id: number, gone: ReadonlySet<number>): void {
    const posting = index.postings[id]!;
    if (typeof posting !== 'number') {
      posting.retain((slot) => !gone.has(slot));
      if (posting.length > 0) return;
    }
    this.pairs--;
    this.pairBytes -= index.values[id]!.length;
    index.ids.delete(index.values[id]!);
    index.values[id] = '';
    index.postings[id] = undefined;
    index.free.push(id);
  }

  #nameSet(names: readonly string[]): readonly string[] {
    // A name may hold any character: only quoted ones stay apart.
    const key = JSON.stringify(names);
    const known = this.#nameSets.get(key);
    if (known !== undefined) return known;
    const own = names.slice();
    this.#nameSets.set(key, own);
    return own;
  }

  #insert(slot: number): void {
    const mask = this.#table.length - 1;
    let at = this.#hashes[slot]! & mask;
    while (this.#table[at]! > 0) at = (at + 1) & mask;
    this.#table[at] = slot + 1;
  }

  #delete(slot: number): void {
    const mask = this.#table.length - 1;
    let at = this.#hashes[slot]! & mask;
    while (this.#table[at] !== slot + 1) at = (at + 1) & mask;
    this.#table[at] = -1;
  }

  #rehash(): void {
    let size = this.#table.length;
    while (size < this.size * 4) size *= 2;
    this.#table = new Int32Array(size);
    this.#occupied = this.size;
    for (let slot = 0; slot < this.slots; slot++) if (this.labels[slot] !== undefined) this.#insert(slot);
  }
}

/** Slots of the series that have the label with a value that matches. */
function matchingSlots(index: LabelIndex, matcher: Matcher): Uint32Array {
  const lists: Posting[] = [];
  for (const [value, id] of index.ids) if (matcher.matches(value)) lists.push(index.postings[id]!);
  return lists.length === 0 ? new Uint32Array(0) : unionDisjoint(lists);
}

/** Matches everything. */
function isTrivial(matcher: Matcher): boolean {
  return matcher.operator === '=~' && matcher.value === '.*';
}

function hashOf(labels: Labels): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < labels.names.length; i++) {
    hash = hashText(hashText(hash, labels.names[i]!), labels.values[i]!);
  }
  return hash ^ (hash >>> 15);
}

function hashText(seed: number, text: string): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return Math.imul(hash ^ 0xff, 0x01000193);
}
