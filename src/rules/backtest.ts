/** When alerting rules would have been pending and firing over stored or remote history. */
import type { RuleConfig, RuleGroupConfig } from '../config/rule-file.ts';
import { Labels } from '../labels/labels.ts';
import type { Expression } from '../promql/expression.ts';
import { QueryError } from '../promql/result.ts';
import { type History, type HistorySeries, seriesOver } from './history.ts';
import { RecordedHistory } from './recorded-history.ts';

export interface BacktestOptions {
  readonly groups: readonly RuleGroupConfig[];
  readonly history: History;
  readonly parse: (expression: string) => Expression;
  readonly startMs: number;
  readonly endMs: number;
  /** For groups that name no interval. */
  readonly evaluationIntervalMs: number;
  /** For groups that name no query offset. */
  readonly queryOffsetMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** One time in which a series made the alert pending, and perhaps firing. */
export interface Episode {
  /** Of the expression's result, without its metric name. */
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
  /** The group's labels and the rule's own, templates as they are written. */
  readonly ruleLabels: Labels;
  readonly intervalMs: number;
  /** In order of time. */
  readonly episodes: readonly Episode[];
  /** What keeps this from being the whole truth, in words. */
  readonly notes: readonly string[];
  /** Why it could not be evaluated. */
  readonly error?: string | undefined;
}

/**
 * One entry for each alerting rule. Recording rules are run first where alerting rules read their series, as far as the history lets them be.
 * Rejects only where the signal ends it.
 */
export async function backtestRules(options: BacktestOptions): Promise<RuleBacktest[]> {
  const { groups, history, parse, startMs, endMs, signal, evaluationIntervalMs } = options;
  const range = { startMs, endMs, signal };
  const stepOf = (group: RuleGroupConfig): number => group.intervalMs ?? evaluationIntervalMs;
  const offsetOf = (group: RuleGroupConfig): number => group.queryOffsetMs ?? options.queryOffsetMs ?? 0;
  const recorded = new RecordedHistory({ groups, history, parse: readable(parse), range, stepOf, offsetOf });
  const results: RuleBacktest[] = [];
  for (const group of groups) {
    const intervalMs = stepOf(group);
    for (const rule of group.rules) {
      if (rule.kind !== 'alerting') continue;
      const ruleLabels = Labels.of({ ...group.labels, ...rule.labels });
      const about = { group: group.name, rule, ruleLabels, intervalMs };
      try {
        const { engine, asStored } = await recorded.readingOf(readable(parse)(rule.expression));
        const matrix = await seriesOver(engine, rule.expression, range, intervalMs, offsetOf(group));
        const { presences, refused } = withinLimit(presencesOf(matrix), group.limit);
        const episodes = presences.flatMap((presence) => episodesOf(presence, rule, intervalMs, endMs));
        const notes = asStored.map((name) => `${name} is read as the history has it, not as the rule here records it`);
        if (refused > 0) notes.push(`the group's limit of ${group.limit} drops the result of ${refused} evaluations`);
        results.push({ ...about, episodes: episodes.sort((a, b) => a.activeAtMs - b.activeAtMs), notes });
      } catch (error) {
        if (!(error instanceof QueryError) || signal?.aborted) throw error;
        results.push({ ...about, episodes: [], notes: [], error: error.message });
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

export interface Difference {
  readonly gone: readonly Firing[];
  readonly added: readonly Firing[];
  /** The same firing, begun or ended at another time. */
  readonly moved: readonly { readonly before: Firing; readonly after: Firing }[];
}

export interface Firing {
  readonly name: string;
  readonly ruleLabels: Labels;
  readonly episode: Episode;
}

/** What fires otherwise; the same are firings of one alert name, rule labels and series that overlap in time. */
export function differenceOf(
  before: readonly RuleBacktest[],
  after: readonly RuleBacktest[],
  endMs: number,
): Difference {
  const old = firingsOf(before);
  const unmatched = new Map<string, Firing[]>();
  for (const firing of firingsOf(after))
    unmatched.set(keyOf(firing), [...(unmatched.get(keyOf(firing)) ?? []), firing]);
  const gone: Firing[] = [];
  const moved: { before: Firing; after: Firing }[] = [];
  for (const firing of old) {
    const candidates = unmatched.get(keyOf(firing)) ?? [];
    const index = candidates.findIndex((other) => overlap(firing.episode, other.episode, endMs));
    if (index < 0) {
      gone.push(firing);
      continue;
    }
    const [same] = candidates.splice(index, 1);
    const { firedAtMs, endedAtMs } = same!.episode;
    if (firedAtMs !== firing.episode.firedAtMs || endedAtMs !== firing.episode.endedAtMs) {
      moved.push({ before: firing, after: same! });
    }
  }
  return { gone, added: [...unmatched.values()].flat().sort(inOrder), moved };
}

function readable(parse: (expression: string) => Expression): (expression: string) => Expression {
  return (expression) => {
    try {
      return parse(expression);
    } catch (error) {
      throw new QueryError('bad_data', error instanceof Error ? error.message : String(error));
    }
  };
}

/** The evaluations at which a series is in the result. */
interface Presence {
  readonly labels: Labels;
  readonly times: readonly number[];
}

function presencesOf(matrix: readonly HistorySeries[]): Presence[] {
  return matrix.map(({ labels, points }) => ({
    labels: labels.withoutMetricName(),
    times: points.map(({ timeMs }) => timeMs),
  }));
}

/** Where more alerts than the limit (0: none) are active at once, the evaluation fails and all of them end. */
function withinLimit(presences: Presence[], limit: number): { presences: Presence[]; refused: number } {
  if (limit === 0) return { presences, refused: 0 };
  const counts = new Map<number, number>();
  for (const { times } of presences) for (const time of times) counts.set(time, (counts.get(time) ?? 0) + 1);
  const fits = (time: number): boolean => counts.get(time)! <= limit;
  return {
    presences: presences.map(({ labels, times }) => ({ labels, times: times.filter(fits) })),
    refused: [...counts.keys()].filter((time) => !fits(time)).length,
  };
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

function firingsOf(results: readonly RuleBacktest[]): Firing[] {
  return results
    .flatMap(({ rule, ruleLabels, episodes }) =>
      episodes
        .filter(({ firedAtMs }) => firedAtMs !== undefined)
        .map((episode) => ({ name: rule.name, ruleLabels, episode })),
    )
    .sort(inOrder);
}

function inOrder(a: Firing, b: Firing): number {
  return a.episode.firedAtMs! - b.episode.firedAtMs!;
}

function keyOf({ name, ruleLabels, episode }: Firing): string {
  return [name, ruleLabels.key, episode.labels.key].join('\u0000');
}

function overlap(a: Episode, b: Episode, endMs: number): boolean {
  return a.firedAtMs! <= (b.endedAtMs ?? endMs) && b.firedAtMs! <= (a.endedAtMs ?? endMs);
}
