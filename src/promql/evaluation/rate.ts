/** `rate`, `increase`, `delta`: extrapolated to the ends of the range; `irate`, `idelta`: the last two samples. */
import type { FloatHistogram } from '../../exposition/histogram.ts';
import { isCustom } from '../histogram/buckets.ts';
import { combine, compact, detectReset, divide, multiply, withHint } from '../histogram/operations.ts';
import { HistogramSum } from '../histogram/sum.ts';
import { extendedRate } from './extended-rate.ts';
import type { CallSite } from './site.ts';
import type { RangeFunction, Window } from './window.ts';

export interface RateKind {
  readonly isCounter: boolean;
  /** Per second. */
  readonly isRate: boolean;
  readonly extension?: 'anchored' | 'smoothed' | undefined;
}

/** Near enough to the end of the range to be taken for reaching it: this many times the mean distance of samples. */
export const EXTRAPOLATION_THRESHOLD = 1.1;

export function extrapolatedRate(site: CallSite, kind: RateKind): RangeFunction {
  if (kind.extension) return extendedRate(site, kind);
  const { isCounter, isRate } = kind;
  const rangeSeconds = site.rangeMs / 1000;
  return (window) => {
    if (window.histogramCount > 0) return histogramWindow(site, kind, window);
    const from = window.floatFrom;
    const last = window.floatTo - 1;
    if (last < from) return 0;
    if (last === from && !window.floatStarts) return 0;
    const { floatValues, floatTimes } = window;
    let result = floatValues[last]! - floatValues[from]!;
    if (isCounter) {
      if (window.floatStarts) result += resetsWithStarts(site, window, window.floatStarts);
      else if (hasDrops(window, from, last)) {
        let previous = floatValues[from]!;
        for (let i = from + 1; i <= last; i++) {
          const value = floatValues[i]!;
          if (value < previous) result += previous;
          previous = value;
        }
      }
    }
    const firstTime = floatTimes[from]!;
    const factor = extrapolation(window, isCounter, firstTime, floatTimes[last]!, last - from, {
      start: window.floatStarts?.[from] ?? 0,
      first: floatValues[from]!,
      increase: result,
    });
    if (factor === undefined) return 0;
    if (factor.addFirst) result += floatValues[from]!;
    window.value = result * (isRate ? factor.factor / rangeSeconds : factor.factor);
    return 1;
  };
}

function hasDrops(window: Window, from: number, last: number): boolean {
  const drops = window.dropsUpTo();
  return drops[last] !== drops[from];
}

interface Extrapolation {
  readonly factor: number;
  /** The first sample's own value counts: the counter began at zero within the range. */
  readonly addFirst: boolean;
}

const PLAIN: { factor: number; addFirst: boolean } = { factor: 1, addFirst: false };

/** By how much the increase between first and last sample stands for the whole range. The result is one object, used again. */
function extrapolation(
  window: Window,
  isCounter: boolean,
  firstTime: number,
  lastTime: number,
  intervals: number,
  counter: { readonly start: number; readonly first: number; readonly increase: number },
): Extrapolation | undefined {
  let toStart = (firstTime - window.rangeStart) / 1000;
  let toEnd = (window.rangeEnd - lastTime) / 1000;
  let sampled = (lastTime - firstTime) / 1000;
  const average = intervals > 0 ? sampled / intervals : 0;
  const threshold = average * EXTRAPOLATION_THRESHOLD;
  const { start } = counter;
  PLAIN.addFirst = isCounter && start !== 0 && start > window.rangeStart && start < firstTime;
  if (PLAIN.addFirst) {
    toStart = 0;
    sampled = (lastTime - start) / 1000;
  } else if (intervals === 0) {
    return undefined;
  } else {
    if (toStart >= threshold) toStart = average / 2;
    if (isCounter && counter.increase > 0 && counter.first >= 0) {
      toStart = Math.min(toStart, sampled * (counter.first / counter.increase));
    }
  }
  if (toEnd >= threshold) toEnd = average / 2;
  PLAIN.factor = sampled === 0 ? 1 : (sampled + toStart + toEnd) / sampled;
  return PLAIN;
}

