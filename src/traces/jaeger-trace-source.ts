/** A trace source on a Jaeger query service: `/api/v3` (OTLP as JSON), and the older `/api` where there is no v3. */
import type { Clock } from '../config/clock.ts';
import type { HttpClient } from '../http/client.ts';
import { SourceHealth } from '../logs/source-health.ts';
import { JaegerError, readJaegerAnswer } from './jaeger-answer.ts';
import { traceOfJaeger, widened } from './jaeger-json.ts';
import { summariesOfJaeger } from './jaeger-summaries.ts';
import type { TraceReader } from './local-trace-source.ts';
import { spanMatcher } from './match-span.ts';
import { type OtlpTraces, spansOfOtlp } from './otlp-spans.ts';
import { summaryOf } from './summary.ts';
import type { Span, Trace, TraceQuery, TraceSummary } from './trace.ts';

export interface JaegerTraceSourceOptions {
  /** Base URL of the query service, e.g. `http://jaeger:16686` or one with a path before `/api`. */
  readonly url: string;
  readonly http: HttpClient;
  readonly clock: Clock;
  /** 15 s by default. */
  readonly timeoutMs?: number | undefined;
  /** Of an answer; 128 MiB by default. */
  readonly maxBodyBytes?: number | undefined;
}

/** Methods reject with JaegerError or HttpError, which the state then tells. */
export function jaegerTraceSource(options: JaegerTraceSourceOptions): TraceReader {
  const base = options.url.replace(/\/+$/, '');
  const health = new SourceHealth({ endpoint: options.url, clock: options.clock });
  /** Undefined until one has answered. */
  let api: JaegerApi | undefined;

  const ask: Ask = async (path, parameters, signal) => {
    const query = String(new URLSearchParams(parameters));
    const response = await options.http.request({
      url: `${base}${path}${query === '' ? '' : `?${query}`}`,
      headers: { accept: 'application/json' },
      timeoutMs: options.timeoutMs ?? 15_000,
      maxBodyBytes: options.maxBodyBytes ?? 128 * 1024 * 1024,
      signal,
    });
    return readJaegerAnswer(response);
  };

  const withApi = <T>(work: (api: JaegerApi) => Promise<T>, signal: AbortSignal | undefined): Promise<T> =>
    health.watch(async () => {
      api ??= await findApi(ask, signal);
      return work(api);
    }, signal);

  return {
    state: () => health.state(),
    close: async () => {},
    services: (signal) => withApi((found) => found.services(signal), signal),
    operations: (service, signal) => withApi((found) => found.operations(service, signal), signal),
    trace: (traceId, signal) => withApi((found) => found.trace(traceId, signal), signal),
    search: (query, signal) =>
      withApi((found) => search(found, { ...query, ...timeRange(query, options.clock) }, signal), signal),
  };
}

type Ask = (
  path: string,
  parameters: Readonly<Record<string, string>>,
  signal: AbortSignal | undefined,
) => Promise<readonly unknown[] | undefined>;

interface JaegerApi {
  services(signal: AbortSignal | undefined): Promise<readonly string[]>;
  operations(service: string, signal: AbortSignal | undefined): Promise<readonly string[]>;
  trace(traceId: string, signal: AbortSignal | undefined): Promise<Trace | undefined>;
  /** The query has a service and a time range. */
  search(query: RangedQuery, signal: AbortSignal | undefined): Promise<readonly TraceSummary[]>;
}

type RangedQuery = TraceQuery & { readonly startUs: number; readonly endUs: number };

const HOUR_US = 3_600_000_000;
const MOST_SERVICES = 20;

function timeRange(query: TraceQuery, clock: Clock): { startUs: number; endUs: number } {
  const endUs = query.endUs ?? clock.nowMs() * 1000;
  return { startUs: query.startUs ?? endUs - HOUR_US, endUs };
}

/** Jaeger searches by service only: without one, each service is asked. */
async function search(api: JaegerApi, query: RangedQuery, signal?: AbortSignal): Promise<readonly TraceSummary[]> {
  const services = query.service ? [query.service] : (await api.services(signal)).slice(0, MOST_SERVICES);
  const found = new Map<string, TraceSummary>();
  for (const service of services) {
    for (const summary of await api.search({ ...query, service }, signal)) found.set(summary.traceId, summary);
  }
  return [...found.values()].sort((a, b) => b.startUs - a.startUs).slice(0, query.limit);
}

