/** Starts Prometheus and watchfire for a bench, and finds the programs: on PATH, or in the folders that WATCHFIRE_PEERS names. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freePort } from '../free-port.ts';

export const projectRoot = join(
  dirname(fileURLToPath(import.meta.url)),
  '..',
  existsSync(join(dirname(fileURLToPath(import.meta.url)), '..', 'package.json')) ? '' : '..',
);

/** The program's path; undefined where it is not on this machine. */
export function findPeer(name: string): string | undefined {
  const folders = [process.env['WATCHFIRE_PEERS'], process.env['PATH']].flatMap((list) => list?.split(delimiter) ?? []);
  return folders
    .filter(Boolean)
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file));
}

export interface Server {
  readonly url: string;
  readonly child: ChildProcess;
  /** Resident memory in bytes. */
  residentBytes(): number;
  /** CPU seconds used so far, user and system. */
  cpuSeconds(): number;
  stop(): Promise<void>;
}

export async function startServer(
  command: string,
  args: (address: string) => string[],
  ready = '/-/ready',
  withinMs = 600_000,
): Promise<Server> {
  const address = `127.0.0.1:${await freePort()}`;
  const child = spawn(command, args(address), { stdio: ['ignore', 'ignore', 'pipe'] });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    errors = (errors + chunk.toString()).slice(-4000);
  });
  const url = `http://${address}`;
  const untilMs = Date.now() + withinMs;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`${command} ended with ${child.exitCode}: ${errors}`);
    if (Date.now() > untilMs) {
      child.kill('SIGKILL');
      throw new Error(`${command} is not ready after ${withinMs} ms: ${errors}`);
    }
    const answer = await fetch(`${url}${ready}`).catch(() => undefined);
    if (answer?.status === 200) break;
    await pause(100);
  }
  return {
    url,
    child,
    residentBytes: () =>
      Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1] ?? 0) * 1024,
    cpuSeconds: () => {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' ');
      return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS;
    },
    stop: () =>
      new Promise((resolve) => {
        child.once('exit', () => resolve());
        child.kill('SIGTERM');
      }),
  };
}

export function startWatchfire(args: (address: string) => string[]): Promise<Server> {
  return startServer(process.execPath, (address) => [
    join(projectRoot, 'bin', 'watchfire.js'),
    'watch',
    '--listen',
    address,
    ...args(address),
  ]);
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const CLOCK_TICKS = Number(execFileSync('getconf', ['CLK_TCK']).toString());
