/** The Elasticsearch client, made to speak with Elasticsearch 7, 8 and 9 and OpenSearch alike, and to keep big numbers whole. */
import { Client, errors, Serializer, Transport } from '@elastic/elasticsearch';
import type { Secret } from '../../config/secret.ts';
import { withoutCredentials } from '../source-health.ts';

export interface ElasticsearchConnection {
  /** Base URL of a node; may hold user and password. */
  readonly url: string;
  readonly apiKey?: Secret | undefined;
  readonly bearer?: Secret | undefined;
  readonly username?: string | undefined;
  readonly password?: Secret | undefined;
  readonly tls?: { readonly ca?: string | undefined; readonly insecureSkipVerify?: boolean | undefined } | undefined;
  /** 15 s by default. */
  readonly timeoutMs?: number | undefined;
}

/** Elasticsearch did not give what was asked for; the message is a sentence for a person, without secrets. */
export class ElasticsearchError extends Error {
  override readonly name = 'ElasticsearchError';
  /** 0 where no answer came. */
  readonly status: number;
  /** What Elasticsearch calls it, e.g. `index_not_found_exception`. */
  readonly type: string;

  constructor(status: number, type: string, message: string) {
    super(message);
    this.status = status;
    this.type = type;
  }
}

export interface ElasticsearchRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly parameters?: Readonly<Record<string, string | number | boolean>> | undefined;
  readonly body?: unknown;
}

export interface ElasticsearchClient {
  /** The parsed answer; whole numbers beyond 2^53 are bigint. Rejects with ElasticsearchError. */
  request(request: ElasticsearchRequest, signal?: AbortSignal): Promise<Readonly<Record<string, unknown>>>;
  close(): Promise<void>;
}

/** Throws ElasticsearchError where the URL is none. */
export function createElasticsearchClient(connection: ElasticsearchConnection): ElasticsearchClient {
  if (!URL.canParse(connection.url)) {
    const given = JSON.stringify(withoutCredentials(connection.url));
    throw new ElasticsearchError(0, 'url', `${given} is no URL of an Elasticsearch: write it as http://host:9200`);
  }
  const { apiKey, bearer, username, password, tls } = connection;
  const auth =
    apiKey !== undefined
      ? { apiKey: apiKey.reveal() }
      : bearer !== undefined
        ? { bearer: bearer.reveal() }
        : username !== undefined
          ? { username, password: password?.reveal() ?? '' }
          : undefined;
  const client = new Client({
    node: connection.url,
    ...(auth === undefined ? {} : { auth }),
    ...(tls === undefined
      ? {}
      : {
          tls: {
            ...(tls.ca === undefined ? {} : { ca: tls.ca }),
            rejectUnauthorized: !(tls.insecureSkipVerify ?? false),
          },
        }),
    requestTimeout: connection.timeoutMs ?? 15_000,
    maxRetries: 0,
    enableMetaHeader: false,
    maxResponseSize: 256 * 1024 * 1024,
    redaction: { type: 'remove' },
    Transport: PlainTransport,
    Serializer: WholeNumberSerializer,
  });
  const where = withoutCredentials(connection.url);
  return {
    async request({ method, path, parameters, body }, signal) {
      try {
        const answer = await client.transport.request(
          {
            method,
            path,
            ...(parameters === undefined ? {} : { querystring: { ...parameters } }),
            ...(body === undefined ? {} : { body: body as Record<string, unknown> }),
          },
          signal === undefined ? {} : { signal },
        );
        if (typeof answer !== 'object' || answer === null) throw notElasticsearch(where, String(answer));
        return answer as Record<string, unknown>;
      } catch (error) {
        throw explained(error, where, path);
      }
    },
    close: () => client.close(),
  };
}

type TransportOptions = ConstructorParameters<typeof Transport>[0];

