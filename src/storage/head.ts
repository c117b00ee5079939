/** The head: every series and sample that watchfire holds, in memory, to append to and to query. Long: what is public here is all that others know of the storage, most of it a few lines that hand on. */
import type { Exemplar, Metadata } from '../exposition/exemplar.ts';
import type { FloatHistogram } from '../exposition/histogram.ts';
import { compareBytes } from '../labels/compare.ts';
import type { Labels } from '../labels/labels.ts';
import type { Matcher } from '../labels/matcher.ts';
import type { Appendable, Appender, AppendOutcome, SeriesRef } from './appender.ts';
import { Batch, BatchColumns, type BatchTarget } from './batch.ts';
import { type Cardinality, cardinality } from './cardinality.ts';
import { copied } from './chunk-table.ts';
import { ExemplarRing } from './exemplar-ring.ts';
import type { HeadSeries } from './head-series.ts';
import { MetadataStore } from './metadata-store.ts';
import type { Queryable, SelectedSeries } from './queryable.ts';
import { budgetHorizon } from './retention.ts';
import { SelectionCache } from './selection-cache.ts';
import { SeriesChunks } from './series-chunks.ts';
import { SeriesIndex } from './series-index.ts';

export interface HeadOptions {
  /** Samples older than this are dropped; undefined: kept for ever. */
  readonly retentionMs?: number | undefined;
  /** Bytes to hold at most; the oldest samples go first, the last five minutes never. Undefined: no limit. */
  readonly budgetBytes?: number | undefined;
  /** Samples up to this much older than the newest of the head are taken out of order; 0: none. */
  readonly outOfOrderWindowMs?: number | undefined;
  /** Default 100,000. */
  readonly maxExemplars?: number | undefined;
}

/** What makes batches durable: told of each before it becomes visible. */
export interface Journal {
  append(columns: BatchColumns, kept: boolean): void;
  flush(): Promise<void>;
  close(): Promise<void>;
}

/** The fields of `StorageStatus`. */
export interface HeadStatus extends Cardinality {
  readonly series: number;
  readonly samples: number;
  readonly chunks: number;
  readonly labelPairs: number;
  readonly bytes: number;
  readonly budgetBytes: number | undefined;
  readonly droppedSamples: number;
  /** Put in since the start, staleness markers included; what a log brought back does not count. */
  readonly appendedFloats: number;
  readonly appendedHistograms: number;
  readonly minTimeMs: number;
  readonly maxTimeMs: number;
}

/** Bytes of labels, index and columns that a series costs, about. */
const SERIES_BYTES = 420;
/** A sample that is older than the newest by more than this is out of bounds, where no window lets it in: half of the two hours of Prometheus' head. */
const BOUND_MS = 60 * 60_000;
/** What is younger is kept whatever the budget: an instant query looks this far back. */
const YOUNGEST_MS = 5 * 60_000;
/** A reference is a slot, and how often the slot was given away before. */
const SLOT_MASK = 2 ** 27 - 1;

export function createHead(options: HeadOptions = {}): Head {
  return new Head(options);
}

export class Head implements Queryable, Appendable {
  /** As Prometheus' own head; not so once a file was imported, which there makes blocks, whose series are in the order of labels. */
  isInOrderMade = true;
  readonly index = new SeriesIndex();
  readonly chunks = new SeriesChunks();
  readonly exemplarRing: ExemplarRing;
  readonly metadataStore = new MetadataStore();
  journal: Journal | undefined;
  changes = 0;
  #options: HeadOptions;
  #generations = new Uint16Array(1024);
  /** Slots that held no sample when last looked at. */
  #idle = new Uint8Array(1024);
  #minTimeMs = Number.POSITIVE_INFINITY;
  #maxTimeMs = Number.NEGATIVE_INFINITY;
  /** The newest sample that was not imported: what is appended is bound by it. */
  #newestAppendedMs = Number.NEGATIVE_INFINITY;
  /** What is older was dropped already. */
  #horizonMs = Number.NEGATIVE_INFINITY;
  #droppedSamples = 0;
  readonly #selections = new SelectionCache(this);
  #appendedFloats = 0;
  #appendedHistograms = 0;
  readonly #spare: BatchColumns[] = [];
  readonly #appending: BatchTarget = this.#target(false);
  readonly #importing: BatchTarget = this.#target(true);

