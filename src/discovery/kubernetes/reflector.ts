/** A copy of one collection of the Kubernetes API, kept up to date by listing it once and watching it from there. */
import type { Clock, Timer } from '../../config/clock.ts';
import { type HttpClient, HttpError } from '../../http/client.ts';
import { objectKey } from './meta.ts';
import type { KubernetesObject } from './objects.ts';

export interface ReflectorDeps {
  readonly client: HttpClient;
  readonly clock: Clock;
  /** A number from 0 to below 1. */
  random(): number;
  /** Something in `objects` has changed, or the first list is complete. */
  onChange(): void;
  /** Empty: all is well again. */
  onFault(fault: string): void;
}

const PAGE_SIZE = 500;
const LIST_TIMEOUT_MS = 60_000;
const LEAST_BACKOFF_MS = 800;
const MOST_BACKOFF_MS = 30_000;
/** The server is asked to end a watch after this time to twice this time, so that watches do not end all at once. */
const LEAST_WATCH_SECONDS = 300;
/** A watch that ends sooner than this, having brought nothing, counts as failed. */
const SHORT_WATCH_MS = 1000;
const LARGEST_LIST_BYTES = 512 << 20;

/** The API no longer has the history from the asked version on: only a new list helps. */
class Expired extends Error {}

export class Reflector {
  /** By `namespace/name`. */
  readonly objects = new Map<string, KubernetesObject>();
  isSynced = false;
  readonly #deps: ReflectorDeps;
  /** The collection's URL. */
  readonly #url: string;
  readonly #selectors: Readonly<Record<string, string>>;
  readonly #stopping = new AbortController();
  #version = '';
  #failures = 0;
  #pause: { readonly timer: Timer; readonly resume: () => void } | undefined;

  constructor(deps: ReflectorDeps, url: string, selectors: Readonly<Record<string, string>>) {
    this.#deps = deps;
    this.#url = url;
    this.#selectors = selectors;
  }

  /** Goes on until `stop`. */
  async run(): Promise<void> {
    let mustList = true;
    while (!this.#stopping.signal.aborted) {
      try {
        if (mustList) await this.#list();
        mustList = false;
        await this.#watch();
      } catch (error) {
        if (this.#stopping.signal.aborted) return;
        // An expired version is the API's ordinary way to ask for a new list; one that expires at once again is not.
        if (error instanceof Expired) mustList = true;
        else this.#deps.onFault((error as Error).message);
        await this.#backOff();
      }
    }
  }

  stop(): void {
    this.#stopping.abort();
    this.#pause?.timer.cancel();
    this.#pause?.resume();
  }

  async #list(): Promise<void> {
    const found = new Map<string, KubernetesObject>();
    let next = '';
    let version = '';
    do {
      const page = await this.#page(next);
      for (const object of page.items ?? []) found.set(objectKey(object), object);
      next = page.metadata?.continue ?? '';
      version = page.metadata?.resourceVersion ?? '';
    } while (next !== '');
    this.objects.clear();
    for (const [key, object] of found) this.objects.set(key, object);
    this.#version = version;
    this.isSynced = true;
    this.#deps.onFault('');
    this.#deps.onChange();
  }

  async #page(next: string): Promise<ObjectList> {
    const answer = await this.#deps.client.request({
      url: this.#query({ limit: String(PAGE_SIZE), ...(next !== '' && { continue: next }) }),
      headers: { accept: 'application/json' },
      timeoutMs: LIST_TIMEOUT_MS,
      maxBodyBytes: LARGEST_LIST_BYTES,
      signal: this.#stopping.signal,
    });
    if (answer.status !== 200) throw refusal(answer.status, answer.statusText, answer.body);
    return JSON.parse(Buffer.from(answer.body).toString('utf8')) as ObjectList;
  }

  /** Takes up events until the server ends the watch, as it does now and then. */
  async #watch(): Promise<void> {
    const seconds = Math.floor(LEAST_WATCH_SECONDS * (1 + this.#deps.random()));
    const beganMs = this.#deps.clock.nowMs();
    const answer = await this.#deps.client.stream({
      url: this.#query({
        watch: '1',
        allowWatchBookmarks: 'true',
        resourceVersion: this.#version,
        timeoutSeconds: String(seconds),
      }),
      headers: { accept: 'application/json' },
      // A connection that died without a word would otherwise be waited on for ever.
      timeoutMs: (seconds + 30) * 1000,
      signal: this.#stopping.signal,
    });
    if (answer.status !== 200) throw refusal(answer.status, answer.statusText, await gather(answer.chunks));
    this.#deps.onFault('');
    let events = 0;
    for await (const event of eventsOf(answer.chunks)) {
      this.#take(event);
      this.#failures = 0;
      events++;
    }
    if (events === 0 && this.#deps.clock.nowMs() - beganMs < SHORT_WATCH_MS) {
      if (this.#failures > 0) throw new Error('the API server ends watches as soon as they begin');
      await this.#backOff();
      return;
    }
    this.#failures = 0;
  }

  #take({ type, object }: WatchEvent): void {
    if (type === 'ERROR') {
      const { code = 0, message = 'unknown' } = object as ErrorStatus;
      throw code === 410 ? new Expired(message) : new Error(`the watch failed: ${message}`);
    }
    this.#version = object.metadata?.resourceVersion ?? this.#version;
    if (type === 'BOOKMARK') return;
    if (type === 'DELETED') this.objects.delete(objectKey(object));
    else this.objects.set(objectKey(object), object);
    this.#deps.onChange();
  }

  #query(parameters: Readonly<Record<string, string>>): string {
    return `${this.#url}?${new URLSearchParams({ ...this.#selectors, ...parameters })}`;
  }

  async #backOff(): Promise<void> {
    const longest = Math.min(MOST_BACKOFF_MS, LEAST_BACKOFF_MS * 2 ** this.#failures++);
    await new Promise<void>((resume) => {
      const timer = this.#deps.clock.after(longest * (0.5 + this.#deps.random() / 2), resume);
      this.#pause = { timer, resume };
    });
    this.#pause = undefined;
  }
}

interface ObjectList {
  readonly metadata?: { readonly resourceVersion?: string; readonly continue?: string };
  readonly items?: readonly KubernetesObject[] | null;
}

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: KubernetesObject;
}

interface ErrorStatus extends KubernetesObject {
  readonly code?: number;
  readonly message?: string;
}

function refusal(status: number, statusText: string, body: Uint8Array): Error {
  let message = '';
  try {
    message = (JSON.parse(Buffer.from(body).toString('utf8')) as ErrorStatus).message ?? '';
  } catch {
    // A proxy before the API server answers in its own words; the status says enough.
  }
  // A server that was set back to an earlier state does not know of a version that it gave out before.
  if (status === 410 || message.includes('Too large resource version')) return new Expired(message);
  return new HttpError(
    'other',
    `the API server answered ${status} ${statusText}${message === '' ? '' : `: ${message}`}`,
  );
}

async function gather(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
}

/** One JSON value a line. */
async function* eventsOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<WatchEvent> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of chunks) {
    rest += decoder.decode(chunk, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop()!;
    for (const line of lines) if (line.trim() !== '') yield JSON.parse(line) as WatchEvent;
  }
}
