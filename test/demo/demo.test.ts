import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { writeDemoFiles } from '../../src/demo/files.ts';
import { DAY_MS, incidentAt, incidentsOfDay, trafficAt } from '../../src/demo/incidents.ts';
import { visits } from '../../src/demo/load.ts';
import { createRandom } from '../../src/demo/random.ts';
import { startShop } from '../../src/demo/shop.ts';

describe('the day', () => {
  it('is the same for the same seed, and another for another', () => {
    expect(incidentsOfDay(7, 0, 1)).toEqual(incidentsOfDay(7, 0, 1));
    expect(incidentsOfDay(7, 0, 1)).not.toEqual(incidentsOfDay(8, 0, 1));
    const first = visits(7);
    const second = visits(7);
    for (let i = 0; i < 500; i++) expect(first()).toEqual(second());
  });

  it('has every kind of incident once, one after the other, the first over and forgotten within two minutes', () => {
    for (const seed of [1, 2, 3, 99]) {
      for (const day of [0, 1, 5]) {
        const incidents = incidentsOfDay(seed, day, 1);
        expect(incidents.map((each) => each.kind)).toEqual([
          'error-burst',
          'slow-database',
          'exhausted-pool',
          'memory-leak',
        ]);
        incidents.forEach((each, i) => {
          expect(each.startMs).toBeGreaterThan(i === 0 ? day * DAY_MS : incidents[i - 1]!.endMs + 25_000);
          expect(each.endMs).toBeLessThan((day + 1) * DAY_MS);
        });
      }
      expect(incidentsOfDay(seed, 0, 1)[0]!.endMs + 20_000).toBeLessThan(90_000);
    }
  });

  it('goes as fast as it is told', () => {
    const [slow] = incidentsOfDay(3, 1, 1);
    const [fast] = incidentsOfDay(3, 1, 4);
    expect(fast!.startMs).toBeCloseTo(slow!.startMs / 4);
    expect(incidentAt(3, fast!.startMs + 1, 4)?.kind).toBe('error-burst');
    expect(incidentAt(3, fast!.startMs - 1, 4)).toBeUndefined();
    expect(trafficAt(0, 1)).toBeCloseTo(0.6);
    expect(trafficAt(DAY_MS / 2, 1)).toBeCloseTo(1.4);
  });

  it('has latencies around what is typical', () => {
    const random = createRandom(5);
    const latencies = Array.from({ length: 5000 }, () => random.latencyMs(30));
    expect(Math.min(...latencies)).toBeGreaterThanOrEqual(10);
    expect(latencies.reduce((sum, each) => sum + each, 0) / latencies.length).toBeCloseTo(28, -1);
  });
});

describe('the files', () => {
  it('are YAML, and name the channels that they are given', () => {
    const directory = mkdtempSync(join(tmpdir(), 'watchfire-demo-'));
    const files = writeDemoFiles({
      directory,
      speed: 4,
      targets: [{ service: 'orders', target: '127.0.0.1:1' }],
      memoryLimitMegabytes: 70,
      webhookUrl: 'http://127.0.0.1:2/hook',
      slackUrl: 'http://127.0.0.1:3/slack',
      desktop: true,
      smtp: '127.0.0.1:25',
    });
    const prometheus = parse(readFileSync(files.prometheusConfigFile, 'utf8'));
    expect(prometheus.scrape_configs[0].static_configs).toEqual([
      { targets: ['127.0.0.1:1'], labels: { service: 'orders' } },
    ]);
    expect(prometheus.global.scrape_interval).toBe('500ms');
    const rules = parse(readFileSync(files.rulesFile, 'utf8'));
    expect(rules.groups[1].rules.map((rule: { alert: string }) => rule.alert)).toEqual([
      'HighErrorRate',
      'HighResponseTime',
      'HighMemoryUsage',
      'DatabaseConnectionPoolExhausted',
      'ServiceDown',
    ]);
    const alertmanager = parse(readFileSync(files.alertmanagerConfigFile, 'utf8'));
    expect(Object.keys(alertmanager.receivers[1])).toEqual([
      'name',
      'terminal_configs',
      'desktop_configs',
      'webhook_configs',
      'slack_configs',
      'email_configs',
    ]);
    expect(alertmanager.global.smtp_smarthost).toBe('127.0.0.1:25');
  });
});

describe('the shop', () => {
  it('sells, and shows an incident in metrics, logs and traces together', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'watchfire-demo-'));
    const spans: { service: string; traceId: string; name: string; status: { code?: number } }[] = [];
    const receiver = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        for (const { resource, scopeSpans } of JSON.parse(Buffer.concat(chunks).toString()).resourceSpans) {
          const service = resource.attributes.find((each: { key: string }) => each.key === 'service.name').value
            .stringValue;
          for (const scope of scopeSpans) for (const span of scope.spans) spans.push({ ...span, service });
        }
        response.setHeader('content-type', 'application/json').end('{}');
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const otlpEndpoint = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}`;
    const start = performance.now();
    // The clock starts inside of the error burst.
    const offset = incidentsOfDay(1, 0, 1)[0]!.startMs + 1000;
    let asked = 0;
    const nowMs = (): number => (asked++ === 0 ? 0 : performance.now() - start + offset);
    const shop = await startShop({ directory, seed: 1, speed: 1, otlpEndpoint, nowMs });
    const payment = shop.services.find((service) => service.name === 'payment')!;
    const failures = async (): Promise<boolean> =>
      /status_code="502"/.test(await (await fetch(`${payment.url}/metrics`)).text());
    for (let i = 0; i < 200 && !(await failures()); i++) await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await failures()).toBe(true);
    await shop.stop();
    receiver.close();
    const lines = readFileSync(payment.logFile, 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const error = lines.find((line) => line.level === 'ERROR');
    expect(error.error.name).toBe('PaymentProviderError');
    const trace = spans.filter((span) => span.traceId === error.traceId);
    expect(new Set(trace.map((span) => span.service))).toEqual(
      new Set(['storefront', 'orders', 'users', 'inventory', 'payment']),
    );
    expect(trace.find((span) => span.name === 'POST /orders')!.status.code).toBe(2);
    expect(existsSync(join(directory, 'logs', 'orders.log'))).toBe(true);
  }, 20_000);
});
