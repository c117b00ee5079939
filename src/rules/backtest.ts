/** When alerting rules would have been pending and firing over stored or remote history. */
import type { RuleConfig, RuleGroupConfig } from '../config/rule-file.ts';
import type { Labels } from '../labels/labels.ts';
import { type QueryEngine, QueryError } from '../promql/result.ts';

export interface BacktestOptions {
  readonly groups: readonly RuleGroupConfig[];
  readonly engine: QueryEngine;
  readonly startMs: number;
  readonly endMs: number;
  /** For groups that name no interval. */
  readonly evaluationIntervalMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** One time in which a series made the alert pending, and perhaps firing. */
export interface Episode {
  /** Of the expression's result. */
  readonly labels: Labels;
  readonly activeAtMs: number;
  /** Undefined: it never fired. */
  readonly firedAtMs: number | undefined;
  /** Undefined: it was still active at the end. */
  readonly endedAtMs: number | undefined;
}

export interface RuleBacktest {
  readonly group: string;
  readonly rule: RuleConfig;
  /** In order of time. */
  readonly episodes: readonly Episode[];
  /** Why it could not be evaluated. */
  readonly error?: string | undefined;
}

/** One entry for each alerting rule. Rejects only where the signal ends it. Recording rules are not run: their stored series are read. */
export async function backtestRules(options: BacktestOptions): Promise<RuleBacktest[]> {
  const results: RuleBacktest[] = [];
  for (const group of options.groups) {
    const stepMs = group.intervalMs ?? options.evaluationIntervalMs;
    for (const rule of group.rules) {
      if (rule.kind !== 'alerting') continue;
      try {
        const presences = await presencesOf(rule, stepMs, group.queryOffsetMs ?? 0, options);
        const episodes = presences.flatMap((presence) => episodesOf(presence, rule, stepMs, options.endMs));
        results.push({ group: group.name, rule, episodes: episodes.sort((a, b) => a.activeAtMs - b.activeAtMs) });
      } catch (error) {
        if (!(error instanceof QueryError) || options.signal?.aborted) throw error;
        results.push({ group: group.name, rule, episodes: [], error: error.message });
      }
    }
  }
  return results;
}

/** Of the firing episodes, how many there are and for how long they fired altogether. */
export function totalsOf(result: RuleBacktest, endMs: number): { readonly fired: number; readonly firingMs: number } {
  let fired = 0;
  let firingMs = 0;
  for (const { firedAtMs, endedAtMs } of result.episodes) {
    if (firedAtMs === undefined) continue;
    fired++;
    firingMs += (endedAtMs ?? endMs) - firedAtMs;
  }
  return { fired, firingMs };
}

/** Firing episodes that only one of two results has; equal are those of the same alert name and labels that overlap. */
export function differenceOf(
  before: readonly RuleBacktest[],
  after: readonly RuleBacktest[],
  endMs: number,
): { readonly gone: readonly (readonly [string, Episode])[]; readonly added: readonly (readonly [string, Episode])[] } {
  const [old, fresh] = [firings(before), firings(after)];
  const overlaps = ([nameA, a]: readonly [string, Episode], [nameB, b]: readonly [string, Episode]): boolean =>
    nameA === nameB &&
    a.labels.equals(b.labels) &&
    a.firedAtMs! <= (b.endedAtMs ?? endMs) &&
    b.firedAtMs! <= (a.endedAtMs ?? endMs);
  return {
    gone: old.filter((each) => !fresh.some((other) => overlaps(each, other))),
    added: fresh.filter((each) => !old.some((other) => overlaps(each, other))),
  };
}

/** The evaluations at which a series is in the result. */
interface Presence {
  readonly labels: Labels;
  readonly times: number[];
}

/** A server refuses ranges of more points than this. */
const MOST_STEPS = 10_000;

async function presencesOf(
  rule: RuleConfig,
  stepMs: number,
  offsetMs: number,
  { engine, startMs, endMs, signal }: BacktestOptions,
): Promise<Presence[]> {
  const presences = new Map<string, Presence>();
  for (let fromMs = startMs; fromMs <= endMs; fromMs += MOST_STEPS * stepMs) {
    const toMs = Math.min(fromMs + (MOST_STEPS - 1) * stepMs, endMs);
    const range = { startMs: fromMs - offsetMs, endMs: toMs - offsetMs, stepMs, signal };
    const { value } = await engine.queryRange(rule.expression, range);
    if (value.type !== 'matrix') throw new QueryError('execution', 'rule result is not a vector or scalar');
    for (const { labels, timestamps } of value.series) {
      const presence = presences.get(labels.key) ?? { labels, times: [] };
      presences.set(labels.key, presence);
      for (const time of timestamps) presence.times.push(time + offsetMs);
    }
  }
  return [...presences.values()];
}

function episodesOf({ labels, times }: Presence, rule: RuleConfig, stepMs: number, endMs: number): Episode[] {
  const episodes: Episode[] = [];
  let activeAtMs: number | undefined;
  let firedAtMs: number | undefined;
  const close = (endedAtMs: number | undefined): void => {
    episodes.push({ labels, activeAtMs: activeAtMs!, firedAtMs, endedAtMs });
    activeAtMs = undefined;
    firedAtMs = undefined;
  };
  for (const [i, time] of times.entries()) {
    activeAtMs ??= time;
    if (firedAtMs === undefined && time - activeAtMs >= rule.forMs) firedAtMs = time;
    const missingMs = time + stepMs;
    const keptMs = firedAtMs === undefined ? 0 : Math.ceil(rule.keepFiringForMs / stepMs) * stepMs;
    const next = times[i + 1];
    const endsMs = missingMs + keptMs;
    if (next !== undefined && next <= endsMs) continue;
    close(next === undefined && endsMs > endMs ? undefined : endsMs);
  }
  return episodes;
}

function firings(results: readonly RuleBacktest[]): (readonly [string, Episode])[] {
  return results.flatMap(({ rule, episodes }) =>
    episodes.filter(({ firedAtMs }) => firedAtMs !== undefined).map((episode) => [rule.name, episode] as const),
  );
}
