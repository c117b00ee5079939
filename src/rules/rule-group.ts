/** A rule group: evaluates its rules one after the other, writes their series, marks vanished ones stale, and hands due alerts on. */
import type { Clock } from '../config/clock.ts';
import type { RuleConfig, RuleGroupConfig } from '../config/rule-file.ts';
import type { Labels } from '../labels/labels.ts';
import { SharedResults } from '../promql/evaluation/shared-results.ts';
import type { InstantSample, QueryEngine } from '../promql/result.ts';
import type { Appendable } from '../storage/appender.ts';
import { type ActiveAlert, AlertingRule } from './alerting-rule.ts';
import { canonicalExpression, graphLink } from './expression-text.ts';
import { RecordingRule } from './recording-rule.ts';
import { type RestoreOptions, restoreRule } from './restore.ts';
import { RuleSeries } from './rule-series.ts';
import type { TemplateContext } from './rule-template.ts';
import type { AlertReceiver, RuleGroupState, RuleHealth, RuleState } from './state.ts';
import { queryVector } from './vector-query.ts';

/** What all groups share; read anew at each evaluation, so that a reload can change it. */
export interface GroupContext {
  readonly engine: QueryEngine;
  /** Undefined: the results of rules are not stored. */
  readonly storage: Appendable | undefined;
  readonly receiver: AlertReceiver;
  readonly clock: Clock;
  readonly externalLabels: Labels;
  readonly externalUrl: string;
  readonly resendDelayMs: number;
  readonly defaultQueryOffsetMs: number;
  /** Something that went wrong in the background, in words. */
  report(text: string): void;
}

/** Others on this thread get their turn at least this often while a large group is evaluated. */
const LONGEST_TURN_MS = 20;

/** A rule with what its evaluations left behind. */
interface RunningRule {
  readonly rule: AlertingRule | RecordingRule;
  /** The expression in canonical form. */
  readonly query: string;
  health: RuleHealth;
  lastError: string;
  lastEvaluationMs: number;
  evaluationSeconds: number;
  series: RuleSeries;
}

export class RuleGroup {
  readonly config: RuleGroupConfig;
  readonly intervalMs: number;
  missedIterations = 0;
  iterations = 0;
  #evaluations = 0;
  #failures = 0;
  readonly #context: GroupContext;
  readonly #rules: readonly RunningRule[];
  readonly #sharing = new SharedResults();
  /** Series of rules that are gone, to be marked stale with the next evaluation. */
  #orphans: Labels[] = [];
  #lastEvaluationMs = 0;
  #evaluationSeconds = 0;
  /** As last told; undefined once it may be another. */
  #state: RuleGroupState | undefined;

