/** The place of the metrics: a query, its chart and legend; or the metrics there are. */
import type { Metadata } from '../../../exposition/exemplar.ts';
import type { RangeSeries } from '../../../promql/result.ts';
import { type ChartSeries, lineChart } from '../../charts/line-chart.ts';
import { expressionRow } from '../../expression/highlight.ts';
import { unitOfExpression } from '../../expression/unit.ts';
import type { Filter } from '../../frame/filter.ts';
import { formatClock, formatSpan, plural } from '../../frame/format.ts';
import { ListState } from '../../frame/list.ts';
import { emptyRows, errorRows, titleRow } from '../../frame/pane.ts';
import { type Area, type Desk, Place, type Subject } from '../../frame/place.ts';
import { messageOf } from '../../frame/poller.ts';
import { type Row, row, tall, toned } from '../../frame/row.ts';
import type { SortState } from '../../frame/table.ts';
import type { Scope } from '../../input/bindings.ts';
import type { Key } from '../../input/keys.ts';
import { clean } from '../../sanitise.ts';
import { SERIES_TONES } from '../../theme.ts';
import { stepOf } from '../alerts/fetch.ts';
import { requestCounter, SERVICE_LABELS, statusLabel } from '../key-metrics.ts';
import { matchService, serviceOf } from '../service.ts';
import { legendItems, queryFor } from './model.ts';
import { QueryEditor } from './query-editor.ts';
import { type BrowserItem, browserRows, candidateRow, legendRows, queryErrorRows, queryRows } from './rows.ts';

const MOST_SERIES = 200;
const NAMES_FOR_MS = 10_000;
const PREVIEW_ROWS = 11;

export class MetricsPlace extends Place {
  readonly view = 'metrics';
  override windowed = true;
  override refreshMs = 3000;
  #subject: Subject | undefined;
  #editor: QueryEditor;
  #query = '';
  #browsing = true;
  #series: readonly RangeSeries[] = [];
  #total = 0;
  #queryError: string | undefined;
  #notes: readonly string[] = [];
  #names: readonly string[] = [];
  #namesReadMs = 0;
  #adopted = false;
  #preview: { readonly expression: string; readonly series: readonly RangeSeries[] } | undefined;
  #metadata: ReadonlyMap<string, readonly Metadata[]> = new Map();
  #list = new ListState();
  #browser = new ListState();
  #hidden = new Set<string>();
  #sort: SortState | undefined;
  #cursorMs: number | undefined;

  constructor(desk: Desk, subject?: Subject) {
    super(desk);
    this.#subject = subject;
    this.#editor = new QueryEditor(desk, () => this.#names);
    if (subject?.expression !== undefined) this.#run(subject.expression);
  }

  crumb(): string {
    return this.#subject === undefined ? 'metrics' : 'series';
  }

  scopes(): readonly Scope[] {
    return ['metrics', 'list'];
  }

