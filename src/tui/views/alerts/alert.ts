/** The place of one alert. */
import { formatValue } from '../../frame/format.ts';
import { type Area, type Desk, Place, type Subject } from '../../frame/place.ts';
import { BLANK, type Row, row, toned } from '../../frame/row.ts';
import type { Scope } from '../../input/bindings.ts';
import { queryCommand } from '../shell.ts';
import { AlertDetail } from './detail.ts';
import { explain } from './explain.ts';
import { fetchAlerts } from './fetch.ts';
import { type AlertItem, alertItems, currentItem, subjectOf } from './model.ts';
import { silenceAlert } from './silence.ts';

export class AlertPlace extends Place {
  readonly view = 'alerts';
  override filters = false;
  readonly #detail: AlertDetail;
  #all: readonly AlertItem[] = [];

  constructor(desk: Desk, item: AlertItem) {
    super(desk);
    this.#detail = new AlertDetail(item, desk);
  }

  crumb(): string {
    return this.#detail.title;
  }

  scopes(): readonly Scope[] {
    return ['alert', 'subject', 'list'];
  }

  async fetch(signal: AbortSignal): Promise<void> {
    this.#all = alertItems(await fetchAlerts(this.desk.monitor));
    this.#detail.item = currentItem(this.#detail.item, this.#all);
    await this.#detail.fetch(signal);
  }

  override status(area: Area): Row {
    const { threshold, unit } = this.#detail.item;
    if (threshold === undefined || area.width < 100) return BLANK;
    return row(
      toned('critical', area.theme.glyphs.threshold.repeat(2)),
      toned('muted', ` threshold ${threshold.operator} ${formatValue(threshold.value, unit)}`),
    );
  }

  rows(area: Area): Row[] {
    return this.#detail.rows(area);
  }

  override act(action: string): boolean {
    if (this.#detail.scroll.act(action)) return true;
    switch (action) {
      case 'open':
        this.desk.drill('metrics', this.subject());
        return true;
      case 'explain':
        explain(this.desk, this.#detail.item);
        return true;
      case 'silence':
        silenceAlert(this.desk, this.#detail.item, this.#all);
        return true;
      default:
        return false;
    }
  }

  override subject(): Subject {
    return subjectOf(this.#detail.item, this.desk.nowMs());
  }

  override copyText(): string {
    return `${this.#detail.item.name}${this.#detail.item.labels}`;
  }

  override command(): string | undefined {
    const { expression } = this.#detail;
    return expression === undefined ? undefined : queryCommand(expression);
  }
}
