/** The panes of the overview as rows: what is wrong, key figures, errors, traces, who was told; they share the screen by what they hold. */
import type { Monitor } from '../../../monitor/sources.ts';
import type { Answer } from '../../frame/asks.ts';
import { titleRow } from '../../frame/pane.ts';
import type { Area } from '../../frame/place.ts';
import { beside, type Part, type Row, row, select, tall, toned } from '../../frame/row.ts';
import { itemRow, layOut } from '../../frame/table.ts';
import { notificationColumns } from '../alerts/notification-rows.ts';
import { alertColumns } from '../alerts/rows.ts';
import { logLine } from '../logs/rows.ts';
import { traceColumns } from '../traces/rows.ts';
import type { OverviewModel, Pane } from './model.ts';
import { figureLine, figureRows, offRow, shareHeight, troubleRow } from './rows.ts';

export function overviewRows(model: OverviewModel, monitor: Monitor, area: Area): Row[] {
  return new Panes(model, monitor, area).rows();
}

/** One drawing of them. */
class Panes {
  readonly #model: OverviewModel;
  readonly #monitor: Monitor;
  readonly #area: Area;

  constructor(model: OverviewModel, monitor: Monitor, area: Area) {
    this.#model = model;
    this.#monitor = monitor;
    this.#area = area;
  }

