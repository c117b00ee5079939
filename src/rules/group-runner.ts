/** The schedule of one rule group: evaluates it in its own slot of each interval, and beside that when asked, never twice at once. */
import type { Clock, Timer } from '../config/clock.ts';
import { fingerprint } from '../labels/fingerprint.ts';
import { Labels } from '../labels/labels.ts';
import type { Queryable } from '../storage/queryable.ts';
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

/** Scrapes that end this close together are answered by one evaluation. */
const GATHER_MS = 10;
/** Evaluations beside the schedule take one part in this many of the time at most. */
const LEAST_SHARE = 10;

export class GroupRunner {
  readonly group: RuleGroup;
  /** Told of each evaluation that `evaluateSoon` asked for. */
  onFresh: () => void = () => {};
  readonly #options: ScheduleOptions;
  readonly #abort = new AbortController();
  readonly #slotMs: number;
  #turns = 0;
  #timer: Timer | undefined;
  /** Waits, or has fired and the evaluation has not begun. */
  #soon: Timer | undefined;
  /** No evaluation beside the schedule before this. */
  #restMs = 0;
  /** For what time the last evaluation was. */
  #lastTimeMs = Number.NEGATIVE_INFINITY;
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
    this.#soon?.cancel();
    this.#abort.abort();
    await this.#last;
  }

  /**
   * Evaluates beside the schedule, as soon as the group may take the time for it. A regular evaluation that begins before does
   * as well. A group whose queries look at an earlier time would not see what is new: it keeps to its schedule.
   */
  evaluateSoon(): void {
    if (this.#timer === undefined || this.#soon !== undefined || this.#abort.signal.aborted) return;
    if (this.group.queryOffsetMs === 0) this.#awaitRest(GATHER_MS);
  }

  #awaitRest(leastMs: number): void {
    const { clock } = this.#options;
    const waitMs = Math.max(leastMs, this.#restMs - clock.nowMs());
    this.#soon = clock.after(waitMs, () => void this.#inTurn(() => this.#evaluateBeside()));
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
    // As Prometheus counts: those that were missed are iterations, too.
    this.group.iterations += missed;
    const timeMs = dueMs + missed * intervalMs;
    await this.#inTurn(() => this.#evaluateRegularly(timeMs));
    this.#schedule(timeMs + intervalMs);
  }

  #inTurn(evaluate: () => Promise<void>): Promise<void> {
    this.#last = this.#last.then(() => (this.#abort.signal.aborted ? undefined : evaluate()));
    return this.#last;
  }

  async #evaluateRegularly(timeMs: number): Promise<void> {
    // One beside the schedule may have come between the slot and the timer. After the system's clock was set back it has not.
    const isDone = timeMs <= this.#lastTimeMs && this.#lastTimeMs <= this.#options.clock.nowMs() + 1;
    if (!isDone) await this.#evaluate(timeMs);
    // The first evaluation may miss data that is not scraped yet and recording rules that have not run.
    if (++this.#turns === 2) this.#restore();
  }

  async #evaluateBeside(): Promise<void> {
    if (this.#soon === undefined) return;
    const { clock } = this.#options;
    const startMs = clock.nowMs();
    // Asked for during the evaluation that has to be rested from.
    if (startMs < this.#restMs) {
      this.#awaitRest(0);
      return;
    }
    const isTaken = this.#lastTimeMs === startMs || this.#lastTimeMs === startMs + 1;
    await this.#evaluate(isTaken ? this.#lastTimeMs + 1 : startMs);
    const endMs = clock.nowMs();
    this.#restMs = endMs + (endMs - startMs) * (LEAST_SHARE - 1);
  }

  async #evaluate(timeMs: number): Promise<void> {
    const isAwaited = this.#soon !== undefined;
    this.#soon?.cancel();
    this.#soon = undefined;
    this.#lastTimeMs = timeMs;
    await this.group.evaluate(timeMs, this.#abort.signal);
    if (isAwaited) this.onFresh();
  }

  #restore(): void {
    const { queryable, clock, outageToleranceMs = 3_600_000, forGracePeriodMs = 600_000 } = this.#options;
    if (queryable === undefined) return;
    this.group.restore(clock.nowMs(), { queryable, outageToleranceMs, forGracePeriodMs });
  }
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
