/** `/federate`: the newest samples of selected series in the text format, for a Prometheus above this one. */
import type { FloatHistogram } from '../exposition/histogram.ts';
import { isLegacyLabelName, isLegacyMetricName, type Labels, METRIC_NAME } from '../labels/labels.ts';
import { Matcher } from '../labels/matcher.ts';
import type { MetricSource } from '../monitor/sources.ts';
import { isCustom, positiveBuckets } from '../promql/histogram/buckets.ts';
import { parseSelector } from '../promql/parse.ts';
import { QueryError } from '../promql/result.ts';
import { exponentText, floatText } from './go-text.ts';
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

async function federate({ query, signal }: ApiRequest, options: FederateOptions): Promise<ApiResponse> {
  const selectors = query.getAll('match[]');
  const fitting = selectors.map(namedSelector);
  const timeMs = options.nowMs();
  const newest = new Map<string, NewestSample>();
  for (const selector of fitting) {
    for (const sample of await newestSamples(options.metrics, selector, timeMs, signal)) {
      newest.set(sample.labels.key, sample);
    }
  }
  const external = withInstance(options.externalLabels());
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
    if (family !== `${type} ${name}`) body += `# TYPE ${familyName(name)} ${type}\n`;
    family = `${type} ${name}`;
    body += sample.histogram ? classicLines(name, sample, external) : sampleLine(name, sample, external, sample.value);
  }
  return { status: 200, contentType: 'text/plain; version=0.0.4; charset=utf-8; escaping=allow-utf-8', body };
}

/** As it is, or of all named series where it fits every series, which no query may. Throws PromqlParseError. */
function namedSelector(text: string): string {
  const matchers = parseSelector(text);
  if (!matchers.every((matcher) => matcher.matches(''))) return text;
  return `{${[...matchers, new Matcher('!=', METRIC_NAME, '')].join(',')}}`;
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

function sampleLine(
  name: string,
  { labels, timestampMs }: NewestSample,
  external: readonly (readonly [string, string])[],
  value: number,
  extra: readonly (readonly [string, string])[] = [],
): string {
  const own = [...labels].filter(([label]) => label !== METRIC_NAME);
  const missing = external.filter(([label]) => !labels.has(label));
  const bare = isLegacyMetricName(name);
  const pairs = [...own, ...missing, ...extra].map(([label, text]) => `${labelText(label)}="${escapeValue(text)}"`);
  if (!bare) pairs.unshift(`"${escapeValue(name)}"`);
  const braces = pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
  return `${bare ? name : ''}${braces} ${valueText(value)} ${timestampMs}\n`;
}

/** A histogram of custom buckets as the classic one that it came from. */
function classicLines(name: string, sample: NewestSample, external: readonly (readonly [string, string])[]): string {
  const histogram = sample.histogram!;
  const counts = new Map(positiveBuckets(histogram).map(({ upper, count }) => [upper, count] as const));
  let lines = '';
  let cumulative = 0;
  for (const bound of histogram.customValues ?? []) {
    cumulative += counts.get(bound) ?? 0;
    lines += sampleLine(`${name}_bucket`, sample, external, cumulative, [['le', valueText(bound)]]);
  }
  lines += sampleLine(`${name}_bucket`, sample, external, histogram.count, [['le', '+Inf']]);
  lines += sampleLine(`${name}_sum`, sample, external, histogram.sum);
  return lines + sampleLine(`${name}_count`, sample, external, histogram.count);
}

function familyName(name: string): string {
  return isLegacyMetricName(name) ? name : `"${escapeValue(name)}"`;
}

function labelText(label: string): string {
  return isLegacyLabelName(label) ? label : `"${escapeValue(label)}"`;
}

function escapeValue(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"');
}

/** Go's `%g` with all digits: an exponent below 1e-4 and from 1e21 on. */
function valueText(value: number): string {
  const small = value !== 0 && Math.abs(value) < 1e-4;
  return small ? exponentText(value) : floatText(value);
}
