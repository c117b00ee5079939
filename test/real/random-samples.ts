/** Random series as a storage may hold them: floats and native histograms of every kind, with resets, gaps, staleness and worse. */
import type { CounterResetHint, FloatHistogram, Span } from '../../src/exposition/histogram.ts';
import { CUSTOM_BUCKETS_SCHEMA } from '../../src/exposition/histogram.ts';
import { Labels } from '../../src/labels/labels.ts';
import type { WriteItem } from '../../src/scrape/remote-write/write-request.ts';
import type { Random } from './random.ts';

export interface RandomSeries {
  readonly labels: Labels;
  /** In order of time. */
  readonly items: readonly WriteItem[];
}

type Value = WriteItem['value'];

/** From `startMs` on for `lengthMs`, about one sample in 15 s. */
export function randomSeries(random: Random, startMs: number, lengthMs: number): RandomSeries[] {
  const out: RandomSeries[] = [];
  const add = (selector: Record<string, string>, next: () => Value | undefined): void => {
    const labels = Labels.of(selector);
    const items: WriteItem[] = [];
    let startedMs = startMs - 1000;
    for (let at = startMs + random.below(15_000); at < startMs + lengthMs; at += 10_000 + random.below(10_000)) {
      if (random.chance(0.01)) at += random.below(400_000);
      const value = random.chance(0.015) ? 'stale' : next();
      if (value === undefined) continue;
      if (random.chance(0.05)) startedMs = at - 1 - random.below(5000);
      items.push({ labels, timestampMs: at, startMs: random.chance(0.9) ? startedMs : 0, value });
    }
    out.push({ labels, items });
  };
  for (const job of ['a', 'b']) {
    for (const path of ['/x', '/y']) {
      const instance = `${job}${path === '/x' ? 1 : 2}:80`;
      for (const name of ['requests_total', 'errors_total']) {
        add({ __name__: name, job, path, instance }, counter(random));
      }
      add({ __name__: 'load', job, path, instance }, () => random.below(7000) / 7 - 400);
      add({ __name__: 'latency', job, path, instance }, exponentialCounter(random));
      for (const le of ['0.1', '0.5', '1', '+Inf']) {
        add({ __name__: 'duration_bucket', job, path, instance, le }, counter(random, le === '+Inf' ? 9 : 2));
      }
    }
    const instance = `${job}1:80`;
    add({ __name__: 'gaps', job, instance }, () => (random.chance(0.6) ? undefined : random.below(300)));
    add({ __name__: 'odd', job, instance }, () =>
      random.pick([0, -0, Number.NaN, Infinity, -Infinity, 1e308, 5e-324, 1]),
    );
    add({ __name__: 'size', job, instance }, exponentialGauge(random));
    add({ __name__: 'nhcb', job, instance }, customCounter(random, job === 'a' ? 0.1 : 0.7));
    add({ __name__: 'nhcb_gauge', job, instance }, () =>
      customHistogram(random, [1, 2, 5], () => random.below(9), 'gauge'),
    );
    add({ __name__: 'mixed', job, instance }, mixed(random));
    add({ __name__: 'weird', job, instance }, () => weird(random));
    const version = random.pick(['1', '2']);
    add({ __name__: 'target_info', job, instance, version, region: 'eu' }, () => 1);
    add({ __name__: 'build_info', job, instance, commit: random.pick(['c1', 'c2']) }, () =>
      random.chance(0.9) ? 1 : 0,
    );
  }
  add({ __name__: 'größe.b', 'a.b': 'ü' }, counter(random));
  return out;
}

function counter(random: Random, most = 20): () => number {
  let value = random.below(50);
  return () => {
    value = random.chance(0.02) ? random.below(5) : value + random.below(most);
    return value;
  };
}

function exponentialCounter(random: Random): () => FloatHistogram {
  const isTwoSided = random.chance(0.5);
  let schema = random.pick([0, 1, 2, 3]);
  let counts = new Map<number, number>();
  let negative = new Map<number, number>();
  let zero = 0;
  let sum = 0;
  let zeroThreshold = 0.001;
  return () => {
    if (random.chance(0.03)) {
      counts = new Map();
      negative = new Map();
      zero = 0;
      sum = 0;
      schema = random.pick([schema, schema, 0, 1, 2, 3]);
    } else if (random.chance(0.02)) {
      zeroThreshold = random.pick([0.001, 0.002, 0]);
    }
    for (let i = random.below(8); i > 0; i--)
      bump(counts, random.below(2 << schema) - (1 << schema), 1 + random.below(3));
    // Empty buckets too: the zero bucket's range depends on which sides have some, in Prometheus on those of its chunk.
    bump(counts, 0, 0);
    if (isTwoSided) bump(negative, random.below(3), random.chance(0.2) ? 1 : 0);
    if (random.chance(0.3)) zero += random.below(3);
    sum += random.below(1000) / 37;
    return exponential({ schema, counts, negative, zero, sum, zeroThreshold, hint: 'unknown', extra: 0 });
  };
}

