/** What an evaluation may use: samples in memory, time, and turns of the event loop. */
import { setImmediate } from 'node:timers';
import type { Clock } from '../../config/clock.ts';
import { QueryError } from '../result.ts';

/** Points computed between two turns: some milliseconds of work. */
const POINTS_BETWEEN_TURNS = 400_000;

export class Budget {
  readonly #maxSamples: number;
  readonly #clock: Clock;
  readonly #deadlineMs: number;
  readonly #signal: AbortSignal | undefined;
  #sinceTurn = 0;
  #live = 0;
  /** Samples read from the storage so far. */
  read = 0;

  constructor(maxSamples: number, clock: Clock, timeoutMs: number, signal: AbortSignal | undefined) {
    this.#maxSamples = maxSamples;
    this.#clock = clock;
    this.#deadlineMs = timeoutMs > 0 ? clock.nowMs() + timeoutMs : Number.NEGATIVE_INFINITY;
    this.#signal = signal;
  }

  /** Points in memory now. */
  get live(): number {
    return this.#live;
  }

  /** Takes points into account as they come to be. Throws QueryError beyond the limit. */
  add(points: number): void {
    this.#live += points;
    if (this.#live > this.#maxSamples) {
      throw new QueryError('execution', 'query processing would load too many samples into memory in query execution');
    }
  }

  /** Back to a former `live`, plus what remains. */
  settle(before: number, remaining: number): void {
    this.#live = before + remaining;
  }

  /** Whether `turn` is due after this much more work. */
  worked(points: number): boolean {
    this.#sinceTurn += points;
    return this.#sinceTurn >= POINTS_BETWEEN_TURNS;
  }

  /** Lets other work run. Throws QueryError where the query was cancelled or took too long. */
  async turn(): Promise<void> {
    this.#sinceTurn = 0;
    this.check();
    await new Promise<void>((resolve) => {
      setImmediate(resolve);
    });
    this.check();
  }

  check(): void {
    if (this.#signal?.aborted) {
      throw new QueryError('canceled', 'query was canceled in expression evaluation');
    }
    if (this.#clock.nowMs() > this.#deadlineMs) {
      throw new QueryError('timeout', 'query timed out in expression evaluation');
    }
  }
}
