/** What happened, for a person to read later: a bounded list. */
import type { Clock } from '../config/clock.ts';
import type { MonitorEvent } from './sources.ts';

const KEPT = 500;

export class EventLog {
  readonly #clock: Clock;
  #events: readonly MonitorEvent[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(severity: MonitorEvent['severity'], text: string): void {
    // A new list each time: whoever holds the one before can tell what is new.
    this.#events = [...this.#events.slice(1 - KEPT), { atMs: this.#clock.nowMs(), severity, text }];
  }

  /** Newest last. */
  all(): readonly MonitorEvent[] {
    return this.#events;
  }
}
