/** Time as engines see it: handed in, so that a test of twelve hours takes a millisecond. */

export interface Timer {
  cancel(): void;
}

export interface Clock {
  /** Unix time in milliseconds. */
  nowMs(): number;
  /** Calls back once after `delayMs` (delays beyond 2^31 ms included); does not keep the process alive by itself. */
  after(delayMs: number, callback: () => void): Timer;
}

const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  after(delayMs, callback) {
    let left = delayMs;
    let handle: NodeJS.Timeout;
    const arm = (): void => {
      const step = Math.min(Math.max(left, 0), LONGEST_TIMEOUT_MS);
      left -= step;
      handle = setTimeout(left > 0 ? arm : callback, step);
      handle.unref();
    };
    arm();
    return { cancel: () => clearTimeout(handle) };
  },
};

/** A clock that moves only when told to; timers fire in the order of their due time. */
export class ManualClock implements Clock {
  #nowMs: number;
  #timers: { dueMs: number; sequence: number; callback: () => void }[] = [];
  #sequence = 0;

  constructor(nowMs = 0) {
    this.#nowMs = nowMs;
  }

  nowMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, callback: () => void): Timer {
    const timer = { dueMs: this.#nowMs + Math.max(0, delayMs), sequence: this.#sequence++, callback };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((each) => each !== timer);
      },
    };
  }

  /** When the next timer is due; undefined where none waits. */
  nextDueMs(): number | undefined {
    return this.#timers.length === 0 ? undefined : Math.min(...this.#timers.map((timer) => timer.dueMs));
  }

  /** Moves to `untilMs`, firing each timer at its due time and letting pending promises run between two. */
  async advanceTo(untilMs: number): Promise<void> {
    await settle();
    for (;;) {
      const next = this.#timers
        .filter((timer) => timer.dueMs <= untilMs)
        .sort((a, b) => a.dueMs - b.dueMs || a.sequence - b.sequence)[0];
      if (next === undefined) break;
      this.#timers = this.#timers.filter((each) => each !== next);
      this.#nowMs = Math.max(this.#nowMs, next.dueMs);
      next.callback();
      await settle();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }

  advance(byMs: number): Promise<void> {
    return this.advanceTo(this.#nowMs + byMs);
  }
}

function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
