/** What is counted of scraping since the start, by job and interval: how long things took, what was refused, which limits were hit. */
import type { DiscoveryEvent } from '../discovery/discovery.ts';
import { DurationSummary } from './duration-summary.ts';
import type { ScrapeLoop } from './scrape-loop.ts';

export interface JobTotals {
  /** Of comparing what discovery found with what is scraped. */
  readonly syncs: DurationSummary;
  /** Targets that were found and cannot be scraped. */
  syncFailures: number;
  targetLimitExceeded: number;
  readonly discovery: Map<DiscoveryEvent, number>;
}

/** Scrapes that failed because of a limit. */
export interface LimitTotals {
  bodySize: number;
  samples: number;
  labels: number;
  histogramBuckets: number;
}

export class ScrapeTotals {
  readonly jobs = new Map<string, JobTotals>();
  /** From the beginning of a scrape to that of the next, by the interval in milliseconds. */
  readonly intervals = new Map<number, DurationSummary>();
  readonly limits: LimitTotals = { bodySize: 0, samples: 0, labels: 0, histogramBuckets: 0 };
  duplicates = 0;
  outOfOrder = 0;
  outOfBounds = 0;
  reloads = 0;
  poolsMade = 0;
  readonly #lastMs = new WeakMap<ScrapeLoop, number>();

  job(name: string): JobTotals {
    let totals = this.jobs.get(name);
    if (totals === undefined) {
      totals = { syncs: new DurationSummary(), syncFailures: 0, targetLimitExceeded: 0, discovery: new Map() };
      this.jobs.set(name, totals);
    }
    return totals;
  }

  /** Learns of a scrape that is stored, a failed one too. */
  scraped(loop: ScrapeLoop): void {
    const outcome = loop.lastOutcome;
    if (outcome === undefined) return;
    const before = this.#lastMs.get(loop);
    this.#lastMs.set(loop, outcome.atMs);
    if (before !== undefined) this.#interval(loop.target.intervalMs).add((outcome.atMs - before) / 1000);
    this.duplicates += outcome.counts.duplicates;
    this.outOfOrder += outcome.counts.outOfOrder;
    this.outOfBounds += outcome.counts.outOfBounds;
    if (outcome.error !== '') this.#limit(outcome.error);
  }

  discovered(job: string, event: DiscoveryEvent): void {
    const { discovery } = this.job(job);
    discovery.set(event, (discovery.get(event) ?? 0) + 1);
  }

  #interval(intervalMs: number): DurationSummary {
    let summary = this.intervals.get(intervalMs);
    if (summary === undefined) {
      summary = new DurationSummary();
      this.intervals.set(intervalMs, summary);
    }
    return summary;
  }

  #limit(error: string): void {
    if (error.startsWith('body size limit exceeded')) this.limits.bodySize++;
    else if (error === 'sample limit exceeded') this.limits.samples++;
    else if (error === 'histogram bucket limit exceeded') this.limits.histogramBuckets++;
    else if (/^label_\w+ exceeded/.test(error)) this.limits.labels++;
  }
}
