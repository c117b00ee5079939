/** Agents whose connections run through a tunnel that a proxy opens. */
import * as http from 'node:http';
import * as https from 'node:https';
import type { Duplex } from 'node:stream';
import * as tls from 'node:tls';

/** Opens a connection to host and port through a proxy. Rejects with HttpError `proxy`. */
export type OpenTunnel = (host: string, port: number) => Promise<Duplex>;

type Connected = (error: Error | null, stream?: Duplex) => void;

/** For `http:` URLs. */
export class PlainTunnelAgent extends http.Agent {
  readonly #open: OpenTunnel;

  constructor(open: OpenTunnel, options: http.AgentOptions) {
    super(options);
    this.#open = open;
  }

  override createConnection(
    options: http.ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const done = callback as Connected;
    this.#open(options.host ?? 'localhost', Number(options.port ?? 80)).then((socket) => done(null, socket), done);
    return undefined;
  }
}

/** For `https:` URLs: TLS is spoken with the target, within the tunnel. */
export class SecureTunnelAgent extends https.Agent {
  readonly #open: OpenTunnel;

  constructor(open: OpenTunnel, options: https.AgentOptions) {
    super(options);
    this.#open = open;
  }

  override createConnection(
    options: tls.ConnectionOptions & { host?: string; port?: number },
    callback?: (error: Error | null, stream: Duplex) => void,
  ): undefined {
    const done = callback as Connected;
    this.#open(options.host ?? 'localhost', options.port ?? 443).then((socket) => {
      const secured = tls.connect({ ...options, socket, servername: serverName(options) });
      secured.on('error', () => socket.destroy());
      done(null, secured);
    }, done);
    return undefined;
  }
}

function serverName(options: tls.ConnectionOptions & { host?: string }): string {
  if (options.servername) return options.servername;
  return options.host === undefined || /^[\d.]+$|:/.test(options.host) ? '' : options.host;
}
