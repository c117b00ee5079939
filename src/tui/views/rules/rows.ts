/** Rules as rows: the table by group, and one rule with its query, its result and its alerts. */
import type { RuleState } from '../../../monitor/sources.ts';
import type { InstantSample } from '../../../promql/result.ts';
import { expressionRow, expressionRows } from '../../expression/highlight.ts';
import { unitOfExpression } from '../../expression/unit.ts';
import { formatAgo, formatClock, formatSeconds, formatSpan, formatValue, plural } from '../../frame/format.ts';
import { type Group, groupedRows } from '../../frame/grouped.ts';
import type { ListState } from '../../frame/list.ts';
import { fieldRows, titleRow } from '../../frame/pane.ts';
import type { Area } from '../../frame/place.ts';
import { BLANK, type Row, row, select, sized, toned } from '../../frame/row.ts';
import { type Column, headRow, itemRow, layOut, type SortState } from '../../frame/table.ts';
import { clean, shortenMiddle, wrap } from '../../sanitise.ts';
import type { Theme, Tone } from '../../theme.ts';
import type { RuleItem } from './detail.ts';

function ruleLook(rule: RuleState, { glyphs }: Theme): { readonly text: string; readonly tone: Tone } {
  if (rule.health === 'err') return { text: `${glyphs.failing} error`, tone: 'critical' };
  if (rule.kind === 'recording') return { text: `${glyphs.ok} records`, tone: 'ok' };
  switch (rule.state) {
    case 'firing':
      return { text: `${glyphs.firing} firing`, tone: 'critical' };
    case 'pending':
      return { text: `${glyphs.pending} pending`, tone: 'warning' };
    default:
      return {
        text: rule.health === 'unknown' ? `${glyphs.off} not yet` : `${glyphs.ok} inactive`,
        tone: rule.health === 'unknown' ? 'muted' : 'ok',
      };
  }
}

/** The clock that measures it counts milliseconds. */
function tookText({ evaluationSeconds }: Pick<RuleState, 'evaluationSeconds'>): string {
  return evaluationSeconds === 0 ? '< 1 ms' : formatSeconds(evaluationSeconds);
}

function ruleColumns(area: Area): Column<RuleItem>[] {
  const { theme, nowMs } = area;
  return [
    {
      id: 'state',
      title: 'State',
      min: 10,
      max: 10,
      priority: 1,
      cell: ({ rule }) => {
        const { text, tone } = ruleLook(rule, theme);
        return toned(tone, text);
      },
    },
    { id: 'name', title: 'Rule', min: 20, max: 44, priority: 1, cell: ({ rule }) => toned('strong', rule.name) },
    {
      id: 'alerts',
      title: 'Alerts',
      min: 6,
      max: 6,
      align: 'right',
      priority: 4,
      cell: ({ rule }) => (rule.alerts === undefined || rule.alerts.length === 0 ? '' : String(rule.alerts.length)),
    },
    {
      id: 'evaluated',
      title: 'Evaluated',
      min: 9,
      max: 9,
      align: 'right',
      priority: 3,
      cell: ({ rule }) =>
        toned('muted', rule.lastEvaluationMs === 0 ? 'never' : formatAgo(rule.lastEvaluationMs, nowMs)),
    },
    {
      id: 'duration',
      title: 'Took',
      min: 8,
      max: 8,
      align: 'right',
      priority: 2,
      cell: ({ rule }) => (rule.lastEvaluationMs === 0 ? '' : tookText(rule)),
    },
    {
      id: 'for',
      title: 'For',
      min: 4,
      max: 7,
      align: 'right',
      priority: 5,
      cell: ({ rule }) =>
        toned('muted', rule.kind === 'alerting' && (rule.forMs ?? 0) > 0 ? formatSpan(rule.forMs!) : ''),
    },
    {
      id: 'query',
      title: 'Query or error',
      min: 20,
      max: 200,
      grow: 1,
      priority: 3,
      cell: ({ rule }) =>
        rule.lastError === '' ? expressionRow(clean(rule.query)) : toned('critical', rule.lastError),
    },
  ];
}

