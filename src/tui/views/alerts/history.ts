/** The place of the notification history: every record, newest first, tries that failed alike as one, and the selected one in full. */
import { gatherTries, type Tries } from '../../../alerting/history.ts';
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
import { notificationColumns } from './notification-rows.ts';

const MOST_RECORDS = 10_000;
const ADVICE = 'It is tried again every 2 s; the header shows the state of the source.';

export class HistoryPlace extends Place {
  readonly view = 'alerts';
  #all: readonly Tries[] = [];
  #list = new ListState();

  crumb(): string {
    return 'notifications';
  }

  scopes(): readonly Scope[] {
    return ['list'];
  }

  async fetch(): Promise<void> {
    const selected = this.#items()[this.#list.selected];
    this.#all = gatherTries(await this.desk.monitor.alerts.notifications(MOST_RECORDS));
    if (selected === undefined || this.#list.selected === 0) return;
    const at = this.#items().findIndex((tries) => keyOf(tries) === keyOf(selected));
    if (at >= 0) this.#list.selected = at;
  }

  #items(): readonly Tries[] {
    return this.#all.filter(({ record }) =>
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
    const failed = this.#all.filter(({ record }) => /^(failed|not-delivered)$/.test(record.outcome)).length;
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
    const shown = items.slice(from, to).map(counted);
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
    const tries = items[this.#list.selected];
    if (tries !== undefined) this.desk.show(new TextPage('Notification', (area) => triesRows(tries, area)));
    return true;
  }

  override copyText(): string | undefined {
    const record = this.#items()[this.#list.selected]?.record;
    return record === undefined ? undefined : `${record.receiver} ${record.integration}: ${reasonText(record.reason)}`;
  }
}

/** The oldest try stays the same while newer ones come. */
function keyOf({ sinceMs, record: { receiver, integration, groupLabels } }: Tries): string {
  return `${sinceMs} ${receiver} ${integration} ${groupLabels}`;
}

/** For a row of the list. */
function counted({ record, count }: Tries): NotificationRecord {
  return count === 1 ? record : { ...record, reason: `${count}× ${reasonText(record.reason)}` };
}

function triesRows({ record, count, sinceMs }: Tries, { width, theme, nowMs, zone }: Area): Row[] {
  return fieldRows(
    [
      ['when', `${formatMoment(record.atMs, nowMs, zone)} ${zone.name}, ${formatAgo(record.atMs, nowMs)}`],
      ['to', `${record.receiver} by ${record.integration === '*' ? 'all its integrations' : record.integration}`],
      ['of', record.groupLabels.size === 0 ? 'all alerts' : `${record.groupLabels}`],
      ['holding', `${plural(record.firing, 'firing alert')}, ${record.resolved} resolved`],
      ['outcome', record.outcome],
      ['reason', reasonText(record.reason)],
      ...(count > 1
        ? [['tries', `${count} that failed alike, since ${formatMoment(sinceMs, nowMs, zone)}`] as const]
        : []),
      ['took', formatSeconds(record.durationMs / 1000)],
      [
        'next try',
        record.nextTryMs === undefined || record.nextTryMs <= nowMs
          ? 'none to come'
          : `${formatMoment(record.nextTryMs, nowMs, zone)}, ${formatAgo(record.nextTryMs, nowMs)}`,
      ],
    ],
    width,
    theme,
  );
}
