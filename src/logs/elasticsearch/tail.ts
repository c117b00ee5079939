/** Follows an index by asking for what is new, with a look back for records that arrive late. */
import type { Clock } from '../../config/clock.ts';
import type { LogRecord } from '../record.ts';
import type { SourceHealth } from '../source-health.ts';
import type { Hit, HitsAnswer } from './pages.ts';

export interface TailOptions {
  readonly clock: Clock;
  readonly health: SourceHealth;
  readonly signal: AbortSignal;
  readonly pollMs: number;
  read(range: { readonly startMs: number }, limit: number): Promise<HitsAnswer>;
  record(hit: Hit): LogRecord;
}

/** An index shows a record a second or more after it came, and shippers are later still. */
const LOOK_BACK_MS = 15_000;
/** Now and then a longer look, for those that are very late. */
const LONG_LOOK_BACK_MS = 180_000;
const LONG_LOOK_EVERY = 10;
const MOST_A_LOOK = 5000;
const LONGEST_PAUSE_MS = 60_000;

/**
 * Batches of records that were not there before, by time. A record is told once, known by index and id; after a fault
 * it goes on where it was, in growing pauses.
 */
export async function* tailHits(options: TailOptions): AsyncGenerator<readonly LogRecord[], void, undefined> {
  const { clock, signal } = options;
  const startMs = clock.nowMs();
  /** When each was last seen, by index and id, to tell each once. */
  const seen = new Map<string, number>();
  let newestMs = startMs;
  let faults = 0;
  let lookBackMs = LOOK_BACK_MS;
  for (let poll = 0; !signal.aborted; poll++) {
    let behind = false;
    try {
      const long = poll % LONG_LOOK_EVERY === LONG_LOOK_EVERY - 1 && lookBackMs === LOOK_BACK_MS;
      const answer = await options.read({ startMs: newestMs - (long ? LONG_LOOK_BACK_MS : lookBackMs) }, MOST_A_LOOK);
      behind = answer.hits.length >= MOST_A_LOOK;
      const records: LogRecord[] = [];
      for (const hit of answer.hits) {
        const key = `${hit.index}:${hit.id}`;
        const known = seen.has(key);
        const record = options.record(hit);
        seen.set(key, record.timestampMs);
        // The first look only learns what was there before.
        if (!known && (poll > 0 || record.timestampMs >= startMs)) records.push(record);
        // A clock that is ahead must not move the look past what comes after.
        if (record.timestampMs <= clock.nowMs()) newestMs = Math.max(newestMs, record.timestampMs);
      }
      // Where there is more than one look takes, looking back would never get on.
      lookBackMs = behind ? 0 : Math.min(LOOK_BACK_MS, Math.max(1000, lookBackMs * 2));
      if (behind) options.health.impaired(`more than ${MOST_A_LOOK} records at a look: falling behind`);
      forget(seen, newestMs - LONG_LOOK_BACK_MS - LOOK_BACK_MS);
      faults = 0;
      if (records.length > 0) yield records;
    } catch (error) {
      if (signal.aborted) return;
      faults += 1;
      const nextTryMs = clock.nowMs() + pauseMs(options.pollMs, faults);
      options.health.failed(error instanceof Error ? error.message : String(error), nextTryMs);
    }
    if (!behind) await pause(clock, pauseMs(options.pollMs, faults), signal);
  }
}

function pauseMs(pollMs: number, faults: number): number {
  return Math.min(LONGEST_PAUSE_MS, pollMs * 2 ** faults);
}

function forget(seen: Map<string, number>, beforeMs: number): void {
  for (const [key, ms] of seen) if (ms < beforeMs) seen.delete(key);
}

function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = clock.after(ms, end);
    signal.addEventListener('abort', end, { once: true });
  });
}
