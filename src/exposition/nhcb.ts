/** Classic histograms turned into native ones with custom buckets while a body is read, as `convert_classic_histograms_to_nhcb` asks. */
import { type Labels, METRIC_NAME } from '../labels/labels.ts';
import type { Exemplar } from './exemplar.ts';
import type { ExpositionSink } from './exposition.ts';
import { parseGoFloat } from './float.ts';
import { CUSTOM_BUCKETS_SCHEMA, type FloatHistogram } from './histogram.ts';
import { compactBuckets, histogramFault } from './histogram-layout.ts';

export interface ConversionOptions {
  /** The classic series are given too. */
  readonly keepClassic: boolean;
}

/** A sink that hands on to `sink`; one for each target, to be kept as long as the target's cache. */
export function convertClassicHistograms(sink: ExpositionSink, options: ConversionOptions): ExpositionSink {
  return new Converter(sink, options.keepClassic);
}

/** A histogram that classic series make up together. */
interface Group {
  readonly labels: Labels;
  readonly empty: readonly string[] | undefined;
  /** The sink's number; undefined until it is first given a histogram. */
  number: number | undefined;
  members: number;
}

/** What a line head is: a member of a group, or any other series. */
interface Head {
  readonly number: number | undefined;
  readonly group: Group | undefined;
  readonly part: 'bucket' | 'count' | 'sum' | undefined;
  readonly bound: number;
}

class Converter implements ExpositionSink {
  readonly #sink: ExpositionSink;
  readonly #keepClassic: boolean;
  readonly #heads: (Head | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #groups = new Map<string, Group>();
  readonly #histogramFamilies = new Set<string>();
  /** Label sets that had a native histogram in this body: their classic series are not converted. */
  readonly #native = new Set<string>();
  readonly #labels = new Map<number, string>();
  #current: Group | undefined;
  #buckets: { bound: number; count: number }[] = [];
  #count: number | undefined;
  #sum = 0;
  #faulty = false;
  #timestampMs: number | undefined;
  #startMs: number | undefined;
  #exemplars: Exemplar[] = [];

  constructor(sink: ExpositionSink, keepClassic: boolean) {
    this.#sink = sink;
    this.#keepClassic = keepClassic;
  }

  begin(): void {
    this.#current = undefined;
    this.#native.clear();
    this.#sink.begin?.();
  }

  series(labels: Labels, duplicateLabel: string | undefined, emptyLabels: readonly string[] | undefined): number {
    const found = this.#classify(labels);
    const group = found === undefined ? undefined : this.#group(found.labels, emptyLabels);
    if (group !== undefined) group.members++;
    const direct = group === undefined || this.#keepClassic;
    const head: Head = {
      number: direct ? this.#sink.series(labels, duplicateLabel, emptyLabels) : undefined,
      group,
      part: found?.part,
      bound: found?.bound ?? 0,
    };
    const number = this.#free.pop() ?? this.#heads.length;
    this.#heads[number] = head;
    if (group === undefined) this.#labels.set(number, labels.key);
    return number;
  }

