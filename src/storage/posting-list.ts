/** Sorted lists of series slots, and what sets do: union, intersection. */

/** A growing sorted list without repetition. */
export class PostingList {
  slots: Uint32Array;
  length = 0;

  constructor(capacity = 4) {
    this.slots = new Uint32Array(capacity);
  }

  add(slot: number): void {
    if (this.length === this.slots.length) {
      const grown = new Uint32Array(this.length * 2);
      grown.set(this.slots);
      this.slots = grown;
    }
    let at = this.length;
    if (at > 0 && this.slots[at - 1]! > slot) {
      // A slot that is used again: rare.
      at = lowerBound(this.slots, this.length, slot);
      this.slots.copyWithin(at + 1, at, this.length);
    }
    this.slots[at] = slot;
    this.length++;
  }

  /** Keeps the slots that the predicate accepts. */
  retain(accept: (slot: number) => boolean): void {
    let kept = 0;
    for (let i = 0; i < this.length; i++) {
      const slot = this.slots[i]!;
      if (accept(slot)) this.slots[kept++] = slot;
    }
    this.length = kept;
  }

  view(): Uint32Array {
    return this.slots.subarray(0, this.length);
  }
}

/** One slot needs no list. */
export type Posting = number | PostingList;

export function postingLength(posting: Posting): number {
  return typeof posting === 'number' ? 1 : posting.length;
}

function postingSlots(posting: Posting): Uint32Array {
  return typeof posting === 'number' ? Uint32Array.of(posting) : posting.view();
}

export function intersect(a: Uint32Array, b: Uint32Array): Uint32Array {
  const [few, many] = a.length <= b.length ? [a, b] : [b, a];
  const into = new Uint32Array(few.length);
  let length = 0;
  if (few.length * 16 < many.length) {
    let from = 0;
    for (const slot of few) {
      from = lowerBound(many, many.length, slot, from);
      if (from === many.length) break;
      if (many[from] === slot) into[length++] = slot;
    }
    return into.subarray(0, length);
  }
  let i = 0;
  let j = 0;
  while (i < few.length && j < many.length) {
    const x = few[i]!;
    const y = many[j]!;
    if (x === y) {
      into[length++] = x;
      i++;
      j++;
    } else if (x < y) i++;
    else j++;
  }
  return into.subarray(0, length);
}

/** Of lists that share no slot, as those of different values of one label do not. */
export function unionDisjoint(lists: readonly Posting[]): Uint32Array {
  if (lists.length === 1) return postingSlots(lists[0]!);
  let total = 0;
  for (const list of lists) total += postingLength(list);
  const into = new Uint32Array(total);
  let length = 0;
  for (const list of lists) {
    if (typeof list === 'number') {
      into[length++] = list;
    } else {
      into.set(list.view(), length);
      length += list.length;
    }
  }
  return into.sort();
}

/** The first index from `from` whose slot is not below `slot`. */
function lowerBound(slots: Uint32Array, length: number, slot: number, from = 0): number {
  let low = from;
  let high = length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (slots[middle]! < slot) low = middle + 1;
    else high = middle;
  }
  return low;
}
