/** What recording rules would have recorded over history, so that the rules that read their series can be tested with them. */
import type { RuleConfig, RuleGroupConfig } from '../config/rule-file.ts';
import { METRIC_NAME } from '../labels/labels.ts';
import { childrenOf, type Expression } from '../promql/expression.ts';
import { type QueryEngine, QueryError } from '../promql/result.ts';
import { selectorsOf } from '../promql/selectors.ts';
import { createHead, type Head } from '../storage/head.ts';
import type { Queryable } from '../storage/queryable.ts';
import { type History, type HistoryRange, seriesOver } from './history.ts';
import { RecordingRule } from './recording-rule.ts';

export interface RecordedHistoryOptions {
  readonly groups: readonly RuleGroupConfig[];
  readonly history: History;
  /** Throws QueryError. */
  readonly parse: (expression: string) => Expression;
  readonly range: HistoryRange;
  /** How often a group is evaluated, and how far before the time it is evaluated for. */
  readonly stepOf: (group: RuleGroupConfig) => number;
  readonly offsetOf: (group: RuleGroupConfig) => number;
}

/** What an expression is to be evaluated with. */
export interface Reading {
  readonly engine: QueryEngine;
  /** Recorded series that are read as the history has them, though a rule here records them. */
  readonly asStored: readonly string[];
}

/** An instant selector looks this far back. */
const LOOKBACK_MS = 5 * 60_000;

export class RecordedHistory {
  readonly #options: RecordedHistoryOptions;
  readonly #rules = new Map<string, { readonly rule: RuleConfig; readonly group: RuleGroupConfig }[]>();
  /** Of every rule that can be parsed, what it reads. */
  readonly #reads: readonly {
    readonly rule: RuleConfig;
    readonly names: ReadonlySet<string>;
    readonly reachMs: number;
  }[];
  readonly #runs = new Map<string, Promise<boolean>>();
  readonly #recorded: Head = createHead();
  readonly #over: QueryEngine;

  constructor(options: RecordedHistoryOptions) {
    this.#options = options;
    for (const group of options.groups) {
      for (const rule of group.rules) {
        if (rule.kind !== 'recording') continue;
        this.#rules.set(rule.name, [...(this.#rules.get(rule.name) ?? []), { rule, group }]);
      }
    }
    this.#reads = options.groups
      .flatMap((group) => group.rules)
      .flatMap((rule) => {
        const expression = parsed(options.parse, rule.expression);
        if (expression === undefined) return [];
        const names = new Set(selectorsOf(expression).flatMap((selector) => nameOf(selector) ?? []));
        return [{ rule, names, reachMs: reachOf(expression) }];
      });
    const { samples, engineOver } = options.history;
    this.#over = engineOver(samples === undefined ? this.#recorded : overlay(samples, this.#recorded));
  }

  /** Runs the recording rules that the expression reads, those that they read before them. Rejects with QueryError where one fails. */
  async readingOf(expression: Expression): Promise<Reading> {
    const names = selectorsOf(expression).map(nameOf);
    const ours: string[] = [];
    for (const name of new Set(names)) {
      if (name !== undefined && this.#rules.has(name) && (await this.#run(name))) ours.push(name);
    }
    const { engine, samples } = this.#options.history;
    if (ours.length === 0) return { engine, asStored: [] };
    const onlyOurs = names.every((name) => name !== undefined && ours.includes(name));
    // The samples of a server cannot be mixed with ours: it evaluates what it has.
    return samples !== undefined || onlyOurs ? { engine: this.#over, asStored: [] } : { engine, asStored: ours };
  }

  /** Whether the rules of this name recorded anything: where they did not, the history's own series count. */
  #run(name: string): Promise<boolean> {
    const known = this.#runs.get(name);
    if (known !== undefined) return known;
    // A rule that reads its own series finds what the history has of them.
    this.#runs.set(name, Promise.resolve(false));
    const running = this.#record(name);
    this.#runs.set(name, running);
    return running;
  }

  async #record(name: string): Promise<boolean> {
    const startMs = this.#options.range.startMs - this.#leadOf(name, new Set());
    let any = false;
    for (const { rule, group } of this.#rules.get(name)!) {
      try {
        const { engine } = await this.readingOf(this.#options.parse(rule.expression));
        any = (await this.#recordRule(rule, group, { ...this.#options.range, startMs }, engine)) || any;
      } catch (error) {
        if (!(error instanceof QueryError)) throw error;
        throw new QueryError(error.type, `the recording rule ${name} fails: ${error.message}`);
      }
    }
    return any;
  }

  async #recordRule(rule: RuleConfig, group: RuleGroupConfig, range: HistoryRange, engine: QueryEngine) {
    const stepMs = this.#options.stepOf(group);
    const matrix = await seriesOver(engine, rule.expression, range, stepMs, this.#options.offsetOf(group));
    const named = evaluated(new RecordingRule(rule, group.labels), matrix);
    const perStep = new Map<number, number>();
    for (const { points } of matrix)
      for (const { timeMs } of points) perStep.set(timeMs, (perStep.get(timeMs) ?? 0) + 1);
    const appender = this.#recorded.importer();
    for (const [index, { points }] of matrix.entries()) {
      const ref = appender.series(named[index]!);
      let previousMs = Number.POSITIVE_INFINITY;
      for (const { timeMs, value, histogram } of points) {
        if (group.limit > 0 && perStep.get(timeMs)! > group.limit) continue;
        if (timeMs > previousMs + stepMs) appender.stale(ref, previousMs + stepMs);
        if (histogram === undefined) appender.float(ref, timeMs, value);
        else appender.histogram(ref, timeMs, histogram);
        previousMs = timeMs;
      }
      if (previousMs + stepMs <= range.endMs) appender.stale(ref, previousMs + stepMs);
    }
    appender.commit();
    return matrix.length > 0;
  }

  /** How long before the start the rules of this name must begin, for the ranges of those that read them. */
  #leadOf(name: string, within: ReadonlySet<string>): number {
    if (within.has(name)) return 0;
    let leadMs = 0;
    for (const { rule, names, reachMs } of this.#reads) {
      if (!names.has(name)) continue;
      const behind = rule.kind === 'recording' ? this.#leadOf(rule.name, new Set([...within, name])) : 0;
      leadMs = Math.max(leadMs, behind + reachMs);
    }
    return leadMs;
  }
}

