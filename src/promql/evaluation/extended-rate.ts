/** `rate`, `increase` and `delta` over `anchored` and `smoothed` ranges: no extrapolation, but values at the very ends of the range. */
import type { FloatHistogram } from '../../exposition/histogram.ts';
import { isCustom } from '../histogram/buckets.ts';
import { combine, compact, detectReset, divide, multiply, withHint } from '../histogram/operations.ts';
import type { RateKind } from './rate.ts';
import type { CallSite } from './site.ts';
import type { RangeFunction, Window } from './window.ts';

export function extendedRate(site: CallSite, kind: RateKind): RangeFunction {
  return (window) => {
    if (window.floatCount > 0 && window.histogramCount > 0) {
      site.annotations.mixedFloatsAndHistograms(window.labels.metricName, site.argument);
      return 0;
    }
    if (window.histogramCount > 0) return histogramRate(site, kind, window);
    return window.floatCount > 0 ? floatRate(site, kind, window) : 0;
  };
}

/** First and last sample that count: the newest one at or before the start, and for `smoothed` the oldest at or after the end. */
function boundaries(
  times: { readonly [index: number]: number },
  from: number,
  to: number,
  window: Window,
  smoothed: boolean,
): { readonly first: number; readonly last: number } | undefined {
  let first = from;
  while (first < to - 1 && times[first]! <= window.rangeStart) first++;
  first = Math.max(from, first - 1);
  let last = to - 1;
  if (smoothed) {
    last = from;
    while (last < to - 1 && times[last]! < window.rangeEnd) last++;
  }
  if (times[last]! <= window.rangeStart) return undefined;
  if (smoothed && times[first]! > window.rangeEnd) return undefined;
  return { first, last };
}

function floatRate(site: CallSite, { isCounter, isRate, extension }: RateKind, window: Window): 0 | 1 {
  const { floatTimes: times, floatValues: values, rangeStart, rangeEnd } = window;
  const smoothed = extension === 'smoothed';
  const ends = boundaries(times, window.floatFrom, window.floatTo, window, smoothed);
  if (!ends) return 0;
  const { first, last } = ends;
  const between = (i: number, at: number): number => {
    const later = values[i + 1]!;
    const earlier = isCounter && later < values[i]! ? 0 : values[i]!;
    return earlier + ((later - earlier) * (at - times[i]!)) / (times[i + 1]! - times[i]!);
  };
  const left = smoothed && times[first]! < rangeStart ? between(first, rangeStart) : values[first]!;
  const right =
    smoothed && last > window.floatFrom && times[last]! > rangeEnd ? between(last - 1, rangeEnd) : values[last]!;
  let result = right - left;
  if (isCounter) {
    // Summed up by itself: of huge values that matters.
    let lost = 0;
    let previous = left;
    const innerFirst = times[first]! <= rangeStart ? first + 1 : first;
    const innerLast = times[last]! >= rangeEnd ? last - 1 : last;
    for (let i = innerFirst; i <= innerLast; i++) {
      if (values[i]! < previous) lost += previous;
      previous = values[i]!;
    }
    if (right < previous) lost += previous;
    result += lost;
  }
  window.value = isRate ? result / (site.rangeMs / 1000) : result;
  return 1;
}

function histogramRate(site: CallSite, { isCounter, isRate, extension }: RateKind, window: Window): 0 | 2 {
  const { histogramTimes: times, histograms, rangeStart, rangeEnd } = window;
  const { annotations, argument } = site;
  const name = window.labels.metricName;
  const smoothed = extension === 'smoothed';
  const ends = boundaries(times, window.histogramFrom, window.histogramTo, window, smoothed);
  if (!ends) return 0;
  const { first, last } = ends;
  const inRange = histograms.slice(first, last + 1);
  if (inRange.some((histogram) => isCustom(histogram) !== isCustom(inRange[0]!))) {
    annotations.mixedSchemas(name, argument);
    return 0;
  }
  const isGauge = (histogram: FloatHistogram): boolean => histogram.counterResetHint === 'gauge';
  if (isCounter && inRange.some(isGauge)) annotations.notACounter(name, argument);
  const left =
    smoothed && times[first]! < rangeStart
      ? interpolated(site, window, first, rangeStart, isCounter)
      : histograms[first]!;
  const right =
    smoothed && last > window.histogramFrom && times[last]! > rangeEnd
      ? interpolated(site, window, last - 1, rangeEnd, isCounter)
      : histograms[last]!;
  if (!isCounter && !(isGauge(left) && isGauge(right))) annotations.notAGauge(name, argument);
  let result = subtract(site, right, left);
  if (isCounter) {
    for (const lost of lostAtResets(window, first, last, left, right, smoothed)) result = add(site, result, lost);
  }
  result = withHint(compact(result), 'gauge');
  window.histogram = isRate ? divide(result, site.rangeMs / 1000) : result;
  return 2;
}

/** What the counter held before each reset between the two ends. */
function lostAtResets(
  window: Window,
  first: number,
  last: number,
  left: FloatHistogram,
  right: FloatHistogram,
  smoothed: boolean,
): FloatHistogram[] {
  const { histograms, histogramTimes } = window;
  let from = first + 1;
  let previous = left;
  const next = histograms[first + 1];
  if (smoothed && histogramTimes[first]! < window.rangeStart && next && detectReset(next, histograms[first]!)) {
    // The value at the left end has this reset in it already.
    previous = next;
    from++;
  }
  if (from > last) return [];
  const lost: FloatHistogram[] = [];
  for (let i = from; i < last; i++) {
    if (detectReset(histograms[i]!, previous)) lost.push(previous);
    previous = histograms[i]!;
  }
  if (detectReset(right, previous)) lost.push(previous);
  return lost;
}

/** Between the histograms at `i` and `i + 1`; a counter that was reset between them is taken to have started from zero. */
function interpolated(site: CallSite, window: Window, i: number, at: number, isCounter: boolean): FloatHistogram {
  const { histograms, histogramTimes } = window;
  const earlier = histograms[i]!;
  const later = histograms[i + 1]!;
  const fraction = (at - histogramTimes[i]!) / (histogramTimes[i + 1]! - histogramTimes[i]!);
  if (fraction === 0) return earlier;
  if (fraction === 1) return later;
  if (isCounter && detectReset(later, earlier)) return multiply(later, fraction);
  return add(site, multiply(subtract(site, later, earlier), fraction), earlier);
}

function subtract(site: CallSite, a: FloatHistogram, b: FloatHistogram): FloatHistogram {
  const { histogram, boundsReconciled } = combine(a, b, -1)!;
  if (boundsReconciled) site.annotations.boundsReconciled('subtraction', site.argument);
  return histogram;
}

function add(site: CallSite, a: FloatHistogram, b: FloatHistogram): FloatHistogram {
  const { histogram, boundsReconciled } = combine(a, b, 1)!;
  if (boundsReconciled) site.annotations.boundsReconciled('addition', site.argument);
  return histogram;
}