function exponentialGauge(random: Random): () => FloatHistogram {
  const isTwoSided = random.chance(0.5);
  return () => {
    const counts = new Map([[0, 0]]);
    for (let i = random.below(6); i > 0; i--) bump(counts, random.below(10) - 3, random.below(900) / 7);
    return exponential({
      schema: random.pick([0, 1]),
      counts,
      negative: isTwoSided ? new Map([[random.below(3), random.below(50) / 3]]) : new Map(),
      zero: random.below(100) / 9,
      sum: random.below(9000) / 7 - 600,
      zeroThreshold: random.pick([0, 0.001, 0.0625]),
      hint: 'gauge',
      extra: 0,
    });
  };
}

function customCounter(random: Random, changes: number): () => FloatHistogram {
  let bounds = [0.1, 0.5, 1];
  let counts = [0, 0, 0, 0];
  return () => {
    if (random.chance(0.03 * changes) || random.chance(0.02)) {
      bounds = random.pick([[0.1, 0.5, 1], [0.1, 1, 2], [0.5, 1], [5], []]);
      counts = bounds.concat(0).map(() => 0);
    }
    counts = counts.map((count) => count + random.below(4));
    const now = [...counts];
    return customHistogram(random, bounds, (i) => now[i]!, 'unknown');
  };
}

function mixed(random: Random): () => Value {
  const floats = counter(random);
  const histograms = exponentialCounter(random);
  let isFloat = true;
  return () => {
    if (random.chance(0.15)) isFloat = !isFloat;
    return isFloat ? floats() : histograms();
  };
}

/** What an instrumented program may send all the same. */
function weird(random: Random): FloatHistogram {
  const counts = new Map([[0, 0]]);
  for (let i = random.below(5); i > 0; i--) bump(counts, random.pick([-3, -1, 0, 1, 2, 3, 40]), random.below(5));
  const sum = random.pick([Number.NaN, Infinity, -Infinity, 0, 17.5]);
  const schema = random.pick([-4, -1, 0, 0, 2, 8]);
  return exponential({
    schema,
    counts,
    negative: new Map([[random.below(4), random.below(5)]]),
    zero: random.below(3),
    sum,
    zeroThreshold: schema < 0 ? 0 : random.pick([0, 1e-128, 0.001]),
    hint: random.pick(['unknown', 'unknown', 'reset', 'gauge']),
    // Observations of NaN are in no bucket.
    extra: Number.isNaN(sum) ? random.pick([0, 3]) : 0,
  });
}

function exponential(of: {
  readonly schema: number;
  readonly counts: ReadonlyMap<number, number>;
  readonly negative: ReadonlyMap<number, number>;
  readonly zero: number;
  readonly sum: number;
  readonly zeroThreshold: number;
  readonly hint: CounterResetHint;
  readonly extra: number;
}): FloatHistogram {
  const positive = spansOf(of.counts);
  const negative = spansOf(of.negative);
  const total = [...positive.buckets, ...negative.buckets].reduce((a, b) => a + b, of.zero);
  return {
    schema: of.schema,
    zeroThreshold: of.zeroThreshold,
    zeroCount: of.zero,
    count: total + of.extra,
    sum: of.sum,
    positiveSpans: positive.spans,
    positiveBuckets: positive.buckets,
    negativeSpans: negative.spans,
    negativeBuckets: negative.buckets,
    customValues: undefined,
    counterResetHint: of.hint,
  };
}

function customHistogram(
  random: Random,
  bounds: readonly number[],
  countOf: (bucket: number) => number,
  hint: CounterResetHint,
): FloatHistogram {
  const counts = new Map<number, number>();
  for (let i = 0; i <= bounds.length; i++) bump(counts, i, countOf(i));
  const { spans, buckets } = spansOf(counts);
  return {
    schema: CUSTOM_BUCKETS_SCHEMA,
    zeroThreshold: 0,
    zeroCount: 0,
    count: buckets.reduce((a, b) => a + b, 0),
    sum: random.below(4000) / 11,
    positiveSpans: spans,
    positiveBuckets: buckets,
    negativeSpans: [],
    negativeBuckets: [],
    customValues: [...bounds],
    counterResetHint: hint,
  };
}

function spansOf(counts: ReadonlyMap<number, number>): { readonly spans: Span[]; readonly buckets: number[] } {
  const spans: { offset: number; length: number }[] = [];
  const buckets: number[] = [];
  let next = 0;
  for (const [index, count] of [...counts].sort(([a], [b]) => a - b)) {
    const last = spans.at(-1);
    if (last && index === next) last.length++;
    else spans.push({ offset: last ? index - next : index, length: 1 });
    buckets.push(count);
    next = index + 1;
  }
  return { spans, buckets };
}

function bump(counts: Map<number, number>, index: number, by: number): void {
  counts.set(index, (counts.get(index) ?? 0) + by);
}
