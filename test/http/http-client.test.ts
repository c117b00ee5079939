import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import * as http from 'node:http';
import * as https from 'node:https';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as zlib from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { defaultHttpClientConfig, type HttpClientConfig } from '../../src/config/http-config.ts';
import { Secret } from '../../src/config/secret.ts';
import { createHttpClient, type HttpClientOptions } from '../../src/http/axios.ts';
import type { HttpClient, HttpError } from '../../src/http/client.ts';
import { socksServer } from './socks-server.ts';

/** Patient, since the machine may be busy with other things. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000, interval: 10 });

const endings: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0).reverse()) await end();
});

function client(config: Partial<HttpClientConfig> = {}, options: HttpClientOptions = {}): HttpClient {
  const made = createHttpClient({ ...defaultHttpClientConfig, ...config }, options);
  endings.push(() => made.close());
  return made;
}

async function listen(server: net.Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.push(() => {
    if (server instanceof http.Server || server instanceof https.Server) server.closeAllConnections();
    server.close();
  });
  return `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
}

const serve = (handler: http.RequestListener): Promise<string> => listen(http.createServer(handler));
const text = (body: Uint8Array): string => Buffer.from(body).toString();
const pem = (name: string): string => new URL(`./certificates/${name}.pem`, import.meta.url).pathname;

async function fault(promise: Promise<unknown>): Promise<HttpError> {
  return (await promise.then(
    () => expect.fail('no error'),
    (error: unknown) => error,
  )) as HttpError;
}

async function temporaryFile(content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'watchfire-http-'));
  endings.push(() => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'file'), content);
  return join(folder, 'file');
}

describe('answers', () => {
  it('gives status, headers and body of any status', async () => {
    const address = await serve((_request, response) => response.writeHead(503, { 'X-A': 'b' }).end('busy'));
    const answer = await client().request({ url: `http://${address}/` });
    expect([answer.status, answer.statusText, answer.headers['x-a'], text(answer.body)]).toEqual([
      503,
      'Service Unavailable',
      'b',
      'busy',
    ]);
  });

  it('keeps connections alive, and sends again where the other side closed one meanwhile', async () => {
    let connections = 0;
    const server = http.createServer((_request, response) => response.end('x'));
    server.on('connection', () => connections++);
    const address = await listen(server);
    const one = client();
    for (let i = 0; i < 5; i++) await one.request({ url: `http://${address}/` });
    expect(connections).toBe(1);
    server.closeIdleConnections();
    expect((await one.request({ url: `http://${address}/` })).status).toBe(200);
    expect(connections).toBe(2);
  });

  it.each([
    ['gzip', zlib.gzipSync],
    ['deflate', zlib.deflateSync],
    ['br', zlib.brotliCompressSync],
    ['zstd', zlib.zstdCompressSync],
  ] as const)('undoes %s', async (encoding, compress) => {
    const body = 'metric 1\n'.repeat(100_000);
    const address = await serve((_request, response) => {
      response.setHeader('content-encoding', encoding);
      response.end(compress(Buffer.from(body)));
    });
    expect(text((await client().request({ url: `http://${address}/` })).body)).toBe(body);
  });

  it('says so when a compressed body is broken or ends early', async () => {
    const whole = zlib.gzipSync(Buffer.alloc(100_000, 'abc'));
    const address = await serve((request, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.end(request.url === '/short' ? whole.subarray(0, 50) : 'no gzip at all');
    });
    expect((await fault(client().request({ url: `http://${address}/short` }))).message).toContain('unexpected');
    expect((await fault(client().request({ url: `http://${address}/` }))).message).toContain('cannot be undone');
  });

  it('takes a body for plain whose encoding is no compression, and says which it cannot undo', async () => {
    const address = await serve((request, response) => {
      response.setHeader('content-encoding', request.url!.slice(1));
      response.end('a 1\n');
    });
    expect(text((await client().request({ url: `http://${address}/utf-8` })).body)).toBe('a 1\n');
    const refusal = await fault(client().request({ url: `http://${address}/compress` }));
    expect(refusal.message).toBe('the body is encoded as "compress", which cannot be undone');
  });

  it('reads answers whose lines end with a line feed alone', async () => {
    const answer = 'HTTP/1.1 200 OK\ncontent-type: text/plain\ncontent-length: 4\n\na 1\n';
    const address = await listen(net.createServer((socket) => socket.once('data', () => socket.end(answer))));
    expect(text((await client().request({ url: `http://${address}/` })).body)).toBe('a 1\n');
  });

  it('streams what comes until the caller has enough', async () => {
    let closed = false;
    const address = await serve((_request, response) => {
      const timer = setInterval(() => response.write('line\n'), 5);
      response.on('close', () => {
        closed = true;
        clearInterval(timer);
      });
    });
    const { chunks } = await client().stream({ url: `http://${address}/` });
    let received = '';
    for await (const chunk of chunks) {
      received += text(chunk);
      if (received.length > 20) break;
    }
    expect(received).toMatch(/^(line\n)+/);
    await eventually(() => closed).toBe(true);
  });
});

describe('limits', () => {
  it('cuts an endless body off, plain or compressed, and never reads a body that is announced too long', async () => {
    let sent = 0;
    const address = await serve((request, response) => {
      if (request.url === '/announced') response.setHeader('content-length', String(2 ** 31));
      const sink = request.url === '/gzip' ? zlib.createGzip({ level: 1 }) : response;
      if (sink !== response) {
        response.setHeader('content-encoding', 'gzip');
        (sink as zlib.Gzip).pipe(response);
      }
      const chunk = Buffer.alloc(1 << 20, 'x');
      const more = (): void => {
        if (response.destroyed) return;
        sent += chunk.length;
        if (sink.write(chunk)) setImmediate(more);
        else sink.once('drain', more);
      };
      more();
    });
    for (const path of ['/', '/gzip', '/announced']) {
      sent = 0;
      const error = await fault(client().request({ url: `http://${address}${path}`, maxBodyBytes: 1 << 20 }));
      expect([error.fault, error.message]).toEqual(['body-too-large', 'the body exceeds the limit of 1048576 bytes']);
      expect(sent).toBeLessThan(64 << 20);
    }
  });

  it('does not read a body that nobody wants', async () => {
    const address = await serve((_request, response) => {
      response.writeHead(500);
      response.write('x');
    });
    const answer = await client().request({ url: `http://${address}/`, bodyWanted: (status) => status === 200 });
    expect([answer.status, answer.body.length]).toEqual([500, 0]);
  });

  it('ends a request that hangs, before, within and after the headers', async () => {
    const address = await serve((request, response) => {
      if (request.url === '/body') response.write('half');
    });
    for (const path of ['/', '/body']) {
      const error = await fault(client().request({ url: `http://${address}${path}`, timeoutMs: 60 }));
      expect(error.fault).toBe('timeout');
      expect(error.message).toBe(`no complete answer from ${address} within 0.06s: context deadline exceeded`);
    }
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 20);
    expect((await fault(client().request({ url: `http://${address}/`, signal: controller.signal }))).fault).toBe(
      'canceled',
    );
  });
});

describe('faults', () => {
  it('names each in a sentence', async () => {
    const closing = await listen(net.createServer((socket) => socket.destroy()));
    const garbage = await listen(net.createServer((socket) => socket.end('SSH-2.0-OpenSSH\r\n')));
    const cut = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('half');
      setTimeout(() => response.destroy(), 10);
    });
    const said: Record<string, string> = {};
    for (const [name, address] of Object.entries({ refused: '127.0.0.1:1', closing, garbage, cut })) {
      const error = await fault(client().request({ url: `http://user:hunter2@${address}/secret-path` }));
      expect(error.message).not.toMatch(/hunter2|secret-path/);
      said[name] = `${error.fault}: ${error.message.replace(address, 'HOST')}`;
    }
    expect(said).toEqual({
      refused: 'refused: HOST: connection refused',
      closing: 'reset: HOST: the connection was closed before an answer came (connection reset)',
      garbage: expect.stringMatching(/^other: HOST: malformed HTTP response/),
      cut: expect.stringMatching(/^reset: .*unexpected EOF/),
    });
    const unknown = await fault(client().request({ url: 'http://nowhere.invalid/' }));
    expect(unknown.fault).toBe('dns');
  });
});

describe('credentials', () => {
  it('sends basic, bearer and header credentials, from files read anew', async () => {
    const seen: (string | undefined)[] = [];
    const address = await serve((request, response) => {
      seen.push(`${request.headers.authorization} ${request.headers['x-tenant']}`);
      response.end();
    });
    const url = `http://${address}/`;
    await client({ basicAuth: { username: 'u', password: new Secret('p') } }).request({ url });
    const file = await temporaryFile('one\n');
    const bearer = client({
      authorization: { type: 'Bearer', credentialsFile: file },
      httpHeaders: { 'X-Tenant': { values: ['t1'], secrets: [new Secret('t2')], files: [] } },
    });
    await bearer.request({ url });
    await writeFile(file, 'two\n');
    await bearer.request({ url });
    await client().request({ url: `http://a:b@${address}/` });
    expect(seen).toEqual(['Basic dTpw undefined', 'Bearer one t1, t2', 'Bearer two t1, t2', 'Basic YTpi undefined']);
    const missing = client({ authorization: { type: 'Bearer', credentialsFile: `${file}-not` } });
    const error = await fault(missing.request({ url }));
    expect([error.fault, error.message]).toEqual(['authentication', `${file}-not cannot be read: no such file`]);
  });

  it('follows ten redirects at most, and none where it is told so', async () => {
    let requests = 0;
    const address = await serve((request, response) => {
      requests++;
      if (request.url === '/end') response.end(request.method);
      else response.writeHead(302, { location: request.url === '/here' ? '/end' : '/loop' }).end();
    });
    const here = await client().request({ url: `http://${address}/here`, method: 'POST', body: 'x' });
    expect([text(here.body), here.url]).toEqual(['GET', `http://${address}/end`]);
    requests = 0;
    expect((await fault(client().request({ url: `http://${address}/loop` }))).fault).toBe('too-many-redirects');
    expect(requests).toBe(10);
    expect((await client({ followRedirects: false }).request({ url: `http://${address}/loop` })).status).toBe(302);
  });

  describe('on a redirect', () => {
    const configured: Partial<HttpClientConfig> = {
      authorization: { type: 'Bearer', credentials: new Secret('t') },
      httpHeaders: {
        'x-key': { values: [], secrets: [new Secret('k')], files: [] },
        cookie: { values: ['c=1'], secrets: [], files: [] },
      },
    };

    /** What arrives after redirects to each of `hops`, which a proxy answers for, so that any host name can be asked for. */
    async function arriving(from: string, hops: readonly string[], config = configured): Promise<unknown[]> {
      const left = [...hops];
      const proxy = await serve((request, response) => {
        const next = left.shift();
        if (next !== undefined) return response.writeHead(302, { location: next }).end();
        const { authorization, cookie, 'x-key': key } = request.headers;
        return response.end(JSON.stringify([authorization ?? null, cookie ?? null, key ?? null]));
      });
      const answer = await client({ ...config, proxyUrl: `http://${proxy}` }).request({ url: from });
      return JSON.parse(text(answer.body));
    }

    it.each([
      ['another port', 'http://a.test/', ['http://a.test:81/']],
      ['a host below', 'http://a.test/', ['http://b.a.test/']],
      ['the same host in capitals', 'http://a.test/', ['http://A.TEST/']],
      ['a host below and back', 'http://a.test/', ['http://b.a.test/', 'http://a.test/']],
    ])('carries credentials to %s', async (_name, from, hops) => {
      expect(await arriving(from, hops)).toEqual(['Bearer t', 'c=1', 'k']);
    });

    it.each([
      ['another host', 'http://a.test/', ['http://b.test/']],
      ['the host above', 'http://b.a.test/', ['http://a.test/']],
      ['a host that only ends alike', 'http://a.test/', ['http://ba.test/']],
      ['another host and back', 'http://a.test/', ['http://b.test/', 'http://a.test/']],
    ])('carries other headers, but no credentials, to %s', async (_name, from, hops) => {
      expect(await arriving(from, hops)).toEqual([null, null, 'k']);
    });

    it('prefers the user that the URL names', async () => {
      const basic = (pair: string): string => `Basic ${Buffer.from(pair).toString('base64')}`;
      expect(await arriving('http://u:p@a.test/', [])).toEqual([basic('u:p'), 'c=1', 'k']);
      expect(await arriving('http://a.test/', ['http://u:p@b.test/'])).toEqual([basic('u:p'), null, 'k']);
    });

    it('carries credentials from an encrypted connection to a plain one of the same host', async () => {
      const plain = await serve((request, response) => response.end(request.headers.authorization));
      const secure = await listen(
        https.createServer({ key: readFileSync(pem('server-key')), cert: readFileSync(pem('server')) }, (_, response) =>
          response.writeHead(302, { location: `http://${plain}/` }).end(),
        ),
      );
      const config = { ...configured, tls: { insecureSkipVerify: true } };
      expect(text((await client(config).request({ url: `https://${secure}/` })).body)).toBe('Bearer t');
    });
  });

  it('fetches an OAuth2 token once, renews it when it expires, and says who refused one', async () => {
    const grants: string[] = [];
    let refuse = false;
    const tokens = await serve(async (request, response) => {
      let form = '';
      for await (const chunk of request) form += chunk;
      grants.push(`${request.headers.authorization} ${form}`);
      if (refuse) response.writeHead(401).end();
      else response.end(JSON.stringify({ access_token: `t${grants.length}`, token_type: 'bearer', expires_in: 60 }));
    });
    const address = await serve((request, response) => response.end(request.headers.authorization));
    let nowMs = 0;
    const config = {
      oauth2: {
        clientId: 'id',
        clientSecret: new Secret('hush'),
        scopes: ['a', 'b'],
        tokenUrl: `http://${tokens}/token`,
        endpointParams: { audience: 'x' },
      },
    };
    const one = client(config, { nowMs: () => nowMs });
    const ask = async (): Promise<string> => text((await one.request({ url: `http://${address}/` })).body);
    expect(await Promise.all([ask(), ask()])).toEqual(['Bearer t1', 'Bearer t1']);
    nowMs = 55_000;
    expect(await ask()).toBe('Bearer t2');
    expect(grants[0]).toBe(
      `Basic ${Buffer.from('id:hush').toString('base64')} audience=x&grant_type=client_credentials&scope=a+b`,
    );
    nowMs = 200_000;
    refuse = true;
    const error = await fault(ask());
    expect([error.fault, error.message]).toEqual([
      'authentication',
      `OAuth2: ${tokens} refused a token with HTTP status 401`,
    ]);
  });
});

