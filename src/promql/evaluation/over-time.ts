/** The `…_over_time` functions and others that look at the samples of a range one by one. */
import { QueryError } from '../result.ts';
import { HistogramMean, HistogramTotal } from './histogram-aggregate.ts';
import { compensate } from './kahan.ts';
import type { CallSite, ScalarColumn } from './site.ts';
import { quantileOfSorted, SortedWindow } from './sorted-window.ts';
import type { RangeFunction, Window } from './window.ts';

export function countOverTime(): RangeFunction {
  return (window) => yieldFloat(window, window.floatCount + window.histogramCount);
}

export function presentOverTime(): RangeFunction {
  return (window) => yieldFloat(window, 1);
}

export function sumOverTime(site: CallSite): RangeFunction {
  return (window) => {
    if (window.histogramCount > 0) return sumOfHistograms(site, window, new HistogramTotal());
    const { floatValues, floatFrom, floatTo } = window;
    const exact = window.exactSums();
    if (exact) return yieldFloat(window, exact[floatTo]! - exact[floatFrom]!);
    return yieldFloat(window, sumOf(floatValues, floatFrom, floatTo));
  };
}

export function sumOf(values: Float64Array, from: number, to: number): number {
  let sum = 0;
  let compensation = 0;
  for (let i = from; i < to; i++) {
    const value = values[i]!;
    const total = sum + value;
    compensation = compensate(sum, value, total, compensation);
    sum = total;
  }
  return Math.abs(sum) === Number.POSITIVE_INFINITY ? sum : sum + compensation;
}

export function avgOverTime(site: CallSite): RangeFunction {
  return (window) => {
    if (window.histogramCount > 0) return sumOfHistograms(site, window, new HistogramMean());
    const exact = window.exactSums();
    if (exact) return yieldFloat(window, (exact[window.floatTo]! - exact[window.floatFrom]!) / window.floatCount);
    return yieldFloat(window, meanOf(window.floatValues, window.floatFrom, window.floatTo));
  };
}

/** The sum divided where it is finite, incrementally from there on where it is not. */
export function meanOf(values: { readonly [index: number]: number }, from: number, to: number): number {
  let sum = values[from]!;
  let compensation = 0;
  let i = from + 1;
  for (; i < to; i++) {
    const total = sum + values[i]!;
    if (Math.abs(total) === Number.POSITIVE_INFINITY) break;
    compensation = compensate(sum, values[i]!, total, compensation);
    sum = total;
  }
  let count = i - from;
  if (i === to) return sum / count + compensation / count;
  let mean = sum / count;
  compensation /= count;
  for (; i < to; i++) {
    count++;
    const kept = (count - 1) / count;
    const addend = values[i]! / count;
    const total = kept * mean + addend;
    compensation = compensate(kept * mean, addend, total, kept * compensation);
    mean = total;
  }
  return mean + compensation;
}

function sumOfHistograms(site: CallSite, window: Window, total: HistogramTotal | HistogramMean): 0 | 2 {
  const { annotations, argument } = site;
  if (window.floatCount > 0) {
    annotations.mixedFloatsAndHistograms(window.labels.metricName, argument);
    return 0;
  }
  for (let i = window.histogramFrom; i < window.histogramTo; i++) {
    if (!total.add(window.histograms[i]!)) {
      annotations.mixedSchemas(window.labels.metricName, argument);
      return 0;
    }
  }
  if (total.collision) annotations.counterResetCollision('aggregation', argument);
  if (total.boundsReconciled) annotations.boundsReconciled('aggregation', argument);
  window.histogram = total.result();
  return 2;
}

