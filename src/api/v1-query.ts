/** `/api/v1/query`, `query_range`, `query_exemplars`, `format_query`, `parse_query`. */
import type { MetricSource } from '../monitor/sources.ts';
import type { Expression } from '../promql/expression.ts';
import type { PromqlFeatures } from '../promql/features.ts';
import { parseExpression } from '../promql/parse.ts';
import { formatPretty } from '../promql/pretty.ts';
import { QueryError, type QueryResult, type QueryValue } from '../promql/result.ts';
import { floatText, timestampText } from './go-text.ts';
import { labelsJson } from './label-bytes.ts';
import { parseTree } from './parse-tree.ts';
import type { StepGrid } from './point-stamps.ts';
import { resultJson } from './result-json.ts';
import type { ApiRequest, ApiResponse, Route } from './route.ts';
import { getAndPost, ParameterError, RawJson, success } from './v1-answer.ts';
import { limitOf, optionalDurationOf, optionalTimeOf, TRUNCATED, timeOf } from './v1-parameters.ts';

export interface QueryRoutesOptions {
  readonly metrics: MetricSource;
  /** Unix milliseconds. */
  readonly nowMs: () => number;
  /** What queries that are only formatted or parsed may use; everything where it is absent. */
  readonly features?: PromqlFeatures | undefined;
}

/** More steps than this are refused, as by Prometheus. */
const MOST_STEPS = 11_000;
const MOST_REMARKS = 10;

export function queryRoutes({ metrics, nowMs, features }: QueryRoutesOptions): Route[] {
  return [
    ...getAndPost('/query', async (request) => {
      const limit = limitOf(request.query);
      const timeMs = optionalTimeOf(request.query, 'time') ?? nowMs();
      const options = { timeMs, ...commonOptions(request) };
      return answer(request, limit, nowMs, undefined, (expression) => metrics.query(expression, options));
    }),
    ...getAndPost('/query_range', async (request) => {
      const limit = limitOf(request.query);
      const range = rangeOf(request.query);
      const options = { ...range, ...commonOptions(request) };
      return answer(request, limit, nowMs, range, (expression) => metrics.queryRange(expression, options));
    }),
    ...getAndPost('/query_exemplars', async ({ query }) => {
      const startMs = optionalTimeOf(query, 'start') ?? -8.64e15;
      const endMs = optionalTimeOf(query, 'end') ?? 8.64e15;
      if (endMs < startMs) throw new QueryError('bad_data', 'end timestamp must not be before start timestamp');
      const expression = query.get('query') ?? '';
      parseExpression(expression);
      const found = await metrics.exemplars(expression, startMs, endMs);
      const series = found.map(({ series: labels, exemplars }) => {
        const listed = exemplars.map(
          (each) =>
            `{"labels":${labelsJson(each.labels)},"value":"${floatText(each.value)}","timestamp":${timestampText(each.timestampMs ?? 0)}}`,
        );
        return `{"seriesLabels":${labelsJson(labels)},"exemplars":[${listed.join(',')}]}`;
      });
      return success(new RawJson([`[${series.join(',')}]`]));
    }),
    ...getAndPost('/format_query', async ({ query }) => success(formatPretty(parsedQuery(query, features)))),
    ...getAndPost('/parse_query', async ({ query }) => success(parseTree(parsedQuery(query, features)))),
  ];
}

function commonOptions({ query, signal }: ApiRequest): {
  readonly signal: AbortSignal;
  readonly timeoutMs: number | undefined;
  readonly lookbackMs: number | undefined;
} {
  const timeoutMs = optionalDurationOf(query, 'timeout');
  try {
    const lookbackMs = optionalDurationOf(query, 'lookback_delta');
    return { signal, timeoutMs, lookbackMs: lookbackMs !== undefined && lookbackMs > 0 ? lookbackMs : undefined };
  } catch (error) {
    const reason = (error as Error).message.replace(/^invalid parameter "lookback_delta": /, '');
    throw new QueryError('bad_data', `error parsing lookback delta duration: ${reason}`);
  }
}

