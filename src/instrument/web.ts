/** What the middleware needs of a request and a response: Node's own, with what Express (4 or 5) adds where it is there. */
import type { IncomingMessage, ServerResponse } from 'node:http';

export type WebRequest = IncomingMessage & {
  readonly originalUrl?: unknown;
  readonly baseUrl?: unknown;
  readonly route?: unknown;
  readonly params?: unknown;
  readonly ip?: unknown;
  readonly user?: unknown;
  requestId?: unknown;
};

export type WebMiddleware = (request: WebRequest, response: ServerResponse, next: (error?: unknown) => void) => void;

/** The status for a client that went away before the answer was complete (nginx' convention). */
const CLIENT_CLOSED_REQUEST = 499;

export const UNMATCHED_ROUTE = '<unmatched>';

/** Calls back exactly once: when the answer is sent, or when the client has gone before. */
export function onceAnswered(response: ServerResponse, callback: (statusCode: number) => void): void {
  let answered = false;
  const settle = (): void => {
    if (answered) return;
    answered = true;
    callback(response.writableFinished ? response.statusCode : CLIENT_CLOSED_REQUEST);
  };
  response.once('finish', settle);
  response.once('close', settle);
}

/**
 * The route as it was declared, e.g. `/orders/:id`, `<unmatched>` where none took the request: a path that somebody
 * made up must not become a label value. Values of parameters in the mount path are put back to their names.
 */
export function routeOf(request: WebRequest): string {
  const path = (request.route as { path?: unknown } | undefined)?.path;
  if (path === undefined || path === null) return UNMATCHED_ROUTE;
  const declared = Array.isArray(path) ? path.map(String).join('|') : String(path);
  const mounted = mountPath(request);
  if (declared === '/' && mounted !== '') return mounted;
  return `${mounted}${declared}`;
}

function mountPath(request: WebRequest): string {
  if (typeof request.baseUrl !== 'string' || request.baseUrl === '') return '';
  const names = new Map<string, string>();
  for (const [name, value] of Object.entries((request.params ?? {}) as Record<string, unknown>)) {
    if (typeof value === 'string' && value !== '') names.set(value, `:${name}`);
  }
  return request.baseUrl
    .split('/')
    .map((segment) => names.get(decoded(segment)) ?? segment)
    .join('/');
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** Path without its query string, which may hold secrets. */
export function pathOf(request: WebRequest): string {
  const url = typeof request.originalUrl === 'string' ? request.originalUrl : (request.url ?? '/');
  const end = url.search(/[?#]/);
  return end === -1 ? url : url.slice(0, end);
}

/** One of the known methods, or `_OTHER`, as OpenTelemetry has it: anybody can send any word. */
export function methodOf(request: WebRequest): string {
  const method = (request.method ?? '').toUpperCase();
  return KNOWN_METHODS.has(method) ? method : '_OTHER';
}

const KNOWN_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'CONNECT', 'OPTIONS', 'TRACE', 'PATCH']);

export function userIdOf(request: WebRequest): string | undefined {
  const id = (request.user as { id?: unknown } | undefined)?.id;
  return typeof id === 'string' || typeof id === 'number' ? String(id) : undefined;
}
