/** Taking a changed configuration over while everything runs: one reload after the other, and how the last one went. */
import type { Clock } from '../config/clock.ts';
import type { EventLog } from './events.ts';

/** How reading the configuration last went; at first, when it was read to begin with. */
export interface Reload {
  readonly ok: boolean;
  readonly atMs: number;
  /** When one was last taken over. */
  readonly succeededAtMs: number;
}

export class Reloading {
  readonly #clock: Clock;
  readonly #events: EventLog;
  readonly #takeOver: () => Promise<readonly string[]>;
  #running: Promise<void> = Promise.resolve();
  #last: Reload;

  /** `takeOver` reads the configuration and applies it, and gives the warnings about it; where it rejects, the one before stays. */
  constructor(clock: Clock, events: EventLog, takeOver: () => Promise<readonly string[]>) {
    this.#clock = clock;
    this.#events = events;
    this.#takeOver = takeOver;
    this.#last = { ok: true, atMs: clock.nowMs(), succeededAtMs: clock.nowMs() };
  }

  get last(): Reload {
    return this.#last;
  }

  /** Waits for the reloads before it: two at a time could leave half of each. Rejects with what `takeOver` rejects with. */
  reload(): Promise<void> {
    const mine = this.#running.then(() => this.#reloadNow());
    this.#running = mine.catch(() => undefined);
    return mine;
  }

  async #reloadNow(): Promise<void> {
    try {
      const warnings = await this.#takeOver();
      const nowMs = this.#clock.nowMs();
      this.#last = { ok: true, atMs: nowMs, succeededAtMs: nowMs };
      for (const warning of warnings) this.#events.add('warning', warning);
      this.#events.add('info', 'the configuration was read again');
    } catch (error) {
      this.#last = { ...this.#last, ok: false, atMs: this.#clock.nowMs() };
      this.#events.add(
        'error',
        `the configuration was not taken over, the one before stays: ${error instanceof Error ? error.message : String(error)}`,
      );
      throw error;
    }
  }
}
