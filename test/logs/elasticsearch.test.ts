import { afterEach, describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/config/clock.ts';
import { Secret } from '../../src/config/secret.ts';
import {
  type ElasticsearchLogSourceOptions,
  elasticsearchLogSource,
} from '../../src/logs/elasticsearch/elasticsearch-log-source.ts';
import type { LogQuery } from '../../src/logs/record.ts';
import type { LogSource } from '../../src/monitor/sources.ts';
import { type StandIn, type StandInDocument, type StandInOptions, startStandIn } from './stand-in-elasticsearch.ts';

const closing: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((each) => each.close()));
});

const baseMs = 1_768_500_000_000;

async function start(
  options: StandInOptions = {},
  more: Partial<ElasticsearchLogSourceOptions> = {},
): Promise<{ server: StandIn; source: LogSource; clock: ManualClock }> {
  const server = await startStandIn(options);
  const clock = new ManualClock(baseMs);
  const source = elasticsearchLogSource({ url: server.url, clock, index: 'logs-*', ...more });
  closing.push(source, server);
  return { server, source, clock };
}

function record(
  n: number,
  more: Record<string, unknown> = {},
  timeNs = BigInt(baseMs + n) * 1_000_000n,
): StandInDocument {
  const iso = new Date(Number(timeNs / 1_000_000n)).toISOString();
  return {
    index: 'logs-a',
    id: `d${n}`,
    timeNs,
    source: { '@timestamp': iso, level: 'INFO', message: `message ${n}`, service: 'shop', ...more },
  };
}

const search = async (source: LogSource, query: Partial<LogQuery> = {}): Promise<string[]> =>
  (await source.search({ limit: 10, ...query })).map((each) => each.message);