/** The greatest or the least value, or its time in seconds; NaN only where there is nothing else. */
export function extremeOverTime(site: CallSite, greatest: boolean, wantsTime: boolean): RangeFunction {
  // The best sample of the step before stays the best of those that are still there; the new ones only are looked at.
  let serial = -1;
  let at = 0;
  let to = 0;
  return (window) => {
    if (window.floatCount === 0) return 0;
    if (window.histogramCount > 0) noteIgnored(site, window);
    const { floatValues, floatFrom, floatTo } = window;
    if (serial !== window.serial || at < floatFrom || to < floatFrom) {
      serial = window.serial;
      at = floatFrom;
      to = floatFrom;
    }
    let best = floatValues[at]!;
    for (let i = to; i < floatTo; i++) {
      const value = floatValues[i]!;
      const better = greatest ? value > best : value < best;
      if (!better && !Number.isNaN(best) && !(wantsTime && value === best)) continue;
      best = value;
      at = i;
    }
    to = floatTo;
    return yieldFloat(window, wantsTime ? window.floatTimes[at]! / 1000 : best);
  };
}

/** The first or the last sample of either kind. */
export function endOverTime(isLast: boolean): RangeFunction {
  return (window) => {
    const float = isLast ? window.floatTo - 1 : window.floatFrom;
    const histogram = isLast ? window.histogramTo - 1 : window.histogramFrom;
    if (window.floatCount + window.histogramCount === 0) return 0;
    const takesFloat =
      window.histogramCount === 0 ||
      (window.floatCount > 0 &&
        (isLast
          ? window.floatTimes[float]! > window.histogramTimes[histogram]!
          : window.floatTimes[float]! < window.histogramTimes[histogram]!));
    if (takesFloat) return yieldFloat(window, window.floatValues[float]!);
    window.histogram = window.histograms[histogram]!;
    return 2;
  };
}

/** When that was, in seconds. */
export function timeOfEnd(isLast: boolean): RangeFunction {
  return (window) => {
    const times: number[] = [];
    if (window.floatCount > 0) times.push(window.floatTimes[isLast ? window.floatTo - 1 : window.floatFrom]!);
    if (window.histogramCount > 0) {
      times.push(window.histogramTimes[isLast ? window.histogramTo - 1 : window.histogramFrom]!);
    }
    if (times.length === 0) return 0;
    return yieldFloat(window, (isLast ? Math.max(...times) : Math.min(...times)) / 1000);
  };
}

export function varianceOverTime(site: CallSite, map: (variance: number) => number): RangeFunction {
  return (window) => {
    if (window.floatCount === 0) return 0;
    noteIgnored(site, window);
    let mean = 0;
    let meanCompensation = 0;
    let sum = 0;
    let sumCompensation = 0;
    let count = 0;
    for (let i = window.floatFrom; i < window.floatTo; i++) {
      const value = window.floatValues[i]!;
      count++;
      const delta = value - (mean + meanCompensation);
      const step = delta / count;
      const nextMean = mean + step;
      meanCompensation = compensate(mean, step, nextMean, meanCompensation);
      mean = nextMean;
      const addend = delta * (value - (mean + meanCompensation));
      const nextSum = sum + addend;
      sumCompensation = compensate(sum, addend, nextSum, sumCompensation);
      sum = nextSum;
    }
    return yieldFloat(window, map((sum + sumCompensation) / count));
  };
}

export function quantileOverTime(site: CallSite, q: ScalarColumn, qAt: CallSite['argument']): RangeFunction {
  const sorted = new SortedWindow();
  return (window) => {
    if (window.floatCount === 0) return 0;
    const quantile = q[window.step]!;
    if (!(quantile >= 0 && quantile <= 1)) site.annotations.invalidQuantile(quantile, qAt);
    noteIgnored(site, window);
    sorted.follow(window);
    return yieldFloat(window, quantileOfSorted(quantile, sorted.values, sorted.length));
  };
}

export function madOverTime(site: CallSite): RangeFunction {
  return (window) => {
    if (window.floatCount === 0) return 0;
    noteIgnored(site, window);
    const values = window.floatValues.slice(window.floatFrom, window.floatTo);
    if (values.some(Number.isNaN)) return yieldFloat(window, Number.NaN);
    values.sort();
    const median = quantileOfSorted(0.5, values, values.length);
    const deviations = values.map((value) => Math.abs(value - median)).sort();
    return yieldFloat(window, quantileOfSorted(0.5, deviations, deviations.length));
  };
}