  async fetch(signal: AbortSignal): Promise<void> {
    const { metrics } = this.desk.monitor;
    if (this.#names.length === 0 || this.desk.nowMs() - this.#namesReadMs > NAMES_FOR_MS) {
      this.#names = await metrics.labelValues('__name__', { selectors: [], signal });
      this.#metadata = await metrics.metadata({});
      this.#namesReadMs = this.desk.nowMs();
      await this.#adoptService(signal);
    }
    if (this.#browsing) await this.#fetchPreview(signal);
    if (this.#query === '') return;
    try {
      const { series, notes } = await this.#ask(this.#query, signal);
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

  async #fetchPreview(signal: AbortSignal): Promise<void> {
    const metric = this.#browserItems()[this.#browser.selected];
    if (metric === undefined) return;
    const expression = queryFor(metric.name, metric.metadata?.type, this.#rateWindow());
    try {
      const { series } = await this.#ask(expression, signal);
      if (!signal.aborted) this.#preview = { expression, series: series.slice(0, SERIES_TONES.length) };
    } catch {
      // The preview is an offer: Enter runs the query and tells what is wrong with it.
      if (!signal.aborted) this.#preview = { expression, series: [] };
    }
  }

  async #ask(
    expression: string,
    signal: AbortSignal,
  ): Promise<{ readonly series: readonly RangeSeries[]; readonly notes: readonly string[] }> {
    const window = this.desk.window();
    const stepMs = stepOf(window);
    const endMs = Math.floor(window.endMs / stepMs) * stepMs;
    const startMs = endMs - (window.endMs - window.startMs);
    const result = await this.desk.monitor.metrics.queryRange(expression, { startMs, endMs, stepMs, signal });
    const notes = [...result.warnings, ...result.infos];
    return { series: result.value.type === 'matrix' ? result.value.series : [], notes };
  }

  /** From a service without an expression: its requests by status, where the metrics know it by some label. */
  async #adoptService(signal: AbortSignal): Promise<void> {
    const subject = this.#subject;
    const counter = requestCounter(this.#names);
    if (this.#adopted || subject === undefined || this.#query !== '' || counter === undefined) return;
    this.#adopted = true;
    const { metrics } = this.desk.monitor;
    const selection = { selectors: [counter], signal };
    const labels = await metrics.labelNames(selection);
    const status = statusLabel(labels);
    for (const label of SERVICE_LABELS.filter((each) => labels.includes(each))) {
      const service = matchService(await metrics.labelValues(label, selection), subject.labels, subject.service);
      if (service === undefined) continue;
      const rate = `rate(${counter}{${label}=${JSON.stringify(service)}}[${this.#rateWindow()}])`;
      this.#run(`sum${status === undefined ? '' : ` by (${status})`} (${rate})`);
      return;
    }
  }

  #rateWindow(): string {
    const { startMs, endMs } = this.desk.window();
    return endMs - startMs > 6 * 3_600_000 ? '5m' : '1m';
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
    this.#browser.selected = 0;
    this.#list.selected = 0;
  }

  #browserItems(): readonly BrowserItem[] {
    return this.#names
      .map((name) => ({ name, metadata: this.#metadataOf(name) }))
      .filter(({ name, metadata }) =>
        this.filter.accepts({
          text: `${name} ${metadata?.help ?? ''}`,
          field: (field) => (field === 'type' ? metadata?.type : field === 'help' ? metadata?.help : undefined),
        }),
      );
  }

  /** Metadata stand under the family's name: `x_bucket` is told of as `x`. */
  #metadataOf(name: string): Metadata | undefined {
    return (this.#metadata.get(name) ?? this.#metadata.get(name.replace(/_(bucket|sum|count|total)$/, '')))?.[0];
  }

  #legend() {
    const items = legendItems(this.#series, { hidden: this.#hidden, sort: this.#sort, cursorMs: this.#cursorMs });
    return items.filter((item) =>
      this.filter.accepts({ text: item.name, field: (name) => item.labels.get(name) || undefined }),
    );
  }

  override status(area: Area): Row {
    if (this.#browsing) return row(toned('muted', plural(this.#browserItems().length, 'metric')));
    const step = `step ${formatSpan(stepOf(area.window))}`;
    const shown = this.#total > this.#series.length ? `the first ${this.#series.length} of ` : '';
    return row(toned('muted', `${shown}${plural(this.#total, 'series', 'series')}, ${step}`));
  }

  rows(area: Area): Row[] {
    const { width, height } = area;
    const head = [...queryRows(this.#editor.line, this.#editor.editing, width, area), ...this.#underQuery(width)];
    const rest = { ...area, height: height - head.length };
    return [...head, ...(this.#browsing ? this.#browserRows(rest) : this.#chartRows(rest))];
  }

  #underQuery(width: number): Row[] {
    if (this.#editor.editing) {
      const { candidates, chosen } = this.#editor;
      const word = candidates[Math.max(0, chosen)];
      const metadata = word === undefined ? undefined : this.#metadataOf(word);
      const help = metadata === undefined ? '' : `${metadata.type}: ${metadata.help}`;
      return [candidateRow(candidates, chosen, help, width)];
    }
    if (this.#queryError !== undefined) return queryErrorRows(this.#queryError, this.#query, width);
    return this.#notes.slice(0, 2).map((note) => row(' '.repeat(6), toned('warning', note)));
  }

  #browserRows(area: Area): Row[] {
    const { width, height, theme } = area;
    const items = this.#browserItems();
    if (items.length > 0) {
      const preview = height >= 2.2 * PREVIEW_ROWS ? this.#previewRows(width, area) : [];
      const list = browserRows(items, this.#browser, this.filter.words, { ...area, height: height - preview.length });
      return [...tall(list, height - preview.length), ...preview];
    }
    if (this.error !== undefined && this.#names.length === 0) {
      return errorRows(
        'The metrics cannot be read.',
        this.error,
        'It is tried again by itself; the header shows the state of the source.',
        theme,
        width,
        height,
      );
    }
    if (!this.loaded) return emptyRows('Reading the names of the metrics …', '', width, height);
    return this.#names.length === 0
      ? emptyRows(
          'There are no metrics yet.',
          'They come with the first scrape. View 6 tells how the targets are.',
          width,
          height,
        )
      : emptyRows('No metric passes the filter.', 'Change it with /.', width, height);
  }

  #previewRows(width: number, area: Area): Row[] {
    if (this.#preview === undefined) return [];
    const { expression, series } = this.#preview;
    const title = titleRow('Enter charts it', expressionRow(clean(expression)), width, area.theme);
    const chart =
      series.length === 0
        ? [row(toned('muted', 'no samples in this time range'))]
        : this.#chart(
            series.map((each, i) => ({ ...each, tone: SERIES_TONES[i]! })),
            expression,
            PREVIEW_ROWS - 1,
            area,
          );
    return tall([title, ...chart], PREVIEW_ROWS);
  }

  #chart(series: readonly ChartSeries[], expression: string, height: number, area: Area): Row[] {
    return lineChart(series, {
      width: area.width,
      height,
      startMs: area.window.startMs,
      endMs: area.window.endMs,
      gapMs: stepOf(area.window) * 2.5,
      unit: unitOfExpression(expression),
      theme: area.theme,
      zone: area.zone,
      cursorMs: this.#browsing ? undefined : this.#cursorMs,
    });
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
    const shown = items
      .filter((item) => !item.hidden)
      .map((item) => ({ ...this.#series[item.index]!, tone: item.tone }));
    const chart = this.#chart(shown.reverse(), this.#query, height - legendHeight, area);
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

  override act(action: string): boolean {
    const list = this.#browsing ? this.#browser : this.#list;
    const items = this.#browsing ? this.#browserItems() : this.#legend();
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
        const metric = this.#browsing ? this.#browserItems()[this.#browser.selected] : undefined;
        if (metric) this.#run(queryFor(metric.name, metric.metadata?.type, this.#rateWindow()));
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
    return this.#browsing ? this.#browserItems()[this.#browser.selected]?.name : this.#query;
  }

  override command(): string | undefined {
    if (this.#query === '') return undefined;
    const { startMs, endMs } = this.desk.window();
    const quoted = `'${this.#query.replaceAll("'", `'\\''`)}'`;
    return `watchfire query ${quoted} --start ${Math.round(startMs / 1000)} --end ${Math.round(endMs / 1000)} --step ${stepOf(this.desk.window()) / 1000}s`;
  }
}
