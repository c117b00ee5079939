/** The state of a source as its last calls show it: live, slow, or failing with the reason in words. */
import type { Clock } from '../config/clock.ts';
import type { SourceState } from './sources.ts';

/** An answer that takes longer than this makes its source `slow`. */
const SLOW_MS = 2000;

export class SourceHealth {
  readonly #clock: Clock;
  #state: SourceState;

  constructor(endpoint: string, clock: Clock) {
    this.#clock = clock;
    this.#state = { kind: 'live', endpoint, sinceMs: clock.nowMs() };
  }

  state(): SourceState {
    return this.#state;
  }

  /** Runs the call and takes its outcome and latency as the source's state; a call that the caller cancelled says nothing. */
  async watch<T>(call: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const startedMs = this.#clock.nowMs();
    try {
      const answer = await call();
      const latencyMs = this.#clock.nowMs() - startedMs;
      if (latencyMs > SLOW_MS)
        this.#enter({ kind: 'slow', latencyMs, reason: `answers take ${(latencyMs / 1000).toFixed(1)} s` });
      else this.#enter({ kind: 'live', latencyMs });
      return answer;
    } catch (error) {
      if (!signal?.aborted) this.failed(error instanceof Error ? error.message : String(error));
      throw error;
    }
  }

  failed(reason: string, nextTryMs?: number): void {
    this.#enter({ kind: 'failing', reason, nextTryMs });
  }

  #enter(next: Pick<SourceState, 'kind' | 'reason' | 'nextTryMs' | 'latencyMs'>): void {
    const sinceMs = next.kind === this.#state.kind ? this.#state.sinceMs : this.#clock.nowMs();
    this.#state = { ...next, endpoint: this.#state.endpoint, sinceMs };
  }
}
