/**
 * The bundled application as a process of its own. By the environment: WATCHFIRE_DEMO_DIRECTORY (its files and logs),
 * WATCHFIRE_DEMO_SEED, WATCHFIRE_DEMO_SPEED, OTEL_EXPORTER_OTLP_ENDPOINT, WATCHFIRE_DEMO_WEBHOOK_URL, _SLACK_URL, _SMTP.
 * It says once over the channel to its parent that it is ready (or why not), and ends with it.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { redactText } from '../instrument/index.ts';
import { loadPackageIfPresent } from '../instrument/optional-package.ts';
import { writeDemoFiles } from './files.ts';
import { type Shop, startShop } from './shop.ts';

const environment = process.env;
const directory = environment.WATCHFIRE_DEMO_DIRECTORY ?? mkdtempSync(join(tmpdir(), 'watchfire-demo-'));
const speed = positive(environment.WATCHFIRE_DEMO_SPEED, 1);

let shop: Shop | undefined;
let stopping = false;
process.on('SIGTERM', stopForGood);
process.on('SIGINT', stop);
process.on('disconnect', stopForGood);

try {
  requirePackages();
  shop = await startShop({
    directory,
    seed: Math.trunc(positive(environment.WATCHFIRE_DEMO_SEED, 1)),
    speed,
    otlpEndpoint: undefined,
    nowMs: () => performance.now(),
  });
  const files = writeDemoFiles({
    directory,
    speed,
    targets: shop.services.map(({ name, target }) => ({ service: name, target })),
    memoryLimitMegabytes: shop.memoryLimitMegabytes,
    webhookUrl: environment.WATCHFIRE_DEMO_WEBHOOK_URL,
    slackUrl: environment.WATCHFIRE_DEMO_SLACK_URL,
    smtp: environment.WATCHFIRE_DEMO_SMTP,
    desktop: process.platform !== 'linux' || (environment.DBUS_SESSION_BUS_ADDRESS ?? '') !== '',
  });
  say({
    kind: 'ready',
    ...files,
    logFiles: shop.services.map((service) => service.logFile),
    services: shop.services.map((service) => service.name),
    targets: shop.services.map((service) => service.target),
  });
} catch (error) {
  const message = redactText(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
  say({ kind: 'failed', message }, stop);
}

/** All at once: being told of one after the other would be tiresome. */
function requirePackages(): void {
  const missing = [
    'express',
    'winston',
    '@opentelemetry/api',
    '@opentelemetry/sdk-node',
    '@opentelemetry/resources',
    '@opentelemetry/exporter-trace-otlp-http',
  ].filter((name) => loadPackageIfPresent(name) === undefined);
  if (missing.length > 0)
    throw new Error(`the demo shop needs packages that are not installed: run \`npm install ${missing.join(' ')}\`.`);
}

function say(message: object, then: () => void = () => undefined): void {
  if (process.send === undefined) process.stdout.write(`${JSON.stringify(message)}\n`, then);
  else process.send(message, then);
}

/** The parent has done with everything, or was killed: it may not come to take the folder away. */
function stopForGood(): void {
  if (process.send !== undefined) process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  stop();
}

function stop(): void {
  if (stopping) return;
  stopping = true;
  // Whatever hangs, a demo must not outlive its parent.
  setTimeout(() => process.exit(), 1500).unref();
  void (shop?.stop() ?? Promise.resolve()).finally(() => process.exit());
}

function positive(text: string | undefined, otherwise: number): number {
  const value = Number(text);
  return Number.isFinite(value) && value > 0 ? value : otherwise;
}
