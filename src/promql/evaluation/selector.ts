/** Instant vector selectors: the newest sample within the lookback at each step. */
import type { FloatHistogram } from '../../exposition/histogram.ts';
import { HISTOGRAM, type SampleColumns, type SelectedSeries, STALE } from '../../storage/queryable.ts';
import { resolveOffset } from '../duration-expression.ts';
import type { TimeModifiers, VectorSelector } from '../expression.ts';
import { isCustom } from '../histogram/buckets.ts';
import { combine, detectReset, multiply } from '../histogram/operations.ts';
import { type Frame, lastTime, type QueryScope } from './frame.ts';
import { FLOAT_POINT, type Row, RowMaker, setHistogram } from './row.ts';
import { borrowColumns, giveBackColumns } from './spare-columns.ts';

/** What a row is to hold of the samples. */
export type SelectorYield = 'value' | 'timestamp' | 'start-timestamp' | 'timestamp-of-floats-ms';

/** Rows that have no point are not handed on. With `reuse` the row is the same one each time. */
export type RowSink = (row: Row) => void;

export interface ResolvedTimes {
  /** Subtracted from a step's time, or from `fixedMs`. */
  readonly offsetMs: number;
  /** The time of `@`. */
  readonly fixedMs: number | undefined;
}

export function resolveTimes(scope: QueryScope, modifiers: TimeModifiers): ResolvedTimes {
  const offsetMs = resolveOffset(modifiers.offsetMs, modifiers.offsetExpression, scope.times);
  const { at } = modifiers;
  const fixedMs = at === 'start' ? scope.startMs : at === 'end' ? scope.endMs : at;
  return { offsetMs, fixedMs };
}

export async function selectInstant(
  scope: QueryScope,
  frame: Frame,
  selector: VectorSelector,
  wanted: SelectorYield,
  sink: RowSink,
  reuse: boolean,
): Promise<void> {
  const { offsetMs, fixedMs } = resolveTimes(scope, selector);
  // When samples were taken is asked of the samples themselves.
  const smoothed = selector.extension === 'smoothed' && wanted === 'value';
  const firstRef = (fixedMs ?? frame.startMs) - offsetMs;
  const lastRef = (fixedMs ?? lastTime(frame)) - offsetMs;
  const from = firstRef - scope.lookbackMs + 1;
  const to = smoothed ? lastRef + scope.lookbackMs : lastRef;
  const maker = new RowMaker(frame.steps, scope.slabs);
  const stepMs = fixedMs === undefined ? frame.stepMs : 0;
  const statsOnly = scope.statsOnly.has(selector);
  const onlyNewest = (stepMs === 0 || frame.steps === 1) && !smoothed && !statsOnly && wanted !== 'start-timestamp';
  const columns = borrowColumns();
  let spare: Row | undefined;
  try {
    for (const series of scope.queryable.select(selector.matchers, from, to)) {
      const row = spare ?? maker.make(series.labels, false);
      row.labels = series.labels;
      if (onlyNewest && series.readNewest) {
        series.readNewest(from, to, columns);
        scope.budget.read += columns.length;
      } else {
        readInto(scope, series, from, to, columns, statsOnly);
      }
      const points = smoothed
        ? fillSmoothed(scope, selector, columns, firstRef, stepMs, row)
        : fillNewest(columns, firstRef, stepMs, scope.lookbackMs, wanted, row);
      if (points === 0) {
        spare = row;
        continue;
      }
      spare = undefined;
      scope.budget.add(points);
      sink(row);
      if (reuse) {
        row.kinds.fill(0);
        row.histograms = undefined;
        spare = row;
      }
      if (scope.budget.worked(columns.length + frame.steps)) await scope.budget.turn();
    }
  } finally {
    giveBackColumns(columns);
  }
}

/** Reads a series' samples; where only count and sum of histograms matter, those alone are kept, with the counter resets found on the way. */
export function readInto(
  scope: QueryScope,
  series: SelectedSeries,
  fromMs: number,
  toMs: number,
  columns: SampleColumns,
  statsOnly: boolean,
): void {
  series.read(fromMs, toMs, columns);
  scope.budget.read += columns.length;
  if (statsOnly && !columns.floatsOnly) keepStats(columns);
}

