/** Range functions over range selectors and subqueries: one pass over each series, the window moved from step to step. */
import type { Labels } from '../../labels/labels.ts';
import { SampleColumns } from '../../storage/queryable.ts';
import { resolveRange } from '../duration-expression.ts';
import { type Call, type Expression, type MatrixSelector, type Subquery, unwrap } from '../expression.ts';
import { withHint } from '../histogram/operations.ts';
import type { Position } from '../position.ts';
import { absentLabels } from './absent.ts';
import type { Evaluator } from './evaluator.ts';
import type { Frame, QueryScope } from './frame.ts';
import { overTimeRow, type RowFunction } from './over-time-row.ts';
import { rangeFunction } from './range-functions.ts';
import { forEachRangeRow, type RangePlan, type RangeSource } from './range-rows.ts';
import { fillRateRow } from './rate-row.ts';
import { ABSENT, FLOAT_POINT, HISTOGRAM_POINT, type Row, RowMaker } from './row.ts';
import { readInto, resolveTimes } from './selector.ts';
import type { CallSite, ScalarColumn } from './site.ts';
import { borrowColumns, giveBackColumns } from './spare-columns.ts';
import type { RangeFunction } from './window.ts';

/** Functions that keep the name of the metric. */
const KEEPS_NAME: ReadonlySet<string> = new Set(['last_over_time', 'first_over_time']);
const COUNTER_SUFFIX = /_(?:total|sum|count|bucket)$/;

type RangeSink = (row: Row, series: Labels) => void;

export function isRangeArgument(expression: Expression): expression is MatrixSelector | Subquery {
  return expression.kind === 'matrix-selector' || expression.kind === 'subquery';
}

/** For annotations. Prometheus has put the samples in the place of a subquery by then, and they stand nowhere: 1:1. */
function placeOf(argument: Expression): Position {
  return argument.kind === 'subquery' ? { start: 0, end: 0 } : argument;
}

const NO_SCALARS: readonly ScalarColumn[] = [];

/** The sink gets the labels of the series, too, as they were before a name was dropped. */
export function evaluateRangeCall(evaluator: Evaluator, call: Call, sink: RangeSink, reuse: boolean): Promise<void> {
  const args = call.args.map(unwrap);
  const argument = args.find(isRangeArgument)!;
  const withScalars = (scalars: readonly ScalarColumn[]): Promise<void> => {
    const { scope, frame } = evaluator;
    const source = rangeSource(evaluator, argument);
    const { name } = call.signature;
    const site: CallSite = {
      annotations: scope.annotations,
      argument: placeOf(args[0]!),
      args: { start: placeOf(args[0]!).start, end: args.at(-1)!.end },
      rangeMs: source.rangeMs,
    };
    const run = rangeFunction(name, site, scalars, source.extension);
    if (name === 'absent_over_time') return absentOverTime(evaluator, argument, source, run, sink);
    const dropsName = !KEEPS_NAME.has(name);
    const plan: RangePlan = { source, run, fillPlain: plainFunction(name), reuse, dropsName };
    if (name !== 'rate' && name !== 'increase') return forEachRangeRow(scope, frame, plan, sink);
    let counter = '';
    return forEachRangeRow(scope, frame, plan, (row, labels) => {
      const { metricName } = labels;
      if (metricName === '' || metricName !== counter) {
        if (noteNonCounter(scope, labels, row, site)) counter = metricName;
      }
      sink(row, labels);
    });
  };
  return args.length === 1 ? withScalars(NO_SCALARS) : scalarsOf(evaluator, args, argument).then(withScalars);
}

async function scalarsOf(
  evaluator: Evaluator,
  args: readonly Expression[],
  argument: Expression,
): Promise<ScalarColumn[]> {
  const scalars: ScalarColumn[] = [];
  for (const arg of args) if (arg !== argument) scalars.push(await evaluator.scalar(arg));
  return scalars;
}

/** The samples of a range selector or of the inner expression of a subquery. */
export function rangeSource(evaluator: Evaluator, argument: MatrixSelector | Subquery): RangeSource {
  const { scope } = evaluator;
  if (argument.kind === 'subquery') return subquerySource(evaluator, argument);
  const rangeMs = resolveRange(argument.rangeMs, argument.rangeExpression, scope.times);
  const { selector } = argument;
  const statsOnly = scope.statsOnly.has(selector);
  return {
    rangeMs,
    times: resolveTimes(scope, selector),
    extension: selector.extension,
    async read(take, from, to) {
      const columns = borrowColumns();
      try {
        for (const series of scope.queryable.select(selector.matchers, from, to)) {
          readInto(scope, series, from, to, columns, statsOnly);
          if (columns.length > 0 && take(series.labels, false, columns, series)) await scope.budget.turn();
        }
      } finally {
        giveBackColumns(columns);
      }
    },
  };
}

