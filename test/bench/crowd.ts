/**
 * `npm run bench -- crowd`: 1,000 targets of which 300 hang, 200 refuse and 100 send garbage, bodies of 2 GB among it. Prints how late
 * the other 400 are scraped, and the resident memory minute by minute. WATCHFIRE_CROWD_MINUTES sets for how long.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as http from 'node:http';
import * as net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { pause, projectRoot, type Server, startWatchfire } from './peers.ts';

const MINUTES = Number(process.env['WATCHFIRE_CROWD_MINUTES'] ?? 5);
const INTERVAL_MS = 15_000;
const WARM_UP_MS = 3 * INTERVAL_MS;
const GOOD = 400;
const HANGING = 300;
const REFUSING = 200;
const GARBAGE = 100;

export async function run(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'watchfire-crowd-'));
  const crowd = await Crowd.start();
  const config = join(folder, 'prometheus.yml');
  writeFileSync(config, crowd.configText());
  console.log(
    `${GOOD} good, ${HANGING} hang, ${REFUSING} refuse, ${GARBAGE} send garbage; each ${INTERVAL_MS / 1000} s`,
  );
  const state = ['--state', join(folder, 'state')];
  await watch(await startWatchfire(() => [...state, '--prometheus-config', config]), crowd);
  crowd.stop();
  rmSync(folder, { recursive: true, force: true });
}

async function watch(server: Server, crowd: Crowd): Promise<void> {
  await pause(WARM_UP_MS);
  crowd.arrivals.clear();
  const cpuBefore = server.cpuSeconds();
  const waitedBefore = waitedSeconds(server);
  const beganMs = performance.now();
  const curve: string[] = [];
  let highest = 0;
  for (let minute = 1; minute <= MINUTES; minute++) {
    for (let second = 0; second < 60; second++) {
      await pause(1000);
      highest = Math.max(highest, server.residentBytes());
    }
    curve.push(mebibytes(server.residentBytes()));
  }
  const wallSeconds = (performance.now() - beganMs) / 1000;
  const cores = (server.cpuSeconds() - cpuBefore) / wallSeconds;
  const waited = (waitedSeconds(server) - waitedBefore) / wallSeconds;
  const late = crowd.lateness();
  const at = (share: number): string => late[Math.min(late.length - 1, Math.floor(late.length * share))]!.toFixed(1);
  const due = GOOD * Math.floor((wallSeconds * 1000) / INTERVAL_MS);
  console.log(`${late.length} good scrapes of ${due} due; ${await health(server)}`);
  console.log(`late by ms: median ${at(0.5)}, 90 % ${at(0.9)}, 99 % ${at(0.99)}, 99.9 % ${at(0.999)}, most ${at(1)}`);
  console.log(
    `resident MiB each minute: ${curve.join(' ')}; highest ${mebibytes(highest)}; ${cores.toFixed(3)} cores used, ${waited.toFixed(3)} waited for`,
  );
  await server.stop();
}

/** For how long the process's first thread could have run and had no core: what the machine's other load costs it. */
function waitedSeconds(server: Server): number {
  return Number(readFileSync(`/proc/${server.child.pid}/schedstat`, 'utf8').split(' ')[1]) / 1e9;
}

async function health(server: Server): Promise<string> {
  const answer = await fetch(`${server.url}/api/v1/targets?state=active`);
  const { data } = (await answer.json()) as { data: { activeTargets: { health: string }[] } };
  const count = (wanted: string): number => data.activeTargets.filter((target) => target.health === wanted).length;
  return `${count('up')} up, ${count('down')} down`;
}

function mebibytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(0);
}

/** The servers behind the targets. */
class Crowd {
  /** Milliseconds at which each good target was asked. */
  readonly arrivals = new Map<string, number[]>();
  readonly #sockets = new Set<net.Socket>();
  readonly #servers: net.Server[] = [];
  /** In a thread of its own: what it costs to send must not make the good ones slow. */
  readonly #garbage = new Worker(join(projectRoot, 'dist', 'bench.garbage.js'));
  readonly #addresses: { good: string; hanging: string; garbage: string };

  private constructor(addresses: { good: string; hanging: string; garbage: string }) {
    this.#addresses = addresses;
  }

  static async start(): Promise<Crowd> {
    const addresses = { good: '', hanging: '', garbage: '' };
    const crowd = new Crowd(addresses);
    const body = exposition();
    addresses.good = await crowd.#listen(
      http.createServer((request, response) => {
        const times = crowd.arrivals.get(request.url!) ?? [];
        crowd.arrivals.set(request.url!, times);
        times.push(performance.now());
        response.setHeader('content-type', 'text/plain; version=0.0.4');
        response.end(body);
      }),
    );
    addresses.hanging = await crowd.#listen(net.createServer((socket) => socket.resume()));
    addresses.garbage = await new Promise((resolve) => crowd.#garbage.once('message', resolve));
    return crowd;
  }

  configText(): string {
    const { good, hanging, garbage } = this.#addresses;
    const group = (address: string, kind: string, count: number): string =>
      Array.from(
        { length: count },
        (_, i) =>
          `      - { targets: ['${address}'], labels: { __metrics_path__: '/${i}', n: '${i}', kind: ${kind} } }\n`,
      ).join('');
    return `global: { scrape_interval: ${INTERVAL_MS}ms }
scrape_configs:
  - job_name: crowd
    static_configs:
${group(good, 'good', GOOD)}${group(hanging, 'hanging', HANGING)}${group('127.0.0.1:1', 'refusing', REFUSING)}${group(garbage, 'garbage', GARBAGE)}`;
  }

  /**
   * How late each request to a good target came, in milliseconds, ascending. A target's schedule is known by its interval and its
   * earliest request.
   */
  lateness(): Float64Array {
    const all: number[] = [];
    for (const times of this.arrivals.values()) {
      const first = times[0]!;
      const phases = times.map((time) => time - first - Math.round((time - first) / INTERVAL_MS) * INTERVAL_MS);
      const earliest = Math.min(...phases);
      for (const phase of phases) all.push(phase - earliest);
    }
    return Float64Array.from(all).sort();
  }

  stop(): void {
    for (const socket of this.#sockets) socket.destroy();
    for (const server of this.#servers) server.close();
    void this.#garbage.terminate();
  }

  async #listen(server: net.Server): Promise<string> {
    this.#servers.push(server);
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket)).on('error', () => {});
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
  }
}

/** A hundred series. */
function exposition(): string {
  return Array.from({ length: 100 }, (_, i) => `crowd_requests_total{path="/${i}"} ${i}\n`).join('');
}
