/** An appender: samples gathered in columns and put into the head at once when committed. */
import type { Metadata, TimedExemplar } from '../exposition/exemplar.ts';
import type { FloatHistogram } from '../exposition/histogram.ts';
import type { Labels } from '../labels/labels.ts';
import type { Appender, AppendOutcome, SeriesRef } from './appender.ts';
import { copied } from './chunk-table.ts';
import { FLOAT, HISTOGRAM, STALE } from './queryable.ts';

/** Samples of one batch, in columns; only the first `length` entries count. */
export class BatchColumns {
  length = 0;
  refs = new Float64Array(256);
  timestamps = new Float64Array(256);
  values = new Float64Array(256);
  /** FLOAT, HISTOGRAM or STALE. */
  kinds = new Uint8Array(256);
  /** By index; start timestamps only where there is one. */
  readonly starts = new Map<number, number>();
  readonly histograms = new Map<number, FloatHistogram>();
  exemplars: { readonly ref: SeriesRef; readonly exemplar: TimedExemplar }[] = [];
  metadata: { readonly metricName: string; readonly metadata: Metadata }[] = [];

  add(ref: SeriesRef, timestampMs: number, kind: number, value: number): number {
    const at = this.length++;
    if (at === this.refs.length) {
      this.refs = copied(this.refs, new Float64Array(at * 2));
      this.timestamps = copied(this.timestamps, new Float64Array(at * 2));
      this.values = copied(this.values, new Float64Array(at * 2));
      this.kinds = copied(this.kinds, new Uint8Array(at * 2));
    }
    this.refs[at] = ref;
    this.timestamps[at] = timestampMs;
    this.kinds[at] = kind;
    this.values[at] = value;
    return at;
  }

  clear(): void {
    this.length = 0;
    if (this.starts.size > 0) this.starts.clear();
    if (this.histograms.size > 0) this.histograms.clear();
    if (this.exemplars.length > 0) this.exemplars = [];
    if (this.metadata.length > 0) this.metadata = [];
  }
}

/** What a batch needs of the head. */
export interface BatchTarget {
  seriesRef(labels: Labels): SeriesRef;
  labelsOf(ref: SeriesRef): Labels | undefined;
  check(
    ref: SeriesRef,
    timestampMs: number,
    kind: number,
    value: number,
    histogram: FloatHistogram | undefined,
  ): AppendOutcome;
  /** Puts the columns in; they are the head's again afterwards. */
  apply(columns: BatchColumns): void;
  /** Takes the columns back unused. */
  discard(columns: BatchColumns): void;
}

export class Batch implements Appender {
  readonly #target: BatchTarget;
  #columns: BatchColumns | undefined;

  constructor(target: BatchTarget, columns: BatchColumns) {
    this.#target = target;
    this.#columns = columns;
  }

  series(labels: Labels): SeriesRef {
    return this.#target.seriesRef(labels);
  }

  labels(ref: SeriesRef): Labels | undefined {
    return this.#target.labelsOf(ref);
  }

  float(ref: SeriesRef, timestampMs: number, value: number, startMs = 0): AppendOutcome {
    const outcome = this.#target.check(ref, timestampMs, FLOAT, value, undefined);
    if (outcome === 'appended') {
      const at = this.#open().add(ref, timestampMs, FLOAT, value);
      if (startMs !== 0) this.#columns!.starts.set(at, startMs);
    }
    return outcome;
  }

  histogram(ref: SeriesRef, timestampMs: number, histogram: FloatHistogram, startMs = 0): AppendOutcome {
    const outcome = this.#target.check(ref, timestampMs, HISTOGRAM, Number.NaN, histogram);
    if (outcome === 'appended') {
      const at = this.#open().add(ref, timestampMs, HISTOGRAM, Number.NaN);
      this.#columns!.histograms.set(at, histogram);
      if (startMs !== 0) this.#columns!.starts.set(at, startMs);
    }
    return outcome;
  }

  stale(ref: SeriesRef, timestampMs: number): AppendOutcome {
    const outcome = this.#target.check(ref, timestampMs, STALE, Number.NaN, undefined);
    if (outcome === 'appended') this.#open().add(ref, timestampMs, STALE, Number.NaN);
    return outcome;
  }

  exemplar(ref: SeriesRef, exemplar: TimedExemplar): void {
    this.#open().exemplars.push({ ref, exemplar });
  }

  metadata(metricName: string, metadata: Metadata): void {
    this.#open().metadata.push({ metricName, metadata });
  }

  commit(): void {
    const columns = this.#open();
    this.#columns = undefined;
    this.#target.apply(columns);
  }

  rollback(): void {
    if (this.#columns !== undefined) this.#target.discard(this.#columns);
    this.#columns = undefined;
  }

  #open(): BatchColumns {
    if (this.#columns === undefined) throw new Error('the appender was committed or rolled back already');
    return this.#columns;
  }
}
