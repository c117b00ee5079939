import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { lifecycleRoutes } from '../../src/api/lifecycle.ts';
import type { ApiResponse, Route } from '../../src/api/route.ts';
import { type ApiServer, type ApiServerOptions, createApiServer } from '../../src/api/server.ts';
import { Secret } from '../../src/config/secret.ts';

const servers: ApiServer[] = [];
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

const echo = (method: Route['method'], path: string, answer: Partial<ApiResponse> = {}): Route => ({
  method,
  path,
  handle: async ({ params, query, body }) => ({
    status: 200,
    body: JSON.stringify({ params, query: [...query], length: body.length }),
    ...answer,
  }),
});

async function serve(routes: readonly Route[], options: Partial<ApiServerOptions> = {}): Promise<string> {
  const server = await createApiServer({ listen: '127.0.0.1:0', routes, ...options });
  servers.push(server);
  return server.url;
}

describe('createApiServer', () => {
  it('finds routes, decodes their parts, and says what is not there', async () => {
    const url = await serve([echo('GET', '/a/:name/b'), echo('POST', '/a/:name/b'), echo('GET', '/only')]);
    expect(await (await fetch(`${url}/a/x%2Fy/b?q=1`)).json()).toEqual({
      params: { name: 'x/y' },
      query: [['q', '1']],
      length: 0,
    });
    expect((await fetch(`${url}/nix`)).status).toBe(404);
    const refused = await fetch(`${url}/only`, { method: 'DELETE' });
    expect([refused.status, refused.headers.get('allow')]).toEqual([405, 'GET, OPTIONS']);
    expect(await (await fetch(`${url}/api/v2/nix`)).json()).toEqual({
      code: 404,
      message: 'path /api/v2/nix was not found',
    });
  });

  it('joins a form with the query string, the form first', async () => {
    const url = await serve([echo('POST', '/f')]);
    const response = await fetch(`${url}/f?a=1`, { method: 'POST', body: new URLSearchParams({ a: '2', b: '3' }) });
    expect(((await response.json()) as { query: unknown }).query).toEqual([
      ['a', '2'],
      ['b', '3'],
      ['a', '1'],
    ]);
  });

  it('takes a form of several parts, behind the query string, and nothing of what is none', async () => {
    const url = await serve([echo('POST', '/f')]);
    const body = new FormData();
    body.set('query', 'up{a="é"}');
    body.set('file', new Blob(['x']));
    const ask = async (init: RequestInit): Promise<unknown> => {
      const response = await fetch(`${url}/f?a=1`, { method: 'POST', ...init });
      return ((await response.json()) as { query: unknown }).query;
    };
    expect(await ask({ body })).toEqual([
      ['a', '1'],
      ['query', 'up{a="é"}'],
    ]);
    const headers = { 'Content-Type': 'multipart/form-data; boundary=x' };
    expect(await ask({ body: 'query=up', headers })).toEqual([['a', '1']]);
    expect(await ask({ body: 'query=up', headers: { 'Content-Type': 'multipart/form-data' } })).toEqual([['a', '1']]);
  });

  it('sends a client that doubled a slash to the path it meant, and nowhere else', async () => {
    const url = await serve([echo('GET', '/a/b')]);
    const answers = await Promise.all(
      ['//a/b?q=a//b', '/a///b', '//evil.example//'].map((path) => fetch(url + path, { redirect: 'manual' })),
    );
    expect(answers.map(({ status, headers }) => [status, headers.get('location')])).toEqual([
      [307, '/a/b?q=a//b'],
      [307, '/a/b'],
      [307, '/evil.example/'],
    ]);
    expect((await fetch(`${url}//a/b?q=a//b`)).status).toBe(200);
  });

  it('answers HEAD without a body and compresses what is large', async () => {
    const url = await serve([echo('GET', '/big', { body: ['x'.repeat(5000), new Uint8Array([121])] })]);
    const head = await fetch(`${url}/big`, { method: 'HEAD', headers: { 'Accept-Encoding': 'identity' } });
    expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, '5001', '']);
    const zipped = await fetch(`${url}/big`, { headers: { 'Accept-Encoding': 'gzip' } });
    expect(zipped.headers.get('content-encoding')).toBe('gzip');
    expect(await zipped.text()).toBe(`${'x'.repeat(5000)}y`);
    const refused = await fetch(`${url}/big`, { headers: { 'Accept-Encoding': 'gzip;q=0' } });
    expect(refused.headers.get('content-encoding')).toBe(null);
  });

  it('lets other origins read the API, and answers their preflight', async () => {
    const url = await serve([echo('GET', '/api/v1/query')]);
    const answer = await fetch(`${url}/api/v1/query`, { headers: { Origin: 'http://grafana' } });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    const preflight = await fetch(`${url}/api/v1/query`, { method: 'OPTIONS', headers: { Origin: 'http://grafana' } });
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).toEqual([
      204,
      'GET, POST, OPTIONS',
    ]);
  });

  it('refuses a body that is too large and survives a handler that throws', async () => {
    const told: string[] = [];
    const broken: Route = { method: 'GET', path: '/broken', handle: () => Promise.reject(new Error('secret detail')) };
    const url = await serve([echo('POST', '/f'), broken], { maxBodyBytes: 10, report: (text) => told.push(text) });
    expect((await fetch(`${url}/f`, { method: 'POST', body: 'x'.repeat(11) })).status).toBe(413);
    const answer = await fetch(`${url}/broken`);
    expect([answer.status, (await answer.text()).includes('secret detail')]).toEqual([500, false]);
    expect(told).toEqual(['GET /broken: secret detail']);
  });

  it('asks for the password, and for the token', async () => {
    const url = await serve([echo('GET', '/a')], {
      basicAuth: { username: 'u', password: new Secret('p') },
      bearerToken: new Secret('t'),
    });
    const status = async (authorization?: string): Promise<number> =>
      (await fetch(`${url}/a`, authorization ? { headers: { authorization } } : {})).status;
    expect(await status()).toBe(401);
    expect(await status(`Basic ${btoa('u:q')}`)).toBe(401);
    expect(await status(`Basic ${btoa('u:p')}`)).toBe(200);
    expect(await status('Bearer t')).toBe(200);
  });

  it('does not listen beyond this machine without authentication', async () => {
    await expect(createApiServer({ listen: '0.0.0.0:0', routes: [] })).rejects.toThrow(
      /^refusing to listen on 0\.0\.0\.0 without/,
    );
    await expect(createApiServer({ listen: ':0', routes: [] })).rejects.toThrow('refusing to listen on all interfaces');
    await expect(createApiServer({ listen: 'nix', routes: [] })).rejects.toThrow('write HOST:PORT');
    const url = await serve([], { listen: '0.0.0.0:0', allowInsecure: true });
    expect(url).toMatch(/^http:\/\/0\.0\.0\.0:\d+$/);
    const port = new URL(url).port;
    await expect(createApiServer({ listen: `0.0.0.0:${port}`, allowInsecure: true, routes: [] })).rejects.toThrow(
      'another program has that port',
    );
  });

  it('tells a handler that its client has gone, and takes garbage calmly', async () => {
    let gone: (() => void) | undefined;
    const aborted = new Promise<void>((resolve) => {
      gone = resolve;
    });
    const hang: Route = {
      method: 'GET',
      path: '/hang',
      handle: ({ signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            gone?.();
            reject(new Error('gone'));
          });
        }),
    };
    const url = await serve([hang, echo('GET', '/a')]);
    const controller = new AbortController();
    const request = fetch(`${url}/hang`, { signal: controller.signal }).catch(() => 'aborted');
    setTimeout(() => controller.abort(), 20);
    await aborted;
    expect(await request).toBe('aborted');
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    const answer = await new Promise<string>((resolve) => {
      socket.on('data', (chunk) => resolve(chunk.toString()));
      socket.write('\x00\x01garbage\r\n\r\n');
    });
    expect(answer).toContain('400 Bad Request');
    expect((await fetch(`${url}/a`)).status).toBe(200);
  });

  it('serves the lifecycle', async () => {
    let ready = false;
    let fails = true;
    const url = await serve(
      lifecycleRoutes({
        ready: () => ready,
        reload: async () => {
          if (fails) throw new Error('/p.yml:1:1: no');
        },
      }),
    );
    expect((await fetch(`${url}/-/healthy`)).status).toBe(200);
    expect((await fetch(`${url}/-/ready`)).status).toBe(503);
    ready = true;
    expect((await fetch(`${url}/-/ready`)).status).toBe(200);
    const refused = await fetch(`${url}/-/reload`, { method: 'POST' });
    expect([refused.status, await refused.text()]).toEqual([500, 'failed to reload config: /p.yml:1:1: no\n']);
    fails = false;
    expect((await fetch(`${url}/-/reload`, { method: 'PUT' })).status).toBe(200);
  });
});
