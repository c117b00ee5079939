/** Alerts as rows: the list by state or by group, one alert with its labels, and its explanation. */
import type { AlertGroup } from '../../../alerting/model.ts';
import type { Explanation } from '../../../monitor/sources.ts';
import type { RangeSeries } from '../../../promql/result.ts';
import { expressionRows } from '../../expression/highlight.ts';
import { formatAgo, formatMoment, formatSpan, type Zone } from '../../frame/format.ts';
import { type Group, groupedRows } from '../../frame/grouped.ts';
import type { ListState } from '../../frame/list.ts';
import { barRow, fieldRows } from '../../frame/pane.ts';
import type { Area } from '../../frame/place.ts';
import { BLANK, type Part, type Row, row, select, sized, toned } from '../../frame/row.ts';
import { type Column, headRow, itemRow, layOut, type SortState } from '../../frame/table.ts';
import { clean, widthOf, wrap } from '../../sanitise.ts';
import type { Theme, Tone } from '../../theme.ts';
import { type AlertItem, type AlertState, hasAlert, routedPrint, tellingText, toldText, valueText } from './model.ts';
import { timelineColumn } from './timeline.ts';

export function stateTone(state: AlertState): Tone {
  return state === 'firing' ? 'critical' : state === 'pending' || state === 'failing' ? 'warning' : 'muted';
}

export function stateGlyph(state: AlertState, { glyphs }: Theme): string {
  const { firing, pending, failing, silenced, inactive } = glyphs;
  return { firing, pending, failing, silenced, inhibited: silenced, muted: silenced, inactive }[state];
}

export function severityTone(severity: string): Tone {
  if (/^(critical|page|error|fatal)$/i.test(severity)) return 'critical';
  return /^warn/i.test(severity) ? 'warning' : 'muted';
}

/** How long it holds, and for a pending one how far it is on its way to firing. */
export function sinceCell(item: AlertItem, width: number, nowMs: number, zone: Zone, theme: Theme): Part {
  if (item.sinceMs === undefined) return '';
  const elapsed = nowMs - item.sinceMs;
  if (item.state === 'pending' && item.forMs > 0) {
    return row(
      barRow(elapsed / item.forMs, width < 22 ? 4 : 8, 'warning', theme),
      toned('muted', ` ${formatSpan(Math.min(elapsed, item.forMs))} of ${formatSpan(item.forMs)}`),
    );
  }
  const span = `${formatSpan(elapsed)} `;
  const moment = formatMoment(item.sinceMs, nowMs, zone);
  const fitting = [`since ${moment}`, moment].find((text) => span.length + text.length <= width);
  return row(span, toned('muted', fitting ?? ''));
}

export function alertColumns(area: Area): Column<AlertItem>[] {
  const { theme, nowMs, zone } = area;
  return [
    {
      id: 'state',
      title: 'State',
      min: 10,
      max: 11,
      priority: 1,
      cell: (item) => toned(stateTone(item.state), `${stateGlyph(item.state, theme)} ${item.state}`),
    },
    {
      id: 'severity',
      title: 'Severity',
      min: 8,
      max: 9,
      priority: 5,
      cell: (item) => toned(item.state === 'inactive' ? 'muted' : severityTone(item.severity), item.severity),
    },
    {
      id: 'name',
      title: 'Alert',
      min: 18,
      max: 40,
      priority: 1,
      cell: (item) => toned(item.state === 'inactive' ? 'plain' : 'strong', item.name),
    },
    { id: 'service', title: 'Service', min: 8, max: 24, priority: 3, cell: (item) => serviceCell(item) },
    {
      id: 'value',
      title: 'Value',
      min: 13,
      max: 22,
      priority: 2,
      cell: (item) => toned(Number.isNaN(item.value) ? 'muted' : 'plain', valueText(item)),
    },
    {
      id: 'since',
      title: 'Since',
      min: 20,
      max: 26,
      priority: 2,
      cell: (item, width) => sinceCell(item, width, nowMs, zone, theme),
    },
    { id: 'told', title: 'Told', min: 10, max: 30, priority: 4, grow: 1, cell: (item) => toldCell(item) },
  ];
}

/** The service, and what tells the alert from others of its name there. */
function serviceCell(item: AlertItem): Part {
  const telling = tellingText(item);
  return telling === '' ? item.service : row(item.service, toned('muted', ` ${telling}`));
}

export function toldCell(item: AlertItem): Part {
  const text = toldText(item);
  return toned(item.state === 'failing' || /failing|not delivered|nobody/.test(text) ? 'warning' : 'muted', text);
}

const HEADINGS: readonly (readonly [AlertState, string])[] = [
  ['firing', 'Firing'],
  ['pending', 'Pending'],
  ['failing', 'Rules that fail'],
  ['silenced', 'Silenced'],
  ['inhibited', 'Inhibited'],
  ['muted', 'Muted'],
  ['inactive', 'Inactive'],
];

/** Under a heading for each state; sorted by another column, all under one. */
export function stateGroups(items: readonly AlertItem[], sort: SortState | undefined): Group<AlertItem>[] {
  if (sort !== undefined && sort.column !== 'state') return [{ heading: row(toned('muted', 'All')), items }];
  return HEADINGS.map(([state, title]) => {
    const own = items.filter((item) => item.state === state);
    return { heading: row(toned(stateTone(state), title), toned('muted', `  ${own.length}`)), items: own };
  });
}

