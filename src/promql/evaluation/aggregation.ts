/** Aggregations: rows taken in one by one, each step of each group with a state of its own. */
import type { Labels } from '../../labels/labels.ts';
import { type Aggregation, unwrap } from '../expression.ts';
import { countValues } from './count-values.ts';
import type { Evaluator } from './evaluator.ts';
import { GroupNames, Groups } from './grouping.ts';
import { HistogramMean, HistogramTotal } from './histogram-aggregate.ts';
import { compensate } from './kahan.ts';
import { quantileAggregation } from './quantile-aggregation.ts';
import { ABSENT, FLOAT_POINT, HISTOGRAM_POINT, isEmptyRow, type Row, RowMaker, setHistogram } from './row.ts';
import { selectByRank } from './top.ts';

export function aggregate(evaluator: Evaluator, written: Aggregation): Promise<Row[]> {
  const node = withoutParentheses(written);
  switch (node.operator) {
    case 'topk':
    case 'bottomk':
    case 'limitk':
    case 'limit_ratio':
      return selectByRank(evaluator, node);
    case 'count_values':
      return countValues(evaluator, node);
    case 'quantile':
      return quantileAggregation(evaluator, node);
    case 'sum':
    case 'avg':
      return fold(evaluator, node, (steps) => new SumState(evaluator, node, steps));
    case 'min':
    case 'max':
      return fold(evaluator, node, (steps) => new ExtremeState(evaluator, node, steps));
    case 'count':
    case 'group':
      return fold(evaluator, node, (steps) => new CountState(node.operator === 'group', steps));
    case 'stddev':
    case 'stdvar':
      return fold(evaluator, node, (steps) => new VarianceState(evaluator, node, steps));
  }
}

/** The node itself where there are none to take away. */
function withoutParentheses(node: Aggregation): Aggregation {
  const expression = unwrap(node.expression);
  const parameter = node.parameter && unwrap(node.parameter);
  return expression === node.expression && parameter === node.parameter ? node : { ...node, expression, parameter };
}

/** The state of one group. */
interface GroupState {
  add(row: Row): void;
  finish(row: Row): void;
}

async function fold(evaluator: Evaluator, node: Aggregation, start: (steps: number) => GroupState): Promise<Row[]> {
  const { steps } = evaluator.frame;
  const groups = new Groups(node);
  const states: GroupState[] = [];
  const names = new GroupNames();
  await evaluator.vector(
    node.expression,
    (row) => {
      const index = groups.indexOf(row.labels);
      let state = states[index];
      if (!state) {
        state = start(steps);
        states[index] = state;
      }
      state.add(row);
      if (evaluator.scope.features.delayedNameRemoval) names.add(index, row);
    },
    true,
  );
  return finishRows(new RowMaker(steps, evaluator.scope.slabs), groups.labels, (index, row) => {
    states[index]!.finish(row);
    row.dropName = names.drops(index);
  });
}

function finishRows(maker: RowMaker, labels: readonly Labels[], finish: (index: number, row: Row) => void): Row[] {
  const rows: Row[] = [];
  for (let index = 0; index < labels.length; index++) {
    const row = maker.make(labels[index]!, false);
    finish(index, row);
    if (!isEmptyRow(row)) rows.push(row);
  }
  return rows;
}

const NO_COUNTS = new Float64Array(0);
const HAS_FLOAT = FLOAT_POINT;
const HAS_HISTOGRAM = 2;
const INCOMPATIBLE = 4;
const INCREMENTAL = 8;

/** `sum` and `avg`. */
class SumState implements GroupState {
  readonly #evaluator: Evaluator;
  readonly #node: Aggregation;
  readonly #isMean: boolean;
  readonly #sums: Float64Array;
  /** Made with the second series: many groups have but one. */
  #compensations: Float64Array | undefined;
  #isEmpty = true;
  readonly #flags: Uint8Array;
  readonly #counts: Float64Array;
  #means: Float64Array | undefined;
  readonly #histograms: (HistogramTotal | HistogramMean | undefined)[] = [];