  rows(): Row[] {
    const { width, height } = this.#area;
    if (this.#area.zoomed) return this.#paneRows(this.#model.pane, width, height);
    const wide = width >= 118;
    const tallScreen = height >= 30;
    const figures = this.#model.value('figures') ?? [];
    const alertsWant = 1 + Math.max(1, this.#model.count('alerts'));
    const alertsLeast = Math.min(alertsWant, Math.max(3, Math.floor(height * 0.34)));
    const told = 1 + Math.max(1, Math.min(wide ? 6 : 4, this.#model.count('told')));
    if (wide) {
      const charts = figures.length === 0 ? 1 : tallScreen ? Math.min(11, Math.floor(height * 0.26)) : 7;
      const [a, f, l, n] = shareHeight(
        height,
        [alertsWant + 1, charts + 1, height, told],
        [alertsLeast + 1, charts + 1, 4, 3],
      );
      const left = Math.floor((width - 3) / 2);
      const right = width - 3 - left;
      return [
        ...tall(this.#alertPane(width, a! - 1), a!),
        ...tall(this.#figurePane(width, f! - 1, true), f!),
        ...beside(this.#errorPane(left, l!), left, this.#tracePane(right, l!), right, l!, row('   ')),
        ...this.#toldPane(width, n!),
      ];
    }
    const lines = Math.max(1, Math.min(figures.length, height < 24 ? 3 : 4));
    const wants = [alertsWant, lines, this.#want('errors', 8), this.#want('traces', 6), told];
    const [a, f, l, t, n] = shareHeight(height, wants, [alertsLeast, lines, 3, 3, 2]);
    return [
      ...this.#alertPane(width, a!),
      ...tall(this.#figurePane(width, f!, false), f!),
      ...this.#errorPane(width, l!),
      ...this.#tracePane(width, t!),
      ...this.#toldPane(width, n!),
    ];
  }

  /** Rows that a pane would like: its title and its items, within a bound. */
  #want(pane: Pane, most: number): number {
    return 1 + Math.max(1, Math.min(most, this.#model.count(pane)));
  }

  #paneRows(pane: Pane, width: number, height: number): Row[] {
    switch (pane) {
      case 'alerts':
        return this.#alertPane(width, height);
      case 'errors':
        return this.#errorPane(width, height);
      case 'traces':
        return this.#tracePane(width, height);
      case 'told':
        return this.#toldPane(width, height);
    }
  }

  #title(pane: Pane, title: string, note: Part, width: number): Row {
    return titleRow(title, note, width, this.#area.theme, this.#model.pane === pane);
  }

  /** The title, and the visible items of a pane drawn one by one; or the sentence where there are none. */
  #list<T>(
    pane: Pane,
    title: string,
    items: readonly T[],
    answer: Answer<unknown> | undefined,
    nothing: Row,
    width: number,
    height: number,
    draw: (item: T) => Row,
  ): Row[] {
    if (height <= 0) return [];
    const note =
      items.length > height - 1 ? toned('muted', `${Math.min(height - 1, items.length)} of ${items.length}`) : '';
    const head = this.#title(pane, title, note, width);
    if (answer !== undefined && 'error' in answer) {
      return tall([head, row(toned('critical', `${this.#area.theme.glyphs.failing} `), answer.error)], height);
    }
    if (items.length === 0)
      return tall([head, answer === undefined ? row(toned('muted', 'asking …')) : nothing], height);
    const list = this.#model.lists[pane];
    const { from, to } = list.window(items.length, height - 1);
    const rows = items.slice(from, to).map((item, i) => {
      const line = draw(item);
      return this.#model.pane === pane && from + i === list.selected ? select(line, width) : line;
    });
    return tall([head, ...rows], height);
  }

  #alertPane(width: number, height: number): Row[] {
    const { glyphs } = this.#area.theme;
    const laid = layOut(alertColumns(this.#area), this.#model.alerts, width);
    const fine = row(toned('ok', `${glyphs.ok} Nothing is wrong: `), toned('muted', 'no alert is firing or pending.'));
    const wrong = this.#model.wrong();
    // Troubles are known even where the alerts are not.
    const answer = wrong.length > 0 ? undefined : this.#model.answers.alerts;
    return this.#list('alerts', 'Wrong now', wrong, answer, fine, width, height, (item) =>
      'what' in item ? troubleRow(item, width, this.#area.theme) : itemRow(laid, item, this.#area.theme),
    );
  }

  #figurePane(width: number, height: number, charts: boolean): Row[] {
    const answer = this.#model.answers.figures;
    if (answer === undefined) return [row(toned('muted', 'asking for key figures …'))];
    if ('error' in answer)
      return [row(toned('critical', `${this.#area.theme.glyphs.failing} no key figures: `), answer.error)];
    const figures = answer.value;
    if (figures.length === 0)
      return [row(toned('muted', 'No request, error or duration metrics were found; 2 shows the metrics there are.'))];
    if (!charts) return figures.slice(0, height).map((figure) => figureLine(figure, width, this.#area));
    const shown = figures.slice(0, width >= 170 ? 4 : 3);
    const each = Math.floor((width - 3 * (shown.length - 1)) / shown.length);
    const blocks = shown.map((figure) => tall(figureRows(figure, each, height, this.#area), height));
    return blocks.reduce((left, right, i) => beside(left, each * i + 3 * (i - 1), right, each, height, row('   ')));
  }

  #errorPane(width: number, height: number): Row[] {
    const errors = this.#model.errors();
    const service = Math.min(14, Math.max(4, ...errors.slice(0, 50).map((record) => record.service.length)));
    const none =
      offRow(this.#monitor.logs.state(), this.#area.theme) ??
      row(toned('ok', `${this.#area.theme.glyphs.ok} `), toned('muted', 'no errors in the logs of this time range'));
    return this.#list(
      'errors',
      'Errors in the logs',
      errors,
      this.#model.answers.errors,
      none,
      width,
      height,
      (record) => logLine(record, service, [], true, { ...this.#area, width }),
    );
  }

  #tracePane(width: number, height: number): Row[] {
    const traces = this.#model.traces();
    const longest = traces.reduce((most, trace) => Math.max(most, trace.durationUs), 1);
    const columns = traceColumns(this.#area, longest).filter(
      (column) => !['services', 'id', 'spans'].includes(column.id),
    );
    const laid = layOut(columns, traces.slice(0, height), width);
    const none =
      offRow(this.#monitor.traces.state(), this.#area.theme) ?? row(toned('muted', 'no traces in this time range'));
    return this.#list(
      'traces',
      'Failed and slow traces',
      traces,
      this.#model.answers.traces,
      none,
      width,
      height,
      (trace) => itemRow(laid, trace, this.#area.theme),
    );
  }

  #toldPane(width: number, height: number): Row[] {
    const none = row(toned('muted', 'nobody was told anything yet'));
    const laid = layOut(notificationColumns(true, this.#area), this.#model.told(), width);
    return this.#list('told', 'Told', this.#model.told(), this.#model.answers.alerts, none, width, height, (record) =>
      itemRow(laid, record, this.#area.theme),
    );
  }
}