function resetsWithStarts(site: CallSite, window: Window, starts: Float64Array): number {
  const { floatValues, floatTimes } = window;
  let correction = 0;
  for (let i = window.floatFrom + 1; i < window.floatTo; i++) {
    const before = floatTimes[i - 1]!;
    if (startsOverlap(starts[i - 1]!, before, starts[i]!)) {
      site.annotations.startTimeOverlap(window.labels.metricName, site.argument);
    }
    if (floatValues[i]! < floatValues[i - 1]! || isStartReset(starts[i - 1]!, before, starts[i]!, floatTimes[i]!)) {
      correction += floatValues[i - 1]!;
    }
  }
  return correction;
}

/** Whether a start timestamp tells of a reset between two samples. 0 is none; one that is not before its own sample is no good. */
export function isStartReset(startBefore: number, before: number, start: number, time: number): boolean {
  if (start === 0 || start >= time || start < before) return false;
  if (start > before) return true;
  return startBefore <= before && startBefore !== 0 && startBefore !== before;
}

function startsOverlap(startBefore: number, before: number, start: number): boolean {
  return start !== 0 && start < before && start !== startBefore;
}

function histogramWindow(site: CallSite, { isCounter, isRate }: RateKind, window: Window): 0 | 2 {
  const name = window.labels.metricName;
  if (window.floatCount > 0) {
    site.annotations.mixedFloatsAndHistograms(name, site.argument);
    return 0;
  }
  const from = window.histogramFrom;
  const last = window.histogramTo - 1;
  const first = window.histograms[from]!;
  const start = window.histogramStarts?.[from] ?? 0;
  let result: FloatHistogram | undefined;
  if (last > from) {
    result = histogramIncrease(site, window, isCounter);
    if (!result) return 0;
  }
  const factor = extrapolation(
    window,
    isCounter,
    window.histogramTimes[from]!,
    window.histogramTimes[last]!,
    last - from,
    {
      start,
      first: first.count,
      increase: result?.count ?? 0,
    },
  );
  if (!factor) return 0;
  if (factor.addFirst) {
    const sum = result ? combine(result, first, 1) : undefined;
    if (result && !sum) {
      site.annotations.mixedSchemas(name, site.argument);
      return 0;
    }
    if (sum?.boundsReconciled) site.annotations.boundsReconciled('addition', site.argument);
    result = sum?.histogram ?? first;
  }
  window.histogram = multiply(result!, isRate ? factor.factor / (site.rangeMs / 1000) : factor.factor);
  return 2;
}

/** Last minus first, plus what was lost at counter resets; undefined, with a warning, where they do not go together. */
function histogramIncrease(site: CallSite, window: Window, isCounter: boolean): FloatHistogram | undefined {
  const { histograms, histogramFrom: from, histogramTo: to } = window;
  const { annotations } = site;
  const name = window.labels.metricName;
  const at = site.argument;
  const last = histograms[to - 1]!;
  let previous = histograms[from]!;
  const isGauge = (histogram: FloatHistogram): boolean => histogram.counterResetHint === 'gauge';
  if (isCounter && histograms.slice(from, to).some(isGauge)) annotations.notACounter(name, at);
  if (!isCounter && !(isGauge(previous) && isGauge(last))) annotations.notAGauge(name, at);
  const isReset = (i: number, before: FloatHistogram): boolean =>
    resetByStart(window, i) || detectReset(histograms[i]!, before);
  if (isCounter && isReset(from + 1, previous)) {
    previous = emptyLike(histograms[from + 1]!);
  }
  const custom = isCustom(previous);
  const inner = isCounter ? histograms.slice(from + 1, to) : [last];
  if (inner.some((histogram) => isCustom(histogram) !== custom)) {
    annotations.mixedSchemas(name, at);
    return undefined;
  }
  const sum = new HistogramSum(last);
  if (sum.add(previous, -1) === 'bounds-reconciled') annotations.boundsReconciled('subtraction', at);
  for (let i = from + 1; isCounter && i < to; i++) {
    noteOverlap(site, window, i);
    if (isReset(i, previous) && sum.add(previous) === 'bounds-reconciled') annotations.boundsReconciled('addition', at);
    previous = histograms[i]!;
  }
  return sum.result('drop', 'gauge');
}

function resetByStart(window: Window, i: number): boolean {
  const starts = window.histogramStarts;
  if (!starts) return false;
  return isStartReset(starts[i - 1]!, window.histogramTimes[i - 1]!, starts[i]!, window.histogramTimes[i]!);
}

