/** Scrapes one target each interval: asks, parses, appends, reports, and marks stale what is gone. */
import type { Clock, Timer } from '../config/clock.ts';
import type { ScrapeConfig } from '../config/prometheus-config.ts';
import { ExpositionCache, type ExpositionSink, parseExposition, StartTimestamps } from '../exposition/exposition.ts';
import { convertClassicHistograms } from '../exposition/nhcb.ts';
import type { BodyPool } from '../http/body-buffer.ts';
import type { HttpClient } from '../http/client.ts';
import { hashOf } from '../labels/hash.ts';
import type { Appendable } from '../storage/appender.ts';
import { type FetchedBody, fetchBody } from './fetch-body.ts';
import { Report } from './report.ts';
import { noCounts, type ScrapeCounts, type ScrapeFeatures, ScrapeSink } from './scrape-sink.ts';
import type { Target } from './target.ts';

export interface ScrapeLoopDeps {
  readonly appendable: Appendable;
  readonly clock: Clock;
  /** Milliseconds from any origin, finer than the clock's. */
  monotonicMs(): number;
  /** Spreads the targets over the interval, differently on every machine. */
  readonly seed: number;
  readonly bodies: BodyPool;
  readonly features?: ScrapeFeatures | undefined;
  /** Told of each failed scrape. */
  onFailure(target: Target, error: string): void;
  /** Told, at most once until it stops, of samples that the storage refused. */
  onRefused(target: Target, text: string): void;
  /** Told of each scrape that is stored, a failed one too. */
  onScraped?: ((loop: ScrapeLoop) => void) | undefined;
}

/** What the last scrape came to. */
export interface ScrapeOutcome {
  readonly atMs: number;
  readonly durationSeconds: number;
  /** Empty where it was good. */
  readonly error: string;
  readonly counts: Readonly<ScrapeCounts>;
}

/** A timer is late by a little; a scrape this close to its time is stamped with that time, which compresses better. */
const MOST_TOLERANCE_MS = 10;

export class ScrapeLoop {
  /** Labels before relabelling may change without the target being another. */
  target: Target;
  /** Set where the job as a whole may not scrape; every scrape then fails with it. */
  forcedError: string | undefined;
  lastOutcome: ScrapeOutcome | undefined;
  readonly #deps: ScrapeLoopDeps;
  readonly #config: ScrapeConfig;
  readonly #client: HttpClient;
  readonly #sink: ScrapeSink;
  readonly #parserSink: ExpositionSink;
  readonly #cache = new ExpositionCache();
  readonly #starts: StartTimestamps | undefined;
  readonly #report: Report;
  readonly #stopping = new AbortController();
  #nextMs = 0;
  #timer: Timer | undefined;
  #scraping = false;
  #isDue = false;
  #refusing = false;

