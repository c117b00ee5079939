/** Binary operators between two vectors, and between a vector and a scalar. */
import type { FloatHistogram } from '../../exposition/histogram.ts';
import type { Labels } from '../../labels/labels.ts';
import { type BinaryExpression, type BinaryOperator, COMPARISONS, SET_OPERATORS, typeOf } from '../expression.ts';
import { QueryError } from '../result.ts';
import { ElementOperation } from './element-operation.ts';
import type { Evaluator } from './evaluator.ts';
import { CHANGES_METRIC, Matching } from './matching.ts';
import {
  ABSENT,
  FLOAT_POINT,
  HISTOGRAM_POINT,
  isEmptyRow,
  mergeRows,
  type Row,
  RowMaker,
  withoutMetadata,
} from './row.ts';
import { compareFloats } from './scalar-functions.ts';
import { setOperation } from './set-operation.ts';
import type { ScalarColumn } from './site.ts';

export async function vectorBinary(evaluator: Evaluator, node: BinaryExpression): Promise<Row[]> {
  const left = await evaluator.rows(node.left);
  const right = await evaluator.rows(node.right);
  if (SET_OPERATORS.has(node.operator)) return setOperation(node, left, right, evaluator.frame.steps);
  return new VectorJoin(evaluator, node, left, right).run();
}

/** The vector's values stay where they are compared, whichever side it is on. */
export async function vectorScalarBinary(evaluator: Evaluator, node: BinaryExpression): Promise<Row[]> {
  const isSwapped = typeOf(node.left) === 'scalar';
  const scalar = await evaluator.scalar(isSwapped ? node.left : node.right);
  const rows = await evaluator.rows(isSwapped ? node.right : node.left);
  const operation = new ElementOperation(node, evaluator.scope.annotations);
  const isComparison = COMPARISONS.has(node.operator);
  const changes = CHANGES_METRIC.has(node.operator) || node.returnBool;
  for (const row of rows) {
    const { kinds, values } = row;
    const { histograms } = row;
    if (isComparison && !node.returnBool && !histograms) {
      keepWhere(row, scalar, node.operator, isSwapped);
      continue;
    }
    for (let i = 0; i < kinds.length; i++) {
      if (kinds[i] === ABSENT) continue;
      const value = values[i]!;
      const histogram = kinds[i] === HISTOGRAM_POINT ? histograms![i] : undefined;
      const outcome = isSwapped
        ? operation.run(scalar[i]!, undefined, value, histogram)
        : operation.run(value, histogram, scalar[i]!, undefined);
      operation.remark?.();
      if (isComparison && !node.returnBool && outcome !== ABSENT) continue;
      store(row, i, outcome, operation);
    }
    if (changes) {
      row.dropName = true;
      if (!evaluator.scope.features.delayedNameRemoval) row.labels = withoutMetadata(row.labels);
    }
  }
  const kept = rows.filter((row) => !isEmptyRow(row));
  return changes && !evaluator.scope.features.delayedNameRemoval ? mergeRows(kept) : kept;
}

/** Leaves the floats for which the comparison holds. */
function keepWhere({ kinds, values }: Row, scalar: ScalarColumn, operator: BinaryOperator, isSwapped: boolean): void {
  for (let i = 0; i < kinds.length; i++) {
    if (kinds[i] === ABSENT) continue;
    const holds = isSwapped
      ? compareFloats(operator, scalar[i]!, values[i]!)
      : compareFloats(operator, values[i]!, scalar[i]!);
    if (!holds) kinds[i] = ABSENT;
  }
}

function store(row: Row, step: number, outcome: number, operation: ElementOperation): void {
  row.kinds[step] = outcome;
  if (outcome === HISTOGRAM_POINT) {
    row.histograms ??= [];
    row.histograms[step] = operation.histogram!;
  } else {
    row.values[step] = operation.value;
  }
}

/** The series of one signature. */
interface Group {
  readonly many: Row[];
  readonly one: Row[];
}

interface Fault {
  readonly step: number;
  readonly order: number;
  readonly message: string;
}

