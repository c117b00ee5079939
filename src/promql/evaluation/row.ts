/** One series of an instant vector over all steps of an evaluation: a row of values. */
import type { FloatHistogram } from '../../exposition/histogram.ts';
import { type Labels, METRIC_NAME } from '../../labels/labels.ts';
import { QueryError } from '../result.ts';
import { FEW_STEPS, NO_BYTES, NO_FLOATS, type QuerySlabs, SLAB_BYTES } from './row-slabs.ts';

/** Values of `Row.kinds`. */
export const ABSENT = 0;
export const FLOAT_POINT = 1;
export const HISTOGRAM_POINT = 2;
export type PointKind = 0 | 1 | 2;

export interface Row {
  labels: Labels;
  /** The metric name (and type and unit) goes when the query is done. */
  dropName: boolean;
  readonly values: Float64Array;
  /** ABSENT, FLOAT_POINT or HISTOGRAM_POINT for each step. */
  readonly kinds: Uint8Array;
  /** At the steps of HISTOGRAM_POINT; undefined where there is none. */
  histograms: (FloatHistogram | undefined)[] | undefined;
  /**
   * Histograms of the series that merging has put beside a float of the same step, and those of later steps: what reads
   * the row step by step no longer sees them, but what takes it whole does (labels, minus, a subquery, the answer).
   */
  beside: (FloatHistogram | undefined)[] | undefined;
}

const METADATA_LABELS: ReadonlySet<string> = new Set([METRIC_NAME, '__type__', '__unit__']);

/** Makes rows of one length. */
export class RowMaker {
  readonly #steps: number;
  readonly #slabs: QuerySlabs | undefined;
  readonly #perSlab: number;
  #values = NO_FLOATS;
  #kinds = NO_BYTES;
  #used: number;
  #made = 0;

  /** `slabs` where there may be many. */
  constructor(steps: number, slabs?: QuerySlabs) {
    this.#steps = steps;
    this.#slabs = slabs;
    this.#perSlab = Math.max(1, Math.floor(SLAB_BYTES / (9 * steps)));
    this.#used = 0;
  }

  /** All absent. */
  make(labels: Labels, dropName: boolean): Row {
    const steps = this.#steps;
    if (steps === 1 && this.#slabs !== undefined) {
      return {
        labels,
        dropName,
        values: this.#slabs.floats(1),
        kinds: this.#slabs.bytes(1),
        histograms: undefined,
        beside: undefined,
      };
    }
    if (steps <= FEW_STEPS) {
      return {
        labels,
        dropName,
        values: new Float64Array(steps),
        kinds: new Uint8Array(steps),
        histograms: undefined,
        beside: undefined,
      };
    }
    if (this.#used * steps >= this.#values.length) {
      // The first slabs are small: most vectors have few series.
      const rows = Math.min(this.#perSlab, Math.max(4, this.#made));
      if (this.#slabs !== undefined && rows === this.#perSlab && rows > 1) {
        const slab = this.#slabs.slab();
        this.#values = new Float64Array(slab, 0, rows * steps);
        this.#kinds = new Uint8Array(slab, rows * steps * 8, rows * steps);
      } else {
        this.#values = new Float64Array(rows * steps);
        this.#kinds = new Uint8Array(rows * steps);
      }
      this.#used = 0;
    }
    const from = this.#used++ * steps;
    this.#made++;
    return {
      labels,
      dropName,
      values: this.#values.subarray(from, from + steps),
      kinds: this.#kinds.subarray(from, from + steps),
      histograms: undefined,
      beside: undefined,
    };
  }
}

export function setHistogram(row: Row, step: number, histogram: FloatHistogram): void {
  row.histograms ??= [];
  row.histograms[step] = histogram;
  row.kinds[step] = HISTOGRAM_POINT;
  row.values[step] = Number.NaN;
}

export function pointCount(row: Row): number {
  let count = 0;
  for (let i = 0; i < row.kinds.length; i++) if (row.kinds[i] !== ABSENT) count++;
  return count;
}

export function isEmptyRow(row: Row): boolean {
  for (let i = 0; i < row.kinds.length; i++) if (row.kinds[i] !== ABSENT) return false;
  return true;
}

export function copyRow(row: Row): Row {
  return {
    labels: row.labels,
    dropName: row.dropName,
    values: row.values.slice(),
    kinds: row.kinds.slice(),
    histograms: row.histograms?.slice(),
    beside: row.beside?.slice(),
  };
}

/** Without the metric's name, type and unit. */
export function withoutMetadata(labels: Labels): Labels {
  return labels.filterNames(isNoMetadata);
}

function isNoMetadata(name: string): boolean {
  return !METADATA_LABELS.has(name);
}

/**
 * Rows of equal labels made one; an error where two of them have a value at the same step, `by-kind` only where they have
 * one of the same kind: else the histogram stands beside the float.
 */
export function mergeRows(rows: Row[], collide: 'by-step' | 'by-kind' = 'by-step'): Row[] {
  if (rows.length < 2) return rows;
  const byKey = new Map<string, Row>();
  for (const row of rows) {
    const first = byKey.get(row.labels.key);
    if (!first) byKey.set(row.labels.key, row);
    else mergeInto(first, row, collide);
  }
  return byKey.size === rows.length ? rows : [...byKey.values()];
}

function mergeInto(target: Row, source: Row, collide: 'by-step' | 'by-kind'): void {
  for (let i = 0; i < source.kinds.length; i++) {
    const histogram = histogramAt(source, i);
    if (source.kinds[i] === FLOAT_POINT) putFloat(target, i, source.values[i]!, collide);
    if (histogram !== undefined) putHistogram(target, i, histogram, collide);
  }
  hideLaterHistograms(target);
  if (source.dropName) target.dropName = true;
}

function histogramAt({ kinds, histograms, beside }: Row, step: number): FloatHistogram | undefined {
  return kinds[step] === HISTOGRAM_POINT ? histograms![step] : beside?.[step];
}

function putFloat(row: Row, step: number, value: number, collide: 'by-step' | 'by-kind'): void {
  const kind = row.kinds[step];
  if (kind === FLOAT_POINT || (kind === HISTOGRAM_POINT && collide === 'by-step')) throw sameLabels();
  if (kind === HISTOGRAM_POINT) putBeside(row, step, row.histograms![step]!);
  row.kinds[step] = FLOAT_POINT;
  row.values[step] = value;
}

function putHistogram(row: Row, step: number, histogram: FloatHistogram, collide: 'by-step' | 'by-kind'): void {
  if (histogramAt(row, step) !== undefined) throw sameLabels();
  if (row.kinds[step] === ABSENT) setHistogram(row, step, histogram);
  else if (collide === 'by-kind') putBeside(row, step, histogram);
  else throw sameLabels();
}

function putBeside(row: Row, step: number, histogram: FloatHistogram): void {
  row.beside ??= [];
  row.beside[step] = histogram;
}

/** After the first step that has both. */
function hideLaterHistograms(row: Row): void {
  const { kinds, beside } = row;
  if (beside === undefined) return;
  let isHidden = false;
  for (let i = 0; i < kinds.length; i++) {
    if (isHidden && kinds[i] === HISTOGRAM_POINT) {
      beside[i] = row.histograms![i];
      kinds[i] = ABSENT;
    }
    isHidden ||= kinds[i] === FLOAT_POINT && beside[i] !== undefined;
  }
}

/** The error of series that have come to be equal. */
export function sameLabels(): QueryError {
  return new QueryError('execution', 'vector cannot contain metrics with the same labelset');
}
