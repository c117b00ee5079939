/** Traces as rows: the list with duration bars, the waterfall with its ruler, the detail of one span. */
import type { AttributeValue, Span, TraceSummary } from '../../../traces/trace.ts';
import { formatClock, formatMicros, formatMoment, plural } from '../../frame/format.ts';
import type { ListState } from '../../frame/list.ts';
import { fieldRows, markMatches, toneOf } from '../../frame/pane.ts';
import type { Area } from '../../frame/place.ts';
import { BLANK, type Row, row, rowWidth, select, sized, toned } from '../../frame/row.ts';
import { type Column, headRow, itemRow, layOut, type SortState } from '../../frame/table.ts';
import { clean, shorten, widthOf, wrap } from '../../sanitise.ts';
import { SERIES_TONES, type Theme, type Tone } from '../../theme.ts';
import type { Waterfall, WaterfallNode } from './model.ts';

export function serviceTone(service: string): Tone {
  return toneOf(service, SERIES_TONES);
}

const BAR_WIDTH = 24;
const MOST_BAR_WIDTH = 60;

export function traceColumns(area: Area, longestUs: number): Column<TraceSummary>[] {
  const { theme, nowMs, zone } = area;
  const { glyphs } = theme;
  return [
    {
      id: 'start',
      title: 'Started',
      min: 8,
      max: 14,
      priority: 2,
      cell: (trace) => toned('muted', formatMoment(trace.startUs / 1000, nowMs, zone)),
    },
    {
      id: 'errors',
      title: 'Errors',
      min: 8,
      max: 9,
      priority: 2,
      cell: (trace) =>
        trace.errorCount === 0
          ? toned('ok', glyphs.ok)
          : toned('critical', `${glyphs.failing} ${plural(trace.errorCount, 'span')}`),
    },
    {
      id: 'service',
      title: 'Service',
      min: 10,
      max: 20,
      priority: 2,
      cell: (trace) => toned(serviceTone(trace.rootService), trace.rootService),
    },
    {
      id: 'operation',
      title: 'Operation',
      min: 12,
      max: 60,
      priority: 1,
      cell: (trace) => toned('strong', trace.rootName),
    },
    {
      id: 'duration',
      title: 'Duration',
      min: 9,
      max: 10,
      align: 'right',
      priority: 1,
      cell: (trace) => formatMicros(trace.durationUs),
    },
    {
      id: 'bar',
      title: '',
      min: 10,
      max: BAR_WIDTH,
      grow: 1,
      priority: 4,
      cell: (trace, width) => {
        const room = Math.min(MOST_BAR_WIDTH, width);
        const cells = Math.max(1, Math.round((trace.durationUs / Math.max(1, longestUs)) * room));
        const tone = trace.errorCount > 0 ? 'critical' : serviceTone(trace.rootService);
        return row(toned(tone, glyphs.thinBar.repeat(Math.min(room, cells))));
      },
    },
    {
      id: 'spans',
      title: 'Spans',
      min: 5,
      max: 6,
      align: 'right',
      priority: 3,
      cell: (trace) => toned('muted', String(trace.spanCount)),
    },
    {
      id: 'services',
      title: 'Services',
      min: 12,
      max: 44,
      priority: 5,
      cell: (trace) =>
        row(
          ...byCount(trace.services).flatMap(([service, count], i) => [
            toned(serviceTone(service), `${i === 0 ? '' : ' '}${clean(service)}`),
            toned('muted', ` ${count}`),
          ]),
        ),
    },
    {
      id: 'id',
      title: 'Trace',
      min: 8,
      max: 8,
      priority: 6,
      cell: (trace) => toned('muted', trace.traceId.slice(0, 8)),
    },
  ];
}

/** The service with the most spans first, so that traces of one kind look alike; as sources name them they come in any order. */
function byCount(services: TraceSummary['services']): (readonly [string, number])[] {
  return Object.entries(services).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
}