function rangeOf(query: URLSearchParams): StepGrid {
  const startMs = timeOf(query, 'start');
  const endMs = timeOf(query, 'end');
  if (endMs < startMs) throw new ParameterError('end', 'end timestamp must not be before start time');
  const step = optionalDurationOf(query, 'step');
  if (step === undefined) throw new ParameterError('step', 'cannot parse "" to a valid duration');
  const stepMs = Math.trunc(step);
  if (stepMs <= 0) {
    const message = 'zero or negative query resolution step widths are not accepted. Try a positive integer';
    throw new ParameterError('step', message);
  }
  if (Math.floor((endMs - startMs) / stepMs) > MOST_STEPS) {
    const message =
      'exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution (?step=XX)';
    throw new QueryError('bad_data', message);
  }
  return { startMs, endMs, stepMs };
}

async function answer(
  { query }: ApiRequest,
  limit: number,
  nowMs: () => number,
  grid: StepGrid | undefined,
  evaluate: (expression: string) => Promise<QueryResult>,
): Promise<ApiResponse> {
  const startedMs = nowMs();
  let result: QueryResult;
  try {
    result = await evaluate(query.get('query') ?? '');
  } catch (error) {
    if (!(error instanceof QueryError) || error.type !== 'bad_data' || error.message.startsWith('invalid parameter'))
      throw error;
    throw new ParameterError('query', error.message);
  }
  const { value, cut } = limited(result.value, limit);
  const stats = query.get('stats') ? `,"stats":${statsJson(result, (nowMs() - startedMs) / 1000)}` : '';
  const data = new RawJson(dataJson(value, grid, stats, result.release));
  const warnings = [...shortened(result.warnings, 'warning'), ...oldStatsWarning(query)];
  return success(data, { warnings: cut ? [...warnings, TRUNCATED] : warnings, infos: shortened(result.infos, 'info') });
}

/** Prometheus 3.14 warns of values that a later version will refuse. */
function oldStatsWarning(query: URLSearchParams): readonly string[] {
  const value = query.get('stats') || 'all';
  if (value === 'all' || value === 'true') return [];
  return [
    `value ${JSON.stringify(value)} for parameter "stats" is deprecated and will be rejected in the next major release, use "true" or "all"`,
  ];
}

/** As many remarks as Prometheus shows of each kind. */
function shortened(remarks: readonly string[], kind: 'warning' | 'info'): readonly string[] {
  const more = remarks.length - MOST_REMARKS;
  return more > 0 ? [...remarks.slice(0, MOST_REMARKS), `${more} more ${kind} annotations omitted`] : remarks;
}

function* dataJson(
  value: QueryValue,
  grid: StepGrid | undefined,
  stats: string,
  release: QueryResult['release'],
): Generator<string | Uint8Array> {
  try {
    yield `{"resultType":"${value.type}","result":`;
    yield* resultJson(value, grid);
    yield `${stats}}`;
  } finally {
    release?.();
  }
}

function limited(value: QueryValue, limit: number): { readonly value: QueryValue; readonly cut: boolean } {
  if (limit > 0 && value.type === 'vector' && value.samples.length > limit) {
    return { value: { ...value, samples: value.samples.slice(0, limit) }, cut: true };
  }
  if (limit > 0 && value.type === 'matrix' && value.series.length > limit) {
    return { value: { ...value, series: value.series.slice(0, limit) }, cut: true };
  }
  return { value, cut: false };
}

function statsJson(result: QueryResult, seconds: number): string {
  return JSON.stringify({
    timings: {
      evalTotalTime: seconds,
      resultSortTime: 0,
      queryPreparationTime: 0,
      innerEvalTime: seconds,
      execQueueTime: 0,
      execTotalTime: seconds,
    },
    samples: {
      totalQueryableSamples: result.samplesRead,
      samplesRead: result.samplesRead,
      peakSamples: result.samplesRead,
    },
  });
}

function parsedQuery(query: URLSearchParams, features: PromqlFeatures | undefined): Expression {
  try {
    return parseExpression(query.get('query') ?? '', features);
  } catch (error) {
    if (error instanceof QueryError) throw new ParameterError('query', error.message);
    throw error;
  }
}
