/** Query results in Prometheus' JSON; a large matrix is written straight into bytes. */
import { CUSTOM_BUCKETS_SCHEMA, type FloatHistogram } from '../exposition/histogram.ts';
import type { Labels } from '../labels/labels.ts';
import { allBuckets } from '../promql/histogram/buckets.ts';
import type { QueryValue, RangeSeries } from '../promql/result.ts';
import { ByteWriter } from './byte-writer.ts';
import { floatText, timestampText } from './go-text.ts';

/** The value of `data.result`. */
export function resultJson(value: QueryValue): string | Uint8Array {
  switch (value.type) {
    case 'scalar':
      return `[${timestampText(value.timestampMs)},"${floatText(value.value)}"]`;
    case 'string':
      return `[${timestampText(value.timestampMs)},${JSON.stringify(value.value)}]`;
    case 'vector': {
      const at = timestampText(value.timestampMs);
      const samples = value.samples.map(({ labels, value: number, histogram }) => {
        const point = histogram
          ? `"histogram":[${at},${histogramJson(histogram)}]`
          : `"value":[${at},"${floatText(number)}"]`;
        return `{"metric":${labelsJson(labels)},${point}}`;
      });
      return `[${samples.join(',')}]`;
    }
    case 'matrix':
      return matrixJson(value.series);
  }
}

/** Labels as an object in their order, without a value's HTML characters escaped. */
export function labelsJson(labels: Labels): string {
  let out = '{';
  for (let i = 0; i < labels.names.length; i++) {
    out += `${i === 0 ? '' : ','}${JSON.stringify(labels.names[i])}:${JSON.stringify(labels.values[i])}`;
  }
  return `${out}}`;
}

/** Series of one query share their timestamps mostly: the texts of the series before are used again where they fit. */
function matrixJson(series: readonly RangeSeries[]): Uint8Array {
  const out = new ByteWriter(Math.max(1024, series.reduce((sum, each) => sum + each.values.length, 0) * 36));
  let stamps: Float64Array = new Float64Array(0);
  let texts: string[] = [];
  out.ascii('[');
  for (const [index, one] of series.entries()) {
    const { timestamps, values, histograms, labels } = one;
    if (!startsWith(stamps, timestamps)) {
      stamps = timestamps;
      texts = Array.from(timestamps, (at) => `[${timestampText(at)},`);
    }
    out.text(`${index === 0 ? '' : ','}{"metric":${labelsJson(labels)}`);
    if (histograms) out.ascii(mixedPoints(one, texts));
    else writeFloats(values, texts, out);
    out.ascii('}');
  }
  out.ascii(']');
  return out.bytes();
}

function startsWith(longer: Float64Array, shorter: Float64Array): boolean {
  if (longer.length < shorter.length) return false;
  for (let i = 0; i < shorter.length; i++) if (longer[i] !== shorter[i]) return false;
  return true;
}

function writeFloats(values: Float64Array, texts: readonly string[], out: ByteWriter): void {
  if (values.length === 0) return;
  out.ascii(',"values":[');
  for (let i = 0; i < values.length; i++) {
    if (i > 0) out.ascii(',');
    out.ascii(texts[i]!);
    out.ascii('"');
    out.ascii(floatText(values[i]!));
    out.ascii('"]');
  }
  out.ascii(']');
}

function mixedPoints({ values, histograms }: RangeSeries, texts: readonly string[]): string {
  const floats: string[] = [];
  const others: string[] = [];
  for (let i = 0; i < values.length; i++) {
    const histogram = histograms![i];
    if (histogram) others.push(`${texts[i]}${histogramJson(histogram)}]`);
    else floats.push(`${texts[i]}"${floatText(values[i]!)}"]`);
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
