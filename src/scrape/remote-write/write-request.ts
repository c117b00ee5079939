/** Encodes samples as remote write 1.0 (`prometheus.WriteRequest`) and 2.0 (`io.prometheus.write.v2.Request`) messages. */
import type { RemoteWriteConfig } from '../../config/prometheus-config.ts';
import type { Exemplar, Metadata, MetricType } from '../../exposition/exemplar.ts';
import { CUSTOM_BUCKETS_SCHEMA, type FloatHistogram, type Span } from '../../exposition/histogram.ts';
import type { Labels } from '../../labels/labels.ts';
import { ProtobufWriter } from './protobuf-writer.ts';

/** One sample, histogram, staleness marker or exemplar, on its way. */
export interface WriteItem {
  readonly labels: Labels;
  readonly timestampMs: number;
  /** 0: not known. */
  readonly startMs: number;
  readonly value: number | 'stale' | FloatHistogram | Exemplar;
}

export type Protocol = RemoteWriteConfig['protobufMessage'];

/** `metadataOf` gives what is known of a series' metric; only 2.0 carries it with the samples. */
export function encodeSamples(
  protocol: Protocol,
  items: readonly WriteItem[],
  metadataOf: (labels: Labels) => Metadata | undefined,
): Uint8Array {
  return protocol === 'prometheus.WriteRequest' ? encodeVersion1(items) : encodeVersion2(items, metadataOf);
}

/**
 * How many of the items, from the first on, go into one message: `most`, or fewer where a series changes its form. A
 * receiver may take all floats of a message before its histograms, and those of whole populations before the others; what it
 * then finds out of order it drops in silence, as Prometheus up to 3.7 does.
 */
export function messageLength(items: readonly WriteItem[], most: number): number {
  const forms = new Map<Labels, string>();
  const end = Math.min(items.length, most);
  for (let i = 0; i < end; i++) {
    const { labels, value } = items[i]!;
    if (isExemplar(value)) continue;
    const form = !isHistogram(value) ? 'float' : isWhole(value) ? 'whole' : 'fractional';
    if ((forms.get(labels) ?? form) !== form) return i;
    forms.set(labels, form);
  }
  return end;
}

/** A 1.0 message of metadata alone. */
export function encodeMetadata(families: Iterable<readonly [string, Metadata]>): Uint8Array {
  const writer = new ProtobufWriter();
  for (const [family, metadata] of families) {
    writer.message(3, () => {
      writer.integer(1, METRIC_TYPES.indexOf(metadata.type));
      writer.string(2, family);
      if (metadata.help !== '') writer.string(4, metadata.help);
      if (metadata.unit !== '') writer.string(5, metadata.unit);
    });
  }
  return writer.bytes();
}

/** In the order of both protocols' enumerations. */
const METRIC_TYPES: readonly MetricType[] = [
  'unknown',
  'counter',
  'gauge',
  'histogram',
  'gaugehistogram',
  'summary',
  'info',
  'stateset',
];

function encodeVersion1(items: readonly WriteItem[]): Uint8Array {
  const writer = new ProtobufWriter();
  const writeLabels = (labels: Labels): void => {
    for (let i = 0; i < labels.names.length; i++) {
      writer.message(1, () => {
        writer.string(1, labels.names[i]!);
        writer.string(2, labels.values[i]!);
      });
    }
  };
  for (const series of bySeries(items)) {
    writer.message(1, () => {
      writeLabels(series[0]!.labels);
      for (const item of series) {
        const { value } = item;
        if (isExemplar(value)) {
          writer.message(3, () => {
            writeLabels(value.labels);
            writeSample(writer, 2, 3, value.value, item.timestampMs);
          });
        } else if (isHistogram(value)) {
          writer.message(4, () => writeHistogram(writer, value, item.timestampMs));
        } else {
          writer.message(2, () => writeSample(writer, 1, 2, value, item.timestampMs));
        }
      }
    });
  }
  return writer.bytes();
}

