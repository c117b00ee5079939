/** Delimited protobuf messages `io.prometheus.client.MetricFamily`, with native and classic histograms, as Prometheus 3 reads them at a scrape. */
import { METRIC_NAME } from '../labels/labels.ts';
import { type Exemplar, histogramExemplars } from './exemplar.ts';
import type { ExpositionSink, ParseOptions } from './exposition.ts';
import { ExpositionError } from './exposition-error.ts';
import { formatOpenMetricsFloat } from './float.ts';
import type { FloatHistogram } from './histogram.ts';
import { compactBuckets } from './histogram-layout.ts';
import { sortedLabels } from './line-head.ts';
import {
  type ExemplarMessage,
  type FamilyMessage,
  type HistogramMessage,
  type MetricMessage,
  readFamily,
  readMetric,
} from './metric-family.ts';
import { customHistogram } from './nhcb.ts';
import { ProtobufError, ProtobufReader } from './protobuf-reader.ts';

/** Throws ExpositionError, its column being the offset of the message that is wrong. */
export function parseProtobuf(bytes: Uint8Array, sink: ExpositionSink, options: ParseOptions): void {
  const reader = new ProtobufReader(bytes);
  const parser = new FamilyParser(sink, options);
  let from = 0;
  try {
    while (reader.at < reader.end) {
      from = reader.at;
      const length = reader.varint();
      if (reader.at + length > reader.end) throw new ProtobufError('unexpected EOF');
      parser.parse(new ProtobufReader(bytes, reader.at, reader.at + length));
      reader.at += length;
    }
  } catch (error) {
    if (error instanceof ProtobufError) throw new ExpositionError(error.message, 1, from + 1);
    throw error;
  }
}

class FamilyParser {
  readonly #sink: ExpositionSink;
  readonly #options: ParseOptions;
  /** The bytes that a series has in the cache: suffix, bound and name, then its labels. */
  #key = Buffer.alloc(1024);

  constructor(sink: ExpositionSink, options: ParseOptions) {
    this.#sink = sink;
    this.#options = options;
  }

  parse(reader: ProtobufReader): void {
    const family = readFamily(reader);
    if (family.metrics.length === 0) return;
    this.#metadata(family);
    const type = family.type!;
    const histograms = new HistogramForms(this.#options);
    for (const each of family.metrics) {
      const metric = readMetric(each, type);
      for (const [name, value] of metric.labels) {
        if (name === '' || name.includes('\ufffd')) throw new ProtobufError(`invalid label name: ${name}`);
        if (value.includes('\ufffd') && !isReplacement(metric))
          throw new ProtobufError(`invalid label value: ${value}`);
      }
      if (type === 'summary') {
        this.#summary(family, metric);
      } else if (type === 'histogram' || type === 'gaugehistogram') {
        const forms = histograms.of(metric.histogram);
        if (forms.native) this.#native(family, metric);
        if (forms.classic) this.#classic(family, metric);
        if (forms.custom) this.#custom(family, metric);
      } else {
        const series = this.#sample(family, metric, '', undefined, metric.value);
        if (metric.exemplar !== undefined && type === 'counter')
          this.#sink.exemplar(series, exemplarOf(metric.exemplar));
      }
    }
  }

  #metadata(family: FamilyMessage): void {
    const { name, help, unit, type } = family;
    if (name === '' || name.includes('\ufffd')) throw new ProtobufError(`invalid metric name: ${name}`);
    if (type === undefined) throw new ProtobufError(`unknown metric type for metric "${name}": ${family.typeNumber}`);
    const key = Buffer.from(`#${name}\0${type}\0${unit}\0${help}`);
    const cache = this.#options.cache;
    const known = cache?.find(key, 0, key.length) ?? -1;
    if (known >= 0) {
      cache!.take(known);
      return;
    }
    cache?.take(cache.add(key, 0, key.length, -1));
    this.#sink.metadata(name, 'help', help);
    if (unit !== '') this.#sink.metadata(name, 'unit', unit);
    this.#sink.metadata(name, 'type', type);
  }

