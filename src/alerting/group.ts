/** An aggregation group: the alerts of one route with equal group labels, flushed by `group_wait` and `group_interval`. */
import type { Clock, Timer } from '../config/clock.ts';
import type { Labels } from '../labels/labels.ts';
import { compareAlerts, isResolved, type StoredAlert, ZERO_TIME_MS } from './alert.ts';
import type { Alert } from './model.ts';
import type { Route } from './route-tree.ts';

/** A group's alerts at one moment, on their way through the notification pipeline. */
export interface Flush {
  readonly group: Group;
  /** In Alertmanager's order; those that fire have no end (ZERO_TIME_MS). */
  readonly alerts: readonly Alert[];
  readonly nowMs: number;
  /** When it should have begun: its timer may have been late. */
  readonly dueMs: number;
  /** Aborted when the time for this flush is over, or it is cancelled. */
  readonly signal: AbortSignal;
  /** Aborted also when the group is stopped: what is under way may end, nothing is tried again. */
  readonly retrySignal: AbortSignal;
}

/** Resolves to true where every integration was told or had not to be. */
export type Notify = (flush: Flush) => Promise<boolean>;

/** A flush is given at least this long, however short `group_interval` is. */
const LEAST_FLUSH_MS = 10_000;

export class Group {
  readonly route: Route;
  readonly labels: Labels;
  readonly key: string;
  /** Names of the time intervals that mute the group as of its last flush. */
  mutedBy: readonly string[] = [];
  /** By stage of the pipeline what it last suppressed and why: a decision that stays the same is recorded once. */
  readonly suppressions = new Map<string, string>();
  readonly #clock: Clock;
  readonly #notify: Notify;
  readonly #onEmpty: () => void;
  readonly #alerts = new Map<string, StoredAlert>();
  #timer: Timer | undefined;
  #nextFlushMs: number;
  #firstFlush = true;
  #running: Promise<void> | undefined;
  #dueWhileRunning = false;
  #abort: AbortController | undefined;
  readonly #stop = new AbortController();
  #stopped = false;

  /** Does nothing before `start`. `onEmpty` is called when the last alert has been notified of as resolved: the group is over. */
  constructor(route: Route, labels: Labels, clock: Clock, notify: Notify, onEmpty: () => void) {
    this.route = route;
    this.labels = labels;
    this.key = route.groupKey(labels);
    this.#clock = clock;
    this.#notify = notify;
    this.#onEmpty = onEmpty;
    this.#nextFlushMs = clock.nowMs() + route.config.groupWaitMs;
  }

  /** Starts the timers. An alert that has waited for longer than `group_wait` already is told of at once. */
  start(first: StoredAlert): void {
    const nowMs = this.#clock.nowMs();
    const waitedEnough = first.startsAtMs + this.route.config.groupWaitMs < nowMs;
    this.#schedule(waitedEnough ? 0 : this.route.config.groupWaitMs);
  }

  insert(alert: StoredAlert): void {
    this.#alerts.set(alert.fingerprint, alert);
  }

  /** In Alertmanager's order. */
  alerts(): readonly StoredAlert[] {
    return [...this.#alerts.values()].sort(compareAlerts);
  }

  has(fingerprint: string): boolean {
    return this.#alerts.has(fingerprint);
  }

  /** Undefined once stopped. */
  get nextFlushMs(): number | undefined {
    return this.#stopped ? undefined : this.#nextFlushMs;
  }

  /** Which timer runs. */
  get waitsFor(): 'group-wait' | 'group-interval' {
    return this.#firstFlush ? 'group-wait' : 'group-interval';
  }

  get isNotifying(): boolean {
    return this.#running !== undefined;
  }

  /** No further flush; resolves when the one under way has ended. `abort` ends it at once. */
  async stop(abort: boolean): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#stop.abort();
    if (abort) this.#abort?.abort(new Error('the notification was cancelled'));
    await this.#running;
  }

  #schedule(delayMs: number): void {
    this.#nextFlushMs = this.#clock.nowMs() + delayMs;
    this.#timer?.cancel();
    this.#timer = this.#clock.after(delayMs, () => this.#due());
  }

  #due(): void {
    if (this.#stopped) return;
    // One flush at a time: a late one is made up for as soon as the other has ended.
    if (this.#running !== undefined) {
      this.#dueWhileRunning = true;
      return;
    }
    this.#firstFlush = false;
    const { groupIntervalMs } = this.route.config;
    // A timer that is a little late must not make all later ones late; after a sleep of the machine the count starts anew.
    const nowMs = this.#clock.nowMs();
    const dueMs = nowMs - this.#nextFlushMs < groupIntervalMs / 2 ? this.#nextFlushMs : nowMs;
    this.#schedule(groupIntervalMs - (nowMs - dueMs));
    this.#running = this.#flush(dueMs).finally(() => {
      this.#running = undefined;
      if (this.#dueWhileRunning) {
        this.#dueWhileRunning = false;
        this.#due();
      }
    });
  }

  async #flush(dueMs: number): Promise<void> {
    const nowMs = this.#clock.nowMs();
    const held = this.alerts();
    if (held.length === 0) return;
    // As of now: an alert must not become resolved while it is on its way.
    const alerts = held.map((alert) => (isResolved(alert, nowMs) ? alert : { ...alert, endsAtMs: ZERO_TIME_MS }));
    const abort = new AbortController();
    this.#abort = abort;
    const allowedMs = Math.max(this.route.config.groupIntervalMs, LEAST_FLUSH_MS);
    const deadline = this.#clock.after(allowedMs, () =>
      abort.abort(new Error(`the notification's time is over after ${allowedMs / 1000} s`)),
    );
    const retrySignal = AbortSignal.any([abort.signal, this.#stop.signal]);
    const done = await this.#notify({ group: this, alerts, nowMs, dueMs, signal: abort.signal, retrySignal });
    deadline.cancel();
    this.#abort = undefined;
    if (!done) return;
    for (const alert of held) {
      // One that fires again by now is another object and stays.
      if (isResolved(alert, nowMs) && this.#alerts.get(alert.fingerprint) === alert) {
        this.#alerts.delete(alert.fingerprint);
      }
    }
    if (this.#alerts.size === 0 && !this.#stopped) {
      this.#stopped = true;
      this.#timer?.cancel();
      this.#onEmpty();
    }
  }
}
