/** Query results in Prometheus' JSON, written straight into bytes, piece by piece. */
import { CUSTOM_BUCKETS_SCHEMA, type FloatHistogram } from '../exposition/histogram.ts';
import type { Labels } from '../labels/labels.ts';
import { allBuckets } from '../promql/histogram/buckets.ts';
import type { InstantSample, QueryValue, RangeSeries } from '../promql/result.ts';
import { ByteWriter, type StampBytes } from './byte-writer.ts';
import { floatText, timestampText } from './go-text.ts';

/** Bytes of a large answer that are made at once: some milliseconds of work. */
const PIECE_BYTES = 256 * 1024;

/** The steps of a range query. */
export interface StepGrid {
  readonly startMs: number;
  readonly endMs: number;
  readonly stepMs: number;
}

/** The value of `data.result`, in pieces that are made as they are wanted; `grid` where its times are steps of a range query. */
export function* resultJson(value: QueryValue, grid: StepGrid | undefined): Generator<string | Uint8Array> {
  switch (value.type) {
    case 'scalar':
      yield `[${timestampText(value.timestampMs)},"${floatText(value.value)}"]`;
      return;
    case 'string':
      yield `[${timestampText(value.timestampMs)},${JSON.stringify(value.value)}]`;
      return;
    case 'vector':
      yield* vectorJson(value.timestampMs, value.samples);
      return;
    case 'matrix':
      yield* matrixJson(value.series, grid);
      return;
  }
}

/** Labels as an object in their order, without a value's HTML characters escaped. */
export function labelsJson(labels: Labels): string {
  const out = new ByteWriter(256);
  writeLabels(labels, out);
  return out.toString();
}

function writeLabels({ names, values }: Labels, out: ByteWriter): void {
  out.ascii('{');
  for (let i = 0; i < names.length; i++) {
    if (i > 0) out.ascii(',');
    out.quoted(names[i]!);
    out.ascii(':');
    out.quoted(values[i]!);
  }
  out.ascii('}');
}

function* vectorJson(timestampMs: number, samples: readonly InstantSample[]): Generator<Uint8Array> {
  const at = timestampText(timestampMs);
  const out = new ByteWriter(Math.min(PIECE_BYTES + 4096, 256 + samples.length * 256));
  out.ascii('[');
  let first = true;
  for (const { labels, value, histogram } of samples) {
    out.ascii(first ? '{"metric":' : ',{"metric":');
    first = false;
    writeLabels(labels, out);
    if (histogram) {
      out.ascii(`,"histogram":[${at},${histogramJson(histogram)}]}`);
    } else {
      out.ascii(`,"value":[${at},"`);
      out.number(value);
      out.ascii('"]}');
    }
    if (out.length >= PIECE_BYTES) yield out.take();
  }
  out.ascii(']');
  yield out.last();
}

function* matrixJson(series: readonly RangeSeries[], grid: StepGrid | undefined): Generator<Uint8Array> {
  const points = series.reduce((sum, each) => sum + each.values.length, 0);
  const out = new ByteWriter(Math.min(PIECE_BYTES * 2, 1024 + series.length * 256 + points * 36));
  const steps = grid && series.length > 0 ? stampsOf(timesOf(grid), grid.stepMs) : undefined;
  out.ascii('[');
  for (const [index, { timestamps, values, histograms, labels }] of series.entries()) {
    out.ascii(index === 0 ? '{"metric":' : ',{"metric":');
    writeLabels(labels, out);
    if (histograms) {
      out.ascii(mixedPoints(timestamps, values, histograms));
    } else if (values.length > 0) {
      out.ascii(',"values":[');
      out.points(steps && areSteps(timestamps, steps) ? steps : stampsOf(timestamps, 0), timestamps, values);
      out.ascii(']');
    }
    out.ascii('}');
    if (out.length >= PIECE_BYTES) yield out.take();
  }
  out.ascii(']');
  yield out.last();
}

function timesOf({ startMs, endMs, stepMs }: StepGrid): Float64Array {
  return Float64Array.from(
    { length: Math.floor((endMs - startMs) / stepMs) + 1 },
    (_, step) => startMs + step * stepMs,
  );
}

function areSteps(timestamps: Float64Array, { firstMs, stepMs, offsets }: StampBytes): boolean {
  const last = offsets.length - 2;
  for (let i = 0; i < timestamps.length; i++) {
    const step = (timestamps[i]! - firstMs) / stepMs;
    if (!(step >= 0 && step <= last && Math.floor(step) === step)) return false;
  }
  return true;
}

function stampsOf(times: Float64Array, stepMs: number): StampBytes {
  const out = new ByteWriter(32 + times.length * 20);
  const offsets = new Int32Array(times.length + 1);
  for (let i = 0; i < times.length; i++) {
    out.ascii('[');
    if (times[i]! % 1000 === 0) out.number(times[i]! / 1000);
    else out.ascii(timestampText(times[i]!));
    out.ascii(',"');
    offsets[i + 1] = out.length;
  }
  return { bytes: out.last(), offsets, firstMs: times[0] ?? 0, stepMs };
}

function mixedPoints(
  timestamps: Float64Array,
  values: Float64Array,
  histograms: readonly (FloatHistogram | undefined)[],
): string {
  const floats: string[] = [];
  const others: string[] = [];
  for (let i = 0; i < values.length; i++) {
    const at = timestampText(timestamps[i]!);
    const histogram = histograms[i];
    if (histogram) others.push(`[${at},${histogramJson(histogram)}]`);
    else floats.push(`[${at},"${floatText(values[i]!)}"]`);
  }
  const first = floats.length === 0 ? '' : `,"values":[${floats.join(',')}]`;
  return others.length === 0 ? first : `${first},"histograms":[${others.join(',')}]`;
}

/** Buckets without population are left out; each begins with which of its ends belong to it. */
function histogramJson(histogram: FloatHistogram): string {
  const custom = histogram.schema === CUSTOM_BUCKETS_SCHEMA;
  const buckets = allBuckets(histogram)
    .filter((bucket) => bucket.count !== 0)
    .map(({ lower, upper, count }) => {
      const lowerBelongs = custom ? lower === Number.NEGATIVE_INFINITY : lower < 0 || Object.is(lower, -0);
      const upperBelongs = custom || upper > 0 || (Object.is(lower, -0) && upper === 0);
      const ends = lowerBelongs ? (upperBelongs ? 3 : 1) : upperBelongs ? 0 : 2;
      return `[${ends},"${floatText(lower)}","${floatText(upper)}","${floatText(count)}"]`;
    });
  const listed = buckets.length === 0 ? '' : `,"buckets":[${buckets.join(',')}]`;
  return `{"count":"${floatText(histogram.count)}","sum":"${floatText(histogram.sum)}"${listed}}`;
}