describe('searching', () => {
  it('gives the newest, oldest of them first, as records', async () => {
    const { server, source } = await start();
    for (let n = 0; n < 20; n++) server.documents.push(record(n, { traceId: 'ab'.repeat(16) }));
    const found = await source.search({ limit: 3 });
    expect(found.map((each) => each.message)).toEqual(['message 17', 'message 18', 'message 19']);
    expect(found[0]).toMatchObject({
      id: 'logs-a:d17',
      origin: 'logs-a',
      level: 'info',
      service: 'shop',
      timestampMs: baseMs + 17,
      traceId: 'ab'.repeat(16),
    });
    expect(source.state().kind).toBe('live');
  });

  it('keeps numbers whole that no number holds, as text', async () => {
    const { server, source } = await start();
    server.refuse = ({ path }) =>
      path.endsWith('/_search')
        ? {
            status: 200,
            body: '{"hits":{"hits":[{"_index":"i","_id":"1","_source":{"id":12345678901234567890,"n":7}}]}}',
          }
        : undefined;
    const [found] = await source.search({ limit: 1 });
    expect(found!.fields).toEqual({ id: '12345678901234567890', n: 7 });
    expect(JSON.parse(JSON.stringify(found)).fields).toEqual(found!.fields);
  });

  it('filters on the server, by the fields that the index has', async () => {
    const { server, source } = await start();
    server.documents.push(
      record(1, { level: 'ERROR', status: 500 }),
      record(2, { level: 'warning', service: 'other' }),
      record(3, { message: 'the payment failed' }),
    );
    expect(await search(source, { minLevel: 'warn' })).toEqual(['message 1', 'message 2']);
    expect(await search(source, { service: 'other' })).toEqual(['message 2']);
    expect(await search(source, { text: 'FAILED payment' })).toEqual(['the payment failed']);
    expect(await search(source, { fields: { status: '500' } })).toEqual(['message 1']);
    expect(await search(source, { fields: { nowhere: '500' } })).toEqual([]);
    expect(await search(source, { startMs: baseMs + 2, endMs: baseMs + 2 })).toEqual(['message 2']);
    expect(await source.services()).toEqual(['other', 'shop']);
  });

  for (const distribution of ['elasticsearch', 'opensearch'] as const) {
    it(`pages beyond one answer over a point in time, to the nanosecond (${distribution})`, async () => {
      const { server, source } = await start({ distribution, nanoseconds: true });
      // All within a microsecond, and three of each time: only whole sort values and a tie-breaker tell them apart.
      for (let n = 0; n < 2500; n++)
        server.documents.push(record(n, {}, BigInt(baseMs) * 1_000_000n + BigInt(Math.floor(n / 3))));
      const found = await source.search({ limit: 2400 });
      expect(new Set(found.map((each) => each.id)).size).toBe(2400);
      expect(server.openPoints).toBe(0);
    });
  }

  it('reads one page where no point in time is allowed', async () => {
    const { server, source } = await start();
    for (let n = 0; n < 1500; n++) server.documents.push(record(n));
    server.refuse = ({ path }) =>
      path.endsWith('/_pit')
        ? { status: 403, body: '{"error":{"type":"security_exception","reason":"no"}}' }
        : undefined;
    expect(await source.search({ limit: 1200 })).toHaveLength(1200);
  });

  it('speaks with every version: no vendor media types, no product check', async () => {
    const { server, source } = await start({}, { apiKey: new Secret('abc') });
    await search(source);
    for (const { headers } of server.requests) {
      expect(String(headers['accept'])).not.toContain('compatible-with');
      expect(String(headers['content-type'] ?? '')).not.toContain('compatible-with');
      expect(headers['authorization']).toBe('ApiKey abc');
    }
  });

  it('does with searches alone, where nothing else may be asked', async () => {
    const { server, source } = await start({ fields: { level: 'text', 'level.keyword': 'keyword' } });
    server.refuse = ({ path }) => (path.endsWith('/_search') ? undefined : { status: 403, body: '{}' });
    server.documents.push(record(1, { level: 'ERROR' }), record(2));
    expect(await search(source, { minLevel: 'error', service: 'shop' })).toEqual(['message 1']);
    expect(await source.services()).toContain('shop');
  });

  it('sends basic and bearer credentials', async () => {
    const basic = await start({}, { username: 'me', password: new Secret('pw') });
    await search(basic.source);
    expect(basic.server.requests[0]!.headers['authorization']).toBe(`Basic ${Buffer.from('me:pw').toString('base64')}`);
    const bearer = await start({}, { bearer: new Secret('tok') });
    await search(bearer.source);
    expect(bearer.server.requests[0]!.headers['authorization']).toBe('Bearer tok');
  });
});

describe('what goes wrong', () => {
  const cases: [string, number, string, RegExp][] = [
    [
      '401',
      401,
      '{"error":{"type":"security_exception","reason":"missing authentication"}}',
      /refuses the credentials \(401\)/,
    ],
    [
      '404 for the index',
      404,
      '{"error":{"root_cause":[{"type":"index_not_found_exception","reason":"no such index [logs]"}]}}',
      /no such index \[logs\]/,
    ],
    ['404 of something else', 404, '404 page not found', /is this Elasticsearch\?/],
    [
      '429',
      429,
      '{"error":{"type":"es_rejected_execution_exception","reason":"queue full"}}',
      /too busy to answer \(429\): queue full/,
    ],
    ['500', 500, '{"error":{"type":"oops","reason":"no"}}', /answers 500 oops: no/],
    ['HTML', 200, '<html>login</html>', /is this Elasticsearch\?/],
    ['half an answer', 200, '{"hits":', /no JSON/],
  ];
  for (const [name, status, body, message] of cases) {
    it(name, async () => {
      const { server, source } = await start({}, { password: new Secret('topsecret'), username: 'u' });
      server.refuse = () => ({ status, body });
      await expect(search(source)).rejects.toThrow(message);
      expect(source.state()).toMatchObject({ kind: 'failing', reason: expect.stringMatching(message) });
      expect(JSON.stringify(source.state())).not.toContain('topsecret');
      server.refuse = undefined;
      await search(source);
      expect(source.state().kind).toBe('live');
    });
  }

  it('nothing listens there', async () => {
    const { server, source } = await start();
    await server.close();
    await expect(search(source)).rejects.toThrow(/cannot be reached/);
  });

  it('does not answer in time, or is called off', async () => {
    const { server, source } = await start({}, { timeoutMs: 100 });
    server.refuse = () => 'hang';
    await expect(search(source)).rejects.toThrow(/did not answer in time/);
    const other = await start();
    const controller = new AbortController();
    const asked = other.source.search({ limit: 1 }, controller.signal);
    controller.abort();
    await expect(asked).rejects.toThrow(/called off/);
    expect(other.source.state().kind).toBe('live');
  });

  it('shards fail', async () => {
    const { server, source } = await start();
    server.refuse = ({ path }) =>
      path.endsWith('/_search')
        ? {
            status: 200,
            body: '{"_shards":{"total":5,"failed":2,"failures":[{"reason":{"reason":"disk"}}]},"hits":{"hits":[]}}',
          }
        : undefined;
    expect(await search(source)).toEqual([]);
    expect(source.state()).toMatchObject({ kind: 'slow', reason: '2 of 5 shards failed: disk' });
  });
});