/** Without the check for the product's name, and with the media types that every version knows. */
class PlainTransport extends Transport {
  constructor(options: TransportOptions) {
    const { vendoredHeaders: _ofVersion9, productCheck: _ofElastic, ...rest } = options;
    super(rest);
  }
}

type RawJson = { rawJSON(text: string): unknown };

/** Sort values of `date_nanos` have 19 digits: as numbers they would lose the last three, and `search_after` its place. */
class WholeNumberSerializer extends Serializer {
  override serialize(value: unknown): string {
    return JSON.stringify(value, (_key, each) =>
      typeof each === 'bigint' ? (JSON as unknown as RawJson).rawJSON(String(each)) : each,
    );
  }

  override deserialize<T = unknown>(json: string): T {
    try {
      // Only where there is such a number at all: a reviver makes parsing slow.
      if (!/[:,[]\s*-?\d{16}/.test(json)) return JSON.parse(json) as T;
      return JSON.parse(json, ((_key: string, value: unknown, context: { source?: string }) =>
        typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context.source ?? '')
          ? BigInt(context.source!)
          : value) as (key: string, value: unknown) => unknown) as T;
    } catch (error) {
      throw new errors.DeserializationError((error as Error).message, json);
    }
  }
}

function explained(error: unknown, where: string, path: string): ElasticsearchError {
  if (error instanceof ElasticsearchError) return error;
  if (error instanceof errors.ResponseError) {
    const { type, reason } = causeOf(error.meta.body);
    return new ElasticsearchError(
      error.statusCode ?? 0,
      type,
      sentence(error.statusCode ?? 0, type, reason, where, path),
    );
  }
  if (error instanceof errors.DeserializationError) return notElasticsearch(where, String(error.data));
  if (error instanceof errors.TimeoutError)
    return new ElasticsearchError(0, 'timeout', `${where} did not answer in time`);
  if (error instanceof errors.RequestAbortedError)
    return new ElasticsearchError(
      0,
      'aborted',
      /maximum allowed|too large|bigger/i.test(error.message)
        ? `${where} answers more than fits: ask for less`
        : 'the request was called off',
    );
  const message = error instanceof Error ? error.message : String(error);
  return new ElasticsearchError(0, 'connection', `${where} cannot be reached: ${withoutCredentials(message)}`);
}

function sentence(status: number, type: string, reason: string, where: string, path: string): string {
  if (status === 401) return `${where} refuses the credentials (401): give an API key, or user and password`;
  if (status === 403)
    return `${where} does not allow ${path} with these credentials (403)${reason === '' ? '' : `: ${reason}`}`;
  if (type === 'index_not_found_exception') return `${where} has no such index: ${reason}`;
  if (status === 404) return `${where} answers 404 to ${path}: is this Elasticsearch?`;
  if (status === 429) return `${where} is too busy to answer (429)${reason === '' ? '' : `: ${reason}`}`;
  return `${where} answers ${status}${type === '' ? '' : ` ${type}`}${reason === '' ? '' : `: ${reason}`}`;
}

/** The first cause that a person can do something about. */
function causeOf(body: unknown): { type: string; reason: string } {
  const error = (body as { error?: unknown } | null)?.error;
  if (typeof error === 'string') return { type: '', reason: error.slice(0, 300) };
  if (typeof error !== 'object' || error === null) return { type: '', reason: '' };
  const { root_cause: roots, type, reason } = error as Record<string, unknown>;
  const root = Array.isArray(roots) ? (roots[0] as Record<string, unknown> | undefined) : undefined;
  return { type: String(root?.['type'] ?? type ?? ''), reason: String(root?.['reason'] ?? reason ?? '').slice(0, 300) };
}

function notElasticsearch(where: string, answer: string): ElasticsearchError {
  const what = /^\s*</.test(answer) ? 'HTML' : answer.trim() === '' ? 'nothing' : 'something that is no JSON object';
  return new ElasticsearchError(0, 'not-elasticsearch', `${where} answers ${what}: is this Elasticsearch?`);
}
