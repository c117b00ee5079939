/** The HTTP client on axios: credentials, TLS, proxies, redirects, time-outs and body limits as prometheus/common's `http_config` has them. */
import type { IncomingMessage } from 'node:http';
import axios, { type AxiosRequestConfig } from 'axios';
import type { HttpClientConfig } from '../config/http-config.ts';
import { AgentPool } from './agents.ts';
import { collectBody, decodedStream } from './body.ts';
import { BodyPool } from './body-buffer.ts';
import { type HttpClient, HttpError, type HttpRequest, type HttpResponse } from './client.ts';
import { Credentials } from './credentials.ts';
import { asHttpError, hostOf } from './fault.ts';
import { proxyChooser } from './proxy.ts';

/** As Go's client: the tenth is not followed any more. */
const MOST_REDIRECTS = 9;

export interface HttpClientOptions {
  readonly userAgent?: string | undefined;
  /** Where `proxy_from_environment` reads from. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** Unix milliseconds, for the life of OAuth2 tokens. */
  readonly nowMs?: (() => number) | undefined;
}

/** Throws nothing: what is wrong with files or certificates shows on the first request, as an HttpError. */
export function createHttpClient(config: HttpClientConfig, options: HttpClientOptions = {}): HttpClient {
  return new AxiosHttpClient(config, options);
}

/** An answer whose body has not been read. */
interface OpenAnswer {
  readonly message: IncomingMessage;
  readonly status: number;
  readonly statusText: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly url: string;
}

class AxiosHttpClient implements HttpClient {
  readonly #config: HttpClientConfig;
  readonly #agents: AgentPool;
  readonly #credentials: Credentials;
  readonly #proxyFor: (url: URL) => URL | undefined;
  readonly #userAgent: string;

  constructor(config: HttpClientConfig, options: HttpClientOptions) {
    this.#config = config;
    this.#agents = new AgentPool(config);
    this.#proxyFor = proxyChooser(config, options.environment ?? process.env);
    this.#userAgent = options.userAgent ?? 'watchfire';
    this.#credentials = new Credentials(config, {
      nowMs: options.nowMs ?? Date.now,
      clientFor: (each) => createHttpClient(each, options),
    });
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    const deadline = new Deadline(request);
    try {
      const answer = await this.#open(request, deadline.signal);
      const { message, ...rest } = answer;
      const wanted = request.bodyWanted === undefined || request.bodyWanted(answer.status, answer.headers);
      if (!wanted) message.destroy();
      const body = wanted
        ? await collectBody(message, request.maxBodyBytes ?? 0, request.into ?? new BodyPool().body())
        : new Uint8Array(0);
      return { ...rest, body };
    } catch (error) {
      throw asHttpError(error, request, deadline.expired);
    } finally {
      deadline.end();
    }
  }

  async stream(
    request: HttpRequest,
  ): Promise<Omit<HttpResponse, 'body'> & { readonly chunks: AsyncIterable<Uint8Array> }> {
    const deadline = new Deadline(request);
    try {
      const { message, ...rest } = await this.#open(request, deadline.signal);
      return { ...rest, chunks: chunksOf(message, request, deadline) };
    } catch (error) {
      deadline.end();
      throw asHttpError(error, request, deadline.expired);
    }
  }

  close(): void {
    this.#agents.close();
    this.#credentials.close();
  }

  /** Sends the request and follows redirects until an answer that is none. */
  async #open(request: HttpRequest, signal: AbortSignal): Promise<OpenAnswer> {
    const first = new URL(request.url);
    let url = first;
    let method: NonNullable<HttpRequest['method']> = request.method ?? 'GET';
    let body = request.body;
    let withCredentials = true;
    for (let hops = 0; ; hops++) {
      const headers = await this.#headers(request, url, withCredentials, signal);
      const answer = await this.#send({ ...request, method, body }, url, headers, signal);
      const location = answer.headers['location'];
      if (!this.#config.followRedirects || !isRedirect(answer.status) || location === undefined) return answer;
      answer.message.destroy();
      if (hops === MOST_REDIRECTS) {
        throw new HttpError('too-many-redirects', `${hostOf(first)} redirects without end: stopped after 10 redirects`);
      }
      url = redirectTarget(location, url);
      withCredentials &&= sameOrBelow(first.hostname, url.hostname);
      const keepsMethod = answer.status === 307 || answer.status === 308 || method === 'GET';
      if (!keepsMethod) {
        method = 'GET';
        body = undefined;
      }
    }
  }

  async #headers(
    request: HttpRequest,
    url: URL,
    withCredentials: boolean,
    signal: AbortSignal,
  ): Promise<Record<string, string | string[]>> {
    const headers: Record<string, string | string[]> = {
      'user-agent': this.#userAgent,
      'accept-encoding': 'gzip, br',
      accept: '*/*',
    };
    for (const [name, value] of Object.entries(request.headers ?? {})) headers[name.toLowerCase()] = value;
    await this.#credentials.applyHeaders(headers);
    if (!withCredentials) for (const name of CREDENTIAL_HEADERS) delete headers[name];
    await this.#credentials.applyAuthorization(headers, url, withCredentials, signal);
    return headers;
  }

  async #send(
    request: HttpRequest,
    url: URL,
    headers: Record<string, string | string[]>,
    signal: AbortSignal,
  ): Promise<OpenAnswer> {
    const target = new URL(url);
    target.username = '';
    target.password = '';
    const route = await this.#agents.route(target, this.#proxyFor(target));
    const options: AxiosRequestConfig = {
      ...FIXED,
      url: target.href,
      method: request.method ?? 'GET',
      headers: { ...headers, ...route.headers },
      data: typeof request.body === 'string' ? Buffer.from(request.body) : bufferOf(request.body),
      signal,
      ...route.axios,
    };
    const { data, status, statusText } = await this.#sendOnceMore(options);
    const message = data as IncomingMessage;
    return { message, status, statusText, headers: flatHeaders(message), url: target.href };
  }

  /** A kept-alive connection may have been closed by the other side just now: such a request is sent again, once. */
  async #sendOnceMore(options: AxiosRequestConfig) {
    try {
      return await axios.request(options);
    } catch (error) {
      const reused = axios.isAxiosError(error) && error.request?.reusedSocket === true;
      const wasReset = axios.isAxiosError(error) && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
      if (!reused || !wasReset || options.method !== 'GET') throw error;
      return await axios.request(options);
    }
  }
}