  /** `restored`: there is no state of an earlier run to wait for. */
  constructor(config: RuleGroupConfig, intervalMs: number, context: GroupContext, restored: boolean) {
    this.config = config;
    this.intervalMs = intervalMs;
    this.#context = context;
    this.#rules = config.rules.map((each) => ({
      rule:
        each.kind === 'alerting'
          ? new AlertingRule(each, config.labels, restored)
          : new RecordingRule(each, config.labels),
      query: canonicalExpression(each.expression),
      health: 'unknown',
      lastError: '',
      lastEvaluationMs: 0,
      evaluationSeconds: 0,
      series: new RuleSeries(),
    }));
  }

  get alertingRules(): AlertingRule[] {
    return this.#rules.flatMap(({ rule }) => (rule.kind === 'alerting' ? [rule] : []));
  }

  /** Takes up since when the alerts of an earlier run are active, of the rules that have not yet. */
  restore(nowMs: number, options: RestoreOptions): void {
    for (const rule of this.alertingRules) if (!rule.restored) restoreRule(rule, nowMs, options);
    this.#state = undefined;
  }

  /** Queries look this much before the time of the evaluation. */
  get queryOffsetMs(): number {
    return this.config.queryOffsetMs ?? this.#context.defaultQueryOffsetMs;
  }

  /** Evaluates all rules at `timeMs`. Never rejects: what fails is the rule's last error. */
  async evaluate(timeMs: number, signal?: AbortSignal): Promise<void> {
    const { clock } = this.#context;
    this.iterations++;
    const startMs = clock.nowMs();
    let pausedMs = startMs;
    const context = this.#templateContext(timeMs, signal);
    for (const running of this.#rules) {
      if (clock.nowMs() - pausedMs >= LONGEST_TURN_MS) {
        await new Promise((resolve) => setImmediate(resolve));
        pausedMs = clock.nowMs();
      }
      if (signal?.aborted) return;
      const ruleStartMs = clock.nowMs();
      await this.#evaluateRule(running, timeMs, context, signal);
      running.lastEvaluationMs = ruleStartMs;
      running.evaluationSeconds = (clock.nowMs() - ruleStartMs) / 1000;
      this.#state = undefined;
    }
    this.#sharing.clear();
    this.markOrphansStale(timeMs);
    this.#lastEvaluationMs = startMs;
    this.#evaluationSeconds = (clock.nowMs() - startMs) / 1000;
    this.#state = undefined;
  }

  /** Takes over what an older version of this group knows of the rules that both have. */
  adopt(older: RuleGroup): void {
    this.#state = undefined;
    this.missedIterations = older.missedIterations;
    this.iterations = older.iterations;
    this.#evaluations = older.#evaluations;
    this.#failures = older.#failures;
    this.#lastEvaluationMs = older.#lastEvaluationMs;
    this.#evaluationSeconds = older.#evaluationSeconds;
    const free = new Set(older.#rules);
    for (const running of this.#rules) {
      const match = [...free].find((each) => isSameRule(each.rule, running.rule));
      if (match === undefined) continue;
      free.delete(match);
      running.series = match.series;
      if (running.rule.kind !== 'alerting' || match.rule.kind !== 'alerting') continue;
      for (const [key, alert] of match.rule.active) running.rule.active.set(key, alert);
    }
    this.#orphans = [...older.#orphans, ...[...free].flatMap(({ series }) => series.labels())];
  }

  /** Makes all series of this group orphans: it is gone. */
  abandon(): void {
    for (const running of this.#rules) {
      this.#orphans.push(...running.series.labels());
      running.series = new RuleSeries();
    }
  }

  markOrphansStale(timeMs: number): void {
    const { storage, report } = this.#context;
    if (this.#orphans.length === 0 || storage === undefined) return;
    const appender = storage.appender();
    for (const labels of this.#orphans) appender.stale(appender.series(labels), timeMs - this.queryOffsetMs);
    try {
      appender.commit();
      this.#orphans = [];
    } catch (error) {
      report(`group ${this.config.name}: stale markers were not stored: ${messageOf(error)}`);
    }
  }

  /** The same object until something is evaluated. */
  state(): RuleGroupState {
    this.#state ??= {
      name: this.config.name,
      file: this.config.place.file,
      intervalMs: this.intervalMs,
      limit: this.config.limit,
      lastEvaluationMs: this.#lastEvaluationMs,
      evaluationSeconds: this.#evaluationSeconds,
      missedIterations: this.missedIterations,
      iterations: this.iterations,
      evaluations: this.#evaluations,
      failures: this.#failures,
      samples: this.#rules.reduce((sum, { series }) => sum + series.size, 0),
      rules: this.#rules.map(stateOf),
    };
    return this.#state;
  }

  async #evaluateRule(
    running: RunningRule,
    timeMs: number,
    context: TemplateContext,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { rule } = running;
    const { limit } = this.config;
    const queryMs = timeMs - this.queryOffsetMs;
    this.#evaluations++;
    try {
      const vector = await queryVector(this.#context.engine, rule.config.expression, queryMs, signal, this.#sharing);
      const results =
        rule.kind === 'recording' ? rule.evaluate(vector, limit) : rule.evaluate(vector, timeMs, limit, context);
      const samples = results instanceof Promise ? await results : results;
      running.health = 'ok';
      running.lastError = '';
      if (rule.kind === 'alerting') this.#send(rule, running.query, timeMs);
      this.#store(running, samples, queryMs);
    } catch (error) {
      // A query that was given up because the group stops says nothing of the rule.
      if (signal?.aborted) return;
      this.#failures++;
      running.health = 'err';
      running.lastError = messageOf(error);
    }
  }

  #templateContext(timeMs: number, signal: AbortSignal | undefined): TemplateContext {
    const { engine, externalLabels, externalUrl } = this.#context;
    return {
      externalLabels,
      externalUrl,
      nowMs: timeMs,
      query: (expression) => queryVector(engine, expression, timeMs, signal),
    };
  }

  #send(rule: AlertingRule, query: string, timeMs: number): void {
    const due = rule.takeDue(timeMs, this.#context.resendDelayMs, this.intervalMs);
    if (due.length === 0) return;
    const generatorUrl = graphLink(this.#context.externalUrl, query);
    this.#context.receiver.receive(
      due.map((alert) => ({
        labels: alert.labels,
        annotations: alert.annotations,
        startsAtMs: alert.firedAtMs ?? alert.activeAtMs,
        endsAtMs: alert.resolvedAtMs ?? alert.validUntilMs,
        generatorUrl,
      })),
    );
  }

  #store({ rule, series }: RunningRule, samples: readonly InstantSample[], timeMs: number): void {
    const { storage } = this.#context;
    if (storage === undefined || samples.length + series.size === 0) return;
    const faults = series.store(storage, samples, timeMs);
    this.#sharing.wrote(rule.metricNames);
    if (faults !== undefined) throw new Error([...faults].join('; '));
  }
}

function isSameRule(a: AlertingRule | RecordingRule, b: AlertingRule | RecordingRule): boolean {
  return a.kind === b.kind && a.config.name === b.config.name && a.labels.equals(b.labels);
}

/** What makes two groups the same to a reload: all but their places in the file. */
export function groupIdentity(config: RuleGroupConfig, intervalMs: number): string {
  const { place: _, rules, ...rest } = config;
  return JSON.stringify([intervalMs, rest, rules.map(ruleIdentity)]);
}

function ruleIdentity(rule: RuleConfig): unknown {
  const { place: _, expressionPlace: __, labelPlaces: ___, annotationPlaces: ____, ...rest } = rule;
  return rest;
}

function stateOf(running: RunningRule): RuleState {
  const { rule } = running;
  const common: RuleState = {
    kind: rule.kind,
    name: rule.config.name,
    query: running.query,
    labels: rule.labels,
    health: running.health,
    lastError: running.lastError,
    lastEvaluationMs: running.lastEvaluationMs,
    evaluationSeconds: running.evaluationSeconds,
  };
  if (rule.kind === 'recording') return common;
  return {
    ...common,
    state: rule.state,
    forMs: rule.config.forMs,
    keepFiringForMs: rule.config.keepFiringForMs,
    annotations: rule.annotations,
    alerts: [...rule.active.values()].filter(isActive).map((alert) => ({
      labels: alert.labels,
      annotations: alert.annotations,
      state: alert.state,
      activeAtMs: alert.activeAtMs,
      keepFiringSinceMs: alert.keepFiringSinceMs,
      value: alert.value,
    })),
  };
}

function isActive(alert: ActiveAlert): boolean {
  return alert.resolvedAtMs === undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