async function findApi(ask: Ask, signal: AbortSignal | undefined): Promise<JaegerApi> {
  try {
    const answer = await ask('/api/v3/services', {}, signal);
    // The page of the UI, or an error about a missing trace, means that v3 is not there.
    if (answer !== undefined && Array.isArray((answer[0] as { services?: unknown } | null)?.services))
      return newApi(ask);
    if (answer !== undefined && Object.keys(answer[0] as object).length === 0) return newApi(ask);
  } catch (error) {
    if (!(error instanceof JaegerError) || error.kind === 'refused') throw error;
  }
  const old = oldApi(ask);
  await old.services(signal);
  return old;
}

/** `/api/v3`, whose query parameters were in snake case before they were in camel case. */
function newApi(ask: Ask): JaegerApi {
  let spelling: 'camel' | 'snake' = 'camel';
  let givesSummaries = true;
  /** Whether searches by tags are. Jaeger 2.13 gives what the rest of the query finds. */
  let heedsTags = true;
  const old = oldApi(ask);
  /** Undefined where this Jaeger has no such endpoint. */
  const summaries = async (how: typeof spelling, query: RangedQuery, signal: AbortSignal | undefined) => {
    try {
      const answer = await ask('/api/v3/trace-summaries', newParameters(query, how), signal);
      return answer === undefined ? undefined : summariesOfJaeger(answer);
    } catch (error) {
      // Some storages do not implement it, and say so with 501; whatever else is wrong the next request will tell.
      if (error instanceof JaegerError && (error.kind === 'no-such-api' || error.kind === 'failed')) return undefined;
      throw error;
    }
  };
  const tracesIn = async (how: typeof spelling, query: RangedQuery, signal: AbortSignal | undefined) => [
    ...byTrace((await ask('/api/v3/traces', newParameters(query, how), signal)) ?? []).values(),
  ];
  const searchIn = async (
    how: typeof spelling,
    query: RangedQuery,
    signal: AbortSignal | undefined,
  ): Promise<readonly TraceSummary[]> => {
    const byTags = hasTags(query);
    if (givesSummaries && !byTags) {
      const found = await summaries(how, query, signal);
      if (found !== undefined) return found;
      givesSummaries = false;
    }
    const traces = byTags && !heedsTags ? [] : await tracesIn(how, query, signal);
    if (!byTags) return traces.map(summaryOf);
    const matches = tagMatcher({ tags: query.tags, limit: 0 });
    if (!traces.every(matches)) heedsTags = false;
    if (heedsTags) return traces.map(summaryOf);
    // The older interface does, and is there in every version: the UI asks it.
    const found = await old.search(query, signal).catch((error: unknown) => {
      if (signal?.aborted) throw error;
      return undefined;
    });
    if (found !== undefined) return found;
    const deeper = await tracesIn(how, { ...query, limit: deeperLimit(query) }, signal);
    return deeper.filter(matches).slice(0, query.limit).map(summaryOf);
  };
  return {
    async services(signal) {
      const answer = await ask('/api/v3/services', {}, signal);
      return texts((answer?.[0] as { services?: unknown } | undefined)?.services).sort();
    },
    async operations(service, signal) {
      const answer = await ask('/api/v3/operations', { service }, signal);
      return names((answer?.[0] as { operations?: unknown } | undefined)?.operations);
    },
    async trace(traceId, signal) {
      const answer = await ask(`/api/v3/traces/${encodeURIComponent(traceId)}`, {}, signal);
      return answer === undefined ? undefined : byTrace(answer).get(widened(traceId, 32));
    },
    async search(query, signal) {
      try {
        return await searchIn(spelling, query, signal);
      } catch (error) {
        if (!(error instanceof JaegerError) || error.kind !== 'bad-request') throw error;
        const other = spelling === 'camel' ? 'snake' : 'camel';
        const traces = await searchIn(other, query, signal);
        spelling = other;
        return traces;
      }
    },
  };
}

function hasTags({ tags }: TraceQuery): boolean {
  return tags !== undefined && Object.keys(tags).length > 0;
}

/** Whether one span of a trace meets what the query says of tags, service and operation, all of it. */
function tagMatcher({ tags, service, operation }: TraceQuery): (trace: Trace) => boolean {
  const matches = spanMatcher({ tags, service, operation, limit: 0 });
  return (trace) => trace.spans.some(matches);
}

/** How many traces to ask for where they are then filtered here; Jaeger's UI offers 1500 at most. */
function deeperLimit({ limit }: TraceQuery): number {
  return Math.max(limit, Math.min(1500, limit * 20));
}