  constructor(options: HeadOptions) {
    this.#options = options;
    this.exemplarRing = new ExemplarRing(options.maxExemplars ?? 100_000);
  }

  /** Changes retention, budget and window of a running head. */
  configure(options: Omit<HeadOptions, 'maxExemplars'>): void {
    this.#options = { ...this.#options, ...options };
  }

  appender(): Appender {
    return new Batch(this.#appending, this.#spare.pop() ?? new BatchColumns());
  }

  /** An appender for samples that are taken however old and in any order, and that no retention drops. */
  importer(): Appender {
    return new Batch(this.#importing, this.#spare.pop() ?? new BatchColumns());
  }

  select(matchers: readonly Matcher[], startMs: number, endMs: number): readonly SelectedSeries[] {
    const all = this.#selections.select(matchers);
    const mayHave = (series: HeadSeries): boolean => this.#mayHave(series.slot, startMs, endMs);
    return all.every(mayHave) ? all : all.filter(mayHave);
  }

  /** Label names of the series that match, sorted; of all series where there is no matcher. */
  labelNames(
    matchers: readonly Matcher[],
    startMs = Number.NEGATIVE_INFINITY,
    endMs = Number.POSITIVE_INFINITY,
  ): string[] {
    const names = new Set<string>();
    const seen = new Set<readonly string[]>();
    for (const labels of this.#matching(matchers, startMs, endMs)) {
      if (seen.has(labels.names)) continue;
      seen.add(labels.names);
      for (const name of labels.names) names.add(name);
    }
    return [...names].sort(compareBytes);
  }

  /** Values of the label in the series that match, sorted. */
  labelValues(
    name: string,
    matchers: readonly Matcher[],
    startMs = Number.NEGATIVE_INFINITY,
    endMs = Number.POSITIVE_INFINITY,
  ): string[] {
    const values = new Set<string>();
    for (const labels of this.#matching(matchers, startMs, endMs)) {
      const value = labels.get(name);
      if (value !== '') values.add(value);
    }
    return [...values].sort(compareBytes);
  }

  /** Label sets of the series that match and may have samples in the range, sorted. */
  series(matchers: readonly Matcher[], startMs = Number.NEGATIVE_INFINITY, endMs = Number.POSITIVE_INFINITY): Labels[] {
    return [...this.#matching(matchers, startMs, endMs)].sort((a, b) => a.compare(b));
  }

  /** Exemplars of the series that match, with startMs ≤ timestamp ≤ endMs; series sorted, each one's exemplars in order of time. */
  exemplars(
    matchers: readonly Matcher[],
    startMs: number,
    endMs: number,
  ): { readonly series: Labels; readonly exemplars: readonly Exemplar[] }[] {
    const refs = new Set<SeriesRef>();
    for (const slot of this.index.select(matchers)) refs.add(this.refOf(slot));
    return [...this.exemplarRing.of(refs, startMs, endMs)]
      .map(([ref, exemplars]) => ({ series: this.index.labels[this.slotOf(ref)]!, exemplars }))
      .sort((a, b) => a.series.compare(b.series));
  }

  /** By metric family; several where targets differ, the newest first. */
  metadata(metric?: string): ReadonlyMap<string, readonly Metadata[]> {
    return metric === undefined ? this.metadataStore.all() : this.metadataStore.of(metric);
  }

  /** Sizes and the `limit` largest of each statistic. */
  status(limit: number): HeadStatus {
    const empty = this.chunks.samples === 0;
    return {
      series: this.index.size,
      samples: this.chunks.samples,
      chunks: this.chunks.table.live,
      labelPairs: this.index.pairs,
      bytes: this.bytes,
      budgetBytes: this.#options.budgetBytes,
      droppedSamples: this.#droppedSamples,
      appendedFloats: this.#appendedFloats,
      appendedHistograms: this.#appendedHistograms,
      minTimeMs: empty ? 0 : this.#minTimeMs,
      maxTimeMs: empty ? 0 : this.#maxTimeMs,
      ...cardinality(this.index, limit),
    };
  }

  /** Bytes held, about. */
  get bytes(): number {
    return this.chunks.bytes + this.index.size * SERIES_BYTES + this.index.pairs * 100 + this.index.pairBytes;
  }

  get maxTimeMs(): number {
    return this.#maxTimeMs;
  }

  /** Applies retention as of `nowMs` and forgets series without samples: call it about once a minute. Gives the samples dropped. */
  truncate(nowMs: number): number {
    const { retentionMs, budgetBytes } = this.#options;
    let dropped = 0;
    if (retentionMs !== undefined) dropped += this.#dropBefore(nowMs - retentionMs, false);
    if (budgetBytes !== undefined) {
      const keepFromMs = this.#maxTimeMs - YOUNGEST_MS;
      const horizonMs = budgetHorizon(this.chunks.table, this.#liveChunks(), this.bytes - budgetBytes, keepFromMs);
      if (horizonMs !== undefined) dropped += this.#dropBefore(horizonMs, true);
    }
    this.#droppedSamples += dropped;
    this.#forgetEmpty();
    this.chunks.table.compact(this.#liveChunks());
    return dropped;
  }

  /** Makes durable what was committed. */
  async flush(): Promise<void> {
    await this.journal?.flush();
  }

  async close(): Promise<void> {
    await this.journal?.close();
  }

  /** The reference of the series with these labels, made where it is new. */
  seriesRef(labels: Labels): SeriesRef {
    let slot = this.index.find(labels);
    if (slot < 0) {
      slot = this.index.add(labels);
      if (slot >= this.#idle.length) {
        this.#idle = copied(this.#idle, new Uint8Array(slot * 2));
        this.#generations = copied(this.#generations, new Uint16Array(slot * 2));
      }
      this.chunks.open(slot);
    }
    this.#idle[slot] = 0;
    return this.refOf(slot);
  }

  refOf(slot: number): SeriesRef {
    return this.#generations[slot]! * (SLOT_MASK + 1) + slot;
  }

  /** −1 where the series is gone. */
  slotOf(ref: SeriesRef): number {
    const slot = ref & SLOT_MASK;
    return this.index.labels[slot] !== undefined && this.refOf(slot) === ref ? slot : -1;
  }

  /** Learns of samples that came by other ways than an appender. */
  noteTimes(minMs: number, maxMs: number, kept: boolean): void {
    if (minMs < this.#minTimeMs) this.#minTimeMs = minMs;
    if (maxMs > this.#maxTimeMs) this.#maxTimeMs = maxMs;
    if (!kept && maxMs > this.#newestAppendedMs) this.#newestAppendedMs = maxMs;
  }

  /** Puts a batch in. `kept`: no retention drops it. `anyOrder`: however old its samples are. */
  apply(columns: BatchColumns, kept: boolean, anyOrder = kept): void {
    const { chunks } = this;
    this.changes++;
    const { refs, timestamps, values, kinds, starts, histograms } = columns;
    for (let i = 0; i < columns.length; i++) {
      const slot = this.slotOf(refs[i]!);
      if (slot < 0) continue;
      const timestampMs = timestamps[i]!;
      const histogram = histograms.size === 0 ? undefined : histograms.get(i);
      const startMs = starts.size === 0 ? 0 : (starts.get(i) ?? 0);
      if (timestampMs > chunks.newest(slot)) {
        chunks.append(slot, timestampMs, kinds[i]!, values[i]!, histogram, startMs, kept);
      } else if (this.#check(refs[i]!, timestampMs, kinds[i]!, values[i]!, histogram, anyOrder) === 'appended') {
        chunks.insert(slot, timestampMs, kinds[i]!, values[i]!, histogram, startMs, kept);
      }
      this.noteTimes(timestampMs, timestampMs, kept);
    }
    for (const { ref, exemplar } of columns.exemplars) this.exemplarRing.add(ref, exemplar);
    for (const { metricName, metadata } of columns.metadata) this.metadataStore.set(metricName, metadata);
  }

  #target(kept: boolean): BatchTarget {
    return {
      seriesRef: (labels) => this.seriesRef(labels),
      labelsOf: (ref) => this.index.labels[this.slotOf(ref)],
      check: (ref, timestampMs, kind, value, histogram) => this.#check(ref, timestampMs, kind, value, histogram, kept),
      apply: (columns) => {
        this.#appendedHistograms += columns.histograms.size;
        this.#appendedFloats += columns.length - columns.histograms.size;
        this.journal?.append(columns, kept);
        this.apply(columns, kept);
        this.#takeBack(columns);
      },
      discard: (columns) => this.#takeBack(columns),
    };
  }

  #takeBack(columns: BatchColumns): void {
    columns.clear();
    if (this.#spare.length < 4) this.#spare.push(columns);
  }

  #check(
    ref: SeriesRef,
    timestampMs: number,
    kind: number,
    value: number,
    histogram: FloatHistogram | undefined,
    anyOrder: boolean,
  ): AppendOutcome {
    const slot = this.slotOf(ref);
    if (slot < 0) return 'unknown-series';
    const newest = this.chunks.newest(slot);
    if (!anyOrder) {
      if (timestampMs < this.#horizonMs) return 'out-of-bounds';
      const isInBounds = timestampMs >= this.#newestAppendedMs - BOUND_MS;
      const windowMs = this.#options.outOfOrderWindowMs ?? 0;
      if (timestampMs < newest || !isInBounds) {
        if (windowMs === 0) return isInBounds ? 'out-of-order' : 'out-of-bounds';
        if (timestampMs < this.#newestAppendedMs - windowMs) return 'too-old';
      }
    }
    if (timestampMs > newest) return 'appended';
    return this.chunks.compare(slot, timestampMs, kind, value, histogram);
  }

  *#matching(matchers: readonly Matcher[], startMs: number, endMs: number): Iterable<Labels> {
    for (const slot of this.index.select(matchers)) {
      if (this.#mayHave(slot, startMs, endMs)) yield this.index.labels[slot]!;
    }
  }

  #mayHave(slot: number, startMs: number, endMs: number): boolean {
    return this.chunks.newest(slot) >= startMs && this.chunks.oldest(slot) <= endMs;
  }

  *#liveChunks(): Iterable<number> {
    for (let slot = 0; slot < this.index.slots; slot++) {
      if (this.index.labels[slot] !== undefined) yield* this.chunks.chunks(slot);
    }
  }

  #dropBefore(horizonMs: number, cut: boolean): number {
    this.#horizonMs = Math.max(this.#horizonMs, horizonMs);
    let dropped = 0;
    let oldest = Number.POSITIVE_INFINITY;
    for (let slot = 0; slot < this.index.slots; slot++) {
      if (this.index.labels[slot] === undefined) continue;
      if (this.chunks.oldest(slot) < horizonMs) dropped += this.chunks.dropBefore(slot, horizonMs, cut);
      oldest = Math.min(oldest, this.chunks.oldest(slot));
    }
    this.#minTimeMs = oldest;
    return dropped;
  }

  /** Removes series that had no samples this time and the time before. */
  #forgetEmpty(): void {
    const gone: number[] = [];
    for (let slot = 0; slot < this.index.slots; slot++) {
      if (this.index.labels[slot] === undefined || !this.chunks.isEmpty(slot)) continue;
      if (this.#idle[slot] === 1) gone.push(slot);
      else this.#idle[slot] = 1;
    }
    if (gone.length === 0) return;
    this.index.remove(gone);
    for (const slot of gone) this.#generations[slot]! += 1;
  }
}
