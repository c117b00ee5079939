/** `load_with_nhcb`: native histograms with custom bounds made of the classic ones among the loaded series. */

import { parseGoFloat } from '../../exposition/float.ts';
import { CUSTOM_BUCKETS_SCHEMA, type FloatHistogram } from '../../exposition/histogram.ts';
import { type Labels, METRIC_NAME } from '../../labels/labels.ts';
import { rollSpans } from '../histogram/buckets.ts';
import type { TestSample } from './storage.ts';

export interface LoadedSeries {
  readonly labels: Labels;
  readonly samples: readonly TestSample[];
}

interface ClassicAtTime {
  readonly buckets: Map<number, number>;
  count: number | undefined;
  sum: number;
}

export function classicToCustom(series: readonly LoadedSeries[]): LoadedSeries[] {
  const histograms = new Map<string, { readonly labels: Labels; readonly times: Map<number, ClassicAtTime> }>();
  for (const { labels, samples } of series) {
    const part = classicPart(labels);
    if (!part) continue;
    let histogram = histograms.get(part.labels.key);
    if (!histogram) {
      histogram = { labels: part.labels, times: new Map() };
      histograms.set(part.labels.key, histogram);
    }
    for (const { timeMs, value } of samples) {
      if (value.kind !== 'float') continue;
      let at = histogram.times.get(timeMs);
      if (!at) {
        at = { buckets: new Map(), count: undefined, sum: 0 };
        histogram.times.set(timeMs, at);
      }
      if (part.kind === 'bucket') at.buckets.set(part.upperBound, value.value);
      else if (part.kind === 'count') at.count = value.value;
      else at.sum = value.value;
    }
  }
  const out: LoadedSeries[] = [];
  for (const { labels, times } of histograms.values()) {
    if (![...times.values()].some((at) => at.buckets.size > 0)) continue;
    const samples = [...times].map(
      ([timeMs, at]): TestSample => ({
        timeMs,
        value: { kind: 'histogram', histogram: convert(at) },
        startMs: 0,
      }),
    );
    out.push({ labels, samples });
  }
  return out;
}

type Part = { readonly labels: Labels } & (
  | { readonly kind: 'bucket'; readonly upperBound: number }
  | { readonly kind: 'count' | 'sum' }
);

function classicPart(labels: Labels): Part | undefined {
  const [, name, suffix] = /^(.*)_(bucket|count|sum)$/.exec(labels.metricName) ?? [];
  if (name === undefined) return undefined;
  const rest = labels.with(METRIC_NAME, name).without('le');
  if (suffix !== 'bucket') return { labels: rest, kind: suffix as 'count' | 'sum' };
  const upperBound = parseGoFloat(labels.get('le'));
  return upperBound === undefined || Number.isNaN(upperBound)
    ? undefined
    : { labels: rest, kind: 'bucket', upperBound };
}

function convert({ buckets, count, sum }: ClassicAtTime): FloatHistogram {
  const bounds = [...buckets.keys()].sort((a, b) => a - b);
  const highest = bounds.length > 0 ? buckets.get(bounds.at(-1)!)! : 0;
  const total = count ?? highest;
  const finite = bounds.filter((bound) => bound !== Number.POSITIVE_INFINITY);
  const cumulative = [...finite.map((bound) => buckets.get(bound)!), buckets.get(Number.POSITIVE_INFINITY) ?? total];
  const counts = cumulative.map((each, i) => each - (i === 0 ? 0 : cumulative[i - 1]!));
  const { spans, buckets: populated } = rollSpans({ indexes: counts.map((_, i) => i), counts });
  return {
    schema: CUSTOM_BUCKETS_SCHEMA,
    zeroThreshold: 0,
    zeroCount: 0,
    count: total,
    sum,
    positiveSpans: spans,
    positiveBuckets: populated,
    negativeSpans: [],
    negativeBuckets: [],
    customValues: finite,
    counterResetHint: 'unknown',
  };
}
