/** What scraping, rules and imports write through: a batch that becomes visible as one. */
import type { Exemplar, Metadata } from '../exposition/exemplar.ts';
import type { FloatHistogram } from '../exposition/histogram.ts';
import type { Labels } from '../labels/labels.ts';

/** The storage's number of a series; stays valid while the series lives, and appending to a dead one says `unknown-series`. */
export type SeriesRef = number;

/** What became of one sample. Everything but `appended` left the storage as it was. */
export type AppendOutcome =
  | 'appended'
  | 'duplicate' // the same value at the same time: no fault
  | 'duplicate-conflict' // another value at the same time
  | 'out-of-order' // older than the newest sample and out-of-order ingestion is off
  | 'too-old' // older than the out-of-order window
  | 'out-of-bounds' // outside what the head can take
  | 'unknown-series';

export interface Appender {
  /** The reference of the series with these labels, made where it is new. */
  series(labels: Labels): SeriesRef;
  /** The storage's own copy of a series' labels, for whoever wants to keep them; undefined where the series is gone. */
  labels(ref: SeriesRef): Labels | undefined;
  /** `startMs`: the created timestamp of a counter or histogram, where the exposition gave one. */
  float(ref: SeriesRef, timestampMs: number, value: number, startMs?: number): AppendOutcome;
  histogram(ref: SeriesRef, timestampMs: number, histogram: FloatHistogram, startMs?: number): AppendOutcome;
  /** The staleness marker: from this time on the series has no value. */
  stale(ref: SeriesRef, timestampMs: number): AppendOutcome;
  exemplar(ref: SeriesRef, exemplar: Exemplar & { readonly timestampMs: number }): void;
  /** Metadata of a metric family. */
  metadata(metricName: string, metadata: Metadata): void;
  /** Makes the batch durable (write-ahead log) and visible. The appender is used up. */
  commit(): void;
  rollback(): void;
}

export interface Appendable {
  appender(): Appender;
}
