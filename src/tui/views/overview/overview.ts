/** The first screen: what is wrong now, since when, who was told; key figures; errors in logs and traces. */
import type { NotificationRecord } from '../../../alerting/model.ts';
import type { LogRecord } from '../../../logs/record.ts';
import type { TraceSummary } from '../../../traces/trace.ts';
import { type Answer, Asks } from '../../frame/asks.ts';
import { ListState } from '../../frame/list.ts';
import { titleRow } from '../../frame/pane.ts';
import { type Area, Place, type Subject } from '../../frame/place.ts';
import { BLANK, beside, type Part, type Row, row, select, tall, toned } from '../../frame/row.ts';
import { itemRow, layOut } from '../../frame/table.ts';
import type { Scope } from '../../input/bindings.ts';
import { AlertPlace } from '../alerts/alert.ts';
import { explain } from '../alerts/explain.ts';
import { type AlertItem, alertItems, hasAlert, subjectOf } from '../alerts/model.ts';
import { notificationColumns } from '../alerts/notification-rows.ts';
import { alertColumns } from '../alerts/rows.ts';
import { EventsPlace } from '../events/events.ts';
import { LogsPlace } from '../logs/logs.ts';
import { subjectOfRecord } from '../logs/model.ts';
import { logLine } from '../logs/rows.ts';
import { RulesPlace } from '../rules/rules.ts';
import { targetsRow } from '../targets/rows.ts';
import { TargetsPlace } from '../targets/targets.ts';
import { traceColumns } from '../traces/rows.ts';
import { WaterfallPlace } from '../traces/waterfall.ts';
import { type OverviewParts, overviewAsks } from './fetch.ts';
import { failedAndSlow, figureLine, figureRows, offRow, shareHeight, troubleRow } from './rows.ts';
import { sourceStates, type Trouble, troublesOf } from './troubles.ts';

const PANES = ['alerts', 'errors', 'traces', 'told'] as const;
type Pane = (typeof PANES)[number];

/** A source that takes longer is not waited for. */
const PATIENCE_MS = 1000;

