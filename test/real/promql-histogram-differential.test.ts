import { afterAll, describe, expect, it } from 'vitest';
import { queryRoutes } from '../../src/api/v1-query.ts';
import { parseGoFloat } from '../../src/exposition/float.ts';
import type { MetricSource } from '../../src/monitor/sources.ts';
import { createEngine } from '../../src/promql/engine.ts';
import { snappyCompress } from '../../src/scrape/remote-write/snappy.ts';
import { encodeSamples, messageLength, type WriteItem } from '../../src/scrape/remote-write/write-request.ts';
import { createHead, type Head } from '../../src/storage/head.ts';
import { findPeer, startPrometheus } from './promql-peer.ts';
import { createRandom, type Random } from './random.ts';
import { randomQuery } from './random-queries.ts';
import { randomSeries } from './random-samples.ts';

const SEED = Number(process.env['WATCHFIRE_SEED'] ?? 3);
const QUERIES = Number(process.env['WATCHFIRE_DIFFERENTIAL_QUERIES'] ?? 1500);
const START_MS = 1_700_000_000_000;
const TOLERANCE = 1e-9;
/** In a thousand: what is left out on purpose, and named in the output. */
const MOST_DIFFERENT = 10;
const FEATURES = [
  'promql-experimental-functions',
  'promql-delayed-name-removal',
  'promql-duration-expr',
  'promql-extended-range-selectors',
  'promql-binop-fill-modifiers',
];

interface Answer {
  readonly status: string;
  readonly error?: string;
  readonly data?: { readonly resultType: string; readonly result: unknown };
  readonly warnings?: readonly string[];
  readonly infos?: readonly string[];
}

const isThere = findPeer('prometheus') !== undefined;
if (!isThere) console.log('skipped: prometheus is neither on PATH nor in $WATCHFIRE_PEERS');
const cleanups: (() => void)[] = [];
afterAll(() => {
  for (const cleanup of cleanups) cleanup();
});

describe.skipIf(!isThere)('random queries over random floats and histograms', () => {
  it('have the answers of a real Prometheus of 3.14, remarks and errors too', { timeout: 900_000 }, async (context) => {
    const peer = await startPrometheus({
      features: [...FEATURES, 'native-histograms'],
      arguments: ['--web.enable-remote-write-receiver'],
    });
    cleanups.push(peer.close);
    const probe = await ask(peer.base, '/api/v1/query', { query: 'vector(1) + fill (0) vector(1)', time: '0' });
    if (probe?.status !== 'success') {
      console.log('skipped: this Prometheus is older than 3.14');
      context.skip();
    }
    const items = randomSeries(createRandom(SEED), START_MS, 45 * 60_000).flatMap((series) => series.items);
    await write(peer.base, items);
    const here = answers(headOf(items));
    const random = createRandom(SEED + 1);
    const counts = { answers: 0, errors: 0, unanswered: 0 };
    const different: string[] = [];
    for (let i = 0; i < QUERIES; i++) {
      const query = randomQuery(random, {
        experimental: true,
        durationExpressions: true,
        extendedRanges: true,
        fill: true,
        atS: START_MS / 1000 + 1300,
      });
      const [path, parameters] = request(random, query);
      const theirs = await ask(peer.base, path, parameters);
      const ours = await here(path, parameters);
      if (theirs === undefined) {
        counts.unanswered++;
        continue;
      }
      const why = difference(plain(theirs), plain(ours), '');
      if (why !== undefined) different.push(`${query}: ${why.slice(0, 300)}`);
      else if (theirs.status === 'success') counts.answers++;
      else counts.errors++;
    }
    console.log(
      `seed ${SEED}: ${counts.answers} answers and ${counts.errors} errors alike, ${counts.unanswered} without an answer there, ${different.length} different\n${different.join('\n')}`,
    );
    expect(different.length).toBeLessThanOrEqual((QUERIES * MOST_DIFFERENT) / 1000);
  });
});

function request(random: Random, query: string): [path: string, parameters: Record<string, string>] {
  const startS = START_MS / 1000;
  if (random.chance(0.4)) return ['/api/v1/query', { query, time: String(startS + 600 + random.below(1500)) }];
  const step = random.pick(['17', '60', '15', '7.5']);
  return ['/api/v1/query_range', { query, start: String(startS + 1200), end: String(startS + 1800), step }];
}

