/** A committed batch as one record: the series it is the first to name, its samples, exemplars and metadata. */
import type { Metadata } from '../../exposition/exemplar.ts';
import type { CounterResetHint, FloatHistogram, Span } from '../../exposition/histogram.ts';
import type { Labels } from '../../labels/labels.ts';
import type { SeriesRef } from '../appender.ts';
import { BatchColumns } from '../batch.ts';
import { FLOAT, HISTOGRAM } from '../queryable.ts';
import type { ByteReader, ByteWriter } from './bytes.ts';

/** First byte of a record: the version of the format, and whether the batch is an import. */
const VERSION = 0x10;
const KEPT = 1;
const HAS_START = 4;
const HINTS: readonly CounterResetHint[] = ['unknown', 'reset', 'not-reset', 'gauge'];

/** `fresh`: series that were in no record before. */
export function writeBatch(
  writer: ByteWriter,
  columns: BatchColumns,
  kept: boolean,
  fresh: readonly (readonly [SeriesRef, Labels])[],
): void {
  writer.byte(kept ? VERSION | KEPT : VERSION);
  writer.varint(fresh.length);
  for (const [ref, labels] of fresh) {
    writer.varint(ref);
    writer.labels(labels);
  }
  writeSamples(writer, columns);
  writer.varint(columns.exemplars.length);
  for (const { ref, exemplar } of columns.exemplars) {
    writer.varint(ref);
    writer.labels(exemplar.labels);
    writer.double(exemplar.value);
    writer.double(exemplar.timestampMs);
  }
  writer.varint(columns.metadata.length);
  for (const { metricName, metadata } of columns.metadata) {
    for (const text of [metricName, metadata.type, metadata.help, metadata.unit]) writer.text(text);
  }
}

/** A function of its own: V8 optimises a hot loop as it runs, and what follows in the same function would throw that away each time. */
function writeSamples(writer: ByteWriter, columns: BatchColumns): void {
  const { refs, timestamps, values, kinds, starts, histograms, length } = columns;
  writer.varint(length);
  const base = length === 0 ? 0 : timestamps[0]!;
  writer.double(base);
  let before = 0;
  for (let i = 0; i < length; i++) {
    const ref = refs[i]!;
    const start = starts.size === 0 ? undefined : starts.get(i);
    const kind = kinds[i]!;
    writer.byteAndZigzags(start === undefined ? kind : kind | HAS_START, ref - before, timestamps[i]! - base);
    before = ref;
    if (start !== undefined) writer.double(start);
    if (kind === FLOAT) writer.double(values[i]!);
    else if (kind === HISTOGRAM) writeHistogram(writer, histograms.get(i)!);
  }
}

/** The batch with the references of this process: `refOf` gives the present one of a recorded one (−1 for none), `declare` makes it. */
export function readBatch(
  reader: ByteReader,
  declare: (recorded: SeriesRef, labels: Labels) => void,
  refOf: (recorded: SeriesRef) => SeriesRef,
): { readonly columns: BatchColumns; readonly kept: boolean } {
  const first = reader.byte();
  if ((first & ~KEPT) !== VERSION) throw new RangeError('a record of another version');
  const kept = (first & KEPT) !== 0;
  for (let left = reader.varint(); left > 0; left--) declare(reader.varint(), reader.labels());
  const columns = new BatchColumns();
  let left = reader.varint();
  const base = reader.double();
  let before = 0;
  for (; left > 0; left--) {
    const control = reader.byte();
    const kind = control & ~HAS_START;
    before += reader.zigzag();
    const timestampMs = base + reader.zigzag();
    const start = (control & HAS_START) === 0 ? undefined : reader.double();
    const value = kind === FLOAT ? reader.double() : Number.NaN;
    const histogram = kind === HISTOGRAM ? readHistogram(reader) : undefined;
    const ref = refOf(before);
    if (ref < 0) continue;
    const at = columns.add(ref, timestampMs, kind, value);
    if (start !== undefined) columns.starts.set(at, start);
    if (histogram !== undefined) columns.histograms.set(at, histogram);
  }
  for (left = reader.varint(); left > 0; left--) {
    const ref = refOf(reader.varint());
    const exemplar = { labels: reader.labels(), value: reader.double(), timestampMs: reader.double() };
    if (ref >= 0) columns.exemplars.push({ ref, exemplar });
  }
  for (left = reader.varint(); left > 0; left--) {
    const metricName = reader.text();
    const type = reader.text() as Metadata['type'];
    columns.metadata.push({ metricName, metadata: { type, help: reader.text(), unit: reader.text() } });
  }
  return { columns, kept };
}

export function writeHistogram(writer: ByteWriter, histogram: FloatHistogram): void {
  writer.zigzag(histogram.schema);
  writer.byte(HINTS.indexOf(histogram.counterResetHint));
  for (const value of [histogram.zeroThreshold, histogram.zeroCount, histogram.count, histogram.sum])
    writer.double(value);
  writeSpans(writer, histogram.positiveSpans);
  writeSpans(writer, histogram.negativeSpans);
  writer.doubles(histogram.positiveBuckets);
  writer.doubles(histogram.negativeBuckets);
  writer.byte(histogram.customValues === undefined ? 0 : 1);
  if (histogram.customValues !== undefined) writer.doubles(histogram.customValues);
}

export function readHistogram(reader: ByteReader): FloatHistogram {
  const schema = reader.zigzag();
  const counterResetHint = HINTS[reader.byte()] ?? 'unknown';
  return {
    schema,
    zeroThreshold: reader.double(),
    zeroCount: reader.double(),
    count: reader.double(),
    sum: reader.double(),
    positiveSpans: readSpans(reader),
    negativeSpans: readSpans(reader),
    positiveBuckets: reader.doubles(),
    negativeBuckets: reader.doubles(),
    customValues: reader.byte() === 0 ? undefined : reader.doubles(),
    counterResetHint,
  };
}

function writeSpans(writer: ByteWriter, spans: readonly Span[]): void {
  writer.varint(spans.length);
  for (const { offset, length } of spans) {
    writer.zigzag(offset);
    writer.varint(length);
  }
}

function readSpans(reader: ByteReader): Span[] {
  const spans: Span[] = [];
  for (let left = reader.varint(); left > 0; left--) spans.push({ offset: reader.zigzag(), length: reader.varint() });
  return spans;
}
