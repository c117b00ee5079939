/** One job: its discoveries, and a scrape loop for each of its targets. */
import type { Timer } from '../config/clock.ts';
import type { ScrapeConfig, TargetGroup } from '../config/prometheus-config.ts';
import { createDiscovery, type Discovery, type DiscoveryDeps, type DiscoveryState } from '../discovery/discovery.ts';
import type { HttpClient } from '../http/client.ts';
import type { Labels } from '../labels/labels.ts';
import { configKey, scrapeKey } from './config-key.ts';
import { ScrapeLoop, type ScrapeLoopDeps } from './scrape-loop.ts';
import type { ScrapeTotals } from './scrape-totals.ts';
import { type Target, TargetBuilder } from './target.ts';

export interface ScrapePoolDeps extends Omit<ScrapeLoopDeps, 'onFailure' | 'onRefused'> {
  readonly discovery: DiscoveryDeps;
  createHttpClient(config: ScrapeConfig['http']): HttpClient;
  report(severity: 'info' | 'warning' | 'error', text: string): void;
  readonly totals: ScrapeTotals;
  /** A line for `scrape_failure_log_file`. */
  logFailure(file: string, job: string, target: Target, error: string): void;
}

/** A burst of changes is taken up as one. */
const SYNC_SPACING_MS = 1000;

/** One discovery of the job and what it last said. */
interface Slot {
  readonly key: string;
  readonly discovery: Discovery;
  groups: readonly TargetGroup[];
}

export class ScrapePool {
  readonly loops = new Map<string, ScrapeLoop>();
  dropped: readonly Labels[] = [];
  /** Targets that cannot be scraped, in words. */
  faults: readonly string[] = [];
  readonly #deps: ScrapePoolDeps;
  #config: ScrapeConfig;
  #builder: TargetBuilder;
  #client: HttpClient;
  #slots: Slot[] = [];
  #syncTimer: Timer | undefined;
  #lastSyncMs = Number.NEGATIVE_INFINITY;
  #closed = false;

  constructor(deps: ScrapePoolDeps, config: ScrapeConfig) {
    this.#deps = deps;
    this.#config = config;
    this.#builder = new TargetBuilder(config);
    this.#client = deps.createHttpClient(config.http);
    this.#setDiscoveries(config);
    this.#sync();
  }

  get config(): ScrapeConfig {
    return this.#config;
  }

  discoveryStates(): DiscoveryState[] {
    return this.#slots.map((slot) => slot.discovery.state());
  }

  /** Those that discovery found, before relabelling. */
  get discoveredTargets(): number {
    return this.#slots.reduce(
      (sum, { groups }) => sum + groups.reduce((all, { targets }) => all + targets.length, 0),
      0,
    );
  }

  /** Takes up a configuration of the same job; loops go on where nothing about scraping has changed. */
  reload(config: ScrapeConfig): void {
    const isSame = scrapeKey(config) === scrapeKey(this.#config);
    this.#config = config;
    this.#builder = new TargetBuilder(config);
    if (!isSame) {
      const client = this.#client;
      for (const loop of this.loops.values()) loop.stopAndMarkStale();
      this.loops.clear();
      client.close();
      this.#client = this.#deps.createHttpClient(config.http);
    }
    this.#setDiscoveries(config);
    this.#sync();
  }

  /** `markStale`: the job is gone while watchfire stays. */
  close(markStale: boolean): void {
    this.#closed = true;
    this.#syncTimer?.cancel();
    for (const slot of this.#slots) slot.discovery.stop();
    for (const loop of this.loops.values()) {
      if (markStale) loop.stopAndMarkStale();
      else loop.stop();
    }
    this.loops.clear();
    this.#client.close();
  }

  /** A discovery that is as before goes on; one in the place of another serves the other's targets until it has its own. */
  #setDiscoveries(config: ScrapeConfig): void {
    const previous = this.#slots;
    const before = [...previous];
    const taken = config.discoveries.map((each) => {
      const key = configKey(each);
      const at = before.findIndex((slot) => slot.key === key);
      return at < 0 ? undefined : before.splice(at, 1)[0];
    });
    this.#slots = config.discoveries.map((each, index) => {
      const kept = taken[index];
      if (kept !== undefined) return kept;
      const discovery = createDiscovery(each, this.#discoveryDeps());
      const slot: Slot = { key: configKey(each), discovery, groups: before.shift()?.groups ?? [] };
      discovery.start((groups) => {
        slot.groups = groups;
        this.#syncSoon();
      });
      return slot;
    });
    for (const slot of previous) if (!this.#slots.includes(slot)) slot.discovery.stop();
  }

  #syncSoon(): void {
    if (this.#closed || this.#syncTimer !== undefined) return;
    const { clock } = this.#deps;
    const waitMs = Math.max(0, this.#lastSyncMs + SYNC_SPACING_MS - clock.nowMs());
    this.#syncTimer = clock.after(waitMs, () => this.#sync());
  }

  #sync(): void {
    const config = this.#config;
    const beganMs = this.#deps.monotonicMs();
    const totals = this.#deps.totals.job(config.jobName);
    this.#syncTimer?.cancel();
    this.#syncTimer = undefined;
    this.#lastSyncMs = this.#deps.clock.nowMs();
    const built = this.#builder.build(this.#slots.flatMap((slot) => slot.groups));
    this.dropped = built.dropped;
    for (const fault of built.faults) {
      if (!this.faults.includes(fault)) this.#deps.report('error', `job ${config.jobName}: ${fault}`);
    }
    this.faults = built.faults;
    totals.syncFailures += built.faults.length;
    const wanted = new Set(built.targets.map((target) => target.key));
    for (const [key, loop] of this.loops) {
      if (wanted.has(key)) continue;
      this.loops.delete(key);
      loop.stopAndMarkStale();
    }
    const count = built.targets.length;
    const limitError =
      config.targetLimit > 0 && count > config.targetLimit
        ? `target_limit exceeded (number of targets: ${count}, limit: ${config.targetLimit})`
        : undefined;
    if (limitError !== undefined) totals.targetLimitExceeded++;
    for (const target of built.targets) {
      const running = this.loops.get(target.key);
      const loop = running ?? new ScrapeLoop(this.#loopDeps(), ownConfig(config, target), this.#client, target);
      loop.target = target;
      loop.forcedError = limitError;
      if (running !== undefined) continue;
      this.loops.set(target.key, loop);
      loop.start();
    }
    totals.syncs.add((this.#deps.monotonicMs() - beganMs) / 1000);
  }

  #discoveryDeps(): DiscoveryDeps {
    const { discovery, totals } = this.#deps;
    const { jobName } = this.#config;
    return { ...discovery, count: (event) => totals.discovered(jobName, event) };
  }

  #loopDeps(): ScrapeLoopDeps {
    return {
      ...this.#deps,
      onFailure: (target, error) => {
        const { scrapeFailureLogFile: file, jobName } = this.#config;
        if (file !== undefined) this.#deps.logFailure(file, jobName, target, error);
      },
      onRefused: (target, text) => {
        this.#deps.report('warning', `job ${this.#config.jobName}, ${target.url}: ${text}`);
      },
    };
  }
}

/** The job's, or with what relabelling said of this target alone. */
function ownConfig(config: ScrapeConfig, { histograms }: Target): ScrapeConfig {
  const isSame = Object.entries(histograms).every(([field, value]) => config[field as keyof ScrapeConfig] === value);
  return isSame ? config : { ...config, ...histograms };
}
