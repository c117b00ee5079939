/** The place of one alert: its series against its threshold, what it says, who was told. */
import type { RangeSeries } from '../../../promql/result.ts';
import { lineChart } from '../../charts/line-chart.ts';
import { stepOf } from '../../charts/scale.ts';
import { thresholdOf } from '../../expression/threshold.ts';
import { formatValue } from '../../frame/format.ts';
import { emptyRows, titleRow } from '../../frame/pane.ts';
import { type Area, type Desk, Place, type Subject } from '../../frame/place.ts';
import { messageOf } from '../../frame/poller.ts';
import { BLANK, beside, type Row, row, toned } from '../../frame/row.ts';
import { Scroll } from '../../frame/text-page.ts';
import type { Scope } from '../../input/bindings.ts';
import { SERIES_TONES } from '../../theme.ts';
import { explain } from './explain.ts';
import { fetchAlertSeries, fetchAlerts } from './fetch.ts';
import { type AlertItem, alertItems, subjectOf } from './model.ts';
import { alertFieldRows, alertHeadRows, notificationRows } from './rows.ts';
import { silenceAlert } from './silence.ts';

export class AlertPlace extends Place {
  readonly view = 'alerts';
  #item: AlertItem;
  #all: readonly AlertItem[] = [];
  #series: readonly RangeSeries[] = [];
  #seriesError: string | undefined;
  #scroll = new Scroll();

  constructor(desk: Desk, item: AlertItem) {
    super(desk);
    this.#item = item;
  }

  crumb(): string {
    return this.#item.service === '' ? this.#item.name : `${this.#item.name} ${this.#item.service}`;
  }

  scopes(): readonly Scope[] {
    return ['alert', 'subject', 'list'];
  }

  async fetch(signal: AbortSignal): Promise<void> {
    this.#all = alertItems(await fetchAlerts(this.desk.monitor));
    const found = this.#all.find((item) => item.key === this.#item.key);
    // Gone from the rules: it was resolved while one looked at it.
    this.#item = found ?? { ...this.#item, state: 'inactive', sinceMs: undefined, value: Number.NaN };
    const expression = this.#expression();
    if (expression === undefined) return;
    try {
      this.#series = await fetchAlertSeries(
        this.desk.monitor,
        expression,
        this.#item.labels,
        this.desk.window(),
        signal,
      );
      this.#seriesError = undefined;
    } catch (error) {
      this.#seriesError = messageOf(error);
    }
  }

  #expression(): string | undefined {
    const query = this.#item.rule?.query;
    return query === undefined ? undefined : (thresholdOf(query)?.expression ?? query);
  }

  override status(area: Area): Row {
    const threshold = this.#item.threshold;
    if (threshold === undefined || area.width < 100) return BLANK;
    return row(
      toned('critical', area.theme.glyphs.threshold.repeat(2)),
      toned('muted', ` threshold ${threshold.operator} ${formatValue(threshold.value, this.#item.unit)}`),
    );
  }

  rows(area: Area): Row[] {
    const head = alertHeadRows(this.#item, area);
    if (area.zoomed) return [...head, ...this.#chartRows(area, area.height - head.length)];
    const chartHeight = Math.max(7, Math.min(18, Math.floor((area.height - head.length) * 0.45)));
    const chart = this.#chartRows(area, chartHeight);
    const rest = area.height - head.length - chart.length;
    return [...head, ...chart, ...this.#detailRows({ ...area, height: rest })];
  }

  #chartRows(area: Area, height: number): Row[] {
    const { width, theme, zone, window } = area;
    if (this.#expression() === undefined) return [];
    if (this.#seriesError !== undefined)
      return [BLANK, row(toned('warning', `Its series cannot be read: ${this.#seriesError}`)), BLANK];
    if (this.#series.length === 0)
      return emptyRows(
        this.loaded ? 'No series in this time range.' : 'Reading its series …',
        this.loaded ? 'Try a longer range with -, or an earlier one with [.' : '',
        width,
        4,
      );
    const { sinceMs, forMs } = this.#item;
    return lineChart(
      this.#series.slice(0, SERIES_TONES.length).map((series, i) => ({ ...series, tone: SERIES_TONES[i]! })),
      {
        width,
        height,
        startMs: window.startMs,
        endMs: window.endMs,
        gapMs: stepOf(window) * 2.5,
        unit: this.#item.unit,
        theme,
        zone,
        threshold: this.#item.threshold?.value,
        marks:
          sinceMs === undefined
            ? []
            : [
                { atMs: sinceMs, tone: 'warning' },
                ...(this.#item.state === 'pending' ? [] : [{ atMs: sinceMs + forMs, tone: 'critical' as const }]),
              ],
      },
    );
  }

  #detailRows(area: Area): Row[] {
    const { width, height, theme } = area;
    const told = (columns: number): Row[] =>
      this.#item.told.length === 0
        ? [
            row(
              toned(
                'muted',
                this.#item.state === 'firing'
                  ? 'Nobody yet. x explains why.'
                  : 'Nobody: only firing alerts are notified.',
              ),
            ),
          ]
        : notificationRows(this.#item.told, columns, area);
    if (width < 110) {
      const all = [
        titleRow('Told', '', width, theme),
        ...told(width),
        titleRow('Details', '', width, theme),
        ...alertFieldRows(this.#item, width, theme),
      ];
      return this.#scroll.visible(all, height);
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
    const fields = this.#scroll.visible(alertFieldRows(this.#item, left, theme), height - 1);
    return [...heads, ...beside(fields, left, told(right), right, height - 1, row('   '))];
  }

  override act(action: string): boolean {
    if (this.#scroll.act(action)) return true;
    switch (action) {
      case 'open':
        this.desk.drill('metrics', subjectOf(this.#item, this.desk.nowMs()));
        return true;
      case 'explain':
        explain(this.desk, this.#item);
        return true;
      case 'silence':
        silenceAlert(this.desk, this.#item, this.#all);
        return true;
      default:
        return false;
    }
  }

  override subject(): Subject {
    return subjectOf(this.#item, this.desk.nowMs());
  }

  override copyText(): string {
    return `${this.#item.name}${this.#item.labels}`;
  }

  override command(): string | undefined {
    const expression = this.#expression();
    return expression === undefined ? undefined : `watchfire query '${expression.replaceAll("'", `'\\''`)}'`;
  }
}
