/** Finds the route of a request in a table, or the answer where there is none. */
import type { ApiResponse, Route } from './route.ts';

export type RouteSearch =
  | { readonly kind: 'found'; readonly route: Route; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: 'not-found' | 'method-not-allowed' | 'preflight'; readonly answer: ApiResponse };

/** HEAD is served by the route of GET. The first route that fits counts. */
export function findRoute(routes: readonly Route[], method: string, path: string): RouteSearch {
  const wanted = method === 'HEAD' ? 'GET' : method;
  const segments = path.split('/');
  const others = new Set<string>();
  for (const route of routes) {
    const params = matchPath(route, segments);
    if (!params) continue;
    if (route.method === wanted) return { kind: 'found', route, params };
    others.add(route.method);
  }
  if (others.size === 0 && !(method === 'OPTIONS' && path.startsWith('/api/v1/'))) return notFound(path);
  if (method === 'OPTIONS') return { kind: 'preflight', answer: { status: 204, body: '' } };
  return methodNotAllowed(path, method, [...others].sort());
}

function notFound(path: string): RouteSearch {
  const answer: ApiResponse = path.startsWith('/api/v2/')
    ? { status: 404, body: `${JSON.stringify({ code: 404, message: `path ${path} was not found` })}\n` }
    : { status: 404, contentType: 'text/plain; charset=utf-8', body: '404 page not found\n' };
  return { kind: 'not-found', answer };
}

function methodNotAllowed(path: string, method: string, allowed: readonly string[]): RouteSearch {
  const message = `method ${method} is not allowed, but [${allowed.join(',')}] are`;
  const answer: ApiResponse = path.startsWith('/api/v2/')
    ? { status: 405, headers: { Allow: allowed.join(',') }, body: `${JSON.stringify({ code: 405, message })}\n` }
    : {
        status: 405,
        headers: { Allow: ['OPTIONS', ...allowed].sort().join(', ') },
        contentType: 'text/plain; charset=utf-8',
        body: 'Method Not Allowed\n',
      };
  return { kind: 'method-not-allowed', answer };
}

const patterns = new WeakMap<Route, readonly string[]>();

/** The values of the path's `:name` parts, undefined where the path does not fit. */
function matchPath(route: Route, segments: readonly string[]): Record<string, string> | undefined {
  let pattern = patterns.get(route);
  if (!pattern) {
    pattern = route.path.split('/');
    patterns.set(route, pattern);
  }
  if (pattern.length !== segments.length) return undefined;
  const params: Record<string, string> = Object.create(null);
  for (const [index, part] of pattern.entries()) {
    const segment = segments[index]!;
    if (part.startsWith(':')) {
      if (segment === '') return undefined;
      params[part.slice(1)] = decode(segment);
    } else if (part !== segment) return undefined;
  }
  return params;
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
