/** Many targets of which most are bad, on a clock that only the test moves; WATCHFIRE_CROWD sets how many, WATCHFIRE_CROWD_ROUNDS how often. */
import * as http from 'node:http';
import * as net from 'node:net';
import { expect, it } from 'vitest';
import { ManualClock } from '../../src/config/clock.ts';
import type { ScrapeConfig } from '../../src/config/prometheus-config.ts';
import { Labels } from '../../src/labels/labels.ts';
import { Matcher } from '../../src/labels/matcher.ts';
import { scrapeConfigForTargets } from '../../src/scrape/command-line-targets.ts';
import { ScrapeManager } from '../../src/scrape/manager.ts';
import { createHead } from '../../src/storage/head.ts';
import { SampleColumns } from '../../src/storage/queryable.ts';

const COUNT = Number(process.env['WATCHFIRE_CROWD'] ?? 300);
const ROUNDS = Number(process.env['WATCHFIRE_CROWD_ROUNDS'] ?? 5);
const GOOD = Math.round(COUNT * 0.4);
const INTERVAL_MS = 120_000;
/** On the wall: a good target has so long on a busy machine, one that hangs takes it whole. */
const GOOD_TIMEOUT_MS = 100_000;
const BAD_TIMEOUT_MS = 1500;
const PATIENCE = { interval: 10, timeout: GOOD_TIMEOUT_MS };

async function listen(server: net.Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as net.AddressInfo).port}`;
}

/** Targets at these addresses in turn, each with a path of its own. */
function job(jobName: string, addresses: readonly string[], count: number, scrapeTimeoutMs: number): ScrapeConfig {
  const place = { file: '', line: 1, column: 1 };
  const targets = Array.from({ length: count }, (_, i) =>
    Labels.of({ __address__: addresses[i % addresses.length]!, __metrics_path__: `/${i}`, n: String(i) }),
  );
  return {
    ...scrapeConfigForTargets([]),
    jobName,
    scrapeIntervalMs: INTERVAL_MS,
    scrapeTimeoutMs,
    discoveries: [{ kind: 'static', place, groups: [{ source: '0', targets, labels: Labels.EMPTY }] }],
  };
}

// The test runner translates the stack of every error, which takes longer than the request that failed.
Error.stackTraceLimit = 0;

it('misses no scrape of the good ones while the others hang, refuse and send garbage', {
  timeout: 300_000,
}, async () => {
  const requests = new Map<string, number>();
  const good = http.createServer((request, response) => {
    requests.set(request.url!, (requests.get(request.url!) ?? 0) + 1);
    response.setHeader('content-type', 'text/plain');
    response.end('a 1\nb 2\n');
  });
  const garbage = net.createServer((socket) => {
    socket.on('data', () => socket.end('\u0000\u0001 nothing of the kind\n'));
    socket.on('error', () => {});
  });
  let hung = 0;
  let mostHung = 0;
  const hanging = net.createServer((socket) => {
    mostHung = Math.max(mostHung, ++hung);
    socket.resume().on('close', () => hung--);
    socket.on('error', () => {});
  });
  const bad = [await listen(hanging), '127.0.0.1:1', await listen(garbage)];
  const head = createHead();
  const clock = new ManualClock(1_700_000_000_000);
  const manager = new ScrapeManager({ appendable: head, clock, report: () => {} });
  manager.apply({
    externalLabels: Labels.EMPTY,
    scrapeConfigs: [
      job('good', [await listen(good)], GOOD, GOOD_TIMEOUT_MS),
      job('bad', bad, COUNT - GOOD, BAD_TIMEOUT_MS),
    ],
  });
  const of = (name: string) => manager.targets().active.filter((target) => target.job === name);

  for (let round = 1; round <= ROUNDS; round++) {
    const startMs = clock.nowMs();
    await clock.advance(INTERVAL_MS);
    // The bad ones are not waited for: some of them hang still when their next turn comes.
    await expect.poll(() => of('good').filter((target) => target.lastScrapeMs > startMs).length, PATIENCE).toBe(GOOD);
  }
  await expect.poll(() => of('bad').filter((target) => target.health === 'down').length, PATIENCE).toBe(COUNT - GOOD);
  const up = of('good').filter((target) => target.health === 'up').length;
  manager.close();
  for (const server of [good, garbage, hanging]) server.close();
  good.closeAllConnections();

  expect(up).toBe(GOOD);
  expect([...requests.values()]).toEqual(Array.from({ length: GOOD }, () => ROUNDS));
  const series = head.select([new Matcher('=', '__name__', 'up'), new Matcher('=', 'job', 'good')], 0, clock.nowMs());
  expect([...series]).toHaveLength(GOOD);
  const columns = new SampleColumns();
  for (const each of series) {
    each.read(0, clock.nowMs(), columns);
    const times = [...columns.timestamps.subarray(0, columns.length)];
    expect([...columns.values.subarray(0, columns.length)]).toEqual(times.map(() => 1));
    expect(times).toEqual(Array.from({ length: ROUNDS }, (_, i) => times[0]! + i * INTERVAL_MS));
  }
  // A target that hangs has one connection; the one before it may still be closing.
  expect(mostHung).toBeLessThanOrEqual(Math.ceil((COUNT - GOOD) / 3) * 2);
  expect(mostHung).toBeGreaterThan(0);
});
