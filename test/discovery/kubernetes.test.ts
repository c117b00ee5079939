import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/config/clock.ts';
import { defaultHttpClientConfig } from '../../src/config/http-config.ts';
import type { KubernetesDiscoveryConfig, KubernetesRole, TargetGroup } from '../../src/config/prometheus-config.ts';
import { createDiscovery, type Discovery, type DiscoveryDeps } from '../../src/discovery/discovery.ts';
import { createHttpClient } from '../../src/http/axios.ts';
import { ApiServer } from './api-server.ts';

/** Patient, since the machine may be busy with other things. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000, interval: 10 });

let server: ApiServer;
const running: Discovery[] = [];
const reports: string[] = [];
let folder: string;

beforeEach(async () => {
  server = new ApiServer();
  await server.start();
  folder = await mkdtemp(join(tmpdir(), 'watchfire-kubernetes-'));
});

afterEach(async () => {
  for (const each of running.splice(0)) each.stop();
  reports.length = 0;
  await server.stop();
  await rm(folder, { recursive: true });
});

/** The waiting of retries is cut short; nothing else. */
const deps: DiscoveryDeps = {
  clock: { nowMs: () => systemClock.nowMs(), after: (ms, callback) => systemClock.after(Math.min(ms, 30), callback) },
  createHttpClient,
  report: (severity, text) => reports.push(`${severity}: ${text}`),
  random: () => 0.5,
  environment: {},
  serviceAccountFolder: '/nowhere',
};

function config(role: KubernetesRole, more: Partial<KubernetesDiscoveryConfig> = {}): KubernetesDiscoveryConfig {
  return {
    kind: 'kubernetes',
    place: { file: 'prometheus.yml', line: 1, column: 1 },
    apiServer: server.url,
    role,
    http: defaultHttpClientConfig,
    namespaces: { ownNamespace: false, names: [] },
    selectors: [],
    attachMetadata: { node: false, namespace: false },
    ...more,
  };
}

interface Found {
  readonly discovery: Discovery;
  /** Target addresses as last delivered; undefined before the first delivery. */
  addresses(): string[] | undefined;
  groups(): Record<string, { labels: Record<string, string>; targets: Record<string, string>[] }>;
}

function discover(config: KubernetesDiscoveryConfig, more: Partial<DiscoveryDeps> = {}): Found {
  let last: readonly TargetGroup[] | undefined;
  const discovery = createDiscovery(config, { ...deps, ...more });
  running.push(discovery);
  discovery.start((groups) => {
    last = groups;
  });
  return {
    discovery,
    addresses: () => last?.flatMap((group) => group.targets.map((target) => target.get('__address__'))).sort(),
    groups: () =>
      Object.fromEntries(
        (last ?? []).map((group) => [
          group.source,
          {
            labels: { ...group.labels.toRecord() },
            targets: group.targets.map((target) => ({ ...target.toRecord() })),
          },
        ]),
      ),
  };
}

function pod(name: string, more: { ip?: string; namespace?: string; labels?: Record<string, string> } = {}) {
  return {
    metadata: {
      name,
      namespace: more.namespace ?? 'shop',
      uid: `uid-${name}`,
      labels: more.labels ?? { app: 'api' },
      annotations: { 'prometheus.io/scrape': 'true' },
      ownerReferences: [
        { kind: 'Node', name: 'no' },
        { kind: 'ReplicaSet', name: 'api-1', controller: true },
      ],
    },
    spec: {
      nodeName: 'n1',
      containers: [
        { name: 'main', image: 'api:1', ports: [{ name: 'web', containerPort: 8080, protocol: 'TCP' }] },
        { name: 'side', image: 'side:1' },
      ],
      initContainers: [{ name: 'init', image: 'init:1', ports: [{ containerPort: 9, protocol: 'TCP' }] }],
    },
    status: {
      ...(more.ip !== '' && { podIP: more.ip ?? '10.0.0.1' }),
      hostIP: '192.168.0.1',
      phase: 'Running',
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ name: 'main', containerID: 'containerd://abc' }],
    },
  };
}

