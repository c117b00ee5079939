/** Bytes that a target answered → samples, histograms, exemplars and metadata, in Prometheus' text format, OpenMetrics, or delimited protobuf. */
import type { Labels } from '../labels/labels.ts';
import type { Exemplar } from './exemplar.ts';
import type { ExpositionCache } from './exposition-cache.ts';
import type { FloatHistogram } from './histogram.ts';
import { parseOpenMetrics } from './openmetrics-parser.ts';
import { parseProtobuf } from './protobuf-parser.ts';
import type { StartTimestamps } from './start-timestamps.ts';
import { parseText } from './text-parser.ts';

export { ExpositionCache } from './exposition-cache.ts';
export { ExpositionError } from './exposition-error.ts';
export { StartTimestamps } from './start-timestamps.ts';

export type ExpositionFormat = 'text' | 'openmetrics' | 'protobuf';

/**
 * What a parser calls, in the order of the body. Whatever a method throws ends the parse and reaches its caller as it is.
 * A series has a number that the sink chose: a line head (name and labels) is shown to the sink once, and its number comes with each sample.
 */
export interface ExpositionSink {
  /** A body begins: whatever one before that ended in an error left behind does not count. */
  begin?(format: ExpositionFormat): void;
  /**
   * The number, any integer, for a line head that the cache does not know. Labels of empty value are gone already; `emptyLabels` has their
   * names, as with `honor_labels` they keep a label of the target away. `duplicateLabel` is a label name that the line has twice, which
   * is an error unless relabelling removes it (`labels` then has the last value).
   */
  series(labels: Labels, duplicateLabel: string | undefined, emptyLabels: readonly string[] | undefined): number;
  /** Timestamps are undefined where the body gives none. */
  sample(series: number, value: number, timestampMs: number | undefined, startMs: number | undefined): void;
  /** `addsUp`: its count has to be that of its buckets, which Prometheus asks of integers only. */
  histogram(
    series: number,
    histogram: FloatHistogram,
    timestampMs: number | undefined,
    startMs: number | undefined,
    addsUp: boolean,
  ): void;
  /** Follows the sample or histogram that it belongs to. */
  exemplar(series: number, exemplar: Exemplar): void;
  /** Only of lines that the cache does not know. `text` of a type is one of MetricType. */
  metadata(family: string, part: 'type' | 'help' | 'unit', text: string): void;
  /** A head was in none of the last parses, and its number will not be used again. */
  forget?(series: number): void;
  /** The body was read to its end without an error. */
  end?(): void;
}

export interface ParseOptions {
  /** Line heads of the same target's last bodies; without it each head is shown to the sink. */
  readonly cache?: ExpositionCache | undefined;
  /** OpenMetrics: `_created` lines are start timestamps of the series they belong to, and no series themselves. One for each cache. */
  readonly startTimestamps?: StartTimestamps | undefined;
  /** Protobuf: native histograms are read as such. Default true. */
  readonly nativeHistograms?: boolean | undefined;
  /** Protobuf: a histogram that is native, or is converted, gives its classic series too. */
  readonly classicHistograms?: boolean | undefined;
  /** Protobuf: a classic histogram becomes a native one with custom buckets. For text see `convertClassicHistograms`. */
  readonly convertClassicHistograms?: boolean | undefined;
}

/** Accepts and refuses what Prometheus 3 does. Throws ExpositionError, after which the samples already given to the sink do not count. */
export function parseExposition(
  format: ExpositionFormat,
  bytes: Uint8Array,
  sink: ExpositionSink,
  options: ParseOptions = {},
): void {
  sink.begin?.(format);
  options.cache?.begin();
  switch (bytes.length === 0 ? 'empty' : format) {
    case 'empty': // fine in every format, even where a last line is asked for
      break;
    case 'text':
      parseText(bytes, sink, options.cache);
      break;
    case 'openmetrics':
      parseOpenMetrics(bytes, sink, options.cache, options.startTimestamps);
      break;
    case 'protobuf':
      parseProtobuf(bytes, sink, options);
      break;
  }
  options.cache?.end({
    forget: (series) => {
      sink.forget?.(series);
      options.startTimestamps?.forget(series);
    },
  });
  sink.end?.();
}
