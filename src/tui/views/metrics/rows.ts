/** Metrics as rows: the query line, the legend table, the browser of metrics. */
import type { Metadata } from '../../../exposition/exemplar.ts';
import type { Labels } from '../../../labels/labels.ts';
import { type ChartSeries, lineChart } from '../../charts/line-chart.ts';
import { gapOf } from '../../charts/scale.ts';
import { expressionTones } from '../../expression/highlight.ts';
import { unitOfExpression } from '../../expression/unit.ts';
import { formatValue, type Unit } from '../../frame/format.ts';
import type { ListState } from '../../frame/list.ts';
import { markMatches } from '../../frame/pane.ts';
import type { Area } from '../../frame/place.ts';
import { promptRow } from '../../frame/prompt-row.ts';
import { type Part, type Row, row, select, sized, toned } from '../../frame/row.ts';
import { type Column, headRow, itemRow, layOut, type SortState } from '../../frame/table.ts';
import type { LineState } from '../../input/line-editor.ts';
import { clean, widthOf, wrap } from '../../sanitise.ts';
import type { Tone } from '../../theme.ts';

export interface LegendItem {
  readonly labels: Labels;
  readonly name: string;
  readonly tone: Tone;
  readonly hidden: boolean;
  /** The last value, or the one under the cursor; undefined where there is none. */
  readonly last: number | undefined;
  readonly min: number;
  readonly max: number;
  readonly avg: number;
}

export function queryRows(line: LineState, editing: boolean, width: number, area: Area): Row[] {
  const tones = expressionTones(line.text);
  if (editing) return [promptRow('query ', line, width, area.theme, tones)];
  if (line.text === '')
    return [row(toned('accent', 'query '), toned('muted', 'i to type PromQL, or choose a metric below'))];
  const still = promptRow('query ', { text: line.text, cursor: -1 }, width, area.theme, tones);
  return [sized(still, width, 'left', area.theme.glyphs.ellipsis)];
}

/** What is wrong with the query, under it, with a mark under the place where that is known. */
export function queryErrorRows(error: string, text: string, width: number): Row[] {
  const at = /^(\d+):(\d+): /.exec(error);
  const column = at !== null && at[1] === '1' ? Number(at[2]) - 1 : -1;
  const mark =
    column >= 0 && column <= text.length && column < width - 8
      ? [row(toned('critical', `${' '.repeat(6 + column)}^`))]
      : [];
  return [...mark, ...wrap(clean(error), width - 6).map((line) => row(' '.repeat(6), toned('critical', line)))];
}

/** Numbers are never cut: their columns are as wide as what they hold, and the names have the rest. */
function legendColumns(items: readonly LegendItem[], unit: Unit, atCursor: boolean, area: Area): Column<LegendItem>[] {
  const value = (
    id: string,
    title: string,
    priority: number,
    of: (item: LegendItem) => number | undefined,
  ): Column<LegendItem> => {
    const text = (item: LegendItem): string => {
      const number = of(item);
      return number === undefined ? '–' : formatValue(number, unit);
    };
    const width = Math.max(widthOf(title) + 1, ...items.map((item) => widthOf(text(item))));
    const cell = (item: LegendItem): Part => toned(item.hidden ? 'muted' : 'plain', text(item));
    return { id, title, min: width, max: width, align: 'right', priority, cell };
  };
  return [
    {
      id: 'mark',
      title: ' ',
      min: 2,
      max: 2,
      priority: 1,
      cell: (item) =>
        toned(item.hidden ? 'muted' : item.tone, item.hidden ? area.theme.glyphs.off : area.theme.glyphs.bar.repeat(2)),
    },
    {
      id: 'name',
      title: 'Series',
      min: 20,
      max: 120,
      grow: 1,
      priority: 1,
      cell: (item) => toned(item.hidden ? 'muted' : 'plain', item.name),
    },
    value('last', atCursor ? 'At cursor' : 'Last', 1, (item) => item.last),
    value('min', 'Min', 3, (item) => item.min),
    value('max', 'Max', 2, (item) => item.max),
    value('avg', 'Avg', 2, (item) => item.avg),
  ];
}

export function legendRows(
  items: readonly LegendItem[],
  list: ListState,
  sort: SortState | undefined,
  unit: Unit,
  atCursor: boolean,
  area: Area,
): Row[] {
  const { from, to } = list.window(items.length, area.height - 1);
  const laid = layOut(legendColumns(items, unit, atCursor, area), items.slice(from, to), area.width);
  return [
    headRow(laid, area.theme, sort),
    ...items.slice(from, to).map((item, i) => {
      const cells = itemRow(laid, item, area.theme);
      return from + i === list.selected ? select(cells, area.width) : cells;
    }),
  ];
}

export interface BrowserItem {
  readonly name: string;
  readonly metadata: Metadata | undefined;
}

export function browserRows(
  items: readonly BrowserItem[],
  list: ListState,
  words: readonly string[],
  area: Area,
): Row[] {
  const unit: Column<BrowserItem> = {
    id: 'unit',
    title: 'Unit',
    min: 4,
    max: 10,
    priority: 4,
    cell: (item) => toned('muted', item.metadata?.unit ?? ''),
  };
  const columns: Column<BrowserItem>[] = [
    {
      id: 'name',
      title: 'Metric',
      min: 24,
      max: 64,
      priority: 1,
      cell: (item) => markMatches(item.name, words, 'strong'),
    },
    {
      id: 'type',
      title: 'Type',
      min: 9,
      max: 14,
      priority: 2,
      cell: (item) => toned('accent', item.metadata?.type ?? ''),
    },
    ...(items.some((item) => (item.metadata?.unit ?? '') !== '') ? [unit] : []),
    {
      id: 'help',
      title: 'Help',
      min: 20,
      max: 160,
      grow: 1,
      priority: 3,
      cell: (item) => toned('muted', item.metadata?.help ?? ''),
    },
  ];
  const { from, to } = list.window(items.length, area.height - 1);
  const laid = layOut(columns, items.slice(from, to), area.width);
  return [
    headRow(laid, area.theme),
    ...items.slice(from, to).map((item, i) => {
      const cells = itemRow(laid, item, area.theme);
      return from + i === list.selected ? select(cells, area.width) : sized(cells, area.width);
    }),
  ];
}

/** The chart of a query's series in the unit that the query suggests. */
export function seriesChart(
  series: readonly ChartSeries[],
  expression: string,
  height: number,
  cursorMs: number | undefined,
  { width, window, theme, zone }: Area,
): Row[] {
  return lineChart(series, {
    width,
    height,
    startMs: window.startMs,
    endMs: window.endMs,
    gapMs: gapOf(window),
    unit: unitOfExpression(expression),
    theme,
    zone,
    cursorMs,
  });
}