const podMeta = {
  __meta_kubernetes_pod_name: 'a',
  __meta_kubernetes_pod_ip: '10.0.0.1',
  __meta_kubernetes_pod_ready: 'true',
  __meta_kubernetes_pod_phase: 'Running',
  __meta_kubernetes_pod_node_name: 'n1',
  __meta_kubernetes_pod_host_ip: '192.168.0.1',
  __meta_kubernetes_pod_uid: 'uid-a',
  __meta_kubernetes_pod_controller_kind: 'ReplicaSet',
  __meta_kubernetes_pod_controller_name: 'api-1',
  __meta_kubernetes_pod_label_app: 'api',
  __meta_kubernetes_pod_labelpresent_app: 'true',
  __meta_kubernetes_pod_annotation_prometheus_io_scrape: 'true',
  __meta_kubernetes_pod_annotationpresent_prometheus_io_scrape: 'true',
};

const mainContainer = {
  __meta_kubernetes_pod_container_name: 'main',
  __meta_kubernetes_pod_container_image: 'api:1',
  __meta_kubernetes_pod_container_init: 'false',
  __meta_kubernetes_pod_container_port_name: 'web',
  __meta_kubernetes_pod_container_port_number: '8080',
  __meta_kubernetes_pod_container_port_protocol: 'TCP',
};

const initContainer = {
  __meta_kubernetes_pod_container_name: 'init',
  __meta_kubernetes_pod_container_image: 'init:1',
  __meta_kubernetes_pod_container_init: 'true',
  __meta_kubernetes_pod_container_port_number: '9',
  __meta_kubernetes_pod_container_port_protocol: 'TCP',
};

const node = {
  metadata: { name: 'n1', labels: { 'topology.kubernetes.io/zone': 'z1' }, annotations: { a: 'b' } },
  spec: { providerID: 'aws:///i-1' },
  status: {
    addresses: [
      { type: 'Hostname', address: 'n1.local' },
      { type: 'InternalIP', address: '192.168.0.1' },
      { type: 'InternalIP', address: 'fe80::1' },
    ],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
  },
};

const nodeMeta = {
  __meta_kubernetes_node_name: 'n1',
  __meta_kubernetes_node_label_topology_kubernetes_io_zone: 'z1',
  __meta_kubernetes_node_labelpresent_topology_kubernetes_io_zone: 'true',
  __meta_kubernetes_node_annotation_a: 'b',
  __meta_kubernetes_node_annotationpresent_a: 'true',
};

const service = {
  metadata: { name: 'api', namespace: 'shop', labels: { tier: 'x' } },
  spec: {
    type: 'LoadBalancer',
    clusterIP: '10.9.0.1',
    loadBalancerIP: '1.2.3.4',
    ports: [{ name: 'web', port: 80, protocol: 'TCP' }],
  },
};

const serviceMeta = {
  __meta_kubernetes_namespace: 'shop',
  __meta_kubernetes_service_name: 'api',
  __meta_kubernetes_service_label_tier: 'x',
  __meta_kubernetes_service_labelpresent_tier: 'true',
};

