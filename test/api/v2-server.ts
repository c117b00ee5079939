/** A node:http server with nothing but Alertmanager's routes, over a given Alerting. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Alerting } from '../../src/alerting/alerting.ts';
import type { Route } from '../../src/api/route.ts';
import { alertmanagerRoutes } from '../../src/api/v2.ts';
import type { AlertSource } from '../../src/monitor/sources.ts';

/** The notifying half of an AlertSource; there are no rules. */
export function notifyingSource(alerting: Alerting): AlertSource {
  return {
    state: () => ({ kind: 'live', endpoint: 'local', sinceMs: 0 }),
    close: () => alerting.close(),
    ruleGroups: async () => [],
    alerts: async (filter) => alerting.alerts(filter),
    alertGroups: async (filter) => alerting.alertGroups(filter),
    postAlerts: (alerts) => alerting.postAlerts(alerts),
    silences: async () => alerting.silences(),
    silence: async (id) => alerting.silence(id),
    setSilence: (silence) => alerting.setSilence(silence),
    expireSilence: (id) => alerting.expireSilence(id),
    notifications: async (limit) => alerting.notifications(limit),
    notifierStatus: async () => alerting.status(),
    explain: async (title, labels) => ({ title, sections: labels === undefined ? [] : alerting.explain(labels) }),
  };
}

export interface V2Server {
  readonly url: string;
  close(): Promise<void>;
}

export async function serveV2(alerting: Alerting, more: readonly Route[] = [], port = 0): Promise<V2Server> {
  const routes = [
    ...alertmanagerRoutes(notifyingSource(alerting), { version: '0.1.0', nowMs: () => Date.now() }),
    ...more,
  ];
  const server = createServer((request, response) => void answer(routes, request, response));
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => end(server) };
}

async function answer(routes: readonly Route[], request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const body: Uint8Array[] = [];
  for await (const chunk of request) body.push(chunk);
  for (const route of routes) {
    const params = match(route.path, url.pathname);
    if (params === undefined || route.method !== request.method) continue;
    const answered = await route.handle({
      method: route.method,
      path: url.pathname,
      params,
      query: url.searchParams,
      headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name, String(value)])),
      body: Buffer.concat(body),
      signal: new AbortController().signal,
    });
    response.writeHead(answered.status, { 'Content-Type': answered.contentType ?? 'application/json' });
    response.end(answered.body as string);
    return;
  }
  response.writeHead(404).end();
}

function match(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    if (part.startsWith(':')) params[part.slice(1)] = decodeURIComponent(given[i]!);
    else if (part !== given[i]) return undefined;
  }
  return params;
}

function end(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
