/** The waits between attempts: exponential with jitter, as Alertmanager's retry stage has them. */
import type { Clock } from '../config/clock.ts';

const FIRST_MS = 500;
const FACTOR = 1.5;
const JITTER = 0.5;
const LONGEST_MS = 60_000;

export class RetryBackOff {
  readonly #random: () => number;
  #intervalMs = FIRST_MS;

  /** `random` gives numbers in [0, 1). */
  constructor(random: () => number) {
    this.#random = random;
  }

  /** From the start of an attempt to the start of the next. */
  nextMs(): number {
    const spread = JITTER * this.#intervalMs;
    const waitMs = this.#intervalMs - spread + this.#random() * (2 * spread + 1);
    this.#intervalMs = Math.min(this.#intervalMs * FACTOR, LONGEST_MS);
    return waitMs;
  }
}

/** Resolves after the delay, or as soon as the signal is aborted. */
export function sleep(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = clock.after(delayMs, finish);
    signal.addEventListener('abort', finish);
  });
}
