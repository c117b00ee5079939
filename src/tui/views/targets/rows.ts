/** Scrape targets as rows: the table by job, and one target with its labels before and after relabelling. */
import type { Labels } from '../../../labels/labels.ts';
import type { DiscoveryStatus, TargetState } from '../../../monitor/sources.ts';
import type { RangeSeries } from '../../../promql/result.ts';
import { lineChart } from '../../charts/line-chart.ts';
import { stepOf } from '../../charts/scale.ts';
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
import { fieldRows, titleRow } from '../../frame/pane.ts';
import type { Area } from '../../frame/place.ts';
import { BLANK, beside, type Row, row, select, sized, toned } from '../../frame/row.ts';
import { headRow, itemRow, layOut, type SortState } from '../../frame/table.ts';
import { clean, wrap } from '../../sanitise.ts';
import { SERIES_TONES, type Theme, type Tone } from '../../theme.ts';
import { healthLook, namedService, targetColumns, upColumn } from './columns.ts';
import type { ScrapeHistory } from './fetch.ts';

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

function jobTone(targets: readonly TargetState[]): Tone {
  if (targets.some((target) => target.health === 'down')) return 'critical';
  return targets.some((target) => target.health === 'unknown') ? 'muted' : 'ok';
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
  const columns = targetColumns(targets, area);
  // What is wrong stands last.
  if (ups.length > 0) columns.splice(columns.at(-1)!.id === 'error' ? -1 : columns.length, 0, upColumn(ups, area));
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
  const service = namedService(target);
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
        ...(service === '' ? [] : ([['service', service]] as const)),
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
  const discovered = withoutPlainDefaults(target.discoveredLabels);
  const longest = Math.max(...[...discovered, ...target.labels].map(([name]) => name.length));
  const labelRows = (labels: Labels, columns: number): Row[] =>
    fieldRows([...labels], columns, theme, 'muted', Math.max(28, columns - VALUE_WIDTH - 2));
  const after = (columns: number): Row[] => labelRows(target.labels, columns);
  const before = (columns: number): Row[] => labelRows(discovered, columns);
  if (width < Math.max(100, 2 * (longest + VALUE_WIDTH))) {
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
  const tallest = Math.max(target.labels.size, discovered.size) * 2;
  const left = [titleRow('Before relabelling', '', half, theme), ...before(half)];
  const right = [titleRow('Labels', '', half, theme), ...after(half)];
  const height = Math.min(tallest + 1, Math.max(left.length, right.length));
  return [...rows, ...beside(left, half, right, half, height, row('   ')).map((each) => sized(each, width))];
}

/** What a label's value needs beside its name to be read. */
const VALUE_WIDTH = 20;

/** Without the labels that every target has and hardly one otherwise. */
export function withoutPlainDefaults(labels: Labels): Labels {
  return labels.filter((name, value) => value !== 'false' || !/^__\w+_histograms_/.test(name));
}
