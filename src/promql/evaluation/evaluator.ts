/** Evaluates a typed tree over the steps of a frame: scalars as columns, instant vectors as rows. */
import { type Labels, METRIC_NAME } from '../../labels/labels.ts';
import { type Call, type Expression, typeOf, type UnaryExpression, unwrap } from '../expression.ts';
import { multiply } from '../histogram/operations.ts';
import { QueryError } from '../result.ts';
import { aggregate } from './aggregation.ts';
import type { Remarks } from './annotations.ts';
import { vectorBinary, vectorScalarBinary } from './binary.ts';
import { type Frame, type QueryScope, timeAt } from './frame.ts';
import { callVectorFunction } from './instant-functions.ts';
import { isStepInvariant } from './invariance.ts';
import { evaluateRangeCall, isRangeArgument } from './range.ts';
import {
  ABSENT,
  copyRow,
  FLOAT_POINT,
  HISTOGRAM_POINT,
  mergeRows,
  pointCount,
  type Row,
  RowMaker,
  sameLabels,
  withoutMetadata,
} from './row.ts';
import { greater, lesser, scalarOperation } from './scalar-functions.ts';
import { type RowSink, selectInstant } from './selector.ts';
import type { CommonExpression } from './shared-results.ts';
import type { ScalarColumn } from './site.ts';

/** What an expression that occurs more than once has come to. */
interface Shared {
  readonly rows: readonly Row[];
  readonly remarks: Remarks;
  /** Where in the query the one evaluated stands. */
  readonly start: number;
}

export class Evaluator {
  readonly scope: QueryScope;
  readonly frame: Frame;
  #shared: Map<string, Shared> | undefined;

  constructor(scope: QueryScope, frame: Frame) {
    this.scope = scope;
    this.frame = frame;
  }

  at(frame: Frame): Evaluator {
    return new Evaluator(this.scope, frame);
  }

  /** The rows of an instant vector that have points, the caller's own to change. */
  async rows(expression: Expression): Promise<Row[]> {
    const rows = await this.wholeRows(expression);
    for (const row of rows) row.beside = undefined;
    return rows;
  }

  /** `rows`, with what stands beside them. */
  async wholeRows(expression: Expression): Promise<Row[]> {
    const rows: Row[] = [];
    await this.#whole(expression, (row) => rows.push(row), false);
    return rows;
  }

  /** Hands the rows of an instant vector on one by one; with `reuse` a row is good only until the sink returns. */
  vector(expression: Expression, sink: RowSink, reuse: boolean): Promise<void> {
    if (!putsBeside(unwrap(expression))) return this.#whole(expression, sink, reuse);
    const take: RowSink = (row) => {
      row.beside = undefined;
      sink(row);
    };
    return this.#whole(expression, take, reuse);
  }

