/** The winston transport to Elasticsearch or OpenSearch, which writes each record once whatever the server refuses. */
import { randomUUID } from 'node:crypto';
import type * as Winston from 'winston';
import type * as WinstonElasticsearch from 'winston-elasticsearch';
import { loadPackage } from './optional-package.ts';
import { redactText } from './redact.ts';
import { untraced } from './trace-context.ts';

export interface LogElasticsearchOptions {
  /** May hold user and password. */
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly apiKey?: string | undefined;
  /** Indices are `PREFIX-YYYY.MM.DD`, by the day of the record; `logs-SERVICE` by default. */
  readonly indexPrefix?: string | undefined;
}

export function elasticsearchTransport(options: LogElasticsearchOptions, service: string): Winston.transport {
  const { ElasticsearchTransport } = loadPackage<typeof WinstonElasticsearch>(
    'winston-elasticsearch',
    'sending logs to Elasticsearch',
  );
  return new ElasticsearchTransport({
    level: 'info',
    // Named by the day of each record: a name made once at start would never change.
    indexPrefix: options.indexPrefix ?? `logs-${service.toLowerCase()}`,
    indexSuffixPattern: 'YYYY.MM.DD',
    bufferLimit: 10_000,
    // It makes a list of that length, and counts tries between which `cluster.health` waits.
    retryLimit: 10_000,
    ensureIndexTemplate: false,
    client: bulkClient(options) as never,
    // The same document as in the files, so that both are searched by the same fields.
    transformer: ({ level, message, meta }) => ({ ...meta, level: level.toUpperCase(), message }),
  });
}

const TIMEOUT_MS = 30_000;
const LONGEST_PAUSE_MS = 30_000;
const SAY_AGAIN_MS = 60_000;
/** Too busy, or a node that is away: worth another try. */
const LATER = new Set([429, 502, 503, 504]);

/** An action and its document in turn, as the transport collects them. */
type BulkBody = readonly Readonly<Record<string, unknown>>[];

interface BulkAnswer {
  readonly items?: readonly Readonly<
    Record<string, { readonly status: number; readonly error?: { readonly type?: string; readonly reason?: string } }>
  >[];
}

/**
 * What the transport asks of a client. Elasticsearch's own refuses to speak with OpenSearch. And the transport sends a
 * whole bulk again, hundreds of times, where one record of it is refused for good (a field of another type); here
 * such a record is told and left out, only what is worth another try is sent again, and under the same id.
 */
function bulkClient(options: LogElasticsearchOptions) {
  const { base, authorization } = connectionOf(options);
  const ids = new WeakMap<object, string>();
  const say = sayNowAndThen();
  /** Bulks that failed in a row: a server that answers may still not take them. */
  let failed = 0;

  const ask = async (method: string, path: string, body?: string): Promise<Response> => {
    const request = {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/x-ndjson' }),
        ...(authorization === undefined ? {} : { authorization }),
      },
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(TIMEOUT_MS),
    };
    const response = await untraced(() => fetch(`${base}${path}`, request));
    if (response.ok) return response;
    await response.body?.cancel();
    throw new Error(`${base} answers ${response.status}`);
  };

  const bulk = async ({ body }: { readonly body: BulkBody }): Promise<{ readonly errors: false }> => {
    let left: readonly BulkLine[] = linesOf(body, ids);
    for (let attempt = 0; left.length > 0; attempt++) {
      if (attempt > 0) await pause(pauseMs(attempt));
      let answer: BulkAnswer;
      try {
        const response = await ask('POST', '/_bulk', left.map(({ text }) => text).join(''));
        answer = (await response.json()) as BulkAnswer;
      } catch (error) {
        failed += 1;
        say(reasonOf(error));
        // The transport keeps them, and waits for `cluster.health`.
        throw error;
      }
      left = left.filter((_line, i) => {
        const { status, error } = Object.values(answer.items?.[i] ?? {})[0] ?? { status: 200 };
        // 409: it had arrived, only the answer had not.
        if (status < 300 || status === 409) return false;
        say(
          `${LATER.has(status) ? 'kept for later' : 'a record is lost'}: ${error?.type ?? status}: ${error?.reason ?? ''}`,
        );
        return LATER.has(status);
      });
    }
    failed = 0;
    return { errors: false };
  };

  /** Settles when the server answers: the transport then goes on. */
  const health = async (): Promise<object> => {
    if (failed > 0) await pause(pauseMs(failed));
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await ask('GET', '/');
        await response.body?.cancel();
        return {};
      } catch (error) {
        say(reasonOf(error));
        await pause(pauseMs(attempt));
      }
    }
  };
  return { bulk, cluster: { health } };
}

interface BulkLine {
  readonly text: string;
}

function linesOf(body: BulkBody, ids: WeakMap<object, string>): BulkLine[] {
  const lines: BulkLine[] = [];
  for (let i = 0; i + 1 < body.length; i += 2) {
    const document = body[i + 1]!;
    const action = (body[i]!['index'] ?? body[i]!['create']) as { readonly _index: string };
    const id = ids.get(document) ?? randomUUID();
    ids.set(document, id);
    // `create`, because a name such as logs-shop-2026.01.31 is a data stream in Elasticsearch, which takes nothing else.
    const create = JSON.stringify({ create: { _index: action._index, _id: id } });
    lines.push({ text: `${create}\n${JSON.stringify(document)}\n` });
  }
  return lines;
}

function connectionOf(options: LogElasticsearchOptions): { base: string; authorization: string | undefined } {
  const url = new URL(options.url);
  const user = options.username ?? decodeURIComponent(url.username);
  const password = options.username === undefined ? decodeURIComponent(url.password) : (options.password ?? '');
  url.username = '';
  url.password = '';
  const authorization =
    options.apiKey !== undefined
      ? `ApiKey ${options.apiKey}`
      : user !== ''
        ? `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
        : undefined;
  return { base: url.href.replace(/\/+$/, ''), authorization };
}

/** To standard error, the same not more than once a minute. */
function sayNowAndThen(): (text: string) => void {
  const said = new Map<string, number>();
  return (text) => {
    const nowMs = performance.now();
    if (nowMs - (said.get(text) ?? Number.NEGATIVE_INFINITY) < SAY_AGAIN_MS) return;
    if (said.size > 50) said.clear();
    said.set(text, nowMs);
    process.stderr.write(`logger: Elasticsearch: ${redactText(text)}\n`);
  };
}

function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message}: ${cause.message || (cause as NodeJS.ErrnoException).code}` : message;
}

function pauseMs(attempt: number): number {
  return Math.min(LONGEST_PAUSE_MS, 500 * 2 ** attempt);
}

/** Does not keep a process alive that has nothing else to do. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref());
}