/** Lets the tail look once; asking the server takes real time, which the clock knows nothing of. */
async function nextLook(clock: ManualClock): Promise<void> {
  const idle = async (): Promise<void> => {
    while (clock.nextDueMs() === undefined) await new Promise((resolve) => setTimeout(resolve, 2));
  };
  await idle();
  await clock.advanceTo(clock.nextDueMs()!);
  await idle();
}

describe('following', () => {
  it('tells what comes, late ones as well, each once, and goes on after a fault', async () => {
    const { server, source, clock } = await start();
    server.documents.push(record(-1000));
    const controller = new AbortController();
    const told: string[] = [];
    const reading = (async () => {
      for await (const batch of source.tail({ limit: 10 }, controller.signal))
        told.push(...batch.map((each) => each.message));
    })();
    const pass = (): Promise<void> => nextLook(clock);
    await pass();
    expect(told).toEqual([]);
    server.documents.push(record(2000));
    await pass();
    server.documents.push(record(3000), record(-500));
    await pass();
    expect(told).toEqual(['message 2000', 'message -500', 'message 3000']);
    server.refuse = () => ({ status: 429, body: '{"error":{"type":"busy","reason":"busy"}}' });
    await pass();
    expect(source.state()).toMatchObject({ kind: 'failing', nextTryMs: expect.any(Number) });
    server.refuse = undefined;
    server.documents.push(record(4000));
    await pass();
    await pass();
    expect(told.at(-1)).toBe('message 4000');
    expect(told).toHaveLength(4);
    controller.abort();
    await reading;
  });

  it('names the URL that is none', () => {
    const open = (): unknown => elasticsearchLogSource({ url: 'http://a:1,http://b:2', clock: new ManualClock(0) });
    expect(open).toThrow('"http://a:1,http://b:2" is no URL of an Elasticsearch: write it as http://host:9200');
  });

  it('keeps up where more comes than one look takes', async () => {
    const { server, source, clock } = await start();
    const controller = new AbortController();
    const told = new Set<string>();
    const reading = (async () => {
      for await (const batch of source.tail({ limit: 10 }, controller.signal))
        for (const each of batch) told.add(each.id);
    })();
    await nextLook(clock);
    for (let n = 1; n <= 12_000; n++)
      server.documents.push(record(n, {}, BigInt(baseMs) * 1_000_000n + BigInt(n) * 100_000n));
    for (let i = 0; i < 20 && told.size < 12_000; i++) await nextLook(clock);
    expect(told.size).toBe(new Set(server.documents.map((each) => each.id)).size);
    controller.abort();
    await reading;
  });
});