function encodeVersion2(items: readonly WriteItem[], metadataOf: (labels: Labels) => Metadata | undefined): Uint8Array {
  const symbols = new Map<string, number>([['', 0]]);
  const symbol = (text: string): number => {
    let reference = symbols.get(text);
    if (reference === undefined) {
      reference = symbols.size;
      symbols.set(text, reference);
    }
    return reference;
  };
  const references = (labels: Labels): number[] => {
    const out: number[] = [];
    for (let i = 0; i < labels.names.length; i++) out.push(symbol(labels.names[i]!), symbol(labels.values[i]!));
    return out;
  };
  const body = new ProtobufWriter();
  for (const series of bySeries(items)) {
    body.message(5, () => {
      const { labels } = series[0]!;
      body.packedIntegers(1, references(labels));
      for (const item of series) {
        const { value } = item;
        if (isExemplar(value)) {
          body.message(4, () => {
            body.packedIntegers(1, references(value.labels));
            writeSample(body, 2, 3, value.value, item.timestampMs);
          });
        } else if (isHistogram(value)) {
          body.message(3, () => {
            writeHistogram(body, value, item.timestampMs);
            if (item.startMs !== 0) body.integer(17, item.startMs);
          });
        } else {
          body.message(2, () => {
            writeSample(body, 1, 2, value, item.timestampMs);
            if (item.startMs !== 0) body.integer(3, item.startMs);
          });
        }
      }
      const metadata = metadataOf(labels);
      if (metadata !== undefined) {
        body.message(5, () => {
          body.integer(1, METRIC_TYPES.indexOf(metadata.type));
          body.integer(3, symbol(metadata.help));
          body.integer(4, symbol(metadata.unit));
        });
      }
      // Where receivers of before 2.0-rc.4 look for it: Prometheus up to 3.7, which skip what the samples say.
      const started = series.findLast((item) => item.startMs !== 0);
      if (started !== undefined) body.integer(6, started.startMs);
    });
  }
  const head = new ProtobufWriter();
  for (const text of symbols.keys()) head.string(4, text);
  return Buffer.concat([head.bytes(), body.bytes()]);
}

/** Neighbours of one series together: a series must not come twice in a message. */
function bySeries(items: readonly WriteItem[]): Iterable<WriteItem[]> {
  const series = new Map<Labels, WriteItem[]>();
  for (const item of items) {
    const known = series.get(item.labels);
    if (known === undefined) series.set(item.labels, [item]);
    else known.push(item);
  }
  return series.values();
}

export function isExemplar(value: WriteItem['value']): value is Exemplar {
  return typeof value === 'object' && 'labels' in value;
}

export function isHistogram(value: WriteItem['value']): value is FloatHistogram {
  return typeof value === 'object' && 'schema' in value;
}

function writeSample(
  writer: ProtobufWriter,
  valueField: number,
  timeField: number,
  value: number | 'stale',
  timestampMs: number,
): void {
  if (value === 'stale') writer.doubleBits(valueField, STALE_HIGH, STALE_LOW);
  else writer.double(valueField, value);
  writer.integer(timeField, timestampMs);
}

/** The NaN that marks staleness. */
const STALE_HIGH = 0x7ff00000;
const STALE_LOW = 0x00000002;

const RESET_HINTS = { unknown: 0, reset: 1, 'not-reset': 2, gauge: 3 } as const;

/** With whole counts as the integer form, as a scraped histogram has it; else as the float form. */
function writeHistogram(writer: ProtobufWriter, histogram: FloatHistogram, timestampMs: number): void {
  const { positiveBuckets, negativeBuckets, count, zeroCount } = histogram;
  const whole = isWhole(histogram);
  if (whole) writer.integer(1, count);
  else writer.double(2, count);
  writer.double(3, histogram.sum);
  writer.signed(4, histogram.schema);
  writer.double(5, histogram.zeroThreshold);
  if (whole) writer.integer(6, zeroCount);
  else writer.double(7, zeroCount);
  writeSpans(writer, 8, histogram.negativeSpans);
  if (whole) writer.packedSigned(9, deltas(negativeBuckets));
  else writer.packedDoubles(10, negativeBuckets);
  writeSpans(writer, 11, histogram.positiveSpans);
  if (whole) writer.packedSigned(12, deltas(positiveBuckets));
  else writer.packedDoubles(13, positiveBuckets);
  writer.integer(14, RESET_HINTS[histogram.counterResetHint]);
  writer.integer(15, timestampMs);
  if (histogram.schema === CUSTOM_BUCKETS_SCHEMA) writer.packedDoubles(16, histogram.customValues ?? []);
}

function isWhole({ count, zeroCount, positiveBuckets, negativeBuckets }: FloatHistogram): boolean {
  return (
    Number.isSafeInteger(count) &&
    Number.isSafeInteger(zeroCount) &&
    positiveBuckets.every(Number.isSafeInteger) &&
    negativeBuckets.every(Number.isSafeInteger)
  );
}

function writeSpans(writer: ProtobufWriter, field: number, spans: readonly Span[]): void {
  for (const { offset, length } of spans) {
    writer.message(field, () => {
      writer.signed(1, offset);
      writer.integer(2, length);
    });
  }
}

function deltas(buckets: readonly number[]): number[] {
  return buckets.map((bucket, i) => (i === 0 ? bucket : bucket - buckets[i - 1]!));
}
