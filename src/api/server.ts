/** Serves a table of routes over HTTP: compression, cross-origin headers, limits, authentication, and a graceful end. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type AccessRules, isAllowed, isLoopback } from './access.ts';
import { BodyTooLargeError, readBody } from './request-body.ts';
import { sendResponse } from './response-writer.ts';
import type { ApiRequest, ApiResponse, Route } from './route.ts';
import { findRoute } from './route-table.ts';

export interface ApiServerOptions extends AccessRules {
  /** `HOST:PORT`; port 0 takes a free one. */
  readonly listen: string;
  /** Asked anew for each request where it is a function. */
  readonly routes: readonly Route[] | (() => readonly Route[]);
  /** Listen beyond loopback without any authentication. */
  readonly allowInsecure?: boolean | undefined;
  readonly maxBodyBytes?: number | undefined;
  readonly maxConnections?: number | undefined;
  /** Told of a handler that threw: a fault of the program. */
  readonly report?: ((text: string) => void) | undefined;
}

export interface ApiServer {
  readonly url: string;
  readonly port: number;
  /** Takes no more requests, lets running ones end for a moment, then cuts them off. */
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 64 * 1024 * 1024;
/** As Prometheus' `--web.max-connections`. */
const MAX_CONNECTIONS = 512;
/** A peer that neither reads nor writes for so long is gone. */
const SOCKET_IDLE_MS = 300_000;
const CLOSE_GRACE_MS = 2_000;

/** Rejects with an Error whose message is one sentence: the address is bad, taken, or open to the network without authentication. */
export async function createApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { host, port } = splitAddress(options.listen);
  const authenticated = options.basicAuth !== undefined || options.bearerToken !== undefined;
  if (!isLoopback(host) && !authenticated && !options.allowInsecure) {
    const name = host === '' ? 'all interfaces' : host;
    throw new Error(
      `refusing to listen on ${name} without authentication: anybody on the network could read everything and silence alerts; listen on 127.0.0.1, set a password, or insist with --listen-insecurely`,
    );
  }
  const server = createServer((request, response) => {
    void serve(request, response, options).catch((error: unknown) => {
      options.report?.(`request ${request.method} ${request.url?.split('?')[0]}: ${String(error)}`);
      response.destroy();
    });
  });
  server.maxConnections = options.maxConnections ?? MAX_CONNECTIONS;
  server.headersTimeout = 15_000;
  server.requestTimeout = 60_000;
  server.keepAliveTimeout = 65_000;
  server.timeout = SOCKET_IDLE_MS;
  server.on('clientError', (_error, socket) => {
    if (socket.writable) socket.end('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
    else socket.destroy();
  });
  await listen(server, host, port, options.listen);
  const address = server.address() as AddressInfo;
  const shown = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return { url: `http://${shown}:${address.port}`, port: address.port, close: () => close(server) };
}

async function serve(incoming: IncomingMessage, response: ServerResponse, options: ApiServerOptions): Promise<void> {
  const headers = flatHeaders(incoming);
  const url = parseUrl(incoming.url ?? '/');
  const send = (answer: ApiResponse): Promise<void> => {
    return sendResponse(incoming, response, {
      ...answer,
      headers: { ...crossOrigin(url.pathname, headers), ...answer.headers },
    });
  };
  if (!isAllowed(headers['authorization'], options)) {
    return send({
      status: 401,
      contentType: 'text/plain; charset=utf-8',
      headers: { 'WWW-Authenticate': options.basicAuth ? 'Basic realm="watchfire"' : 'Bearer' },
      body: 'Unauthorized\n',
    });
  }
  const cleaned = withoutDoubleSlashes(incoming.url ?? '/');
  if (cleaned !== undefined) return send({ status: 307, headers: { Location: cleaned }, body: '' });
  const routes = typeof options.routes === 'function' ? options.routes() : options.routes;
  const found = findRoute(routes, incoming.method ?? 'GET', url.pathname);
  if (found.kind !== 'found') return send(found.answer);

  const controller = new AbortController();
  response.once('close', () => {
    if (!response.writableFinished) controller.abort();
  });
  let request: ApiRequest;
  try {
    const body = await readBody(incoming, options.maxBodyBytes ?? MAX_BODY_BYTES);
    request = {
      method: incoming.method ?? 'GET',
      path: url.pathname,
      params: found.params,
      query: await withForm(url.searchParams, headers['content-type'], body),
      headers,
      body,
      signal: controller.signal,
    };
  } catch (error) {
    if (!(error instanceof BodyTooLargeError)) return void response.destroy();
    const body = 'the request body is too large\n';
    return send({ status: 413, contentType: 'text/plain; charset=utf-8', headers: { Connection: 'close' }, body });
  }
  let answer: ApiResponse;
  try {
    answer = await found.route.handle(request);
  } catch (error) {
    if (controller.signal.aborted) return;
    options.report?.(`${request.method} ${request.path}: ${error instanceof Error ? error.message : String(error)}`);
    const body = JSON.stringify({ status: 'error', errorType: 'internal', error: 'internal error' });
    answer = { status: 500, body };
  }
  if (!controller.signal.aborted) await send(answer);
}

/** A target that is no URL (`*`, an absolute one of another host) still has a path. */
function parseUrl(target: string): URL {
  try {
    return new URL(target, 'http://localhost');
  } catch {
    return new URL('http://localhost/');
  }
}

function flatHeaders(incoming: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(incoming.headers)) {
    if (value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}

/** Where a client joined a base that ends in a slash and a path that begins with one: the target to ask instead, as from Prometheus. */
function withoutDoubleSlashes(target: string): string | undefined {
  const [path = ''] = target.split('?', 1);
  if (!path.startsWith('/') || !path.includes('//')) return undefined;
  return path.replace(/\/{2,}/g, '/') + target.slice(path.length);
}

/** With the fields of a form, which as in Go stand before those of the query string, and behind them where the form has several parts. */
async function withForm(
  query: URLSearchParams,
  contentType: string | undefined,
  body: Uint8Array,
): Promise<URLSearchParams> {
  const type = contentType?.toLowerCase() ?? '';
  if (type.startsWith('application/x-www-form-urlencoded')) {
    return new URLSearchParams([...new URLSearchParams(Buffer.from(body).toString('utf8')), ...query]);
  }
  if (!type.startsWith('multipart/form-data')) return query;
  const response = new Response(Buffer.from(body), { headers: { 'Content-Type': contentType! } });
  // What is no form has no fields.
  const form = await response.formData().catch(() => new FormData());
  const fields = [...form].filter((field): field is [string, string] => typeof field[1] === 'string');
  return new URLSearchParams([...query, ...fields]);
}

/** Prometheus lets every page read its API; nothing here is told by cookies. */
function crossOrigin(path: string, headers: Readonly<Record<string, string>>): Record<string, string> {
  if (headers['origin'] === undefined || !path.startsWith('/api/')) return {};
  return {
    'Access-Control-Allow-Origin': '*',
    'Access-Control-Allow-Headers': 'Accept, Authorization, Content-Type, Origin',
    'Access-Control-Allow-Methods': 'GET, POST, OPTIONS',
    'Access-Control-Expose-Headers': 'Date',
  };
}

function splitAddress(listen: string): { readonly host: string; readonly port: number } {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(listen);
  const port = Number(match?.[3]);
  if (!match || port > 65_535)
    throw new Error(`cannot listen on ${JSON.stringify(listen)}: write HOST:PORT, such as 127.0.0.1:9090`);
  return { host: match[1] ?? match[2] ?? '', port };
}

function listen(server: Server, host: string, port: number, shown: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reasons: Readonly<Record<string, string>> = {
        EADDRINUSE: 'another program has that port: choose another, or end that program',
        EACCES: 'this user may not: choose a port above 1023',
        EADDRNOTAVAIL: 'this machine has no such address',
        ENOTFOUND: 'no such host',
      };
      reject(new Error(`cannot listen on ${shown}: ${reasons[error.code ?? ''] ?? error.message}`));
    });
    server.listen({ port, ...(host === '' ? {} : { host }) }, () => resolve());
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
    server.close(() => {
      clearTimeout(timer);
      resolve();
    });
    server.closeIdleConnections();
  });
}