function keepStats(columns: SampleColumns): void {
  let previous: FloatHistogram | undefined;
  for (let i = 0; i < columns.length; i++) {
    if (columns.kinds[i] !== HISTOGRAM) {
      previous = undefined;
      continue;
    }
    const histogram = columns.histograms[i]!;
    let hint = histogram.counterResetHint;
    if (hint === 'unknown' && previous) hint = detectReset(histogram, previous) ? 'reset' : 'not-reset';
    previous = histogram;
    columns.histograms[i] = {
      schema: histogram.schema,
      zeroThreshold: 0,
      zeroCount: 0,
      count: histogram.count,
      sum: histogram.sum,
      positiveSpans: [],
      positiveBuckets: [],
      negativeSpans: [],
      negativeBuckets: [],
      customValues: isCustom(histogram) ? [] : undefined,
      counterResetHint: hint,
    };
  }
}

/** The number of points. */
function fillNewest(
  columns: SampleColumns,
  firstRef: number,
  stepMs: number,
  lookbackMs: number,
  wanted: SelectorYield,
  row: Row,
): number {
  const { length, timestamps, kinds, floatsOnly } = columns;
  const out = row.values;
  const outKinds = row.kinds;
  const steps = out.length;
  if (floatsOnly && wanted === 'value') return fillNewestFloats(columns, firstRef, stepMs, lookbackMs, row);
  let points = 0;
  let next = 0;
  for (let step = 0; step < steps; step++) {
    const ref = firstRef + step * stepMs;
    while (next < length && timestamps[next]! <= ref) next++;
    if (next === 0) continue;
    const at = next - 1;
    if (timestamps[at]! <= ref - lookbackMs) continue;
    const kind = floatsOnly ? 0 : kinds[at]!;
    if (kind === STALE) continue;
    points++;
    if (wanted === 'value' && kind === HISTOGRAM) {
      setHistogram(row, step, columns.histograms[at]!);
      continue;
    }
    outKinds[step] = FLOAT_POINT;
    out[step] = yielded(columns, at, kind, wanted);
  }
  return points;
}

/** The same where all samples are floats. */
function fillNewestFloats(
  { length, timestamps, values }: SampleColumns,
  firstRef: number,
  stepMs: number,
  lookbackMs: number,
  { values: out, kinds: outKinds }: Row,
): number {
  const steps = out.length;
  let points = 0;
  let next = 0;
  let nextTime = length > 0 ? timestamps[0]! : Number.POSITIVE_INFINITY;
  /** From then on the sample is too old. */
  let untilMs = 0;
  let value = 0;
  for (let step = 0; step < steps; step++) {
    const ref = firstRef + step * stepMs;
    while (nextTime <= ref) {
      untilMs = nextTime + lookbackMs;
      value = values[next]!;
      next++;
      nextTime = next < length ? timestamps[next]! : Number.POSITIVE_INFINITY;
    }
    if (next === 0 || ref >= untilMs) continue;
    out[step] = value;
    outKinds[step] = FLOAT_POINT;
    points++;
  }
  return points;
}

function yielded(columns: SampleColumns, at: number, kind: number, wanted: SelectorYield): number {
  switch (wanted) {
    case 'value':
      return columns.values[at]!;
    case 'timestamp':
      return columns.timestamps[at]! / 1000;
    case 'start-timestamp':
      return columns.hasStarts ? columns.startTimestamps[at]! / 1000 : 0;
    case 'timestamp-of-floats-ms':
      return kind === HISTOGRAM ? Number.NaN : columns.timestamps[at]!;
  }
}

/**
 * `smoothed`: interpolated between the samples around each step, the last one carried on. None, and a remark, where there
 * are floats and histograms within the lookback before and behind the step.
 */
