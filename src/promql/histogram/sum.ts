/** Adding native histograms up: layouts, zero buckets and counter reset hints reconciled, with compensated (Kahan) summation. */
import type { CounterResetHint, FloatHistogram } from '../../exposition/histogram.ts';
import {
  exponentialBound,
  intersectBounds,
  isCustom,
  mapToBounds,
  reduceSide,
  rollSpans,
  type Side,
  sameBounds,
  unrollSpans,
} from './buckets.ts';

/** What came of adding one: `incompatible` leaves the sum as it was. */
export type AddOutcome = 'added' | 'bounds-reconciled' | 'incompatible';

/** Values with their compensations, in order of index. */
interface Column {
  indexes: number[];
  counts: number[];
  compensations: number[];
}

const EMPTY: Side = { indexes: [], counts: [] };

/** A sum of histograms under way. */
export class HistogramSum {
  #schema: number;
  #custom: readonly number[] | undefined;
  #zeroThreshold: number;
  #hint: CounterResetHint;
  /** Count, sum, zero count. */
  #totals: Column;
  #positive: Column;
  #negative: Column;
  /** Whether a hint `reset` met a hint `not-reset`. */
  collision = false;

  constructor(first: FloatHistogram) {
    this.#schema = first.schema;
    this.#custom = first.customValues;
    this.#zeroThreshold = first.zeroThreshold;
    this.#hint = first.counterResetHint;
    this.#totals = column({ indexes: [0, 1, 2], counts: [first.count, first.sum, first.zeroCount] });
    this.#positive = column(unrollSpans(first.positiveSpans, first.positiveBuckets));
    this.#negative = column(unrollSpans(first.negativeSpans, first.negativeBuckets));
  }