/** Series that a rule recorded hide the stored ones of their name. */
function overlay(stored: Queryable, recorded: Head): Queryable {
  return {
    select: (matchers, startMs, endMs) => {
      const hidden = new Set(recorded.labelValues(METRIC_NAME, []));
      const others = stored
        .select(matchers, startMs, endMs)
        .filter(({ labels }) => !hidden.has(labels.get(METRIC_NAME)));
      return [...others, ...recorded.select(matchers, startMs, endMs)];
    },
  };
}

function evaluated(rule: RecordingRule, matrix: Awaited<ReturnType<typeof seriesOver>>) {
  try {
    return rule
      .evaluate(
        matrix.map(({ labels }) => ({ labels, value: 0 })),
        0,
      )
      .map(({ labels }) => labels);
  } catch (error) {
    throw new QueryError('execution', error instanceof Error ? error.message : String(error));
  }
}

/** A rule that is in error says so when its turn comes. */
function parsed(parse: (expression: string) => Expression, text: string): Expression | undefined {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
}

function nameOf({ matchers }: ReturnType<typeof selectorsOf>[number]): string | undefined {
  return matchers.find((matcher) => matcher.name === METRIC_NAME && matcher.operator === '=')?.value;
}

/** How far back from its time an expression looks, in milliseconds. */
function reachOf(expression: Expression): number {
  const inner = Math.max(0, ...childrenOf(expression).map(reachOf));
  switch (expression.kind) {
    case 'vector-selector':
      return LOOKBACK_MS + Math.max(0, expression.offsetMs);
    case 'matrix-selector':
      return inner + expression.rangeMs;
    case 'subquery':
      return inner + expression.rangeMs + Math.max(0, expression.offsetMs);
    default:
      return inner;
  }
}
