/** Runs rule groups on their intervals, each in its own slot of time, over reloads that keep the state of what did not change. */
import type { RuleGroupConfig } from '../config/rule-file.ts';
import type { Labels } from '../labels/labels.ts';
import type { QueryEngine } from '../promql/result.ts';
import type { Appendable } from '../storage/appender.ts';
import { AfterScrape } from './after-scrape.ts';
import { GroupRunner, type ScheduleOptions } from './group-runner.ts';
import { type GroupContext, groupIdentity, RuleGroup } from './rule-group.ts';
import type { RuleInput } from './rule-inputs.ts';
import type { AlertReceiver, RuleGroupState } from './state.ts';

export interface RuleManagerOptions extends ScheduleOptions {
  /** Local or remote. */
  readonly engine: QueryEngine;
  /** Where the series of rules are written; undefined: nowhere. */
  readonly storage?: Appendable | undefined;
  readonly receiver: AlertReceiver;
  /** Default 1 minute. */
  readonly resendDelayMs?: number | undefined;
  /** Groups are evaluated as soon as a target that they read is scraped, too, not on their interval alone. Default false. */
  readonly afterScrape?: boolean | undefined;
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
  readonly #afterScrape: AfterScrape | undefined;
  #closed = false;

  constructor(options: RuleManagerOptions) {
    this.#options = options;
    if (options.afterScrape) this.#afterScrape = new AfterScrape();
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
    this.#afterScrape?.apply(after.values());
    for (const runner of before.values()) replaced.push(this.#remove(runner));
    await Promise.all(replaced);
  }

  groups(): RuleGroupState[] {
    return [...this.#runners.values()].map((runner) => runner.group.state());
  }

  /** To be told of each scrape that is stored, a failed one too; `hasNewSeries`: the target has series that it had not the last time. */
  scraped(input: RuleInput, hasNewSeries: boolean): void {
    this.#afterScrape?.scraped(input, hasNewSeries);
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
