/** The demo as the process that watchfire starts; needs the build. */
import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, realpathSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const built = join(root, 'dist/demo-app.js');

interface Ready {
  readonly kind: 'ready' | 'failed';
  readonly message?: string;
  readonly prometheusConfigFile: string;
  readonly alertmanagerConfigFile: string;
  readonly logFiles: readonly string[];
  readonly services: readonly string[];
}

function start(
  file: string,
  cwd: string,
  directory: string,
): { child: ChildProcess; said: Promise<Ready>; ended: Promise<number | null> } {
  const child = spawn(process.execPath, [file], {
    cwd,
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      ...process.env,
      WATCHFIRE_DEMO_DIRECTORY: directory,
      WATCHFIRE_DEMO_SEED: '3',
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9',
    },
  });
  return {
    child,
    said: new Promise((resolve) => child.once('message', (message) => resolve(message as Ready))),
    ended: new Promise((resolve) => child.once('exit', resolve)),
  };
}

describe.skipIf(!existsSync(built))('the demo process', () => {
  it('says where everything is, and ends with its parent', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'watchfire-demo-'));
    const { child, said, ended } = start(built, root, directory);
    const ready = await said;
    expect(ready.kind).toBe('ready');
    expect(ready.services).toEqual(['orders', 'users', 'payment', 'inventory']);
    for (const file of [ready.prometheusConfigFile, ready.alertmanagerConfigFile]) expect(existsSync(file)).toBe(true);
    // Log files come with their first record.
    await expect.poll(() => ready.logFiles.filter((file) => !existsSync(file)), { timeout: 10_000 }).toEqual([]);
    child.disconnect();
    expect(await ended).toBe(0);
  });

  it('says in one sentence which packages are missing', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'watchfire-installed-'));
    mkdirSync(join(elsewhere, 'node_modules'));
    symlinkSync(realpathSync(join(root, 'node_modules/prom-client')), join(elsewhere, 'node_modules/prom-client'));
    cpSync(join(root, 'dist'), join(elsewhere, 'dist'), { recursive: true });
    cpSync(join(root, 'package.json'), join(elsewhere, 'package.json'));
    const { said, ended } = start(join(elsewhere, 'dist/demo-app.js'), elsewhere, elsewhere);
    const failed = await said;
    expect(failed.kind).toBe('failed');
    expect(failed.message).toMatch(
      /^the demo shop needs packages that are not installed: run `npm install express winston @opentelemetry\/api/,
    );
    expect(await ended).toBe(1);
  });
});
