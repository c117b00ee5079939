/** A real Kubernetes API server over a real etcd, both on loopback: nothing runs in it, but every object can be made through it. */
import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defaultHttpClientConfig } from '../../src/config/http-config.ts';
import { Secret } from '../../src/config/secret.ts';
import { createHttpClient } from '../../src/http/axios.ts';
import type { HttpClient } from '../../src/http/client.ts';
import { pause, type Server, startServer } from '../bench/peers.ts';
import { freePort } from '../free-port.ts';

/** Of a user who may do everything, and of one who may only do what roles allow. */
export const ADMIN_TOKEN = 'admin-token';
export const READER_TOKEN = 'reader-token';

export interface KubernetesPrograms {
  readonly apiServer: string;
  readonly etcd: string;
}

export class KubernetesCluster {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'watchfire-cluster-'));
  readonly caFile: string = join(this.folder, 'certificates', 'apiserver.crt');
  readonly #programs: KubernetesPrograms;
  #etcd!: Server;
  #apiServer: ChildProcess | undefined;
  #port = 0;
  #client: HttpClient | undefined;
  #log = '';

  private constructor(programs: KubernetesPrograms) {
    this.#programs = programs;
  }

  static async start(programs: KubernetesPrograms): Promise<KubernetesCluster> {
    const cluster = new KubernetesCluster(programs);
    const peerUrl = `http://127.0.0.1:${await freePort()}`;
    const args = (address: string): string[] => [
      `--data-dir=${join(cluster.folder, 'etcd')}`,
      `--listen-client-urls=http://${address}`,
      `--advertise-client-urls=http://${address}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      '--log-level=error',
    ];
    cluster.#etcd = await startServer(programs.etcd, args, '/health');
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    writeFileSync(cluster.#file('sa.pub'), publicKey.export({ type: 'spki', format: 'pem' }));
    writeFileSync(cluster.#file('sa.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }));
    const tokens = `${ADMIN_TOKEN},admin,admin,system:masters\n${READER_TOKEN},reader,reader\n`;
    writeFileSync(cluster.#file('tokens.csv'), tokens);
    await cluster.startApiServer();
    return cluster;
  }

  get url(): string {
    return `https://127.0.0.1:${this.#port}`;
  }

  /** On the port that it had before, where it had one. */
  async startApiServer(): Promise<void> {
    this.#port ||= await freePort();
    const args = [
      `--etcd-servers=${this.#etcd.url}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${this.#port}`,
      `--cert-dir=${join(this.folder, 'certificates')}`,
      `--token-auth-file=${this.#file('tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--service-account-issuer=https://watchfire.test',
      `--service-account-key-file=${this.#file('sa.pub')}`,
      `--service-account-signing-key-file=${this.#file('sa.key')}`,
      '--service-cluster-ip-range=10.96.0.0/16',
      // Pods are made without the accounts that a controller would give them, and there is no cluster that the server is a service of.
      '--disable-admission-plugins=ServiceAccount',
      '--endpoint-reconciler-type=none',
      '--shutdown-delay-duration=0s',
    ];
    const child = spawn(this.#programs.apiServer, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    child.stderr.on('data', (chunk: Buffer) => {
      this.#log = (this.#log + chunk.toString()).slice(-4000);
    });
    this.#apiServer = child;
    const untilMs = Date.now() + 300_000;
    while ((await this.#status('/readyz')) !== 200) {
      if (child.exitCode !== null || Date.now() > untilMs) throw new Error(`kube-apiserver is not ready: ${this.#log}`);
      await pause(200);
    }
  }

  /** As a crash would end it: connections are cut. */
  async killApiServer(): Promise<void> {
    const child = this.#apiServer;
    if (child === undefined) return;
    this.#apiServer = undefined;
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    this.#client?.close();
    this.#client = undefined;
  }

  /** The next start takes a port that nobody knows; calling what is given brings the usual one back. */
  moveToAnotherPort(): () => void {
    const usual = this.#port;
    this.#port = 0;
    return () => {
      this.#port = usual;
    };
  }

  async stop(): Promise<void> {
    await this.killApiServer();
    await this.#etcd.stop();
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** Makes an object in the collection, and sets its status, which cannot be given at once. */
  async create(collection: string, object: Readonly<Record<string, unknown>>, status?: object): Promise<void> {
    await this.#ask('POST', collection, object);
    if (status === undefined) return;
    const { name } = object['metadata'] as { name: string };
    await this.patch(`${collection}/${name}/status`, { status });
  }

  async patch(path: string, change: object): Promise<void> {
    await this.#ask('PATCH', path, change);
  }

  async remove(path: string): Promise<void> {
    await this.#ask('DELETE', `${path}?gracePeriodSeconds=0`);
  }

  /** Lets etcd forget everything that is not the present. */
  async compact(): Promise<void> {
    const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
      const answer = await fetch(`${this.#etcd.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
      if (!answer.ok) throw new Error(`etcd: ${await answer.text()}`);
      return (await answer.json()) as Record<string, unknown>;
    };
    const { header } = await post('/v3/kv/range', { key: Buffer.from('none').toString('base64') });
    await post('/v3/kv/compaction', { revision: (header as { revision: string }).revision, physical: true });
  }

  /** The API server's own counts: requests by verb and resource since it started. */
  async requestCount(verb: string, resource: string): Promise<number> {
    const text = await this.#ask('GET', '/metrics');
    let count = 0;
    for (const line of text.split('\n')) {
      if (!line.startsWith('apiserver_request_total{')) continue;
      if (!line.includes(`resource="${resource}"`) || !line.includes(`verb="${verb}"`)) continue;
      count += Number(line.split(' ').at(-1));
    }
    return count;
  }

  #file(name: string): string {
    return join(this.folder, name);
  }

  async #status(path: string): Promise<number> {
    try {
      return (await this.#http().request({ url: `${this.url}${path}`, timeoutMs: 5000 })).status;
    } catch {
      return 0;
    }
  }

  async #ask(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', path: string, body?: object): Promise<string> {
    const answer = await this.#http().request({
      method,
      url: `${this.url}${path}`,
      headers: { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
      timeoutMs: 60_000,
    });
    const text = Buffer.from(answer.body).toString();
    if (answer.status > 299) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return text;
  }

  #http(): HttpClient {
    this.#client ??= createHttpClient({
      ...defaultHttpClientConfig,
      authorization: { type: 'Bearer', credentials: new Secret(ADMIN_TOKEN) },
      tls: { insecureSkipVerify: false, caFile: this.caFile },
    });
    return this.#client;
  }
}
