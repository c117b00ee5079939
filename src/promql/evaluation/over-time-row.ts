/** The commonest `…_over_time` functions of plain floats over a whole row: what `over-time.ts` does step by step, in one loop each. */
import type { SampleColumns } from '../../storage/queryable.ts';
import { exactSumsOf } from './exact-sums.ts';
import { meanOf, sumOf } from './over-time.ts';
import type { RowTimes } from './rate-row.ts';
import { FLOAT_POINT, type Row } from './row.ts';

/** Fills the row from columns that hold floats only; gives the number of points, and the most samples of a window. */
export type RowFunction = (
  columns: SampleColumns,
  times: RowTimes,
  row: Row,
) => { readonly points: number; readonly widest: number };

/** Undefined for a function that has no loop of its own. */
export function overTimeRow(name: string): RowFunction | undefined {
  const fill = FILLS.get(name);
  if (!fill) return undefined;
  const windows = new RowWindows();
  return (columns, times, row) => {
    windows.find(columns, times, row.values.length);
    fill(columns, windows, row.values);
    let points = 0;
    for (let step = 0; step < row.kinds.length; step++) {
      if (windows.to[step] === windows.from[step]) continue;
      row.kinds[step] = FLOAT_POINT;
      points++;
    }
    return { points, widest: windows.widest };
  };
}

/** The samples that each step's range holds: those from index `from` up to, without, index `to`. */
class RowWindows {
  from = new Int32Array(0);
  to = new Int32Array(0);
  widest = 0;
  /** Sums of the first n values, for functions that want them. */
  prefix = new Float64Array(0);

  find({ length, timestamps }: SampleColumns, { firstEnd, stepMs, rangeMs }: RowTimes, steps: number): void {
    if (this.from.length !== steps) {
      this.from = new Int32Array(steps);
      this.to = new Int32Array(steps);
    }
    let from = 0;
    let to = 0;
    let widest = 0;
    for (let step = 0; step < steps; step++) {
      const end = firstEnd + step * stepMs;
      const start = end - rangeMs;
      while (from < length && timestamps[from]! <= start) from++;
      if (to < from) to = from;
      while (to < length && timestamps[to]! <= end) to++;
      this.from[step] = from;
      this.to[step] = to;
      if (to - from > widest) widest = to - from;
    }
    this.widest = widest;
  }

  exactSums({ length, values }: SampleColumns): boolean {
    if (this.prefix.length <= length) this.prefix = new Float64Array((length + 1) * 2);
    return exactSumsOf(values, length, this.prefix);
  }
}

type Fill = (columns: SampleColumns, windows: RowWindows, out: Float64Array) => void;

const FILLS: ReadonlyMap<string, Fill> = new Map<string, Fill>([
  ['avg_over_time', (columns, windows, out) => fillSums(columns, windows, out, true)],
  ['sum_over_time', (columns, windows, out) => fillSums(columns, windows, out, false)],
  ['max_over_time', (columns, windows, out) => fillExtremes(columns, windows, out, true)],
  ['min_over_time', (columns, windows, out) => fillExtremes(columns, windows, out, false)],
  ['count_over_time', fillCounts],
  ['last_over_time', fillLast],
]);

function fillCounts(_columns: SampleColumns, { from, to }: RowWindows, out: Float64Array): void {
  for (let step = 0; step < out.length; step++) out[step] = to[step]! - from[step]!;
}

function fillLast({ values }: SampleColumns, { from, to }: RowWindows, out: Float64Array): void {
  for (let step = 0; step < out.length; step++) if (to[step]! > from[step]!) out[step] = values[to[step]! - 1]!;
}

function fillSums(columns: SampleColumns, windows: RowWindows, out: Float64Array, isMean: boolean): void {
  const { from, to } = windows;
  const { values } = columns;
  if (!windows.exactSums(columns)) {
    for (let step = 0; step < out.length; step++) {
      if (to[step] === from[step]) continue;
      out[step] = isMean ? meanOf(values, from[step]!, to[step]!) : sumOf(values, from[step]!, to[step]!);
    }
    return;
  }
  const { prefix } = windows;
  for (let step = 0; step < out.length; step++) {
    const sum = prefix[to[step]!]! - prefix[from[step]!]!;
    out[step] = isMean ? sum / (to[step]! - from[step]!) : sum;
  }
}

/** The best sample of the step before stays the best while it is there; only new ones are looked at. NaN gives way to anything. */
function fillExtremes({ values }: SampleColumns, windows: RowWindows, out: Float64Array, greatest: boolean): void {
  let at = 0;
  let seen = 0;
  for (let step = 0; step < out.length; step++) {
    const from = windows.from[step]!;
    const to = windows.to[step]!;
    if (from === to) continue;
    if (at < from || seen < from) {
      at = from;
      seen = from;
    }
    let best = values[at]!;
    for (let i = seen; i < to; i++) {
      const value = values[i]!;
      if (!(greatest ? value > best : value < best) && !Number.isNaN(best)) continue;
      best = value;
      at = i;
    }
    seen = to;
    out[step] = best;
  }
}
