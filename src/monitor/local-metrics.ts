/** The metric source over watchfire's own scraper, storage and engine. */
import type { Clock } from '../config/clock.ts';
import { compareBytes } from '../labels/compare.ts';
import type { Labels } from '../labels/labels.ts';
import { type Matcher, matchesAll } from '../labels/matcher.ts';
import type { Expression } from '../promql/expression.ts';
import { parseExpression, parseSelector } from '../promql/parse.ts';
import { type QueryEngine, QueryError } from '../promql/result.ts';
import { selectorsOf } from '../promql/selectors.ts';
import type { TargetMetadata } from '../scrape/manager.ts';
import type { Head } from '../storage/head.ts';
import type { MetricSource, SeriesSelection, SourceState, TargetsAnswer } from './sources.ts';

export interface LocalMetricOptions {
  readonly head: Head;
  readonly engine: QueryEngine;
  readonly clock: Clock;
  readonly targets: () => TargetsAnswer;
  /** What the targets say of a metric family; undefined: of all. */
  readonly targetMetadata: (metric: string | undefined) => readonly TargetMetadata[];
  /** What goes wrong in the storage itself (a log that cannot be written), in words. */
  readonly storageFault: () => string | undefined;
}

const STATUS_ROWS = 10;

export function localMetricSource(options: LocalMetricOptions): MetricSource {
  const { head, engine, clock, targets, targetMetadata, storageFault } = options;
  const startedMs = clock.nowMs();
  return {
    state: () => stateOf(targets(), storageFault(), startedMs),
    close: async () => {},
    query: (expression, query) => engine.query(expression, query),
    queryRange: (expression, query) => engine.queryRange(expression, query),
    series: async (selection) => {
      const found = new Map<string, Labels>();
      for (const matchers of selectorsIn(selection)) {
        for (const labels of head.series(
          matchers,
          selection.startMs ?? Number.NEGATIVE_INFINITY,
          selection.endMs ?? Number.POSITIVE_INFINITY,
        )) {
          found.set(labels.key, labels);
        }
      }
      return limited(
        [...found.values()].sort((a, b) => a.compare(b)),
        selection,
      );
    },
    labelNames: async (selection) =>
      union(selection, (matchers, startMs, endMs) => head.labelNames(matchers, startMs, endMs)),
    labelValues: async (name, selection) =>
      union(selection, (matchers, startMs, endMs) => head.labelValues(name, matchers, startMs, endMs)),
    metadata: async (options) => {
      const all = head.metadata(options.metric);
      const entries = [...all].slice(0, options.limit || undefined);
      return new Map(entries.map(([name, rows]) => [name, rows.slice(0, options.limitPerMetric || undefined)]));
    },
    targetMetadata: async (options) => {
      const matchers = options.matchTarget === undefined ? [] : selector(options.matchTarget);
      const rows = targetMetadata(options.metric).filter(({ target }) => matchesAll(matchers, target));
      if (options.limit === undefined || options.limit >= rows.length) return rows;
      // A target's rows come all or none: what is counted ends at the first target behind the limit, as in Prometheus.
      let end = options.limit;
      while (end < rows.length && rows[end]!.target === rows[end - 1]!.target) end++;
      return rows.slice(0, end);
    },
    exemplars: async (expression, startMs, endMs) => {
      const found = new Map<
        string,
        { series: Labels; exemplars: ReturnType<Head['exemplars']>[number]['exemplars'] }
      >();
      for (const { matchers } of selectorsOf(parsed(expression))) {
        for (const each of head.exemplars(matchers, startMs, endMs)) found.set(each.series.key, each);
      }
      return [...found.values()];
    },
    targets: async () => targets(),
    storageStatus: async () => head.status(STATUS_ROWS),
  };
}

function stateOf(answer: TargetsAnswer, fault: string | undefined, startedMs: number): SourceState {
  const endpoint = 'local';
  if (fault !== undefined) return { kind: 'failing', endpoint, sinceMs: startedMs, reason: fault };
  const down = answer.active.filter((target) => target.health === 'down');
  if (answer.active.length > 0 && down.length === answer.active.length) {
    return {
      kind: 'failing',
      endpoint,
      sinceMs: Math.min(...down.map((target) => target.lastScrapeMs)),
      reason: `none of ${down.length} targets answers`,
    };
  }
  return { kind: 'live', endpoint, sinceMs: startedMs };
}

function selectorsIn(selection: SeriesSelection): readonly (readonly Matcher[])[] {
  return selection.selectors.length === 0 ? [[]] : selection.selectors.map(selector);
}

function selector(text: string): readonly Matcher[] {
  return refusing(() => parseSelector(text));
}

function parsed(text: string): Expression {
  return refusing(() => parseExpression(text));
}

function refusing<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    throw new QueryError('bad_data', error instanceof Error ? error.message : String(error));
  }
}

function union(
  selection: SeriesSelection,
  read: (matchers: readonly Matcher[], startMs: number, endMs: number) => readonly string[],
): readonly string[] {
  const startMs = selection.startMs ?? Number.NEGATIVE_INFINITY;
  const endMs = selection.endMs ?? Number.POSITIVE_INFINITY;
  const lists = selectorsIn(selection).map((matchers) => read(matchers, startMs, endMs));
  return limited(lists.length === 1 ? lists[0]! : [...new Set(lists.flat())].sort(compareBytes), selection);
}

function limited<T>(values: readonly T[], selection: SeriesSelection): readonly T[] {
  return selection.limit ? values.slice(0, selection.limit) : values;
}