export function derivative(site: CallSite): RangeFunction {
  return (window) => {
    if (!hasTwoFloats(site, window)) return 0;
    return yieldFloat(window, linearRegression(window, window.floatTimes[window.floatFrom]!).slope);
  };
}

export function predictLinear(site: CallSite, seconds: ScalarColumn): RangeFunction {
  return (window) => {
    if (!hasTwoFloats(site, window)) return 0;
    const { slope, intercept } = linearRegression(window, window.timeMs);
    return yieldFloat(window, slope * seconds[window.step]! + intercept);
  };
}

/** Least squares; the intercept is the value at `atMs`. */
function linearRegression(
  { floatTimes, floatValues, floatFrom, floatTo }: Window,
  atMs: number,
): { readonly slope: number; readonly intercept: number } {
  const sums = [0, 0, 0, 0];
  const compensations = [0, 0, 0, 0];
  const first = floatValues[floatFrom]!;
  let constant = true;
  for (let i = floatFrom; i < floatTo; i++) {
    const y = floatValues[i]!;
    if (y !== first) constant = constant && i === floatFrom;
    const x = (floatTimes[i]! - atMs) / 1000;
    const addends = [x, y, x * y, x * x];
    for (let k = 0; k < 4; k++) {
      const total = sums[k]! + addends[k]!;
      compensations[k] = compensate(sums[k]!, addends[k]!, total, compensations[k]!);
      sums[k] = total;
    }
  }
  if (constant) {
    return Number.isFinite(first) || Number.isNaN(first)
      ? { slope: 0, intercept: first }
      : { slope: Number.NaN, intercept: Number.NaN };
  }
  const n = floatTo - floatFrom;
  const [x, y, xy, xx] = sums.map((sum, k) => sum + compensations[k]!) as [number, number, number, number];
  const slope = (xy - (x * y) / n) / (xx - (x * x) / n);
  return { slope, intercept: y / n - (slope * x) / n };
}

export function doubleExponentialSmoothing(
  site: CallSite,
  smoothing: ScalarColumn,
  trend: ScalarColumn,
): RangeFunction {
  return (window) => {
    const sf = smoothing[window.step]!;
    const tf = trend[window.step]!;
    if (sf <= 0 || sf >= 1) throw outOfRange('smoothing', 'sf', sf);
    if (tf <= 0 || tf >= 1) throw outOfRange('trend', 'tf', tf);
    if (!hasTwoFloats(site, window)) return 0;
    const { floatValues, floatFrom, floatTo } = window;
    let before = 0;
    let smoothed = floatValues[floatFrom]!;
    let slope = floatValues[floatFrom + 1]! - smoothed;
    for (let i = floatFrom + 1; i < floatTo; i++) {
      if (i > floatFrom + 1) slope = tf * (smoothed - before) + (1 - tf) * slope;
      const next = sf * floatValues[i]! + (1 - sf) * (smoothed + slope);
      before = smoothed;
      smoothed = next;
    }
    return yieldFloat(window, smoothed);
  };
}

function outOfRange(what: string, symbol: string, value: number): QueryError {
  return new QueryError('execution', `invalid ${what} factor. Expected: 0 < ${symbol} < 1, got: ${value.toFixed(6)}`);
}

function hasTwoFloats(site: CallSite, window: Window): boolean {
  if (window.floatCount > 0) noteIgnored(site, window);
  return window.floatCount >= 2;
}

function noteIgnored(site: CallSite, window: Window): void {
  if (window.histogramCount > 0) site.annotations.histogramIgnoredInRange(window.labels.metricName, site.argument);
}

function yieldFloat(window: Window, value: number): 1 {
  window.value = value;
  return 1;
}
