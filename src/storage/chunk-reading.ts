/** Samples of chunks into columns, cut to a range of time; samples from columns to columns. */
import type { FloatHistogram } from '../exposition/histogram.ts';
import { type ChunkTable, HISTOGRAMS } from './chunk-table.ts';
import { decodeFloats } from './float-decoding.ts';
import { decodeHistograms } from './histogram-chunk.ts';
import { FLOAT, type SampleColumns, STALE } from './queryable.ts';

/** Appends the samples of the chunk that are not before `startMs`; of those after `endMs` as many are left out as costs nothing. */
export function decodeChunk(
  table: ChunkTable,
  chunk: number,
  into: SampleColumns,
  startMs: number,
  endMs = Number.POSITIVE_INFINITY,
): void {
  const from = into.length;
  if (table.encoding[chunk] === HISTOGRAMS) decodeHistograms(table, chunk, into);
  else decodeFloats(table, chunk, into, endMs);
  if (table.minTime[chunk]! < startMs) cutBefore(into, from, startMs);
  const start = table.starts.size === 0 ? undefined : table.starts.get(chunk);
  if (start === undefined) {
    if (into.hasStarts) fillStarts(into, from, 0);
  } else if (into.length > from) {
    into.setStart(start);
    fillStarts(into, from, start);
  }
}

function fillStarts(into: SampleColumns, from: number, startMs: number): void {
  if (into.startTimestamps.length < into.timestamps.length) into.setStart(startMs);
  into.startTimestamps.fill(startMs, from, into.length);
}

/** Removes the samples from index `from` on that are before `startMs`. */
function cutBefore(into: SampleColumns, from: number, startMs: number): void {
  const timestamps = into.timestamps;
  let low = from;
  let high = into.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (timestamps[middle]! < startMs) low = middle + 1;
    else high = middle;
  }
  if (low === from) return;
  timestamps.copyWithin(from, low, into.length);
  into.values.copyWithin(from, low, into.length);
  if (!into.floatsOnly) into.kinds.copyWithin(from, low, into.length);
  if (into.histograms.length > from) into.histograms.splice(from, low - from);
  into.length -= low - from;
}

export function cutAfter(into: SampleColumns, endMs: number): void {
  let length = into.length;
  const timestamps = into.timestamps;
  if (length === 0 || timestamps[length - 1]! <= endMs) return;
  let low = 0;
  while (low < length) {
    const middle = (low + length) >>> 1;
    if (timestamps[middle]! <= endMs) low = middle + 1;
    else length = middle;
  }
  into.length = low;
  if (into.histograms.length > low) into.histograms.length = low;
}

export function copySample(from: SampleColumns, index: number, into: SampleColumns): void {
  const kind = from.floatsOnly ? FLOAT : from.kinds[index]!;
  const start = from.hasStarts ? from.startTimestamps[index]! : 0;
  pushSample(into, from.timestamps[index]!, kind, from.values[index]!, from.histograms[index], start);
}

export function pushSample(
  into: SampleColumns,
  timestampMs: number,
  kind: number,
  value: number,
  histogram: FloatHistogram | undefined,
  startMs: number,
): void {
  if (kind === FLOAT) into.pushFloat(timestampMs, value);
  else if (kind === STALE) into.pushStale(timestampMs);
  else into.pushHistogram(timestampMs, histogram!);
  if (startMs !== 0 || into.hasStarts) into.setStart(startMs);
}
