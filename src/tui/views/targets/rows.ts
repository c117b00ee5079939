/** Scrape targets as rows: the table by job, and one target with its labels before and after relabelling. */
import type { DiscoveryStatus, TargetState } from '../../../monitor/sources.ts';
import type { RangeSeries } from '../../../promql/result.ts';
import { lineChart } from '../../charts/line-chart.ts';
import { stepOf } from '../../charts/scale.ts';
import { spanTitle, stripLevels, stripRow } from '../../charts/strip.ts';
import {
  formatAgo,
  formatClock,
  formatCount,
  formatSeconds,
  formatSpan,
  plural,
  type Unit,
} from '../../frame/format.ts';
import { type Group, groupedRows } from '../../frame/grouped.ts';
import type { ListState } from '../../frame/list.ts';
import { barRow, fieldRows, titleRow } from '../../frame/pane.ts';
import type { Area } from '../../frame/place.ts';
import { BLANK, beside, type Row, row, select, sized, toned } from '../../frame/row.ts';
import { type Column, headRow, itemRow, layOut, type SortState } from '../../frame/table.ts';
import { clean, shortenMiddle, wrap } from '../../sanitise.ts';
import { SERIES_TONES, type Theme, type Tone } from '../../theme.ts';
import { serviceOf } from '../service.ts';
import type { ScrapeHistory } from './fetch.ts';

export function healthLook(target: TargetState, { glyphs }: Theme): { readonly glyph: string; readonly tone: Tone } {
  if (target.health === 'up') return { glyph: glyphs.live, tone: 'ok' };
  return target.health === 'down' ? { glyph: glyphs.failing, tone: 'critical' } : { glyph: glyphs.off, tone: 'muted' };
}

/** `6 of 7 targets up`; targets that were not scraped yet are neither up nor down. */
export function targetsRow(targets: readonly TargetState[], theme: Theme): Row {
  const up = targets.filter((target) => target.health === 'up').length;
  const down = targets.filter((target) => target.health === 'down').length;
  if (targets.length === 0) return row(toned('muted', 'nothing is scraped'));
  if (up + down === 0) return row(toned('muted', `${plural(targets.length, 'target')}, none scraped yet`));
  const { glyphs } = theme;
  const text = `${up} of ${plural(targets.length, 'target')} up`;
  if (down > 0) return row(toned('critical', `${glyphs.failing} ${text}, ${down} down`));
  return row(toned('ok', `${glyphs.ok} `), toned('muted', text));
}

/** The discoveries that have no good answer: which, why, since when. */
export function discoveryRows(discoveries: readonly DiscoveryStatus[], area: Area): Row[] {
  const failing = discoveries.filter((each) => each.error !== '');
  const rows = failing.map((each) => {
    const last =
      each.lastSuccessMs === 0 ? 'never answered' : `last answer ${formatAgo(each.lastSuccessMs, area.nowMs)}`;
    return sized(
      row(
        toned('critical', `${area.theme.glyphs.failing} `),
        toned('strong', clean(`job ${each.job}: ${each.kind} discovery ${each.origin}`)),
        toned('muted', `  ${last}  `),
        toned('critical', each.error),
      ),
      area.width,
      'left',
      area.theme.glyphs.ellipsis,
    );
  });
  return rows.length === 0 ? [] : [...rows, BLANK];
}

