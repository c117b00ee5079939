/** Serves each exposition of the conformance data to a real scrape and holds what is stored beside what Prometheus stores. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import * as http from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ManualClock } from '../../src/config/clock.ts';
import { Labels } from '../../src/labels/labels.ts';
import { Matcher } from '../../src/labels/matcher.ts';
import { scrapeConfigForTargets } from '../../src/scrape/command-line-targets.ts';
import { ScrapeManager } from '../../src/scrape/manager.ts';
import { createHead, type Head } from '../../src/storage/head.ts';
import { FLOAT, SampleColumns } from '../../src/storage/queryable.ts';

const conformance = join(import.meta.dirname, '../../../shared/conformance');
const present = existsSync(conformance);
if (!present) console.log('skipped: ../shared/conformance is not here');

const INTERVAL_MS = 60_000;

it.skipIf(!present).each(['exposition', 'exposition-samples'])('stores what Prometheus stores: %s', async (name) => {
  const folder = join(conformance, name);
  const verdicts = new Map(
    readFileSync(join(folder, 'EXPECTED.tsv'), 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split('\t') as [string, 'accept' | 'reject']),
  );
  const samples = JSON.parse(readFileSync(join(folder, 'SAMPLES.json'), 'utf8')) as Record<
    string,
    [Record<string, string>, string][]
  >;
  const files = readdirSync(folder).filter((file) => verdicts.has(file));
  expect(files.length).toBe(verdicts.size);
  const { manager, head, close } = await scrapeAll(folder, files);
  const active = manager.targets().active;
  const wrong: string[] = [];
  for (const target of active) {
    const verdict = target.health === 'up' ? 'accept' : 'reject';
    if (verdict !== verdicts.get(target.job)) wrong.push(`${target.job}: ${verdict}, ${target.lastError}`);
    if (verdict === 'accept' && samples[target.job] === undefined) continue;
    const stored = storedOf(head, target.job, target.lastScrapeMs);
    const expected = new Map(
      (verdicts.get(target.job) === 'accept' ? samples[target.job]! : []).map(([labels, value]) => [
        Labels.of(labels).toString(),
        value === '+Inf' ? Number.POSITIVE_INFINITY : value === '-Inf' ? Number.NEGATIVE_INFINITY : Number(value),
      ]),
    );
    for (const [series, value] of expected) {
      if (!stored.has(series)) wrong.push(`${target.job}: ${series} is missing`);
      else if (!sameValue(stored.get(series)!, value))
        wrong.push(`${target.job}: ${series} is ${stored.get(series)}, not ${value}`);
    }
    for (const series of stored.keys()) if (!expected.has(series)) wrong.push(`${target.job}: ${series} is too many`);
  }
  await close();
  console.log(`${name}: ${files.length} expositions scraped, ${wrong.length} differences`);
  expect(wrong).toEqual([]);
});

function sameValue(a: number, b: number): boolean {
  return Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-12 * Math.max(Math.abs(a), Math.abs(b));
}

async function scrapeAll(folder: string, files: readonly string[]) {
  const server = http.createServer((request, response) => {
    const file = decodeURIComponent(request.url!.slice(1));
    const type = file.endsWith('.om')
      ? 'application/openmetrics-text; version=1.0.0; charset=utf-8'
      : 'text/plain; version=0.0.4; charset=utf-8';
    response.writeHead(200, { 'content-type': type }).end(readFileSync(join(folder, file)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const clock = new ManualClock(1_700_000_000_000);
  const head = createHead();
  const manager = new ScrapeManager({ appendable: head, clock, report: () => {}, hostname: 'conformance' });
  const place = { file: '', line: 1, column: 1 };
  const groups = [{ source: '0', targets: [Labels.of({ __address__: address })], labels: Labels.EMPTY }];
  manager.apply({
    externalLabels: Labels.EMPTY,
    scrapeConfigs: files.map((file) => ({
      ...scrapeConfigForTargets([]),
      jobName: file,
      metricsPath: `/${file}`,
      honorTimestamps: false,
      scrapeIntervalMs: INTERVAL_MS,
      scrapeTimeoutMs: INTERVAL_MS,
      fallbackScrapeProtocol: undefined,
      discoveries: [{ kind: 'static' as const, place, groups }],
    })),
  });
  for (let turn = 0; turn < 2; turn++) {
    const beforeMs = clock.nowMs();
    await clock.advance(INTERVAL_MS);
    const done = (): boolean => manager.targets().active.every((target) => target.lastScrapeMs > beforeMs);
    await expect.poll(done, { timeout: 30_000, interval: 10 }).toBe(true);
  }
  return {
    manager,
    head,
    close: async (): Promise<void> => {
      manager.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The series of a job that have a value at a time. */
function storedOf(head: Head, job: string, atMs: number): Map<string, number> {
  const out = new Map<string, number>();
  const columns = new SampleColumns();
  for (const { labels, read } of series(head, job)) {
    if (/^(up$|scrape_)/.test(labels.metricName)) continue;
    read(columns, atMs);
    const last = columns.length - 1;
    if (last < 0 || (!columns.floatsOnly && columns.kinds[last] !== FLOAT)) continue;
    out.set(labels.without('job', 'instance').toString(), columns.values[last]!);
  }
  return out;
}

function series(head: Head, job: string) {
  return head.select([new Matcher('=', 'job', job)], 0, Number.MAX_SAFE_INTEGER).map((each) => ({
    labels: each.labels,
    read: (into: SampleColumns, atMs: number) => each.read(atMs, atMs, into),
  }));
}
