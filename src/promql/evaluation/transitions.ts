/** `changes` and `resets`: what lies between neighbouring samples. */
import type { FloatHistogram } from '../../exposition/histogram.ts';
import { detectReset, equalHistograms } from '../histogram/operations.ts';
import { isStartReset } from './rate.ts';
import type { RangeFunction, Window } from './window.ts';

/** `changes` and `resets`: how many neighbours differ, floats and histograms taken in order of time. */
export function countTransitions(kind: 'changes' | 'resets', isAnchored: boolean): RangeFunction {
  const differs = kind === 'changes' ? isChange : isReset;
  return (window) => {
    if (window.floatCount + window.histogramCount === 0) return 0;
    if (window.histogramCount === 0 && !isAnchored && !window.floatStarts) {
      window.value = floatTransitions(window, kind);
      return 1;
    }
    let samples = samplesByTime(window);
    if (isAnchored) {
      const firstInside = samples.findIndex((sample) => sample.time > window.rangeStart);
      if (firstInside < 0) return 0;
      samples = samples.slice(Math.max(0, firstInside - 1));
    }
    let count = 0;
    for (let i = 1; i < samples.length; i++) if (differs(samples[i - 1]!, samples[i]!)) count++;
    window.value = count;
    return 1;
  };
}

interface Walked {
  readonly value: number;
  readonly histogram: FloatHistogram | undefined;
  readonly time: number;
  readonly start: number;
}

function floatTransitions({ floatValues, floatFrom, floatTo }: Window, kind: 'changes' | 'resets'): number {
  let count = 0;
  for (let i = floatFrom + 1; i < floatTo; i++) {
    const before = floatValues[i - 1]!;
    const value = floatValues[i]!;
    if (kind === 'resets') {
      if (value < before) count++;
    } else if (value !== before && !(Number.isNaN(value) && Number.isNaN(before))) {
      count++;
    }
  }
  return count;
}

function samplesByTime(window: Window): Walked[] {
  const out: Walked[] = [];
  let h = window.histogramFrom;
  for (let f = window.floatFrom; f < window.floatTo || h < window.histogramTo; ) {
    const takesFloat =
      h >= window.histogramTo || (f < window.floatTo && window.floatTimes[f]! < window.histogramTimes[h]!);
    if (takesFloat) {
      out.push({
        value: window.floatValues[f]!,
        histogram: undefined,
        time: window.floatTimes[f]!,
        start: window.floatStarts?.[f] ?? 0,
      });
      f++;
    } else {
      out.push({
        value: Number.NaN,
        histogram: window.histograms[h],
        time: window.histogramTimes[h]!,
        start: window.histogramStarts?.[h] ?? 0,
      });
      h++;
    }
  }
  return out;
}

function isChange(before: Walked, after: Walked): boolean {
  if (before.histogram && after.histogram) return !equalHistograms(after.histogram, before.histogram);
  if (before.histogram || after.histogram) return true;
  return after.value !== before.value && !(Number.isNaN(after.value) && Number.isNaN(before.value));
}

function isReset(before: Walked, after: Walked): boolean {
  if (!before.histogram !== !after.histogram) return true;
  if (isStartReset(before.start, before.time, after.start, after.time)) return true;
  return after.histogram ? detectReset(after.histogram, before.histogram!) : after.value < before.value;
}
