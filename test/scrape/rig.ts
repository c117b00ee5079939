/** A scrape manager on a clock that only the test moves, with a real storage and a real target on loopback. */
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'vitest';
import { ManualClock } from '../../src/config/clock.ts';
import type { ScrapeConfig } from '../../src/config/prometheus-config.ts';
import { Labels } from '../../src/labels/labels.ts';
import { Matcher } from '../../src/labels/matcher.ts';
import { scrapeConfigForTargets } from '../../src/scrape/command-line-targets.ts';
import { type ScrapeDeps, ScrapeManager } from '../../src/scrape/manager.ts';
import { createHead, type Head } from '../../src/storage/head.ts';
import { SampleColumns, STALE } from '../../src/storage/queryable.ts';

/** What the target answers, changed by tests between scrapes. */
export type Answer = string | Uint8Array | http.RequestListener;

export class Rig {
  readonly clock = new ManualClock(1_700_000_000_000);
  readonly head: Head;
  readonly manager: ScrapeManager;
  readonly reports: string[] = [];
  readonly requests: http.IncomingMessage[] = [];
  answer: Answer = '';
  contentType = 'text/plain; version=0.0.4';
  address = '';
  readonly #server: http.Server;

  constructor(deps: Partial<ScrapeDeps> = {}) {
    this.head = createHead();
    this.manager = new ScrapeManager({
      appendable: this.head,
      clock: this.clock,
      report: (severity, text) => this.reports.push(`${severity}: ${text}`),
      userAgent: 'watchfire/test',
      hostname: 'test-host',
      ...deps,
    });
    this.#server = http.createServer((request, response) => {
      this.requests.push(request);
      if (typeof this.answer === 'function') {
        this.answer(request, response);
        return;
      }
      response.setHeader('content-type', this.contentType);
      response.end(this.answer);
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    this.address = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.manager.close();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** The job `test` with one target at this rig's address, each 10 s. */
  job(more: Partial<ScrapeConfig> = {}, labels: Readonly<Record<string, string>> = {}): ScrapeConfig {
    const place = { file: 'prometheus.yml', line: 1, column: 1 };
    const target = Labels.of({ __address__: this.address, ...labels });
    return {
      ...scrapeConfigForTargets([]),
      jobName: 'test',
      scrapeIntervalMs: 10_000,
      scrapeTimeoutMs: 10_000,
      fallbackScrapeProtocol: undefined,
      discoveries: [{ kind: 'static', place, groups: [{ source: '0', targets: [target], labels: Labels.EMPTY }] }],
      ...more,
    };
  }

  apply(...scrapeConfigs: ScrapeConfig[]): void {
    this.manager.apply({ scrapeConfigs, externalLabels: Labels.EMPTY });
  }

  /** Lets each target be scraped once more. */
  async turn(): Promise<void> {
    const before = new Map(this.manager.targets().active.map((target) => [target.scrapeUrl, target.lastScrapeMs]));
    await this.clock.advance(10_000);
    await expect
      .poll(
        () =>
          this.manager.targets().active.every((target) => target.lastScrapeMs > (before.get(target.scrapeUrl) ?? 0)),
        {
          interval: 2,
          timeout: 20_000,
        },
      )
      .toBe(true);
  }

  /** Answers once with the body. */
  async scrape(answer: Answer): Promise<void> {
    this.answer = answer;
    await this.turn();
  }

  get error(): string {
    return this.manager.targets().active[0]!.lastError;
  }

  /** Every series by its text, without `job` and `instance` where these are the target's own; values oldest first, `stale` for a marker. */
  stored(metric = '.+'): Record<string, (number | 'stale' | 'histogram')[]> {
    const out: Record<string, (number | 'stale' | 'histogram')[]> = {};
    const columns = new SampleColumns();
    for (const series of this.head.select([new Matcher('=~', '__name__', metric)], 0, Number.MAX_SAFE_INTEGER)) {
      series.read(0, Number.MAX_SAFE_INTEGER, columns);
      const own =
        series.labels.get('instance') === this.address ? series.labels.without('job', 'instance') : series.labels;
      out[own.toSelector()] = Array.from({ length: columns.length }, (_, i) => {
        if (columns.floatsOnly) return columns.values[i]!;
        if (columns.kinds[i] === STALE) return 'stale';
        return columns.histograms[i] !== undefined ? 'histogram' : columns.values[i]!;
      });
    }
    return out;
  }

  /** The times of a series' samples. */
  times(metric: string): number[] {
    const columns = new SampleColumns();
    const [series] = this.head.select([new Matcher('=', '__name__', metric)], 0, Number.MAX_SAFE_INTEGER);
    series?.read(0, Number.MAX_SAFE_INTEGER, columns);
    return [...columns.timestamps.subarray(0, columns.length)];
  }

  /** Start timestamps of the samples of a metric's one series. */
  startsOf(metric: string): number[] {
    const columns = new SampleColumns();
    const [series] = this.head.select([new Matcher('=', '__name__', metric)], 0, Number.MAX_SAFE_INTEGER);
    series?.read(0, Number.MAX_SAFE_INTEGER, columns);
    return columns.hasStarts ? [...columns.startTimestamps.subarray(0, columns.length)] : [];
  }
}