export function targetColumns(area: Area): Column<TargetState>[] {
  const { theme, nowMs } = area;
  return [
    {
      id: 'state',
      title: 'State',
      min: 9,
      max: 9,
      priority: 1,
      cell: (target) => {
        const { glyph, tone } = healthLook(target, theme);
        return toned(tone, `${glyph} ${target.health}`);
      },
    },
    {
      id: 'url',
      title: 'Endpoint',
      min: 34,
      max: 70,
      priority: 1,
      cell: (target, width) => toned('strong', shortenMiddle(clean(target.scrapeUrl), width)),
    },
    {
      id: 'service',
      title: 'Service',
      min: 7,
      max: 24,
      priority: 4,
      cell: (target) => serviceOf(target.labels.without('job').without('instance')),
    },
    {
      id: 'scraped',
      title: 'Last scrape',
      min: 11,
      max: 11,
      align: 'right',
      priority: 2,
      cell: (target) => toned('muted', target.lastScrapeMs === 0 ? 'never' : formatAgo(target.lastScrapeMs, nowMs)),
    },
    {
      id: 'duration',
      title: 'Duration',
      min: 9,
      max: 9,
      align: 'right',
      priority: 2,
      cell: (target) =>
        toned(
          nearTimeout(target) ? 'warning' : 'plain',
          target.lastScrapeMs === 0 ? '' : formatSeconds(target.lastScrapeDurationSeconds),
        ),
    },
    {
      id: 'timeout',
      title: 'of time-out',
      min: 11,
      max: 11,
      priority: 5,
      cell: (target) =>
        target.lastScrapeMs === 0
          ? ''
          : barRow(
              (target.lastScrapeDurationSeconds * 1000) / target.scrapeTimeoutMs,
              10,
              nearTimeout(target) ? 'warning' : 'ok',
              theme,
            ),
    },
    {
      id: 'interval',
      title: 'Every',
      min: 5,
      max: 6,
      align: 'right',
      priority: 5,
      cell: (target) => toned('muted', formatSpan(target.scrapeIntervalMs)),
    },
    {
      id: 'samples',
      title: 'Samples',
      min: 7,
      max: 10,
      align: 'right',
      priority: 3,
      cell: (target) => (target.samples === undefined ? '' : formatCount(target.samples)),
    },
    {
      id: 'added',
      title: 'New series',
      min: 10,
      max: 10,
      align: 'right',
      priority: 6,
      cell: (target) =>
        target.seriesAdded === undefined
          ? ''
          : toned(target.seriesAdded === 0 ? 'muted' : 'plain', formatCount(target.seriesAdded)),
    },
    {
      id: 'error',
      title: 'Error',
      min: 5,
      max: 60,
      priority: 1,
      grow: 2,
      cell: (target) => toned('critical', target.lastError),
    },
  ];
}

function jobTone(targets: readonly TargetState[]): Tone {
  if (targets.some((target) => target.health === 'down')) return 'critical';
  return targets.some((target) => target.health === 'unknown') ? 'muted' : 'ok';
}

function nearTimeout(target: TargetState): boolean {
  return target.lastScrapeDurationSeconds * 1000 > target.scrapeTimeoutMs * 0.8;
}

/** Whether each target was up over the window. */
function upColumn(ups: readonly RangeSeries[], { theme, window }: Area): Column<TargetState> {
  const byTarget = Map.groupBy(ups, ({ labels }) => `${labels.get('job')} ${labels.get('instance')}`);
  const [, slight, severe] = [...theme.glyphs.strip];
  const looks = [
    { glyph: ' ', tone: 'line' },
    { glyph: slight!, tone: 'ok' },
    { glyph: severe!, tone: 'critical' },
  ] as const;
  return {
    id: 'ups',
    title: spanTitle(window),
    min: 16,
    max: 40,
    priority: 5,
    cell: ({ labels }, width) => {
      const own = byTarget.get(`${labels.get('job')} ${labels.get('instance')}`) ?? [];
      const levels = stripLevels(own, (_, up) => (up === 1 ? 1 : 2), { ...window, stepMs: stepOf(window) }, width);
      return stripRow(levels, looks);
    },
  };
}

/** `ups`: the series of `up` over the window, if known. */
export function targetListRows(
  targets: readonly TargetState[],
  ups: readonly RangeSeries[],
  list: ListState,
  sort: SortState | undefined,
  area: Area,
): Row[] {
  const { width, height, theme } = area;
  const columns = targetColumns(area);
  if (ups.length > 0) columns.splice(-1, 0, upColumn(ups, area));
  const laid = layOut(columns, targets, width);
  const jobs = [...new Set(targets.map((target) => target.job))];
  const groups: Group<TargetState>[] =
    sort === undefined || sort.column === 'job'
      ? jobs.map((job) => {
          const own = targets.filter((target) => target.job === job);
          const up = own.filter((target) => target.health === 'up').length;
          return {
            heading: row(toned('strong', job), toned(jobTone(own), `  ${up} of ${own.length} up`)),
            items: own,
          };
        })
      : [{ heading: row(toned('muted', 'All jobs')), items: targets }];
  return [
    headRow(laid, theme, sort),
    ...groupedRows(groups, list, height - 1, (target, selected) => {
      const cells = itemRow(laid, target, theme);
      return selected ? select(cells, width) : cells;
    }),
  ];
}