/** One-to-one and many-to-one; for one-to-many the sides are swapped, but for the values. */
class VectorJoin {
  readonly #evaluator: Evaluator;
  readonly #node: BinaryExpression;
  readonly #matching: Matching;
  readonly #isSwapped: boolean;
  readonly #groups = new Map<string, Group>();
  readonly #operation: ElementOperation;
  readonly #maker: RowMaker;
  readonly #fillOne: number | undefined;
  readonly #fillMany: number | undefined;
  /** Steps at which a side has nothing at all: there nothing is matched, and nothing is an error. */
  readonly #manyPresent: Uint8Array;
  readonly #onePresent: Uint8Array;
  readonly #rows: Row[] = [];
  /** For each step the remark on the pair that comes last in the order of the series; only that one is made known. */
  readonly #remarks: { readonly order: number; readonly say: () => void }[] = [];
  readonly #order = new Map<Row, number>();
  #fault: Fault | undefined;

  constructor(evaluator: Evaluator, node: BinaryExpression, left: Row[], right: Row[]) {
    const matching = node.matching!;
    this.#evaluator = evaluator;
    this.#node = node;
    this.#matching = Matching.of(matching);
    this.#isSwapped = matching.cardinality === 'one-to-many';
    this.#operation = new ElementOperation(node, evaluator.scope.annotations);
    this.#maker = new RowMaker(evaluator.frame.steps, evaluator.scope.slabs);
    const [many, one] = this.#isSwapped ? [right, left] : [left, right];
    // Left fills the many side, right the one side, even where `group_right` has swapped them: so does Prometheus.
    this.#fillOne = matching.fillRight;
    this.#fillMany = matching.fillLeft;
    this.#manyPresent = presence(many, evaluator.frame.steps);
    this.#onePresent = presence(one, evaluator.frame.steps);
    for (const row of many) {
      this.#group(row.labels).many.push(row);
      this.#order.set(row, this.#order.size);
    }
    for (const row of one) {
      this.#group(row.labels).one.push(row);
      this.#order.set(row, this.#order.size);
    }
  }

  async run(): Promise<Row[]> {
    const { budget } = this.#evaluator.scope;
    for (const group of this.#groups.values()) {
      if (group.one.length > 1) this.#checkOneSide(group);
      this.#joinGroup(group);
      if (budget.worked(group.many.length * this.#manyPresent.length)) await budget.turn();
    }
    if (this.#fault) throw new QueryError('execution', this.#fault.message);
    for (const remark of this.#remarks) remark?.say();
    return mergeRows(this.#rows.filter((row) => !isEmptyRow(row)));
  }

  #group(labels: Labels): Group {
    const signature = this.#matching.signature(labels);
    let group = this.#groups.get(signature);
    if (!group) {
      group = { many: [], one: [] };
      this.#groups.set(signature, group);
    }
    return group;
  }

  #joinGroup(group: Group): void {
    const { steps } = this.#evaluator.frame;
    const isOneToOne = this.#matching.matching.cardinality === 'one-to-one';
    const used = isOneToOne ? new Uint8Array(steps) : undefined;
    const matched = this.#fillMany === undefined ? undefined : new Uint8Array(steps);
    const perLabels = new Map<string, Uint8Array>();
    for (const many of group.many) {
      for (const one of group.one) this.#joinPair(many, one, used, matched, perLabels);
      if (this.#fillOne !== undefined) this.#fillOneSide(many, group, used, matched, perLabels);
    }
    if (this.#fillMany === undefined) return;
    for (const one of group.one) this.#fillManySide(one, matched!);
  }

  #joinPair(
    many: Row,
    one: Row,
    used: Uint8Array | undefined,
    matched: Uint8Array | undefined,
    perLabels: Map<string, Uint8Array>,
  ): void {
    const out = this.#resultRow(many.labels, one.labels);
    const taken = used ?? stepsOf(perLabels, out.labels, many.kinds.length);
    for (let i = 0; i < many.kinds.length; i++) {
      if (many.kinds[i] === ABSENT || one.kinds[i] === ABSENT) continue;
      const isMatch = this.#operate(
        many,
        out,
        i,
        many.values[i]!,
        histogramAt(many, i),
        one.values[i]!,
        histogramAt(one, i),
      );
      if (!isMatch) continue;
      this.#take(taken, i, many);
      if (matched) matched[i] = 1;
    }
    this.#rows.push(out);
  }

  /** The many side's series at steps where the one side has none. */
  #fillOneSide(
    many: Row,
    group: Group,
    used: Uint8Array | undefined,
    matched: Uint8Array | undefined,
    perLabels: Map<string, Uint8Array>,
  ): void {
    const out = this.#resultRow(many.labels, this.#matching.matched(many.labels));
    const taken = used ?? stepsOf(perLabels, out.labels, many.kinds.length);
    for (let i = 0; i < many.kinds.length; i++) {
      if (many.kinds[i] === ABSENT || group.one.some((one) => one.kinds[i] !== ABSENT)) continue;
      const isMatch = this.#operate(many, out, i, many.values[i]!, histogramAt(many, i), this.#fillOne!, undefined);
      if (!isMatch) continue;
      this.#take(taken, i, many);
      if (matched) matched[i] = 1;
    }
    this.#rows.push(out);
  }

  /** The one side's series at steps where nothing was matched with them. */
  #fillManySide(one: Row, matched: Uint8Array): void {
    const out = this.#resultRow(this.#matching.matched(one.labels), one.labels);
    for (let i = 0; i < one.kinds.length; i++) {
      if (one.kinds[i] === ABSENT || matched[i] !== 0) continue;
      this.#operate(one, out, i, this.#fillMany!, undefined, one.values[i]!, histogramAt(one, i));
    }
    this.#rows.push(out);
  }

  #resultRow(many: Labels, one: Labels): Row {
    const { returnBool, operator } = this.#node;
    const labels = this.#matching.resultLabels(many, one, operator);
    const dropNow = returnBool && !this.#evaluator.scope.features.delayedNameRemoval;
    return this.#maker.make(dropNow ? withoutMetadata(labels) : labels, returnBool);
  }