/** Under a heading for each notification group, with who is told and when next; then what is in none of them. */
export function notifiedGroups(
  groups: readonly AlertGroup[],
  items: readonly AlertItem[],
  nowMs: number,
  width: number,
): Group<AlertItem>[] {
  const byPrint = new Map(items.map((item) => [routedPrint(item), item]));
  const grouped = new Set<AlertItem>();
  const notified = groups.map((group) => {
    const own = group.alerts.map((alert) => byPrint.get(alert.fingerprint)).filter((item) => item !== undefined);
    for (const item of own) grouped.add(item);
    const next = group.nextFlushMs === undefined ? '' : `  next flush ${formatAgo(group.nextFlushMs, nowMs)}`;
    const count = `${next}  ${own.length}`;
    const room = width - widthOf(`  to ${group.receiver}${count}`);
    const name = clean(`${group.labels}`);
    // Who is told and when says more than the labels' names.
    const short = widthOf(name) <= room ? name : clean([...group.labels].map(([, value]) => value).join(' '));
    return {
      heading: row(
        toned('strong', group.labels.size === 0 ? 'all alerts' : short),
        toned('muted', '  to '),
        toned('accent', group.receiver),
        toned('muted', count),
      ),
      items: own,
    };
  });
  const rest = items.filter((item) => hasAlert(item) && !grouped.has(item));
  return [...notified, { heading: row(toned('muted', `In no group  ${rest.length}`)), items: rest }];
}

/** The whole list, on its last row the selected alert's summary; `states`: the `ALERTS` series over the window, if known. */
export function alertListRows(
  groups: readonly Group<AlertItem>[],
  states: readonly RangeSeries[],
  list: ListState,
  sort: SortState | undefined,
  area: Area,
): Row[] {
  const { width, height, theme } = area;
  const items = groups.flatMap((group) => group.items);
  const columns = [...alertColumns(area), ...(states.length === 0 ? [] : [timelineColumn(states, area)])];
  const laid = layOut(columns, items, width);
  const body = groupedRows(groups, list, height - 2, (item, selected) => {
    const cells = itemRow(laid, item, theme);
    return selected ? select(cells, width) : cells;
  });
  const selected = items[list.selected];
  const summary = selected === undefined ? BLANK : summaryRow(selected, width);
  while (body.length < height - 2) body.push(BLANK);
  return [headRow(laid, theme, sort), ...body, summary];
}

function summaryRow(item: AlertItem, width: number): Row {
  const name = toned('accent', `${clean(item.name)}  `);
  if (item.rule?.health === 'err') return sized(row(name, toned('warning', `fails: ${item.rule.lastError}`)), width);
  const text = item.annotations.get('description') || item.annotations.get('summary') || item.rule?.query || '';
  return sized(row(name, toned('muted', text)), width);
}

/** The head of one alert: what, how bad, since when, how far from its threshold. */
export function alertHeadRows(item: AlertItem, area: Area): Row[] {
  const { theme, nowMs, zone } = area;
  const chip: Tone =
    item.state === 'firing'
      ? 'chip-critical'
      : item.state === 'pending' || item.state === 'failing'
        ? 'chip-warning'
        : 'chip-muted';
  const since =
    item.sinceMs === undefined
      ? toned(
          'muted',
          item.state === 'failing' ? 'its expression cannot be evaluated' : 'its expression does not hold now',
        )
      : row(
          toned('muted', 'since '),
          formatMoment(item.sinceMs, nowMs, zone),
          toned('muted', ` ${zone.name}, ${formatSpan(nowMs - item.sinceMs)}`),
          item.state === 'pending'
            ? toned('warning', `  fires in ${formatSpan(Math.max(0, item.sinceMs + item.forMs - nowMs))}`)
            : '',
        );
  return [
    row(
      toned(chip, ` ${stateGlyph(item.state, theme)} ${item.state.toUpperCase()} `),
      '  ',
      toned(severityTone(item.severity), item.severity || 'no severity'),
      '  ',
      toned('strong', valueText(item)),
      '  ',
      since,
    ),
    ...(item.rule?.health === 'err' ? wrap(clean(item.rule.lastError), area.width).slice(0, 3) : []).map((line) =>
      row(toned('warning', line)),
    ),
    ...wrap(clean(item.annotations.get('summary') || item.annotations.get('description')), area.width)
      .slice(0, 2)
      .filter((line) => line !== '')
      .map((line) => row(line)),
  ];
}

/** The rule, the annotations and the labels, as fields. */
export function alertFieldRows(item: AlertItem, width: number, theme: Theme): Row[] {
  const rows: Row[] = [];
  if (item.rule !== undefined) {
    rows.push(row(toned('strong', 'Rule')), ...expressionRows(clean(item.rule.query), width));
    rows.push(
      row(
        toned(
          'muted',
          `for ${formatSpan(item.forMs)}  in group ${item.group?.name ?? ''}  evaluated every ${formatSpan(item.group?.intervalMs ?? 0)}`,
        ),
      ),
      BLANK,
    );
  }
  if (item.annotations.size > 0)
    rows.push(row(toned('strong', 'Annotations')), ...fieldRows([...item.annotations], width, theme), BLANK);
  rows.push(row(toned('strong', 'Labels')), ...fieldRows([...item.labels], width, theme));
  return rows;
}

/** `x`: every decision by its name. */
export function explanationRows(explanation: Explanation, width: number): Row[] {
  return [
    ...wrap(clean(explanation.title), width).map((part) => row(toned('strong', part))),
    ...explanation.sections.flatMap(({ heading, lines }) => [
      BLANK,
      row(toned('accent', heading)),
      ...lines.flatMap((line) => wrap(clean(line), width - 4).map((part, i) => row(i === 0 ? '  ' : '    ', part))),
    ]),
  ];
}
