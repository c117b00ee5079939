/** Keep-alive agents with a configuration's TLS settings, made again when a certificate file changes, direct or through a proxy. */
import * as https from 'node:https';
import type { AxiosRequestConfig } from 'axios';
import type { HttpClientConfig } from '../config/http-config.ts';
import { HttpError } from './client.ts';
import { connectTunnel } from './connect-proxy.ts';
import { hostOf } from './fault.ts';
import { proxyHost, proxyPort } from './proxy.ts';
import { ReadingAgent } from './reading-agent.ts';
import { socksTunnel } from './socks.ts';
import { loadTls, type TlsMaterial } from './tls.ts';
import { PlainTunnelAgent, SecureTunnelAgent } from './tunnel.ts';

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
  readonly #tunnels = new Map<string, PlainTunnelAgent | SecureTunnelAgent>();

  constructor(config: HttpClientConfig) {
    this.#config = config;
  }

  /** Rejects with HttpError where a certificate file cannot be read or the proxy's scheme is unknown. */
  async route(url: URL, proxy: URL | undefined): Promise<Route> {
    if (proxy === undefined && url.protocol === 'http:') return { axios: { httpAgent: this.#plain }, headers: {} };
    await this.#refreshTls();
    if (proxy === undefined) return { axios: { httpsAgent: this.#secure }, headers: {} };
    if (!PROXY_SCHEMES.has(proxy.protocol)) {
      const scheme = proxy.protocol.slice(0, -1);
      throw new HttpError(
        'proxy',
        `the proxy ${hostOf(proxy)} has the scheme ${scheme}: only http, https, socks5 and socks5h are known`,
      );
    }
    if (url.protocol === 'https:') return { axios: { httpsAgent: this.#tunnelThrough(proxy, true) }, headers: {} };
    if (isSocks(proxy)) return { axios: { httpAgent: this.#tunnelThrough(proxy, false) }, headers: {} };
    return {
      axios: {
        httpAgent: this.#plain,
        httpsAgent: this.#secure,
        proxy: { protocol: proxy.protocol, host: proxyHost(proxy), port: proxyPort(proxy) },
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

  #tunnelThrough(proxy: URL, secure: boolean): PlainTunnelAgent | SecureTunnelAgent {
    const key = `${secure} ${proxy.href}`;
    let agent = this.#tunnels.get(key);
    if (agent === undefined) {
      const open = isSocks(proxy) ? socksTunnel(proxy) : connectTunnel(proxy, this.#connectHeaders(proxy));
      agent = secure
        ? new SecureTunnelAgent(open, { ...KEEP_ALIVE, ...this.#tls!.options })
        : new PlainTunnelAgent(open, KEEP_ALIVE);
      this.#tunnels.set(key, agent);
    }
    return agent;
  }

  #connectHeaders(proxy: URL): Record<string, string | string[]> {
    const headers: Record<string, string | string[]> = { ...proxyCredentials(proxy) };
    for (const [name, secrets] of Object.entries(this.#config.proxyConnectHeader)) {
      headers[name] = secrets.map((secret) => secret.reveal());
    }
    return headers;
  }
}

const PROXY_SCHEMES = new Set(['http:', 'https:', 'socks5:', 'socks5h:']);

function isSocks(proxy: URL): boolean {
  return proxy.protocol.startsWith('socks');
}

function proxyCredentials(proxy: URL): Record<string, string> {
  if (proxy.username === '' && proxy.password === '') return {};
  const pair = `${decodeURIComponent(proxy.username)}:${decodeURIComponent(proxy.password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}
