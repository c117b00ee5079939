/** Keep-alive agents with a configuration's TLS settings, made again when a certificate file changes, direct or through a proxy. */
import * as https from 'node:https';
import type { AxiosRequestConfig } from 'axios';
import type { HttpClientConfig } from '../config/http-config.ts';
import { HttpError } from './client.ts';
import { hostOf } from './fault.ts';
import { ReadingAgent } from './reading-agent.ts';
import { loadTls, type TlsMaterial } from './tls.ts';
import { TunnelAgent } from './tunnel.ts';

/** How axios reaches one URL. */
export interface Route {
  readonly axios: Pick<AxiosRequestConfig, 'httpAgent' | 'httpsAgent' | 'proxy'>;
  /** Headers for a proxy that reads the request itself. */
  readonly headers: Readonly<Record<string, string>>;
}

const KEEP_ALIVE = { keepAlive: true, maxFreeSockets: 64 };

export class AgentPool {
  readonly #config: HttpClientConfig;
  readonly #plain = new ReadingAgent(KEEP_ALIVE);
  #tls: TlsMaterial | undefined;
  #secure: https.Agent | undefined;
  readonly #tunnels = new Map<string, TunnelAgent>();

  constructor(config: HttpClientConfig) {
    this.#config = config;
  }

  /** Rejects with HttpError where a certificate file cannot be read or the proxy's scheme is unknown. */
  async route(url: URL, proxy: URL | undefined): Promise<Route> {
    if (proxy === undefined && url.protocol === 'http:') return { axios: { httpAgent: this.#plain }, headers: {} };
    await this.#refreshTls();
    if (proxy === undefined) return { axios: { httpsAgent: this.#secure }, headers: {} };
    if (proxy.protocol !== 'http:' && proxy.protocol !== 'https:') {
      const scheme = proxy.protocol.slice(0, -1);
      throw new HttpError(
        'proxy',
        `the proxy ${hostOf(proxy)} has the scheme ${scheme}: only http and https are known`,
      );
    }
    if (url.protocol === 'https:') return { axios: { httpsAgent: this.#tunnelThrough(proxy) }, headers: {} };
    const port = proxy.port === '' ? (proxy.protocol === 'https:' ? 443 : 80) : Number(proxy.port);
    return {
      axios: {
        httpAgent: this.#plain,
        httpsAgent: this.#secure,
        proxy: { protocol: proxy.protocol, host: proxy.hostname.replace(/^\[|\]$/g, ''), port },
      },
      headers: proxyCredentials(proxy),
    };
  }

  close(): void {
    this.#plain.destroy();
    this.#closeSecure();
  }

  async #refreshTls(): Promise<void> {
    const tls = await loadTls(this.#config.tls, this.#tls);
    if (tls === this.#tls) return;
    this.#closeSecure();
    this.#tls = tls;
    this.#secure = new https.Agent({ ...KEEP_ALIVE, ...tls.options });
  }

  #closeSecure(): void {
    this.#secure?.destroy();
    for (const agent of this.#tunnels.values()) agent.destroy();
    this.#tunnels.clear();
  }

  #tunnelThrough(proxy: URL): TunnelAgent {
    let agent = this.#tunnels.get(proxy.href);
    if (agent === undefined) {
      const headers: Record<string, string | string[]> = { ...proxyCredentials(proxy) };
      for (const [name, secrets] of Object.entries(this.#config.proxyConnectHeader)) {
        headers[name] = secrets.map((secret) => secret.reveal());
      }
      agent = new TunnelAgent(proxy, headers, { ...KEEP_ALIVE, ...this.#tls!.options });
      this.#tunnels.set(proxy.href, agent);
    }
    return agent;
  }
}

function proxyCredentials(proxy: URL): Record<string, string> {
  if (proxy.username === '' && proxy.password === '') return {};
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}
