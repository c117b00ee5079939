/** The messages of `io.prometheus.client` (prometheus/client_model), as far as Prometheus reads them. */
import type { MetricType } from './exemplar.ts';
import type { ProtobufReader } from './protobuf-reader.ts';

export interface FamilyMessage {
  readonly name: string;
  readonly help: string;
  readonly unit: string;
  /** Undefined where the number is none of the types. */
  readonly type: MetricType | undefined;
  readonly typeNumber: number;
  /** Unread messages `Metric`. */
  readonly metrics: readonly ProtobufReader[];
}

export interface ExemplarMessage {
  readonly labels: [string, string][];
  readonly value: number;
  readonly timestampMs: number | undefined;
}

export interface HistogramMessage {
  count: number;
  countFloat: number;
  sum: number;
  buckets: { count: number; upperBound: number; exemplar: ExemplarMessage | undefined }[];
  schema: number;
  zeroThreshold: number;
  zeroCount: number;
  zeroCountFloat: number;
  positiveSpans: { offset: number; length: number }[];
  negativeSpans: { offset: number; length: number }[];
  positiveDeltas: number[];
  negativeDeltas: number[];
  positiveCounts: number[];
  negativeCounts: number[];
  exemplars: ExemplarMessage[];
}

export interface MetricMessage {
  readonly labels: [string, string][];
  /** The bytes of the labels: what tells the metric from others of the family. */
  readonly labelBytes: readonly Uint8Array[];
  timestampMs: number;
  startMs: number | undefined;
  /** Of counter, gauge or untyped. */
  value: number;
  exemplar: ExemplarMessage | undefined;
  summary: { count: number; sum: number; quantiles: { quantile: number; value: number }[] };
  histogram: HistogramMessage;
}

const TYPES: readonly MetricType[] = ['counter', 'gauge', 'summary', 'unknown', 'histogram', 'gaugehistogram'];

export function readFamily(reader: ProtobufReader): FamilyMessage {
  let name = '';
  let help = '';
  let unit = '';
  let typeNumber = 0;
  const metrics: ProtobufReader[] = [];
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) name = reader.text();
    else if (field === 2) help = reader.text();
    else if (field === 3) typeNumber = reader.varint();
    else if (field === 4) metrics.push(reader.message());
    else if (field === 5) unit = reader.text();
    else reader.skip();
  }
  return { name, help, unit, type: TYPES[typeNumber], typeNumber, metrics };
}

/** Only what belongs to the type of the family is read. */
export function readMetric(reader: ProtobufReader, type: MetricType): MetricMessage {
  const labelBytes: Uint8Array[] = [];
  const metric: MetricMessage = {
    labels: [],
    labelBytes,
    timestampMs: 0,
    startMs: undefined,
    value: 0,
    exemplar: undefined,
    summary: { count: 0, sum: 0, quantiles: [] },
    histogram: emptyHistogram(),
  };
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) {
      const label = reader.message();
      labelBytes.push(reader.bytes.subarray(label.at, label.end));
      metric.labels.push(readLabel(label));
    } else if (field === 6) {
      metric.timestampMs = reader.signed();
    } else if (field === 3 && type === 'counter') {
      readCounter(reader.message(), metric);
    } else if ((field === 2 && type === 'gauge') || (field === 5 && type === 'unknown')) {
      readValue(reader.message(), metric);
    } else if (field === 4 && type === 'summary') {
      readSummary(reader.message(), metric);
    } else if (field === 7 && (type === 'histogram' || type === 'gaugehistogram')) {
      readHistogram(reader.message(), metric);
    } else {
      reader.skip();
    }
  }
  return metric;
}

function emptyHistogram(): HistogramMessage {
  return {
    count: 0,
    countFloat: 0,
    sum: 0,
    buckets: [],
    schema: 0,
    zeroThreshold: 0,
    zeroCount: 0,
    zeroCountFloat: 0,
    positiveSpans: [],
    negativeSpans: [],
    positiveDeltas: [],
    negativeDeltas: [],
    positiveCounts: [],
    negativeCounts: [],
    exemplars: [],
  };
}