describe('TLS', () => {
  const options = {
    cert: readFileSync(pem('server')),
    key: readFileSync(pem('server-key')),
    ca: readFileSync(pem('ca')),
  };
  const tls = { insecureSkipVerify: false, caFile: pem('ca'), serverName: 'target.test' };

  it('verifies against the given authority and name, and presents a client certificate', async () => {
    const server = https.createServer({ ...options, requestCert: true, rejectUnauthorized: true }, (_, response) =>
      response.end('secret handshake'),
    );
    const url = `https://${await listen(server)}/`;
    const good = client({ tls: { ...tls, certFile: pem('client'), keyFile: pem('client-key') } });
    expect(text((await good.request({ url })).body)).toBe('secret handshake');
    expect(['tls', 'reset']).toContain((await fault(client({ tls }).request({ url }))).fault);
  });

  it('refuses unknown authorities, wrong names, plain servers and old versions, each by its reason', async () => {
    const address = await listen(https.createServer({ ...options, maxVersion: 'TLSv1.2' }, (_, r) => r.end('ok')));
    const plain = await serve((_, response) => response.end());
    const said = async (config: HttpClientConfig['tls'], host = address): Promise<string> => {
      const error = await fault(client({ tls: config }).request({ url: `https://${host}/` }));
      expect(error.fault).toBe('tls');
      return error.message;
    };
    expect(await said({ insecureSkipVerify: false })).toContain('unknown authority');
    expect(await said({ ...tls, serverName: 'other.test' })).toContain('other.test');
    expect(await said(tls, plain)).toContain('plain HTTP');
    expect(await said({ ...tls, minVersion: 'TLS13' })).toMatch(/TLS handshake failed/);
    expect(await said({ ...tls, caFile: '/nowhere/ca.pem' })).toBe(
      'the CA certificate /nowhere/ca.pem cannot be read: no such file',
    );
    const careless = client({ tls: { insecureSkipVerify: true } });
    expect(text((await careless.request({ url: `https://${address}/` })).body)).toBe('ok');
  });

  it('takes up a renewed certificate file', async () => {
    const url = `https://${await listen(https.createServer(options, (_, response) => response.end('ok')))}/`;
    const file = await temporaryFile(readFileSync(pem('client'), 'utf8'));
    const one = client({ tls: { ...tls, caFile: file } });
    expect((await fault(one.request({ url }))).fault).toBe('tls');
    await writeFile(file, readFileSync(pem('ca')));
    expect((await one.request({ url })).status).toBe(200);
  });
});

