/** Delimited protobuf messages `io.prometheus.client.MetricFamily`, with native and classic histograms, as Prometheus 3 reads them at a scrape. */
import { METRIC_NAME } from '../labels/labels.ts';
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
        const native = this.#options.nativeHistograms !== false && isNative(metric.histogram);
        if (native) this.#native(family, metric);
        if (!native || (this.#options.classicHistograms === true && metric.histogram.buckets.length > 0)) {
          this.#classic(family, metric);
        }
      } else {
        const series = this.#sample(family, metric, '', undefined, metric.value);
        if (metric.exemplar !== undefined && type === 'counter') this.#exemplar(series, metric.exemplar);
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
      if (bucket.exemplar !== undefined) this.#exemplar(series, bucket.exemplar);
      if (bucket.upperBound === Number.POSITIVE_INFINITY) return;
    }
    this.#sample(family, metric, '_bucket', ['le', Number.POSITIVE_INFINITY], count);
  }

  #native(family: FamilyMessage, metric: MetricMessage): void {
    const histogram = nativeHistogram(metric.histogram, family.type === 'gaugehistogram');
    const series = this.#series(family, metric, '', undefined);
    this.#sink.histogram(series, histogram, metric.timestampMs === 0 ? undefined : metric.timestampMs, metric.startMs);
    const { exemplars, buckets } = metric.histogram;
    for (const exemplar of exemplars.length > 0 ? exemplars : buckets.map((bucket) => bucket.exemplar)) {
      if (exemplar?.timestampMs !== undefined) this.#exemplar(series, exemplar);
    }
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

  #exemplar(series: number, { labels, value, timestampMs }: ExemplarMessage): void {
    this.#sink.exemplar(series, { labels: sortedLabels(labels).labels, value, timestampMs });
  }
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

/** A histogram without spans, zero threshold and zero count is taken as a classic one. */
function isNative(histogram: HistogramMessage): boolean {
  const { positiveSpans, negativeSpans, zeroThreshold, zeroCount } = histogram;
  return positiveSpans.length > 0 || negativeSpans.length > 0 || zeroThreshold > 0 || zeroCount > 0;
}

function nativeHistogram(message: HistogramMessage, gauge: boolean): FloatHistogram {
  const float = message.countFloat > 0 || message.zeroCountFloat > 0;
  const positive = compactBuckets(
    message.positiveSpans,
    float ? message.positiveCounts : summed(message.positiveDeltas),
  );
  const negative = compactBuckets(
    message.negativeSpans,
    float ? message.negativeCounts : summed(message.negativeDeltas),
  );
  return {
    schema: message.schema,
    zeroThreshold: message.zeroThreshold,
    zeroCount: float ? message.zeroCountFloat : message.zeroCount,
    count: float ? message.countFloat : message.count,
    sum: message.sum,
    positiveSpans: positive.spans,
    negativeSpans: negative.spans,
    positiveBuckets: positive.buckets,
    negativeBuckets: negative.buckets,
    customValues: undefined,
    counterResetHint: gauge ? 'gauge' : 'unknown',
  };
}

function summed(deltas: readonly number[]): number[] {
  let sum = 0;
  return deltas.map((delta) => {
    sum += delta;
    return sum;
  });
}
