/** A snapshot: every series with its chunks as they are in memory, so that the log before it can go. */
import type { SeriesRef } from '../appender.ts';
import { BatchColumns } from '../batch.ts';
import { HISTOGRAMS, KEPT } from '../chunk-table.ts';
import type { Head } from '../head.ts';
import { appendHistogram, decodeHistograms } from '../histogram-chunk.ts';
import { FLOAT, SampleColumns } from '../queryable.ts';
import { readBatch, readHistogram, writeBatch, writeHistogram } from './batch-record.ts';
import { ByteReader, ByteWriter, readRecords } from './bytes.ts';

/** First bytes of records; another version of the format has others. */
const SERIES = 0x11;
const BATCH = 0x12;
/** The last record: what ends without it is not whole. */
const END = 0x13;
const PIECE_BYTES = 1 << 20;

/** Gives the snapshot piece by piece; the head may change between two, and each series is as it was when its piece was made. */
export async function writeSnapshot(head: Head, write: (piece: Uint8Array) => Promise<void>): Promise<void> {
  const writer = new ByteWriter();
  const record = (kind: number, body: () => void): void => {
    const start = writer.beginRecord();
    writer.byte(kind);
    body();
    writer.endRecord(start);
  };
  for (let slot = 0; slot < head.index.slots; slot++) {
    if (head.index.labels[slot] === undefined) continue;
    record(SERIES, () => writeSeries(writer, head, slot));
    const late = lateBatch(head, slot);
    if (late !== undefined) record(BATCH, () => writeBatch(writer, late.columns, late.kept, []));
    if (writer.length < PIECE_BYTES) continue;
    await write(writer.view());
    writer.clear();
  }
  const rest = new BatchColumns();
  for (const [ref, exemplar] of head.exemplarRing.all()) rest.exemplars.push({ ref, exemplar });
  for (const [metricName, list] of head.metadata()) {
    for (const metadata of list.toReversed()) rest.metadata.push({ metricName, metadata });
  }
  record(BATCH, () => writeBatch(writer, rest, false, []));
  record(END, () => {});
  await write(writer.view());
}

/** Fills an empty head; `refs` gets the present reference of each recorded one. Gives the bytes that could not be used. */
export function loadSnapshot(head: Head, file: Uint8Array, refs: Map<SeriesRef, SeriesRef>): number {
  let whole = false;
  const end = readRecords(file, 0, (payload) => {
    const reader = new ByteReader(payload);
    const kind = reader.byte();
    if (kind === SERIES) loadSeries(head, reader, refs);
    else if (kind === END) whole = true;
    else if (kind !== BATCH) throw new RangeError('a record of another version');
    else {
      const { columns, kept } = readBatch(
        reader,
        (recorded, labels) => refs.set(recorded, head.seriesRef(labels)),
        (recorded) => refs.get(recorded) ?? -1,
      );
      head.apply(columns, kept, true);
    }
  });
  return whole ? 0 : Math.max(1, file.length - end);
}

function writeSeries(writer: ByteWriter, head: Head, slot: number): void {
  const { chunks } = head;
  const { table } = chunks;
  const list = [...chunks.chunks(slot)];
  writer.varint(head.refOf(slot));
  writer.labels(head.index.labels[slot]!);
  writer.varint(list.length);
  for (const chunk of list) {
    const encoding = table.encoding[chunk]!;
    writer.byte(encoding);
    writer.byte(table.flags[chunk]!);
    writer.double(table.starts.get(chunk) ?? 0);
    if (encoding === HISTOGRAMS) {
      const samples = new SampleColumns();
      decodeHistograms(table, chunk, samples);
      writer.varint(samples.length);
      for (let i = 0; i < samples.length; i++) {
        writer.double(samples.timestamps[i]!);
        writeHistogram(writer, samples.histograms[i]!);
      }
      continue;
    }
    writer.varint(table.count[chunk]!);
    writer.double(table.minTime[chunk]!);
    writer.double(table.maxTime[chunk]!);
    writer.varint(table.interval[chunk]!);
    writer.double(table.firstValue[chunk]!);
    const values = table.valueBytes[chunk]!;
    const times = table.timeBytes[chunk]!;
    writer.varint(values);
    writer.varint(times);
    if (values + times === 0) continue;
    const address = table.address[chunk]!;
    const slab = table.pool.slab(address);
    const start = table.pool.offset(address);
    const end = start + table.units[chunk]! * 16;
    writer.bytes(slab.subarray(start, start + values));
    writer.bytes(slab.subarray(end - times, end));
  }
}

function loadSeries(head: Head, reader: ByteReader, refs: Map<SeriesRef, SeriesRef>): void {
  const recorded = reader.varint();
  const ref = head.seriesRef(reader.labels());
  refs.set(recorded, ref);
  const slot = head.slotOf(ref);
  const { table } = head.chunks;
  const list: number[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    const chunk = table.add();
    list.push(chunk);
    const encoding = reader.byte();
    table.encoding[chunk] = encoding;
    table.flags[chunk] = reader.byte();
    const start = reader.double();
    if (start !== 0) table.starts.set(chunk, start);
    if (encoding === HISTOGRAMS) loadHistograms(head, reader, chunk);
    else loadFloats(head, reader, chunk);
    head.noteTimes(table.minTime[chunk]!, table.maxTime[chunk]!, (table.flags[chunk]! & KEPT) !== 0);
  }
  if (list.length > 0) head.chunks.restore(slot, list);
}

function loadHistograms(head: Head, reader: ByteReader, chunk: number): void {
  const { table } = head.chunks;
  const tail = { value: 0, delta: 0 };
  for (let left = reader.varint(); left > 0; left--) {
    appendHistogram(table, chunk, tail, reader.double(), readHistogram(reader));
  }
}

function loadFloats(head: Head, reader: ByteReader, chunk: number): void {
  const { table } = head.chunks;
  table.count[chunk] = reader.varint();
  table.minTime[chunk] = reader.double();
  table.maxTime[chunk] = reader.double();
  table.interval[chunk] = reader.varint();
  table.firstValue[chunk] = reader.double();
  const values = reader.varint();
  const times = reader.varint();
  if (values + times === 0) return;
  table.resize(chunk, Math.ceil((values + times) / 16));
  const address = table.address[chunk]!;
  const slab = table.pool.slab(address);
  const start = table.pool.offset(address);
  slab.set(reader.bytes(values), start);
  slab.set(reader.bytes(times), start + table.units[chunk]! * 16 - times);
  table.valueBytes[chunk] = values;
  table.timeBytes[chunk] = times;
}

/** The samples that came late and are in no chunk yet. */
function lateBatch(head: Head, slot: number): { readonly columns: BatchColumns; readonly kept: boolean } | undefined {
  const late = head.chunks.lateSamples(slot);
  if (late === undefined) return undefined;
  const columns = new BatchColumns();
  const { samples } = late;
  for (let i = 0; i < samples.length; i++) {
    const kind = samples.floatsOnly ? FLOAT : samples.kinds[i]!;
    const at = columns.add(head.refOf(slot), samples.timestamps[i]!, kind, samples.values[i]!);
    const histogram = samples.histograms[i];
    if (histogram !== undefined) columns.histograms.set(at, histogram);
    if (samples.hasStarts && samples.startTimestamps[i] !== 0) columns.starts.set(at, samples.startTimestamps[i]!);
  }
  return { columns, kept: late.kept };
}
