/** Many targets of which most are bad; WATCHFIRE_CROWD sets how many, WATCHFIRE_CROWD_SECONDS for how long. */
import * as http from 'node:http';
import * as net from 'node:net';
import { expect, it } from 'vitest';
import { systemClock } from '../../src/config/clock.ts';
import { Labels } from '../../src/labels/labels.ts';
import { scrapeConfigForTargets } from '../../src/scrape/command-line-targets.ts';
import { ScrapeManager } from '../../src/scrape/manager.ts';
import { createHead } from '../../src/storage/head.ts';

const COUNT = Number(process.env['WATCHFIRE_CROWD'] ?? 300);
const SECONDS = Number(process.env['WATCHFIRE_CROWD_SECONDS'] ?? 4);
const INTERVAL_MS = 1000;

async function listen(server: net.Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
}

// The test runner translates the stack of every error, which takes longer than the request that failed.
Error.stackTraceLimit = 0;

it('scrapes the good ones on time while the others hang, refuse and send garbage', async () => {
  const arrivals = new Map<string, number[]>();
  const good = http.createServer((request, response) => {
    const times = arrivals.get(request.url!) ?? [];
    arrivals.set(request.url!, times);
    times.push(performance.now());
    response.setHeader('content-type', 'text/plain');
    response.end('a 1\nb 2\n');
  });
  const garbage = net.createServer((socket) => {
    socket.on('data', () => socket.end('\u0000\u0001 nothing of the kind\n'));
    socket.on('error', () => {});
  });
  let hung = 0;
  const hanging = net.createServer((socket) => {
    hung++;
    socket.resume().on('close', () => hung--);
    socket.on('error', () => {});
  });
  const addresses = [await listen(good), await listen(hanging), '127.0.0.1:1', await listen(garbage)];
  const targets = Array.from({ length: COUNT }, (_, i) => {
    const share = i / COUNT;
    const kind = share < 0.4 ? 0 : share < 0.7 ? 1 : share < 0.9 ? 2 : 3;
    return Labels.of({ __address__: addresses[kind]!, __metrics_path__: `/${i}`, n: String(i) });
  });
  const manager = new ScrapeManager({ appendable: createHead(), clock: systemClock, report: () => {} });
  const place = { file: '', line: 1, column: 1 };
  const groups = [{ source: '0', targets, labels: Labels.EMPTY }];
  manager.apply({
    externalLabels: Labels.EMPTY,
    scrapeConfigs: [
      {
        ...scrapeConfigForTargets([]),
        scrapeIntervalMs: INTERVAL_MS,
        scrapeTimeoutMs: INTERVAL_MS,
        discoveries: [{ kind: 'static', place, groups }],
      },
    ],
  });
  let mostHung = 0;
  for (let i = 0; i < SECONDS * 10; i++) {
    await new Promise((resolve) => setTimeout(resolve, 100));
    mostHung = Math.max(mostHung, hung);
  }
  const active = manager.targets().active;
  manager.close();
  for (const server of [good, garbage, hanging]) server.close();
  good.closeAllConnections();

  const lateness = [...arrivals.values()]
    .flatMap((times) => times.slice(1).map((time, i) => Math.abs(time - times[i]! - INTERVAL_MS)))
    .sort((a, b) => a - b);
  const at = (share: number): number => lateness[Math.floor(lateness.length * share)]!;
  console.log(
    `${COUNT} targets, ${lateness.length} good scrapes: off by ${at(0.5).toFixed(1)} ms (median), ${at(0.99).toFixed(1)} ms (99th), ${lateness.at(-1)!.toFixed(1)} ms (most); resident ${Math.round(process.memoryUsage().rss / 2 ** 20)} MiB`,
  );
  expect(active.filter((target) => target.health === 'up').length).toBe(COUNT * 0.4);
  expect(active.filter((target) => target.health === 'down').length).toBe(COUNT * 0.6);
  expect(lateness.length).toBeGreaterThanOrEqual(COUNT * 0.4 * (SECONDS - 2));
  // Loose, since the machine that tests may be busy with other things.
  expect(at(0.5)).toBeLessThan(INTERVAL_MS / 4);
  // A target that hangs has one connection; the one before it may still be closing.
  expect(mostHung).toBeLessThanOrEqual(COUNT * 0.3 * 2);
});
