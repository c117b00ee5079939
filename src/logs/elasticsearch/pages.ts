/** Reads the hits of a search page by page, over a point in time where there is one. */
import type { Clause } from './build-query.ts';
import type { ElasticsearchClient } from './client.ts';

export interface Hit {
  readonly index: string;
  readonly id: string;
  readonly source: Readonly<Record<string, unknown>>;
  readonly sort: readonly unknown[];
}

export interface HitsAnswer {
  readonly hits: readonly Hit[];
  /** What was not looked at, in words; empty where all was. */
  readonly incomplete: string;
}

export interface PagesRequest {
  readonly index: string;
  readonly query: Clause;
  readonly timestampField: string;
  /** Indices in milliseconds and in nanoseconds are read together. */
  readonly mixedTimes: boolean;
  readonly order: 'asc' | 'desc';
  readonly limit: number;
}

/** What Elasticsearch and OpenSearch call differently. */
export type Dialect = 'elasticsearch' | 'opensearch';

/** The largest answer that an index gives by default. */
const MOST_A_PAGE = 10_000;
const PAGE = 1000;
const KEEP_ALIVE = '1m';

/** Up to `limit` hits by time. What fits on one page takes one request; more is read over a point in time. */
export async function readHits(
  client: ElasticsearchClient,
  request: PagesRequest,
  dialect: Dialect,
  signal?: AbortSignal,
): Promise<HitsAnswer> {
  if (request.limit <= PAGE) return search(client, request, { size: request.limit }, signal);
  const pit = await openPointInTime(client, request.index, dialect, signal);
  if (pit === undefined) return search(client, request, { size: Math.min(request.limit, MOST_A_PAGE) }, signal);
  const hits: Hit[] = [];
  let incomplete = '';
  try {
    let id = pit;
    while (hits.length < request.limit) {
      const size = Math.min(PAGE, request.limit - hits.length);
      const after = hits.at(-1)?.sort;
      const page = await search(client, request, { size, pit: id, after, dialect }, signal);
      hits.push(...page.hits);
      incomplete ||= page.incomplete;
      // It may change from answer to answer.
      id = page.pit ?? id;
      if (page.hits.length < size) break;
    }
    return { hits, incomplete };
  } finally {
    await closePointInTime(client, pit, dialect);
  }
}

/** Undefined where the server or its rules do not allow one. */
async function openPointInTime(
  client: ElasticsearchClient,
  index: string,
  dialect: Dialect,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  const path = `/${encodeURIComponent(index)}/${dialect === 'opensearch' ? '_search/point_in_time' : '_pit'}`;
  try {
    const answer = await client.request({ method: 'POST', path, parameters: { keep_alive: KEEP_ALIVE } }, signal);
    const id = answer[dialect === 'opensearch' ? 'pit_id' : 'id'];
    return typeof id === 'string' ? id : undefined;
  } catch (error) {
    const { status, type } = error as { status?: number; type?: string };
    if (type !== 'index_not_found_exception' && (status === 400 || status === 403 || status === 404 || status === 405))
      return undefined;
    throw error;
  }
}

async function closePointInTime(client: ElasticsearchClient, pit: string, dialect: Dialect): Promise<void> {
  const request =
    dialect === 'opensearch'
      ? { method: 'DELETE', path: '/_search/point_in_time', body: { pit_id: [pit] } }
      : { method: 'DELETE', path: '/_pit', body: { id: pit } };
  // It ends by itself after a minute.
  await client.request(request as Parameters<ElasticsearchClient['request']>[0]).catch(() => undefined);
}

interface PageOptions {
  readonly size: number;
  readonly pit?: string | undefined;
  readonly after?: readonly unknown[] | undefined;
  readonly dialect?: Dialect | undefined;
}

async function search(
  client: ElasticsearchClient,
  { index, query, timestampField, mixedTimes, order }: PagesRequest,
  { size, pit, after, dialect }: PageOptions,
  signal: AbortSignal | undefined,
): Promise<HitsAnswer & { readonly pit: string | undefined }> {
  const unit = mixedTimes ? { numeric_type: 'date_nanos' } : {};
  const byTime = { [timestampField]: { order, unmapped_type: 'date', ...unit } };
  // Records of the same time need an order of their own, or the page's end would lose some of them.
  const tieBreaker = dialect === 'opensearch' ? { _id: order } : { _shard_doc: order };
  const answer = await client.request(
    {
      method: 'POST',
      path: pit === undefined ? `/${encodeURIComponent(index)}/_search` : '/_search',
      // With a point in time, these are the point's.
      ...(pit === undefined ? { parameters: { ignore_unavailable: false, allow_no_indices: true } } : {}),
      body: {
        size,
        query,
        sort: pit === undefined ? [byTime] : [byTime, tieBreaker],
        track_total_hits: false,
        ...(pit === undefined ? {} : { pit: { id: pit, keep_alive: KEEP_ALIVE } }),
        ...(after === undefined ? {} : { search_after: after }),
      },
    },
    signal,
  );
  const list = (answer['hits'] as { hits?: unknown } | undefined)?.hits;
  const hits = (Array.isArray(list) ? list : []).map((hit) => ({
    index: String(hit._index),
    id: String(hit._id),
    source: (hit._source ?? {}) as Readonly<Record<string, unknown>>,
    sort: (hit.sort ?? []) as readonly unknown[],
  }));
  const next = answer['pit_id'];
  return { hits, incomplete: incompleteness(answer), pit: typeof next === 'string' ? next : undefined };
}

function incompleteness(answer: Readonly<Record<string, unknown>>): string {
  const shards = (answer['_shards'] ?? {}) as {
    total?: number;
    failed?: number;
    failures?: { reason?: { reason?: unknown } }[];
  };
  if (answer['timed_out'] === true) return 'the search timed out on the server: not all records were looked at';
  if (!shards.failed) return '';
  const why = shards.failures?.[0]?.reason?.reason;
  return `${shards.failed} of ${shards.total} shards failed${why === undefined ? '' : `: ${String(why)}`}`;
}
