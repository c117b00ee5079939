/** `rate`, `increase` and `delta` of plain floats over a whole row: what `extrapolatedRate` does step by step, in one loop. */
import type { SampleColumns } from '../../storage/queryable.ts';
import { EXTRAPOLATION_THRESHOLD } from './rate.ts';
import { FLOAT_POINT, type Row } from './row.ts';

export interface RowTimes {
  /** The end of the range at the first step; it moves on by `stepMs`. */
  readonly firstEnd: number;
  readonly stepMs: number;
  readonly rangeMs: number;
}

/** The columns hold floats only, without start timestamps. Returns the number of points, and the most samples of a window. */
export function fillRateRow(
  columns: SampleColumns,
  { firstEnd, stepMs, rangeMs }: RowTimes,
  isCounter: boolean,
  isRate: boolean,
  row: Row,
): { readonly points: number; readonly widest: number } {
  const { length, timestamps, values } = columns;
  const { values: out, kinds } = row;
  const rangeSeconds = rangeMs / 1000;
  const hasDrops = isCounter && anyDrop(values, length);
  const steps = out.length;
  let from = 0;
  let to = 0;
  let points = 0;
  let widest = 0;
  for (let step = 0; step < steps; step++) {
    const end = firstEnd + step * stepMs;
    const start = end - rangeMs;
    while (from < length && timestamps[from]! <= start) from++;
    if (to < from) to = from;
    while (to < length && timestamps[to]! <= end) to++;
    const intervals = to - from - 1;
    if (intervals >= widest) widest = intervals + 1;
    if (intervals < 1) continue;
    const first = values[from]!;
    let result = values[to - 1]! - first;
    if (hasDrops) {
      for (let i = from + 1; i < to; i++) if (values[i]! < values[i - 1]!) result += values[i - 1]!;
    }
    const firstTime = timestamps[from]!;
    const lastTime = timestamps[to - 1]!;
    const sampled = (lastTime - firstTime) / 1000;
    const average = sampled / intervals;
    const threshold = average * EXTRAPOLATION_THRESHOLD;
    let toStart = (firstTime - start) / 1000;
    let toEnd = (end - lastTime) / 1000;
    if (toStart >= threshold) toStart = average / 2;
    if (isCounter && result > 0 && first >= 0) {
      const toZero = sampled * (first / result);
      if (toZero < toStart) toStart = toZero;
    }
    if (toEnd >= threshold) toEnd = average / 2;
    const factor = sampled === 0 ? 1 : (sampled + toStart + toEnd) / sampled;
    out[step] = result * (isRate ? factor / rangeSeconds : factor);
    kinds[step] = FLOAT_POINT;
    points++;
  }
  return { points, widest };
}

function anyDrop(values: Float64Array, length: number): boolean {
  for (let i = 1; i < length; i++) if (values[i]! < values[i - 1]!) return true;
  return false;
}
