/** The demo's files under the real Prometheus and Alertmanager: its rules are valid, and its first incident fires and resolves. */
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { writeDemoFiles } from '../../src/demo/files.ts';
import { startShop } from '../../src/demo/shop.ts';
import { freePort } from '../free-port.ts';

const peer = (name: string): string | undefined =>
  [process.env.WATCHFIRE_PEERS ?? '', ...(process.env.PATH ?? '').split(delimiter)]
    .map((folder) => join(folder, name))
    .find((path) => existsSync(path));
const prometheus = peer('prometheus');
const promtool = peer('promtool');

const ends: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe('the demo', () => {
  it.skipIf(promtool === undefined)('has rules and a configuration that promtool accepts', () => {
    const directory = mkdtempSync(join(tmpdir(), 'watchfire-demo-'));
    const targets = [{ service: 'orders', target: '127.0.0.1:1' }];
    const files = writeDemoFiles({ directory, speed: 3, targets, memoryLimitMegabytes: 70 });
    execFileSync(promtool!, ['check', 'config', '--lint-fatal', files.prometheusConfigFile], { stdio: 'pipe' });
  });

  it.skipIf(prometheus === undefined)(
    'has its first alert pending, firing and resolved in a real Prometheus',
    async () => {
      const directory = mkdtempSync(join(tmpdir(), 'watchfire-demo-'));
      const speed = 3;
      const shop = await startShop({
        directory,
        seed: 1,
        speed,
        otlpEndpoint: 'http://127.0.0.1:9',
        nowMs: () => performance.now(),
      });
      ends.push(() => shop.stop());
      const targets = shop.services.map(({ name, target }) => ({ service: name, target }));
      const { memoryLimitMegabytes } = shop;
      const { prometheusConfigFile } = writeDemoFiles({ directory, speed, targets, memoryLimitMegabytes });
      const listen = `127.0.0.1:${await freePort()}`;
      const child = spawn(
        prometheus!,
        [
          `--config.file=${prometheusConfigFile}`,
          `--storage.tsdb.path=${join(directory, 'data')}`,
          `--web.listen-address=${listen}`,
          '--log.level=error',
        ],
        { stdio: 'ignore' },
      );
      ends.push(() => new Promise<void>((resolve) => child.once('exit', () => resolve()) && child.kill()));
      const states: string[] = [];
      for (let i = 0; i < 200 && !(states.includes('firing') && states.at(-1) === 'gone'); i++) {
        await new Promise((resolve) => setTimeout(resolve, 250));
        const answer = await fetch(`http://${listen}/api/v1/alerts`).then(
          (response) => response.json(),
          () => undefined,
        );
        if (answer === undefined) continue;
        const { alerts } = (answer as { data: { alerts: { labels: Record<string, string>; state: string }[] } }).data;
        const alert = alerts.find(
          ({ labels }) => labels['alertname'] === 'HighErrorRate' && labels['service'] === 'payment',
        );
        const state = alert?.state ?? 'gone';
        if (states.at(-1) !== state) states.push(state);
      }
      expect(states.filter((state, i) => i > 0 || state !== 'gone')).toEqual(['pending', 'firing', 'gone']);
    },
    90_000,
  );
});
