/** The place of the alert list. */

import type { Filter } from '../../frame/filter.ts';
import { plural } from '../../frame/format.ts';
import { ListState } from '../../frame/list.ts';
import { emptyRows, unloadedRows } from '../../frame/pane.ts';
import { type Area, Place, type Subject } from '../../frame/place.ts';
import { type Row, row, toned } from '../../frame/row.ts';
import { type SortState, sorted } from '../../frame/table.ts';
import type { Scope } from '../../input/bindings.ts';
import { AlertPlace } from './alert.ts';
import { explain } from './explain.ts';
import { fetchAlerts } from './fetch.ts';
import { type AlertItem, alertItems, subjectOf } from './model.ts';
import { alertListRows } from './rows.ts';
import { SilenceDialog } from './silence.ts';
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

  crumb(): string {
    return 'alerts';
  }

  scopes(): readonly Scope[] {
    return ['alerts', 'subject', 'list'];
  }

  async fetch(): Promise<void> {
    const selected = this.#selected()?.key;
    this.#all = alertItems(await fetchAlerts(this.desk.monitor));
    const at = this.#items().findIndex((item) => item.key === selected);
    if (at >= 0) this.#list.selected = at;
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

  #selected(): AlertItem | undefined {
    return this.#items()[this.#list.selected];
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
    return alertListRows(items, this.#list, this.#sort, area);
  }

  override act(action: string): boolean {
    if (this.#list.act(action, this.#items().length)) return true;
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
        if (item) this.desk.show(new SilenceDialog(this.desk, item, this.#all));
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