describe('roles', () => {
  it('pod: one target a port, with attached node and namespace', async () => {
    server.put('pods', pod('a'));
    server.put('pods', pod('pending', { ip: '' }));
    server.put('nodes', node);
    server.put('namespaces', { metadata: { name: 'shop', labels: { team: 'red' } } });
    const found = discover(config('pod', { attachMetadata: { node: true, namespace: true } }));
    await eventually(found.addresses).toEqual(['10.0.0.1', '10.0.0.1:8080', '10.0.0.1:9']);
    expect(found.groups()['pod/shop/pending']).toEqual({ labels: {}, targets: [] });
    expect(found.groups()['pod/shop/a']).toEqual({
      labels: {
        ...podMeta,
        ...nodeMeta,
        __meta_kubernetes_namespace: 'shop',
        __meta_kubernetes_namespace_label_team: 'red',
        __meta_kubernetes_namespace_labelpresent_team: 'true',
      },
      targets: [
        { __address__: '10.0.0.1:8080', ...mainContainer, __meta_kubernetes_pod_container_id: 'containerd://abc' },
        {
          __address__: '10.0.0.1',
          __meta_kubernetes_pod_container_name: 'side',
          __meta_kubernetes_pod_container_image: 'side:1',
          __meta_kubernetes_pod_container_init: 'false',
        },
        { __address__: '10.0.0.1:9', ...initContainer },
      ],
    });
  });

  it('node', async () => {
    server.put('nodes', node);
    server.put('nodes', { metadata: { name: 'without-address' } });
    const found = discover(config('node'));
    await eventually(found.addresses).toEqual(['192.168.0.1:10250']);
    expect(found.groups()['node/n1']).toEqual({
      labels: { ...nodeMeta, __meta_kubernetes_node_provider_id: 'aws:///i-1' },
      targets: [
        {
          __address__: '192.168.0.1:10250',
          instance: 'n1',
          __meta_kubernetes_node_address_InternalIP: '192.168.0.1',
          __meta_kubernetes_node_address_Hostname: 'n1.local',
        },
      ],
    });
  });

  it('service', async () => {
    server.put('services', service);
    const ports = [{ port: 443, protocol: 'TCP' }];
    server.put('services', {
      metadata: { name: 'far', namespace: 'shop' },
      spec: { type: 'ExternalName', externalName: 'far.example.com', ports },
    });
    const found = discover(config('service'));
    await eventually(found.addresses).toEqual(['api.shop.svc:80', 'far.shop.svc:443']);
    expect(found.groups()['svc/shop/api']).toEqual({
      labels: serviceMeta,
      targets: [
        {
          __address__: 'api.shop.svc:80',
          __meta_kubernetes_service_port_name: 'web',
          __meta_kubernetes_service_port_number: '80',
          __meta_kubernetes_service_port_protocol: 'TCP',
          __meta_kubernetes_service_type: 'LoadBalancer',
          __meta_kubernetes_service_cluster_ip: '10.9.0.1',
          __meta_kubernetes_service_loadbalancer_ip: '1.2.3.4',
        },
      ],
    });
    expect(found.groups()['svc/shop/far']!.targets[0]).toMatchObject({
      __meta_kubernetes_service_external_name: 'far.example.com',
    });
  });

  it('endpoints: joined with service and pod, uncovered container ports added', async () => {
    server.put('pods', pod('a'));
    server.put('services', service);
    server.put('endpoints', {
      metadata: { name: 'api', namespace: 'shop' },
      subsets: [
        {
          addresses: [{ ip: '10.0.0.1', nodeName: 'n1', targetRef: { kind: 'Pod', name: 'a', namespace: 'shop' } }],
          notReadyAddresses: [{ ip: '10.0.0.9', hostname: 'h' }],
          ports: [{ name: 'web', port: 8080, protocol: 'TCP' }],
        },
      ],
    });
    const found = discover(config('endpoints'));
    await eventually(found.addresses).toEqual(['10.0.0.1:8080', '10.0.0.1:9', '10.0.0.9:8080']);
    const port = { __meta_kubernetes_endpoint_port_name: 'web', __meta_kubernetes_endpoint_port_protocol: 'TCP' };
    expect(found.groups()['endpoints/shop/api']).toEqual({
      labels: { ...serviceMeta, __meta_kubernetes_endpoints_name: 'api' },
      targets: [
        {
          __address__: '10.0.0.1:8080',
          ...port,
          __meta_kubernetes_endpoint_ready: 'true',
          __meta_kubernetes_endpoint_node_name: 'n1',
          __meta_kubernetes_endpoint_address_target_kind: 'Pod',
          __meta_kubernetes_endpoint_address_target_name: 'a',
          ...podMeta,
          ...mainContainer,
        },
        {
          __address__: '10.0.0.9:8080',
          ...port,
          __meta_kubernetes_endpoint_ready: 'false',
          __meta_kubernetes_endpoint_hostname: 'h',
        },
        { __address__: '10.0.0.1:9', ...podMeta, ...initContainer },
      ],
    });
  });

  it('endpointslice', async () => {
    server.put('services', service);
    server.put('nodes', node);
    server.put('endpointslices', {
      metadata: { name: 'api-x', namespace: 'shop', labels: { 'kubernetes.io/service-name': 'api' } },
      addressType: 'IPv6',
      ports: [{ name: 'web', port: 8080, protocol: 'TCP', appProtocol: 'http' }],
      endpoints: [
        {
          addresses: ['fd00::1'],
          conditions: { ready: true, serving: true, terminating: false },
          nodeName: 'n1',
          zone: 'z1',
          hostname: 'h',
          targetRef: { kind: 'Node', name: 'n1' },
        },
      ],
    });
    const found = discover(config('endpointslice', { attachMetadata: { node: true, namespace: false } }));
    await eventually(found.addresses).toEqual(['[fd00::1]:8080']);
    expect(found.groups()['endpointslice/shop/api-x']).toEqual({
      labels: {
        ...serviceMeta,
        __meta_kubernetes_endpointslice_address_type: 'IPv6',
        __meta_kubernetes_endpointslice_name: 'api-x',
        __meta_kubernetes_endpointslice_label_kubernetes_io_service_name: 'api',
        __meta_kubernetes_endpointslice_labelpresent_kubernetes_io_service_name: 'true',
      },
      targets: [
        {
          __address__: '[fd00::1]:8080',
          __meta_kubernetes_endpointslice_port: '8080',
          __meta_kubernetes_endpointslice_port_name: 'web',
          __meta_kubernetes_endpointslice_port_protocol: 'TCP',
          __meta_kubernetes_endpointslice_port_app_protocol: 'http',
          __meta_kubernetes_endpointslice_endpoint_conditions_ready: 'true',
          __meta_kubernetes_endpointslice_endpoint_conditions_serving: 'true',
          __meta_kubernetes_endpointslice_endpoint_conditions_terminating: 'false',
          __meta_kubernetes_endpointslice_endpoint_hostname: 'h',
          __meta_kubernetes_endpointslice_endpoint_node_name: 'n1',
          __meta_kubernetes_endpointslice_endpoint_zone: 'z1',
          __meta_kubernetes_endpointslice_address_target_kind: 'Node',
          __meta_kubernetes_endpointslice_address_target_name: 'n1',
          ...nodeMeta,
        },
      ],
    });
  });

  it('ingress', async () => {
    server.put('ingresses', {
      metadata: { name: 'front', namespace: 'shop' },
      spec: {
        ingressClassName: 'nginx',
        tls: [{ hosts: ['*.example.com'] }],
        rules: [{ host: 'a.example.com', http: { paths: [{ path: '/x' }, {}] } }, { host: 'a.b.example.com' }],
      },
    });
    const found = discover(config('ingress'));
    await eventually(() => found.addresses()?.length).toBe(3);
    const target = (host: string, scheme: string, path: string) => ({
      __address__: host,
      __meta_kubernetes_ingress_host: host,
      __meta_kubernetes_ingress_scheme: scheme,
      __meta_kubernetes_ingress_path: path,
    });
    expect(found.groups()['ingress/shop/front']).toEqual({
      labels: {
        __meta_kubernetes_namespace: 'shop',
        __meta_kubernetes_ingress_name: 'front',
        __meta_kubernetes_ingress_class_name: 'nginx',
      },
      targets: [
        target('a.example.com', 'https', '/x'),
        target('a.example.com', 'https', '/'),
        target('a.b.example.com', 'http', '/'),
      ],
    });
  });
});

