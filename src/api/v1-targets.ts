/** `/api/v1/targets`, how their labels come to be, `scrape_pools`, `alertmanagers`. */
import { formatDuration } from '../config/duration.ts';
import { Labels, quote } from '../labels/labels.ts';
import { explainRelabel, type RelabelConfig } from '../labels/relabel.ts';
import type { MetricSource, TargetState } from '../monitor/sources.ts';
import { QueryError } from '../promql/result.ts';
import { timeText } from './go-text.ts';
import type { Route } from './route.ts';
import { success, v1Route } from './v1-answer.ts';

export interface Alertmanagers {
  readonly active: readonly string[];
  readonly dropped: readonly string[];
}

export interface TargetRoutesOptions {
  readonly metrics: MetricSource;
  readonly alertmanagers: () => Alertmanagers;
  /** What a job does to the labels of its targets; undefined where there is no such job. */
  readonly relabelConfigs: (job: string) => readonly RelabelConfig[] | undefined;
}

export function targetRoutes({ metrics, alertmanagers, relabelConfigs }: TargetRoutesOptions): Route[] {
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
        droppedTargetCounts: showsDropped ? sortedByName(droppedCounts) : null,
      });
    }),
    v1Route('GET', '/targets/relabel_steps', async ({ query }) => {
      const pool = query.get('scrapePool') ?? '';
      if (pool === '') throw new QueryError('bad_data', 'no scrapePool parameter provided');
      const labels = labelsOf(query.get('labels') ?? '');
      const configs = relabelConfigs(pool);
      if (configs === undefined) {
        throw new QueryError('bad_data', `error retrieving scrape config: scrape pool ${quote(pool)} not found`);
      }
      return success({ steps: relabelSteps(labels, configs) });
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

function sortedByName(counts: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Throws QueryError where the text is no JSON object of texts. */
function labelsOf(text: string): Labels {
  if (text === '') throw new QueryError('bad_data', 'no labels parameter provided');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new QueryError('bad_data', `error parsing labels: ${(error as Error).message}`);
  }
  const record = value ?? {};
  if (typeof record !== 'object' || Array.isArray(record)) {
    throw new QueryError('bad_data', 'error parsing labels: an object of names and values is wanted');
  }
  const wrong = Object.entries(record).find(([, each]) => typeof each !== 'string');
  if (wrong !== undefined) {
    throw new QueryError('bad_data', `error parsing labels: the value of ${quote(wrong[0])} is no text`);
  }
  return Labels.of(record as Record<string, string>);
}

/** Every rule with the labels after it: none once one has dropped them. */
function relabelSteps(labels: Labels, configs: readonly RelabelConfig[]): object[] {
  const steps = explainRelabel(labels, configs);
  return configs.map((config, i) => {
    const after = steps[i]?.after;
    return { rule: ruleOf(config), output: after?.toRecord() ?? {}, keep: after !== undefined };
  });
}

function ruleOf({ sourceLabels, separator, regex, modulus, targetLabel, replacement, action }: RelabelConfig): object {
  return {
    ...(sourceLabels.length > 0 && { source_labels: sourceLabels }),
    separator,
    regex,
    ...(modulus > 0 && { modulus }),
    ...(targetLabel !== '' && { target_label: targetLabel }),
    replacement,
    action,
  };
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