  /** `factor` -1 takes the histogram away. */
  add(other: FloatHistogram, factor = 1): AddOutcome {
    if (isCustom(other) !== isCustom({ schema: this.#schema })) return 'incompatible';
    this.#adjustHint(other.counterResetHint);
    let positive = unrollSpans(other.positiveSpans, other.positiveBuckets);
    let negative = EMPTY;
    let outcome: AddOutcome = 'added';
    let zeroCount = other.zeroCount;
    if (isCustom(other)) {
      if (!sameBounds(this.#custom, other.customValues)) {
        const own = this.#custom ?? [];
        const theirs = other.customValues ?? [];
        const bounds = intersectBounds(own, theirs);
        positive = mapToBounds(positive, theirs, bounds);
        this.#positive = mapColumn(this.#positive, own, bounds);
        this.#custom = bounds;
        outcome = 'bounds-reconciled';
      }
    } else {
      negative = unrollSpans(other.negativeSpans, other.negativeBuckets);
      zeroCount = this.#reconcileZero(other, positive, negative);
      const schema = Math.min(this.#schema, other.schema);
      if (schema < this.#schema) {
        this.#positive = reduceColumn(this.#positive, this.#schema, schema);
        this.#negative = reduceColumn(this.#negative, this.#schema, schema);
        this.#schema = schema;
      }
      positive = this.#outsideZero(reduceSide(positive, other.schema, schema));
      negative = this.#outsideZero(reduceSide(negative, other.schema, schema));
    }
    this.#positive = addColumn(this.#positive, positive, factor);
    this.#negative = addColumn(this.#negative, negative, factor);
    this.#totals = addColumn(this.#totals, { indexes: [0, 1, 2], counts: [other.count, other.sum, zeroCount] }, factor);
    return outcome;
  }

  scale(factor: number): void {
    for (const each of [this.#totals, this.#positive, this.#negative]) {
      for (let i = 0; i < each.counts.length; i++) {
        each.counts[i]! *= factor;
        each.compensations[i]! *= factor;
      }
    }
  }

  divide(divisor: number): void {
    for (const each of [this.#totals, this.#positive, this.#negative]) {
      for (let i = 0; i < each.counts.length; i++) {
        each.counts[i]! /= divisor;
        each.compensations[i]! /= divisor;
      }
    }
  }

  copy(): HistogramSum {
    const copy = new HistogramSum(this.result('keep'));
    copy.#totals = copyColumn(this.#totals);
    copy.#positive = copyColumn(this.#positive);
    copy.#negative = copyColumn(this.#negative);
    copy.collision = this.collision;
    return copy;
  }

  get hasOverflow(): boolean {
    return [this.#totals, this.#positive, this.#negative].some((each) =>
      each.counts.some((count) => Math.abs(count) === Number.POSITIVE_INFINITY),
    );
  }

  /** The sum with its compensations in; empty buckets stay where `keep` says so. */
  result(empty: 'drop' | 'keep' = 'drop', hint: CounterResetHint = this.#hint): FloatHistogram {
    const [count, sum, zeroCount] = settle(this.#totals).counts as [number, number, number];
    const positive = rollSpans(settle(this.#positive), empty === 'drop');
    const negative = rollSpans(settle(this.#negative), empty === 'drop');
    return {
      schema: this.#schema,
      zeroThreshold: this.#zeroThreshold,
      zeroCount,
      count,
      sum,
      positiveSpans: positive.spans,
      positiveBuckets: positive.buckets,
      negativeSpans: negative.spans,
      negativeBuckets: negative.buckets,
      customValues: this.#custom,
      counterResetHint: hint,
    };
  }

  #adjustHint(other: CounterResetHint): void {
    if (other === this.#hint || this.#hint === 'gauge') return;
    if (other === 'gauge') this.#hint = 'gauge';
    else if (this.#hint === 'unknown' || other === 'unknown') this.#hint = 'unknown';
    else {
      this.#hint = 'unknown';
      this.collision = true;
    }
  }

  /** Widens the own zero bucket until it suits both; returns the other's zero count in it. */
  #reconcileZero(other: FloatHistogram, positive: Side, negative: Side): number {
    let theirs = { threshold: other.zeroThreshold, count: other.zeroCount };
    while (theirs.threshold !== this.#zeroThreshold) {
      if (this.#zeroThreshold > theirs.threshold) {
        theirs = widenZero(this.#zeroThreshold, other.zeroCount, other.schema, positive, negative);
      }
      if (theirs.threshold > this.#zeroThreshold) {
        const own = widenZero(theirs.threshold, this.#totals.counts[2]!, this.#schema, this.#positive, this.#negative);
        this.#totals.counts[2] = own.count;
        this.#zeroThreshold = own.threshold;
        clearZero(this.#positive, this.#schema, own.threshold);
        clearZero(this.#negative, this.#schema, own.threshold);
      }
    }
    return theirs.count;
  }

  #outsideZero(side: Side): Side {
    let from = 0;
    while (from < side.indexes.length && exponentialBound(side.indexes[from]!, this.#schema) <= this.#zeroThreshold)
      from++;
    return from === 0 ? side : { indexes: side.indexes.slice(from), counts: side.counts.slice(from) };
  }
}

/** The zero bucket at a wider threshold, widened further where that lies within a populated bucket. */
export function widenZero(
  threshold: number,
  zeroCount: number,
  schema: number,
  positive: Side,
  negative: Side,
): { readonly threshold: number; readonly count: number } {
  let wanted = threshold;
  for (;;) {
    let count = zeroCount;
    let widest = wanted;
    for (const side of [positive, negative]) {
      for (let i = 0; i < side.indexes.length; i++) {
        const index = side.indexes[i]!;
        if (exponentialBound(index - 1, schema) >= wanted) break;
        count += side.counts[i]!;
        const upper = exponentialBound(index, schema);
        if (upper > wanted && side.counts[i] !== 0) widest = Math.max(widest, upper);
      }
    }
    if (widest === wanted) return { threshold: wanted, count };
    wanted = widest;
  }
}

function clearZero(side: Column, schema: number, threshold: number): void {
  for (let i = 0; i < side.indexes.length && exponentialBound(side.indexes[i]! - 1, schema) < threshold; i++) {
    side.counts[i] = 0;
    side.compensations[i] = 0;
  }
}

function column(side: Side): Column {
  return { indexes: side.indexes, counts: side.counts, compensations: new Array<number>(side.counts.length).fill(0) };
}

function copyColumn(from: Column): Column {
  return { indexes: from.indexes.slice(), counts: from.counts.slice(), compensations: from.compensations.slice() };
}

function settle(from: Column): Side {
  return { indexes: from.indexes, counts: from.counts.map((count, i) => count + from.compensations[i]!) };
}

function reduceColumn(from: Column, schema: number, to: number): Column {
  const counts = reduceSide(from, schema, to);
  const compensations = reduceSide({ indexes: from.indexes, counts: from.compensations }, schema, to).counts;
  return { ...counts, compensations };
}

function mapColumn(from: Column, bounds: readonly number[], target: readonly number[]): Column {
  const counts = mapToBounds(from, bounds, target);
  return {
    ...counts,
    compensations: mapToBounds({ indexes: from.indexes, counts: from.compensations }, bounds, target).counts,
  };
}

/** A merge of two sorted columns; a bucket that is on one side only counts as 0 on the other. */
function addColumn(into: Column, side: Side, factor: number): Column {
  const out: Column = { indexes: [], counts: [], compensations: [] };
  let i = 0;
  let j = 0;
  while (i < into.indexes.length || j < side.indexes.length) {
    const own = into.indexes[i] ?? Number.POSITIVE_INFINITY;
    const other = side.indexes[j] ?? Number.POSITIVE_INFINITY;
    const addend = other <= own ? side.counts[j++]! * factor : 0;
    const sum = own <= other ? into.counts[i]! : 0;
    let compensation = own <= other ? into.compensations[i++]! : 0;
    const total = sum + addend;
    if (Math.abs(total) === Number.POSITIVE_INFINITY) compensation = 0;
    else if (Math.abs(sum) >= Math.abs(addend)) compensation += sum - total + addend;
    else compensation += addend - total + sum;
    out.indexes.push(Math.min(own, other));
    out.counts.push(total);
    out.compensations.push(compensation);
  }
  return out;
}
