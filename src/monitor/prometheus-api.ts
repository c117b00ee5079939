/** Calls of the Prometheus HTTP API, and its JSON shapes turned into watchfire's results and back into typed errors. */
import { CUSTOM_BUCKETS_SCHEMA, type FloatHistogram } from '../exposition/histogram.ts';
import { type HttpClient, HttpError } from '../http/client.ts';
import { Labels } from '../labels/labels.ts';
import {
  type InstantSample,
  QueryError,
  type QueryErrorType,
  type QueryResult,
  type QueryValue,
  type RangeSeries,
} from '../promql/result.ts';

export type ApiParameters = readonly (readonly [name: string, value: string])[];

export interface ApiAnswer {
  readonly data: unknown;
  readonly warnings: readonly string[];
  readonly infos: readonly string[];
}

export class PrometheusApi {
  readonly #http: HttpClient;
  readonly #base: string;

  /** `base`: where `/api/v1` begins, e.g. `http://prometheus:9090/prefix`. */
  constructor(http: HttpClient, base: string) {
    this.#http = http;
    this.#base = base.replace(/\/+$/, '');
  }

  /** Rejects with QueryError where the API refuses, HttpError where it does not answer or is not such an API. */
  async get(path: string, parameters: ApiParameters, signal?: AbortSignal, timeoutMs = 30_000): Promise<ApiAnswer> {
    const search = new URLSearchParams(parameters.map((pair): [string, string] => [...pair])).toString();
    return this.#read(
      await this.#http.request({ url: `${this.#base}${path}${search === '' ? '' : `?${search}`}`, signal, timeoutMs }),
      path,
    );
  }

  /** The same with the parameters in a form body: for expressions longer than a URL may be. */
  async post(path: string, parameters: ApiParameters, signal?: AbortSignal, timeoutMs = 120_000): Promise<ApiAnswer> {
    return this.#read(
      await this.#http.request({
        method: 'POST',
        url: `${this.#base}${path}`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
        body: new URLSearchParams(parameters.map((pair): [string, string] => [...pair])).toString(),
        signal,
        timeoutMs,
      }),
      path,
    );
  }

  #read(response: { readonly status: number; readonly body: Uint8Array }, path: string): ApiAnswer {
    let parsed: unknown;
    try {
      parsed = JSON.parse(new TextDecoder().decode(response.body));
    } catch {
      throw new HttpError(
        'other',
        `${this.#base}${path} answered ${response.status} with something that is not JSON: is this a Prometheus API?`,
      );
    }
    const envelope = record(parsed);
    if (envelope['status'] === 'success') {
      return { data: envelope['data'], warnings: strings(envelope['warnings']), infos: strings(envelope['infos']) };
    }
    if (typeof envelope['error'] === 'string') {
      throw new QueryError(errorType(envelope['errorType']), envelope['error']);
    }
    throw new HttpError(
      'other',
      `${this.#base}${path} answered ${response.status} without Prometheus' envelope: is this a Prometheus API?`,
    );
  }
}

export function toQueryResult(answer: ApiAnswer): QueryResult {
  const data = record(answer.data);
  return {
    value: toValue(data['resultType'], data['result']),
    warnings: answer.warnings,
    infos: answer.infos,
    samplesRead: 0,
  };
}

export function record(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}

export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function strings(value: unknown): string[] {
  return list(value).filter((each) => typeof each === 'string');
}

export function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function toLabels(value: unknown): Labels {
  return Labels.fromPairs(Object.entries(record(value)).map(([name, each]) => [name, String(each)]));
}

/** A time of the API (RFC 3339, Go's zero time for never) in Unix milliseconds, 0 for never. */
export function toMs(value: unknown): number {
  const parsed = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(parsed) || parsed < 0 ? 0 : parsed;
}

/** A number as Prometheus writes it in a string. */
export function toFloat(value: unknown): number {
  if (typeof value === 'number') return value;
  if (value === '+Inf' || value === 'Inf') return Number.POSITIVE_INFINITY;
  if (value === '-Inf') return Number.NEGATIVE_INFINITY;
  return typeof value === 'string' && value !== '' ? Number(value) : Number.NaN;
}

function toValue(type: unknown, result: unknown): QueryValue {
  switch (type) {
    case 'vector': {
      const rows = list(result).map(record);
      const samples = rows.map((row): InstantSample => {
        const labels = toLabels(row['metric']);
        return row['histogram'] === undefined
          ? { labels, value: toFloat(list(row['value'])[1]) }
          : { labels, value: Number.NaN, histogram: toHistogram(list(row['histogram'])[1]) };
      });
      const first = rows[0];
      return {
        type,
        timestampMs: first === undefined ? 0 : seconds(list(first['value'] ?? first['histogram'])[0]),
        samples,
      };
    }
    case 'matrix':
      return { type, series: list(result).map((row) => toRangeSeries(record(row))) };
    case 'scalar':
      return { type, timestampMs: seconds(list(result)[0]), value: toFloat(list(result)[1]) };
    case 'string':
      return { type, timestampMs: seconds(list(result)[0]), value: text(list(result)[1]) };
    default:
      throw new HttpError('other', `the API answered with the unknown result type ${JSON.stringify(type)}`);
  }
}

function toRangeSeries(row: Record<string, unknown>): RangeSeries {
  const floats = list(row['values']).map((point) => ({
    atMs: seconds(list(point)[0]),
    value: toFloat(list(point)[1]),
    histogram: undefined,
  }));
  const histograms = list(row['histograms']).map((point) => ({
    atMs: seconds(list(point)[0]),
    value: Number.NaN,
    histogram: toHistogram(list(point)[1]),
  }));
  const points = histograms.length === 0 ? floats : [...floats, ...histograms].sort((a, b) => a.atMs - b.atMs);
  return {
    labels: toLabels(row['metric']),
    timestamps: Float64Array.from(points, (point) => point.atMs),
    values: Float64Array.from(points, (point) => point.value),
    histograms: histograms.length === 0 ? undefined : points.map((point) => point.histogram),
  };
}

function seconds(value: unknown): number {
  return Math.round(toFloat(value) * 1000);
}

/** The API gives buckets by their bounds and not their schema, so the histogram comes back with custom bounds. */
function toHistogram(value: unknown): FloatHistogram {
  const shape = record(value);
  const bounds: number[] = [];
  const populations: number[] = [];
  for (const bucket of list(shape['buckets'])) {
    const [, lower, upper, population] = list(bucket);
    const last = bounds.at(-1);
    if (last === undefined || last < toFloat(lower)) {
      bounds.push(toFloat(lower));
      populations.push(0);
    }
    bounds.push(toFloat(upper));
    populations.push(toFloat(population));
  }
  if (bounds.at(-1) === Number.POSITIVE_INFINITY) bounds.pop();
  return {
    schema: CUSTOM_BUCKETS_SCHEMA,
    zeroThreshold: 0,
    zeroCount: 0,
    count: toFloat(shape['count']),
    sum: toFloat(shape['sum']),
    positiveSpans: populations.length === 0 ? [] : [{ offset: 0, length: populations.length }],
    negativeSpans: [],
    positiveBuckets: populations,
    negativeBuckets: [],
    customValues: bounds,
    counterResetHint: 'gauge',
  };
}

const ERROR_TYPES: readonly QueryErrorType[] = [
  'bad_data',
  'execution',
  'timeout',
  'canceled',
  'internal',
  'not_found',
  'unavailable',
];

function errorType(value: unknown): QueryErrorType {
  return ERROR_TYPES.find((each) => each === value) ?? 'internal';
}
