/** From discovered target groups to targets: defaults, relabelling and checks, in Prometheus' order and words. */
import { formatDuration, parseDuration } from '../config/duration.ts';
import type { ScrapeConfig, TargetGroup } from '../config/prometheus-config.ts';
import { Labels, quote } from '../labels/labels.ts';
import { explainRelabel, type RelabelExplanation, relabel } from '../labels/relabel.ts';
import { PARAMETER_PREFIX, targetUrl } from './target-url.ts';

export interface Target {
  /** Equal for targets that are the same: same labels, same URL. */
  readonly key: string;
  /** Before relabelling, with the job's defaults. */
  readonly discoveredLabels: Labels;
  /** What its samples carry. */
  readonly labels: Labels;
  readonly url: string;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly histograms: HistogramHandling;
}

/** What relabelling may say of one target otherwise than its job does, since Prometheus 3.14. */
export type HistogramHandling = Pick<
  ScrapeConfig,
  'scrapeNativeHistograms' | 'alwaysScrapeClassicHistograms' | 'convertClassicHistogramsToNhcb'
>;

export interface BuiltTargets {
  /** From `TargetBuilder`: without repetition. */
  readonly targets: readonly Target[];
  /** What relabelling dropped. */
  readonly dropped: readonly Labels[];
  /** What cannot be scraped, and why. */
  readonly faults: readonly string[];
}

/** Builds one job's targets; what became of a group is kept as long as the group itself, as of thousands a few change at a time. */
export class TargetBuilder {
  readonly #config: ScrapeConfig;
  readonly #known = new WeakMap<TargetGroup, BuiltTargets>();

  constructor(config: ScrapeConfig) {
    this.#config = config;
  }