  sample(series: number, value: number, timestampMs: number | undefined, startMs: number | undefined): void {
    const head = this.#heads[series]!;
    if (head.group !== this.#current) this.#emit();
    if (head.number !== undefined) this.#sink.sample(head.number, value, timestampMs, startMs);
    if (head.group === undefined || this.#native.has(head.group.labels.key)) return;
    if (this.#current === undefined) this.#collect(head.group, timestampMs, startMs);
    if (value < 0) this.#faulty = true;
    if (head.part === 'bucket') this.#buckets.push({ bound: head.bound, count: value });
    else if (head.part === 'count') this.#count = value;
    else this.#sum = value;
  }

  histogram(
    series: number,
    histogram: FloatHistogram,
    timestampMs: number | undefined,
    startMs: number | undefined,
  ): void {
    this.#emit();
    this.#native.add(this.#labels.get(series) ?? '');
    this.#sink.histogram(this.#heads[series]!.number!, histogram, timestampMs, startMs);
  }

  exemplar(series: number, exemplar: Exemplar): void {
    const head = this.#heads[series]!;
    if (head.number !== undefined) this.#sink.exemplar(head.number, exemplar);
    if (head.group !== undefined && head.group === this.#current) this.#exemplars.push(exemplar);
  }

  metadata(family: string, part: 'type' | 'help' | 'unit', text: string): void {
    if (part === 'type') {
      if (text === 'histogram') this.#histogramFamilies.add(family);
      else this.#histogramFamilies.delete(family);
    }
    this.#sink.metadata(family, part, text);
  }

  forget(series: number): void {
    const head = this.#heads[series];
    if (head === undefined) return;
    this.#heads[series] = undefined;
    this.#labels.delete(series);
    this.#free.push(series);
    if (head.number !== undefined) this.#sink.forget?.(head.number);
    if (head.group === undefined || --head.group.members > 0) return;
    this.#groups.delete(head.group.labels.key);
    if (head.group.number !== undefined) this.#sink.forget?.(head.group.number);
  }

  end(): void {
    this.#emit();
    this.#sink.end?.();
  }

  #classify(labels: Labels): { labels: Labels; part: Head['part']; bound: number } | undefined {
    const [, family, part] = /^(.+)_(bucket|count|sum)$/s.exec(labels.metricName) ?? [];
    if (family === undefined || !this.#histogramFamilies.has(family)) return undefined;
    const base = labels.with(METRIC_NAME, family).without('le');
    if (part !== 'bucket') return { labels: base, part: part as 'count' | 'sum', bound: 0 };
    const bound = parseGoFloat(labels.get('le'));
    if (bound === undefined || Number.isNaN(bound)) return undefined;
    return { labels: base, part: 'bucket', bound };
  }

  #group(labels: Labels, empty: readonly string[] | undefined): Group {
    const known = this.#groups.get(labels.key);
    if (known !== undefined) return known;
    const group: Group = { labels, empty, number: undefined, members: 0 };
    this.#groups.set(labels.key, group);
    return group;
  }

  #collect(group: Group, timestampMs: number | undefined, startMs: number | undefined): void {
    this.#current = group;
    this.#buckets = [];
    this.#count = undefined;
    this.#sum = 0;
    this.#faulty = false;
    this.#timestampMs = timestampMs;
    this.#startMs = startMs;
    this.#exemplars = [];
  }

  /** Gives the histogram collected so far to the sink, unless its parts contradict each other. */
  #emit(): void {
    const group = this.#current;
    if (group === undefined) return;
    this.#current = undefined;
    const histogram = this.#faulty ? undefined : customHistogram(this.#buckets, this.#count, this.#sum);
    if (histogram === undefined) return;
    group.number ??= this.#sink.series(group.labels, undefined, group.empty);
    this.#sink.histogram(group.number, histogram, this.#timestampMs, this.#startMs);
    for (const exemplar of this.#exemplars) this.#sink.exemplar(group.number, exemplar);
  }
}

/** Cumulative classic buckets as a custom-bucket histogram; undefined where the counts are not cumulative. Without a count the last bucket has it. */
export function customHistogram(
  classic: readonly { readonly bound: number; readonly count: number }[],
  observed: number | undefined,
  sum: number,
): FloatHistogram | undefined {
  const buckets = classic
    .toSorted((a, b) => a.bound - b.bound)
    .filter((bucket, i, all) => i === 0 || all[i - 1]!.bound !== bucket.bound);
  const count = observed ?? buckets[buckets.length - 1]?.count ?? 0;
  if (buckets[buckets.length - 1]?.bound !== Number.POSITIVE_INFINITY) {
    buckets.push({ bound: Number.POSITIVE_INFINITY, count });
  }
  let before = 0;
  const populations: number[] = [];
  for (const bucket of buckets) {
    if (!(bucket.count >= before)) return undefined;
    // A sum makes zeros of zeros with a sign.
    populations.push(bucket.count - before + 0);
    before = bucket.count;
  }
  const compact = compactBuckets([{ offset: 0, length: populations.length }], populations);
  const histogram: FloatHistogram = {
    schema: CUSTOM_BUCKETS_SCHEMA,
    zeroThreshold: 0,
    zeroCount: 0,
    count: count + 0,
    sum,
    positiveSpans: compact.spans,
    negativeSpans: [],
    positiveBuckets: compact.buckets,
    negativeBuckets: [],
    customValues: buckets.slice(0, -1).map((bucket) => bucket.bound),
    counterResetHint: 'unknown',
  };
  return histogramFault(histogram) === undefined ? histogram : undefined;
}
