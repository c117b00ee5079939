/**
 * Discovery against a real kube-apiserver and etcd: each role finds what Prometheus finds, and the guide's job follows pods through births,
 * deaths, a compaction and restarts of the API server.
 */
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findPeer, type Server, startServer, startWatchfire } from '../bench/peers.ts';
import { ADMIN_TOKEN, KubernetesCluster, READER_TOKEN } from './kubernetes-cluster.ts';
import { createPod, furnish, POD_COLLECTION } from './kubernetes-objects.ts';

const programs = { apiServer: findPeer('kube-apiserver'), etcd: findPeer('etcd') };
const prometheus = findPeer('prometheus');
const isThere = programs.apiServer !== undefined && programs.etcd !== undefined;
if (!isThere) console.log('skipped: kube-apiserver and etcd are neither on PATH nor in $WATCHFIRE_PEERS');
if (prometheus === undefined) console.log('skipped: prometheus is neither on PATH nor in $WATCHFIRE_PEERS');

const RULES = `
      - { source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape], action: keep, regex: true }
      - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_path]
        action: replace
        target_label: __metrics_path__
        regex: (.+)
      - source_labels: [__address__, __meta_kubernetes_pod_annotation_prometheus_io_port]
        action: replace
        regex: ([^:]+)(?::\\d+)?;(\\d+)
        replacement: $1:$2
        target_label: __address__
      - { action: labelmap, regex: __meta_kubernetes_pod_label_(.+) }
      - { source_labels: [__meta_kubernetes_namespace], action: replace, target_label: kubernetes_namespace }
      - { source_labels: [__meta_kubernetes_pod_name], action: replace, target_label: kubernetes_pod_name }
`;

const ATTACH = 'attach_metadata: { node: true }';

/** By job name, what stands beside the API server's address. */
const JOBS: Readonly<Record<string, string>> = {
  node: 'role: node',
  service: 'role: service',
  pod: 'role: pod',
  endpoints: 'role: endpoints',
  endpointslice: 'role: endpointslice',
  ingress: 'role: ingress',
  'pod-attached': `role: pod, ${ATTACH}`,
  'endpoints-attached': `role: endpoints, ${ATTACH}`,
  'endpointslice-attached': `role: endpointslice, ${ATTACH}`,
  'one-namespace': 'role: pod, namespaces: { names: [other] }',
  'by-label': 'role: pod, selectors: [{ role: pod, label: "app in (orders)" }]',
  'by-field': 'role: pod, selectors: [{ role: pod, field: "metadata.name=orders-2,status.phase=Running" }]',
  'endpoints-by-label':
    'role: endpoints, selectors: [{ role: service, label: app=orders }, { role: pod, field: metadata.name=orders-1 }]',
};

const ATTACH_NAMESPACE = 'attach_metadata: { namespace: true }';

/** Prometheus 3.5 does not know it. */
const NAMESPACE_JOBS: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ['service', 'pod', 'endpoints', 'endpointslice', 'ingress'].map((role) => [
      `${role}-namespace`,
      `role: ${role}, ${ATTACH_NAMESPACE}`,
    ]),
  ),
  'pod-both': 'role: pod, attach_metadata: { node: true, namespace: true }',
  'one-namespace-attached': `role: pod, namespaces: { names: [other] }, ${ATTACH_NAMESPACE}`,
};

interface Discovered {
  readonly scrapePool: string;
  readonly discoveredLabels: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  readonly scrapeUrl: string;
}

