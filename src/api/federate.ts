/** `/federate`: the newest samples of selected series in the text format, for a Prometheus above this one. */
import { formatGoFloat } from '../exposition/float.ts';
import type { FloatHistogram } from '../exposition/histogram.ts';
import { isLegacyLabelName, isLegacyMetricName, type Labels, METRIC_NAME } from '../labels/labels.ts';
import { Matcher } from '../labels/matcher.ts';
import type { MetricSource } from '../monitor/sources.ts';
import { isCustom, positiveBuckets } from '../promql/histogram/buckets.ts';
import { parseSelector } from '../promql/parse.ts';
import { QueryError } from '../promql/result.ts';
import { escapedName, type NameEscaping, negotiatedEscaping } from './name-escaping.ts';
import type { ApiRequest, ApiResponse, Route } from './route.ts';

export interface FederateOptions {
  readonly metrics: MetricSource;
  readonly nowMs: () => number;
  /** Added to series that do not have them. */
  readonly externalLabels: () => Labels;
}

/** Samples older than Prometheus' default lookback are gone. */
const LOOKBACK = '5m';

export function federateRoute(options: FederateOptions): Route {
  return {
    method: 'GET',
    path: '/federate',
    handle: async (request) => {
      try {
        return await federate(request, options);
      } catch (error) {
        const status = error instanceof QueryError && error.type === 'bad_data' ? 400 : 500;
        const body = `${error instanceof Error ? error.message : String(error)}\n`;
        return { status, contentType: 'text/plain; charset=utf-8', body };
      }
    },
  };
}

interface NewestSample {
  readonly labels: Labels;
  readonly timestampMs: number;
  readonly value: number;
  readonly histogram: FloatHistogram | undefined;
}

async function federate({ query, headers, signal }: ApiRequest, options: FederateOptions): Promise<ApiResponse> {
  const selectors = query.getAll('match[]');
  const fitting = selectors.flatMap(namedSelector);
  const timeMs = options.nowMs();
  const newest = new Map<string, NewestSample>();
  for (const selector of fitting) {
    for (const sample of await newestSamples(options.metrics, selector, timeMs, signal)) {
      newest.set(sample.labels.key, sample);
    }
  }
  const escaping = negotiatedEscaping(headers['accept']);
  const writer = new SampleWriter(withInstance(options.externalLabels()), escaping);
  const samples = [...newest.values()].sort((a, b) => a.labels.compare(b.labels));
  const byName = samples.toSorted((a, b) =>
    a.labels.metricName < b.labels.metricName ? -1 : Number(a.labels.metricName > b.labels.metricName),
  );
  let body = '';
  let family = '';
  for (const sample of byName) {
    const name = sample.labels.metricName;
    if (name === '' || (sample.histogram && !isCustom(sample.histogram))) continue;
    const type = sample.histogram ? 'histogram' : 'untyped';
    if (family !== `${type} ${name}`) body += `# TYPE ${writer.family(name)} ${type}\n`;
    family = `${type} ${name}`;
    body += sample.histogram ? writer.histogram(name, sample) : writer.line(name, sample, sample.value);
  }
  return { status: 200, contentType: `text/plain; version=0.0.4; charset=utf-8; escaping=${escaping}`, body };
}

/**
 * As it is, or of all named series where it fits every series, which no query may; nothing where it has no matcher, as in Prometheus.
 * Throws PromqlParseError.
 */
function namedSelector(text: string): readonly string[] {
  const matchers = parseSelector(text);
  if (matchers.length === 0) return [];
  if (!matchers.every((matcher) => matcher.matches(''))) return [text];
  return [`{${[...matchers, new Matcher('!=', METRIC_NAME, '')].join(',')}}`];
}

/** The instant value says which series are alive; the raw samples say when theirs was taken. */
async function newestSamples(
  metrics: MetricSource,
  selector: string,
  timeMs: number,
  signal: AbortSignal,
): Promise<NewestSample[]> {
  const [now, raw] = await Promise.all([
    metrics.query(selector, { timeMs, signal }),
    metrics.query(`${selector}[${LOOKBACK}]`, { timeMs, signal }),
  ]);
  const takenAt = new Map<string, number>();
  if (raw.value.type === 'matrix') {
    for (const { labels, timestamps } of raw.value.series) takenAt.set(labels.key, timestamps.at(-1) ?? timeMs);
  }
  if (now.value.type !== 'vector') return [];
  return now.value.samples.map(({ labels, value, histogram }) => ({
    labels,
    value,
    histogram,
    timestampMs: takenAt.get(labels.key) ?? timeMs,
  }));
}

/** An empty `instance` keeps the reading Prometheus from putting its own there. */
function withInstance(external: Labels): readonly (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [...external];
  if (!external.has('instance')) pairs.push(['instance', '']);
  return pairs.sort(([a], [b]) => (a < b ? -1 : 1));
}

class SampleWriter {
  readonly #external: readonly (readonly [string, string])[];
  readonly #escaping: NameEscaping;

  /** `external`: added to series that do not have them. */
  constructor(external: readonly (readonly [string, string])[], escaping: NameEscaping) {
    this.#external = external;
    this.#escaping = escaping;
  }

  family(name: string): string {
    const escaped = escapedName(name, this.#escaping);
    return isLegacyMetricName(escaped) ? escaped : `"${escapeValue(escaped)}"`;
  }

  line(
    name: string,
    { labels, timestampMs }: NewestSample,
    value: number,
    extra: readonly (readonly [string, string])[] = [],
  ): string {
    const own = [...labels].filter(([label]) => label !== METRIC_NAME);
    const missing = this.#external.filter(([label]) => !labels.has(label));
    const family = this.family(name);
    const bare = !family.startsWith('"');
    const pairs = [...own, ...missing, ...extra].map(([label, text]) => `${this.#label(label)}="${escapeValue(text)}"`);
    if (!bare) pairs.unshift(family);
    const braces = pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
    return `${bare ? family : ''}${braces} ${formatGoFloat(value)} ${timestampMs}\n`;
  }

  /** One of custom buckets as the classic one that it came from. */
  histogram(name: string, sample: NewestSample): string {
    const histogram = sample.histogram!;
    const counts = new Map(positiveBuckets(histogram).map(({ upper, count }) => [upper, count] as const));
    let lines = '';
    let cumulative = 0;
    for (const bound of histogram.customValues ?? []) {
      cumulative += counts.get(bound) ?? 0;
      lines += this.line(`${name}_bucket`, sample, cumulative, [['le', formatGoFloat(bound)]]);
    }
    lines += this.line(`${name}_bucket`, sample, histogram.count, [['le', '+Inf']]);
    lines += this.line(`${name}_sum`, sample, histogram.sum);
    return lines + this.line(`${name}_count`, sample, histogram.count);
  }

  #label(label: string): string {
    const escaped = escapedName(label, this.#escaping);
    return isLegacyLabelName(escaped) ? escaped : `"${escapeValue(escaped)}"`;
  }
}

function escapeValue(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}
