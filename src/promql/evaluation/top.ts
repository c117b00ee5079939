/** `topk`, `bottomk`, `limitk`, `limit_ratio`: some of the series of each group, at each step anew. */
import type { Aggregation } from '../expression.ts';
import { formatG } from '../number-text.ts';
import { QueryError } from '../result.ts';
import type { Evaluator } from './evaluator.ts';
import { Groups } from './grouping.ts';
import { hashLabels } from './label-hash.ts';
import { ABSENT, FLOAT_POINT, HISTOGRAM_POINT, isEmptyRow, type Row } from './row.ts';

const INT64 = 2 ** 63;

export async function selectByRank(evaluator: Evaluator, node: Aggregation): Promise<Row[]> {
  const { scope, frame } = evaluator;
  const column = await evaluator.scalar(node.parameter!);
  const rows = await evaluator.rows(node.expression);
  const greatest = column.reduce((a, b) => Math.max(a, Number.isNaN(b) ? a : b), Number.NEGATIVE_INFINITY);
  const least = column.reduce((a, b) => Math.min(a, Number.isNaN(b) ? a : b), Number.POSITIVE_INFINITY);
  const hasNaN = column.some(Number.isNaN);
  if (node.operator === 'limit_ratio') {
    if (hasNaN) throw new QueryError('execution', 'Ratio value is NaN');
    if (greatest > 1) scope.annotations.invalidRatio(greatest, 1, node.parameter!);
    if (least < -1) scope.annotations.invalidRatio(least, -1, node.parameter!);
    const kept = limitRatio(rows, column);
    return frame.steps === 1 ? groupsOf(kept, node).flatMap(inHeapOrder) : kept;
  }
  if (hasNaN) throw new QueryError('execution', 'Parameter value is NaN');
  if (greatest < 1) return [];
  if (least <= -INT64) throw new QueryError('execution', `Scalar value ${formatG(least)} underflows int64`);
  if (greatest >= INT64) throw new QueryError('execution', `Scalar value ${formatG(greatest)} overflows int64`);
  const isInstant = frame.steps === 1;
  const out: Row[] = [];
  for (const group of groupsOf(rows, node)) {
    const kept =
      node.operator === 'limitk' ? limitFirst(group, column) : await rankGroup(evaluator, node, group, column);
    for (const row of isInstant ? kept : group) if (!isEmptyRow(row)) out.push(row);
  }
  return out;
}

function groupsOf(rows: readonly Row[], node: Aggregation): Row[][] {
  const groups = new Groups(node);
  const members: Row[][] = [];
  for (const row of rows) {
    const index = groups.indexOf(row.labels);
    const group = members[index];
    if (group) group.push(row);
    else members[index] = [row];
  }
  return members;
}

/** The order in which Prometheus tells what `limit_ratio` leaves of a group at one step. */
function inHeapOrder(group: readonly Row[]): Row[] {
  const heap = new RankHeap(true, group.length);
  for (const [i, row] of group.entries()) heap.offer(row.kinds[0] === HISTOGRAM_POINT ? 0 : row.values[0]!, i);
  return heap.members().map((i) => group[i]!);
}

/** Leaves the first k of each step; an instant query's in order. */
function limitFirst(group: Row[], column: Float64Array): Row[] {
  for (let step = 0; step < column.length; step++) {
    const k = Math.trunc(column[step]!);
    let taken = 0;
    for (const { kinds } of group) {
      if (kinds[step] === ABSENT) continue;
      if (taken < k) taken++;
      else kinds[step] = ABSENT;
    }
  }
  return group;
}

/** Leaves the k greatest or least of each step; for an instant query in order of rank. */
async function rankGroup(evaluator: Evaluator, node: Aggregation, group: Row[], column: Float64Array): Promise<Row[]> {
  let order = group;
  let heaps = await rankRows(evaluator, node, order, column);
  const isOrderMeant = evaluator.scope.queryable.isInOrderMade === true;
  if (!isOrderMeant && heaps.some((heap) => heap.wasTied) && !isInOrder(group)) {
    // Which of equal values stay depends on what came before them, all rows being in the order of their labels.
    order = [...group].sort((a, b) => a.labels.compare(b.labels));
    heaps = await rankRows(evaluator, node, order, column);
  }
  for (const { kinds } of group) kinds.fill(ABSENT);
  for (const [step, heap] of heaps.entries()) for (const i of heap.members()) order[i]!.kinds[step] = FLOAT_POINT;
  return column.length === 1 ? heaps[0]!.sorted().map((i) => order[i]!) : group;
}

function isInOrder(rows: readonly Row[]): boolean {
  return rows.every(({ labels }, i) => i === 0 || rows[i - 1]!.labels.compare(labels) <= 0);
}