function subquerySource(evaluator: Evaluator, subquery: Subquery): RangeSource {
  const { scope } = evaluator;
  const times = resolveTimes(scope, subquery);
  const wantedStep = resolveRange(subquery.stepMs, subquery.stepExpression, scope.times);
  const rangeMs = resolveRange(subquery.rangeMs, subquery.rangeExpression, scope.times);
  const stepMs = wantedStep === 0 ? scope.noStepSubqueryIntervalMs(rangeMs) : wantedStep;
  return {
    rangeMs,
    times,
    extension: undefined,
    async read(take, from, to) {
      // `from` is the first millisecond within the range, which is open on its left.
      const start = stepMs * Math.trunc((from - 1) / stepMs);
      const first = start <= from - 1 ? start + stepMs : start;
      if (to < first) return;
      const steps = Math.floor((to - first) / stepMs) + 1;
      const frame: Frame = { startMs: first, stepMs, steps, isRange: to > first };
      const before = scope.budget.live;
      const rows = await evaluator.at(frame).wholeRows(subquery.expression);
      const held = scope.budget.live - before;
      const columns = new SampleColumns(frame.steps);
      for (const row of rows) {
        rowToColumns(row, frame, columns);
        if (take(row.labels, row.dropName, columns)) await scope.budget.turn();
      }
      scope.budget.add(-held);
    },
  };
}

/** Counter reset hints are dropped: the steps of a subquery may leave samples out or see them twice. */
function rowToColumns(row: Row, frame: Frame, columns: SampleColumns): void {
  columns.clear();
  for (let i = 0; i < frame.steps; i++) {
    const timeMs = frame.startMs + i * frame.stepMs;
    if (row.kinds[i] === FLOAT_POINT) columns.pushFloat(timeMs, row.values[i]!);
    const histogram = row.kinds[i] === HISTOGRAM_POINT ? row.histograms![i] : row.beside?.[i];
    if (histogram !== undefined) {
      const isGauge = histogram.counterResetHint === 'gauge';
      columns.pushHistogram(timeMs, isGauge ? histogram : withHint(histogram, 'unknown'));
    }
  }
}

/** The loop over plain floats, for functions that have one. */
function plainFunction(name: string): RowFunction | undefined {
  if (name !== 'rate' && name !== 'increase' && name !== 'delta') return overTimeRow(name);
  return (columns, times, row) => fillRateRow(columns, times, name !== 'delta', name === 'rate', row);
}

/** `rate` of something that is named, or typed, like no counter. Returns whether all of that name are counters. */
function noteNonCounter(scope: QueryScope, labels: Labels, row: Row, site: CallSite): boolean {
  const name = labels.metricName;
  const { typeAndUnitLabels } = scope.features;
  if (!typeAndUnitLabels && COUNTER_SUFFIX.test(name)) return true;
  if (name === '' || !row.kinds.includes(FLOAT_POINT)) return false;
  if (typeAndUnitLabels) {
    const type = labels.get('__type__');
    if (type !== 'counter' && type !== 'histogram') {
      scope.annotations.possibleNonCounterType(name, type, site.argument);
    }
  } else {
    scope.annotations.possibleNonCounter(name, site.argument);
  }
  return false;
}

async function absentOverTime(
  evaluator: Evaluator,
  argument: MatrixSelector | Subquery,
  source: RangeSource,
  run: RangeFunction,
  sink: RangeSink,
): Promise<void> {
  const { scope, frame } = evaluator;
  const present = new Uint8Array(frame.steps);
  await forEachRangeRow(
    scope,
    frame,
    { source, run, fillPlain: undefined, reuse: true, dropsName: true },
    ({ kinds }) => {
      for (let i = 0; i < kinds.length; i++) if (kinds[i] !== ABSENT) present[i] = 1;
    },
  );
  const row = new RowMaker(frame.steps).make(absentLabels(argument), true);
  let points = 0;
  for (let i = 0; i < frame.steps; i++) {
    if (present[i]) continue;
    row.values[i] = 1;
    row.kinds[i] = FLOAT_POINT;
    points++;
  }
  if (points > 0) sink(row, row.labels);
}
