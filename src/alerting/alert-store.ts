/** All alerts that are known, newest state of each; kept over a restart. */
import type { Clock } from '../config/clock.ts';
import { fingerprint } from '../labels/fingerprint.ts';
import { Labels } from '../labels/labels.ts';
import { isResolved, mergeAlert, type StoredAlert } from './alert.ts';
import type { Journal } from './journal.ts';
import type { PostableAlert } from './model.ts';
import type { StateDirectory } from './state-directory.ts';

export class AlertStore {
  readonly #clock: Clock;
  readonly #journal: Journal | undefined;
  readonly #alerts = new Map<string, StoredAlert>();

  /** `graceMs`: how long an alert that fired when the process ended is believed to fire on, until its source says more. */
  constructor(clock: Clock, state: StateDirectory, graceMs: number) {
    this.#clock = clock;
    const { journal, entries } = state.open('alerts.log', 'alerts', () =>
      [...this.#alerts].map(([key, alert]) => [key, stored(alert)] as const),
    );
    this.#journal = journal;
    const nowMs = clock.nowMs();
    for (const [key, value] of entries) {
      const alert = restored(key, value);
      // Its end passed while nobody was here to hear of a later one: that is no news of its being resolved.
      const unheard = alert.endsAtMs > alert.updatedAtMs && alert.endsAtMs <= nowMs;
      this.#alerts.set(key, unheard ? { ...alert, endsAtMs: nowMs + graceMs, timeout: true } : alert);
    }
  }

  /** Takes reports in, each merged with what is known, and gives the result. */
  put(reports: readonly PostableAlert[], resolveTimeoutMs: number): readonly StoredAlert[] {
    const nowMs = this.#clock.nowMs();
    const alerts = reports.map((report) => {
      const alert = this.#merged(reported(report, nowMs, resolveTimeoutMs), nowMs);
      this.#alerts.set(alert.fingerprint, alert);
      return alert;
    });
    this.#journal?.putAll(alerts.map((alert) => [alert.fingerprint, stored(alert)]));
    return alerts;
  }

  /** Resolves once everything put so far is on the disk. */
  async sync(): Promise<void> {
    await this.#journal?.sync();
  }

  all(): Iterable<StoredAlert> {
    return this.#alerts.values();
  }

  get(alertFingerprint: string): StoredAlert | undefined {
    return this.#alerts.get(alertFingerprint);
  }

  /** Forgets resolved alerts but for those that are still to be notified of. */
  collect(awaited: ReadonlySet<string>): void {
    const nowMs = this.#clock.nowMs();
    for (const [key, alert] of this.#alerts) {
      if (!isResolved(alert, nowMs) || awaited.has(key)) continue;
      this.#alerts.delete(key);
      this.#journal?.put(key, undefined);
    }
  }

  #merged(alert: StoredAlert, nowMs: number): StoredAlert {
    const known = this.#alerts.get(alert.fingerprint);
    return known === undefined ? alert : mergeAlert(known, alert, nowMs);
  }
}

function reported(report: PostableAlert, nowMs: number, resolveTimeoutMs: number): StoredAlert {
  return {
    fingerprint: fingerprint(report.labels),
    labels: report.labels,
    annotations: report.annotations,
    startsAtMs: report.startsAtMs ?? report.endsAtMs ?? nowMs,
    endsAtMs: report.endsAtMs ?? nowMs + resolveTimeoutMs,
    updatedAtMs: nowMs,
    generatorUrl: report.generatorUrl,
    timeout: report.endsAtMs === undefined,
  };
}

function stored({ fingerprint: _, ...alert }: StoredAlert): unknown {
  return alert;
}

/** What `stored` gave; the file's checksum has been verified. */
function restored(key: string, value: unknown): StoredAlert {
  const alert = value as Omit<StoredAlert, 'labels' | 'annotations' | 'fingerprint'> & {
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  return {
    ...alert,
    fingerprint: key,
    labels: Labels.of(alert.labels),
    annotations: Labels.annotations(alert.annotations),
  };
}
