/** Kills a process that notifies at random instants, many times, and counts what a webhook behind it got. */
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseJournal } from '../../src/alerting/journal.ts';

export interface KillTrial {
  readonly kills: number;
  /** Alerts that the API had acknowledged as firing, and as resolved. */
  readonly acknowledged: number;
  /** Of these, those that never arrived. */
  readonly missing: readonly string[];
  /** Arrived again though their delivery had not been logged when the process was killed: cannot be told from the outside. */
  readonly repeatedUnlogged: number;
  /** Arrived again though their delivery had been logged. */
  readonly repeatedLogged: readonly string[];
}

const PROGRAM = join(import.meta.dirname, 'killed-process.ts');
/** A kill comes at any time from the start of the posts to twice the time that they take. */
const LEAST_WINDOW_MS = 60;
const ALERTS_A_KILL = 6;

/** `random` gives numbers in [0, 1). */
export async function runKillTrial(kills: number, random: () => number): Promise<KillTrial> {
  const state = mkdtempSync(join(tmpdir(), 'watchfire-kill-'));
  const arrived = new Map<string, number>();
  const logged = new Set<string>();
  const repeatedLogged: string[] = [];
  const hook = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      for (const alert of JSON.parse(body).alerts) {
        const key = `${alert.labels.alertname} ${alert.status}`;
        arrived.set(key, (arrived.get(key) ?? 0) + 1);
        if (logged.has(`${alert.fingerprint} ${alert.status}`)) repeatedLogged.push(key);
      }
      response.end();
    });
  });
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  const webhook = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/`;
  const acknowledged = new Set<string>();
  const over = new Set<string>();
  let windowMs = LEAST_WINDOW_MS;
  try {
    for (let kill = 0; kill <= kills; kill++) {
      const { child, url } = await start(state, webhook);
      const resolving = [...arrived.keys()]
        .filter((key) => key.endsWith(' firing') && !over.has(key))
        .map((key) => key.slice(0, -' firing'.length));
      const fresh = kill < kills ? Array.from({ length: ALERTS_A_KILL }, (_, i) => `A${kill}.${i}`) : [];
      const posts = [
        ...fresh.map(async (name, i) => {
          await sleep((i * LEAST_WINDOW_MS) / ALERTS_A_KILL);
          if (await post(url, name, false)) acknowledged.add(`${name} firing`);
        }),
        ...resolving.map(async (name) => {
          if (!(await post(url, name, true))) return;
          acknowledged.add(`${name} resolved`);
          over.add(`${name} firing`);
        }),
      ];
      // At any instant of accepting, sending, logging.
      if (kill === 0) {
        const startedMs = performance.now();
        await Promise.all(posts);
        windowMs = Math.max(LEAST_WINDOW_MS, 2 * (performance.now() - startedMs));
      } else if (kill < kills) await sleep(random() * windowMs);
      else {
        await Promise.all(posts);
        await until(() => [...acknowledged].every((key) => arrived.has(key)), 120_000);
      }
      child.kill('SIGKILL');
      await new Promise((resolve) => child.once('exit', resolve));
      await Promise.all(posts);
      for (const key of loggedDeliveries(join(state, 'notifications.log'))) logged.add(key);
    }
  } finally {
    hook.closeAllConnections();
    await new Promise((resolve) => hook.close(resolve));
    rmSync(state, { recursive: true, force: true });
  }
  const repeated = [...arrived.values()].reduce((sum, count) => sum + count - 1, 0);
  return {
    kills,
    acknowledged: acknowledged.size,
    missing: [...acknowledged].filter((key) => !arrived.has(key)),
    repeatedUnlogged: repeated - repeatedLogged.length,
    repeatedLogged,
  };
}

async function start(state: string, webhook: string): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', PROGRAM, state, webhook], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout!.setEncoding('utf8').once('data', (line: string) => resolve(line.trim()));
    child.once('exit', (code) => reject(new Error(`the process ended by itself with ${code}`)));
  });
  child.removeAllListeners('exit');
  return { child, url };
}

/** True where it was acknowledged. */
async function post(url: string, name: string, resolved: boolean): Promise<boolean> {
  const endsAt = new Date(Date.now() + (resolved ? -1 : 3_600_000)).toISOString();
  const startsAt = '2020-01-01T00:00:00Z';
  try {
    const response = await fetch(`${url}/api/v2/alerts`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify([{ labels: { alertname: name }, startsAt, endsAt }]),
    });
    return response.ok;
  } catch {
    return false;
  }
}

function loggedDeliveries(file: string): readonly string[] {
  if (!existsSync(file)) return [];
  return [...parseJournal(readFileSync(file)).entries.values()].flatMap((value) => {
    const { firing, resolved } = value as { firing: string[]; resolved: string[] };
    return [...firing.map((each) => `${each} firing`), ...resolved.map((each) => `${each} resolved`)];
  });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function until(condition: () => boolean, limitMs: number): Promise<void> {
  for (let waited = 0; waited < limitMs && !condition(); waited += 20) await sleep(20);
}
