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
    return limitRatio(rows, column);
  }
  if (hasNaN) throw new QueryError('execution', 'Parameter value is NaN');
  if (greatest < 1) return [];
  if (least <= -INT64) throw new QueryError('execution', `Scalar value ${formatG(least)} underflows int64`);
  if (greatest >= INT64) throw new QueryError('execution', `Scalar value ${formatG(greatest)} overflows int64`);
  const groups = new Groups({ without: node.without, labels: node.grouping });
  const members: Row[][] = [];
  for (const row of rows) {
    const index = groups.indexOf(row.labels);
    const group = members[index];
    if (group) group.push(row);
    else members[index] = [row];
  }
  const isInstant = frame.steps === 1;
  const out: Row[] = [];
  for (const group of members) {
    const kept =
      node.operator === 'limitk' ? limitFirst(group, column) : await rankGroup(evaluator, node, group, column);
    for (const row of isInstant ? kept : group) if (!isEmptyRow(row)) out.push(row);
  }
  return out;
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
  if (heaps.some((heap) => heap.wasTied)) {
    // Which of equal values stay is decided by the order of the labels, among those that may.
    const bars = heaps.map((heap) => heap.bar);
    order = group.filter((row) => mayStay(row, bars, node.operator === 'topk'));
    order.sort((a, b) => a.labels.compare(b.labels));
    heaps = await rankRows(evaluator, node, order, column);
  }
  for (const { kinds } of group) kinds.fill(ABSENT);
  for (const [step, heap] of heaps.entries()) for (const i of heap.members()) order[i]!.kinds[step] = FLOAT_POINT;
  return column.length === 1 ? heaps[0]!.sorted().map((i) => order[i]!) : group;
}

/** Whether at any step the row is no worse than the worst that stays. NaN, of either, is never said to be worse. */
function mayStay({ kinds, values }: Row, bars: readonly number[], isTop: boolean): boolean {
  for (let step = 0; step < kinds.length; step++) {
    if (kinds[step] !== FLOAT_POINT) continue;
    if (!(isTop ? values[step]! < bars[step]! : values[step]! > bars[step]!)) return true;
  }
  return false;
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

/** The best k so far, the worst of them on top. NaN is worse than anything. */
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

  /** From the best to the worst; equal ones in the order of the rows. */
  sorted(): number[] {
    return this.#rows
      .map((row, i) => ({ row, value: this.#values[i]! }))
      .sort((a, b) => (this.#isWorse(a.value, b.value) ? 1 : this.#isWorse(b.value, a.value) ? -1 : a.row - b.row))
      .map(({ row }) => row);
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

  #up(from: number): void {
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isWorse(this.#values[at]!, this.#values[parent]!)) return;
      this.#swap(at, parent);
      at = parent;
    }
  }

  #down(from: number): void {
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#values.length) return;
      if (child + 1 < this.#values.length && this.#isWorse(this.#values[child + 1]!, this.#values[child]!)) child++;
      if (!this.#isWorse(this.#values[child]!, this.#values[at]!)) return;
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