describe('list and watch', () => {
  it('follows births, changes and deaths', async () => {
    for (let i = 1; i <= 5; i++) server.put('pods', pod(`p${i}`, { ip: `10.0.0.${i}` }));
    const found = discover(config('pod'));
    const hosts = (): string[] => [...new Set(found.addresses()?.map((address) => address.split(':')[0]!))];
    await eventually(hosts).toEqual([1, 2, 3, 4, 5].map((i) => `10.0.0.${i}`));
    expect(server.requests.filter((request) => request.query.has('limit')).length).toBe(3);
    server.put('pods', pod('p6', { ip: '10.0.0.6' }));
    server.put('pods', pod('p1', { ip: '10.0.1.1' }));
    server.remove('pods', 'shop', 'p2');
    await eventually(hosts).toEqual(['10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6', '10.0.1.1']);
    expect(found.discovery.state()).toMatchObject({ kind: 'kubernetes', error: '' });
  });

  it('resumes where it was when the server ends a watch, from a bookmark too', async () => {
    server.put('pods', pod('a'));
    const found = discover(config('pod'));
    await eventually(() => server.watchCount).toBe(1);
    server.bookmark();
    await eventually(() => found.addresses()?.length).toBe(3);
    server.endWatches();
    await eventually(() => server.watchCount).toBe(1);
    server.put('pods', pod('b', { ip: '10.0.0.2' }));
    await eventually(() => found.addresses()?.length).toBe(6);
    expect(server.requests.filter((request) => !request.query.has('watch')).length).toBe(1);
    expect(server.requests.at(-1)!.query.get('resourceVersion')).toBe('102');
  });

  it('lists anew when its version has expired, missing nothing', async () => {
    server.put('pods', pod('a'));
    server.put('pods', pod('b', { ip: '10.0.0.2' }));
    const found = discover(config('pod'));
    await eventually(() => server.watchCount).toBe(1);
    await eventually(() => found.addresses()?.length).toBe(6);
    server.expire();
    server.remove('pods', 'shop', 'a');
    server.expire();
    await eventually(() => found.addresses()).toEqual(['10.0.0.2', '10.0.0.2:8080', '10.0.0.2:9']);
    await eventually(() => server.watchCount).toBe(1);
    expect(reports).toEqual([]);
  });

  it('keeps what it knows while the server is away, says so, and catches up when it is back', async () => {
    server.put('pods', pod('a'));
    const found = discover(config('pod'));
    await eventually(() => server.watchCount).toBe(1);
    await eventually(() => found.addresses()?.length).toBe(3);
    await server.stop();
    await eventually(() => found.discovery.state().error).toContain('connection refused');
    expect(found.addresses()?.length).toBe(3);
    server.put('pods', pod('b', { ip: '10.0.0.2' }));
    await server.start();
    await eventually(() => found.addresses()?.length).toBe(6);
    expect(found.discovery.state().error).toBe('');
    expect(reports.at(-1)).toMatch(/^info: kubernetes_sd .*: works again$/);
    expect(reports.filter((report) => report.startsWith('error')).length).toBeLessThanOrEqual(2);
  });

  it('asks for the namespaces and selectors it was given, and names a refusal', async () => {
    server.put('pods', pod('a', { namespace: 'one' }));
    server.put('pods', pod('b', { namespace: 'two', ip: '10.0.0.2' }));
    server.put('pods', pod('c', { namespace: 'two', ip: '10.0.0.3', labels: { app: 'other' } }));
    server.put('pods', pod('d', { namespace: 'three', ip: '10.0.0.4' }));
    const selectors = [{ role: 'pod' as const, label: 'app=api', field: 'status.phase=Running' }];
    const found = discover(config('pod', { namespaces: { ownNamespace: false, names: ['one', 'two'] }, selectors }));
    await eventually(() => Object.keys(found.groups()).sort()).toEqual(['pod/one/a', 'pod/two/b']);
    expect(server.requests[0]!.query.get('fieldSelector')).toBe('status.phase=Running');
    server.refuseWith = 403;
    server.endWatches();
    await eventually(() => found.discovery.state().error).toBe('the API server answered 403 Forbidden: not for you');
    await eventually(() => reports.length).toBe(1);
  });
});

