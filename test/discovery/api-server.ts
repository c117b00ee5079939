/** A Kubernetes API server in miniature: list with pages, watch with versions, bookmarks, expiry and restarts. */
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';

interface Stored {
  readonly collection: string;
  readonly key: string;
  readonly object: Record<string, unknown> & { metadata: Record<string, unknown> };
}

interface Change {
  readonly version: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly stored: Stored;
}

interface Watcher {
  readonly response: http.ServerResponse;
  readonly matches: (stored: Stored) => boolean;
}

export class ApiServer {
  readonly requests: { path: string; query: URLSearchParams; authorization: string | undefined }[] = [];
  /** Answers every request with this status instead. */
  refuseWith: number | undefined;
  #server: http.Server | undefined;
  #port = 0;
  #version = 100;
  /** Watches from before this version are refused as expired. */
  #oldest = 0;
  readonly #objects = new Map<string, Stored>();
  readonly #history: Change[] = [];
  readonly #watchers = new Set<Watcher>();

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get watchCount(): number {
    return this.#watchers.size;
  }

  async start(): Promise<void> {
    const server = http.createServer((request, response) => this.#answer(request, response));
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    this.#watchers.clear();
    server?.closeAllConnections();
    await new Promise<void>((resolve) => (server === undefined ? resolve() : server.close(() => resolve())));
  }

  /** Adds or changes. */
  put(collection: string, object: { metadata: Record<string, unknown> } & Record<string, unknown>): void {
    const version = ++this.#version;
    const { namespace = '', name } = object.metadata;
    const key = `${collection}/${namespace}/${name}`;
    const type = this.#objects.has(key) ? 'MODIFIED' : 'ADDED';
    const stored = {
      collection,
      key,
      object: { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } },
    };
    this.#objects.set(key, stored);
    this.#record({ version, type, stored });
  }

  remove(collection: string, namespace: string, name: string): void {
    const key = `${collection}/${namespace}/${name}`;
    const stored = this.#objects.get(key)!;
    this.#objects.delete(key);
    this.#record({ version: ++this.#version, type: 'DELETED', stored });
  }

  /** Forgets all history, as etcd's compaction does; open watches are told so. */
  expire(): void {
    this.#oldest = ++this.#version;
    this.#history.length = 0;
    for (const { response } of this.#watchers) {
      const status = { kind: 'Status', code: 410, reason: 'Expired', message: 'too old resource version' };
      response.end(`${JSON.stringify({ type: 'ERROR', object: status })}\n`);
    }
    this.#watchers.clear();
  }

  bookmark(): void {
    const object = { metadata: { resourceVersion: String(++this.#version) } };
    for (const { response } of this.#watchers) response.write(`${JSON.stringify({ type: 'BOOKMARK', object })}\n`);
  }

  endWatches(): void {
    for (const { response } of this.#watchers) response.end();
    this.#watchers.clear();
  }

  #record(change: Change): void {
    this.#history.push(change);
    for (const { response, matches } of this.#watchers) if (matches(change.stored)) send(response, change);
  }

  #answer(request: http.IncomingMessage, response: http.ServerResponse): void {
    const url = new URL(request.url!, this.url);
    this.requests.push({ path: url.pathname, query: url.searchParams, authorization: request.headers.authorization });
    if (this.refuseWith !== undefined) {
      response.writeHead(this.refuseWith).end(JSON.stringify({ kind: 'Status', message: 'not for you' }));
      return;
    }
    const [, namespace, collection] =
      /^\/apis?\/[^/]+(?:\/v1)?\/(?:namespaces\/([^/]+)\/)?([a-z]+)$/.exec(url.pathname) ?? [];
    const label = url.searchParams.get('labelSelector')?.split('=');
    const matches = (stored: Stored): boolean => {
      const labels = (stored.object.metadata['labels'] ?? {}) as Record<string, string>;
      return (
        stored.collection === collection &&
        (namespace === undefined || stored.object.metadata['namespace'] === namespace) &&
        (label === undefined || labels[label[0]!] === label[1])
      );
    };
    response.setHeader('content-type', 'application/json');
    if (url.searchParams.get('watch') === '1') this.#watch(url, response, matches);
    else this.#list(url, response, matches);
  }

  #list(url: URL, response: http.ServerResponse, matches: (stored: Stored) => boolean): void {
    const all = [...this.#objects.values()].filter(matches).map((stored) => stored.object);
    const from = Number(url.searchParams.get('continue') ?? 0);
    const to = from + Math.min(2, Number(url.searchParams.get('limit')));
    const metadata = { resourceVersion: String(this.#version), ...(to < all.length && { continue: String(to) }) };
    response.end(JSON.stringify({ kind: 'List', metadata, items: all.slice(from, to) }));
  }

  #watch(url: URL, response: http.ServerResponse, matches: (stored: Stored) => boolean): void {
    const from = Number(url.searchParams.get('resourceVersion'));
    if (from < this.#oldest) {
      response.writeHead(410).end(JSON.stringify({ kind: 'Status', code: 410, message: 'too old resource version' }));
      return;
    }
    response.flushHeaders();
    for (const change of this.#history) {
      if (change.version > from && matches(change.stored)) send(response, change);
    }
    const watcher = { response, matches };
    this.#watchers.add(watcher);
    response.on('close', () => this.#watchers.delete(watcher));
  }
}

function send(response: http.ServerResponse, { type, stored }: Change): void {
  const line = `${JSON.stringify({ type, object: stored.object })}\n`;
  // In two pieces, since a line need not come in one.
  response.write(line.slice(0, 20));
  response.write(line.slice(20));
}
