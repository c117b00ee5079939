/** Classic histograms turned into native ones with custom buckets, of text while it is read, as `convert_classic_histograms_to_nhcb` asks. */
import { type Labels, METRIC_NAME } from '../labels/labels.ts';
import { type Exemplar, histogramExemplars } from './exemplar.ts';
import type { ExpositionFormat, ExpositionSink } from './exposition.ts';
import { parseGoFloat } from './float.ts';
import { type CounterResetHint, CUSTOM_BUCKETS_SCHEMA, type FloatHistogram } from './histogram.ts';
import { compactBuckets, histogramFault } from './histogram-layout.ts';

export interface ConversionOptions {
  /** The classic series are given too. */
  readonly keepClassic: boolean;
}

/** A sink that hands on to `sink`, and converts in text; one for each target, to be kept as long as the target's cache. */
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
  /** Undefined, too, of a member that tells nothing of the histogram: a bucket without a number for its bound. */
  readonly part: 'bucket' | 'count' | 'sum' | undefined;
  readonly bound: number;
}

/** The types of metric that have a start. */
const STARTED: ReadonlySet<string | undefined> = new Set(['counter', 'summary', 'histogram']);

class Converter implements ExpositionSink {
  readonly #sink: ExpositionSink;
  readonly #keepClassic: boolean;
  readonly #heads: (Head | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #groups = new Map<string, Group>();
  readonly #types = new Map<string, string>();
  #format: ExpositionFormat = 'text';
  /** Whether this body had a histogram. */
  #hasConverted = false;
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

  begin(format: ExpositionFormat): void {
    this.#current = undefined;
    this.#format = format;
    this.#hasConverted = false;
    this.#sink.begin?.(format);
  }

  series(labels: Labels, duplicateLabel: string | undefined, emptyLabels: readonly string[] | undefined): number {
    // The parser of protobuf converts itself.
    const found = this.#format === 'protobuf' ? undefined : this.#classify(labels);
    const group = found === undefined ? undefined : this.#group(found.labels, emptyLabels);
    if (group !== undefined) group.members++;
    const isDirect = (found?.part === undefined || this.#keepClassic) && !this.#isHidden(labels);
    const head: Head = {
      number: isDirect ? this.#sink.series(labels, duplicateLabel, emptyLabels) : undefined,
      group,
      part: found?.part,
      bound: found?.bound ?? 0,
    };
    const number = this.#free.pop() ?? this.#heads.length;
    this.#heads[number] = head;
    return number;
  }

  sample(series: number, value: number, timestampMs: number | undefined, startMs: number | undefined): void {
    const head = this.#heads[series]!;
    if (head.group !== this.#current) this.#emit();
    if (head.number !== undefined) this.#sink.sample(head.number, value, timestampMs, startMs);
    if (head.group === undefined || head.part === undefined) return;
    if (this.#current === undefined) this.#collect(head.group, timestampMs, startMs);
    if (value < 0 && head.part !== 'sum') this.#faulty = true;
    if (head.part === 'bucket') this.#buckets.push({ bound: head.bound, count: value });
    else if (head.part === 'count') this.#count = value;
    else this.#sum = value;
  }

  histogram(
    series: number,
    histogram: FloatHistogram,
    timestampMs: number | undefined,
    startMs: number | undefined,
    addsUp: boolean,
  ): void {
    this.#sink.histogram(this.#heads[series]!.number!, histogram, timestampMs, startMs, addsUp);
  }

  exemplar(series: number, exemplar: Exemplar): void {
    const head = this.#heads[series]!;
    // Of a histogram that is converted, the classic series have none, even where they are kept.
    if (head.part !== undefined) this.#exemplars.push(exemplar);
    else if (head.number !== undefined) this.#sink.exemplar(head.number, exemplar);
  }

  metadata(family: string, part: 'type' | 'help' | 'unit', text: string): void {
    if (part === 'type') this.#types.set(family, text);
    this.#sink.metadata(family, part, text);
  }

  forget(series: number): void {
    const head = this.#heads[series];
    if (head === undefined) return;
    this.#heads[series] = undefined;
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
    if (family === undefined || this.#types.get(family) !== 'histogram') return undefined;
    const base = labels.with(METRIC_NAME, family).without('le');
    if (part !== 'bucket') return { labels: base, part: part as 'count' | 'sum', bound: 0 };
    const bound = parseGoFloat(labels.get('le'));
    const known = bound !== undefined && !Number.isNaN(bound);
    return { labels: base, part: known ? 'bucket' : undefined, bound: known ? bound : 0 };
  }

  /** As Prometheus reads the start of a histogram that it converts, lines behind it that say when something began are no series. */
  #isHidden(labels: Labels): boolean {
    if (this.#format !== 'openmetrics' || !this.#hasConverted) return false;
    const [, family = ''] = /^(.+)_created$/s.exec(labels.metricName) ?? [];
    return STARTED.has(this.#types.get(family));
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
    this.#hasConverted = true;
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
    const histogram = customHistogram(this.#buckets, this.#count, this.#sum);
    if (this.#faulty || typeof histogram === 'string' || histogramFault(histogram, false) !== undefined) return;
    group.number ??= this.#sink.series(group.labels, undefined, group.empty);
    this.#sink.histogram(group.number, histogram, this.#timestampMs, this.#startMs, false);
    for (const exemplar of histogramExemplars(this.#exemplars)) this.#sink.exemplar(group.number, exemplar);
  }
}

/**
 * Cumulative classic buckets, in any order, as a custom-bucket histogram, or why they are none. Of equal bounds the first counts. Without a
 * count the last bucket has it. That `histogramFault` finds nothing is not said: an infinite bucket that is missing may be too small.
 */
export function customHistogram(
  classic: readonly { readonly bound: number; readonly count: number }[],
  observed: number | undefined,
  sum: number,
  counterResetHint: CounterResetHint = 'unknown',
): FloatHistogram | string {
  if (classic.some(({ bound }) => Number.isNaN(bound))) return 'bucket boundary must not be NaN';
  const buckets = classic
    .toSorted((a, b) => a.bound - b.bound)
    .filter((bucket, i, all) => i === 0 || all[i - 1]!.bound !== bucket.bound);
  for (const [i, bucket] of buckets.entries()) {
    const before = buckets[i - 1]?.count ?? 0;
    if (!(bucket.count >= before)) return `count is not cumulative: ${bucket.count} < ${before}`;
  }
  const last = buckets[buckets.length - 1];
  const count = observed ?? last?.count ?? 0;
  if (last?.bound !== Number.POSITIVE_INFINITY) buckets.push({ bound: Number.POSITIVE_INFINITY, count });
  else if (last.count !== count) return `count mismatch: count=${count} != le=+Inf count=${last.count}`;
  // A sum makes zeros of zeros with a sign.
  const populations = buckets.map((bucket, i) => bucket.count - (buckets[i - 1]?.count ?? 0) + 0);
  const compact = compactBuckets([{ offset: 0, length: populations.length }], populations);
  return {
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
    counterResetHint,
  };
}
