/** The floats of a moving window kept sorted, NaN first. */
import type { Window } from './window.ts';

/** Up to so many values are sorted sooner here than by the sort of typed arrays, which is a call out of the compiled code. */
const FEW_VALUES = 64;

export class SortedWindow {
  values = new Float64Array(64);
  length = 0;
  #source: Float64Array | undefined;
  #labels: unknown;
  #from = 0;
  #to = 0;

  /** Takes in and gives up what changed since the call before. */
  follow(window: Window): void {
    const { floatValues, floatFrom, floatTo } = window;
    const isSame = this.#labels === window.labels && this.#source === floatValues && floatFrom >= this.#from;
    if (!isSame || floatFrom >= this.#to) {
      this.length = floatTo - floatFrom;
      this.#reserve();
      if (this.length <= FEW_VALUES) this.#sortFew(floatValues, floatFrom, floatTo);
      else this.#sortMany(floatValues, floatFrom, floatTo);
    } else {
      for (let i = this.#from; i < floatFrom; i++) this.#remove(floatValues[i]!);
      for (let i = this.#to; i < floatTo; i++) this.#insert(floatValues[i]!);
    }
    this.#labels = window.labels;
    this.#source = floatValues;
    this.#from = floatFrom;
    this.#to = floatTo;
  }

  /** Each inserted among those before. */
  #sortFew(source: Float64Array, from: number, to: number): void {
    const { values } = this;
    for (let i = from; i < to; i++) {
      const value = source[i]!;
      const isLeast = Number.isNaN(value);
      let at = i - from;
      for (; at > 0 && (isLeast || values[at - 1]! > value); at--) values[at] = values[at - 1]!;
      values[at] = value;
    }
  }

  #sortMany(source: Float64Array, from: number, to: number): void {
    this.values.set(source.subarray(from, to));
    const filled = this.values.subarray(0, this.length);
    filled.sort();
    moveNaNsFirst(filled);
  }

  #insert(value: number): void {
    this.length++;
    this.#reserve();
    const at = this.#lowerBound(value, this.length - 1);
    this.values.copyWithin(at + 1, at, this.length - 1);
    this.values[at] = value;
  }

  #remove(value: number): void {
    const at = this.#lowerBound(value, this.length);
    this.values.copyWithin(at, at + 1, this.length);
    this.length--;
  }

  /** The first place whose value is not less; NaN is less than anything. */
  #lowerBound(value: number, length: number): number {
    if (Number.isNaN(value)) return 0;
    const { values } = this;
    let low = 0;
    let high = length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (values[middle]! >= value) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  #reserve(): void {
    if (this.length <= this.values.length) return;
    const grown = new Float64Array(Math.max(this.length, this.values.length * 2));
    grown.set(this.values);
    this.values = grown;
  }
}

/** JavaScript sorts them last. */
export function moveNaNsFirst(sorted: Float64Array): void {
  let count = 0;
  while (count < sorted.length && Number.isNaN(sorted[sorted.length - 1 - count]!)) count++;
  if (count === 0) return;
  sorted.copyWithin(count, 0, sorted.length - count);
  sorted.fill(Number.NaN, 0, count);
}

/** -Inf below 0, +Inf above 1, else the weighted mean of the two values around the rank. */
export function quantileOfSorted(q: number, sorted: { readonly [index: number]: number }, length: number): number {
  if (length === 0 || Number.isNaN(q)) return Number.NaN;
  if (q < 0) return Number.NEGATIVE_INFINITY;
  if (q > 1) return Number.POSITIVE_INFINITY;
  const rank = q * (length - 1);
  const lower = Math.max(0, Math.floor(rank));
  const upper = Math.min(length - 1, lower + 1);
  const weight = rank - Math.floor(rank);
  return sorted[lower]! * (1 - weight) + sorted[upper]! * weight;
}
