/** The bundled application as a child process, with its files in a folder of its own that goes when it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MonitorSettings } from '../monitor/settings.ts';
import { type CommandContext, UsageError } from './context.ts';

export interface DemoOptions {
  readonly seed: number;
  /** 1: incidents at their own pace; 2: twice as fast. */
  readonly speed: number;
}

export interface DemoProcess {
  /** The settings with the demo's files, logs and trace receiver filled in. */
  readonly settings: MonitorSettings;
  stop(): Promise<void>;
}

interface Ready {
  readonly kind: 'ready';
  readonly prometheusConfigFile: string;
  readonly alertmanagerConfigFile: string;
  readonly logFiles: readonly string[];
}

/** The application is not what one looks at: it is to take little beside watchfire. */
const SMALL_HEAP = ['--max-semi-space-size=4', '--heap-growing-percent=60'];

const START_WITHIN_MS = 20_000;
const STOP_WITHIN_MS = 2_000;

/** Rejects with UsageError where the application cannot start. */
export async function startDemo(
  options: DemoOptions,
  settings: MonitorSettings,
  context: CommandContext,
): Promise<DemoProcess> {
  const directory = await mkdtemp(join(tmpdir(), 'watchfire-demo-'));
  const otlpListen = `127.0.0.1:${await freePort()}`;
  const child = spawn(process.execPath, [...SMALL_HEAP, fileURLToPath(new URL('demo-app.js', context.distribution))], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: {
      ...context.environment,
      NODE_ENV: 'development',
      WATCHFIRE_DEMO_DIRECTORY: directory,
      WATCHFIRE_DEMO_SEED: String(options.seed),
      WATCHFIRE_DEMO_SPEED: String(options.speed),
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://${otlpListen}`,
      // Somebody watches: spans should follow their log lines at once.
      OTEL_BSP_SCHEDULE_DELAY: '500',
    },
  });
  const stop = async (): Promise<void> => {
    await ended(child);
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const ready = await whenReady(child);
    return {
      settings: {
        ...settings,
        name: 'demo',
        prometheusConfigFile: ready.prometheusConfigFile,
        alertmanagerConfigFile: settings.alertmanagerConfigFile ?? ready.alertmanagerConfigFile,
        logFiles: [...settings.logFiles, ...ready.logFiles],
        stateDirectory: join(directory, 'state'),
        otlpListen,
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function whenReady(child: ChildProcess): Promise<Ready> {
  return new Promise((resolve, reject) => {
    let errors = '';
    const refuse = (why: string): void => reject(new UsageError(`the demo application did not start: ${why}`));
    const timer = setTimeout(() => refuse(`it said nothing for ${START_WITHIN_MS / 1000} s`), START_WITHIN_MS);
    child.stderr?.on('data', (chunk: Buffer) => {
      errors = (errors + chunk.toString()).slice(-2000);
    });
    child.on('message', (message: Ready | { readonly kind: 'failed'; readonly message: string }) => {
      clearTimeout(timer);
      if (message.kind === 'ready') resolve(message);
      else refuse(message.message);
    });
    child.on('exit', (code) => {
      clearTimeout(timer);
      refuse(errors.trim().split('\n').at(-1) || `it ended with code ${code}`);
    });
    child.on('error', (error) => {
      clearTimeout(timer);
      refuse(error.message);
    });
  });
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(() => child.kill('SIGKILL'), STOP_WITHIN_MS);
    child.once('exit', () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill('SIGTERM');
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address !== null ? resolve(address.port) : reject(new Error('no port is free')),
      );
    });
  });
}
