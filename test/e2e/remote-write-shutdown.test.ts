/** The running program is ended while a receiver of remote write is away: what the receiver has not got waits on disk. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../free-port.ts';
import { projectRoot } from './terminal.ts';

const folder = mkdtempSync(join(tmpdir(), 'watchfire-shutdown-'));
let scrapes = 0;
const exporter = createServer((_request, response) => {
  scrapes++;
  response.setHeader('content-type', 'text/plain; version=0.0.4');
  response.end(`shop_orders_total ${scrapes}\n`);
});

beforeAll(async () => {
  await new Promise<void>((resolve) => exporter.listen(0, '127.0.0.1', resolve));
});

afterAll(() => {
  exporter.closeAllConnections();
  exporter.close();
  rmSync(folder, { recursive: true });
});

it('keeps samples for a receiver that is away, ended by a signal', { timeout: 60_000 }, async () => {
  const { port } = exporter.address() as AddressInfo;
  const file = join(folder, 'prometheus.yml');
  writeFileSync(
    file,
    [
      'global: { scrape_interval: 200ms, scrape_timeout: 200ms }',
      `scrape_configs: [{ job_name: shop, static_configs: [{ targets: ['127.0.0.1:${port}'] }] }]`,
      // Long waits between tries: nothing but a timer is left when the program ends.
      'remote_write:',
      `  - url: http://127.0.0.1:${await freePort()}/write`,
      '    queue_config: { batch_send_deadline: 100ms, min_backoff: 10s, max_backoff: 10s }',
      '',
    ].join('\n'),
  );
  const state = join(folder, 'state');
  const options = ['watch', '--prometheus-config', file, '--state', state];
  const program = spawn(process.execPath, [join(projectRoot, 'bin', 'watchfire.js'), ...options], { stdio: 'ignore' });
  await expect.poll(() => scrapes, { timeout: 30_000, interval: 50 }).toBeGreaterThan(5);
  program.kill('SIGTERM');
  const [code] = (await once(program, 'exit')) as [number];
  expect(code).toBe(0);
  const [receiver] = readdirSync(join(state, 'remote-write'));
  const waiting = readdirSync(join(state, 'remote-write', receiver!)).map((name) =>
    statSync(join(state, 'remote-write', receiver!, name)),
  );
  expect(waiting.reduce((sum, { size }) => sum + size, 0)).toBeGreaterThan(0);
});