function noteOverlap(site: CallSite, window: Window, i: number): void {
  const starts = window.histogramStarts;
  if (starts && startsOverlap(starts[i - 1]!, window.histogramTimes[i - 1]!, starts[i]!)) {
    site.annotations.startTimeOverlap(window.labels.metricName, site.argument);
  }
}

function emptyLike({ schema, customValues }: FloatHistogram): FloatHistogram {
  return {
    schema,
    zeroThreshold: 0,
    zeroCount: 0,
    count: 0,
    sum: 0,
    positiveSpans: [],
    positiveBuckets: [],
    negativeSpans: [],
    negativeBuckets: [],
    customValues,
    counterResetHint: 'unknown',
  };
}

interface LastSample {
  readonly time: number;
  readonly value: number;
  readonly histogram: FloatHistogram | undefined;
  readonly start: number;
}

export function instantRate(site: CallSite, isRate: boolean): RangeFunction {
  return (window) => {
    if (window.histogramCount === 0) return instantFloats(window, isRate);
    if (window.floatCount + window.histogramCount < 2) return 0;
    const [before, last] = lastTwo(window);
    if (last.time === before.time) return 0;
    const name = window.labels.metricName;
    if (!last.histogram && !before.histogram) return instantFloats(window, isRate);
    if (!last.histogram || !before.histogram) {
      site.annotations.mixedFloatsAndHistograms(name, site.args);
      return 0;
    }
    const gauges = [before, last].filter(({ histogram }) => histogram!.counterResetHint === 'gauge').length;
    if (isRate && gauges > 0) site.annotations.notACounter(name, site.args);
    if (!isRate && gauges < 2) site.annotations.notAGauge(name, site.args);
    let result = last.histogram;
    const isReset =
      isRate &&
      (isStartReset(before.start, before.time, last.start, last.time) || detectReset(last.histogram, before.histogram));
    if (!isReset) {
      const difference = combine(last.histogram, before.histogram, -1);
      if (!difference) {
        site.annotations.mixedSchemas(name, site.args);
        return 0;
      }
      if (difference.boundsReconciled) site.annotations.boundsReconciled('subtraction', site.args);
      result = difference.histogram;
    }
    result = withHint(compact(result), 'gauge');
    window.histogram = isRate ? divide(result, (last.time - before.time) / 1000) : result;
    return 2;
  };
}

function instantFloats(window: Window, isRate: boolean): 0 | 1 {
  const last = window.floatTo - 1;
  if (last - 1 < window.floatFrom) return 0;
  const { floatValues, floatTimes, floatStarts } = window;
  const value = floatValues[last]!;
  const before = floatValues[last - 1]!;
  const interval = floatTimes[last]! - floatTimes[last - 1]!;
  if (interval === 0) return 0;
  const isReset =
    isRate &&
    (value < before ||
      (floatStarts !== undefined &&
        isStartReset(floatStarts[last - 1]!, floatTimes[last - 1]!, floatStarts[last]!, floatTimes[last]!)));
  const difference = isReset ? value : value - before;
  window.value = isRate ? difference / (interval / 1000) : difference;
  return 1;
}

/** The last two samples of a window with histograms, by time; where both kinds are of one time, that other than the last one's. */
function lastTwo(window: Window): [LastSample, LastSample] {
  const samples: LastSample[] = [];
  for (let i = Math.max(window.floatFrom, window.floatTo - 2); i < window.floatTo; i++) {
    samples.push({
      time: window.floatTimes[i]!,
      value: window.floatValues[i]!,
      histogram: undefined,
      start: window.floatStarts?.[i] ?? 0,
    });
  }
  for (let i = Math.max(window.histogramFrom, window.histogramTo - 2); i < window.histogramTo; i++) {
    samples.push({
      time: window.histogramTimes[i]!,
      value: Number.NaN,
      histogram: window.histograms[i],
      start: window.histogramStarts?.[i] ?? 0,
    });
  }
  samples.sort((a, b) => a.time - b.time);
  const [before, last] = samples.slice(-2) as [LastSample, LastSample];
  const tied = samples.at(-3);
  const isOther = tied !== undefined && (tied.histogram === undefined) !== (last.histogram === undefined);
  return isOther && tied.time === before.time && before.time < last.time ? [tied, last] : [before, last];
}