export class OverviewPlace extends Place {
  readonly view = 'overview';
  readonly #asks = new Asks<OverviewParts>(PATIENCE_MS, () => this.#land());
  #alerts: readonly AlertItem[] = [];
  #troubles: readonly Trouble[] = [];
  #lists: Record<Pane, ListState> = {
    alerts: new ListState(),
    errors: new ListState(),
    traces: new ListState(),
    told: new ListState(),
  };
  #pane: Pane = 'alerts';

  crumb(): string {
    return 'overview';
  }

  scopes(): readonly Scope[] {
    return ['overview', 'subject', 'list'];
  }

  async fetch(signal: AbortSignal): Promise<void> {
    const window = this.desk.window();
    const { startMs, endMs, live } = window;
    const about = live ? `the last ${endMs - startMs} ms` : `${startMs} to ${endMs}`;
    await this.#asks.ask(about, overviewAsks(this.desk.monitor, window), signal);
  }

  #land(): void {
    const alerts = this.#value('alerts');
    if (alerts !== undefined) this.#alerts = alertItems(alerts).filter(hasAlert);
    this.#troubles = troublesOf(sourceStates(this.desk.monitor), this.#value('targets'), alerts?.groups);
    this.desk.changed();
  }

  /** The newest answer of one source; undefined where there is none, or it failed. */
  #value<K extends keyof OverviewParts>(part: K): OverviewParts[K] | undefined {
    const answer: Answer<OverviewParts[K]> | undefined = this.#asks.answers[part];
    return answer !== undefined && 'value' in answer ? answer.value : undefined;
  }

  override leave(): void {
    this.#asks.close();
  }

  /** Alerts, and after them whatever else is wrong. */
  #wrong(): readonly (AlertItem | Trouble)[] {
    return [...this.#alerts, ...this.#troubles];
  }

  #errors(): readonly LogRecord[] {
    return this.#value('errors')?.toReversed() ?? [];
  }

  #traces(): readonly TraceSummary[] {
    return failedAndSlow(this.#value('traces') ?? []);
  }

  #told(): readonly NotificationRecord[] {
    return this.#value('alerts')?.notifications ?? [];
  }

  #count(pane: Pane): number {
    return { alerts: this.#wrong(), errors: this.#errors(), traces: this.#traces(), told: this.#told() }[pane].length;
  }

  override status(area: Area): Row {
    const targets = this.#value('targets');
    return targets === undefined ? BLANK : targetsRow(targets.active, area.theme);
  }

  rows(area: Area): Row[] {
    const { width, height } = area;
    if (area.zoomed) return this.#paneRows(this.#pane, area, width, height);
    const wide = width >= 118;
    const tallScreen = height >= 30;
    const figures = this.#value('figures') ?? [];
    const alertsWant = 1 + Math.max(1, this.#count('alerts'));
    const alertsLeast = Math.min(alertsWant, Math.max(3, Math.floor(height * 0.34)));
    const told = 1 + Math.max(1, Math.min(wide ? 6 : 4, this.#count('told')));
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
        ...tall(this.#alertPane(area, width, a! - 1), a!),
        ...tall(this.#figurePane(area, width, f! - 1, true), f!),
        ...beside(this.#errorPane(area, left, l!), left, this.#tracePane(area, right, l!), right, l!, row('   ')),
        ...this.#toldPane(area, width, n!),
      ];
    }
    const lines = Math.max(1, Math.min(figures.length, height < 24 ? 3 : 4));
    const wants = [alertsWant, lines, this.#want('errors', 8), this.#want('traces', 6), told];
    const [a, f, l, t, n] = shareHeight(height, wants, [alertsLeast, lines, 3, 3, 2]);
    return [
      ...this.#alertPane(area, width, a!),
      ...tall(this.#figurePane(area, width, f!, false), f!),
      ...this.#errorPane(area, width, l!),
      ...this.#tracePane(area, width, t!),
      ...this.#toldPane(area, width, n!),
    ];
  }

  /** Rows that a pane would like: its title and its items, within a bound. */
  #want(pane: Pane, most: number): number {
    return 1 + Math.max(1, Math.min(most, this.#count(pane)));
  }

  #paneRows(pane: Pane, area: Area, width: number, height: number): Row[] {
    switch (pane) {
      case 'alerts':
        return this.#alertPane(area, width, height);
      case 'errors':
        return this.#errorPane(area, width, height);
      case 'traces':
        return this.#tracePane(area, width, height);
      case 'told':
        return this.#toldPane(area, width, height);
    }
  }

  #title(pane: Pane, title: string, note: Part, width: number, area: Area): Row {
    return titleRow(title, note, width, area.theme, this.#pane === pane);
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
    area: Area,
    draw: (item: T) => Row,
  ): Row[] {
    if (height <= 0) return [];
    const note =
      items.length > height - 1 ? toned('muted', `${Math.min(height - 1, items.length)} of ${items.length}`) : '';
    const head = this.#title(pane, title, note, width, area);
    if (answer !== undefined && 'error' in answer) {
      return tall([head, row(toned('critical', `${area.theme.glyphs.failing} `), answer.error)], height);
    }
    if (items.length === 0)
      return tall([head, answer === undefined ? row(toned('muted', 'asking …')) : nothing], height);
    const list = this.#lists[pane];
    const { from, to } = list.window(items.length, height - 1);
    const rows = items.slice(from, to).map((item, i) => {
      const line = draw(item);
      return this.#pane === pane && from + i === list.selected ? select(line, width) : line;
    });
    return tall([head, ...rows], height);
  }

  #alertPane(area: Area, width: number, height: number): Row[] {
    const { glyphs } = area.theme;
    const laid = layOut(alertColumns(area), this.#alerts, width);
    const fine = row(toned('ok', `${glyphs.ok} Nothing is wrong: `), toned('muted', 'no alert is firing or pending.'));
    const wrong = this.#wrong();
    // Troubles are known even where the alerts are not.
    const answer = wrong.length > 0 ? undefined : this.#asks.answers.alerts;
    return this.#list('alerts', 'Wrong now', wrong, answer, fine, width, height, area, (item) =>
      'what' in item ? troubleRow(item, width, area.theme) : itemRow(laid, item, area.theme),
    );
  }

  #figurePane(area: Area, width: number, height: number, charts: boolean): Row[] {
    const answer = this.#asks.answers.figures;
    if (answer === undefined) return [row(toned('muted', 'asking for key figures …'))];
    if ('error' in answer)
      return [row(toned('critical', `${area.theme.glyphs.failing} no key figures: `), answer.error)];
    const figures = answer.value;
    if (figures.length === 0)
      return [row(toned('muted', 'No request, error or duration metrics were found; 2 shows the metrics there are.'))];
    if (!charts) return figures.slice(0, height).map((figure) => figureLine(figure, width, area));
    const shown = figures.slice(0, width >= 170 ? 4 : 3);
    const each = Math.floor((width - 3 * (shown.length - 1)) / shown.length);
    const blocks = shown.map((figure) => tall(figureRows(figure, each, height, area), height));
    return blocks.reduce((left, right, i) => beside(left, each * i + 3 * (i - 1), right, each, height, row('   ')));
  }

  #errorPane(area: Area, width: number, height: number): Row[] {
    const errors = this.#errors();
    const service = Math.min(14, Math.max(4, ...errors.slice(0, 50).map((record) => record.service.length)));
    const none =
      offRow(this.desk.monitor.logs.state(), area.theme) ??
      row(toned('ok', `${area.theme.glyphs.ok} `), toned('muted', 'no errors in the logs of this time range'));
    return this.#list(
      'errors',
      'Errors in the logs',
      errors,
      this.#asks.answers.errors,
      none,
      width,
      height,
      area,
      (record) => logLine(record, service, [], true, { ...area, width }),
    );
  }

  #tracePane(area: Area, width: number, height: number): Row[] {
    const traces = this.#traces();
    const longest = traces.reduce((most, trace) => Math.max(most, trace.durationUs), 1);
    const columns = traceColumns(area, longest).filter((column) => !['services', 'id', 'spans'].includes(column.id));
    const laid = layOut(columns, traces.slice(0, height), width);
    const none =
      offRow(this.desk.monitor.traces.state(), area.theme) ?? row(toned('muted', 'no traces in this time range'));
    return this.#list(
      'traces',
      'Failed and slow traces',
      traces,
      this.#asks.answers.traces,
      none,
      width,
      height,
      area,
      (trace) => itemRow(laid, trace, area.theme),
    );
  }

  #toldPane(area: Area, width: number, height: number): Row[] {
    const none = row(toned('muted', 'nobody was told anything yet'));
    const laid = layOut(notificationColumns(true, area), this.#told(), width);
    return this.#list('told', 'Told', this.#told(), this.#asks.answers.alerts, none, width, height, area, (record) =>
      itemRow(laid, record, area.theme),
    );
  }

  override act(action: string): boolean {
    if (action === 'next-pane' || action === 'previous-pane') {
      const by = action === 'next-pane' ? 1 : PANES.length - 1;
      this.#pane = PANES[(PANES.indexOf(this.#pane) + by) % PANES.length]!;
      return true;
    }
    if (this.#lists[this.#pane].act(action, this.#count(this.#pane))) return true;
    if (action === 'explain') {
      const item = this.#selectedAlert();
      if (item) explain(this.desk, item);
      return true;
    }
    if (action !== 'open') return false;
    this.#open();
    return true;
  }

  #selectedAlert(): AlertItem | undefined {
    if (this.#pane === 'alerts') {
      const item = this.#wrong()[this.#lists.alerts.selected];
      return item === undefined || 'what' in item ? undefined : item;
    }
    if (this.#pane !== 'told') return undefined;
    const record = this.#told()[this.#lists.told.selected];
    return this.#alerts.find((item) => record?.fingerprints.includes(item.key));
  }

  #open(): void {
    const place = this.#placeOfSelected();
    if (place !== undefined) this.desk.push(place);
    else if (this.#pane === 'told') this.desk.say('The alerts of this notification are over.');
  }

  #placeOfTrouble({ kind }: Trouble): Place {
    if (kind === 'rule') return new RulesPlace(this.desk);
    return kind === 'source' ? new EventsPlace(this.desk) : new TargetsPlace(this.desk);
  }

  #placeOfSelected(): Place | undefined {
    const wrong = this.#pane === 'alerts' ? this.#wrong()[this.#lists.alerts.selected] : undefined;
    if (wrong !== undefined && 'what' in wrong) return this.#placeOfTrouble(wrong);
    const alert = this.#selectedAlert();
    if (alert) return new AlertPlace(this.desk, alert);
    const record = this.#pane === 'errors' ? this.#errors()[this.#lists.errors.selected] : undefined;
    if (record?.traceId !== undefined) return new WaterfallPlace(this.desk, record.traceId);
    if (record) return new LogsPlace(this.desk, subjectOfRecord(record));
    const trace = this.#pane === 'traces' ? this.#traces()[this.#lists.traces.selected] : undefined;
    return trace === undefined ? undefined : new WaterfallPlace(this.desk, trace.traceId);
  }

  override subject(): Subject | undefined {
    const alert = this.#selectedAlert();
    if (alert) return subjectOf(alert, this.desk.nowMs());
    if (this.#pane === 'errors') {
      const record = this.#errors()[this.#lists.errors.selected];
      // The logs around the line, not only those of its trace.
      return record === undefined ? undefined : { ...subjectOfRecord(record) };
    }
    const trace = this.#pane === 'traces' ? this.#traces()[this.#lists.traces.selected] : undefined;
    return trace === undefined
      ? undefined
      : {
          traceId: trace.traceId,
          service: trace.rootService,
          fromMs: trace.startUs / 1000,
          toMs: (trace.startUs + trace.durationUs) / 1000,
        };
  }

  override copyText(): string | undefined {
    const alert = this.#selectedAlert();
    if (alert) return `${alert.name}${alert.labels}`;
    if (this.#pane === 'errors') return this.#errors()[this.#lists.errors.selected]?.raw;
    return this.#traces()[this.#lists.traces.selected]?.traceId;
  }

  override command(): string {
    return 'watchfire alerts';
  }
}
