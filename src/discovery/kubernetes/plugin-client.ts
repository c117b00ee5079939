/** An HTTP client whose credentials come from a kubeconfig's plugin: asked for when one is needed, and again once it has expired or is refused. */
import type { HttpClientConfig } from '../../config/http-config.ts';
import { Secret } from '../../config/secret.ts';
import type { HttpClient, HttpRequest } from '../../http/client.ts';
import { type ExecCredential, type ExecPlugin, runPlugin } from './exec-credential.ts';

export interface PluginClientDeps {
  /** Unix milliseconds. */
  nowMs(): number;
  createHttpClient(config: HttpClientConfig): HttpClient;
}

interface Identified {
  readonly credential: ExecCredential;
  readonly client: HttpClient;
}

export class PluginClient implements HttpClient {
  readonly #deps: PluginClientDeps;
  readonly #plugin: ExecPlugin;
  readonly #config: HttpClientConfig;
  #current: Promise<Identified> | undefined;
  /** The client in use, and the one before it, on which watches may still run to their end. */
  #clients: readonly HttpClient[] = [];
  #certificate = '';

  constructor(deps: PluginClientDeps, plugin: ExecPlugin, config: HttpClientConfig) {
    this.#deps = deps;
    this.#plugin = plugin;
    this.#config = config;
  }

  request(request: HttpRequest): ReturnType<HttpClient['request']> {
    return this.#ask(request, (client, identified) => client.request(identified));
  }

  stream(request: HttpRequest): ReturnType<HttpClient['stream']> {
    return this.#ask(request, (client, identified) => client.stream(identified));
  }

  close(): void {
    for (const client of this.#clients) client.close();
  }

  async #ask<T extends { readonly status: number }>(
    request: HttpRequest,
    send: (client: HttpClient, request: HttpRequest) => Promise<T>,
  ): Promise<T> {
    let current = this.#identify();
    if (this.#deps.nowMs() >= (await current).credential.expiresMs) {
      this.#drop(current);
      current = this.#identify();
    }
    const { client, credential } = await current;
    const headers = { ...request.headers, authorization: `Bearer ${credential.token}` };
    const answer = await send(client, credential.token === '' ? request : { ...request, headers });
    if (answer.status === 401) this.#drop(current);
    return answer;
  }

  /** Requests at the same moment wait for the same run of the plugin; one that failed is not remembered. */
  #identify(): Promise<Identified> {
    if (this.#current !== undefined) return this.#current;
    const current = this.#renew();
    this.#current = current;
    current.catch(() => this.#drop(current));
    return current;
  }

  #drop(current: Promise<Identified>): void {
    if (this.#current === current) this.#current = undefined;
  }

  async #renew(): Promise<Identified> {
    const credential = await runPlugin(this.#plugin);
    return { credential, client: this.#clientFor(credential) };
  }

  /** A new one only where the certificate has changed: a token goes with each request. */
  #clientFor({ certificate, key }: ExecCredential): HttpClient {
    const [client, before] = this.#clients;
    if (client !== undefined && certificate === this.#certificate) return client;
    before?.close();
    const made = this.#deps.createHttpClient(
      certificate === ''
        ? this.#config
        : { ...this.#config, tls: { ...this.#config.tls, cert: certificate, key: new Secret(key) } },
    );
    this.#certificate = certificate;
    this.#clients = client === undefined ? [made] : [made, client];
    return made;
  }
}
