/** All jobs of a configuration: starts, reloads and ends them, and knows every target's state. */
import { appendFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { Clock } from '../config/clock.ts';
import type { HttpClientConfig } from '../config/http-config.ts';
import type { ScrapeConfig } from '../config/prometheus-config.ts';
import type { DiscoveryState } from '../discovery/discovery.ts';
import type { DnsResolver } from '../discovery/dns.ts';
import type { Metadata } from '../exposition/exemplar.ts';
import { createHttpClient } from '../http/axios.ts';
import { BodyPool } from '../http/body-buffer.ts';
import type { HttpClient } from '../http/client.ts';
import { hashOf } from '../labels/hash.ts';
import type { Labels } from '../labels/labels.ts';
import type { RelabelConfig } from '../labels/relabel.ts';
import type { Appendable } from '../storage/appender.ts';
import type { ScrapeLoop } from './scrape-loop.ts';
import { ScrapePool, type ScrapePoolDeps } from './scrape-pool.ts';
import type { ScrapeFeatures } from './scrape-sink.ts';
import { type JobTotals, ScrapeTotals } from './scrape-totals.ts';
import { globalUrl } from './target-url.ts';

export interface ScrapeDeps {
  readonly appendable: Appendable;
  readonly clock: Clock;
  /** What a person should read later: a refused target, an unsupported discovery, samples that do not fit. */
  report(severity: 'info' | 'warning' | 'error', text: string): void;
  /** Sent as `User-Agent`, e.g. `watchfire/0.1.0`. */
  readonly userAgent?: string | undefined;
  readonly features?: ScrapeFeatures | undefined;
  /** Told of each scrape that is stored, a failed one too. */
  onScraped?(loop: ScrapeLoop): void;
  createHttpClient?(config: HttpClientConfig): HttpClient;
  monotonicMs?(): number;
  random?(): number;
  readonly resolver?: DnsResolver | undefined;
  /** This machine's name, which spreads the scrapes of several watchfires. */
  readonly hostname?: string | undefined;
}

/** A target as the targets view and the HTTP API show it. */
export interface ScrapedTarget {
  readonly job: string;
  readonly discoveredLabels: Labels;
  readonly labels: Labels;
  readonly scrapeUrl: string;
  readonly globalUrl: string;
  readonly health: 'up' | 'down' | 'unknown';
  readonly lastError: string;
  readonly lastScrapeMs: number;
  readonly lastScrapeDurationSeconds: number;
  readonly scrapeIntervalMs: number;
  readonly scrapeTimeoutMs: number;
  readonly samples: number;
  readonly samplesAfterRelabelling: number;
  readonly seriesAdded: number;
}

export interface ScrapedTargets {
  readonly active: readonly ScrapedTarget[];
  /** At most `keep_dropped_targets` of each job (0: all). */
  readonly dropped: readonly { readonly job: string; readonly discoveredLabels: Labels }[];
  /** How many were dropped, by job. */
  readonly droppedCounts: Readonly<Record<string, number>>;
}

export interface TargetMetadata extends Metadata {
  readonly target: Labels;
  readonly metric: string;
}

/** A job as its own metrics tell of it. */
export interface JobStats {
  readonly job: string;
  /** What its discoveries are, each kind once. */
  readonly kinds: ReadonlySet<DiscoveryState['kind']>;
  /** Before and after relabelling. */
  readonly discoveredTargets: number;
  readonly targets: number;
  /** 0: none. */
  readonly targetLimit: number;
  /** Metric families that the targets told of. */
  readonly families: number;
  readonly totals: JobTotals;
}

export class ScrapeManager {
  readonly totals = new ScrapeTotals();
  readonly #deps: ScrapeDeps;
  readonly #hostname: string;
  readonly #pools = new Map<string, ScrapePool>();
  readonly #bodies = new BodyPool();
  #seed = 0;

  constructor(deps: ScrapeDeps) {
    this.#deps = deps;
    this.#hostname = deps.hostname ?? hostname();
  }

  /** Starts, or takes up a changed configuration: jobs that are as before go on undisturbed. */
  apply(config: { readonly scrapeConfigs: readonly ScrapeConfig[]; readonly externalLabels: Labels }): void {
    this.#seed = hashOf(`${this.#hostname}\n${config.externalLabels.key}`);
    const wanted = new Set(config.scrapeConfigs.map((each) => each.jobName));
    for (const [job, pool] of this.#pools) {
      if (wanted.has(job)) continue;
      this.#pools.delete(job);
      this.totals.jobs.delete(job);
      pool.close(true);
    }
    for (const each of config.scrapeConfigs) {
      const pool = this.#pools.get(each.jobName);
      if (pool === undefined) {
        this.totals.poolsMade++;
        this.#pools.set(each.jobName, new ScrapePool(this.#poolDeps(), each));
      } else {
        this.totals.reloads++;
        pool.reload(each);
      }
    }
  }

  targets(): ScrapedTargets {
    const active: ScrapedTarget[] = [];
    const dropped: { job: string; discoveredLabels: Labels }[] = [];
    const droppedCounts: Record<string, number> = Object.create(null);
    for (const [job, pool] of this.#pools) {
      for (const loop of pool.loops.values()) active.push(scrapedTarget(job, loop, this.#hostname));
      droppedCounts[job] = pool.dropped.length;
      const kept = pool.config.keepDroppedTargets || pool.dropped.length;
      for (const discoveredLabels of pool.dropped.slice(0, kept)) dropped.push({ job, discoveredLabels });
    }
    return { active, dropped, droppedCounts };
  }

  /** Of every active target, family by family; `metric` empty: all families. */
  targetMetadata(metric = ''): TargetMetadata[] {
    const found: TargetMetadata[] = [];
    for (const pool of this.#pools.values()) {
      for (const loop of pool.loops.values()) {
        for (const [family, metadata] of loop.families) {
          if (metric !== '' && metric !== family) continue;
          found.push({ target: loop.target.labels, metric: family, ...metadata });
        }
      }
    }
    return found;
  }

  /** Each job's discoveries, and the targets that cannot be scraped. */
  discoveries(): { readonly job: string; readonly states: DiscoveryState[]; readonly faults: readonly string[] }[] {
    return [...this.#pools].map(([job, pool]) => ({ job, states: pool.discoveryStates(), faults: pool.faults }));
  }

  /** What a job does to the labels of its targets; undefined where there is no such job. */
  relabelConfigs(job: string): readonly RelabelConfig[] | undefined {
    return this.#pools.get(job)?.config.relabelConfigs;
  }

  jobs(): JobStats[] {
    return [...this.#pools].map(([job, pool]) => ({
      job,
      kinds: new Set(pool.discoveryStates().map(({ kind }) => kind)),
      discoveredTargets: pool.discoveredTargets,
      targets: pool.loops.size,
      targetLimit: pool.config.targetLimit,
      families: [...pool.loops.values()].reduce((sum, { families }) => sum + families.size, 0),
      totals: this.totals.job(job),
    }));
  }

  /** Ends at once; series are left as they are, since watchfire itself is what stops. */
  close(): void {
    for (const pool of this.#pools.values()) pool.close(false);
    this.#pools.clear();
  }

  #poolDeps(): ScrapePoolDeps {
    const { appendable, clock } = this.#deps;
    const report = this.#deps.report.bind(this.#deps);
    const makeClient =
      this.#deps.createHttpClient ??
      ((config: HttpClientConfig) => createHttpClient(config, { userAgent: this.#deps.userAgent ?? 'watchfire' }));
    return {
      appendable,
      clock,
      report,
      onScraped: (loop) => {
        this.totals.scraped(loop);
        this.#deps.onScraped?.(loop);
      },
      totals: this.totals,
      seed: this.#seed,
      bodies: this.#bodies,
      features: this.#deps.features,
      monotonicMs: this.#deps.monotonicMs ?? (() => performance.now()),
      createHttpClient: makeClient,
      logFailure: (file, job, target, error) => {
        const time = new Date(clock.nowMs()).toISOString();
        const line = JSON.stringify({ time, level: 'ERROR', msg: error, job, scrape_url: target.url });
        appendFile(file, `${line}\n`).catch((fault: Error) => {
          report('error', `scrape_failure_log_file ${file} cannot be written: ${fault.message}`);
        });
      },
      discovery: {
        clock,
        createHttpClient: makeClient,
        report,
        resolver: this.#deps.resolver,
        random: this.#deps.random ?? Math.random,
      },
    };
  }
}

function scrapedTarget(job: string, loop: ScrapeLoop, host: string): ScrapedTarget {
  const { target, lastOutcome: last } = loop;
  return {
    job,
    discoveredLabels: target.discoveredLabels,
    labels: target.labels,
    scrapeUrl: target.url,
    globalUrl: globalUrl(target.url, host),
    health: last === undefined ? 'unknown' : last.error === '' ? 'up' : 'down',
    lastError: last?.error ?? '',
    lastScrapeMs: last?.atMs ?? 0,
    lastScrapeDurationSeconds: last?.durationSeconds ?? 0,
    scrapeIntervalMs: target.intervalMs,
    scrapeTimeoutMs: target.timeoutMs,
    samples: last?.counts.scraped ?? 0,
    samplesAfterRelabelling: last?.counts.relabelled ?? 0,
    seriesAdded: last?.counts.seriesAdded ?? 0,
  };
}
