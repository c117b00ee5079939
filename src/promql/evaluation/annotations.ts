/** Warnings and infos of one evaluation, in Prometheus' words, each text once: with the place that it was last said of. */
import { quote } from '../../labels/labels.ts';
import type { ForcedMonotonicity } from '../histogram/classic.ts';
import { formatG } from '../number-text.ts';
import { formatPosition, type Position } from '../position.ts';

export type HistogramOperation = 'addition' | 'subtraction' | 'aggregation';

interface Monotonicity {
  readonly position: Position;
  readonly lowestBound: number;
  readonly highestBound: number;
  readonly greatestDifference: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly samples: number;
}

/** Texts and where they were said of. */
export interface Remarks {
  readonly warnings: Map<string, Position>;
  readonly infos: Map<string, Position>;
}

export class Annotations {
  /** Those of the whole query first, then those being recorded. Most queries have nothing said of them, and need none. */
  #hearers: Remarks[] | undefined;
  #monotonicity: Map<string, Monotonicity> | undefined;

  /** The texts with their positions in the query. */
  texts(query: string): { readonly warnings: readonly string[]; readonly infos: readonly string[] } {
    if (this.#hearers === undefined && this.#monotonicity === undefined) return NOTHING_SAID;
    const { warnings, infos: allInfos } = this.#heard()[0]!;
    const withPlaces = (prefix: string, texts: Map<string, Position>): string[] =>
      [...texts].map(([text, position]) => `${prefix}: ${text} (${formatPosition(query, position.start)})`);
    const infos = withPlaces('PromQL info', allInfos);
    for (const [text, each] of this.#monotonicity ?? []) {
      infos.push(
        `PromQL info: ${text}, from buckets ${formatG(each.lowestBound)} to ${formatG(each.highestBound)}, ` +
          `with a max diff of ${formatG(each.greatestDifference, 2)}, over ${each.samples} samples ` +
          `from ${formatTime(each.firstMs)} to ${formatTime(each.lastMs)} (${formatPosition(query, each.position.start)})`,
      );
    }
    return { warnings: withPlaces('PromQL warning', warnings), infos };
  }

  invalidQuantile(q: number, at: Position): void {
    this.#warn(`quantile value should be between 0 and 1, got ${formatG(q)}`, at);
  }

  invalidRatio(ratio: number, cappedTo: number, at: Position): void {
    this.#warn(`ratio value should be between -1 and 1, got ${formatG(ratio)}, capping to ${formatG(cappedTo)}`, at);
  }

  badBucketLabel(metricName: string, label: string, at: Position): void {
    this.#warn(`bucket label "le" is missing or has a malformed value of ${quote(label)}${forMetric(metricName)}`, at);
  }

  mixedFloatsAndHistograms(metricName: string, at: Position): void {
    this.#warn(`encountered a mix of histograms and floats for metric name ${quote(metricName)}`, at);
  }

  mixedInAggregation(at: Position): void {
    this.#warn('encountered a mix of histograms and floats for aggregation', at);
  }

  mixedClassicAndNative(metricName: string, at: Position): void {
    this.#warn(`vector contains a mix of classic and native histograms${forMetric(metricName)}`, at);
  }

  notACounter(metricName: string, at: Position): void {
    this.#warn(`this native histogram metric is not a counter: ${quote(metricName)}`, at);
  }

  notAGauge(metricName: string, at: Position): void {
    this.#warn(`this native histogram metric is not a gauge: ${quote(metricName)}`, at);
  }

  mixedSchemas(metricName: string, at: Position): void {
    this.#warn(
      `vector contains a mix of histograms with exponential and custom buckets schemas for metric name ${quote(metricName)}`,
      at,
    );
  }

  incompatibleBuckets(operator: string, at: Position): void {
    this.#warn(`incompatible bucket layout encountered for binary operator ${operator}`, at);
  }

  counterResetCollision(operation: HistogramOperation, at: Position): void {
    this.#warn(`conflicting counter resets during histogram ${operation}`, at);
  }

  startTimeOverlap(metricName: string, at: Position): void {
    this.#warn(`start time of a sample overlaps with the sample before it${forMetric(metricName)}`, at);
  }

