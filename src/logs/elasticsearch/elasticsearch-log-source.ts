/** A log source on Elasticsearch or OpenSearch: searched, and followed by asking again and again for what is new. */
import type { Clock } from '../../config/clock.ts';
import type { LogQuery, LogRecord } from '../record.ts';
import type { LogReader } from '../source.ts';
import { SourceHealth } from '../source-health.ts';
import { structuredRecord } from '../structured-record.ts';
import { buildQuery } from './build-query.ts';
import {
  createElasticsearchClient,
  type ElasticsearchClient,
  type ElasticsearchConnection,
  type ElasticsearchError,
} from './client.ts';
import { findLogFields, type LogFields } from './fields.ts';
import { type Dialect, type Hit, type HitsAnswer, readHits } from './pages.ts';
import { tailHits } from './tail.ts';

export interface ElasticsearchLogSourceOptions extends ElasticsearchConnection {
  readonly clock: Clock;
  /** Pattern of indices or data streams; `logs-*,filebeat-*,logstash-*` by default. */
  readonly index?: string | undefined;
  /** `@timestamp` by default. */
  readonly timestampField?: string | undefined;
  /** Between two looks for what is new; 2 s by default. */
  readonly pollMs?: number | undefined;
  /** Made by the connection where it is not given. */
  readonly client?: ElasticsearchClient | undefined;
}

const DEFAULT_INDEX = 'logs-*,filebeat-*,logstash-*';
const FIELDS_FOR_MS = 300_000;
const DAY_MS = 86_400_000;
const MOST_PATH = 3000;

/** Methods reject with ElasticsearchError, which the state then tells. */
export function elasticsearchLogSource(options: ElasticsearchLogSourceOptions): LogReader {
  const { clock } = options;
  const index = options.index ?? DEFAULT_INDEX;
  const timestampField = options.timestampField ?? '@timestamp';
  const client = options.client ?? createElasticsearchClient(options);
  const health = new SourceHealth({ endpoint: options.url, clock });
  const known = new Map<string, { readonly atMs: number; readonly fields: LogFields }>();
  let dialect: Dialect | undefined;

  const fieldsFor = async (query: Partial<LogQuery>, signal?: AbortSignal): Promise<LogFields> => {
    const further = Object.keys(query.fields ?? {}).sort();
    const key = further.join(',');
    const remembered = known.get(key);
    if (remembered !== undefined && clock.nowMs() - remembered.atMs < FIELDS_FOR_MS) return remembered.fields;
    const fields = await findLogFields(client, index, timestampField, further, signal);
    if (known.size > 50) known.clear();
    known.set(key, { atMs: clock.nowMs(), fields });
    return fields;
  };

  const read = async (query: LogQuery, order: 'asc' | 'desc', signal?: AbortSignal): Promise<HitsAnswer> => {
    dialect ??= await dialectOf(client, signal);
    const fields = await fieldsFor(query, signal);
    const clause = buildQuery(query, fields, timestampField);
    const { mixedTimes } = fields;
    const request = { index, query: clause, timestampField, mixedTimes, order, limit: query.limit };
    return readHits(client, request, dialect, signal);
  };

  const watched = async <T>(
    work: () => Promise<T>,
    incomplete: (result: T) => string,
    signal?: AbortSignal,
  ): Promise<T> => {
    const result = await health.watch(work, signal);
    const why = incomplete(result);
    if (why !== '') health.impaired(why);
    return result;
  };

  return {
    state: () => health.state(),
    close: () => client.close(),
    async search(query, signal) {
      const answer = await watched(
        () => read(query, 'desc', signal),
        (each) => each.incomplete,
        signal,
      );
      return answer.hits.map((hit) => recordOf(hit, timestampField, clock.nowMs())).reverse();
    },
    tail: (query, signal) =>
      tailHits({
        clock,
        health,
        signal,
        pollMs: options.pollMs ?? 2000,
        read: (range, limit) =>
          watched(
            () => read({ ...query, ...range, limit }, 'asc', signal),
            (each) => each.incomplete,
            signal,
          ),
        record: (hit) => recordOf(hit, timestampField, clock.nowMs()),
      }),
    async services(signal) {
      return health.watch(async () => {
        const { serviceFields } = await fieldsFor({}, signal);
        const sinceMs = clock.nowMs() - DAY_MS;
        const found = new Set<string>();
        for (const [indices, names] of byIndices(serviceFields, index))
          for (const name of await servicesOf(client, indices, timestampField, names, sinceMs, signal)) found.add(name);
        return [...found].sort();
      }, signal);
    },
  };
}

/** What one request can count: an index that has a field in another type would fail the whole of its part. */
function byIndices(fields: LogFields['serviceFields'], all: string): ReadonlyMap<string, readonly string[]> {
  const requests = new Map<string, string[]>();
  for (const { name, where } of fields) {
    const indices = where === 'everywhere' ? all : where.join(',');
    // A path has its limits.
    if (indices.length > MOST_PATH && indices !== all) continue;
    requests.set(indices, [...(requests.get(indices) ?? []), name]);
  }
  return requests;
}

/** What the server says it is; whoever may not ask is taken for Elasticsearch. */
async function dialectOf(client: ElasticsearchClient, signal: AbortSignal | undefined): Promise<Dialect> {
  try {
    const answer = await client.request({ method: 'GET', path: '/' }, signal);
    const version = (answer['version'] ?? {}) as { distribution?: unknown };
    return version.distribution === 'opensearch' ? 'opensearch' : 'elasticsearch';
  } catch (error) {
    if ([400, 403, 404, 405].includes((error as ElasticsearchError).status)) return 'elasticsearch';
    throw error;
  }
}

function recordOf(hit: Hit, timestampField: string, nowMs: number): LogRecord {
  let big = false;
  const raw = JSON.stringify(hit.source, (_key, value) => {
    if (typeof value !== 'bigint') return value;
    big = true;
    return String(value);
  });
  // Who shows or stores a record knows the values of JSON only.
  const source = big ? (JSON.parse(raw) as Hit['source']) : hit.source;
  // First, so that the record's time is the one that it was found by.
  const time = source[timestampField];
  const fields = time === undefined || timestampField === '@timestamp' ? source : { '@timestamp': time, ...source };
  return structuredRecord(fields, { id: `${hit.index}:${hit.id}`, origin: hit.index, raw, nowMs });
}

async function servicesOf(
  client: ElasticsearchClient,
  index: string,
  timestampField: string,
  fields: readonly string[],
  sinceMs: number,
  signal: AbortSignal | undefined,
): Promise<readonly string[]> {
  const answer = await client.request(
    {
      method: 'POST',
      path: `/${encodeURIComponent(index)}/_search`,
      parameters: { allow_no_indices: true },
      body: {
        size: 0,
        track_total_hits: false,
        query: { range: { [timestampField]: { gte: Math.floor(sinceMs), format: 'epoch_millis' } } },
        aggs: Object.fromEntries(fields.map((field, i) => [`f${i}`, { terms: { field, size: 500 } }])),
      },
    },
    signal,
  );
  const found = new Set<string>();
  const aggregations = Object.values(
    (answer['aggregations'] ?? {}) as Record<string, { buckets?: { key: unknown }[] }>,
  );
  for (const { buckets } of aggregations) for (const bucket of buckets ?? []) found.add(String(bucket.key));
  return [...found].sort();
}