export function ruleListRows(
  items: readonly RuleItem[],
  list: ListState,
  sort: SortState | undefined,
  area: Area,
): Row[] {
  const { width, height, theme, nowMs } = area;
  const laid = layOut(ruleColumns(area), items, width);
  const groups: Group<RuleItem>[] =
    sort === undefined
      ? [...new Set(items.map((item) => item.group))].map((group) => ({
          heading: row(
            toned('strong', clean(group.name)),
            toned(
              'muted',
              `  ${shortenMiddle(clean(group.file), 40)}  every ${formatSpan(group.intervalMs)}  took ${tookText(group)}  `,
            ),
            toned(
              'muted',
              group.lastEvaluationMs === 0 ? 'not evaluated yet' : formatAgo(group.lastEvaluationMs, nowMs),
            ),
            (group.missedIterations ?? 0) > 0
              ? toned('warning', `  ${plural(group.missedIterations!, 'evaluation')} missed`)
              : '',
          ),
          items: items.filter((item) => item.group === group),
        }))
      : [{ heading: row(toned('muted', 'All groups')), items }];
  return [
    headRow(laid, theme, sort),
    ...groupedRows(groups, list, height - 1, (item, selected) => {
      const cells = itemRow(laid, item, theme);
      return selected ? select(cells, width) : sized(cells, width, 'left', theme.glyphs.ellipsis);
    }),
  ];
}

/** One rule, whole. */
export function ruleRows(
  { group, rule }: RuleItem,
  samples: readonly InstantSample[] | undefined,
  queryError: string | undefined,
  area: Area,
): Row[] {
  const { width, theme, zone, nowMs } = area;
  const { text, tone } = ruleLook(rule, theme);
  const unit = unitOfExpression(rule.query.replace(/[<>=!]=?\s*[\d.]+\s*$/, ''));
  const rows: Row[] = [
    row(
      toned(tone, text),
      '  ',
      toned('strong', clean(rule.name)),
      toned('muted', `  ${rule.kind} rule of ${clean(group.name)} in ${clean(group.file)}`),
    ),
    ...wrap(clean(rule.lastError), width)
      .filter((line) => line !== '')
      .map((line) => row(toned('critical', line))),
    BLANK,
    ...expressionRows(clean(rule.query), width),
    BLANK,
    ...fieldRows(
      [
        [
          'evaluated',
          rule.lastEvaluationMs === 0
            ? 'never'
            : `${formatClock(rule.lastEvaluationMs, zone)} ${zone.name}, ${formatAgo(rule.lastEvaluationMs, nowMs)}`,
        ],
        ['took', rule.lastEvaluationMs === 0 ? '' : tookText(rule)],
        ['every', formatSpan(group.intervalMs)],
        ...(rule.kind === 'alerting' ? ([['for', formatSpan(rule.forMs ?? 0)]] as const) : []),
        ...[...rule.labels].map(([name, value]) => [`label ${name}`, value] as const),
        ...[...(rule.annotations ?? [])].map(([name, value]) => [name, value] as const),
      ],
      width,
      theme,
    ),
    BLANK,
    titleRow(
      'Result now',
      samples === undefined ? '' : toned('muted', plural(samples.length, 'series', 'series')),
      width,
      theme,
    ),
  ];
  if (queryError !== undefined)
    rows.push(...wrap(clean(queryError), width).map((line) => row(toned('critical', line))));
  else if (samples === undefined) rows.push(row(toned('muted', 'asking …')));
  else if (samples.length === 0)
    rows.push(
      row(toned('muted', rule.kind === 'alerting' ? 'nothing: the expression holds for no series' : 'no series')),
    );
  for (const sample of samples ?? []) {
    rows.push(
      row(
        sized(row(toned('strong', sample.histogram ? 'histogram' : formatValue(sample.value, unit))), 12, 'right'),
        '  ',
        toned('plain', clean(sample.labels.toSelector() || '{}')),
      ),
    );
  }
  for (const [i, alert] of (rule.alerts ?? []).entries()) {
    if (i === 0) rows.push(BLANK, titleRow('Alerts', '', width, theme));
    rows.push(
      row(
        toned(
          alert.state === 'firing' ? 'critical' : 'warning',
          `${alert.state === 'firing' ? theme.glyphs.firing : theme.glyphs.pending} ${alert.state.padEnd(8)}`,
        ),
        sized(row(formatSpan(nowMs - alert.activeAtMs)), 9, 'right'),
        '  ',
        sized(row(formatValue(alert.value, unit)), 10, 'right'),
        '  ',
        clean(alert.labels.without('alertname').toString()),
      ),
    );
  }
  return rows.map((each) => sized(each, width, 'left', theme.glyphs.ellipsis));
}