  ineffectiveSort(at: Position): void {
    this.#warn('sort is ineffective for range queries since results are always ordered by labels', at);
  }

  boundsReconciled(operation: HistogramOperation, at: Position): void {
    this.#info(`mismatched custom buckets were reconciled during ${operation}`, at);
  }

  possibleNonCounter(metricName: string, at: Position): void {
    this.#info(
      `metric might not be a counter, name does not end in _total/_sum/_count/_bucket: ${quote(metricName)}`,
      at,
    );
  }

  possibleNonCounterType(metricName: string, type: string, at: Position): void {
    this.#info(
      `metric might not be a counter, __type__ label is not set to "counter" or "histogram", got ${quote(type)}: ${quote(metricName)}`,
      at,
    );
  }

  incompatibleTypes(left: string, operator: string, right: string, at: Position): void {
    this.#info(
      `incompatible sample types encountered for binary operator "${operator}": ${left} ${operator} ${right}`,
      at,
    );
  }

  histogramIgnored(aggregation: string, at: Position): void {
    this.#info(`ignored histogram in ${aggregation} aggregation`, at);
  }

  histogramIgnoredInRange(metricName: string, at: Position): void {
    this.#info(
      `ignored histograms in a range containing both floats and histograms for metric name ${quote(metricName)}`,
      at,
    );
  }

  quantileOfNaN(effect: 'result-is-nan' | 'skewed', metricName: string, at: Position): void {
    const result = effect === 'skewed' ? 'result is skewed higher' : 'result is NaN';
    this.#info(`input to histogram_quantile has NaN observations, ${result}${forMetric(metricName)}`, at);
  }

  fractionOfNaN(metricName: string, at: Position): void {
    this.#info(
      `input to histogram_fraction has NaN observations, which are excluded from all fractions${forMetric(metricName)}`,
      at,
    );
  }

  forcedMonotonicity(metricName: string, forced: ForcedMonotonicity, timeMs: number, position: Position): void {
    const text = `input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)${forMetric(metricName)}`;
    this.#monotonicity ??= new Map();
    const before = this.#monotonicity.get(text);
    this.#monotonicity.set(text, {
      position: before?.position ?? position,
      lowestBound: Math.min(before?.lowestBound ?? Number.POSITIVE_INFINITY, forced.lowestBound),
      highestBound: Math.max(before?.highestBound ?? Number.NEGATIVE_INFINITY, forced.highestBound),
      greatestDifference: Math.max(before?.greatestDifference ?? 0, forced.greatestDifference),
      firstMs: Math.min(before?.firstMs ?? Number.POSITIVE_INFINITY, timeMs),
      lastMs: Math.max(before?.lastMs ?? Number.NEGATIVE_INFINITY, timeMs),
      samples: (before?.samples ?? 0) + 1,
    });
  }

  /** What is said while something runs. */
  async record(run: () => Promise<void>): Promise<Remarks> {
    const remarks = noRemarks();
    const hearers = this.#heard();
    hearers.push(remarks);
    try {
      await run();
    } finally {
      hearers.pop();
    }
    return remarks;
  }

  /** Said again, of what stands `shift` characters further on; what stands nowhere still does. */
  repeat({ warnings, infos }: Remarks, shift: number): void {
    const moved = (at: Position): Position => (at.end === 0 ? at : { start: at.start + shift, end: at.end + shift });
    for (const [text, at] of warnings) this.#warn(text, moved(at));
    for (const [text, at] of infos) this.#info(text, moved(at));
  }

  #warn(text: string, at: Position): void {
    for (const { warnings } of this.#heard()) warnings.set(text, at);
  }

  #info(text: string, at: Position): void {
    for (const { infos } of this.#heard()) infos.set(text, at);
  }

  #heard(): Remarks[] {
    this.#hearers ??= [noRemarks()];
    return this.#hearers;
  }
}

const NOTHING_SAID = { warnings: [], infos: [] } as const;

function noRemarks(): Remarks {
  return { warnings: new Map(), infos: new Map() };
}

function forMetric(metricName: string): string {
  return metricName === '' ? '' : ` for metric name ${quote(metricName)}`;
}

/** RFC 3339, of the whole second. */
function formatTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