function fillSmoothed(
  scope: QueryScope,
  selector: VectorSelector,
  columns: SampleColumns,
  firstRef: number,
  stepMs: number,
  row: Row,
): number {
  const { timestamps, lookbackMs } = { timestamps: columns.timestamps, lookbackMs: scope.lookbackMs };
  const present: number[] = [];
  for (let i = 0; i < columns.length; i++) if (columns.floatsOnly || columns.kinds[i] !== STALE) present.push(i);
  const mixture = columns.floatsOnly ? undefined : new MixtureWindow(columns, present);
  let points = 0;
  let next = 0;
  for (let step = 0; step < row.values.length; step++) {
    const ref = firstRef + step * stepMs;
    while (next < present.length && timestamps[present[next]!]! < ref) next++;
    if (mixture?.isMixed(ref - lookbackMs, ref + lookbackMs)) {
      scope.annotations.mixedFloatsAndHistograms(row.labels.metricName, selector);
      continue;
    }
    const after = present[next];
    const before = present[next - 1];
    const afterCounts = after !== undefined && timestamps[after]! <= ref + lookbackMs;
    const beforeCounts = before !== undefined && timestamps[before]! > ref - lookbackMs;
    if (afterCounts && timestamps[after] === ref) copySample(columns, after, row, step);
    else if (beforeCounts && !afterCounts) copySample(columns, before, row, step);
    else if (!beforeCounts || !afterCounts) continue;
    else if (!interpolateSamples(scope, selector, columns, before, after, ref, row, step)) continue;
    points++;
  }
  return points;
}

/** Whether floats and histograms are together in a window that only moves on. */
class MixtureWindow {
  readonly #columns: SampleColumns;
  readonly #present: readonly number[];
  #from = 0;
  #to = 0;
  #histograms = 0;

  constructor(columns: SampleColumns, present: readonly number[]) {
    this.#columns = columns;
    this.#present = present;
  }

  /** After `fromMs`, up to `toMs`. */
  isMixed(fromMs: number, toMs: number): boolean {
    const present = this.#present;
    const { timestamps, kinds } = this.#columns;
    for (; this.#to < present.length && timestamps[present[this.#to]!]! <= toMs; this.#to++) {
      if (kinds[present[this.#to]!] === HISTOGRAM) this.#histograms++;
    }
    for (; this.#from < this.#to && timestamps[present[this.#from]!]! <= fromMs; this.#from++) {
      if (kinds[present[this.#from]!] === HISTOGRAM) this.#histograms--;
    }
    return this.#histograms > 0 && this.#histograms < this.#to - this.#from;
  }
}

function copySample(columns: SampleColumns, at: number, row: Row, step: number): void {
  if (!columns.floatsOnly && columns.kinds[at] === HISTOGRAM) {
    setHistogram(row, step, columns.histograms[at]!);
    return;
  }
  row.values[step] = columns.values[at]!;
  row.kinds[step] = FLOAT_POINT;
}

function interpolateSamples(
  scope: QueryScope,
  selector: VectorSelector,
  columns: SampleColumns,
  before: number,
  after: number,
  ref: number,
  row: Row,
  step: number,
): boolean {
  const { timestamps, values } = columns;
  const fraction = (ref - timestamps[before]!) / (timestamps[after]! - timestamps[before]!);
  const first = columns.floatsOnly ? undefined : columns.histograms[before];
  const second = columns.floatsOnly ? undefined : columns.histograms[after];
  if (!first && !second) {
    row.values[step] = values[before]! + (values[after]! - values[before]!) * fraction;
    row.kinds[step] = FLOAT_POINT;
    return true;
  }
  // One of either kind is no window to interpolate in, which has been said.
  if (!first || !second) return false;
  const difference = combine(second, first, -1);
  const result = difference && combine(multiply(difference.histogram, fraction), first, 1);
  if (!result) {
    scope.annotations.mixedSchemas(row.labels.metricName, selector);
    return false;
  }
  if (difference.boundsReconciled) scope.annotations.boundsReconciled('subtraction', selector);
  if (result.boundsReconciled) scope.annotations.boundsReconciled('addition', selector);
  setHistogram(row, step, result.histogram);
  return true;
}