/** The rows that stay at each step. Row by row, for that is how they lie in memory. */
async function rankRows(
  { scope }: Evaluator,
  node: Aggregation,
  rows: readonly Row[],
  column: Float64Array,
): Promise<RankHeap[]> {
  const isTop = node.operator === 'topk';
  const heaps = Array.from(column, (k) => new RankHeap(isTop, Math.min(Math.trunc(k), rows.length)));
  // What is worse than the worst that stays, as nearly all values are, need not be offered. NaN: all must.
  const bars = new Float64Array(column.length).fill(Number.NaN);
  for (const [i, { kinds, values }] of rows.entries()) {
    for (let step = 0; step < kinds.length; step++) {
      if (kinds[step] === FLOAT_POINT) {
        const value = values[step]!;
        if (isTop ? value < bars[step]! : value > bars[step]!) continue;
        heaps[step]!.offer(value, i);
        bars[step] = heaps[step]!.bar;
      } else if (kinds[step] === HISTOGRAM_POINT) scope.annotations.histogramIgnored(node.operator, node);
    }
    if (scope.budget.worked(kinds.length)) await scope.budget.turn();
  }
  return heaps;
}

/** Up to so many elements Prometheus sorts by insertion. */
const SORTED_BY_INSERTION = 12;

/** The best k so far, the worst of them on top. NaN is worse than anything. Moves what is equal as Prometheus does. */
class RankHeap {
  readonly #isTop: boolean;
  readonly #size: number;
  readonly #values: number[] = [];
  readonly #rows: number[] = [];
  /** Whether a value was equal to the worst that stayed. */
  wasTied = false;

  constructor(isTop: boolean, size: number) {
    this.#isTop = isTop;
    this.#size = size;
  }

  /** The worst that stays, once there are as many as may stay; NaN before. */
  get bar(): number {
    return this.#values.length === this.#size && this.#size > 0 ? this.#values[0]! : Number.NaN;
  }

  members(): readonly number[] {
    return this.#rows;
  }

  /** From the best to the worst. */
  sorted(): number[] {
    const values = this.#values;
    const order = values.map((_, i) => i);
    if (order.length > SORTED_BY_INSERTION) {
      order.sort(
        (a, b) => Number(this.#isWorse(values[a]!, values[b]!)) - Number(this.#isWorse(values[b]!, values[a]!)),
      );
    } else {
      for (let i = 1; i < order.length; i++) {
        for (let j = i; j > 0 && this.#goesUp(values[order[j - 1]!]!, values[order[j]!]!); j--) {
          [order[j - 1], order[j]] = [order[j]!, order[j - 1]!];
        }
      }
    }
    return order.map((i) => this.#rows[i]!);
  }

  offer(value: number, row: number): void {
    if (this.#values.length < this.#size) {
      this.#values.push(value);
      this.#rows.push(row);
      this.#up(this.#values.length - 1);
    } else if (this.#size < 1) {
      return;
    } else if (this.#isWorse(this.#values[0]!, value)) {
      this.#values[0] = value;
      this.#rows[0] = row;
      this.#down(0);
    } else if (!this.#isWorse(value, this.#values[0]!)) {
      this.wasTied = true;
    }
  }

  #isWorse(a: number, b: number): boolean {
    if (Number.isNaN(a)) return !Number.isNaN(b);
    return this.#isTop ? a < b : a > b;
  }

  /** `isWorse`, but that NaN is worse than NaN. */
  #goesUp(a: number, b: number): boolean {
    return Number.isNaN(a) || this.#isWorse(a, b);
  }

  #up(from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#goesUp(this.#values[at]!, this.#values[parent]!)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #down(from: number): void {
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#values.length) return;
      if (child + 1 < this.#values.length && this.#goesUp(this.#values[child + 1]!, this.#values[child]!)) child++;
      if (!this.#goesUp(this.#values[child]!, this.#values[at]!)) return;
      this.#swap(at, child);
      at = child;
    }
  }

  #swap(a: number, b: number): void {
    const value = this.#values[a]!;
    this.#values[a] = this.#values[b]!;
    this.#values[b] = value;
    const row = this.#rows[a]!;
    this.#rows[a] = this.#rows[b]!;
    this.#rows[b] = row;
  }
}

/** A series is taken or left by the hash of its labels, so that a ratio and its complement together take each once. */
function limitRatio(rows: Row[], column: Float64Array): Row[] {
  for (const row of rows) {
    const offset = Number(hashLabels(row.labels)) / 2 ** 64;
    for (let step = 0; step < column.length; step++) {
      const ratio = Math.max(-1, Math.min(1, column[step]!));
      const taken = ratio >= 0 ? offset < ratio : offset >= 1 + ratio;
      if (!taken) row.kinds[step] = ABSENT;
    }
  }
  return rows.filter((row) => !isEmptyRow(row));
}