async function write(base: string, items: readonly WriteItem[]): Promise<void> {
  for (let from = 0; from < items.length; ) {
    // A staleness marker becomes one of the kind of the sample before it, if that is already in: it goes alone.
    const next = items.slice(from, from + 2000);
    const marker = next.findIndex(({ value }) => value === 'stale');
    const part = marker < 0 ? next : next.slice(0, Math.max(1, marker));
    const length = messageLength(part, part.length);
    const response = await fetch(`${base}/api/v1/write`, {
      method: 'POST',
      body: snappyCompress(encodeSamples('prometheus.WriteRequest', part.slice(0, length), () => undefined)),
      headers: { 'content-encoding': 'snappy', 'content-type': 'application/x-protobuf' },
    });
    expect(response.status).toBe(204);
    from += length;
  }
}

function headOf(items: readonly WriteItem[]): Head {
  const head = createHead();
  const appender = head.appender();
  for (const { labels, timestampMs, value } of items) {
    const ref = appender.series(labels);
    if (value === 'stale') appender.stale(ref, timestampMs);
    else if (typeof value === 'number') appender.float(ref, timestampMs, value);
    else if ('schema' in value) appender.histogram(ref, timestampMs, value);
  }
  appender.commit();
  return head;
}

function answers(head: Head): (path: string, parameters: Record<string, string>) => Promise<Answer> {
  const engine = createEngine(head, { features: FEATURES });
  const metrics = {
    query: (query, options) => engine.query(query, options),
    queryRange: (query, options) => engine.queryRange(query, options),
  } as MetricSource;
  const routes = queryRoutes({ metrics, nowMs: () => START_MS });
  return async (path, parameters) => {
    const route = routes.find((each) => each.method === 'POST' && each.path === path)!;
    const { body } = await route.handle({
      method: 'POST',
      path,
      params: {},
      query: new URLSearchParams(parameters),
      headers: {},
      body: new Uint8Array(),
      signal: new AbortController().signal,
    });
    const parts = typeof body === 'string' || body instanceof Uint8Array ? [body] : [...body];
    return JSON.parse(parts.map((part) => Buffer.from(part as Uint8Array).toString()).join('')) as Answer;
  };
}

/** Undefined where there is none in time: Prometheus loops over some subqueries with both kinds of samples at one step. */
async function ask(base: string, path: string, parameters: Record<string, string>): Promise<Answer | undefined> {
  const signal = AbortSignal.timeout(20_000);
  try {
    const response = await fetch(base + path, { method: 'POST', body: new URLSearchParams(parameters), signal });
    return (await response.json()) as Answer;
  } catch (error) {
    if (signal.aborted) return undefined;
    throw error;
  }
}

/**
 * What can be compared: series and remarks in an order of their own, since Prometheus takes many from a Go map; a duplicate
 * series without its name, for the same reason; of forced monotonicity no number of samples, which it sums up more than once; of
 * remarks that are too many none; and no place of observations of NaN, which its own test scripts give otherwise than its interface.
 */
function plain({ status, error, data, warnings = [], infos = [] }: Answer): unknown {
  if (status !== 'success') return { error: error?.replace(/(match group ).*?( on the \w+ hand-side).*?];/, '$1$2') };
  const remark = (text: string): string =>
    text.replace(/, over -?\d+ samples/, '').replace(/(NaN observations.*) \(\d+:\d+\)$/, '$1');
  const remarks = (texts: readonly string[]): string[] =>
    texts.some((text) => text.endsWith('annotations omitted')) ? [] : texts.map(remark).sort();
  const { resultType, result } = data!;
  const sorted = resultType === 'vector' ? byMetric(result as { readonly metric: Record<string, string> }[]) : result;
  return { resultType, result: sorted, warnings: remarks(warnings), infos: remarks(infos) };
}

function byMetric<T extends { readonly metric: Record<string, string> }>(series: readonly T[]): T[] {
  const key = ({ metric }: T): string => JSON.stringify(Object.entries(metric).sort(([a], [b]) => (a < b ? -1 : 1)));
  return [...series].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** Undefined where all is the same, numbers in quotes nearly so. */
function difference(theirs: unknown, ours: unknown, path: string): string | undefined {
  if (theirs === ours) return undefined;
  if (typeof theirs === 'object' && typeof ours === 'object' && theirs !== null && ours !== null) {
    const [a, b] = [theirs as Record<string, unknown>, ours as Record<string, unknown>];
    for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
      const why = difference(a[key], b[key], `${path}/${key}`);
      if (why !== undefined) return why;
    }
    return undefined;
  }
  if (typeof theirs === 'string' && typeof ours === 'string' && !path.includes('metric')) {
    const [a, b] = [parseGoFloat(theirs), parseGoFloat(ours)];
    if (a !== undefined && b !== undefined) {
      if (Object.is(a, b) || Math.abs(a - b) <= TOLERANCE * Math.max(Math.abs(a), Math.abs(b))) return undefined;
    }
  }
  return `${path}: ${JSON.stringify(theirs)} there, ${JSON.stringify(ours)} here`;
}
