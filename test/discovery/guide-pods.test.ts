/** The guide's `kubernetes-pods` job: its relabel rules over pods that an API server lists, through births, deaths and a restart. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { systemClock } from '../../src/config/clock.ts';
import { loadPrometheusConfig } from '../../src/config/prometheus-loader.ts';
import { Labels } from '../../src/labels/labels.ts';
import { ScrapeManager } from '../../src/scrape/manager.ts';
import { createHead } from '../../src/storage/head.ts';
import { ApiServer } from './api-server.ts';

const RULES = `
      - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_scrape]
        action: keep
        regex: true
      - source_labels: [__meta_kubernetes_pod_annotation_prometheus_io_path]
        action: replace
        target_label: __metrics_path__
        regex: (.+)
      - source_labels: [__address__, __meta_kubernetes_pod_annotation_prometheus_io_port]
        action: replace
        regex: ([^:]+)(?::\\d+)?;(\\d+)
        replacement: $1:$2
        target_label: __address__
      - action: labelmap
        regex: __meta_kubernetes_pod_label_(.+)
      - source_labels: [__meta_kubernetes_namespace]
        action: replace
        target_label: kubernetes_namespace
      - source_labels: [__meta_kubernetes_pod_name]
        action: replace
        target_label: kubernetes_pod_name
`;
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 30_000, interval: 20 });

const server = new ApiServer();
let folder: string;
let manager: ScrapeManager;

beforeEach(async () => {
  await server.start();
  folder = mkdtempSync(join(tmpdir(), 'watchfire-guide-'));
  const file = join(folder, 'prometheus.yml');
  writeFileSync(
    file,
    `scrape_configs:
  - job_name: kubernetes-pods
    scrape_interval: 1h
    kubernetes_sd_configs: [{ role: pod, api_server: '${server.url}' }]
    relabel_configs:${RULES}`,
  );
  // Retries and the spacing of changes are cut short; nothing else.
  const clock = {
    nowMs: () => systemClock.nowMs(),
    after: (ms: number, callback: () => void) => systemClock.after(ms > 60_000 ? ms : Math.min(ms, 50), callback),
  };
  manager = new ScrapeManager({ appendable: createHead(), clock, report: () => {} });
  const { scrapeConfigs } = loadPrometheusConfig(file).value;
  manager.apply({ scrapeConfigs, externalLabels: Labels.EMPTY });
});

afterEach(async () => {
  manager.close();
  await server.stop();
  rmSync(folder, { recursive: true });
});

it('finds the right pods, follows births and deaths, and survives a restart of the API server', async () => {
  server.put('pods', pod('orders-1', '10.0.0.1', { scrape: 'true', port: '9102', path: '/custom' }));
  server.put('pods', pod('orders-2', '10.0.0.2', { scrape: 'true' }));
  server.put('pods', pod('quiet', '10.0.0.3', { scrape: 'false' }));
  server.put('pods', pod('silent', '10.0.0.4', {}));
  const first = ['http://10.0.0.1:9102/custom', 'http://10.0.0.2:8080/metrics'];
  await eventually(urls).toEqual(first);
  expect(manager.targets().active[0]!.labels.toRecord()).toMatchObject({
    app: 'orders',
    job: 'kubernetes-pods',
    kubernetes_namespace: 'shop',
    kubernetes_pod_name: 'orders-1',
  });
  expect(manager.targets().droppedCounts['kubernetes-pods']).toBe(2);

  server.put('pods', pod('orders-5', '10.0.0.5', { scrape: 'true', port: '1' }));
  await eventually(urls).toEqual([...first, 'http://10.0.0.5:1/metrics']);
  server.remove('pods', 'shop', 'orders-2');
  await eventually(urls).toEqual([first[0], 'http://10.0.0.5:1/metrics']);

  await server.stop();
  await eventually(() => manager.discoveries()[0]!.states[0]!.error).not.toBe('');
  expect(urls()).toEqual([first[0], 'http://10.0.0.5:1/metrics']);
  server.remove('pods', 'shop', 'orders-1');
  server.put('pods', pod('orders-6', '10.0.0.6', { scrape: 'true', path: '/m' }));
  await server.start();
  await eventually(urls).toEqual(['http://10.0.0.5:1/metrics', 'http://10.0.0.6:8080/m']);
  expect(manager.discoveries()[0]!.states[0]!.error).toBe('');
});

function urls(): string[] {
  return manager
    .targets()
    .active.map((target) => target.scrapeUrl)
    .sort();
}

function pod(name: string, ip: string, annotations: Readonly<Record<string, string>>) {
  return {
    metadata: {
      name,
      namespace: 'shop',
      uid: name,
      labels: { app: 'orders' },
      annotations: Object.fromEntries(
        Object.entries(annotations).map(([key, value]) => [`prometheus.io/${key}`, value]),
      ),
    },
    spec: {
      nodeName: 'node',
      containers: [{ name: 'app', image: 'app:1', ports: [{ containerPort: 8080, name: 'http' }] }],
    },
    status: { podIP: ip, hostIP: '192.168.0.1', phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] },
  };
}