  constructor(evaluator: Evaluator, node: Aggregation, steps: number) {
    this.#evaluator = evaluator;
    this.#node = node;
    this.#isMean = node.operator === 'avg';
    const { slabs } = evaluator.scope;
    this.#sums = slabs.floats(steps);
    this.#flags = slabs.bytes(steps);
    this.#counts = this.#isMean ? slabs.floats(steps) : NO_COUNTS;
  }

  add(row: Row): void {
    if (this.#isEmpty && !this.#isMean && !row.histograms) {
      this.#isEmpty = false;
      this.#sums.set(row.values);
      // FLOAT_POINT and HAS_FLOAT are the same number.
      this.#flags.set(row.kinds);
      return;
    }
    this.#isEmpty = false;
    this.#compensations ??= this.#evaluator.scope.slabs.floats(this.#sums.length);
    const { kinds, values } = row;
    const sums = this.#sums;
    const compensations = this.#compensations;
    const flags = this.#flags;
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] === ABSENT) continue;
      if (kinds[i] === HISTOGRAM_POINT) {
        this.#addHistogram(row, i);
        continue;
      }
      const value = values[i]!;
      if (this.#isMean && !this.#isSumStill(i, value)) continue;
      if (flags[i] === 0) {
        flags[i] = HAS_FLOAT;
        sums[i] = value;
        continue;
      }
      flags[i]! |= HAS_FLOAT;
      const sum = sums[i]!;
      const total = sum + value;
      if (total === Number.POSITIVE_INFINITY || total === Number.NEGATIVE_INFINITY) compensations[i] = 0;
      else if (Math.abs(sum) >= Math.abs(value)) compensations[i]! += sum - total + value;
      else compensations[i]! += value - total + sum;
      sums[i] = total;
    }
  }

  /** For a mean: counts the value, and takes it in incrementally once the sum would overflow. */
  #isSumStill(i: number, value: number): boolean {
    const count = ++this.#counts[i]!;
    const flags = this.#flags;
    const isIncremental = (flags[i]! & INCREMENTAL) !== 0;
    if (!isIncremental) {
      if ((flags[i]! & HAS_FLOAT) === 0) return true;
      if (Math.abs(this.#sums[i]! + value) !== Number.POSITIVE_INFINITY) return true;
      this.#means ??= new Float64Array(flags.length);
      this.#means[i] = this.#sums[i]! / (count - 1);
      this.#compensations![i]! /= count - 1;
      flags[i]! |= INCREMENTAL;
    }
    const kept = (count - 1) / count;
    const mean = kept * this.#means![i]!;
    const total = mean + value / count;
    this.#compensations![i] = compensate(mean, value / count, total, kept * this.#compensations![i]!);
    this.#means![i] = total;
    return false;
  }

  #addHistogram(row: Row, i: number): void {
    const flags = this.#flags;
    const { annotations } = this.#evaluator.scope;
    const isAfterFloats = (flags[i]! & HAS_FLOAT) !== 0;
    flags[i]! |= HAS_HISTOGRAM;
    if ((flags[i]! & INCOMPATIBLE) !== 0) return;
    let sum = this.#histograms[i];
    if (!sum) {
      // Nothing comes of it, and Prometheus does not look at it.
      if (isAfterFloats) return;
      sum = this.#isMean ? new HistogramMean() : new HistogramTotal();
      this.#histograms[i] = sum;
    }
    if (!sum.add(row.histograms![i]!)) {
      flags[i]! |= INCOMPATIBLE;
      annotations.mixedSchemas(row.labels.metricName, this.#node.expression);
    } else if (sum.boundsReconciled) {
      annotations.boundsReconciled('aggregation', this.#node.expression);
    }
  }

  finish(row: Row): void {
    const { annotations } = this.#evaluator.scope;
    const at = this.#node.expression;
    for (let i = 0; i < this.#flags.length; i++) {
      const flags = this.#flags[i]!;
      if (flags === 0) continue;
      if ((flags & HAS_FLOAT) !== 0 && (flags & HAS_HISTOGRAM) !== 0) {
        annotations.mixedInAggregation(at);
      } else if ((flags & HAS_HISTOGRAM) !== 0) {
        if ((flags & INCOMPATIBLE) !== 0) continue;
        const sum = this.#histograms[i]!;
        if (sum.collision) annotations.counterResetCollision('aggregation', at);
        setHistogram(row, i, sum.result()!);
      } else {
        row.kinds[i] = FLOAT_POINT;
        row.values[i] = this.#value(i, flags);
      }
    }
  }

  #value(i: number, flags: number): number {
    const compensation = this.#compensations ? this.#compensations[i]! : 0;
    if (!this.#isMean) return this.#sums[i]! + compensation;
    if ((flags & INCREMENTAL) !== 0) return this.#means![i]! + compensation;
    const count = this.#counts[i]!;
    return this.#sums[i]! / count + compensation / count;
  }
}

class ExtremeState implements GroupState {
  readonly #evaluator: Evaluator;
  readonly #node: Aggregation;
  readonly #values: Float64Array;
  readonly #seen: Uint8Array;

  constructor(evaluator: Evaluator, node: Aggregation, steps: number) {
    this.#evaluator = evaluator;
    this.#node = node;
    this.#values = evaluator.scope.slabs.floats(steps);
    this.#seen = evaluator.scope.slabs.bytes(steps);
  }

  add({ kinds, values }: Row): void {
    const best = this.#values;
    const seen = this.#seen;
    const isMax = this.#node.operator === 'max';
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] === ABSENT) continue;
      if (kinds[i] === HISTOGRAM_POINT) {
        this.#evaluator.scope.annotations.histogramIgnored(this.#node.operator, this.#node.expression);
        continue;
      }
      const value = values[i]!;
      const current = best[i]!;
      if (seen[i] === 0 || (isMax ? current < value : current > value) || Number.isNaN(current)) best[i] = value;
      seen[i] = 1;
    }
  }

  finish(row: Row): void {
    row.values.set(this.#values);
    row.kinds.set(this.#seen);
  }
}

/** `count`, and `group`, which is 1 where there is anything. */
class CountState implements GroupState {
  readonly #isGroup: boolean;
  readonly #counts: Float64Array;

  constructor(isGroup: boolean, steps: number) {
    this.#isGroup = isGroup;
    this.#counts = new Float64Array(steps);
  }

  add({ kinds }: Row): void {
    const counts = this.#counts;
    for (let i = 0; i < kinds.length; i++) if (kinds[i] !== ABSENT) counts[i]!++;
  }

  finish(row: Row): void {
    for (let i = 0; i < this.#counts.length; i++) {
      if (this.#counts[i] === 0) continue;
      row.values[i] = this.#isGroup ? 1 : this.#counts[i]!;
      row.kinds[i] = FLOAT_POINT;
    }
  }
}

/** Welford's running variance. */
class VarianceState implements GroupState {
  readonly #evaluator: Evaluator;
  readonly #node: Aggregation;
  readonly #counts: Float64Array;
  readonly #means: Float64Array;
  readonly #sums: Float64Array;

  constructor(evaluator: Evaluator, node: Aggregation, steps: number) {
    this.#evaluator = evaluator;
    this.#node = node;
    this.#counts = new Float64Array(steps);
    this.#means = new Float64Array(steps);
    this.#sums = new Float64Array(steps);
  }

  add({ kinds, values }: Row): void {
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] === ABSENT) continue;
      if (kinds[i] === HISTOGRAM_POINT) {
        this.#evaluator.scope.annotations.histogramIgnored(this.#node.operator, this.#node.expression);
        continue;
      }
      const value = values[i]!;
      if (this.#counts[i] === 0) {
        this.#counts[i] = 1;
        this.#means[i] = value;
        this.#sums[i] = Number.isFinite(value) ? 0 : Number.NaN;
        continue;
      }
      const count = ++this.#counts[i]!;
      const delta = value - this.#means[i]!;
      this.#means[i]! += delta / count;
      this.#sums[i]! += delta * (value - this.#means[i]!);
    }
  }

  finish(row: Row): void {
    for (let i = 0; i < this.#counts.length; i++) {
      const count = this.#counts[i]!;
      if (count === 0) continue;
      const variance = this.#sums[i]! / count;
      row.values[i] = this.#node.operator === 'stddev' ? Math.sqrt(variance) : variance;
      row.kinds[i] = FLOAT_POINT;
    }
  }
}
