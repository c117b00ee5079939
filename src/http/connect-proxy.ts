/** Tunnels through an HTTP proxy's CONNECT. */
import * as http from 'node:http';
import * as https from 'node:https';
import { HttpError } from './client.ts';
import { hostOf } from './fault.ts';
import { PROXY_TIMEOUT_MS, proxyHost, proxyPort } from './proxy.ts';
import type { OpenTunnel } from './tunnel.ts';

/** The headers go to the proxy alone. */
export function connectTunnel(proxy: URL, headers: Readonly<Record<string, string | string[]>>): OpenTunnel {
  return (host, port) =>
    new Promise((resolve, reject) => {
      const fail = (text: string): void => reject(new HttpError('proxy', `the proxy ${hostOf(proxy)} ${text}`));
      const authority = `${host.includes(':') ? `[${host}]` : host}:${port}`;
      const connect = (proxy.protocol === 'https:' ? https : http).request({
        host: proxyHost(proxy),
        port: proxyPort(proxy),
        method: 'CONNECT',
        path: authority,
        headers: { host: authority, ...headers },
        agent: false,
        timeout: PROXY_TIMEOUT_MS,
      });
      connect.on('connect', (response, socket) => {
        if (response.statusCode !== 200) {
          socket.destroy();
          fail(`refused the tunnel: ${response.statusCode} ${response.statusMessage}`);
          return;
        }
        socket.setTimeout(0);
        resolve(socket);
      });
      connect.on('response', (response) => {
        response.destroy();
        fail(`answered ${response.statusCode} to CONNECT`);
      });
      connect.on('timeout', () => connect.destroy(new Error('took too long')));
      connect.on('error', (error) => fail(`cannot be used: ${error.message}`));
      connect.end();
    });
}
