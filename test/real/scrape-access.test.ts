/**
 * The ways to a target that a scrape_config can describe (credentials, OAuth2, TLS with client certificates, proxies, redirects, included
 * files), taken by a real Prometheus and by `watchfire watch` from one configuration: both get in, and ask in the same way.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import * as https from 'node:https';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { findPeer, type Server, startServer, startWatchfire } from '../bench/peers.ts';
import { socksServer } from '../http/socks-server.ts';

const prometheus = findPeer('prometheus');
if (prometheus === undefined) console.log('skipped: prometheus is neither on PATH nor in $WATCHFIRE_PEERS');

const pem = (name: string): string => new URL(`../http/certificates/${name}.pem`, import.meta.url).pathname;

/** What the servers around one client were asked, a line each. */
type Log = Set<string>;

interface Surroundings {
  readonly log: Log;
  readonly target: string;
  readonly secure: string;
  readonly proxy: string;
  readonly socks: string;
  close(): void;
}

/** Health and error of each job. */
type Healths = Record<string, string>;

describe.skipIf(prometheus === undefined)('Prometheus and watchfire get to a target', () => {
  const folder = mkdtempSync(join(tmpdir(), 'watchfire-access-'));
  const servers: Server[] = [];
  const seen: { healths: Healths; log: string[] }[] = [];

  beforeAll(async () => {
    const starts: ((file: string) => Promise<Server>)[] = [
      (file) =>
        startServer(prometheus!, (address) => [
          `--config.file=${file}`,
          `--storage.tsdb.path=${file}.data`,
          `--web.listen-address=${address}`,
        ]),
      (file) => startWatchfire(() => ['--state', `${file}.data`, '--prometheus-config', file]),
    ];
    for (const [index, start] of starts.entries()) {
      const around = await surroundings();
      const file = join(folder, `${index}.yml`);
      writeFileSync(join(folder, 'password'), 'from file\n');
      writeFileSync(join(folder, `included-${index}.yml`), included(around));
      writeFileSync(file, configOf(around, index));
      const server = await start(file);
      servers.push(server);
      const isScraped = async (): Promise<boolean> => {
        const found = Object.values(await healths(server));
        return found.length === JOB_COUNT && !found.includes('unknown');
      };
      await vi.waitUntil(isScraped, WITHIN);
      // Tokens are asked for once, connections kept: a second round of scrapes shows it.
      await new Promise((resolve) => setTimeout(resolve, 7000));
      const ports = [around.target, around.secure, around.proxy, around.socks].map((address) => address.split(':')[1]!);
      const plain = (text: string): string =>
        ports.reduce((out, port, at) => out.replaceAll(port, ['TARGET', 'SECURE', 'PROXY', 'SOCKS'][at]!), text);
      // Prometheus adds its headers once more each time that it asks by the same request.
      const once = (text: string): string => text.replace('own one, two, one, two', 'own one, two');
      seen.push({ healths: await healths(server), log: [...new Set([...around.log].map(plain).map(once))].sort() });
      around.close();
    }
  }, 180_000);

  afterAll(async () => {
    for (const server of servers) await server.stop();
    rmSync(folder, { recursive: true });
  });

  it('with the same outcome by each way', () => {
    const [theirs, ours] = seen;
    expect(ours!.healths).toEqual(theirs!.healths);
    const down = Object.entries(ours!.healths).filter(([, health]) => health !== 'up');
    console.log(
      `${Object.keys(ours!.healths).length} ways; down, as they should be: ${down.map(([job]) => job).join(', ')}`,
    );
    expect(down.map(([job]) => job).sort()).toEqual(REFUSED);
  });

  it('asking the same of targets, token servers and proxies', () => {
    const [theirs, ours] = seen;
    console.log(`${theirs!.log.length} kinds of requests`);
    expect(ours!.log).toEqual(theirs!.log);
  });
});

const WITHIN = { timeout: 60_000, interval: 200 };

const JOB_COUNT = 22;

/** The jobs that must not get in. */
const REFUSED = [
  'basic-wrong',
  'mtls-without-certificate',
  'redirect-not-followed',
  'socks-refused',
  'tls-unknown-authority',
];

async function healths(server: Server): Promise<Healths> {
  const answer = await fetch(`${server.url}/api/v1/targets?state=active`);
  const { data } = (await answer.json()) as { data: { activeTargets: { scrapePool: string; health: string }[] } };
  return Object.fromEntries(data.activeTargets.map(({ scrapePool, health }) => [scrapePool, health]));
}

