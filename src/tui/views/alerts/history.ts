/** The place of the notification history: every record, newest first, and the selected one in full. */
import type { NotificationRecord } from '../../../alerting/model.ts';
import type { Filter } from '../../frame/filter.ts';
import { formatAgo, formatMoment, formatSeconds, plural } from '../../frame/format.ts';
import { ListState } from '../../frame/list.ts';
import { emptyRows, fieldRows, unloadedRows } from '../../frame/pane.ts';
import { type Area, Place } from '../../frame/place.ts';
import { type Row, row, select, toned } from '../../frame/row.ts';
import { headRow, itemRow, layOut } from '../../frame/table.ts';
import { TextPage } from '../../frame/text-page.ts';
import type { Scope } from '../../input/bindings.ts';
import { reasonText } from './model.ts';
import { notificationColumns } from './rows.ts';

const MOST_RECORDS = 10_000;
const ADVICE = 'It is tried again every 2 s; the header shows the state of the source.';

export class HistoryPlace extends Place {
  readonly view = 'alerts';
  #all: readonly NotificationRecord[] = [];
  #list = new ListState();

  crumb(): string {
    return 'notifications';
  }

  scopes(): readonly Scope[] {
    return ['list'];
  }

  async fetch(): Promise<void> {
    const selected = this.#items()[this.#list.selected];
    this.#all = await this.desk.monitor.alerts.notifications(MOST_RECORDS);
    if (selected === undefined || this.#list.selected === 0) return;
    const at = this.#items().findIndex((record) => keyOf(record) === keyOf(selected));
    if (at >= 0) this.#list.selected = at;
  }

  #items(): readonly NotificationRecord[] {
    return this.#all.filter((record) =>
      this.filter.accepts({
        text: `${record.receiver} ${record.integration} ${record.outcome} ${record.status} ${record.groupLabels} ${reasonText(record.reason)}`,
        field: (name) =>
          ({
            receiver: record.receiver,
            integration: record.integration,
            outcome: record.outcome,
            status: record.status,
          })[name] ??
          (record.groupLabels.get(name) || undefined),
      }),
    );
  }

  override setFilter(filter: Filter): void {
    super.setFilter(filter);
    this.#list.selected = 0;
  }

  override status(): Row {
    const failed = this.#all.filter(({ outcome }) => outcome === 'failed' || outcome === 'not-delivered').length;
    return row(
      toned('muted', plural(this.#all.length, 'record')),
      failed > 0 ? toned('warning', `, ${failed} not delivered`) : '',
    );
  }

  rows(area: Area): Row[] {
    const { width, height, theme } = area;
    const unloaded = unloadedRows(this, { what: 'the notifications', advice: ADVICE }, area);
    if (unloaded !== undefined) return unloaded;
    const items = this.#items();
    if (items.length === 0) {
      const none = this.#all.length === 0;
      return emptyRows(
        none ? 'Nobody was told of anything yet.' : 'No notification passes the filter.',
        none ? 'x on an alert explains why.' : 'Change it with /.',
        width,
        height,
      );
    }
    const { from, to } = this.#list.window(items.length, height - 1);
    const shown = items.slice(from, to);
    const laid = layOut(notificationColumns(true, area), shown, width);
    return [
      headRow(laid, theme),
      ...shown.map((record, i) => {
        const cells = itemRow(laid, record, theme);
        return from + i === this.#list.selected ? select(cells, width) : cells;
      }),
    ];
  }

  override act(action: string): boolean {
    const items = this.#items();
    if (this.#list.act(action, items.length)) return true;
    if (action !== 'open') return false;
    const record = items[this.#list.selected];
    if (record !== undefined) this.desk.show(new TextPage('Notification', (area) => recordRows(record, area)));
    return true;
  }

  override copyText(): string | undefined {
    const record = this.#items()[this.#list.selected];
    return record === undefined ? undefined : `${record.receiver} ${record.integration}: ${reasonText(record.reason)}`;
  }
}

function keyOf({ atMs, receiver, integration, groupLabels }: NotificationRecord): string {
  return `${atMs} ${receiver} ${integration} ${groupLabels}`;
}

function recordRows(record: NotificationRecord, { width, theme, nowMs, zone }: Area): Row[] {
  return fieldRows(
    [
      ['when', `${formatMoment(record.atMs, nowMs, zone)} ${zone.name}, ${formatAgo(record.atMs, nowMs)}`],
      ['to', `${record.receiver} by ${record.integration}`],
      ['of', record.groupLabels.size === 0 ? 'all alerts' : `${record.groupLabels}`],
      ['holding', `${plural(record.firing, 'firing alert')}, ${record.resolved} resolved`],
      ['outcome', record.outcome],
      ['reason', reasonText(record.reason)],
      ['took', formatSeconds(record.durationMs / 1000)],
      [
        'next try',
        record.nextTryMs === undefined
          ? 'none'
          : `${formatMoment(record.nextTryMs, nowMs, zone)}, ${formatAgo(record.nextTryMs, nowMs)}`,
      ],
    ],
    width,
    theme,
  );
}