  constructor(deps: ScrapeLoopDeps, config: ScrapeConfig, client: HttpClient, target: Target) {
    this.#deps = deps;
    this.#config = config;
    this.#client = client;
    this.target = target;
    const features = deps.features ?? {};
    this.#sink = new ScrapeSink(config, target.labels, features);
    if ((features.created ?? 'series') !== 'series') this.#starts = new StartTimestamps();
    this.#parserSink = config.convertClassicHistogramsToNhcb
      ? convertClassicHistograms(this.#sink, { keepClassic: config.alwaysScrapeClassicHistograms })
      : this.#sink;
    this.#report = new Report(target.labels);
  }

  /** Metadata of the target's metric families. */
  get families(): ScrapeSink['families'] {
    return this.#sink.families;
  }

  /** Series that the target has now. */
  get seriesCount(): number {
    return this.#sink.table.size;
  }

  /** Of all its series, the report's included. */
  metricNames(): ReadonlySet<string> {
    const names = this.#sink.table.metricNames();
    for (const name of this.#report.metricNames) names.add(name);
    return names;
  }

  /** Whether its series may have other values of the target's labels. */
  get labelsMayDiffer(): boolean {
    return this.#config.honorLabels || this.#config.metricRelabelConfigs.length > 0;
  }

  start(): void {
    const nowMs = this.#deps.clock.nowMs();
    const { intervalMs } = this.target;
    const offsetMs = Math.floor(((hashOf(this.target.key) ^ this.#deps.seed) >>> 0) % intervalMs);
    this.#nextMs = nowMs - (nowMs % intervalMs) + offsetMs;
    if (this.#nextMs < nowMs) this.#nextMs += intervalMs;
    this.#arm();
  }

  /** No further scrape; nothing is written any more. */
  stop(): void {
    this.#stopping.abort();
    this.#timer?.cancel();
  }

  /**
   * As `stop`, and marks the target's series stale when the next scrape would have been. The markers are written
   * a little later: where the target has come back meanwhile, they come too late to count.
   */
  stopAndMarkStale(): void {
    this.stop();
    if (this.lastOutcome === undefined) return;
    const { clock, appendable } = this.#deps;
    const staleMs = this.#nextMs;
    const waitMs = staleMs - clock.nowMs() + this.target.intervalMs * 1.1;
    clock.after(Math.max(0, waitMs), () => {
      const appender = appendable.appender();
      this.#sink.table.markAllStale(appender, staleMs);
      this.#report.markStale(appender, staleMs);
      appender.commit();
    });
  }

  #arm(): void {
    this.#timer = this.#deps.clock.after(this.#nextMs - this.#deps.clock.nowMs(), () => {
      if (this.#scraping) this.#isDue = true;
      else void this.#scrapeWhileDue();
    });
  }

  /** A scrape that took the whole interval is followed by the next at once, as with Go's ticker. */
  async #scrapeWhileDue(): Promise<void> {
    this.#scraping = true;
    do {
      this.#isDue = false;
      const atMs = this.#takeTurn();
      this.#arm();
      await this.#scrape(atMs);
    } while (this.#isDue && !this.#stopping.signal.aborted);
    this.#scraping = false;
  }

  /** The timestamp of the scrape that begins now; the next turn is set. */
  #takeTurn(): number {
    const nowMs = this.#deps.clock.nowMs();
    const { intervalMs } = this.target;
    while (nowMs - this.#nextMs >= intervalMs) this.#nextMs += intervalMs;
    const tolerance = Math.min(MOST_TOLERANCE_MS, intervalMs / 100);
    const atMs = Math.abs(nowMs - this.#nextMs) <= tolerance ? this.#nextMs : nowMs;
    this.#nextMs += intervalMs;
    return atMs;
  }

  async #scrape(atMs: number): Promise<void> {
    const beganMs = this.#deps.monotonicMs();
    const memory = this.#deps.bodies.body();
    let body: FetchedBody | undefined;
    let error = this.forcedError ?? '';
    if (error === '') {
      try {
        body = await fetchBody(this.#client, this.#config, this.target, this.#stopping.signal, memory);
      } catch (thrown) {
        error = messageOf(thrown);
      }
    }
    try {
      if (!this.#stopping.signal.aborted) this.#store(atMs, beganMs, body, error);
    } catch (thrown) {
      this.#fail(atMs, beganMs, `the samples cannot be stored: ${messageOf(thrown)}`, noCounts());
    } finally {
      memory.release();
    }
  }

  #store(atMs: number, beganMs: number, body: FetchedBody | undefined, fetchError: string): void {
    let appender = this.#deps.appendable.appender();
    const counts = this.#sink.beginScrape(appender, atMs);
    let error = fetchError;
    if (body !== undefined) {
      try {
        parseExposition(body.format, body.bytes, this.#parserSink, {
          cache: this.#cache,
          startTimestamps: this.#starts,
          nativeHistograms: this.#config.scrapeNativeHistograms,
          classicHistograms: this.#config.alwaysScrapeClassicHistograms,
          convertClassicHistograms: this.#config.convertClassicHistogramsToNhcb,
        });
      } catch (thrown) {
        error = messageOf(thrown);
        appender.rollback();
        appender = this.#deps.appendable.appender();
      }
    }
    if (error !== '') this.#sink.table.markAllStale(appender, atMs);
    const durationSeconds = (this.#deps.monotonicMs() - beganMs) / 1000;
    this.#report.write(appender, atMs, {
      up: error === '' ? 1 : 0,
      scrape_duration_seconds: durationSeconds,
      scrape_samples_scraped: counts.scraped,
      scrape_samples_post_metric_relabeling: counts.relabelled,
      scrape_series_added: counts.seriesAdded,
      ...(this.#config.extraScrapeMetrics && {
        scrape_timeout_seconds: this.target.timeoutMs / 1000,
        scrape_sample_limit: this.#config.sampleLimit,
        scrape_body_size_bytes: body?.bytes.length ?? (error.startsWith('body size limit') ? -1 : 0),
      }),
    });
    appender.commit();
    if (error !== '') this.#fail(atMs, beganMs, error, counts);
    else this.lastOutcome = { atMs, durationSeconds, error, counts };
    this.#tellRefused(counts);
    this.#deps.onScraped?.(this);
  }

  #fail(atMs: number, beganMs: number, error: string, counts: ScrapeCounts): void {
    const durationSeconds = (this.#deps.monotonicMs() - beganMs) / 1000;
    this.lastOutcome = { atMs, durationSeconds, error, counts };
    this.#deps.onFailure(this.target, error);
  }

  #tellRefused(counts: ScrapeCounts): void {
    const refused = counts.duplicates + counts.outOfOrder + counts.outOfBounds;
    if (refused > 0 && !this.#refusing) {
      const parts = [
        counts.duplicates > 0 && `${counts.duplicates} with different value but same timestamp`,
        counts.outOfOrder > 0 && `${counts.outOfOrder} out of order`,
        counts.outOfBounds > 0 && `${counts.outOfBounds} too old or too far into the future`,
      ].filter((part) => part !== false);
      this.#deps.onRefused(this.target, `samples refused: ${parts.join(', ')}`);
    }
    this.#refusing = refused > 0;
  }
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
