/** One alert in detail: its series against its threshold, what it says, who was told. */
import type { RangeSeries } from '../../../promql/result.ts';
import { lineChart } from '../../charts/line-chart.ts';
import { gapOf } from '../../charts/scale.ts';
import { thresholdOf } from '../../expression/threshold.ts';
import { emptyRows, titleRow } from '../../frame/pane.ts';
import type { Area, Desk } from '../../frame/place.ts';
import { messageOf } from '../../frame/poller.ts';
import type { Detail } from '../../frame/preview.ts';
import { BLANK, beside, type Row, row, toned } from '../../frame/row.ts';
import { Scroll } from '../../frame/text-page.ts';
import { SERIES_TONES } from '../../theme.ts';
import { fetchAlertSeries } from './fetch.ts';
import { type AlertItem, titleOf } from './model.ts';
import { notificationRows } from './notification-rows.ts';
import { alertFieldRows, alertHeadRows } from './rows.ts';

export class AlertDetail implements Detail {
  item: AlertItem;
  readonly scroll = new Scroll();
  readonly #desk: Desk;
  #series: readonly RangeSeries[] | undefined;
  #seriesError: string | undefined;

  constructor(item: AlertItem, desk: Desk) {
    this.item = item;
    this.#desk = desk;
  }

  get title(): string {
    return titleOf(this.item);
  }

  /** What is compared with the threshold. */
  get expression(): string | undefined {
    const query = this.item.rule?.query;
    return query === undefined ? undefined : (thresholdOf(query)?.expression ?? query);
  }

  async fetch(signal: AbortSignal): Promise<void> {
    const { expression, item } = this;
    if (expression === undefined) return;
    const { monitor } = this.#desk;
    try {
      this.#series = await fetchAlertSeries(monitor, expression, item.labels, this.#desk.window(), signal);
      this.#seriesError = undefined;
    } catch (error) {
      this.#seriesError = messageOf(error);
    }
  }

  rows(area: Area): Row[] {
    const head = alertHeadRows(this.item, area);
    if (area.zoomed) return [...head, ...this.#chartRows(area, area.height - head.length)];
    const chartHeight = Math.max(7, Math.min(18, Math.floor((area.height - head.length) * 0.45)));
    const chart = this.#chartRows(area, chartHeight);
    const rest = area.height - head.length - chart.length;
    return [...head, ...chart, ...this.#detailRows({ ...area, height: rest })];
  }

  #chartRows(area: Area, height: number): Row[] {
    const { width, theme, zone, window } = area;
    if (this.expression === undefined) return [];
    if (this.#seriesError !== undefined)
      return [BLANK, row(toned('warning', `Its series cannot be read: ${this.#seriesError}`)), BLANK];
    if (this.#series === undefined) return emptyRows('Reading its series …', '', width, 4);
    if (this.#series.length === 0)
      return emptyRows(
        'No series in this time range.',
        'Try a longer range with -, or an earlier one with [.',
        width,
        4,
      );
    const { sinceMs, forMs } = this.item;
    return lineChart(
      this.#series.slice(0, SERIES_TONES.length).map((series, i) => ({ ...series, tone: SERIES_TONES[i]! })),
      {
        width,
        height,
        startMs: window.startMs,
        endMs: window.endMs,
        gapMs: gapOf(window),
        unit: this.item.unit,
        theme,
        zone,
        threshold: this.item.threshold?.value,
        marks:
          sinceMs === undefined
            ? []
            : [
                { atMs: sinceMs, tone: 'warning' },
                ...(this.item.state === 'pending' ? [] : [{ atMs: sinceMs + forMs, tone: 'critical' as const }]),
              ],
      },
    );
  }

  #detailRows(area: Area): Row[] {
    const { width, height, theme } = area;
    if (height < 2) return [];
    if (width < 110) {
      const all = [
        titleRow('Told', '', width, theme),
        ...this.#toldRows(area, width),
        titleRow('Details', '', width, theme),
        ...alertFieldRows(this.item, width, theme),
      ];
      return this.scroll.visible(all, height, theme);
    }
    const left = Math.floor((width - 3) * 0.45);
    const right = width - 3 - left;
    const heads = beside(
      [titleRow('Details', '', left, theme)],
      left,
      [titleRow('Told', '', right, theme)],
      right,
      1,
      row('   '),
    );
    const fields = this.scroll.visible(alertFieldRows(this.item, left, theme), height - 1, theme);
    return [...heads, ...beside(fields, left, this.#toldRows(area, right), right, height - 1, row('   '))];
  }

  #toldRows(area: Area, columns: number): Row[] {
    if (this.item.told.length > 0) return notificationRows(this.item, columns, area);
    const firing = this.item.state === 'firing';
    return [row(toned('muted', firing ? 'Nobody yet. x explains why.' : 'Nobody: only firing alerts are notified.'))];
  }
}
