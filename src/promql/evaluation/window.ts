/** The samples of one series within a range, as range functions see them at one step; floats and histograms apart. */
import type { FloatHistogram } from '../../exposition/histogram.ts';
import type { Labels } from '../../labels/labels.ts';
import { HISTOGRAM, type SampleColumns, STALE } from '../../storage/queryable.ts';
import { exactSumsOf } from './exact-sums.ts';

const NO_FLOATS = new Float64Array(0);
const NO_COUNTS = new Uint32Array(0);

export class Window {
  labels!: Labels;
  floatTimes: Float64Array = NO_FLOATS;
  floatValues: Float64Array = NO_FLOATS;
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
  /** Counts the series that were loaded. */
  serial = 0;
  #floatCount = 0;
  #drops = NO_COUNTS;
  #dropsSerial = -1;
  #prefix = NO_FLOATS;
  #prefixSerial = -1;
  #hasPrefix = false;

  /** For each float of the series how many up to it are less than the one before: made once a series, when first wanted. */
  dropsUpTo(): Uint32Array {
    if (this.#dropsSerial === this.serial) return this.#drops;
    this.#dropsSerial = this.serial;
    const count = this.#floatCount;
    if (this.#drops.length < count) this.#drops = new Uint32Array(count * 2);
    const drops = this.#drops;
    const values = this.floatValues;
    let seen = 0;
    for (let i = 0; i < count; i++) {
      if (i > 0 && values[i]! < values[i - 1]!) seen++;
      drops[i] = seen;
    }
    return drops;
  }

  /**
   * The sums of the first n floats of the series, where they are all integers so small that every sum of them is exact;
   * else undefined. Made once a series, when first wanted.
   */
  exactSums(): Float64Array | undefined {
    if (this.#prefixSerial !== this.serial) {
      this.#prefixSerial = this.serial;
      this.#hasPrefix = this.#sumUp();
    }
    return this.#hasPrefix ? this.#prefix : undefined;
  }

  #sumUp(): boolean {
    const count = this.#floatCount;
    if (this.#prefix.length <= count) this.#prefix = new Float64Array((count + 1) * 2);
    return exactSumsOf(this.floatValues, count, this.#prefix);
  }

  get floatCount(): number {
    return this.floatTo - this.floatFrom;
  }

  get histogramCount(): number {
    return this.histogramTo - this.histogramFrom;
  }

  /** The columns are looked into, not copied, where they hold floats only. */
  load(labels: Labels, columns: SampleColumns, withStarts: boolean): void {
    this.labels = labels;
    this.serial++;
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
    // Of a subquery that has both at one time, the float comes first, and what is found at the very end ends the window.
    const endsWithHistogram = this.histogramTo > this.histogramFrom && histogramTimes[this.histogramTo - 1] === toMs;
    if (endsWithHistogram && to > from && floatTimes[to - 1] === toMs) this.histogramTo--;
  }
}

/** Computes a result into the window's `value` or `histogram` and says which. */
export type RangeFunction = (window: Window) => 0 | 1 | 2;
