/** Query results in Prometheus' JSON, written straight into bytes, piece by piece. */
import { CUSTOM_BUCKETS_SCHEMA, type FloatHistogram } from '../exposition/histogram.ts';
import { allBuckets } from '../promql/histogram/buckets.ts';
import type { InstantSample, QueryValue, RangeSeries } from '../promql/result.ts';
import { ByteWriter } from './byte-writer.ts';
import { floatText, timestampText } from './go-text.ts';
import { writeLabels } from './label-bytes.ts';
import { StampMaker, type StepGrid } from './point-stamps.ts';

/** Up to this many samples an answer fits a buffer of its own. */
const FEW_SAMPLES = 64;

/** The value of `data.result`, in pieces that are made as they are wanted; `grid` where its times are steps of a range query. */
export function* resultJson(value: QueryValue, grid: StepGrid | undefined): Generator<string | Uint8Array> {
  switch (value.type) {
    case 'scalar':
      yield `[${timestampText(value.timestampMs)},"${floatText(value.value)}"]`;
      return;
    case 'string':
      yield `[${timestampText(value.timestampMs)},${JSON.stringify(value.value.toWellFormed())}]`;
      return;
    case 'vector':
      yield* vectorJson(value.timestampMs, value.samples);
      return;
    case 'matrix':
      yield* matrixJson(value.series, grid);
      return;
  }
}

function* vectorJson(timestampMs: number, samples: readonly InstantSample[]): Generator<Uint8Array> {
  const at = timestampText(timestampMs);
  const out = new ByteWriter(samples.length < FEW_SAMPLES ? 256 + samples.length * 256 : undefined);
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
    if (out.isFull) yield out.take();
  }
  out.ascii(']');
  yield out.last();
}

function* matrixJson(series: readonly RangeSeries[], grid: StepGrid | undefined): Generator<Uint8Array> {
  const out = new ByteWriter();
  const stamps = new StampMaker(grid);
  out.ascii('[');
  for (const [index, { timestamps, values, histograms, labels }] of series.entries()) {
    out.ascii(index === 0 ? '{"metric":' : ',{"metric":');
    writeLabels(labels, out);
    if (histograms) {
      out.ascii(mixedPoints(timestamps, values, histograms));
    } else if (values.length > 0) {
      out.ascii(',"values":[');
      const own = stamps.of(timestamps);
      for (let at = 0; ; ) {
        at = out.points(own, values, at);
        if (at === values.length) break;
        yield out.take();
      }
      out.ascii(']');
    }
    out.ascii('}');
    if (out.isFull) yield out.take();
  }
  out.ascii(']');
  yield out.last();
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
  const firstBound = histogram.customValues?.[0] ?? Number.POSITIVE_INFINITY;
  const buckets = allBuckets(histogram)
    .filter((bucket) => bucket.count !== 0)
    .map(({ lower, upper, count }) => {
      const lowerBelongs = custom ? upper === firstBound : lower < 0 || Object.is(lower, -0);
      const upperBelongs = custom || upper > 0 || (Object.is(lower, -0) && upper === 0);
      const ends = lowerBelongs ? (upperBelongs ? 3 : 1) : upperBelongs ? 0 : 2;
      return `[${ends},"${floatText(lower)}","${floatText(upper)}","${floatText(count)}"]`;
    });
  const listed = buckets.length === 0 ? '' : `,"buckets":[${buckets.join(',')}]`;
  return `{"count":"${floatText(histogram.count)}","sum":"${floatText(histogram.sum)}"${listed}}`;
}
