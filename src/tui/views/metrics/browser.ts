/** The metrics there are, with type and help, and a preview of the selected one. */
import type { Metadata } from '../../../exposition/exemplar.ts';
import type { RangeSeries } from '../../../promql/result.ts';
import { expressionRow } from '../../expression/highlight.ts';
import type { Filter } from '../../frame/filter.ts';
import { ListState } from '../../frame/list.ts';
import { emptyRows, errorRows, titleRow } from '../../frame/pane.ts';
import type { Area, Desk } from '../../frame/place.ts';
import { type Row, row, tall, toned } from '../../frame/row.ts';
import { clean } from '../../sanitise.ts';
import { SERIES_TONES } from '../../theme.ts';
import { fetchSeries, rateWindow } from './fetch.ts';
import { queryFor } from './model.ts';
import { type BrowserItem, browserRows, seriesChart } from './rows.ts';

const NAMES_FOR_MS = 10_000;
const PREVIEW_ROWS = 11;

export class MetricBrowser {
  readonly list = new ListState();
  names: readonly string[] = [];
  #desk: Desk;
  #readMs = 0;
  #metadata: ReadonlyMap<string, readonly Metadata[]> = new Map();
  #preview: { readonly expression: string; readonly series: readonly RangeSeries[] } | undefined;

  constructor(desk: Desk) {
    this.#desk = desk;
  }

  /** Reads the names where those at hand are old. */
  async fetchNames(signal: AbortSignal): Promise<void> {
    if (this.names.length > 0 && this.#desk.nowMs() - this.#readMs < NAMES_FOR_MS) return;
    const { metrics } = this.#desk.monitor;
    this.names = await metrics.labelValues('__name__', { selectors: [], signal });
    this.#metadata = await metrics.metadata({});
    this.#readMs = this.#desk.nowMs();
  }

  async fetchPreview(filter: Filter, signal: AbortSignal): Promise<void> {
    const expression = this.query(filter);
    if (expression === undefined) return;
    try {
      const { series } = await fetchSeries(this.#desk.monitor.metrics, expression, this.#desk.window(), signal);
      if (!signal.aborted) this.#preview = { expression, series: series.slice(0, SERIES_TONES.length) };
    } catch {
      // The preview is an offer: Enter runs the query and tells what is wrong with it.
      if (!signal.aborted) this.#preview = { expression, series: [] };
    }
  }

  items(filter: Filter): readonly BrowserItem[] {
    return this.names
      .map((name) => ({ name, metadata: this.metadataOf(name) }))
      .filter(({ name, metadata }) =>
        filter.accepts({
          text: `${name} ${metadata?.help ?? ''}`,
          field: (field) => (field === 'type' ? metadata?.type : field === 'help' ? metadata?.help : undefined),
        }),
      );
  }

  /** Metadata stand under the family's name: `x_bucket` is told of as `x`. */
  metadataOf(name: string): Metadata | undefined {
    return (this.#metadata.get(name) ?? this.#metadata.get(name.replace(/_(bucket|sum|count|total)$/, '')))?.[0];
  }

  selected(filter: Filter): BrowserItem | undefined {
    return this.items(filter)[this.list.selected];
  }

  /** What shows the selected metric best. */
  query(filter: Filter): string | undefined {
    const metric = this.selected(filter);
    return metric === undefined
      ? undefined
      : queryFor(metric.name, metric.metadata?.type, rateWindow(this.#desk.window()));
  }

  rows(filter: Filter, loaded: boolean, error: string | undefined, area: Area): Row[] {
    const { width, height, theme } = area;
    const items = this.items(filter);
    if (items.length > 0) {
      const preview = height >= 2.2 * PREVIEW_ROWS ? this.#previewRows(area) : [];
      const list = browserRows(items, this.list, filter.words, { ...area, height: height - preview.length });
      return [...tall(list, height - preview.length), ...preview];
    }
    if (this.names.length > 0) return emptyRows('No metric passes the filter.', 'Change it with /.', width, height);
    if (error !== undefined) {
      const advice = 'It is tried again by itself; the header shows the state of the source.';
      return errorRows('The metrics cannot be read.', error, advice, theme, width, height);
    }
    if (!loaded) return emptyRows('Reading the names of the metrics …', '', width, height);
    return emptyRows(
      'There are no metrics yet.',
      'They come with the first scrape. View 6 tells how the targets are.',
      width,
      height,
    );
  }

  #previewRows(area: Area): Row[] {
    if (this.#preview === undefined) return [];
    const { expression, series } = this.#preview;
    const title = titleRow('Enter charts it', expressionRow(clean(expression)), area.width, area.theme);
    const toneOfSeries = series.map((each, i) => ({ ...each, tone: SERIES_TONES[i]! }));
    const chart =
      series.length === 0
        ? [row(toned('muted', 'no samples in this time range'))]
        : seriesChart(toneOfSeries, expression, PREVIEW_ROWS - 1, undefined, area);
    return tall([title, ...chart], PREVIEW_ROWS);
  }
}