/** Axios only carries: bodies, redirects, encodings and proxies from the environment are dealt with here. */
const FIXED: AxiosRequestConfig = {
  responseType: 'stream',
  decompress: false,
  maxRedirects: 0,
  maxBodyLength: Number.POSITIVE_INFINITY,
  maxContentLength: -1,
  timeout: 0,
  proxy: false,
  validateStatus: () => true,
  // Small devices end header lines with a line feed alone, which Go's client takes. What Node fears of a lenient parser is harm to other
  // clients of one connection; these connections have none.
  insecureHTTPParser: true,
  transformRequest: [(body: unknown) => body],
  transformResponse: [(body: unknown) => body],
};

const CREDENTIAL_HEADERS = new Set(['authorization', 'cookie', 'cookie2', 'www-authenticate', 'proxy-authorization']);

function isRedirect(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

/**
 * As Go's client, credentials go to the host they were written for and to those below it, whatever port and scheme; once a redirect has led
 * elsewhere, they are sent no more, not even when the next one leads back.
 */
function sameOrBelow(host: string, other: string): boolean {
  return host === other || (other.endsWith(`.${host}`) && !/[:%]/.test(other));
}

function redirectTarget(location: string, from: URL): URL {
  let target: URL;
  try {
    target = new URL(location, from);
  } catch {
    throw new HttpError('other', `${hostOf(from)} redirects to something that is no URL`);
  }
  if (target.protocol === 'http:' || target.protocol === 'https:') return target;
  throw new HttpError('other', `${hostOf(from)} redirects to the unsupported scheme ${target.protocol.slice(0, -1)}`);
}

function bufferOf(bytes: Uint8Array | undefined): Buffer | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function flatHeaders(message: IncomingMessage): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(message.headers)) {
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return headers;
}

/** The caller's signal and the request's time-out as one signal. */
class Deadline {
  readonly #controller = new AbortController();
  readonly #outer: AbortSignal | undefined;
  readonly #timer: NodeJS.Timeout | undefined;
  readonly #abort = (): void => this.#controller.abort();
  expired = false;

  constructor(request: HttpRequest) {
    this.#outer = request.signal;
    if (this.#outer?.aborted) this.#abort();
    else this.#outer?.addEventListener('abort', this.#abort);
    if (request.timeoutMs !== undefined) {
      this.#timer = setTimeout(() => {
        this.expired = true;
        this.#abort();
      }, request.timeoutMs);
    }
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#outer?.removeEventListener('abort', this.#abort);
  }
}

async function* chunksOf(
  message: IncomingMessage,
  request: HttpRequest,
  deadline: Deadline,
): AsyncGenerator<Uint8Array> {
  let received = 0;
  try {
    for await (const chunk of decodedStream(message)) {
      received += (chunk as Buffer).length;
      if (request.maxBodyBytes && received > request.maxBodyBytes) {
        throw new HttpError('body-too-large', `the body exceeds the limit of ${request.maxBodyBytes} bytes`);
      }
      yield chunk as Buffer;
    }
  } catch (error) {
    throw asHttpError(error, request, deadline.expired);
  } finally {
    deadline.end();
    message.destroy();
  }
}