  /** False where the two are of incompatible types: they count as not matched. `owner`: the row whose turn it is. */
  #operate(
    owner: Row,
    out: Row,
    step: number,
    many: number,
    manyHistogram: FloatHistogram | undefined,
    one: number,
    oneHistogram: FloatHistogram | undefined,
  ): boolean {
    const operation = this.#operation;
    const outcome = this.#isSwapped
      ? operation.run(one, oneHistogram, many, manyHistogram)
      : operation.run(many, manyHistogram, one, oneHistogram);
    if (outcome !== ABSENT) store(out, step, outcome, operation);
    const { remark } = operation;
    if (remark === undefined) return true;
    const order = this.#order.get(owner)!;
    const before = this.#remarks[step];
    if (before === undefined || before.order <= order) this.#remarks[step] = { order, say: remark };
    return outcome !== ABSENT;
  }

  #take(taken: Uint8Array, step: number, many: Row): void {
    if (taken[step] === 0) {
      taken[step] = 1;
      return;
    }
    // What the one side has twice is found before the pairs are formed.
    const order = this.#order.size + this.#order.get(many)!;
    this.#failAt(step, order, () =>
      this.#matching.matching.cardinality === 'one-to-one'
        ? 'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)'
        : 'multiple matches for labels: grouping labels must ensure unique matches',
    );
  }

  /** Two series of one signature on the side that may have one only. */
  #checkOneSide({ one }: Group): void {
    const owner = new Int32Array(this.#onePresent.length).fill(-1);
    const isFilled = this.#fillOne !== undefined || this.#fillMany !== undefined;
    for (const [index, row] of one.entries()) {
      for (let i = 0; i < row.kinds.length; i++) {
        if (row.kinds[i] === ABSENT || (this.#manyPresent[i] === 0 && !isFilled)) continue;
        if (owner[i] === -1) {
          owner[i] = index;
          continue;
        }
        const other = one[owner[i]!]!;
        this.#failAt(i, this.#order.get(row)!, () => {
          const side = this.#isSwapped ? 'left' : 'right';
          return (
            `found duplicate series for the match group ${this.#matching.matched(row.labels)} on the ${side} hand-side of the operation: ` +
            `[${row.labels}, ${other.labels}];many-to-many matching not allowed: matching labels must be unique on one side`
          );
        });
      }
    }
  }

  /** Of all faults the first counts: at the earliest step, and there in the order of the series. */
  #failAt(step: number, order: number, message: () => string): void {
    const first = this.#fault;
    if (first && (first.step < step || (first.step === step && first.order <= order))) return;
    this.#fault = { step, order, message: message() };
  }
}

function presence(rows: readonly Row[], steps: number): Uint8Array {
  const present = new Uint8Array(steps);
  for (const { kinds } of rows) for (let i = 0; i < steps; i++) if (kinds[i] !== ABSENT) present[i] = 1;
  return present;
}

function stepsOf(perLabels: Map<string, Uint8Array>, labels: Labels, steps: number): Uint8Array {
  let taken = perLabels.get(labels.key);
  if (!taken) {
    taken = new Uint8Array(steps);
    perLabels.set(labels.key, taken);
  }
  return taken;
}

function histogramAt(row: Row, step: number): FloatHistogram | undefined {
  return row.kinds[step] === FLOAT_POINT ? undefined : row.histograms![step];
}