export function traceListRows(
  traces: readonly TraceSummary[],
  list: ListState,
  sort: SortState | undefined,
  area: Area,
): Row[] {
  const { from, to } = list.window(traces.length, area.height - 1);
  const longest = traces.reduce((most, trace) => Math.max(most, trace.durationUs), 1);
  const laid = layOut(traceColumns(area, longest), traces.slice(from, to), area.width);
  return [
    headRow(laid, area.theme, sort),
    ...traces.slice(from, to).map((trace, i) => {
      const cells = itemRow(laid, trace, area.theme);
      return from + i === list.selected ? select(cells, area.width) : cells;
    }),
  ];
}

export interface WaterfallLayout {
  readonly nameWidth: number;
  readonly barWidth: number;
}

const DURATION_WIDTH = 9;

function waterfallLayout(width: number): WaterfallLayout {
  const nameWidth = Math.max(24, Math.min(56, Math.floor(width * 0.36)));
  return { nameWidth, barWidth: Math.max(10, width - nameWidth - DURATION_WIDTH - 2) };
}

/** The time ruler over the bars. */
export function rulerRow(tree: Waterfall, width: number): Row {
  const { nameWidth, barWidth } = waterfallLayout(width);
  const marks = Math.max(2, Math.min(6, Math.floor(barWidth / 14)));
  let text = '';
  for (let i = 0; i < marks; i++) {
    const at = Math.round((i * (barWidth - 1)) / marks);
    const label = `${i === 0 ? '' : '|'}${i === 0 ? '0' : formatMicros((tree.durationUs * i) / marks)}`;
    if (at >= widthOf(text)) text = text.padEnd(text.length + at - widthOf(text)) + label;
  }
  return row(
    sized(row(toned('muted', 'Service and operation')), nameWidth),
    ' ',
    sized(row(toned('muted', text)), barWidth),
    sized(row(toned('muted', 'Duration')), DURATION_WIDTH + 1, 'right'),
  );
}

/** One span: its place in the tree, its bar in time, how long it took. */
export function spanRow(
  node: WaterfallNode,
  tree: Waterfall,
  folded: boolean,
  words: readonly string[],
  area: Area,
): Row {
  const { theme, width } = area;
  const { glyphs } = theme;
  const { nameWidth, barWidth } = waterfallLayout(width);
  const indent = '  '.repeat(Math.min(node.depth, Math.floor(nameWidth / 4)));
  const mark = node.descendants === 0 ? ' ' : folded ? glyphs.closed : glyphs.open;
  const below = folded && node.descendants > 0 ? row(toned('muted', ` +${node.descendants}`)) : BLANK;
  const error = node.span.error
    ? row(toned('critical', `${glyphs.failing} `))
    : folded && node.errorBelow
      ? row(toned('warning', `${glyphs.failing} `))
      : BLANK;
  const name = row(
    toned('line', indent),
    toned('muted', `${mark} `),
    error,
    toned(serviceTone(node.span.service), clean(node.span.service)),
    ' ',
    markMatches(node.span.name, words, node.span.error ? 'critical' : 'plain'),
    below,
  );
  return row(
    sized(name, nameWidth, 'left', glyphs.ellipsis),
    ' ',
    sized(barOf(node, tree, barWidth, theme), barWidth),
    sized(row(formatMicros(node.span.durationUs)), DURATION_WIDTH + 1, 'right'),
  );
}

function barOf(node: WaterfallNode, tree: Waterfall, width: number, theme: Theme): Row {
  const { span } = node;
  const scale = width / tree.durationUs;
  const from = Math.min(width - 1, Math.floor((node.startUs - tree.startUs) * scale));
  const to = Math.max(from + 1, Math.min(width, Math.round((node.startUs + span.durationUs - tree.startUs) * scale)));
  const tone: Tone = span.error ? 'critical' : serviceTone(span.service);
  const isCritical = (x: number): boolean => {
    const left = tree.startUs + x / scale;
    const right = tree.startUs + (x + 1) / scale;
    return node.critical.some(([start, end]) => start < right && end > left);
  };
  let bar = '';
  const full = theme.glyphs.bar;
  const thin = theme.glyphs.thinBar;
  for (let x = from; x < to; x++) bar += isCritical(x) ? full : thin;
  return row(' '.repeat(from), toned(tone, bar));
}