  #summary(family: FamilyMessage, metric: MetricMessage): void {
    const { count, sum, quantiles } = metric.summary;
    this.#sample(family, metric, '_count', undefined, count);
    this.#sample(family, metric, '_sum', undefined, sum);
    for (const { quantile, value } of quantiles) this.#sample(family, metric, '', ['quantile', quantile], value);
  }

  #classic(family: FamilyMessage, metric: MetricMessage): void {
    const { buckets, sum } = metric.histogram;
    const count = metric.histogram.countFloat === 0 ? metric.histogram.count : metric.histogram.countFloat;
    this.#sample(family, metric, '_count', undefined, count);
    this.#sample(family, metric, '_sum', undefined, sum);
    for (const bucket of buckets) {
      const series = this.#sample(family, metric, '_bucket', ['le', bucket.upperBound], bucket.count);
      if (bucket.exemplar !== undefined) this.#sink.exemplar(series, exemplarOf(bucket.exemplar));
      if (bucket.upperBound === Number.POSITIVE_INFINITY) return;
    }
    this.#sample(family, metric, '_bucket', ['le', Number.POSITIVE_INFINITY], count);
  }

  #native(family: FamilyMessage, metric: MetricMessage): void {
    const { countFloat, zeroCountFloat } = metric.histogram;
    const isFloat = countFloat > 0 || zeroCountFloat > 0;
    const histogram = nativeHistogram(family, metric.histogram, isFloat);
    const series = this.#series(family, metric, '', undefined);
    this.#histogram(series, histogram, metric, !isFloat);
    this.#exemplars(series, metric.histogram);
  }

  #custom(family: FamilyMessage, metric: MetricMessage): void {
    const { buckets, sum, count, countFloat } = metric.histogram;
    const classic = buckets.map((bucket) => ({ bound: bucket.upperBound, count: bucket.count }));
    const hint = family.type === 'gaugehistogram' ? 'gauge' : 'unknown';
    const histogram = customHistogram(classic, countFloat > 0 ? countFloat : count, sum, hint);
    if (typeof histogram === 'string') throw new ProtobufError(histogram);
    const series = this.#series(family, metric, '', undefined);
    this.#histogram(series, histogram, metric, false);
    this.#exemplars(series, metric.histogram);
  }

  /** Those of its buckets where it has none itself. */
  #exemplars(series: number, { exemplars, buckets }: HistogramMessage): void {
    const found = exemplars.length > 0 ? exemplars : buckets.flatMap(({ exemplar }) => exemplar ?? []);
    for (const exemplar of histogramExemplars(found.map(exemplarOf))) this.#sink.exemplar(series, exemplar);
  }

  #histogram(series: number, histogram: FloatHistogram, metric: MetricMessage, addsUp: boolean): void {
    const timestampMs = metric.timestampMs === 0 ? undefined : metric.timestampMs;
    this.#sink.histogram(series, histogram, timestampMs, metric.startMs, addsUp);
  }

  #sample(
    family: FamilyMessage,
    metric: MetricMessage,
    suffix: string,
    bound: readonly [string, number] | undefined,
    value: number,
  ): number {
    const series = this.#series(family, metric, suffix, bound);
    this.#sink.sample(series, value, metric.timestampMs === 0 ? undefined : metric.timestampMs, metric.startMs);
    return series;
  }

  #series(
    family: FamilyMessage,
    metric: MetricMessage,
    suffix: string,
    bound: readonly [string, number] | undefined,
  ): number {
    const length = this.#writeKey(family.name, metric.labelBytes, suffix, bound);
    const cache = this.#options.cache;
    const known = cache?.find(this.#key, 0, length) ?? -1;
    if (known >= 0) {
      cache!.take(known);
      return cache!.number(known);
    }
    const pairs: [string, string][] = [[METRIC_NAME, family.name + suffix], ...metric.labels];
    if (bound !== undefined) pairs.push([bound[0], formatOpenMetricsFloat(bound[1])]);
    const { labels, duplicate, empty } = sortedLabels(pairs);
    const number = this.#sink.series(labels, duplicate, empty);
    cache?.take(cache.add(this.#key, 0, length, number));
    return number;
  }

  #writeKey(
    name: string,
    labels: readonly Uint8Array[],
    suffix: string,
    bound: readonly [string, number] | undefined,
  ): number {
    const text = `${suffix}\0${name}\0`;
    let length = 9 + 3 * text.length;
    for (const label of labels) length += label.length + 4;
    if (this.#key.length < length) this.#key = Buffer.alloc(length * 2);
    const key = this.#key;
    key[0] = bound === undefined ? 0 : 1;
    key.writeDoubleLE(bound?.[1] ?? 0, 1);
    let at = 9 + key.write(text, 9);
    for (const label of labels) {
      at = key.writeUInt32LE(label.length, at);
      key.set(label, at);
      at += label.length;
    }
    return at;
  }
}

function exemplarOf({ labels, value, timestampMs }: ExemplarMessage): Exemplar {
  return { labels: sortedLabels(labels).labels, value, timestampMs };
}

/** Whether the label bytes really spell U+FFFD, rather than being no UTF-8. */
function isReplacement(metric: MetricMessage): boolean {
  return metric.labelBytes.every((bytes) => {
    try {
      new TextDecoder('utf-8', { fatal: true }).decode(bytes);
      return true;
    } catch {
      return false;
    }
  });
}

/** Which forms the histograms of one family are given in. */
class HistogramForms {
  readonly #options: ParseOptions;
  #next: 'native' | 'classic' | undefined;

  constructor(options: ParseOptions) {
    this.#options = options;
  }

  /**
   * As Prometheus 3.14 was seen to do in a family that mixes both: without conversion, a histogram after a classic one is given as classic
   * series, whatever it is; one after classic series of a native one has to be native. Clients that mix them are unknown.
   */
  of(histogram: HistogramMessage): { readonly native: boolean; readonly classic: boolean; readonly custom: boolean } {
    const { nativeHistograms, classicHistograms = false, convertClassicHistograms = false } = this.#options;
    const isNative = nativeHistograms !== false && hasNativeParts(histogram);
    const form = this.#next ?? (isNative ? 'native' : 'classic');
    if (form === 'native' && !isNative) throw new ProtobufError('a classic histogram where a native one has to follow');
    const classic = form === 'native' && classicHistograms && histogram.buckets.length > 0;
    const custom = form === 'classic' && convertClassicHistograms;
    if (form === 'native' ? classic : isNative) this.#next = 'native';
    else this.#next = form === 'native' || convertClassicHistograms ? undefined : 'classic';
    return { native: form === 'native', classic: form === 'native' ? classic : !custom || classicHistograms, custom };
  }
}

/** A histogram without spans, zero threshold and zero count is taken as a classic one. */
function hasNativeParts(histogram: HistogramMessage): boolean {
  const { positiveSpans, negativeSpans, zeroThreshold, zeroCount } = histogram;
  return positiveSpans.length > 0 || negativeSpans.length > 0 || zeroThreshold > 0 || zeroCount > 0;
}

function nativeHistogram(family: FamilyMessage, message: HistogramMessage, isFloat: boolean): FloatHistogram {
  const side = (
    name: string,
    spans: HistogramMessage['positiveSpans'],
    buckets: number[],
  ): ReturnType<typeof compactBuckets> => {
    const named = spans.reduce((sum, span) => sum + span.length, 0);
    if (named !== buckets.length) {
      throw new ProtobufError(
        `histogram "${family.name}": ${name} side: spans require ${named} buckets, have ${buckets.length}`,
      );
    }
    return compactBuckets(spans, buckets);
  };
  const { positiveSpans, positiveCounts, positiveDeltas, negativeSpans, negativeCounts, negativeDeltas } = message;
  const positive = side('positive', positiveSpans, isFloat ? positiveCounts : summed(positiveDeltas));
  const negative = side('negative', negativeSpans, isFloat ? negativeCounts : summed(negativeDeltas));
  return {
    schema: message.schema,
    zeroThreshold: message.zeroThreshold,
    zeroCount: isFloat ? message.zeroCountFloat : message.zeroCount,
    count: isFloat ? message.countFloat : message.count,
    sum: message.sum,
    positiveSpans: positive.spans,
    negativeSpans: negative.spans,
    positiveBuckets: positive.buckets,
    negativeBuckets: negative.buckets,
    customValues: undefined,
    counterResetHint: family.type === 'gaugehistogram' ? 'gauge' : 'unknown',
  };
}

function summed(deltas: readonly number[]): number[] {
  let sum = 0;
  return deltas.map((delta) => {
    sum += delta;
    return sum;
  });
}