  build(groups: readonly TargetGroup[]): BuiltTargets {
    const targets = new Map<string, Target>();
    const dropped: Labels[] = [];
    const faults: string[] = [];
    for (const group of groups) {
      let built = this.#known.get(group);
      if (built === undefined) {
        built = buildGroup(this.#config, group);
        this.#known.set(group, built);
      }
      // Of targets that are the same the last one's discovered labels are shown, as by Prometheus.
      for (const target of built.targets) targets.set(target.key, target);
      for (const labels of built.dropped) dropped.push(labels);
      for (const fault of built.faults) faults.push(fault);
    }
    return { targets: [...targets.values()], dropped, faults };
  }
}

function buildGroup(config: ScrapeConfig, group: TargetGroup): BuiltTargets {
  const targets: Target[] = [];
  const dropped: Labels[] = [];
  const faults: string[] = [];
  for (const [index, discovered] of group.targets.entries()) {
    const discoveredLabels = withDefaults(config, discovered, group.labels);
    try {
      const target = buildTarget(config, discoveredLabels);
      if (target === undefined) dropped.push(discoveredLabels);
      else targets.push(target);
    } catch (error) {
      if (!(error instanceof TargetFault)) throw error;
      faults.push(`instance ${index} in group ${group.source}: ${error.message}`);
    }
  }
  return { targets, dropped, faults };
}

/** What becomes of one discovered target, step by step. */
export interface TargetExplanation {
  /** Before relabelling, with the job's defaults. */
  readonly discoveredLabels: Labels;
  readonly steps: readonly RelabelExplanation[];
  /** Undefined where a step drops it, or it cannot be scraped. */
  readonly target: Target | undefined;
  /** Why it cannot be scraped; empty where it can, or is dropped. */
  readonly fault: string;
}

export function explainTarget(config: ScrapeConfig, discovered: Labels, group: Labels): TargetExplanation {
  const discoveredLabels = withDefaults(config, discovered, group);
  const steps = explainRelabel(discoveredLabels, config.relabelConfigs);
  try {
    return { discoveredLabels, steps, target: buildTarget(config, discoveredLabels), fault: '' };
  } catch (error) {
    if (!(error instanceof TargetFault)) throw error;
    return { discoveredLabels, steps, target: undefined, fault: error.message };
  }
}

class TargetFault extends Error {}

function withDefaults(config: ScrapeConfig, discovered: Labels, group: Labels): Labels {
  const labels = new Map([...group, ...discovered]);
  const defaults: readonly (readonly [string, string])[] = [
    ['job', config.jobName],
    ['__scrape_interval__', formatDuration(config.scrapeIntervalMs)],
    ['__scrape_timeout__', formatDuration(config.scrapeTimeoutMs)],
    ['__metrics_path__', config.metricsPath],
    ['__scheme__', config.scheme],
    ...HISTOGRAM_LABELS.map(([label, field]) => [label, String(config[field])] as const),
  ];
  for (const [name, value] of defaults) if (!labels.has(name)) labels.set(name, value);
  for (const [name, values] of Object.entries(config.params)) {
    if (values.length > 0) labels.set(PARAMETER_PREFIX + name, values[0]!);
  }
  return Labels.fromPairs(labels);
}

/** Undefined where relabelling drops it. Throws TargetFault. */
function buildTarget(config: ScrapeConfig, discoveredLabels: Labels): Target | undefined {
  const relabelled = relabel(discoveredLabels, config.relabelConfigs);
  if (relabelled === undefined) return undefined;
  const address = relabelled.get('__address__');
  if (address === '') throw new TargetFault('no address');
  if (address.includes('/')) throw new TargetFault(`${JSON.stringify(address)} is not a valid hostname`);
  const intervalMs = durationOf(relabelled, 'interval');
  const timeoutMs = durationOf(relabelled, 'timeout');
  if (timeoutMs > intervalMs) {
    const [interval, timeout] = [relabelled.get('__scrape_interval__'), relabelled.get('__scrape_timeout__')];
    throw new TargetFault(`scrape timeout cannot be greater than scrape interval ("${timeout}" > "${interval}")`);
  }
  const withoutMeta = relabelled.filter((name) => !name.startsWith('__meta_'));
  const url = targetUrl(withoutMeta, config.params);
  const named = withoutMeta.has('instance') ? withoutMeta : withoutMeta.with('instance', address);
  return {
    key: `${url}\n${named.key}`,
    discoveredLabels,
    labels: named.filter((name) => !name.startsWith('__')),
    url,
    intervalMs,
    timeoutMs,
    histograms: histogramHandling(config, relabelled),
  };
}

const HISTOGRAM_LABELS: readonly (readonly [string, keyof HistogramHandling])[] = [
  ['__scrape_native_histograms__', 'scrapeNativeHistograms'],
  ['__always_scrape_classic_histograms__', 'alwaysScrapeClassicHistograms'],
  ['__convert_classic_histograms_to_nhcb__', 'convertClassicHistogramsToNhcb'],
];

function histogramHandling(config: ScrapeConfig, labels: Labels): HistogramHandling {
  const { scrapeNativeHistograms, alwaysScrapeClassicHistograms, convertClassicHistogramsToNhcb } = config;
  const handling = { scrapeNativeHistograms, alwaysScrapeClassicHistograms, convertClassicHistogramsToNhcb };
  for (const [label, field] of HISTOGRAM_LABELS) {
    const text = labels.get(label);
    if (text === '') continue;
    const value = BOOLEANS.get(text);
    if (value === undefined) {
      const what = label.replaceAll('_', ' ').trim();
      throw new TargetFault(`error parsing ${what}: strconv.ParseBool: parsing ${quote(text)}: invalid syntax`);
    }
    handling[field] = value;
  }
  return handling;
}

/** As Go's `strconv.ParseBool`. */
const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ...['1', 't', 'T', 'true', 'TRUE', 'True'].map((text) => [text, true] as const),
  ...['0', 'f', 'F', 'false', 'FALSE', 'False'].map((text) => [text, false] as const),
]);

function durationOf(labels: Labels, what: 'interval' | 'timeout'): number {
  let durationMs: number;
  try {
    durationMs = parseDuration(labels.get(`__scrape_${what}__`));
  } catch (error) {
    throw new TargetFault(`error parsing scrape ${what}: ${(error as Error).message}`);
  }
  if (durationMs === 0) throw new TargetFault(`scrape ${what} cannot be 0`);
  return durationMs;
}
