/** What happened, for a person to read later: a bounded list. */
import type { Clock } from '../config/clock.ts';
import type { MonitorEvent } from './sources.ts';

const KEPT = 500;

export class EventLog {
  readonly #clock: Clock;
  #events: MonitorEvent[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(severity: MonitorEvent['severity'], text: string): void {
    this.#events.push({ atMs: this.#clock.nowMs(), severity, text });
    if (this.#events.length > KEPT) this.#events = this.#events.slice(-KEPT);
  }

  /** Newest last. */
  all(): readonly MonitorEvent[] {
    return this.#events;
  }
}
