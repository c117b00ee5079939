/** A query's result as a chart of plain lines, for commands that print and do not draw a screen. */

import type { QueryResult } from '../../promql/result.ts';
import { formatValue, makeZone, type Unit } from '../frame/format.ts';
import { row, sized, toAnsi, toned } from '../frame/row.ts';
import { coloursOf, makeTheme, SERIES_TONES } from '../theme.ts';
import { lineChart } from './line-chart.ts';

export interface ChartLinesOptions {
  readonly width: number;
  /** Rows of the chart, its time axis included; the legend comes below it. */
  readonly height: number;
  readonly unit?: Unit | undefined;
  readonly ascii?: boolean | undefined;
  /** 0 for none; what the environment says where left out. */
  readonly colours?: 0 | 16 | 256 | undefined;
}

const MOST_SERIES = 20;

/** The chart of a matrix and a legend of its series; no lines for any other result, or one without points. */
export function chartLines({ value }: QueryResult, options: ChartLinesOptions): string[] {
  if (value.type !== 'matrix') return [];
  const series = value.series.filter((each) => each.values.length > 0).slice(0, MOST_SERIES);
  let startMs = Number.POSITIVE_INFINITY;
  let endMs = Number.NEGATIVE_INFINITY;
  let gapMs = Number.POSITIVE_INFINITY;
  for (const { timestamps } of series) {
    startMs = Math.min(startMs, timestamps[0]!);
    endMs = Math.max(endMs, timestamps.at(-1)!);
    for (let i = 1; i < timestamps.length; i++) gapMs = Math.min(gapMs, timestamps[i]! - timestamps[i - 1]!);
  }
  if (series.length === 0) return [];
  const theme = makeTheme('default', options.colours ?? coloursOf(process.env), options.ascii ?? false);
  const unit = options.unit ?? 'none';
  const rows = lineChart(
    series.map((each, i) => ({ ...each, tone: SERIES_TONES[i % SERIES_TONES.length]! })).reverse(),
    {
      width: options.width,
      height: options.height,
      startMs: startMs === endMs ? startMs - 1000 : startMs,
      endMs,
      gapMs: gapMs * 2.5,
      unit,
      theme,
      zone: makeZone(false, endMs),
    },
  );
  const legend = series.map((each, i) => {
    const last = formatValue(each.values.at(-1)!, unit);
    return sized(
      row(
        toned(SERIES_TONES[i % SERIES_TONES.length]!, theme.glyphs.bar.repeat(2)),
        ' ',
        each.labels.toSelector() || '{}',
        toned('muted', `  ${last}`),
      ),
      options.width,
      'left',
      theme.glyphs.ellipsis,
    );
  });
  return [...rows, ...legend].map((each) => toAnsi(each, theme).trimEnd());
}