describe.skipIf(!isThere)('a real Kubernetes API server', () => {
  let cluster: KubernetesCluster;
  const servers: Server[] = [];

  beforeAll(async () => {
    cluster = await KubernetesCluster.start({ apiServer: programs.apiServer!, etcd: programs.etcd! });
    await furnish(cluster);
  }, 600_000);

  afterAll(async () => {
    for (const server of servers) await server.stop();
    await cluster?.stop();
  });

  function configFile(name: string, jobs: Readonly<Record<string, string>>, rules = '', access = direct()): string {
    const file = join(cluster.folder, `${name}.yml`);
    const text = Object.entries(jobs).map(
      ([job, more]) => `  - job_name: ${job}
    scrape_interval: 1h
    kubernetes_sd_configs: [{ ${access}, ${more} }]
${rules === '' ? '' : `    relabel_configs:${rules}`}`,
    );
    writeFileSync(file, `scrape_configs:\n${text.join('')}`);
    return file;
  }

  function direct(): string {
    return `api_server: '${cluster.url}', authorization: { credentials: ${ADMIN_TOKEN} }, tls_config: { ca_file: '${cluster.caFile}' }`;
  }

  /** A kubeconfig whose plugin gives the token of a user without rights. */
  function kubeconfig(): string {
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: READER_TOKEN },
    };
    writeFileSync(join(cluster.folder, 'plugin'), `#!/bin/sh\necho '${JSON.stringify(credential)}'\n`, { mode: 0o755 });
    const file = join(cluster.folder, 'kubeconfig');
    writeFileSync(
      file,
      `current-context: here
contexts: [{ name: here, context: { cluster: c, user: u } }]
clusters: [{ name: c, cluster: { server: '${cluster.url}', certificate-authority: '${cluster.caFile}' } }]
users: [{ name: u, user: { exec: { apiVersion: ${credential.apiVersion}, command: ./plugin } } }]
`,
    );
    return `kubeconfig_file: '${file}'`;
  }

  async function watchfire(file: string): Promise<Server> {
    const state = `${file}.state`;
    const server = await startWatchfire(() => ['--state', state, '--prometheus-config', file]);
    servers.push(server);
    return server;
  }

  async function targets(server: Server): Promise<readonly Discovered[]> {
    const answer = await fetch(`${server.url}/api/v1/targets?state=active`);
    return ((await answer.json()) as { data: { activeTargets: Discovered[] } }).data.activeTargets;
  }

  /** Every target's labels as one text, by job; without those of histograms, which Prometheus has since 3.14. */
  async function discovered(server: Server): Promise<Record<string, string[]>> {
    const found: Record<string, string[]> = {};
    for (const { scrapePool, discoveredLabels } of await targets(server)) {
      found[scrapePool] ??= [];
      const comparable = Object.entries(discoveredLabels).filter(([name]) => !/^__\w+_histograms_/.test(name));
      found[scrapePool].push(JSON.stringify(comparable.sort()));
    }
    for (const list of Object.values(found)) list.sort();
    return found;
  }

  const urls = async (server: Server): Promise<string[]> =>
    [...new Set((await targets(server)).map((target) => target.scrapeUrl))].sort();
  const eventually = <T>(read: () => Promise<T>) => expect.poll(read, { timeout: 120_000, interval: 200 });

  it.skipIf(prometheus === undefined)(
    'is read by each role as Prometheus reads it, label by label',
    async () => {
      const attached = configFile('namespaces', NAMESPACE_JOBS);
      const promtool = join(dirname(prometheus!), 'promtool');
      const knowsThem = spawnSync(promtool, ['check', 'config', attached]).status === 0;
      const jobs = knowsThem ? { ...JOBS, ...NAMESPACE_JOBS } : JOBS;
      const file = configFile('roles', jobs);
      const ours = await watchfire(file);
      const theirs = await startServer(prometheus!, (address) => [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(cluster.folder, 'prometheus')}`,
        `--web.listen-address=${address}`,
      ]);
      servers.push(theirs);
      await eventually(async () => {
        const [found, expected] = [await discovered(ours), await discovered(theirs)];
        const only = (one: Record<string, string[]>, other: Record<string, string[]>): string[] =>
          Object.keys(jobs).flatMap((job) => (one[job] ?? []).filter((target) => !other[job]?.includes(target)));
        return { jobs: Object.keys(expected).sort(), ours: only(found, expected), theirs: only(expected, found) };
      }).toEqual({ jobs: Object.keys(jobs).sort(), ours: [], theirs: [] });
      const counts = Object.entries(await discovered(ours)).map(([job, found]) => `${job} ${found.length}`);
      console.log(`targets of each job: ${counts.join(', ')}`);
    },
    300_000,
  );

  it("keeps the guide's job up to date: births, changes, deaths, compaction and restarts", async () => {
    const server = await watchfire(configFile('guide', { 'kubernetes-pods': 'role: pod' }, RULES));
    const first = ['http://10.0.0.1:9102/custom', 'http://10.0.0.2/metrics'];
    const found = async (): Promise<string[]> => (await urls(server)).filter((url) => !/:(7000|8080|9000)/.test(url));
    await eventually(found).toEqual(first);
    expect((await targets(server)).find((target) => target.scrapeUrl === first[0])!.labels).toMatchObject({
      app: 'orders',
      app_kubernetes_io_name: 'orders',
      job: 'kubernetes-pods',
      kubernetes_namespace: 'shop',
      kubernetes_pod_name: 'orders-1',
    });

    await createPod(cluster, 'born', '10.0.0.9', { scrape: 'true', port: '1' });
    await eventually(found).toEqual([...first, 'http://10.0.0.9:1/metrics']);
    await cluster.patch(`${POD_COLLECTION}/quiet`, { metadata: { annotations: { 'prometheus.io/scrape': 'true' } } });
    await eventually(found).toEqual([...first, 'http://10.0.0.3/metrics', 'http://10.0.0.9:1/metrics']);
    await cluster.remove(`${POD_COLLECTION}/born`);
    await cluster.patch(`${POD_COLLECTION}/quiet`, { metadata: { annotations: { 'prometheus.io/scrape': null } } });
    await eventually(found).toEqual(first);

    // A crash: what was found stays in use, and the watch goes on afterwards.
    await cluster.killApiServer();
    await new Promise((resolve) => setTimeout(resolve, 3000));
    expect(await found()).toEqual(first);
    await cluster.startApiServer();
    await createPod(cluster, 'later', '10.0.0.10', { scrape: 'true', port: '2' });
    await eventually(found).toEqual(['http://10.0.0.10:2/metrics', ...first].sort());

    // Changes that nobody can be told of any more, since etcd has forgotten them.
    await cluster.killApiServer();
    await elsewhere(cluster, async () => {
      await cluster.remove(`${POD_COLLECTION}/later`);
      await createPod(cluster, 'unseen', '10.0.0.11', { scrape: 'true', port: '3' });
      await cluster.compact();
    });
    await cluster.startApiServer();
    await eventually(found).toEqual(['http://10.0.0.11:3/metrics', ...first].sort());
    expect(await cluster.requestCount('LIST', 'pods')).toBeGreaterThan(0);
    await cluster.remove(`${POD_COLLECTION}/unseen`);
    await eventually(found).toEqual(first);
  }, 600_000);

  it('needs to be allowed no more than to list and watch, by a credential plugin too', async () => {
    const server = await watchfire(configFile('reader', { reader: 'role: pod' }, '', kubeconfig()));
    await new Promise((resolve) => setTimeout(resolve, 2000));
    expect(await targets(server)).toEqual([]);
    const rbac = '/apis/rbac.authorization.k8s.io/v1';
    await cluster.create(`${rbac}/clusterroles`, {
      metadata: { name: 'watchfire' },
      rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] }],
    });
    await cluster.create(`${rbac}/clusterrolebindings`, {
      metadata: { name: 'watchfire' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'watchfire' },
      subjects: [{ kind: 'User', name: 'reader', apiGroup: 'rbac.authorization.k8s.io' }],
    });
    await eventually(async () => (await urls(server)).includes('http://10.0.0.1:8080/metrics')).toBe(true);
  }, 300_000);
});

/** Runs while the API server listens on another port, so that nobody who watches the usual one is told. */
async function elsewhere(cluster: KubernetesCluster, act: () => Promise<void>): Promise<void> {
  const back = cluster.moveToAnotherPort();
  await cluster.startApiServer();
  await act();
  await cluster.killApiServer();
  back();
}
