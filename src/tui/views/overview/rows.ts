/** What the panes of the overview are made of: key figures, troubles, and how the panes share the height. */
import type { SourceState } from '../../../monitor/sources.ts';
import { sparkRow } from '../../charts/bars.ts';
import { lineChart } from '../../charts/line-chart.ts';
import { gapOf } from '../../charts/scale.ts';
import { formatValue, type Unit } from '../../frame/format.ts';
import { toneOf } from '../../frame/pane.ts';
import type { Area } from '../../frame/place.ts';
import { type Row, row, type Segment, sized, tall, toned } from '../../frame/row.ts';
import { clean, shorten, widthOf } from '../../sanitise.ts';
import { SERIES_TONES, type Theme } from '../../theme.ts';
import { serviceOf } from '../service.ts';
import type { FigureSeries } from './fetch.ts';
import type { Trouble } from './troubles.ts';

const MOST_SERIES = 6;

/** One figure as a chart with its title and the latest value of each series. */
export function figureRows({ figure, series }: FigureSeries, width: number, height: number, area: Area): Row[] {
  const shown = strongest({ figure, series });
  const title = row(toned('strong', figure.title), ...latest(shown, figure.unit, width - figure.title.length));
  if (height < 5) return tall([title, ...sparkRows(shown, width, height - 1, area)], height);
  const chart = lineChart(shown.map((each) => ({ ...each.series, tone: toneOf(each.name, SERIES_TONES) })).reverse(), {
    width,
    height: height - 1,
    startMs: area.window.startMs,
    endMs: area.window.endMs,
    gapMs: gapOf(area.window),
    unit: figure.unit,
    theme: area.theme,
    zone: area.zone,
  });
  return [title, ...chart];
}

/** The names with their last values, as many as there is room for, and how many there are beside them. */
function latest(shown: readonly Shown[], unit: Unit, width: number): Segment[] {
  const parts: Segment[] = [];
  let left = width;
  for (const [i, each] of shown.entries()) {
    const name = toned(toneOf(each.name, SERIES_TONES), `  ${shorten(clean(each.name), 14)} `);
    const value = toned('plain', formatValue(each.last, unit));
    const rest = shown.length - i - 1;
    left -= widthOf(name.text) + widthOf(value.text);
    if (left < (rest > 0 ? MORE : 0)) return [...parts, toned('muted', `  +${rest + 1}`)];
    parts.push(name, value);
  }
  return parts;
}

/** The columns that `  +5` takes. */
const MORE = 4;

interface Shown {
  readonly name: string;
  readonly series: FigureSeries['series'][number];
  readonly last: number;
}

/** Those with the largest last values. */
function strongest({ series }: FigureSeries): Shown[] {
  return series
    .map((each) => ({
      name: serviceOf(each.labels) || each.labels.toSelector(),
      series: each,
      last: lastOf(each.values),
    }))
    .sort((a, b) => (Number.isNaN(b.last) ? -1 : Number.isNaN(a.last) ? 1 : b.last - a.last))
    .slice(0, MOST_SERIES);
}

function lastOf(values: ArrayLike<number>): number {
  for (let i = values.length - 1; i >= 0; i--) if (!Number.isNaN(values[i]!)) return values[i]!;
  return Number.NaN;
}

function sparkRows(shown: readonly Shown[], width: number, height: number, area: Area): Row[] {
  return shown
    .slice(0, height)
    .map((each) => sparkRow(each.series.values, width, toneOf(each.name, SERIES_TONES), area.theme));
}

/** One row a figure, for low screens: title, the worst series' sparkline and its value. */
export function figureLine(answer: FigureSeries, width: number, area: Area): Row {
  const [worst] = strongest(answer);
  const title = sized(row(toned('strong', answer.figure.title)), 12);
  if (worst === undefined) return row(title, toned('muted', 'no samples in this time range'));
  const value = sized(row(formatValue(worst.last, answer.figure.unit)), 10, 'right');
  const name = sized(row(toned(toneOf(worst.name, SERIES_TONES), clean(worst.name))), 12);
  const room = Math.max(8, width - 12 - 10 - 12 - 3);
  return row(
    title,
    ' ',
    sparkRow(worst.series.values, room, toneOf(worst.name, SERIES_TONES), area.theme),
    ' ',
    value,
    ' ',
    name,
  );
}

/** A trouble beside the alerts, its state under theirs. */
export function troubleRow(trouble: Trouble, width: number, theme: Theme): Row {
  const tone = trouble.severe ? 'critical' : 'warning';
  return sized(
    row(
      sized(row(toned(tone, `${theme.glyphs.failing} ${trouble.state}`)), 11),
      toned('strong', clean(trouble.what)),
      toned('muted', `  ${clean(trouble.why)}`),
    ),
    width,
    'left',
    theme.glyphs.ellipsis,
  );
}

/** What a pane says whose source is switched off: how to have one. Undefined where it is not. */
export function offRow(state: SourceState, theme: Theme): Row | undefined {
  if (state.kind !== 'off') return undefined;
  return row(toned('muted', `${theme.glyphs.off} ${state.reason ?? 'there is no source'}`));
}

/** How `height` rows are shared: everybody gets what it wants, the largest wishes give way first. */
export function shareHeight(height: number, wants: readonly number[], least: readonly number[]): number[] {
  const given = wants.map((want, i) => Math.max(want, least[i] ?? 0));
  let excess = given.reduce((sum, each) => sum + each, 0) - height;
  while (excess > 0) {
    const room = given.map((each, i) => each - (least[i] ?? 0));
    const most = Math.max(...room);
    if (most <= 0) break;
    given[room.indexOf(most)]!--;
    excess--;
  }
  // Still too much: the last ones go.
  for (let i = given.length - 1; i >= 0 && excess > 0; i--) {
    const taken = Math.min(excess, given[i]!);
    given[i]! -= taken;
    excess -= taken;
  }
  return given;
}
