/** The columns of the table of targets. */
import type { TargetState } from '../../../monitor/sources.ts';
import type { RangeSeries } from '../../../promql/result.ts';
import { stepOf } from '../../charts/scale.ts';
import { spanTitle, stripLevels, stripRow } from '../../charts/strip.ts';
import { formatAgo, formatCount, formatSeconds, formatSpan } from '../../frame/format.ts';
import { barRow } from '../../frame/pane.ts';
import type { Area } from '../../frame/place.ts';
import { toned } from '../../frame/row.ts';
import type { Column } from '../../frame/table.ts';
import { clean, shortenMiddle } from '../../sanitise.ts';
import type { Theme, Tone } from '../../theme.ts';
import { serviceOf } from '../service.ts';

/** Those that say something of these targets; why one is down gets a good part of the width. */
export function targetColumns(targets: readonly TargetState[], area: Area): Column<TargetState>[] {
  const { theme, nowMs, width } = area;
  const errorWidth = clamp(Math.floor(width * 0.22), 23, 60);
  const columns: Column<TargetState>[] = [
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
      min: clamp(Math.floor(width * 0.22), 26, 44),
      max: 70,
      priority: 1,
      cell: (target, columns) => toned('strong', shortenMiddle(clean(target.scrapeUrl), columns)),
    },
    {
      id: 'instance',
      title: 'Instance',
      min: clamp(Math.floor(width * 0.18), 14, 30),
      max: 40,
      priority: 2,
      cell: (target) => clean(target.labels.get('instance')),
    },
    {
      id: 'service',
      title: 'Service',
      min: 9,
      max: 24,
      priority: 2,
      cell: (target) => clean(namedService(target)),
    },
    {
      id: 'scraped',
      title: 'Scraped',
      min: 8,
      max: 8,
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
      priority: 7,
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
      priority: 6,
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
      priority: 5,
      cell: (target) =>
        target.seriesAdded === undefined
          ? ''
          : toned(target.seriesAdded === 0 ? 'muted' : 'plain', formatCount(target.seriesAdded)),
    },
    {
      id: 'error',
      title: 'Error',
      min: errorWidth,
      max: Math.max(60, errorWidth),
      priority: 1,
      grow: 2,
      cell: (target) => toned('critical', target.lastError),
    },
  ];
  const told: Readonly<Record<string, boolean>> = {
    error: targets.some((target) => target.lastError !== ''),
    service: targets.some((target) => namedService(target) !== ''),
    instance: targets.some((target) => !target.scrapeUrl.includes(`//${target.labels.get('instance')}/`)),
  };
  return columns.filter(({ id }) => told[id] ?? true);
}

/** The service that its labels name beside job and instance; empty where they name none. */
export function namedService({ labels }: TargetState): string {
  return serviceOf(labels.without('job').without('instance'));
}

function clamp(value: number, least: number, most: number): number {
  return Math.max(least, Math.min(most, value));
}

/** Whether each target was up over the window. */
export function upColumn(ups: readonly RangeSeries[], { theme, window }: Area): Column<TargetState> {
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
    priority: 4,
    cell: ({ labels }, width) => {
      const own = byTarget.get(`${labels.get('job')} ${labels.get('instance')}`) ?? [];
      const levels = stripLevels(own, (_, up) => (up === 1 ? 1 : 2), { ...window, stepMs: stepOf(window) }, width);
      return stripRow(levels, looks);
    },
  };
}

export function healthLook(target: TargetState, { glyphs }: Theme): { readonly glyph: string; readonly tone: Tone } {
  if (target.health === 'up') return { glyph: glyphs.live, tone: 'ok' };
  return target.health === 'down' ? { glyph: glyphs.failing, tone: 'critical' } : { glyph: glyphs.off, tone: 'muted' };
}

function nearTimeout(target: TargetState): boolean {
  return target.lastScrapeDurationSeconds * 1000 > target.scrapeTimeoutMs * 0.8;
}