function readLabel(reader: ProtobufReader): [string, string] {
  const label: [string, string] = ['', ''];
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) label[0] = reader.text();
    else if (field === 2) label[1] = reader.text();
    else reader.skip();
  }
  return label;
}

function readValue(reader: ProtobufReader, metric: MetricMessage): void {
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) metric.value = reader.double();
    else reader.skip();
  }
}

function readCounter(reader: ProtobufReader, metric: MetricMessage): void {
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) metric.value = reader.double();
    else if (field === 2) metric.exemplar = readExemplar(reader.message());
    else if (field === 3) metric.startMs = readTimestamp(reader.message());
    else reader.skip();
  }
}

function readSummary(reader: ProtobufReader, metric: MetricMessage): void {
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) metric.summary.count = reader.varint();
    else if (field === 2) metric.summary.sum = reader.double();
    else if (field === 3) metric.summary.quantiles.push(readQuantile(reader.message()));
    else if (field === 4) metric.startMs = readTimestamp(reader.message());
    else reader.skip();
  }
}

function readQuantile(reader: ProtobufReader): { quantile: number; value: number } {
  const found = { quantile: 0, value: 0 };
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) found.quantile = reader.double();
    else if (field === 2) found.value = reader.double();
    else reader.skip();
  }
  return found;
}

function readHistogram(reader: ProtobufReader, metric: MetricMessage): void {
  const histogram = metric.histogram;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) histogram.count = reader.varint();
    else if (field === 2) histogram.sum = reader.double();
    else if (field === 3) histogram.buckets.push(readBucket(reader.message()));
    else if (field === 4) histogram.countFloat = reader.double();
    else if (field === 5) histogram.schema = reader.zigzag();
    else if (field === 6) histogram.zeroThreshold = reader.double();
    else if (field === 7) histogram.zeroCount = reader.varint();
    else if (field === 8) histogram.zeroCountFloat = reader.double();
    else if (field === 9) histogram.negativeSpans.push(readSpan(reader.message()));
    else if (field === 10) reader.repeated(histogram.negativeDeltas, 'zigzag');
    else if (field === 11) reader.repeated(histogram.negativeCounts, 'double');
    else if (field === 12) histogram.positiveSpans.push(readSpan(reader.message()));
    else if (field === 13) reader.repeated(histogram.positiveDeltas, 'zigzag');
    else if (field === 14) reader.repeated(histogram.positiveCounts, 'double');
    else if (field === 15) metric.startMs = readTimestamp(reader.message());
    else if (field === 16) histogram.exemplars.push(readExemplar(reader.message()));
    else reader.skip();
  }
}

function readBucket(reader: ProtobufReader): HistogramMessage['buckets'][number] {
  let count = 0;
  let countFloat = 0;
  let upperBound = 0;
  let exemplar: ExemplarMessage | undefined;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) count = reader.varint();
    else if (field === 2) upperBound = reader.double();
    else if (field === 3) exemplar = readExemplar(reader.message());
    else if (field === 4) countFloat = reader.double();
    else reader.skip();
  }
  return { count: countFloat === 0 ? count : countFloat, upperBound, exemplar };
}

function readSpan(reader: ProtobufReader): { offset: number; length: number } {
  const span = { offset: 0, length: 0 };
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) span.offset = reader.zigzag();
    else if (field === 2) span.length = reader.varint();
    else reader.skip();
  }
  return span;
}

function readExemplar(reader: ProtobufReader): ExemplarMessage {
  const labels: [string, string][] = [];
  let value = 0;
  let timestampMs: number | undefined;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) labels.push(readLabel(reader.message()));
    else if (field === 2) value = reader.double();
    else if (field === 3) timestampMs = readTimestamp(reader.message());
    else reader.skip();
  }
  return { labels, value, timestampMs };
}

function readTimestamp(reader: ProtobufReader): number {
  let seconds = 0;
  let nanos = 0;
  for (let field = reader.field(); field !== 0; field = reader.field()) {
    if (field === 1) seconds = reader.signed();
    else if (field === 2) nanos = reader.signed();
    else reader.skip();
  }
  return seconds * 1000 + Math.trunc(nanos / 1e6);
}