function newParameters(query: RangedQuery, spelling: 'camel' | 'snake'): Record<string, string> {
  const parameters: Record<string, string> = {};
  const set = (name: string, value: string | undefined): void => {
    if (value === undefined || value === '') return;
    const spelled = spelling === 'camel' ? name : name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
    parameters[`query.${spelled}`] = value;
  };
  set('serviceName', query.service);
  set('operationName', query.operation);
  set('startTimeMin', rfc3339(query.startUs));
  set('startTimeMax', rfc3339(query.endUs));
  set('durationMin', query.minDurationUs === undefined ? undefined : secondsOf(query.minDurationUs));
  set('durationMax', query.maxDurationUs === undefined ? undefined : secondsOf(query.maxDurationUs));
  // The limit was called numTraces once.
  set('searchDepth', String(query.limit));
  if (spelling === 'snake') set('numTraces', String(query.limit));
  if (hasTags(query)) set('attributes', JSON.stringify(query.tags));
  return parameters;
}

/** The older API, not documented but used by the UI to this day. */
function oldApi(ask: Ask): JaegerApi {
  const traces = (answer: readonly unknown[] | undefined): Trace[] => {
    const found = (answer?.[0] as { data?: unknown } | undefined)?.data;
    return (Array.isArray(found) ? found : []).map(traceOfJaeger).filter((trace) => trace !== undefined);
  };
  const search = async (query: RangedQuery, signal: AbortSignal | undefined): Promise<Trace[]> => {
    const parameters: Record<string, string> = {
      service: query.service ?? '',
      start: String(Math.floor(query.startUs)),
      end: String(Math.ceil(query.endUs)),
      limit: String(query.limit),
    };
    if (query.operation) parameters['operation'] = query.operation;
    if (query.minDurationUs !== undefined) parameters['minDuration'] = `${query.minDurationUs}us`;
    if (query.maxDurationUs !== undefined) parameters['maxDuration'] = `${query.maxDurationUs}us`;
    if (hasTags(query)) parameters['tags'] = JSON.stringify(query.tags);
    return traces(await ask('/api/traces', parameters, signal));
  };
  return {
    async services(signal) {
      const answer = await ask('/api/services', {}, signal);
      return texts((answer?.[0] as { data?: unknown } | undefined)?.data).sort();
    },
    async operations(service, signal) {
      const answer = await ask(`/api/services/${encodeURIComponent(service)}/operations`, {}, signal);
      return names((answer?.[0] as { data?: unknown } | undefined)?.data);
    },
    async trace(traceId, signal) {
      return traces(await ask(`/api/traces/${encodeURIComponent(traceId)}`, {}, signal))[0];
    },
    async search(query, signal) {
      const found = await search(query, signal);
      const { error, 'span.kind': kind, ...stored } = query.tags ?? {};
      if (found.length > 0 || (error === undefined && kind === undefined)) return found.map(summaryOf);
      // Jaeger shows these two as tags, but its memory has them as status and kind, and finds nothing by them.
      const all = await search({ ...query, tags: stored, limit: deeperLimit(query) }, signal).catch(
        (fault: unknown) => {
          // A memory that holds fewer refuses to be asked for more than it holds.
          if (!(fault instanceof JaegerError)) throw fault;
          return search({ ...query, tags: stored }, signal);
        },
      );
      return all.filter(tagMatcher(query)).slice(0, query.limit).map(summaryOf);
    },
  };
}

/** The spans of all parts of the answer, `{result: TracesData}` each, by trace. */
function byTrace(answer: readonly unknown[]): Map<string, Trace> {
  const traces = new Map<string, Span[]>();
  for (const part of answer) {
    const result = (part as { result?: unknown } | null)?.result ?? part;
    if (typeof result !== 'object' || result === null) continue;
    for (const span of spansOfOtlp(result as OtlpTraces).spans) {
      const spans = traces.get(span.traceId);
      if (spans === undefined) traces.set(span.traceId, [span]);
      else spans.push(span);
    }
  }
  return new Map([...traces].map(([traceId, spans]) => [traceId, { traceId, spans }]));
}

function texts(list: unknown): string[] {
  return Array.isArray(list) ? list.filter((each) => typeof each === 'string') : [];
}

/** Of `[{name}]` or `["name"]`, each once. */
function names(list: unknown): readonly string[] {
  const all = (Array.isArray(list) ? list : []).map((each) => (typeof each === 'string' ? each : each?.name));
  return [...new Set(texts(all))].sort();
}

function rfc3339(us: number): string {
  const whole = Math.floor(us / 1000);
  const rest = String(Math.floor(us - whole * 1000)).padStart(3, '0');
  return new Date(whole).toISOString().replace('Z', `${rest}Z`);
}

/** Protobuf's JSON duration, e.g. `0.0015s`. */
function secondsOf(us: number): string {
  return `${(us / 1_000_000).toFixed(9).replace(/\.?0+$/, '')}s`;
}