/** Everything of one span: times, status, attributes, events, resource. */
export function spanDetailRows(node: WaterfallNode, tree: Waterfall, width: number, area: Area): Row[] {
  const { theme, zone } = area;
  const { span } = node;
  const onPath = node.critical.reduce((sum, [from, to]) => sum + to - from, 0);
  const rows: Row[] = [
    sized(
      row(toned(serviceTone(span.service), clean(span.service)), ' ', toned('strong', clean(span.name))),
      width,
      'left',
      theme.glyphs.ellipsis,
    ),
    ...fieldRows(
      [
        ['duration', `${formatMicros(span.durationUs)}, of which itself ${formatMicros(node.selfUs)}`],
        [
          'starts',
          `+${formatMicros(node.startUs - tree.startUs)} at ${formatClock(node.startUs / 1000, zone)} ${zone.name}`,
        ],
        ['critical path', onPath === 0 ? 'not on it' : formatMicros(onPath)],
        ['kind', span.kind],
        ['span', span.spanId],
      ],
      width,
      theme,
    ),
  ];
  if (span.error) {
    rows.push(
      ...wrap(clean(`${theme.glyphs.failing} ${span.statusMessage || 'failed'}`), width).map((line) =>
        row(toned('critical', line)),
      ),
    );
  }
  for (const warning of span.warnings) rows.push(row(toned('warning', shorten(clean(warning), width))));
  rows.push(...section('Attributes', span.attributes, width, theme));
  if (span.events.length > 0) {
    rows.push(BLANK, row(toned('strong', 'Events')));
    for (const event of span.events) {
      rows.push(
        row(
          toned('muted', `+${formatMicros(event.timeUs + node.skewUs - node.startUs)} `),
          toned(/exception|error/i.test(event.name) ? 'critical' : 'accent', event.name),
        ),
      );
      rows.push(...fieldRows(attributeFields(event.attributes), width - 2, theme).map((each) => row('  ', each)));
    }
  }
  rows.push(...section('Resource', span.resource, width, theme));
  return rows;
}

function section(title: string, attributes: Span['attributes'], width: number, theme: Theme): Row[] {
  const fields = attributeFields(attributes);
  return fields.length === 0 ? [] : [BLANK, row(toned('strong', title)), ...fieldRows(fields, width, theme)];
}

function attributeFields(attributes: Readonly<Record<string, AttributeValue>>): [string, string][] {
  return Object.entries(attributes).map(([name, value]) => [
    name,
    typeof value === 'string' ? value : JSON.stringify(value),
  ]);
}

/** The line over a waterfall: what the trace is, how long, how many spans, errors and services. */
export function traceHeadRow(tree: Waterfall, area: Area): Row {
  const root = tree.nodes[0]?.span;
  const { theme, zone, nowMs } = area;
  const parts = row(
    root === undefined ? '' : toned('strong', clean(root.name)),
    toned('muted', '  '),
    formatMicros(tree.durationUs),
    toned(
      'muted',
      `  ${plural(tree.nodes.length, 'span')}  ${plural(tree.services.length, 'service')}  started ${formatMoment(tree.startUs / 1000, nowMs, zone)} ${zone.name}  `,
    ),
    tree.errorCount === 0
      ? toned('ok', `${theme.glyphs.ok} no errors`)
      : toned('critical', `${theme.glyphs.failing} ${plural(tree.errorCount, 'error')}`),
    toned('muted', `  ${theme.glyphs.bar.repeat(2)} critical path`),
  );
  return rowWidth(parts) <= area.width ? parts : sized(parts, area.width, 'left', theme.glyphs.ellipsis);
}
