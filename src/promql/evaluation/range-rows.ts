/** The rows of a range function: the window moved over each series, from step to step. */
import type { Labels } from '../../labels/labels.ts';
import type { SampleColumns, SelectedSeries } from '../../storage/queryable.ts';
import { type Frame, lastTime, type QueryScope } from './frame.ts';
import type { RowFunction } from './over-time-row.ts';
import type { Extended } from './range-functions.ts';
import { ABSENT, FLOAT_POINT, HISTOGRAM_POINT, type Row, RowMaker, setHistogram, withoutMetadata } from './row.ts';
import type { ResolvedTimes } from './selector.ts';
import { type RangeFunction, Window } from './window.ts';

/** The range and where its samples come from. */
export interface RangeSource {
  readonly rangeMs: number;
  readonly times: ResolvedTimes;
  readonly extension: Extended;
  /** Hands each series' samples on, in columns that are used again. `series`: where they were read from the storage as they are. */
  read(
    take: (labels: Labels, dropName: boolean, columns: SampleColumns, series?: SelectedSeries) => boolean,
    from: number,
    to: number,
  ): Promise<void>;
}

export interface RangePlan {
  readonly source: RangeSource;
  readonly run: RangeFunction;
  /** Set where plain floats can be done by a loop of their own. */
  readonly fillPlain: RowFunction | undefined;
  readonly reuse: boolean;
  /** The metric's name goes. */
  readonly dropsName: boolean;
}

/** Hands each row that has points on, with the labels of its series. */
export function forEachRangeRow(
  scope: QueryScope,
  frame: Frame,
  plan: RangePlan,
  sink: (row: Row, labels: Labels) => void,
): Promise<void> {
  const { source, reuse, dropsName } = plan;
  const { rangeMs, extension } = source;
  const { offsetMs, fixedMs } = source.times;
  const firstEnd = (fixedMs ?? frame.startMs) - offsetMs;
  const lastEnd = (fixedMs ?? lastTime(frame)) - offsetMs;
  const before = extension === undefined ? 0 : scope.lookbackMs;
  const after = extension === 'smoothed' ? scope.lookbackMs : 0;
  const times = { firstEnd, stepMs: fixedMs === undefined ? frame.stepMs : 0, rangeMs };
  let window: Window | undefined;
  const maker = new RowMaker(frame.steps, scope.slabs);
  const dropNow = dropsName && !scope.features.delayedNameRemoval;
  const { startTimestamps } = scope.features;
  let spare: Row | undefined;
  const take = (labels: Labels, dropName: boolean, columns: SampleColumns, series?: SelectedSeries): boolean => {
    const row = spare ?? maker.make(labels, false);
    spare = row;
    let filled: Filled;
    if (plan.fillPlain && extension === undefined && columns.floatsOnly && !(startTimestamps && columns.hasStarts)) {
      filled = plan.fillPlain(columns, times, row);
    } else {
      window ??= new Window();
      window.load(labels, columns, startTimestamps);
      filled = fillSteps(window, frame, { ...times, before, after }, plan.run, row);
    }
    // The window itself is in memory, too, while it is looked at.
    scope.budget.add(filled.widest);
    scope.budget.add(-filled.widest);
    if (filled.points > 0) {
      scope.budget.add(filled.points);
      row.labels = dropNow ? bareLabels(labels, series) : labels;
      row.dropName = dropsName || dropName;
      spare = undefined;
      sink(row, labels);
      if (reuse) {
        row.kinds.fill(ABSENT);
        row.histograms = undefined;
        spare = row;
      }
    }
    return scope.budget.worked(columns.length + frame.steps * 2);
  };
  return source.read(take, firstEnd - rangeMs - before + 1, lastEnd + after);
}

function bareLabels(labels: Labels, series: SelectedSeries | undefined): Labels {
  if (series === undefined) return withoutMetadata(labels);
  series.bareLabels ??= withoutMetadata(labels);
  return series.bareLabels;
}

interface Filled {
  readonly points: number;
  /** The most samples of a window. */
  readonly widest: number;
}

interface StepTimes {
  readonly firstEnd: number;
  readonly stepMs: number;
  readonly rangeMs: number;
  /** What the window takes in beyond the range on either side. */
  readonly before: number;
  readonly after: number;
}

function fillSteps(window: Window, frame: Frame, times: StepTimes, run: RangeFunction, row: Row): Filled {
  const { firstEnd, stepMs, rangeMs, before, after } = times;
  let points = 0;
  let widest = 0;
  for (let step = 0; step < frame.steps; step++) {
    const end = firstEnd + step * stepMs;
    window.move(end - rangeMs - before, end + after);
    const samples = window.floatTo - window.floatFrom + window.histogramTo - window.histogramFrom;
    if (samples === 0) continue;
    if (samples > widest) widest = samples;
    window.rangeStart = end - rangeMs;
    window.rangeEnd = end;
    window.step = step;
    window.timeMs = frame.startMs + step * frame.stepMs;
    const kind = run(window);
    if (kind === ABSENT) continue;
    points++;
    if (kind === HISTOGRAM_POINT) {
      setHistogram(row, step, window.histogram!);
      continue;
    }
    row.values[step] = window.value;
    row.kinds[step] = FLOAT_POINT;
  }
  return { points, widest };
}