/** Two charts side by side, or one above the other. */
function historyRows({ durations, samples }: ScrapeHistory, area: Area): Row[] {
  const { width, theme, zone, window } = area;
  const wide = width >= 100;
  const each = wide ? Math.floor((width - 3) / 2) : width;
  const height = area.height >= 30 ? 9 : 7;
  const chart = (title: string, series: readonly RangeSeries[], unit: Unit): Row[] => [
    titleRow(title, '', each, theme),
    ...lineChart(
      series.map((one, i) => ({ ...one, tone: SERIES_TONES[i % SERIES_TONES.length]! })),
      {
        width: each,
        height,
        startMs: window.startMs,
        endMs: window.endMs,
        gapMs: stepOf(window) * 2.5,
        unit,
        theme,
        zone,
      },
    ),
  ];
  const left = chart('Duration of its scrapes', durations, 'seconds');
  const right = chart('Samples of its scrapes', samples, 'count');
  return wide ? beside(left, each, right, each, left.length, row('   ')) : [...left, ...right];
}

/** One target, whole; `history`: its scrapes over the window, once they are known. */
export function targetRows(target: TargetState, history: ScrapeHistory | undefined, area: Area): Row[] {
  const { width, theme, nowMs, zone } = area;
  const { glyph, tone } = healthLook(target, theme);
  const rows: Row[] = [
    row(
      toned(
        tone === 'ok' ? 'chip-ok' : tone === 'critical' ? 'chip-critical' : 'chip-muted',
        ` ${glyph} ${target.health.toUpperCase()} `,
      ),
      '  ',
      toned('strong', clean(target.scrapeUrl)),
    ),
    ...wrap(clean(target.lastError), width)
      .filter((line) => line !== '')
      .map((line) => row(toned('critical', line))),
    BLANK,
    ...fieldRows(
      [
        ['job', target.job],
        [
          'last scrape',
          target.lastScrapeMs === 0
            ? 'never'
            : `${formatClock(target.lastScrapeMs, zone)} ${zone.name}, ${formatAgo(target.lastScrapeMs, nowMs)}`,
        ],
        ['took', `${formatSeconds(target.lastScrapeDurationSeconds)} of at most ${formatSpan(target.scrapeTimeoutMs)}`],
        ['scraped every', formatSpan(target.scrapeIntervalMs)],
        [
          'samples',
          target.samples === undefined
            ? 'not known'
            : `${plural(target.samples, 'sample')}, ${formatCount(target.samplesAfterRelabelling ?? target.samples)} after relabelling, ${formatCount(target.seriesAdded ?? 0)} new series`,
        ],
      ],
      width,
      theme,
    ),
    ...(history === undefined || history.durations.length === 0 ? [] : historyRows(history, area)),
    BLANK,
  ];
  const after = (columns: number): Row[] => fieldRows([...target.labels], columns, theme);
  const before = (columns: number): Row[] => fieldRows([...target.discoveredLabels], columns, theme);
  if (width < 100) {
    return [
      ...rows,
      titleRow('Labels', '', width, theme),
      ...after(width),
      BLANK,
      titleRow('Before relabelling', '', width, theme),
      ...before(width),
    ];
  }
  const half = Math.floor((width - 3) / 2);
  const tallest = Math.max(target.labels.size, target.discoveredLabels.size) * 2;
  const left = [titleRow('Before relabelling', '', half, theme), ...before(half)];
  const right = [titleRow('Labels', '', half, theme), ...after(half)];
  const height = Math.min(tallest + 1, Math.max(left.length, right.length));
  return [...rows, ...beside(left, half, right, half, height, row('   ')).map((each) => sized(each, width))];
}
