/** What the PromQL engine reads from: series by matchers, each streamed into reusable columns of samples. */
import type { FloatHistogram } from '../exposition/histogram.ts';
import type { Labels } from '../labels/labels.ts';
import type { Matcher } from '../labels/matcher.ts';

/** Values of `SampleColumns.kinds`. A staleness marker is a kind, never a NaN bit pattern: JavaScript may rewrite those. */
export const FLOAT = 0;
export const HISTOGRAM = 1;
export const STALE = 2;

/** Samples of one series in order of time, in columns that one reader uses again for every series. Only the first `length` entries count. */
export class SampleColumns {
  length = 0;
  /** Unix milliseconds. */
  timestamps: Float64Array;
  values: Float64Array;
  /** FLOAT, HISTOGRAM or STALE for each sample; of no meaning while `floatsOnly` holds. */
  kinds: Uint8Array;
  /** The histogram at the index of a HISTOGRAM sample. */
  histograms: (FloatHistogram | undefined)[] = [];
  /** Start (created) timestamps in Unix milliseconds, 0 for none; of no meaning unless `hasStarts`. */
  startTimestamps: Float64Array;
  /** No sample is a histogram or a staleness marker: the fast loops apply. */
  floatsOnly = true;
  hasStarts = false;

  constructor(capacity = 256) {
    this.timestamps = new Float64Array(capacity);
    this.values = new Float64Array(capacity);
    this.kinds = new Uint8Array(capacity);
    this.startTimestamps = new Float64Array(0);
  }

  clear(): void {
    this.length = 0;
    this.floatsOnly = true;
    this.hasStarts = false;
    if (this.histograms.length > 0) this.histograms.length = 0;
  }

  /** Makes room for at least `capacity` samples, keeping those present. */
  reserve(capacity: number): void {
    if (capacity <= this.timestamps.length) return;
    const size = Math.max(capacity, this.timestamps.length * 2);
    this.timestamps = grown(this.timestamps, new Float64Array(size));
    this.values = grown(this.values, new Float64Array(size));
    this.kinds = grown(this.kinds, new Uint8Array(size));
    if (this.startTimestamps.length > 0) this.startTimestamps = grown(this.startTimestamps, new Float64Array(size));
  }

  pushFloat(timestampMs: number, value: number): void {
    this.reserve(this.length + 1);
    this.timestamps[this.length] = timestampMs;
    this.values[this.length] = value;
    this.kinds[this.length++] = FLOAT;
  }

  pushHistogram(timestampMs: number, histogram: FloatHistogram): void {
    this.reserve(this.length + 1);
    this.floatsOnly = false;
    this.timestamps[this.length] = timestampMs;
    this.values[this.length] = Number.NaN;
    this.histograms[this.length] = histogram;
    this.kinds[this.length++] = HISTOGRAM;
  }

  pushStale(timestampMs: number): void {
    this.reserve(this.length + 1);
    this.floatsOnly = false;
    this.timestamps[this.length] = timestampMs;
    this.values[this.length] = Number.NaN;
    this.kinds[this.length++] = STALE;
  }

  /** Sets the start timestamp of the sample pushed last. */
  setStart(startMs: number): void {
    if (this.startTimestamps.length < this.timestamps.length) {
      this.startTimestamps = grown(this.startTimestamps, new Float64Array(this.timestamps.length));
    }
    if (!this.hasStarts) this.startTimestamps.fill(0, 0, this.length);
    this.hasStarts = true;
    this.startTimestamps[this.length - 1] = startMs;
  }
}

function grown<T extends Float64Array | Uint8Array>(from: T, into: T): T {
  into.set(from);
  return into;
}

export interface SelectedSeries {
  readonly labels: Labels;
  /** A place for the labels without the metric's name, type and unit: kept as long as the selection is. */
  bareLabels?: Labels | undefined;
  /** Clears `into` and appends the samples with startMs ≤ timestamp ≤ endMs, in order of time. */
  read(startMs: number, endMs: number, into: SampleColumns): void;
  /** As `read` where only the newest of those samples is wanted: the ones before it may be left out. Of storages that find it sooner so. */
  readNewest?(startMs: number, endMs: number, into: SampleColumns): void;
}

export interface Queryable {
  /** Counts the batches that were put in: while it stands still, equal reads give equal samples. Undefined where nobody counts. */
  readonly changes?: number | undefined;
  /** Series are selected in the order in which they were made, and that order is meant: by labels they are not to be put. */
  readonly isInOrderMade?: boolean;
  /**
   * Series that match every matcher and may have samples with startMs ≤ timestamp ≤ endMs, in no particular order. A list of matchers is not
   * changed afterwards: what was found by it may be found by it again.
   */
  select(matchers: readonly Matcher[], startMs: number, endMs: number): readonly SelectedSeries[];
}