async function surroundings(): Promise<Surroundings> {
  const log: Log = new Set();
  const servers: net.Server[] = [];
  const listen = async (server: net.Server): Promise<string> => {
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  };
  const answer: http.RequestListener = (request, response) => {
    const { pathname } = new URL(request.url!, 'http://x');
    const { authorization = '-', host, 'x-own': own = '-' } = request.headers;
    const client = (request.socket as TLSSocket).getPeerCertificate?.()?.subject?.CN ?? '-';
    if (pathname === '/token') {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        log.add(`token ${authorization} ${Buffer.concat(chunks)}`);
        response.setHeader('content-type', 'application/json');
        response.end(JSON.stringify({ access_token: 'granted', token_type: 'bearer', expires_in: 3600 }));
      });
      return;
    }
    log.add(
      `${request.method} ${request.url} host ${host} authorization ${authorization} own ${own} certificate ${client}`,
    );
    if (pathname === '/redirect') {
      response.writeHead(302, { location: '/redirected' }).end();
      return;
    }
    if (pathname === '/basic-wrong' || (pathname === '/mtls-without-certificate' && client === '-')) {
      response.writeHead(401).end();
      return;
    }
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end('a 1\n');
  };
  const target = await listen(http.createServer(answer));
  const certificates = {
    key: readFileSync(pem('server-key')),
    cert: readFileSync(pem('server')),
    ca: readFileSync(pem('ca')),
  };
  const secure = await listen(
    https.createServer({ ...certificates, requestCert: true, rejectUnauthorized: false }, answer),
  );
  const proxy = http.createServer((request, response) => {
    log.add(`proxy ${request.method} ${request.url} ${request.headers['proxy-authorization'] ?? '-'}`);
    response.setHeader('content-type', 'text/plain; version=0.0.4');
    response.end('a 1\n');
  });
  proxy.on('connect', (request, socket: net.Socket) => {
    const { 'proxy-authorization': authorization = '-', 'x-connect': own = '-' } = request.headers;
    log.add(`proxy CONNECT ${request.url} ${authorization} ${own}`);
    const upstream = net.connect(Number(request.url!.split(':')[1]), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy()).on('close', () => upstream.destroy());
  });
  const asked: string[] = [];
  asked.push = (...lines: string[]) => {
    for (const line of lines) log.add(`socks ${line}`);
    return 0;
  };
  return {
    log,
    target,
    secure,
    proxy: await listen(proxy),
    socks: await listen(socksServer(asked, { credentials: 'u:p' })),
    close: () => {
      for (const server of servers) {
        if ('closeAllConnections' in server) (server as http.Server).closeAllConnections();
        server.close();
      }
    },
  };
}

function configOf({ target, secure, proxy, socks }: Surroundings, index: number): string {
  const [port, securePort] = [target, secure].map((address) => address.split(':')[1]);
  const tls = `tls_config: { ca_file: '${pem('ca')}', server_name: target.test`;
  const withCertificate = `${tls}, cert_file: '${pem('client')}', key_file: '${pem('client-key')}' }`;
  const jobs: Readonly<Record<string, string>> = {
    plain: 'params: { a: [x, "y z"] }',
    basic: 'basic_auth: { username: u, password: p }',
    'basic-file': "basic_auth: { username: u, password_file: 'password' }",
    'basic-wrong': 'basic_auth: { username: u, password: x }',
    bearer: 'bearer_token: b',
    authorization: 'authorization: { type: Own, credentials: c }',
    headers: 'http_headers: { X-Own: { values: [one], secrets: [two] } }',
    oauth2: `oauth2: { client_id: i, client_secret: s, scopes: [a, b], token_url: 'http://${target}/token', endpoint_params: { e: f } }`,
    redirect: 'metrics_path: /redirect',
    'redirect-not-followed': 'metrics_path: /redirect, follow_redirects: false',
    http1: 'enable_http2: false',
    proxied: `proxy_url: 'http://u:p@${proxy}'`,
    socks5: `proxy_url: 'socks5://u:p@${socks}'`,
    'socks-refused': `proxy_url: 'socks5://u:wrong@${socks}'`,
  };
  const secureJobs: Readonly<Record<string, string>> = {
    tls: `${tls} }`,
    mtls: withCertificate,
    'mtls-without-certificate': `${tls} }`,
    'tls-unknown-authority': '',
    'tls-unchecked': 'tls_config: { insecure_skip_verify: true }',
    'tls-proxied': `${withCertificate}, proxy_url: 'http://u:p@${proxy}', proxy_connect_header: { X-Connect: [c] }`,
    'tls-socks5h': `${withCertificate}, proxy_url: 'socks5h://u:p@${socks}'`,
  };
  const job = (name: string, more: string, address: string, scheme: string): string => {
    const path = more.includes('metrics_path') ? '' : `, metrics_path: /${name}`;
    return `  - { job_name: ${name}, scheme: ${scheme}, static_configs: [{ targets: ['${address}'] }]${path}${more === '' ? '' : `, ${more}`} }\n`;
  };
  const isFar = (name: string): boolean => /socks|proxied/.test(name);
  return `global: { scrape_interval: 6s, scrape_timeout: 6s }
scrape_config_files: ['included-${index}.yml']
scrape_configs:
${Object.entries(jobs)
  .map(([name, more]) => job(name, more, isFar(name) ? `far.test:${port}` : target, 'http'))
  .join('')}${Object.entries(secureJobs)
  .map(([name, more]) => job(name, more, isFar(name) ? `far.test:${securePort}` : secure, 'https'))
  .join('')}`;
}

function included({ target }: Surroundings): string {
  return `scrape_configs:\n  - { job_name: included, static_configs: [{ targets: ['${target}'] }], metrics_path: /included }\n`;
}
