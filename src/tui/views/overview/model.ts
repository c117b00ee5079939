/** What the overview has to show: the newest answers, what each pane makes of them, and what is selected. */
import type { NotificationRecord } from '../../../alerting/model.ts';
import type { LogRecord } from '../../../logs/record.ts';
import type { Monitor } from '../../../monitor/sources.ts';
import type { TraceSummary } from '../../../traces/trace.ts';
import type { Answers } from '../../frame/asks.ts';
import { ListState } from '../../frame/list.ts';
import { type AlertItem, alertItems, hasAlert, routedPrint } from '../alerts/model.ts';
import type { OverviewParts } from './fetch.ts';
import { sourceStates, type Trouble, troublesOf } from './troubles.ts';

/** Those that have a selection, in the order of Tab. */
const PANES = ['alerts', 'errors', 'traces', 'told'] as const;
export type Pane = (typeof PANES)[number];

export class OverviewModel {
  answers: Answers<OverviewParts> = {};
  readonly lists: Readonly<Record<Pane, ListState>> = {
    alerts: new ListState(),
    errors: new ListState(),
    traces: new ListState(),
    told: new ListState(),
  };
  /** The one that has the keys. */
  pane: Pane = 'alerts';
  /** Those that are not inactive. */
  alerts: readonly AlertItem[] = [];
  #troubles: readonly Trouble[] = [];

  /** Answers that came in; alerts that were known stay where their source fails. */
  take(answers: Answers<OverviewParts>, monitor: Monitor): void {
    this.answers = answers;
    const alerts = this.value('alerts');
    if (alerts !== undefined) this.alerts = alertItems(alerts).filter(hasAlert);
    this.#troubles = troublesOf(sourceStates(monitor), this.value('targets'), alerts?.groups);
  }

  /** The newest answer of one source; undefined where there is none, or it failed. */
  value<K extends keyof OverviewParts>(part: K): OverviewParts[K] | undefined {
    const answer: Answers<OverviewParts>[K] | undefined = this.answers[part];
    return answer !== undefined && 'value' in answer ? answer.value : undefined;
  }

  /** Alerts, and after them whatever else is wrong. */
  wrong(): readonly (AlertItem | Trouble)[] {
    return [...this.alerts, ...this.#troubles];
  }

  /** The newest first. */
  errors(): readonly LogRecord[] {
    return this.value('errors')?.toReversed() ?? [];
  }

  traces(): readonly TraceSummary[] {
    return failedAndSlow(this.value('traces') ?? []);
  }

  told(): readonly NotificationRecord[] {
    return this.value('alerts')?.notifications ?? [];
  }

  count(pane: Pane): number {
    return { alerts: this.wrong(), errors: this.errors(), traces: this.traces(), told: this.told() }[pane].length;
  }

  turnPane(by: number): void {
    this.pane = PANES[(PANES.indexOf(this.pane) + by + PANES.length) % PANES.length]!;
  }

  /** The alert itself, or the one that was told of; undefined where it is over by now. */
  selectedAlert(): AlertItem | undefined {
    if (this.pane === 'alerts') {
      const item = this.#selected('alerts', this.wrong());
      return item === undefined || 'what' in item ? undefined : item;
    }
    const record = this.#selected('told', this.told());
    return record && this.alerts.find((item) => record.fingerprints.includes(routedPrint(item)));
  }

  selectedTrouble(): Trouble | undefined {
    const item = this.#selected('alerts', this.wrong());
    return item !== undefined && 'what' in item ? item : undefined;
  }

  selectedError(): LogRecord | undefined {
    return this.#selected('errors', this.errors());
  }

  selectedTrace(): TraceSummary | undefined {
    return this.#selected('traces', this.traces());
  }

  #selected<T>(pane: Pane, items: readonly T[]): T | undefined {
    return this.pane === pane ? items[this.lists[pane].selected] : undefined;
  }
}

/** Failed ones first, the newest first; then the slowest. */
function failedAndSlow(traces: readonly TraceSummary[]): readonly TraceSummary[] {
  const failed = traces.filter((trace) => trace.errorCount > 0).sort((a, b) => b.startUs - a.startUs);
  const slow = traces.filter((trace) => trace.errorCount === 0).sort((a, b) => b.durationUs - a.durationUs);
  return [...failed.slice(0, 20), ...slow.slice(0, 30)];
}
