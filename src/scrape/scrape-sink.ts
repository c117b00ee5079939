/** Takes what the exposition parser finds in one target's bodies and appends it, with relabelling, limits and staleness. */
import type { ScrapeConfig } from '../config/prometheus-config.ts';
import type { Exemplar, Metadata, MetricType } from '../exposition/exemplar.ts';
import type { ExpositionSink } from '../exposition/exposition.ts';
import type { FloatHistogram } from '../exposition/histogram.ts';
import { histogramFault } from '../exposition/histogram-layout.ts';
import type { Labels } from '../labels/labels.ts';
import type { Appender, AppendOutcome } from '../storage/appender.ts';
import { limitBuckets } from './bucket-limit.ts';
import { ScrapeFault, sampleLabels } from './sample-labels.ts';
import { DROPPED, SeriesTable } from './series-table.ts';
import { withTypeAndUnit } from './type-labels.ts';
import { ZeroSamples } from './zero-samples.ts';

/** Samples further in the future than this are refused. */
const MOST_AHEAD_MS = 10 * 60_000;
const MOST_EXEMPLAR_CHARACTERS = 128;

/** What becomes of `_created` lines: series like others, start timestamps of the series they belong to, or these and a sample of 0 at that time. */
export type CreatedLines = 'series' | 'start-timestamps' | 'zero-samples';

/** What Prometheus' feature flags change about scraping. */
export interface ScrapeFeatures {
  /** Of OpenMetrics; series where undefined. */
  readonly created?: CreatedLines | undefined;
  /** Whether series get the labels `__type__` and `__unit__`. */
  readonly typeLabels?: boolean | undefined;
}

export interface ScrapeCounts {
  /** Lines with a sample. */
  scraped: number;
  /** Those left after relabelling, refused ones included. */
  relabelled: number;
  /** Line heads that are new to the target. */
  seriesAdded: number;
  /** Refused by the storage. */
  duplicates: number;
  outOfOrder: number;
  outOfBounds: number;
}

export class ScrapeSink implements ExpositionSink {
  readonly table = new SeriesTable();
  /** Of each metric family. */
  readonly families = new Map<string, Metadata>();
  readonly #config: ScrapeConfig;
  readonly #target: Labels;
  #changedFamilies = new Set<string>();
  #appender!: Appender;
  #timestampMs = 0;
  #counts: ScrapeCounts = noCounts();
  #appended = 0;
  /** Where the last sample went, for its exemplars. */
  #lastTimestampMs = 0;
  #lastWasRefused = false;
  /** Line heads that are new in this scrape, by series: each counts once its first sample is in. */
  readonly #newHeads = new Map<number, number>();
  #limitFault: ScrapeFault | undefined;
  readonly #zeros: ZeroSamples | undefined;
  readonly #typeLabels: boolean;
  /** Of each series whose exemplars come without a time of their own, the last. */
  readonly #untimed = new Map<number, Exemplar>();

  constructor(config: ScrapeConfig, target: Labels, features: ScrapeFeatures) {
    this.#config = config;
    this.#target = target;
    this.#typeLabels = features.typeLabels ?? false;
    if (features.created === 'zero-samples') this.#zeros = new ZeroSamples();
  }

  /** `timestampMs`: of samples without their own. */
  beginScrape(appender: Appender, timestampMs: number): ScrapeCounts {
    this.#appender = appender;
    this.#timestampMs = timestampMs;
    this.#counts = noCounts();
    this.#appended = 0;
    this.#limitFault = undefined;
    this.#newHeads.clear();
    this.table.beginScrape();
    return this.#counts;
  }

