/** Credentials of a kubeconfig's plugin: real programs, against an API server that lets in only who brings today's token. */
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/config/clock.ts';
import { defaultHttpClientConfig, type HttpClientConfig } from '../../src/config/http-config.ts';
import { findApiServer } from '../../src/discovery/kubernetes/kubeconfig.ts';
import { PluginClient } from '../../src/discovery/kubernetes/plugin-client.ts';
import { createHttpClient } from '../../src/http/axios.ts';
import type { HttpClient } from '../../src/http/client.ts';
import { ApiServer } from './api-server.ts';

const API = 'client.authentication.k8s.io/v1';
const server = new ApiServer();
const clock = new ManualClock(Date.parse('2026-01-01T00:00:00Z'));
/** Of every client that was made. */
const configs: HttpClientConfig[] = [];
let folder: string;
let client: HttpClient | undefined;

beforeEach(async () => {
  await server.start();
  folder = await mkdtemp(join(tmpdir(), 'watchfire-plugin-'));
});

afterEach(async () => {
  client?.close();
  client = undefined;
  server.refuseWith = undefined;
  server.requests.length = 0;
  configs.length = 0;
  await server.stop();
  await rm(folder, { recursive: true });
});

/** The client of a kubeconfig whose plugin is this shell script, which counts its runs in the file `runs`. */
async function clientOf(script: string, more = ''): Promise<HttpClient> {
  await writeFile(join(folder, 'plugin'), `#!/bin/sh\necho run >> ${join(folder, 'runs')}\n${script}\n`);
  await chmod(join(folder, 'plugin'), 0o755);
  return await clientFor(`{apiVersion: ${API}, command: ./plugin, ${more}}`);
}

async function clientFor(exec: string): Promise<HttpClient> {
  const file = join(folder, 'config');
  await writeFile(
    file,
    `current-context: here
contexts: [{name: here, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "${server.url}", tls-server-name: api.test}}]
users: [{name: u, user: {exec: ${exec}}}]
`,
  );
  const found = await findApiServer(
    {
      kind: 'kubernetes',
      place: { file: 'prometheus.yml', line: 1, column: 1 },
      apiServer: undefined,
      kubeconfigFile: file,
      role: 'pod',
      http: defaultHttpClientConfig,
      namespaces: { ownNamespace: false, names: [] },
      selectors: [],
      attachMetadata: { node: false, namespace: false },
    },
    { environment: {}, serviceAccountFolder: '/nowhere' },
  );
  const deps = {
    nowMs: () => clock.nowMs(),
    createHttpClient: (config: HttpClientConfig) => {
      configs.push(config);
      return createHttpClient(config);
    },
  };
  client = new PluginClient(deps, found.plugin!, found.http);
  return client;
}

const credential = (status: object): string =>
  `echo '${JSON.stringify({ apiVersion: API, kind: 'ExecCredential', status })}'`;
const list = (from: HttpClient) => from.request({ url: `${server.url}/api/v1/pods?limit=500` });
const runs = async (): Promise<number> => (await readFile(join(folder, 'runs'), 'utf8')).trim().split('\n').length;
const tokens = () => server.requests.map((request) => request.authorization);

describe('a credential plugin', () => {
  it('is run once for all requests of a moment, and its token kept until it expires', async () => {
    const one = await clientOf(credential({ token: 'first', expirationTimestamp: '2026-01-01T01:00:00Z' }));
    await Promise.all([list(one), list(one), list(one)]);
    await list(one);
    expect([await runs(), new Set(tokens())]).toEqual([1, new Set(['Bearer first'])]);
    await clock.advance(3_600_000);
    await Promise.all([list(one), list(one)]);
    // What it prints is expired again already: each moment asks anew.
    expect(await runs()).toBe(2);
  });

  it('is run again after its token was refused', async () => {
    const one = await clientOf(`sleep 0\n${credential({ token: 'revoked' })}`);
    server.refuseWith = 401;
    expect((await list(one)).status).toBe(401);
    server.refuseWith = undefined;
    expect((await list(one)).status).toBe(200);
    expect(await runs()).toBe(2);
  });

  it('gets its arguments, its environment, and what it asks of the cluster', async () => {
    const script = `printf '{"apiVersion":"${API}","kind":"ExecCredential","status":{"token":"%s-%s-%s"}}' "$1" "$STAGE" "$(printf %s "$KUBERNETES_EXEC_INFO" | tr -d '"')"`;
    const one = await clientOf(script, 'args: [a b], env: [{name: STAGE, value: prod}], provideClusterInfo: true');
    await list(one);
    expect(tokens()).toEqual([
      `Bearer a b-prod-{kind:ExecCredential,apiVersion:${API},spec:{interactive:false,cluster:{server:${server.url},tls-server-name:api.test,insecure-skip-tls-verify:false}}}`,
    ]);
  });

  it('gives a certificate to the connections that are made from then on', async () => {
    const pem = (name: string) => readFile(new URL(`../http/certificates/${name}.pem`, import.meta.url), 'utf8');
    const status = { clientCertificateData: await pem('client'), clientKeyData: await pem('client-key') };
    const answer = join(folder, 'answer.json');
    await writeFile(answer, JSON.stringify({ apiVersion: API, kind: 'ExecCredential', status }));
    const one = await clientOf(`cat ${answer}`);
    for (let i = 0; i < 2; i++) expect((await list(one)).status).toBe(200);
    expect(configs.map(({ tls }) => [tls.cert, tls.key?.reveal(), tls.serverName])).toEqual([
      [status.clientCertificateData, status.clientKeyData, 'api.test'],
    ]);
  });

  it.each([
    ['exit 3', 'failed with exit code 3'],
    ['echo "token expired, run login" >&2; exit 1', 'failed with exit code 1: token expired, run login'],
    ['echo hello', 'printed no JSON'],
    ['echo "{}"', 'printed no ExecCredential: apiVersion is wrong'],
    [credential({}), 'gave no credential'],
    [credential({ clientCertificateData: 'x' }), 'gave a certificate or a key without the other'],
    [credential({ token: 't' }).replace('/v1', '/v1beta1'), `speaks ${API}beta1, and the kubeconfig asks for ${API}`],
  ])('that says %s is named with what is wrong, and asked again', async (script, fault) => {
    const one = await clientOf(script);
    await expect(list(one)).rejects.toThrow(`the credential plugin ${join(folder, 'plugin')} ${fault}`);
    await writeFile(join(folder, 'plugin'), `#!/bin/sh\n${credential({ token: 'well' })}\n`);
    expect((await list(one)).status).toBe(200);
  });

  it('that is not there is named with the hint how to get it', async () => {
    const one = await clientFor(`{apiVersion: ${API}, command: no-such-plugin, installHint: "see our wiki"}`);
    await expect(list(one)).rejects.toThrow('the credential plugin no-such-plugin is not there: see our wiki');
  });

  it('that needs a person is refused', async () => {
    await expect(clientFor(`{apiVersion: ${API}, command: login, interactiveMode: Always}`)).rejects.toThrow(
      /has to be answered by a person/,
    );
  });
});
