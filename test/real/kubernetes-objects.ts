/** The objects that the tests against a real Kubernetes API server make in it. */
import type { KubernetesCluster } from './kubernetes-cluster.ts';

export const POD_COLLECTION = '/api/v1/namespaces/shop/pods';

/** A pod that runs, with the guide's annotations: scrape, port and path. */
export async function createPod(
  cluster: KubernetesCluster,
  name: string,
  ip: string,
  annotations: Readonly<Record<string, string>>,
  more: { readonly namespace?: string; readonly labels?: Readonly<Record<string, string>> } = {},
): Promise<void> {
  const { namespace = 'shop', labels = { app: 'orders', 'app.kubernetes.io/name': 'orders' } } = more;
  await cluster.create(
    `/api/v1/namespaces/${namespace}/pods`,
    {
      metadata: {
        name,
        labels,
        annotations: Object.fromEntries(
          Object.entries(annotations).map(([key, value]) => [`prometheus.io/${key}`, value]),
        ),
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'orders-5d', uid: 'owner', controller: true },
        ],
      },
      spec: {
        nodeName: 'node-1',
        containers: [
          { name: 'app', image: 'orders:1.2', ports: [{ name: 'http', containerPort: 8080 }, { containerPort: 9000 }] },
          { name: 'sidecar', image: 'proxy:3' },
        ],
        initContainers: [{ name: 'init', image: 'busybox', ports: [{ name: 'early', containerPort: 7000 }] }],
      },
    },
    runningStatus(ip),
  );
}

function runningStatus(ip: string): object {
  return {
    phase: 'Running',
    podIP: ip,
    podIPs: [{ ip }],
    hostIP: '192.168.0.1',
    hostIPs: [{ ip: '192.168.0.1' }],
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [
      { name: 'app', ready: true, restartCount: 0, image: 'orders:1.2', imageID: '', containerID: 'containerd://abc' },
    ],
  };
}

/** One of everything that a role may find, and of everything that makes a difference in its labels. */
export async function furnish(cluster: KubernetesCluster): Promise<void> {
  for (const name of ['shop', 'other']) {
    await cluster.create('/api/v1/namespaces', {
      metadata: { name, labels: { team: name }, annotations: { a: name } },
    });
  }
  for (const [index, addresses] of NODE_ADDRESSES.entries()) {
    await cluster.create(
      '/api/v1/nodes',
      {
        metadata: { name: `node-${index + 1}`, labels: { zone: `z${index}` }, annotations: { 'x.y/z': 'node' } },
        spec: { providerID: `cloud://node-${index + 1}` },
      },
      { addresses, daemonEndpoints: { kubeletEndpoint: { Port: 10250 } } },
    );
  }
  await createPod(cluster, 'orders-1', '10.0.0.1', { scrape: 'true', port: '9102', path: '/custom' });
  await createPod(cluster, 'orders-2', '10.0.0.2', { scrape: 'true' });
  await createPod(cluster, 'quiet', '10.0.0.3', { scrape: 'false' });
  await createPod(cluster, 'far', '10.0.1.1', {}, { namespace: 'other', labels: { app: 'far' } });
  await cluster.create(POD_COLLECTION, {
    metadata: { name: 'pending' },
    spec: { containers: [{ name: 'a', image: 'a' }] },
  });

  const port = { name: 'http', port: 80, targetPort: 8080 };
  const services = '/api/v1/namespaces/shop/services';
  const metadata = { name: 'orders', labels: { app: 'orders' }, annotations: { 'prometheus.io/probe': 'true' } };
  await cluster.create(services, {
    metadata,
    spec: { selector: { app: 'none' }, ports: [port, { name: 'dns', port: 53, protocol: 'UDP' }] },
  });
  await cluster.create(services, {
    metadata: { name: 'outside' },
    spec: { type: 'ExternalName', externalName: 'example.com', ports: [{ port: 443 }] },
  });
  await cluster.create(services, {
    metadata: { name: 'balanced' },
    spec: { type: 'LoadBalancer', loadBalancerIP: '203.0.113.9', selector: { app: 'none' }, ports: [port] },
  });
  await cluster.create(services, {
    metadata: { name: 'headless' },
    spec: { clusterIP: 'None', selector: { app: 'none' }, ports: [{ name: 'metrics', port: 9100 }] },
  });

  const reference = (name: string) => ({ kind: 'Pod', namespace: 'shop', name });
  await cluster.create('/api/v1/namespaces/shop/endpoints', {
    metadata: { name: 'orders', labels: { app: 'orders' } },
    subsets: [
      {
        addresses: [
          { ip: '10.0.0.1', hostname: 'one', nodeName: 'node-1', targetRef: reference('orders-1') },
          { ip: '10.9.9.9' },
        ],
        notReadyAddresses: [{ ip: '10.0.0.2', nodeName: 'node-1', targetRef: reference('orders-2') }],
        ports: [
          { name: 'http', port: 8080 },
          { name: 'udp', port: 53, protocol: 'UDP' },
        ],
      },
    ],
  });
  await cluster.create('/apis/discovery.k8s.io/v1/namespaces/shop/endpointslices', {
    metadata: { name: 'orders-abc', labels: { 'kubernetes.io/service-name': 'orders' }, annotations: { b: 'c' } },
    addressType: 'IPv4',
    endpoints: [
      {
        addresses: ['10.0.0.1'],
        hostname: 'one',
        nodeName: 'node-1',
        zone: 'z0',
        conditions: { ready: true, serving: true, terminating: false },
        hints: { forZones: [{ name: 'z0' }] },
        targetRef: reference('orders-1'),
      },
      { addresses: ['10.0.0.2'], conditions: { ready: false }, targetRef: reference('orders-2') },
      { addresses: ['10.9.9.9'] },
    ],
    ports: [
      { name: 'http', port: 8080, appProtocol: 'http' },
      { name: 'udp', port: 53, protocol: 'UDP' },
    ],
  });
  const backend = { service: { name: 'orders', port: { number: 80 } } };
  const path = (value: string) => ({ path: value, pathType: 'Prefix', backend });
  await cluster.create('/apis/networking.k8s.io/v1/namespaces/shop/ingresses', {
    metadata: { name: 'front', labels: { app: 'front' }, annotations: { rate: '5' } },
    spec: {
      ingressClassName: 'nginx',
      tls: [{ hosts: ['shop.example.com', '*.wild.example.com'] }],
      rules: [
        { host: 'shop.example.com', http: { paths: [path('/'), path('/api')] } },
        { host: 'a.wild.example.com', http: { paths: [path('/w')] } },
        { host: 'plain.example.com', http: { paths: [path('/p')] } },
        { http: { paths: [path('/any')] } },
      ],
    },
  });
}

const NODE_ADDRESSES = [
  [
    { type: 'ExternalIP', address: '203.0.113.1' },
    { type: 'InternalIP', address: '192.168.0.1' },
    { type: 'InternalIP', address: '192.168.0.11' },
    { type: 'Hostname', address: 'node-1.local' },
  ],
  [{ type: 'Hostname', address: 'node-2.local' }],
];
