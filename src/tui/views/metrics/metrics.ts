/** The place of the metrics: a query, its chart and legend; or the metrics there are. */
import type { RangeSeries } from '../../../promql/result.ts';
import { gapOf, stepOf } from '../../charts/scale.ts';
import { unitOfExpression } from '../../expression/unit.ts';
import { candidateRow } from '../../frame/candidates.ts';
import type { Filter } from '../../frame/filter.ts';
import { formatClock, formatSpan, plural } from '../../frame/format.ts';
import { ListState } from '../../frame/list.ts';
import { emptyRows, titleRow } from '../../frame/pane.ts';
import { type Area, type Desk, Place, type Subject } from '../../frame/place.ts';
import { messageOf } from '../../frame/poller.ts';
import { type Row, row, tall, toned } from '../../frame/row.ts';
import type { SortState } from '../../frame/table.ts';
import type { Scope } from '../../input/bindings.ts';
import type { Key } from '../../input/keys.ts';
import { serviceOf } from '../service.ts';
import { queryCommand } from '../shell.ts';
import { MetricBrowser } from './browser.ts';
import { fetchSeries, serviceQuery } from './fetch.ts';
import { legendItems } from './model.ts';
import { QueryEditor } from './query-editor.ts';
import { legendRows, queryErrorRows, queryRows, seriesChart } from './rows.ts';

const MOST_SERIES = 200;

export class MetricsPlace extends Place {
  readonly view = 'metrics';
  override windowed = true;
  override refreshMs = 3000;
  #subject: Subject | undefined;
  #browser: MetricBrowser;
  #editor: QueryEditor;
  #query = '';
  #browsing = true;
  #series: readonly RangeSeries[] = [];
  #total = 0;
  #queryError: string | undefined;
  #notes: readonly string[] = [];
  #adopted = false;
  #list = new ListState();
  #hidden = new Set<string>();
  #sort: SortState | undefined;
  #cursorMs: number | undefined;

  constructor(desk: Desk, subject?: Subject) {
    super(desk);
    this.#subject = subject;
    this.#browser = new MetricBrowser(desk);
    this.#editor = new QueryEditor(desk, () => this.#browser.names);
    if (subject?.expression !== undefined) this.#run(subject.expression);
  }

  crumb(): string {
    return this.#subject === undefined ? 'metrics' : 'series';
  }

  scopes(): readonly Scope[] {
    return this.#browsing ? ['metrics', 'list'] : ['metrics', 'chart', 'list'];
  }

