/** A strip: what a state was over the time window, one cell for each piece of it. */
import { formatSpan } from '../frame/format.ts';
import type { TimeWindow } from '../frame/place.ts';
import { type Row, row, type Segment, toned } from '../frame/row.ts';
import type { Tone } from '../theme.ts';

export interface StateSeries {
  readonly timestamps: ArrayLike<number>;
  readonly values: ArrayLike<number>;
}

/**
 * The highest level in each of `width` equal pieces of `startMs`…`endMs`: 0 where there is no point, else what `levelOf`
 * says of one (1 and up). A point stands for the `stepMs` that end with it.
 */
export function stripLevels<T extends StateSeries>(
  series: readonly T[],
  levelOf: (series: T, value: number) => number,
  { startMs, endMs, stepMs }: { readonly startMs: number; readonly endMs: number; readonly stepMs: number },
  width: number,
): Uint8Array {
  const levels = new Uint8Array(width);
  const cellMs = Math.max(1, endMs - startMs) / width;
  for (const each of series) {
    for (let i = 0; i < each.timestamps.length; i++) {
      const value = each.values[i]!;
      if (Number.isNaN(value)) continue;
      const level = levelOf(each, value);
      const atMs = each.timestamps[i]!;
      const from = Math.max(0, Math.floor((atMs - stepMs - startMs) / cellMs));
      const to = Math.min(width, Math.ceil((atMs - startMs) / cellMs));
      for (let x = from; x < to; x++) if (level > levels[x]!) levels[x] = level;
    }
  }
  return levels;
}

/** The levels as cells: each in the glyph and the tone of its level. */
export function stripRow(
  levels: ArrayLike<number>,
  looks: readonly { readonly glyph: string; readonly tone: Tone }[],
): Row {
  const segments: Segment[] = [];
  for (let x = 0; x < levels.length; ) {
    const level = levels[x]!;
    const from = x;
    while (x < levels.length && levels[x] === level) x++;
    const { glyph, tone } = looks[level] ?? looks[0]!;
    segments.push(toned(tone, glyph.repeat(x - from)));
  }
  return row(segments);
}

/** What a column of strips is headed with: `Last 15m`, or how long the window is that one looks back at. */
export function spanTitle({ startMs, endMs, live }: TimeWindow): string {
  const span = formatSpan(endMs - startMs);
  return live ? `Last ${span}` : `${span} shown`;
}