  #whole(expression: Expression, sink: RowSink, reuse: boolean): Promise<void> {
    const inner = unwrap(expression);
    const { common: commons, repeated } = this.scope;
    const common = commons.size === 0 ? undefined : commons.get(inner);
    if (common !== undefined) return this.#commonVector(inner, common, sink, reuse);
    if (this.frame.steps > 1 && isStepInvariant(inner)) return this.#invariantVector(inner, sink);
    const key = repeated.size === 0 ? undefined : repeated.get(inner);
    return key === undefined ? this.#compute(inner, sink, reuse) : this.#sharedVector(inner, key, sink);
  }

  /** What other queries of this time have read, too. */
  async #commonVector(inner: Expression, common: CommonExpression, sink: RowSink, reuse: boolean): Promise<void> {
    const { budget, sharing } = this.scope;
    if (common.rows !== undefined) {
      for (const row of common.rows) {
        budget.add(pointCount(row));
        sink(copyRow(row));
      }
      return;
    }
    const kept: Row[] = [];
    const take: RowSink = (row) => {
      kept.push(copyRow(row));
      sink(row);
    };
    await this.#compute(inner, take, reuse);
    sharing!.keep(common, kept);
  }

  async #sharedVector(inner: Expression, key: string, sink: RowSink): Promise<void> {
    this.#shared ??= new Map();
    let shared = this.#shared.get(key);
    if (shared) {
      this.scope.annotations.repeat(shared.remarks, inner.start - shared.start);
    } else {
      const rows: Row[] = [];
      const remarks = await this.scope.annotations.record(() => this.#compute(inner, (row) => rows.push(row), false));
      shared = { rows, remarks, start: inner.start };
      this.#shared.set(key, shared);
    }
    for (const row of shared.rows) sink(copyRow(row));
  }

  /** The value of a scalar at each step; not to be changed. */
  async scalar(expression: Expression): Promise<ScalarColumn> {
    const { steps } = this.frame;
    const inner = unwrap(expression);
    switch (inner.kind) {
      case 'number':
        return this.scope.slabs.floats(steps).fill(inner.value);
      case 'unary': {
        const column = await this.scalar(inner.expression);
        return inner.operator === '-' ? column.map((value) => -value) : column;
      }
      case 'binary': {
        const left = await this.scalar(inner.left);
        const right = await this.scalar(inner.right);
        return left.map((value, step) => scalarOperation(inner.operator, value, right[step]!));
      }
      case 'call':
        return this.#scalarCall(inner);
      default:
        throw new QueryError('internal', `a ${inner.kind} is no scalar`);
    }
  }

  /** Evaluated at one step, the outcome repeated at all of them. */
  async #invariantVector(expression: Expression, sink: RowSink): Promise<void> {
    const { frame } = this;
    const single = this.at({ ...frame, steps: 1 });
    const maker = new RowMaker(frame.steps);
    for (const row of await single.wholeRows(expression)) {
      refuseTwoSamples(row);
      const repeated = maker.make(row.labels, row.dropName);
      repeated.kinds.fill(row.kinds[0]!);
      repeated.values.fill(row.values[0]!);
      if (row.histograms) repeated.histograms = new Array(frame.steps).fill(row.histograms[0]);
      this.scope.budget.add(frame.steps - 1);
      sink(repeated);
    }
  }

  #compute(expression: Expression, sink: RowSink, reuse: boolean): Promise<void> {
    const { scope, frame } = this;
    const before = scope.budget.live;
    switch (expression.kind) {
      case 'vector-selector':
        return selectInstant(scope, frame, expression, 'value', sink, reuse);
      case 'call':
        return readsRange(expression)
          ? this.#rangeCall(expression, sink, reuse)
          : this.#settled(before, callVectorFunction(this, expression), sink);
      case 'aggregation':
        return this.#settled(before, aggregate(this, expression), sink);
      case 'binary': {
        const isOfVectors = typeOf(expression.left) === 'vector' && typeOf(expression.right) === 'vector';
        const rows = isOfVectors ? vectorBinary(this, expression) : vectorScalarBinary(this, expression);
        return this.#settled(before, rows, sink);
      }
      case 'unary':
        return this.#unary(expression, sink, reuse);
      default:
        return Promise.reject(new QueryError('internal', `a ${expression.kind} is no instant vector`));
    }
  }

  /** Where the names go at once, labels may come to be equal: an error, even where the values are of different steps. */
  #rangeCall(call: Call, sink: RowSink, reuse: boolean): Promise<void> {
    if (this.scope.features.delayedNameRemoval) return evaluateRangeCall(this, call, sink, reuse);
    let hasOneName: boolean | undefined;
    let seen: Set<string> | undefined;
    const check = (row: Row, series: Labels): void => {
      hasOneName ??= readsOneName(call);
      // Series of one name stay apart where nothing but the name goes.
      if (!(hasOneName && series.size - row.labels.size <= 1)) {
        const { key } = row.labels;
        seen ??= new Set();
        if (seen.has(key)) throw sameLabels();
        seen.add(key);
      }
      sink(row);
    };
    return evaluateRangeCall(this, call, check, reuse);
  }

  /** What a computation read is no longer in memory when it is done, but for its result. `before`: what was in memory before it began. */
  async #settled(before: number, computation: Promise<Row[]>, sink: RowSink): Promise<void> {
    const { budget } = this.scope;
    const rows = await computation;
    let points = 0;
    for (const row of rows) points += pointCount(row);
    budget.settle(before, points);
    budget.add(0);
    for (const row of rows) sink(row);
    if (budget.worked(points)) await budget.turn();
  }

  async #unary(expression: UnaryExpression, sink: RowSink, reuse: boolean): Promise<void> {
    if (expression.operator === '+') {
      await this.#whole(expression.expression, sink, reuse);
      return;
    }
    const rows = await this.wholeRows(expression.expression);
    for (const row of rows) {
      for (let i = 0; i < row.kinds.length; i++) {
        if (row.kinds[i] === FLOAT_POINT) row.values[i] = -row.values[i]!;
        else if (row.kinds[i] === HISTOGRAM_POINT) row.histograms![i] = multiply(row.histograms![i]!, -1);
      }
      row.beside = row.beside?.map((histogram) => histogram && multiply(histogram, -1));
      row.dropName = true;
      if (!this.scope.features.delayedNameRemoval) row.labels = withoutMetadata(row.labels);
    }
    for (const row of this.scope.features.delayedNameRemoval ? rows : mergeRows(rows, 'by-kind')) sink(row);
  }

  async #scalarCall(call: Call): Promise<ScalarColumn> {
    const { scope, frame } = this;
    const column = new Float64Array(frame.steps);
    switch (call.signature.name) {
      case 'time':
        return column.map((_, step) => timeAt(frame, step) / 1000);
      case 'pi':
        return column.fill(Math.PI);
      case 'start':
        return column.fill(scope.startMs / 1000);
      case 'end':
        return column.fill(scope.endMs / 1000);
      case 'step':
        return column.fill(scope.times.stepMs / 1000);
      case 'range':
        return column.fill(scope.times.rangeMs / 1000);
      case 'min_of':
      case 'max_of': {
        const left = await this.scalar(call.args[0]!);
        const right = await this.scalar(call.args[1]!);
        const choose = call.signature.name === 'min_of' ? lesser : greater;
        return left.map((value, step) => choose(value, right[step]!));
      }
      default:
        return this.#scalarOfVector(call.args[0]!);
    }
  }

  /** The one float of each step, NaN where there is none or more than one. */
  async #scalarOfVector(expression: Expression): Promise<ScalarColumn> {
    const column = new Float64Array(this.frame.steps).fill(Number.NaN);
    const counts = new Uint8Array(this.frame.steps);
    const before = this.scope.budget.live;
    await this.vector(
      expression,
      ({ kinds, values }) => {
        for (let i = 0; i < kinds.length; i++) {
          if (kinds[i] !== FLOAT_POINT) continue;
          column[i] = counts[i] === ABSENT ? values[i]! : Number.NaN;
          counts[i] = 1;
        }
      },
      true,
    );
    this.scope.budget.settle(before, this.frame.steps);
    return column;
  }
}

/** Of what is the same at all steps Prometheus wants one sample of each series. */
export function refuseTwoSamples(row: Row): void {
  if (hasTwoSamples(row)) throw new QueryError('execution', 'unexpected number of samples');
}

/** Whether a histogram stands beside a float. */
export function hasTwoSamples({ beside }: Row): boolean {
  return beside !== undefined;
}

/** Whether it may merge rows, so that there are histograms beside floats. */
function putsBeside(expression: Expression): boolean {
  const { kind } = expression;
  return kind !== 'vector-selector' && kind !== 'aggregation' && !(kind === 'call' && readsRange(expression));
}

function readsRange({ args }: Call): boolean {
  for (const arg of args) if (isRangeArgument(unwrap(arg))) return true;
  return false;
}

/** Whether the range argument selects a metric by its exact name. */
function readsOneName({ args }: Call): boolean {
  for (const arg of args) {
    const range = unwrap(arg);
    if (range.kind !== 'matrix-selector') continue;
    for (const { name, operator } of range.selector.matchers) if (name === METRIC_NAME && operator === '=') return true;
  }
  return false;
}
