/** A server that answers as Elasticsearch or OpenSearch does, as far as the log source asks it. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StandInDocument {
  readonly index: string;
  readonly id: string;
  /** Nanoseconds: more than a number holds. */
  readonly timeNs: bigint;
  readonly source: Record<string, unknown>;
}

export interface StandInRequest {
  readonly method: string;
  readonly path: string;
  readonly parameters: URLSearchParams;
  readonly headers: Record<string, unknown>;
  readonly text: string;
  readonly body: Record<string, unknown> | undefined;
}

export interface StandIn {
  readonly url: string;
  readonly documents: StandInDocument[];
  readonly requests: StandInRequest[];
  openPoints: number;
  /** Answers instead, where it gives something. */
  refuse: ((request: StandInRequest) => { status: number; body: string } | 'hang' | undefined) | undefined;
  close(): Promise<void>;
}

export interface StandInOptions {
  readonly distribution?: 'elasticsearch' | 'opensearch';
  readonly nanoseconds?: boolean;
  readonly fields?: Readonly<Record<string, string>>;
}

type Json = Record<string, unknown>;

export async function startStandIn(options: StandInOptions = {}): Promise<StandIn> {
  const opensearch = options.distribution === 'opensearch';
  const fields = options.fields ?? {
    level: 'keyword',
    service: 'text',
    'service.keyword': 'keyword',
    traceId: 'keyword',
    status: 'long',
  };
  const points = new Map<string, StandInDocument[]>();
  let pointIds = 0;

  const answer = (request: StandInRequest): { status: number; body: string } => {
    const { method, path, body } = request;
    const ok = (value: unknown): { status: number; body: string } => ({
      status: 200,
      body: typeof value === 'string' ? value : JSON.stringify(value),
    });
    if (path === '/')
      return ok({ version: { number: '9.0.0', ...(opensearch ? { distribution: 'opensearch' } : {}) } });
    if (path.endsWith('/_field_caps')) {
      const asked = request.parameters.get('fields')!.split(',');
      const found: Json = {};
      for (const [name, type] of Object.entries({
        ...fields,
        '@timestamp': options.nanoseconds ? 'date_nanos' : 'date',
      }))
        if (asked.includes(name)) found[name] = { [type]: { searchable: true, aggregatable: true } };
      return ok({ indices: [], fields: found });
    }
    if (path.endsWith(opensearch ? '/_search/point_in_time' : '/_pit') && method === 'POST') {
      const id = `point-${++pointIds}`;
      points.set(id, [...standIn.documents]);
      standIn.openPoints += 1;
      return ok(opensearch ? { pit_id: id } : { id });
    }
    if (path === (opensearch ? '/_search/point_in_time' : '/_pit') && method === 'DELETE') {
      standIn.openPoints -= 1;
      return ok({ succeeded: true });
    }
    if (path.endsWith('/_search')) return ok(search(body!));
    return { status: 404, body: JSON.stringify({ error: { type: 'resource_not_found', reason: path } }) };
  };

  const search = (body: Json): string => {
    const pit = (body['pit'] as { id: string } | undefined)?.id;
    const matching = (pit === undefined ? standIn.documents : points.get(pit)!).filter((each) =>
      matches(body['query'] as Json, each),
    );
    if (body['aggs'] !== undefined) {
      const aggregations: Json = {};
      for (const [name, { terms }] of Object.entries(body['aggs'] as Record<string, { terms: { field: string } }>))
        aggregations[name] = {
          buckets: [...new Set(matching.map((each) => valueAt(each, terms.field)))].map((key) => ({ key })),
        };
      return JSON.stringify({ hits: { hits: [] }, aggregations });
    }
    const [byTime, tie] = body['sort'] as [Record<string, { order: string }>, Json | undefined];
    if (pit !== undefined && !(opensearch ? '_id' : '_shard_doc' in (tie ?? {}))) throw new Error('no tie-breaker');
    const sign = byTime['@timestamp']!.order === 'asc' ? 1 : -1;
    const key = (each: StandInDocument): [bigint, number] => [
      options.nanoseconds ? each.timeNs : each.timeNs / 1_000_000n,
      standIn.documents.indexOf(each),
    ];
    const compare = (a: [bigint, number], b: [bigint, number]): number =>
      sign * (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1]);
    let sorted = matching.map((each) => ({ each, key: key(each) })).sort((a, b) => compare(a.key, b.key));
    const raw = /"search_after":\[(\d+),(\d+)\]/.exec(
      JSON.stringify(body['search_after'] === undefined ? {} : { search_after: body['$after'] }),
    );
    if (raw !== null) sorted = sorted.filter((item) => compare(item.key, [BigInt(raw[1]!), Number(raw[2])]) > 0);
    const hits = sorted
      .slice(0, body['size'] as number)
      .map(
        ({ each, key: [time, position] }) =>
          `{"_index":${JSON.stringify(each.index)},"_id":${JSON.stringify(each.id)},"_source":${JSON.stringify(each.source)},"sort":[${time}${pit === undefined ? '' : `,${position}`}]}`,
      );
    return `{"took":1,"timed_out":false,"_shards":{"total":1,"failed":0},${pit === undefined ? '' : `"pit_id":"${pit}",`}"hits":{"hits":[${hits.join(',')}]}}`;
  };

  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const url = new URL(request.url!, 'http://x');
      const text = Buffer.concat(chunks).toString();
      // As text, because parsing would round what has to be compared exactly.
      const after = /"search_after":\[([^\]]*)\]/.exec(text)?.[1];
      const body =
        text === ''
          ? undefined
          : {
              ...(JSON.parse(text) as Json),
              ...(after === undefined
                ? {}
                : {
                    $after: after.split(',').map((each) => ({
                      toJSON: () => (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(each),
                    })),
                  }),
            };
      const asked: StandInRequest = {
        method: request.method!,
        path: decodeURIComponent(url.pathname),
        parameters: url.searchParams,
        headers: request.headers,
        text,
        body,
      };
      standIn.requests.push(asked);
      const reply = standIn.refuse?.(asked) ?? answer(asked);
      if (reply === 'hang') return;
      const { status, body: answered } = reply;
      response
        .writeHead(status, { 'content-type': answered.startsWith('<') ? 'text/html' : 'application/json' })
        .end(answered);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const standIn: StandIn = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    documents: [],
    requests: [],
    openPoints: 0,
    refuse: undefined,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return standIn;
}