describe('proxies', () => {
  async function proxy(log: string[]): Promise<string> {
    const server = http.createServer((request, response) => {
      log.push(`${request.method} ${request.url} ${request.headers['proxy-authorization']}`);
      response.end('by proxy');
    });
    server.on('connect', (request, socket) => {
      log.push(`CONNECT ${request.url} ${request.headers['proxy-authorization']}`);
      const [host, port] = request.url!.split(':');
      if (host === 'refused.test') {
        socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
        return;
      }
      const upstream = net.connect(Number(port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      socket.on('error', () => upstream.destroy());
      endings.push(() => upstream.destroy());
    });
    return await listen(server);
  }

  it('sends plain requests whole and tunnels encrypted ones', async () => {
    const log: string[] = [];
    const address = await proxy(log);
    const options = { cert: readFileSync(pem('server')), key: readFileSync(pem('server-key')) };
    const secure = await listen(https.createServer(options, (_, response) => response.end('tunnelled')));
    const through = client({
      proxyUrl: `http://u:p@${address}`,
      tls: { insecureSkipVerify: false, caFile: pem('ca'), serverName: 'target.test' },
    });
    expect(text((await through.request({ url: 'http://target.test/x?y=1' })).body)).toBe('by proxy');
    for (let i = 0; i < 2; i++) {
      expect(text((await through.request({ url: `https://${secure}/` })).body)).toBe('tunnelled');
    }
    expect(log).toEqual(['GET http://target.test/x?y=1 Basic dTpw', `CONNECT ${secure} Basic dTpw`]);
    const error = await fault(through.request({ url: 'https://refused.test/' }));
    expect([error.fault, error.message]).toEqual(['proxy', `the proxy ${address} refused the tunnel: 403 Forbidden`]);
  });

  it('follows no_proxy and the environment', async () => {
    const log: string[] = [];
    const address = await proxy(log);
    const direct = await serve((_, response) => response.end('direct'));
    const environment = { http_proxy: address, NO_PROXY: '.intern, 10.0.0.0/8,exact.test:81' };
    const one = client({ proxyFromEnvironment: true }, { environment });
    const body = async (url: string): Promise<string> =>
      text((await one.request({ url, timeoutMs: 5000 }).catch((error) => ({ body: Buffer.from(error.fault) }))).body);
    expect(await body(`http://${direct}/`)).toBe('direct');
    expect(await body('http://far.test/')).toBe('by proxy');
    expect(await body('http://exact.test/')).toBe('by proxy');
    expect(await body('http://exact.test:81/')).not.toBe('by proxy');
    expect(await body('http://a.intern/')).not.toBe('by proxy');
    const unknown = client({ proxyUrl: 'gopher://127.0.0.1:1' });
    expect(await fault(unknown.request({ url: 'http://far.test/' }))).toMatchObject({
      fault: 'proxy',
      message: 'the proxy 127.0.0.1:1 has the scheme gopher: only http, https, socks5 and socks5h are known',
    });
  });

  it.each(['socks5', 'socks5h'])('tunnels both through %s, which resolves the names', async (scheme) => {
    const log: string[] = [];
    const address = await listen(socksServer(log, { credentials: 'u:p ss' }));
    const options = { cert: readFileSync(pem('server')), key: readFileSync(pem('server-key')) };
    const plain = (await serve((request, response) => response.end(request.headers.host))).replace('127.0.0.1:', '');
    const secure = (await listen(https.createServer(options, (_, response) => response.end('tunnelled')))).slice(10);
    const through = client({
      proxyUrl: `${scheme}://u:p%20ss@${address}`,
      tls: { insecureSkipVerify: false, caFile: pem('ca'), serverName: 'target.test' },
    });
    for (let i = 0; i < 2; i++) {
      expect(text((await through.request({ url: `http://far.test:${plain}/` })).body)).toBe(`far.test:${plain}`);
      expect(text((await through.request({ url: `https://far.test:${secure}/` })).body)).toBe('tunnelled');
    }
    expect(text((await through.request({ url: `http://127.0.0.2:${plain}/` })).body)).toBe(`127.0.0.2:${plain}`);
    await through.request({ url: `http://[2001:db8::1:ff]:${plain}/` });
    expect(log).toEqual(
      [
        `3 far.test:${plain}`,
        `3 far.test:${secure}`,
        `1 127.0.0.2:${plain}`,
        `4 20010db80000000000000000000100ff:${plain}`,
      ].flatMap((asked) => ['u:p ss', asked]),
    );
  });

  it('says what a SOCKS proxy answered', async () => {
    const ask = async (server: net.Server, user = ''): Promise<[string, string]> => {
      const address = await listen(server);
      const error = await fault(
        client({ proxyUrl: `socks5://${user}${address}` }).request({ url: 'http://far.test/' }),
      );
      return [error.fault, error.message.replace(address, 'P')];
    };
    const sentence = (text: string) => ['proxy', `the proxy P cannot be used: ${text}`];
    expect(await ask(socksServer([], { reply: 5 }))).toEqual(sentence('the connection is refused'));
    expect(await ask(socksServer([], { reply: 99 }))).toEqual(sentence('it answered with code 99'));
    const closed = socksServer([], { credentials: 'u:p' });
    expect(await ask(closed)).toEqual(sentence('it wants an authentication that was not given'));
    const wrong = socksServer([], { credentials: 'u:p' });
    expect(await ask(wrong, 'u:x@')).toEqual(sentence('it refuses the name and password'));
    expect(await ask(http.createServer())).toEqual(sentence('it does not speak SOCKS 5'));
    const hangsUp = net.createServer((socket) => socket.end());
    expect(await ask(hangsUp)).toEqual(sentence('it closed the connection'));
  });
});