  async fetch(signal: AbortSignal): Promise<void> {
    const { metrics } = this.desk.monitor;
    await this.#browser.fetchNames(signal);
    if (this.#subject !== undefined && !this.#adopted && this.#query === '') {
      this.#adopted = true;
      const query = await serviceQuery(metrics, this.#browser.names, this.#subject, this.desk.window(), signal);
      if (query !== undefined) {
        this.#run(query);
        return;
      }
    }
    if (this.#browsing) await this.#browser.fetchPreview(this.filter, signal);
    if (this.#query === '') return;
    try {
      const { series, notes } = await fetchSeries(metrics, this.#query, this.desk.window(), signal);
      this.#total = series.length;
      this.#series = series.slice(0, MOST_SERIES);
      this.#notes = notes;
      this.#queryError = undefined;
    } catch (error) {
      if (signal.aborted) return;
      this.#queryError = messageOf(error);
      this.#series = [];
    }
  }

  #run(query: string): void {
    this.#query = query.trim();
    this.#editor.ran(this.#query);
    this.#browsing = this.#query === '';
    this.#hidden.clear();
    this.#cursorMs = undefined;
    this.#queryError = undefined;
    this.#notes = [];
    this.#series = [];
    this.loaded = false;
    this.desk.refresh(this);
  }

  override setFilter(filter: Filter): void {
    super.setFilter(filter);
    this.#browser.list.selected = 0;
    this.#list.selected = 0;
  }

  #legend() {
    const atMs = this.#cursorMs;
    const cursor = atMs === undefined ? undefined : { atMs, gapMs: gapOf(this.desk.window()) };
    const items = legendItems(this.#series, { hidden: this.#hidden, sort: this.#sort, cursor });
    return items.filter((item) =>
      this.filter.accepts({ text: item.name, field: (name) => item.labels.get(name) || undefined }),
    );
  }

  override status(area: Area): Row {
    if (this.#browsing) return row(toned('muted', plural(this.#browser.items(this.filter).length, 'metric')));
    const step = `step ${formatSpan(stepOf(area.window))}`;
    const shown = this.#total > this.#series.length ? `the first ${this.#series.length} of ` : '';
    return row(toned('muted', `${shown}${plural(this.#total, 'series', 'series')}, ${step}`));
  }

  rows(area: Area): Row[] {
    const { width, height } = area;
    const head = [...queryRows(this.#editor.line, this.#editor.editing, width, area), ...this.#underQuery(area)];
    const rest = { ...area, height: height - head.length };
    return [
      ...head,
      ...(this.#browsing ? this.#browser.rows(this.filter, this.loaded, this.error, rest) : this.#chartRows(rest)),
    ];
  }

  #underQuery({ width, theme }: Area): Row[] {
    if (this.#editor.editing) {
      const { candidates, chosen } = this.#editor;
      const word = candidates[Math.max(0, chosen)];
      const metadata = word === undefined ? undefined : this.#browser.metadataOf(word);
      const help = metadata === undefined ? '' : `${metadata.type}: ${metadata.help}`;
      return [row(' '.repeat(6), candidateRow(candidates, chosen, 'plain', help, width - 6, theme))];
    }
    if (this.#queryError !== undefined) return queryErrorRows(this.#queryError, this.#query, width);
    return this.#notes.slice(0, 2).map((note) => row(' '.repeat(6), toned('warning', note)));
  }

  #chartRows(area: Area): Row[] {
    const { width, height, theme, zone } = area;
    if (this.#series.length === 0) {
      if (this.#queryError !== undefined) return [];
      if (!this.loaded && this.error === undefined) return emptyRows('Asking …', '', width, height);
      return emptyRows(
        'The query gives no series in this time range.',
        'A longer range: -. Edit it: i. The metrics there are: b.',
        width,
        height,
      );
    }
    const items = this.#legend();
    const legendHeight = area.zoomed
      ? 0
      : Math.min(items.length + 2, Math.max(4, Math.floor(height * (area.height > 30 ? 0.35 : 0.4))));
    const unit = unitOfExpression(this.#query);
    const chosen = items[this.#list.selected];
    // Without colours the selected series stands out, and in front; the others step back.
    const isMono = area.theme.name === 'mono';
    const shown = items
      .filter((item) => !item.hidden)
      .reverse()
      .sort((a, b) => (isMono ? Number(a === chosen) - Number(b === chosen) : 0))
      .map((item) => ({
        ...this.#series[item.index]!,
        tone: isMono ? (item === chosen ? 'strong' : 'muted') : item.tone,
      }));
    const chart = seriesChart(shown, this.#query, height - legendHeight, this.#cursorMs, area);
    if (area.zoomed) return tall(chart, height);
    const title =
      this.#cursorMs === undefined
        ? ''
        : row(toned('accent', `cursor at ${formatClock(this.#cursorMs, zone)} ${zone.name}`));
    const legend = legendRows(items, this.#list, this.#sort, unit, this.#cursorMs !== undefined, {
      ...area,
      height: legendHeight - 1,
    });
    return [...tall(chart, height - legendHeight), titleRow('Series', title, width, theme), ...legend];
  }

  override capture(key: Key): boolean {
    if (!this.#editor.editing) return false;
    if (key.name === 'Enter') this.#run(this.#editor.line.text);
    else if (key.name === 'Esc') this.#editor.stop(this.#query);
    else this.#editor.key(key);
    return true;
  }

  override hints(): readonly (readonly [string, string])[] | undefined {
    if (!this.#editor.editing) return undefined;
    return [
      ['Enter', 'run'],
      ['Tab', 'complete'],
      ['↑ ↓', 'earlier queries'],
      ['^U', 'clear'],
      ['Esc', 'leave it as it was'],
    ];
  }

  override act(action: string): boolean {
    const list = this.#browsing ? this.#browser.list : this.#list;
    const items = this.#browsing ? this.#browser.items(this.filter) : this.#legend();
    if (list.act(action, items.length)) {
      if (this.#browsing) this.desk.refresh(this);
      return true;
    }
    if (action.startsWith('query:') || action.startsWith('argument:')) {
      this.#run(action.slice(action.indexOf(':') + 1));
      return true;
    }
    if (action.startsWith('sort:')) {
      const column = action.slice(5);
      this.#sort = { column, descending: this.#sort?.column === column ? !this.#sort.descending : true };
      return true;
    }
    switch (action) {
      case 'edit':
        this.#editor.start();
        return true;
      case 'browse':
        this.#browsing = !this.#browsing || this.#query === '';
        if (this.#browsing) this.desk.refresh(this);
        return true;
      case 'open': {
        const query = this.#browsing ? this.#browser.query(this.filter) : undefined;
        if (query !== undefined) this.#run(query);
        else this.#editor.start();
        return true;
      }
      case 'solo':
        this.#toggleSeries();
        return true;
      case 'left':
      case 'right':
        this.#moveCursor(action === 'left' ? -1 : 1);
        return true;
      default:
        return false;
    }
  }

  #toggleSeries(): void {
    const item = this.#legend()[this.#list.selected];
    if (item === undefined || this.#browsing) return;
    if (!this.#hidden.delete(item.labels.key)) this.#hidden.add(item.labels.key);
  }

  #moveCursor(by: number): void {
    const window = this.desk.window();
    const stepMs = stepOf(window) * 2;
    const from = this.#cursorMs ?? (by < 0 ? window.endMs : window.startMs);
    this.#cursorMs = Math.max(window.startMs, Math.min(window.endMs, from + by * stepMs));
  }

  override stepBack(): boolean {
    if (this.#cursorMs !== undefined) {
      this.#cursorMs = undefined;
      return true;
    }
    if (this.#browsing && this.#query !== '') {
      this.#browsing = false;
      return true;
    }
    if (this.#subject === undefined && this.#query !== '') {
      this.#run('');
      return true;
    }
    return false;
  }

  override subject(): Subject | undefined {
    const item = this.#browsing ? undefined : this.#legend()[this.#list.selected];
    if (item === undefined) return this.#subject;
    const { startMs, endMs } = this.desk.window();
    const at =
      this.#cursorMs === undefined
        ? { fromMs: startMs, toMs: endMs }
        : { fromMs: this.#cursorMs - 60_000, toMs: this.#cursorMs + 60_000 };
    return {
      labels: item.labels,
      service: serviceOf(item.labels) || this.#subject?.service,
      expression: this.#query,
      ...at,
    };
  }

  override copyText(): string | undefined {
    return this.#browsing ? this.#browser.selected(this.filter)?.name : this.#query;
  }

  override command(): string | undefined {
    if (this.#query === '') return undefined;
    const { startMs, endMs } = this.desk.window();
    return queryCommand(
      this.#query,
      ` --start ${Math.round(startMs / 1000)} --end ${Math.round(endMs / 1000)} --step ${stepOf(this.desk.window()) / 1000}s`,
    );
  }
}