  series(line: Labels, duplicateLabel: string | undefined, emptyLabels?: readonly string[]): number {
    let labels: Labels | undefined;
    try {
      const own = this.#typeLabels ? withTypeAndUnit(line, this.families) : line;
      labels = sampleLabels(this.#config, own, this.#target, duplicateLabel, emptyLabels);
    } catch (fault) {
      // The sample that is refused for its labels counts too; it never comes to be one.
      this.#counts.scraped++;
      throw fault;
    }
    if (labels === undefined) return DROPPED;
    const series = this.table.add(labels, this.#appender);
    this.#newHeads.set(series, (this.#newHeads.get(series) ?? 0) + 1);
    return series;
  }

  sample(series: number, value: number, timestampMs: number | undefined, startMs: number | undefined): void {
    this.#counts.scraped++;
    if (series === DROPPED) return;
    const at = this.#place(series, timestampMs);
    if (at === undefined) return;
    const { table } = this;
    const appender = this.#appender;
    if (startMs !== undefined) this.#zeros?.add(appender, table.ref(series), series, at, startMs, undefined);
    let outcome = appender.float(table.ref(series), at, value, startMs);
    if (outcome === 'unknown-series') outcome = appender.float(table.renewRef(series, appender), at, value, startMs);
    this.#settle(series, outcome);
  }

  histogram(
    series: number,
    histogram: FloatHistogram,
    timestampMs: number | undefined,
    startMs: number | undefined,
    addsUp: boolean,
  ): void {
    this.#counts.scraped++;
    if (series === DROPPED) return;
    const at = this.#place(series, timestampMs);
    if (at === undefined) return;
    const limited = limitBuckets(histogram, this.#config);
    if (limited === undefined) {
      this.#limitFault ??= new ScrapeFault('histogram bucket limit exceeded');
      return;
    }
    const fault = typeof limited === 'string' ? limited : histogramFault(limited, addsUp);
    if (typeof limited === 'string' || fault !== undefined) {
      this.#counts.relabelled--;
      throw new ScrapeFault(fault);
    }
    const { table } = this;
    const appender = this.#appender;
    if (startMs !== undefined) this.#zeros?.add(appender, table.ref(series), series, at, startMs, limited);
    let outcome = appender.histogram(table.ref(series), at, limited, startMs);
    if (outcome === 'unknown-series') {
      outcome = appender.histogram(table.renewRef(series, appender), at, limited, startMs);
    }
    this.#settle(series, outcome);
  }

  exemplar(series: number, exemplar: Exemplar): void {
    if (series === DROPPED) return;
    if (this.#lastWasRefused || !fitsExemplar(exemplar.labels)) return;
    if (exemplar.timestampMs === undefined) {
      // It stands in the body until another takes its place, and is one exemplar all that time.
      const last = this.#untimed.get(series);
      if (last?.value === exemplar.value && last.labels.equals(exemplar.labels)) return;
      this.#untimed.set(series, exemplar);
    }
    const timestampMs = exemplar.timestampMs ?? this.#lastTimestampMs;
    this.#appender.exemplar(this.table.ref(series), { ...exemplar, timestampMs });
  }

  metadata(family: string, part: 'type' | 'help' | 'unit', text: string): void {
    const known = this.families.get(family) ?? UNKNOWN;
    const changed =
      part === 'type'
        ? { ...known, type: text as MetricType }
        : part === 'help'
          ? { ...known, help: text }
          : { ...known, unit: text };
    this.families.set(family, changed);
    this.#changedFamilies.add(family);
  }

  forget(series: number): void {
    this.table.forget(series);
    this.#zeros?.forget(series);
    this.#untimed.delete(series);
  }

  end(): void {
    if (this.#limitFault !== undefined) throw this.#limitFault;
    for (const family of this.#changedFamilies) this.#appender.metadata(family, this.families.get(family)!);
    this.#changedFamilies.clear();
    this.table.markAbsentStale(this.#appender, this.#timestampMs);
  }

  /** The time at which the sample is to be appended; undefined where it is refused before it gets to the storage. */
  #place(series: number, timestampMs: number | undefined): number | undefined {
    const config = this.#config;
    const counts = this.#counts;
    const own = config.honorTimestamps ? timestampMs : undefined;
    const at = own ?? this.#timestampMs;
    counts.relabelled++;
    this.#lastTimestampMs = at;
    const repeated = own === undefined && this.table.seenInThisScrape(series);
    this.table.markSeen(series, own === undefined || config.trackTimestampsStaleness);
    this.#lastWasRefused = true;
    if (repeated) {
      counts.duplicates++;
      this.#countNew(series);
      return undefined;
    }
    if (config.sampleLimit > 0 && ++this.#appended > config.sampleLimit) {
      this.#limitFault ??= new ScrapeFault('sample limit exceeded');
      return undefined;
    }
    if (own !== undefined && own > this.#timestampMs + MOST_AHEAD_MS) {
      counts.outOfBounds++;
      return undefined;
    }
    this.#lastWasRefused = false;
    return at;
  }

  #settle(series: number, outcome: AppendOutcome): void {
    this.#lastWasRefused = outcome !== 'appended' && outcome !== 'duplicate';
    switch (outcome) {
      case 'appended':
      case 'duplicate':
        this.#countNew(series);
        return;
      case 'duplicate-conflict':
        this.#counts.duplicates++;
        return;
      case 'out-of-order':
        this.#counts.outOfOrder++;
        return;
      case 'too-old':
      case 'out-of-bounds':
        this.#counts.outOfBounds++;
        return;
      case 'unknown-series':
        throw new Error('the storage does not know a series that it has just made');
    }
  }

  #countNew(series: number): void {
    if (this.#newHeads.size === 0) return;
    const heads = this.#newHeads.get(series) ?? 0;
    if (heads === 0 || this.#limitFault !== undefined) return;
    this.#newHeads.set(series, heads - 1);
    this.#counts.seriesAdded++;
  }
}

/** OpenMetrics allows 128 characters for all names and values together; Prometheus drops what has more. */
function fitsExemplar(labels: Labels): boolean {
  let length = 0;
  for (const [name, value] of labels) length += characters(name) + characters(value);
  return length <= MOST_EXEMPLAR_CHARACTERS;
}

function characters(text: string): number {
  let count = 0;
  for (const _ of text) count++;
  return count;
}

const UNKNOWN: Metadata = { type: 'unknown', help: '', unit: '' };

export function noCounts(): ScrapeCounts {
  return { scraped: 0, relabelled: 0, seriesAdded: 0, duplicates: 0, outOfOrder: 0, outOfBounds: 0 };
}
