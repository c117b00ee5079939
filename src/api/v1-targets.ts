/** `/api/v1/targets`, `scrape_pools`, `alertmanagers`. */
import { formatDuration } from '../config/duration.ts';
import type { MetricSource, TargetState } from '../monitor/sources.ts';
import { timeText } from './go-text.ts';
import type { Route } from './route.ts';
import { success, v1Route } from './v1-answer.ts';

export interface Alertmanagers {
  readonly active: readonly string[];
  readonly dropped: readonly string[];
}

export function targetRoutes(metrics: MetricSource, alertmanagers: () => Alertmanagers): Route[] {
  return [
    v1Route('GET', '/targets', async ({ query }) => {
      const pool = query.get('scrapePool') ?? '';
      const state = (query.get('state') ?? '').toLowerCase();
      const any = state === '' || state === 'any';
      const { active, dropped, droppedCounts } = await metrics.targets();
      const inPool = (each: { readonly job: string }): boolean => pool === '' || each.job === pool;
      const showsDropped = any || state === 'dropped';
      return success({
        activeTargets: any || state === 'active' ? byPool(active.filter(inPool)).map(activeTarget) : [],
        droppedTargets: showsDropped
          ? byPool(dropped.filter(inPool)).map(({ job, discoveredLabels }) => ({ discoveredLabels, scrapePool: job }))
          : [],
        droppedTargetCounts: showsDropped ? droppedCounts : null,
      });
    }),
    v1Route('GET', '/scrape_pools', async () => {
      const { active, dropped, droppedCounts } = await metrics.targets();
      const pools = new Set([...active, ...dropped].map((each) => each.job));
      for (const pool of Object.keys(droppedCounts)) pools.add(pool);
      return success({ scrapePools: [...pools].sort() });
    }),
    v1Route('GET', '/alertmanagers', async () => {
      const { active, dropped } = alertmanagers();
      const listed = (urls: readonly string[]): object[] => urls.map((url) => ({ url }));
      return success({ activeAlertmanagers: listed(active), droppedAlertmanagers: listed(dropped) });
    }),
  ];
}

/** Pools by name, the targets of each in their order. */
function byPool<T extends { readonly job: string }>(targets: readonly T[]): T[] {
  return targets.toSorted((a, b) => (a.job < b.job ? -1 : a.job > b.job ? 1 : 0));
}

function activeTarget(target: TargetState): object {
  return {
    discoveredLabels: target.discoveredLabels,
    labels: target.labels,
    scrapePool: target.job,
    scrapeUrl: target.scrapeUrl,
    globalUrl: target.globalUrl,
    lastError: target.lastError,
    lastScrape: timeText(target.lastScrapeMs),
    lastScrapeDuration: target.lastScrapeDurationSeconds,
    health: target.health,
    scrapeInterval: formatDuration(target.scrapeIntervalMs),
    scrapeTimeout: formatDuration(target.scrapeTimeoutMs),
  };
}
