/** The headless face: looks at a monitor again and again and prints what changed, until it is told to stop. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../config/clock.ts';
import type { Monitor, TargetsAnswer } from '../monitor/sources.ts';
import { toJson, toLine } from './lines.ts';
import { type Change, changesBetween, type Look } from './transitions.ts';

/** From the least to the worst; a severity that is not among them counts as the least. */
const SEVERITIES = ['none', 'info', 'warning', 'error', 'critical', 'page'];

export interface HeadlessOptions {
  readonly json: boolean;
  /** End after one whole round: every target scraped, then every group evaluated. */
  readonly once: boolean;
  /** End after this time. */
  readonly forMs?: number | undefined;
  /** Exit 1 where an alert of this severity or worse has fired. `any`: any alert. */
  readonly failOn?: string | undefined;
  readonly clock: Clock;
  readonly write: (line: string) => void;
  /** Ends the face. */
  readonly signal: AbortSignal;
}

/** Between two looks while something happens, or the end of a round is waited for. */
const SHORTEST_PAUSE_MS = 500;
/** While nothing happens: each look wakes the process, which on a quiet machine is most of what watching costs. */
const LONGEST_PAUSE_MS = 2500;
/** A round of `--once` ends at the latest after this time, whatever has not answered. */
const LONGEST_ROUND_MS = 120_000;
const NOTIFICATIONS = 200;
const NO_TARGETS: TargetsAnswer = { active: [], dropped: [], droppedCounts: {} };

/** Gives the exit code: 1 where an alert fired that `failOn` names, else 0. Does not close the monitor. */
export async function runHeadless(monitor: Monitor, options: HeadlessOptions): Promise<number> {
  const { clock, signal } = options;
  const startedMs = clock.nowMs();
  let failed = false;
  let before: Look | undefined;
  let pauseMs = SHORTEST_PAUSE_MS;
  while (!signal.aborted) {
    const look = await lookAt(monitor, clock);
    const changes = changesBetween(before, look);
    for (const change of changes) {
      options.write(options.json ? toJson(change) : toLine(change));
      failed ||= isFailure(change, options.failOn);
    }
    before = look;
    const elapsedMs = clock.nowMs() - startedMs;
    if (options.forMs !== undefined && elapsedMs >= options.forMs) break;
    if (options.once && (roundIsWhole(look, startedMs) || elapsedMs >= LONGEST_ROUND_MS)) break;
    pauseMs = options.once || changes.length > 0 ? SHORTEST_PAUSE_MS : Math.min(pauseMs * 2, longestPauseMs(look));
    const left = options.forMs === undefined ? pauseMs : Math.min(pauseMs, options.forMs - elapsedMs);
    await sleep(left, undefined, { signal }).catch(() => undefined);
  }
  return failed ? 1 : 0;
}

async function lookAt(monitor: Monitor, clock: Clock): Promise<Look> {
  const [groups, targets, notifications] = await Promise.all([
    monitor.alerts.ruleGroups().catch(() => []),
    monitor.metrics.targets().catch(() => NO_TARGETS),
    monitor.alerts.notifications(NOTIFICATIONS).catch(() => []),
  ]);
  const states = {
    metrics: monitor.metrics.state(),
    alerts: monitor.alerts.state(),
    logs: monitor.logs.state(),
    traces: monitor.traces.state(),
  };
  return {
    atMs: clock.nowMs(),
    groups,
    targets: targets.active,
    discoveries: targets.discoveries ?? [],
    notifications,
    states,
    events: monitor.events(),
  };
}

/** Half of the shortest interval, so that a state which lasts for one scrape or evaluation alone is seen. */
function longestPauseMs(look: Look): number {
  let pauseMs = LONGEST_PAUSE_MS;
  for (const group of look.groups) pauseMs = Math.min(pauseMs, group.intervalMs / 2);
  for (const target of look.targets) pauseMs = Math.min(pauseMs, target.scrapeIntervalMs / 2);
  return Math.max(pauseMs, SHORTEST_PAUSE_MS);
}

/** Every target was scraped, and then every group evaluated. */
function roundIsWhole(look: Look, startedMs: number): boolean {
  if (look.targets.some((target) => target.lastScrapeMs === 0)) return false;
  const scrapedMs = Math.max(
    startedMs,
    ...look.targets.map((target) => target.lastScrapeMs + target.lastScrapeDurationSeconds * 1000),
  );
  return look.groups.every(
    (group) =>
      group.rules.length === 0 ||
      (group.lastEvaluationMs > 0 && (look.targets.length === 0 || group.lastEvaluationMs >= scrapedMs)),
  );
}

function isFailure(change: Change, failOn: string | undefined): boolean {
  if (failOn === undefined || change.kind !== 'alert' || change.state !== 'firing') return false;
  if (failOn === 'any') return true;
  return rank(change.labels.get('severity')) >= rank(failOn);
}

function rank(severity: string): number {
  return Math.max(0, SEVERITIES.indexOf(severity.toLowerCase()));
}