describe('the way to the API server', () => {
  it('from within a pod', async () => {
    await writeFile(join(folder, 'token'), 'pod-token\n');
    await writeFile(join(folder, 'namespace'), 'own');
    const { apiServer: _, ...inCluster } = config('pod', { namespaces: { ownNamespace: true, names: ['one'] } });
    const { port } = new URL(server.url);
    const environment = { KUBERNETES_SERVICE_HOST: '127.0.0.1', KUBERNETES_SERVICE_PORT: port };
    const clients: string[] = [];
    const found = discover(inCluster, {
      environment,
      serviceAccountFolder: folder,
      createHttpClient: (http) => {
        clients.push(http.tls.caFile ?? '');
        const client = createHttpClient({ ...http, tls: defaultHttpClientConfig.tls });
        const plain = <T extends { url: string }>(request: T): T => ({
          ...request,
          url: request.url.replace('https', 'http'),
        });
        return {
          request: (request) => client.request(plain(request)),
          stream: (request) => client.stream(plain(request)),
          close: () => client.close(),
        };
      },
    });
    await eventually(found.addresses).toEqual([]);
    expect(clients).toEqual([join(folder, 'ca.crt')]);
    expect(server.requests[0]!.authorization).toBe('Bearer pod-token');
    expect(new Set(server.requests.map((request) => request.path))).toEqual(
      new Set(['/api/v1/namespaces/one/pods', '/api/v1/namespaces/own/pods']),
    );
  });

  it('by a kubeconfig', async () => {
    const file = join(folder, 'config');
    const write = (user: string): Promise<void> =>
      writeFile(
        file,
        `current-context: here
contexts: [{name: here, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "${server.url}/"}}]
users: [{name: u, user: ${user}}]
`,
      );
    await write('{token: file-token}');
    const { apiServer: _, ...base } = config('node', { kubeconfigFile: file });
    server.put('nodes', node);
    const found = discover(base);
    await eventually(found.addresses).toEqual(['192.168.0.1:10250']);
    expect(server.requests[0]!.authorization).toBe('Bearer file-token');
    await write('{auth-provider: {name: gcp}}');
    const refused = discover(base);
    await eventually(() => refused.discovery.state().error).toContain('the auth-provider "gcp"');
    const nowhere = discover({ ...base, kubeconfigFile: undefined });
    await eventually(() => nowhere.discovery.state().error).toContain('not within a Kubernetes pod');
  });
});
