/** An agent whose connections run through an HTTP proxy's CONNECT. */
import * as http from 'node:http';
import * as https from 'node:https';
import type { Duplex } from 'node:stream';
import * as tls from 'node:tls';
import { HttpError } from './client.ts';
import { hostOf } from './fault.ts';

/** A proxy that takes longer than this to open a tunnel is given up on. */
const CONNECT_TIMEOUT_MS = 30_000;

export class TunnelAgent extends https.Agent {
  readonly #proxy: URL;
  readonly #headers: Readonly<Record<string, string | string[]>>;

  constructor(proxy: URL, headers: Readonly<Record<string, string | string[]>>, options: https.AgentOptions) {
    super(options);
    this.#proxy = proxy;
    this.#headers = headers;
  }

  override createConnection(
    options: tls.ConnectionOptions & { host?: string; port?: number },
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const done = callback as (error: Error | null, stream?: Duplex) => void;
    const fail = (text: string): void => done(new HttpError('proxy', `the proxy ${hostOf(this.#proxy)} ${text}`));
    const host = options.host?.includes(':') ? `[${options.host}]` : options.host;
    const authority = `${host}:${options.port ?? 443}`;
    const connect = (this.#proxy.protocol === 'https:' ? https : http).request({
      host: this.#proxy.hostname.replace(/^\[|\]$/g, ''),
      port: this.#proxy.port || (this.#proxy.protocol === 'https:' ? 443 : 80),
      method: 'CONNECT',
      path: authority,
      headers: { host: authority, ...this.#headers },
      agent: false,
      timeout: CONNECT_TIMEOUT_MS,
    });
    connect.on('connect', (response, socket) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        fail(`refused the tunnel: ${response.statusCode} ${response.statusMessage}`);
        return;
      }
      socket.setTimeout(0);
      const secured = tls.connect({ ...options, socket, servername: serverName(options) });
      secured.on('error', () => socket.destroy());
      done(null, secured);
    });
    connect.on('response', (response) => {
      response.destroy();
      fail(`answered ${response.statusCode} to CONNECT`);
    });
    connect.on('timeout', () => connect.destroy(new Error('took too long')));
    connect.on('error', (error) => fail(`cannot be used: ${error.message}`));
    connect.end();
    return undefined;
  }
}

function serverName(options: tls.ConnectionOptions & { host?: string }): string {
  if (options.servername) return options.servername;
  return options.host === undefined || /^[\d.]+$|:/.test(options.host) ? '' : options.host;
}
