/** The place of the alert list. */

import type { AlertGroup } from '../../../alerting/model.ts';
import type { RangeSeries } from '../../../promql/result.ts';
import type { Filter } from '../../frame/filter.ts';
import { plural } from '../../frame/format.ts';
import type { Group } from '../../frame/grouped.ts';
import { ListState } from '../../frame/list.ts';
import { emptyRows, unloadedRows } from '../../frame/pane.ts';
import { type Area, Place, type Subject } from '../../frame/place.ts';
import { Preview } from '../../frame/preview.ts';
import { type Row, row, toned } from '../../frame/row.ts';
import { type SortState, sorted } from '../../frame/table.ts';
import type { Scope } from '../../input/bindings.ts';
import { AlertPlace } from './alert.ts';
import { AlertDetail } from './detail.ts';
import { explain } from './explain.ts';
import { fetchAlertStates, fetchAlerts } from './fetch.ts';
import { HistoryPlace } from './history.ts';
import { type AlertItem, alertItems, subjectOf } from './model.ts';
import { alertListRows, notifiedGroups, stateGroups } from './rows.ts';
import { silenceAlert, silenceFiltered } from './silence.ts';
import { SilencesPlace } from './silences.ts';

const SORT_KEYS = {
  name: (item: AlertItem) => item.name,
  since: (item: AlertItem) => item.sinceMs ?? Number.POSITIVE_INFINITY,
  value: (item: AlertItem) => item.value,
};

const ADVICE =
  'It is tried again every 2 s. The header shows the state of the source; :reload reads the configuration again.';

export class AlertsPlace extends Place {
  readonly view = 'alerts';
  #all: readonly AlertItem[] = [];
  #list = new ListState();
  #sort: SortState | undefined;
  #withInactive = true;
  #byGroup = false;
  #notified: readonly AlertGroup[] = [];
  #states: readonly RangeSeries[] = [];
  readonly #preview = new Preview(this.desk);

  crumb(): string {
    return 'alerts';
  }

  scopes(): readonly Scope[] {
    return ['alerts', 'subject', 'list'];
  }

  async fetch(signal: AbortSignal): Promise<void> {
    const { monitor } = this.desk;
    const [answers, notified] = await Promise.all([fetchAlerts(monitor), monitor.alerts.alertGroups({})]);
    if (signal.aborted) return;
    this.#take(alertItems(answers), notified);
    this.desk.changed();
    const [states] = await Promise.all([fetchAlertStates(monitor, this.desk.window(), signal), this.#preview.fetch()]);
    if (!signal.aborted) this.#states = states;
  }

  #take(all: readonly AlertItem[], notified: readonly AlertGroup[]): void {
    const selected = this.#selected()?.key;
    this.#all = all;
    this.#notified = notified;
    this.loaded = true;
    // An alert can stand in several groups: it stays selected where it was.
    if (this.#selected()?.key !== selected) {
      const at = this.#drawn().findIndex((item) => item.key === selected);
      if (at >= 0) this.#list.selected = at;
    }
    const item = this.#selected();
    const detail = this.#preview.detail;
    if (item !== undefined && detail instanceof AlertDetail && detail.item.key === item.key) detail.item = item;
  }

  override get busy(): boolean {
    return this.#preview.busy;
  }

  override leave(): void {
    this.#preview.close();
  }

  #items(): readonly AlertItem[] {
    const shown = this.#all.filter(
      (item) =>
        (this.#withInactive || item.state !== 'inactive') &&
        this.filter.accepts({
          text: `${item.name} ${item.state} ${item.severity} ${item.labels} ${item.annotations.get('summary')}`,
          field: (name) => (name === 'state' ? item.state : item.labels.has(name) ? item.labels.get(name) : undefined),
        }),
    );
    return sorted(shown, SORT_KEYS, this.#sort);
  }

  /** `width`: for which the headings are made. */
  #groups(width = Number.POSITIVE_INFINITY): Group<AlertItem>[] {
    const items = this.#items();
    return this.#byGroup
      ? notifiedGroups(this.#notified, items, this.desk.nowMs(), width)
      : stateGroups(items, this.#sort);
  }

  /** In the order of the rows. */
  #drawn(): readonly AlertItem[] {
    return this.#groups().flatMap((group) => group.items);
  }

  #selected(): AlertItem | undefined {
    return this.#drawn()[this.#list.selected];
  }

  override setFilter(filter: Filter): void {
    super.setFilter(filter);
    this.#list.selected = 0;
  }

  override status(): Row {
    const items = this.#items();
    const hidden = this.#all.length - items.length;
    const sort = this.#sort === undefined ? '' : ` by ${this.#sort.column}`;
    return row(toned('muted', `${plural(items.length, 'alert')}${sort}${hidden > 0 ? `, ${hidden} not shown` : ''}`));
  }

  rows(area: Area): Row[] {
    const unloaded = unloadedRows(this, { what: 'the alerts', advice: ADVICE }, area);
    if (unloaded !== undefined) return unloaded;
    const items = this.#items();
    if (this.#all.length === 0)
      return emptyRows(
        'There are no alerting rules.',
        'Name rule files under rule_files in prometheus.yml, then :reload.',
        area.width,
        area.height,
      );
    if (items.length === 0)
      return emptyRows(
        'No alert passes the filter.',
        'Change it with /, or clear it: / then Ctrl-U and Enter. a shows inactive rules again.',
        area.width,
        area.height,
      );
    const groups = this.#groups(area.width);
    if (groups.every((group) => group.items.length === 0))
      return emptyRows(
        'Nothing is notified, and nothing waits to be.',
        'o shows the alerts by state again.',
        area.width,
        area.height,
      );
    const selected = this.#selected();
    this.#preview.follow(selected?.key, () => new AlertDetail(selected!, this.desk));
    const needed = 2 + groups.reduce((sum, { items }) => sum + (items.length > 0 ? items.length + 2 : 0), 0);
    return this.#preview.below(needed, area, (upper) =>
      alertListRows(groups, this.#states, this.#list, this.#sort, upper),
    );
  }

  override act(action: string): boolean {
    if (this.#list.act(action, this.#drawn().length)) return true;
    const item = this.#selected();
    if (action.startsWith('sort:')) {
      const column = action.slice(5);
      if (column === 'state') this.#sort = undefined;
      else
        this.#sort = {
          column,
          descending: this.#sort?.column === column ? !this.#sort.descending : column === 'value',
        };
      return true;
    }
    switch (action) {
      case 'all':
        this.#withInactive = !this.#withInactive;
        return true;
      case 'open':
        if (item) this.desk.push(new AlertPlace(this.desk, item));
        return true;
      case 'silences':
        this.desk.push(new SilencesPlace(this.desk));
        return true;
      case 'explain':
        if (item) explain(this.desk, item);
        return true;
      case 'silence':
        if (item) silenceAlert(this.desk, item, this.#all);
        return true;
      case 'silence-filter':
        silenceFiltered(this.desk, this.filter, this.#items(), this.#all);
        return true;
      case 'history':
        this.desk.push(new HistoryPlace(this.desk));
        return true;
      case 'by-group':
        this.#byGroup = !this.#byGroup;
        this.#list.selected = 0;
        return true;
      default:
        return false;
    }
  }

  override subject(): Subject | undefined {
    const item = this.#selected();
    return item === undefined ? undefined : subjectOf(item, this.desk.nowMs());
  }

  override copyText(): string | undefined {
    const item = this.#selected();
    return item === undefined ? undefined : `${item.name}${item.labels}`;
  }

  override command(): string {
    return 'watchfire alerts';
  }
}
