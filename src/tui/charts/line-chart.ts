/** A line chart as rows: value axis with units, braille lines, threshold, cursor, time axis. */
import { formatClock, formatDate, formatValue, type Unit, type Zone } from '../frame/format.ts';
import { type Row, row, sized, toned } from '../frame/row.ts';
import { widthOf } from '../sanitise.ts';
import type { Theme, Tone } from '../theme.ts';
import { makeCanvas } from './canvas.ts';
import { type Range, timeTicks, valueRange, valueTicks } from './scale.ts';

export interface ChartSeries {
  readonly timestamps: ArrayLike<number>;
  readonly values: ArrayLike<number>;
  readonly tone: Tone;
}

export interface ChartOptions {
  readonly width: number;
  readonly height: number;
  readonly startMs: number;
  readonly endMs: number;
  /** Points further apart than this are not connected. */
  readonly gapMs: number;
  readonly unit: Unit;
  readonly theme: Theme;
  readonly zone: Zone;
  readonly threshold?: number | undefined;
  /** The moment that the cursor stands on. */
  readonly cursorMs?: number | undefined;
  /** Moments with a mark on the time axis, e.g. when an alert began to fire. */
  readonly marks?: readonly { readonly atMs: number; readonly tone: Tone }[];
}

const AXIS_ROWS = 2;

/** Exactly `height` rows of at most `width` columns. Draws nothing but its axes where no point is finite. */
export function lineChart(series: readonly ChartSeries[], options: ChartOptions): Row[] {
  const { width, height, theme, unit, threshold } = options;
  const range = valueRange(
    series.map((each) => each.values),
    threshold === undefined ? [] : [threshold],
  );
  const plotRows = Math.max(1, height - AXIS_ROWS);
  const ticks = valueTicks(range, unit, Math.max(2, Math.floor(plotRows / 3)));
  const labels = new Map<number, string>();
  for (const tick of ticks) labels.set(rowOf(tick, range, plotRows), formatValue(Number(tick.toPrecision(12)), unit));
  const labelWidth = Math.max(4, ...[...labels.values()].map(widthOf));
  const columns = Math.max(4, width - labelWidth - 2);
  const plot = drawn(series, options, range, columns, plotRows);
  const thresholdRow = threshold === undefined ? -1 : rowOf(threshold, range, plotRows);
  const cursorColumn = options.cursorMs === undefined ? -1 : columnOf(options.cursorMs, options, columns);
  const rows = plot.map((each, y) => {
    const label = labels.get(y);
    const axis = row(
      sized(row(toned('muted', label ?? '')), labelWidth, 'right'),
      toned('line', label === undefined ? ` ${theme.glyphs.vertical}` : theme.glyphs.ascii ? ' +' : ' ┤'),
    );
    const backed = y === thresholdRow ? filled(each, theme.glyphs.threshold, 'critical') : each;
    return row(axis, cursorColumn < 0 ? backed : withCursor(backed, cursorColumn, theme));
  });
  return [...rows, ...timeAxis(options, labelWidth, columns)].slice(0, height);
}

function rowOf(value: number, { low, high }: Range, rows: number): number {
  const share = (high - value) / (high - low);
  return Math.max(0, Math.min(rows - 1, Math.floor(share * (rows - 0.001))));
}

function columnOf(ms: number, { startMs, endMs }: ChartOptions, columns: number): number {
  const share = (ms - startMs) / Math.max(1, endMs - startMs);
  return Math.max(0, Math.min(columns - 1, Math.round(share * (columns - 1))));
}

function drawn(
  series: readonly ChartSeries[],
  options: ChartOptions,
  range: Range,
  columns: number,
  rows: number,
): Row[] {
  const canvas = makeCanvas(columns, rows);
  const { startMs, endMs, gapMs } = options;
  const spanMs = Math.max(1, endMs - startMs);
  for (const { timestamps, values, tone } of series) {
    let points: [number, number][] = [];
    let lastMs = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      const atMs = timestamps[i]!;
      if (points.length > 0 && (Number.isNaN(value) || atMs - lastMs > gapMs)) {
        canvas.line(points, tone);
        points = [];
      }
      if (Number.isNaN(value) || atMs < startMs - gapMs || atMs > endMs + gapMs) continue;
      lastMs = atMs;
      const share = Math.max(0, Math.min(1, (range.high - value) / (range.high - range.low)));
      points.push([((atMs - startMs) / spanMs) * (canvas.dotsWide - 1), share * (canvas.dotsHigh - 1)]);
    }
    if (points.length > 0) canvas.line(points, tone);
  }
  return canvas.rows(options.theme);
}

/** Blanks of a plot row replaced by a glyph: what lies behind the lines. */
function filled(each: Row, glyph: string, tone: Tone): Row {
  return each.map((segment) =>
    segment.text.trim() === '' ? toned(tone, glyph.repeat(widthOf(segment.text))) : segment,
  );
}

function withCursor(each: Row, column: number, theme: Theme): Row {
  const out: Row[] = [];
  let at = 0;
  for (const segment of each) {
    const end = at + segment.text.length;
    if (column >= at && column < end) {
      const index = column - at;
      const own = segment.text[index]!;
      out.push(
        row(
          toned(segment.tone, segment.text.slice(0, index)),
          own === ' ' || own === theme.glyphs.threshold ? toned('accent', theme.glyphs.vertical) : toned('match', own),
          toned(segment.tone, segment.text.slice(index + 1)),
        ),
      );
    } else out.push([segment]);
    at = end;
  }
  return out.flat();
}

function timeAxis(options: ChartOptions, labelWidth: number, columns: number): Row[] {
  const { startMs, endMs, zone, theme } = options;
  const ascii = theme.glyphs.ascii;
  const offsetMs = zone.utc ? 0 : -new Date(endMs).getTimezoneOffset() * 60_000;
  const spanMs = endMs - startMs;
  const label = (ms: number): string => {
    if (spanMs > 2 * 86_400_000) return `${formatDate(ms, zone).slice(5)} ${formatClock(ms, zone).slice(0, 5)}`;
    return spanMs <= 10 * 60_000 ? formatClock(ms, zone) : formatClock(ms, zone).slice(0, 5);
  };
  const line: string[] = Array.from({ length: columns }, () => (ascii ? '-' : '─'));
  const text = Array.from({ length: columns }, () => ' ');
  let free = 0;
  for (const tick of timeTicks(startMs, endMs, Math.max(2, Math.floor(columns / 14)), offsetMs)) {
    const at = columnOf(tick, options, columns);
    const words = label(tick);
    const from = Math.max(0, Math.min(columns - words.length, at - Math.floor(words.length / 2)));
    line[at] = ascii ? '+' : '┬';
    if (from < free) continue;
    for (let i = 0; i < words.length; i++) text[from + i] = words[i]!;
    free = from + words.length + 2;
  }
  const marks = (options.marks ?? []).filter(({ atMs }) => atMs >= startMs && atMs <= endMs);
  const parts = line.map((glyph, x) => {
    const mark = marks.find(({ atMs }) => columnOf(atMs, options, columns) === x);
    return mark === undefined ? toned('line', glyph) : toned(mark.tone, theme.glyphs.firing);
  });
  const indent = ' '.repeat(labelWidth + 1);
  return [row(indent, toned('line', ascii ? '+' : '└'), ...parts), row(indent, ' ', toned('muted', text.join('')))];
}