function valueAt(document: StandInDocument, field: string): unknown {
  return document.source[field.replace(/\.keyword$/, '')];
}

function matches(query: Json, document: StandInDocument): boolean {
  const [kind, value] = Object.entries(query)[0] as [string, Json];
  const [field, wanted] = Object.entries(value)[0] ?? ['', undefined];
  const actual = valueAt(document, field);
  switch (kind) {
    case 'bool': {
      const all = (value['filter'] ?? []) as Json[];
      const any = value['should'] as Json[] | undefined;
      return (
        all.every((each) => matches(each, document)) &&
        (any === undefined || any.some((each) => matches(each, document)))
      );
    }
    case 'exists':
      return true;
    case 'match_none':
      return false;
    case 'range': {
      const { gte = -Infinity, lte = Infinity } = wanted as { gte?: number; lte?: number };
      const number = field === '@timestamp' ? Number(document.timeNs / 1_000_000n) : Number(actual);
      return number >= gte && number <= lte;
    }
    case 'term':
      return actual === wanted;
    case 'terms':
      return (wanted as unknown[]).includes(actual);
    case 'match':
    case 'match_phrase':
      return String(wanted)
        .toLowerCase()
        .split(' ')
        .some((word) => String(actual).toLowerCase().includes(word));
    case 'simple_query_string':
      return String(value['query'])
        .toLowerCase()
        .split(' ')
        .every((word) => JSON.stringify(document.source).toLowerCase().includes(word));
    default:
      throw new Error(`the stand-in does not know ${kind}`);
  }
}
