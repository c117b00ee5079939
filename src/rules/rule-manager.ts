/** Runs rule groups on their intervals, each in its own slot of time, over reloads that keep the state of what did not change. */
import type { Clock, Timer } from '../config/clock.ts';
import type { RuleGroupConfig } from '../config/rule-file.ts';
import { fingerprint } from '../labels/fingerprint.ts';
import { Labels } from '../labels/labels.ts';
import type { QueryEngine } from '../promql/result.ts';
import type { Appendable } from '../storage/appender.ts';
import type { Queryable } from '../storage/queryable.ts';
import { restoreRule } from './restore.ts';
import { type GroupContext, groupIdentity, RuleGroup } from './rule-group.ts';
import type { AlertReceiver, RuleGroupState } from './state.ts';

export interface RuleManagerOptions {
  /** Local or remote. */
  readonly engine: QueryEngine;
  /** Where the series of rules are written; undefined: nowhere. */
  readonly storage?: Appendable | undefined;
  /** Where the state of an earlier run is read from; undefined: there is none. */
  readonly queryable?: Queryable | undefined;
  readonly receiver: AlertReceiver;
  readonly clock: Clock;
  /** Default 1 minute. */
  readonly resendDelayMs?: number | undefined;
  /** Default 1 hour. */
  readonly outageToleranceMs?: number | undefined;
  /** Default 10 minutes. */
  readonly forGracePeriodMs?: number | undefined;
  /** Told of what goes wrong beside the rules' own errors. */
  readonly report?: ((text: string) => void) | undefined;
}

/** What a configuration says of rules. */
export interface RuleSettings {
  /** Of all rule files, in their order. */
  readonly groups: readonly RuleGroupConfig[];
  readonly evaluationIntervalMs: number;
  readonly queryOffsetMs: number;
  readonly externalLabels: Labels;
  /** Without a slash at its end. */
  readonly externalUrl: string;
}

export class RuleManager {
  readonly #options: RuleManagerOptions;
  #settings: RuleSettings | undefined;
  #runners = new Map<string, GroupRunner>();
  #closed = false;

  constructor(options: RuleManagerOptions) {
    this.#options = options;
  }

  /** Takes over a configuration: unchanged groups go on, changed ones keep the state of the rules they still have, removed ones end. */
  async apply(settings: RuleSettings): Promise<void> {
    const restored = this.#settings !== undefined || this.#options.queryable === undefined;
    this.#settings = settings;
    const before = this.#runners;
    const after = new Map<string, GroupRunner>();
    const replaced: Promise<void>[] = [];
    for (const config of settings.groups) {
      const key = `${config.place.file};${config.name}`;
      // A file that two patterns name counts once.
      if (after.has(key)) continue;
      const intervalMs = config.intervalMs ?? settings.evaluationIntervalMs;
      const older = before.get(key);
      before.delete(key);
      const known = older === undefined ? undefined : groupIdentity(older.group.config, older.group.intervalMs);
      if (older !== undefined && known === groupIdentity(config, intervalMs)) {
        after.set(key, older);
        continue;
      }
      const group = new RuleGroup(config, intervalMs, this.#context(), restored);
      const runner = new GroupRunner(group, this.#options, key);
      after.set(key, runner);
      replaced.push(this.#replace(older, runner));
    }
    this.#runners = after;
    for (const runner of before.values()) replaced.push(this.#remove(runner));
    await Promise.all(replaced);
  }

  groups(): RuleGroupState[] {
    return [...this.#runners.values()].map((runner) => runner.group.state());
  }

  /** Evaluates every group now, beside its own schedule: for those who want alerts as soon as a scrape ends. */
  async evaluateNow(): Promise<void> {
    await Promise.all([...this.#runners.values()].map((runner) => runner.evaluateNow()));
  }

  /** Stops all groups; resolves once none evaluates any more. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#runners.values()].map((runner) => runner.stop()));
  }

  async #replace(older: GroupRunner | undefined, runner: GroupRunner): Promise<void> {
    if (older !== undefined) {
      await older.stop();
      runner.group.adopt(older.group);
    }
    if (!this.#closed) runner.start();
  }

  /** The series of a removed group are marked stale two intervals later: a renamed one may write them again by then. */
  async #remove(runner: GroupRunner): Promise<void> {
    await runner.stop();
    const { group } = runner;
    const removedMs = this.#options.clock.nowMs();
    group.abandon();
    this.#options.clock.after(2 * group.intervalMs, () => {
      if (!this.#closed) group.markOrphansStale(removedMs);
    });
  }

  #context(): GroupContext {
    const { engine, storage, receiver, clock, resendDelayMs = 60_000, report } = this.#options;
    const settings = (): RuleSettings => this.#settings!;
    return {
      engine,
      storage,
      receiver,
      clock,
      resendDelayMs,
      report: report ?? (() => {}),
      get externalLabels() {
        return settings().externalLabels;
      },
      get externalUrl() {
        return settings().externalUrl;
      },
      get defaultQueryOffsetMs() {
        return settings().queryOffsetMs;
      },
    };
  }
}

/** The schedule of one group. */
class GroupRunner {
  readonly group: RuleGroup;
  readonly #options: RuleManagerOptions;
  readonly #abort = new AbortController();
  readonly #slotMs: number;
  #evaluations = 0;
  #timer: Timer | undefined;
  /** Evaluations never overlap: each waits for the one before. */
  #last: Promise<void> = Promise.resolve();

  constructor(group: RuleGroup, options: RuleManagerOptions, key: string) {
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

  evaluateNow(): Promise<void> {
    return this.#evaluate(this.#options.clock.nowMs());
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
