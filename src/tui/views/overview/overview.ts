/** The first screen: what is wrong now, since when, who was told; key figures; errors in logs and traces. */
import { Asks } from '../../frame/asks.ts';
import { type Area, Place, type Subject } from '../../frame/place.ts';
import { BLANK, type Row } from '../../frame/row.ts';
import type { Scope } from '../../input/bindings.ts';
import { AlertPlace } from '../alerts/alert.ts';
import { explain } from '../alerts/explain.ts';
import { subjectOf } from '../alerts/model.ts';
import { EventsPlace } from '../events/events.ts';
import { LogsPlace } from '../logs/logs.ts';
import { subjectOfRecord } from '../logs/model.ts';
import { RulesPlace } from '../rules/rules.ts';
import { targetsRow } from '../targets/rows.ts';
import { TargetsPlace } from '../targets/targets.ts';
import { WaterfallPlace } from '../traces/waterfall.ts';
import { type OverviewParts, overviewAsks } from './fetch.ts';
import { OverviewModel } from './model.ts';
import { overviewRows } from './panes.ts';
import type { Trouble } from './troubles.ts';

/** A source that takes longer is not waited for. */
const PATIENCE_MS = 1000;

export class OverviewPlace extends Place {
  readonly view = 'overview';
  override filters = false;
  readonly #asks = new Asks<OverviewParts>(PATIENCE_MS, () => this.#land());
  readonly #model = new OverviewModel();

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
    this.#model.take(this.#asks.answers, this.desk.monitor);
    this.desk.changed();
  }

  override leave(): void {
    this.#asks.close();
  }

  override status(area: Area): Row {
    const targets = this.#model.value('targets');
    return targets === undefined ? BLANK : targetsRow(targets.active, area.theme);
  }

  rows(area: Area): Row[] {
    return overviewRows(this.#model, this.desk.monitor, area);
  }

  override act(action: string): boolean {
    const { pane, lists } = this.#model;
    if (action === 'next-pane' || action === 'previous-pane') {
      this.#model.turnPane(action === 'next-pane' ? 1 : -1);
      return true;
    }
    if (lists[pane].act(action, this.#model.count(pane))) return true;
    if (action === 'explain') {
      const item = this.#model.selectedAlert();
      if (item) explain(this.desk, item);
      else this.desk.say('Select an alert to explain it; Tab goes to the next pane.');
      return true;
    }
    if (action !== 'open') return false;
    const place = this.#placeOfSelected();
    if (place !== undefined) this.desk.push(place);
    else if (this.#model.count(pane) === 0) this.desk.say('There is nothing to open here; Tab goes to the next pane.');
    else if (pane === 'told') this.desk.say('The alerts of this notification are over.');
    return true;
  }

  #placeOfSelected(): Place | undefined {
    const trouble = this.#model.selectedTrouble();
    if (trouble) return this.#placeOfTrouble(trouble);
    const alert = this.#model.selectedAlert();
    if (alert) return new AlertPlace(this.desk, alert);
    const record = this.#model.selectedError();
    if (record?.traceId !== undefined) return new WaterfallPlace(this.desk, record.traceId);
    if (record) return new LogsPlace(this.desk, subjectOfRecord(record));
    const trace = this.#model.selectedTrace();
    return trace && new WaterfallPlace(this.desk, trace.traceId);
  }

  #placeOfTrouble({ kind }: Trouble): Place {
    if (kind === 'rule') return new RulesPlace(this.desk);
    return kind === 'source' ? new EventsPlace(this.desk) : new TargetsPlace(this.desk);
  }

  override subject(): Subject | undefined {
    const alert = this.#model.selectedAlert();
    if (alert) return subjectOf(alert, this.desk.nowMs());
    const record = this.#model.selectedError();
    if (record) return subjectOfRecord(record);
    const trace = this.#model.selectedTrace();
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
    const alert = this.#model.selectedAlert();
    if (alert) return `${alert.name}${alert.labels}`;
    const trouble = this.#model.selectedTrouble();
    if (trouble) return `${trouble.what}: ${trouble.why}`;
    return this.#model.selectedError()?.raw ?? this.#model.selectedTrace()?.traceId;
  }

  override command(): string {
    return 'watchfire alerts';
  }
}
