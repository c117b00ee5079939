/** Those who want what comes from now on: each gets it in batches, and loses the oldest where it falls too far behind. */
import { recordMatcher } from './match-record.ts';
import type { LogQuery, LogRecord } from './record.ts';

interface Follower {
  readonly matches: (record: LogRecord) => boolean;
  waiting: LogRecord[];
  wake: (() => void) | undefined;
}

export class Followers {
  readonly #maxBehind: number;
  readonly #followers = new Set<Follower>();
  #skipped = 0;

  /** `maxBehind`: records that one may fall behind. */
  constructor(maxBehind: number) {
    this.#maxBehind = maxBehind;
  }

  /** Records that were not taken in time, of all followers. */
  get skipped(): number {
    return this.#skipped;
  }

  tell(records: readonly LogRecord[]): void {
    for (const follower of this.#followers) this.#tell(follower, records);
  }

  /** What is told from now on, in batches, until the signal. */
  follow(query: LogQuery, signal: AbortSignal): AsyncIterable<readonly LogRecord[]> {
    const follower: Follower = { matches: recordMatcher(query), waiting: [], wake: undefined };
    if (!signal.aborted) this.#followers.add(follower);
    const stop = (): void => {
      this.#followers.delete(follower);
      follower.wake?.();
    };
    signal.addEventListener('abort', stop, { once: true });
    return this.#batches(follower, signal, stop);
  }

  async *#batches(
    follower: Follower,
    signal: AbortSignal,
    stop: () => void,
  ): AsyncGenerator<readonly LogRecord[], void, undefined> {
    try {
      while (!signal.aborted) {
        if (follower.waiting.length === 0) {
          await new Promise<void>((resolve) => {
            follower.wake = resolve;
          });
          continue;
        }
        const batch = follower.waiting;
        follower.waiting = [];
        yield batch;
      }
    } finally {
      signal.removeEventListener('abort', stop);
      stop();
    }
  }

  #tell(follower: Follower, records: readonly LogRecord[]): void {
    const wanted = records.filter(follower.matches);
    if (wanted.length === 0) return;
    for (const record of wanted) follower.waiting.push(record);
    const over = follower.waiting.length - this.#maxBehind;
    if (over > 0) {
      follower.waiting.splice(0, over);
      this.#skipped += over;
    }
    follower.wake?.();
  }
}
