/** The schedule of one rule group: evaluates it in its own slot of each interval, one evaluation after the other. */
import type { Clock, Timer } from '../config/clock.ts';
import { fingerprint } from '../labels/fingerprint.ts';
import { Labels } from '../labels/labels.ts';
import type { Queryable } from '../storage/queryable.ts';
import { restoreRule } from './restore.ts';
import type { RuleGroup } from './rule-group.ts';

/** Of all groups. */
export interface ScheduleOptions {
  readonly clock: Clock;
  /** Where the state of an earlier run is read from; undefined: there is none. */
  readonly queryable?: Queryable | undefined;
  /** Default 1 hour. */
  readonly outageToleranceMs?: number | undefined;
  /** Default 10 minutes. */
  readonly forGracePeriodMs?: number | undefined;
}

export class GroupRunner {
  readonly group: RuleGroup;
  readonly #options: ScheduleOptions;
  readonly #abort = new AbortController();
  readonly #slotMs: number;
  #evaluations = 0;
  #timer: Timer | undefined;
  /** Evaluations never overlap: each waits for the one before. */
  #last: Promise<void> = Promise.resolve();

  constructor(group: RuleGroup, options: ScheduleOptions, key: string) {
    this.group = group;
    this.#options = options;
    const hash = BigInt(`0x${fingerprint(Labels.of({ key }))}`);
    this.#slotMs = Number(hash % BigInt(Math.max(group.intervalMs, 1)));
  }

  start(): void {
    const { clock } = this.#options;
    const { intervalMs } = this.group;
    const nowMs = clock.nowMs();
    const lastSlotMs = nowMs - modulo(nowMs - this.#slotMs, intervalMs);
    this.#schedule(lastSlotMs + intervalMs);
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#abort.abort();
    await this.#last;
  }

  #schedule(timeMs: number): void {
    if (this.#abort.signal.aborted) return;
    const { clock } = this.#options;
    this.#timer = clock.after(Math.max(timeMs - clock.nowMs(), 0), () => void this.#tick(timeMs));
  }

  /** Where an evaluation (or a sleeping machine) took longer than the interval, the latest slot counts and the others are missed. */
  async #tick(dueMs: number): Promise<void> {
    const { intervalMs } = this.group;
    const missed = Math.max(Math.floor((this.#options.clock.nowMs() - dueMs) / intervalMs), 0);
    this.group.missedIterations += missed;
    const timeMs = dueMs + missed * intervalMs;
    await this.#evaluate(timeMs);
    this.#schedule(timeMs + intervalMs);
  }

  #evaluate(timeMs: number): Promise<void> {
    this.#last = this.#last.then(() => this.#evaluateAlone(timeMs));
    return this.#last;
  }

  async #evaluateAlone(timeMs: number): Promise<void> {
    if (this.#abort.signal.aborted) return;
    await this.group.evaluate(timeMs, this.#abort.signal);
    // The first evaluation may miss data that is not scraped yet and recording rules that have not run.
    if (++this.#evaluations === 2) this.#restore();
  }

  #restore(): void {
    const { queryable, clock, outageToleranceMs = 3_600_000, forGracePeriodMs = 600_000 } = this.#options;
    for (const rule of this.group.alertingRules) {
      if (rule.restored || queryable === undefined) continue;
      restoreRule(rule, clock.nowMs(), { queryable, outageToleranceMs, forGracePeriodMs });
    }
  }
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
