/** The samples of one series within a range, as range functions see them at one step; floats and histograms apart. */
import type { FloatHistogram } from '../../exposition/histogram.ts';
import type { Labels } from '../../labels/labels.ts';
import { HISTOGRAM, type SampleColumns, STALE } from '../../storage/queryable.ts';

export class Window {
  labels!: Labels;
  floatTimes: Float64Array = new Float64Array(0);
  floatValues: Float64Array = new Float64Array(0);
  /** Start timestamps, 0 for none; undefined where no sample of the series has one. */
  floatStarts: Float64Array | undefined;
  histogramTimes: number[] = [];
  histograms: FloatHistogram[] = [];
  histogramStarts: number[] | undefined;
  /** The floats of the window are those at floatFrom … floatTo-1, the histograms alike. */
  floatFrom = 0;
  floatTo = 0;
  histogramFrom = 0;
  histogramTo = 0;
  /** The range without what `anchored` and `smoothed` add: exclusive start, inclusive end. */
  rangeStart = 0;
  rangeEnd = 0;
  /** The step and its time. */
  step = 0;
  timeMs = 0;
  /** Where a function puts its result. */
  value = 0;
  histogram: FloatHistogram | undefined;
  #floatCount = 0;

  get floatCount(): number {
    return this.floatTo - this.floatFrom;
  }

  get histogramCount(): number {
    return this.histogramTo - this.histogramFrom;
  }

  /** The columns are looked into, not copied, where they hold floats only. */
  load(labels: Labels, columns: SampleColumns, withStarts: boolean): void {
    this.labels = labels;
    this.floatFrom = this.floatTo = this.histogramFrom = this.histogramTo = 0;
    this.histogramTimes.length = 0;
    this.histograms.length = 0;
    this.floatStarts = undefined;
    this.histogramStarts = undefined;
    const starts = withStarts && columns.hasStarts ? columns.startTimestamps : undefined;
    if (columns.floatsOnly) {
      this.floatTimes = columns.timestamps;
      this.floatValues = columns.values;
      this.floatStarts = starts;
      this.#floatCount = columns.length;
      return;
    }
    this.floatTimes = new Float64Array(columns.length);
    this.floatValues = new Float64Array(columns.length);
    if (starts) {
      this.floatStarts = new Float64Array(columns.length);
      this.histogramStarts = [];
    }
    this.#floatCount = 0;
    for (let i = 0; i < columns.length; i++) {
      const kind = columns.kinds[i];
      if (kind === STALE) continue;
      if (kind === HISTOGRAM) {
        this.histogramTimes.push(columns.timestamps[i]!);
        this.histograms.push(columns.histograms[i]!);
        if (starts) this.histogramStarts!.push(starts[i]!);
      } else {
        this.floatTimes[this.#floatCount] = columns.timestamps[i]!;
        this.floatValues[this.#floatCount] = columns.values[i]!;
        if (starts) this.floatStarts![this.#floatCount] = starts[i]!;
        this.#floatCount++;
      }
    }
  }

  /** Moves on to the samples after `fromMs` up to `toMs`; both may only grow. */
  move(fromMs: number, toMs: number): void {
    const { floatTimes, histogramTimes } = this;
    let from = this.floatFrom;
    let to = Math.max(this.floatTo, from);
    const count = this.#floatCount;
    while (from < count && floatTimes[from]! <= fromMs) from++;
    if (to < from) to = from;
    while (to < count && floatTimes[to]! <= toMs) to++;
    this.floatFrom = from;
    this.floatTo = to;
    if (histogramTimes.length === 0) return;
    while (this.histogramFrom < histogramTimes.length && histogramTimes[this.histogramFrom]! <= fromMs)
      this.histogramFrom++;
    if (this.histogramTo < this.histogramFrom) this.histogramTo = this.histogramFrom;
    while (this.histogramTo < histogramTimes.length && histogramTimes[this.histogramTo]! <= toMs) this.histogramTo++;
  }
}

/** Computes a result into the window's `value` or `histogram` and says which. */
export type RangeFunction = (window: Window) => 0 | 1 | 2;
