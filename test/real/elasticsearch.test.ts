/**
 * The Elasticsearch log source against real servers, Elasticsearch or OpenSearch: search, filters, paging, following.
 * WATCHFIRE_PEER_ELASTICSEARCH holds their URLs, separated by commas; each must let anybody make and delete `wf-*` and `logs-wf-*`.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../src/config/clock.ts';
import { StructuredLogger } from '../../src/instrument/logger.ts';
import { elasticsearchLogSource } from '../../src/logs/elasticsearch/elasticsearch-log-source.ts';
import type { LogQuery, LogRecord } from '../../src/logs/record.ts';
import type { LogReader } from '../../src/logs/source.ts';
import { runWatchfire } from './run-watchfire.ts';

const urls = (process.env['WATCHFIRE_PEER_ELASTICSEARCH'] ?? '').split(',').filter((url) => url !== '');
if (urls.length === 0)
  console.log(
    'skipped: no Elasticsearch or OpenSearch is named in $WATCHFIRE_PEER_ELASTICSEARCH (URLs, separated by commas)',
  );

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const nowMs = Date.now();
const iso = (agoMs: number): string => new Date(nowMs - agoMs).toISOString();

describe.skipIf(urls.length === 0).each(urls.length === 0 ? ['none'] : urls)('the server at %s', (url) => {
  /** Of this run alone. */
  const run = `wf-${process.pid}-${nowMs}`;
  const sources: LogReader[] = [];
  let opensearch = false;

  const ask = async (method: string, path: string, body?: unknown): Promise<Record<string, unknown>> => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { 'content-type': typeof body === 'string' ? 'application/x-ndjson' : 'application/json' },
      ...(body === undefined ? {} : { body: text }),
    });
    const answer = (await response.json()) as Record<string, unknown>;
    if (!response.ok || answer['errors'] === true)
      throw new Error(`${method} ${path}: ${response.status} ${JSON.stringify(answer).slice(0, 1000)}`);
    return answer;
  };
  const write = (index: string, documents: readonly object[], refresh = true): Promise<unknown> =>
    ask(
      'POST',
      `/_bulk${refresh ? '?refresh=true' : ''}`,
      documents.map((each) => `${JSON.stringify({ create: { _index: index } })}\n${JSON.stringify(each)}\n`).join(''),
    );
  const open = (
    index: string,
    more: { readonly pollMs?: number; readonly timestampField?: string } = {},
  ): LogReader => {
    const source = elasticsearchLogSource({ url, index, clock: systemClock, ...more });
    sources.push(source);
    return source;
  };
  const messages = async (source: LogReader, query: Partial<LogQuery>): Promise<string[]> =>
    (await source.search({ limit: 100, ...query })).map((record) => record.message);

  beforeAll(async () => {
    const version = (await ask('GET', '/'))['version'] as { distribution?: string; number: string };
    opensearch = version.distribution === 'opensearch';
    console.log(`${url} is ${opensearch ? 'OpenSearch' : 'Elasticsearch'} ${version.number}`);
  });

  afterAll(async () => {
    await Promise.all(sources.map((source) => source.close()));
    await ask('DELETE', `/_data_stream/${run}-stream`).catch(() => undefined);
    await ask('DELETE', `/_index_template/${run}-stream`).catch(() => undefined);
    const indices = Object.keys(await ask('GET', `/${run}-*,logs-${run}*?expand_wildcards=open`));
    for (const index of indices) await ask('DELETE', `/${index}`);
  });

  describe('with what shippers write', () => {
    let source: LogReader;

    beforeAll(async () => {
      // As ../shared/spec/files/filebeat.yml has it: JSON keys at the root, `service` a text; mapped by the server.
      await write(`${run}-filebeat-1`, [
        { '@timestamp': iso(5000), level: 'ERROR', message: 'payment refused', service: 'payment', traceId: TRACE },
        { '@timestamp': iso(4000), level: 'WARN', message: 'payment slow', service: 'payment', amount: 12 },
        { '@timestamp': iso(3000), level: 'info', message: 'payment done', service: 'payment', tags: ['a', 'b'] },
      ]);
      // Elastic's common schema, mapped by keywords.
      await ask('PUT', `/${run}-filebeat-2`, {
        mappings: {
          properties: {
            '@timestamp': { type: 'date' },
            message: { type: 'text' },
            log: { properties: { level: { type: 'keyword' } } },
            service: { properties: { name: { type: 'keyword' } } },
            trace: { properties: { id: { type: 'keyword' } } },
          },
        },
      });
      await write(`${run}-filebeat-2`, [
        {
          '@timestamp': iso(2000),
          log: { level: 'error' },
          message: 'stock gone',
          service: { name: 'inventory' },
          trace: { id: TRACE },
        },
        { '@timestamp': iso(1000), log: { level: 'debug' }, message: 'stock counted', service: { name: 'inventory' } },
      ]);
      // pino writes numbers where winston writes words: the same field has two types.
      await write(`${run}-filebeat-3`, [
        { '@timestamp': iso(900), level: 50, msg: 'gateway failed', name: 'gateway', trace_id: TRACE },
        { '@timestamp': iso(800), level: 30, msg: 'gateway works', name: 'gateway' },
      ]);
      // As ../shared/spec/files/logstash.conf has it: the error's parts beside it, and tags.
      await write(`${run}-logstash-1`, [
        {
          '@timestamp': iso(700),
          '@version': '1',
          level: 'ERROR',
          message: 'order lost',
          service: 'orders',
          error: { message: 'deadlock', stack: 'Error: deadlock\n    at a' },
          error_message: 'deadlock',
          tags: ['error'],
        },
      ]);
      source = open(`${run}-filebeat-*,${run}-logstash-*`);
    });

    it('finds all of it, oldest first', async () => {
      const found = await source.search({ limit: 100 });
      expect(found.map((record) => [record.level, record.service, record.message])).toEqual([
        ['error', 'payment', 'payment refused'],
        ['warn', 'payment', 'payment slow'],
        ['info', 'payment', 'payment done'],
        ['error', 'inventory', 'stock gone'],
        ['debug', 'inventory', 'stock counted'],
        ['error', 'gateway', 'gateway failed'],
        ['info', 'gateway', 'gateway works'],
        ['error', 'orders', 'order lost'],
      ]);
      expect(healthy(source)).toBe(true);
    });

    it('gives the newest where there are more', async () => {
      expect(await messages(source, { limit: 2 })).toEqual(['gateway works', 'order lost']);
    });

    it('filters by level, in words, numbers and nested alike', async () => {
      const errors = ['payment refused', 'stock gone', 'gateway failed', 'order lost'];
      expect(await messages(source, { minLevel: 'error' })).toEqual(errors);
      expect(healthy(source)).toBe(true);
      expect(await messages(source, { minLevel: 'warn' })).toEqual([
        'payment refused',
        'payment slow',
        ...errors.slice(1),
      ]);
    });

    it('filters by service, time and trace', async () => {
      expect(await messages(source, { service: 'payment' })).toEqual([
        'payment refused',
        'payment slow',
        'payment done',
      ]);
      expect(await messages(source, { service: 'inventory' })).toEqual(['stock gone', 'stock counted']);
      expect(await messages(source, { service: 'gateway', minLevel: 'error' })).toEqual(['gateway failed']);
      expect(await messages(source, { startMs: nowMs - 2000, endMs: nowMs - 900 })).toEqual([
        'stock gone',
        'stock counted',
        'gateway failed',
      ]);
      expect(await messages(source, { traceId: TRACE })).toEqual(['payment refused', 'stock gone', 'gateway failed']);
      expect(healthy(source)).toBe(true);
    });

    it('filters by words and by fields of any type', async () => {
      expect(await messages(source, { text: 'payment slow' })).toEqual(['payment slow']);
      expect(await messages(source, { text: 'pay*' })).toHaveLength(3);
      expect(await messages(source, { text: '"order lost" -refused' })).toEqual(['order lost']);
      expect(await messages(source, { fields: { amount: '12' } })).toEqual(['payment slow']);
      expect(await messages(source, { fields: { tags: 'error' } })).toEqual(['order lost']);
      expect(await messages(source, { fields: { 'error.message': 'deadlock' } })).toEqual(['order lost']);
      expect(await messages(source, { fields: { level: '50' } })).toEqual(['gateway failed']);
      expect(await messages(source, { fields: { nowhere: 'x' } })).toEqual([]);
      expect(healthy(source)).toBe(true);
    });

    it('takes text that is no valid query without an error', async () => {
      for (const text of ['"', 'a AND (', '[1 TO', 'level:', '\\', '~~', '*', 'a/b/c{}', '\u0000'])
        await source.search({ text, limit: 5 });
      expect(healthy(source)).toBe(true);
    });

    it('names the services', async () => {
      expect(await source.services()).toEqual(['gateway', 'inventory', 'orders', 'payment']);
    });
  });

  describe('with more than one page', () => {
    it('reads all of 3500 records, hundreds of them of one time, each once', async () => {
      const documents = Array.from({ length: 3500 }, (_, i) => ({
        '@timestamp': iso(60_000 - Math.floor(i / 700) * 1000),
        message: `m${i}`,
      }));
      await write(`${run}-pages`, documents);
      const found = await open(`${run}-pages`).search({ limit: 5000 });
      expect(new Set(found.map((record) => record.message)).size).toBe(3500);
      expect(found).toHaveLength(3500);
      expect(isOrdered(found)).toBe(true);
      const newest = await open(`${run}-pages`).search({ limit: 1500 });
      expect(new Set(newest.map((record) => record.id)).size).toBe(1500);
      expect(newest.every((record) => record.timestampMs >= nowMs - 58_000)).toBe(true);
    });

    it('keeps its place among nanoseconds, which are more than a number holds', async () => {
      await ask('PUT', `/${run}-nanos`, { mappings: { properties: { '@timestamp': { type: 'date_nanos' } } } });
      const second = new Date(nowMs - 30_000).toISOString().slice(0, 19);
      const nanos = Array.from({ length: 2500 }, (_, i) => String(123_456_000 + i).padStart(9, '0'));
      await write(
        `${run}-nanos`,
        nanos.map((fraction) => ({ '@timestamp': `${second}.${fraction}Z`, message: fraction })),
      );
      const found = await open(`${run}-nanos`).search({ limit: 2500 });
      expect(found.map((record) => record.message)).toEqual(nanos);
    });

    it('reads milliseconds and nanoseconds of one pattern together', async () => {
      await write(
        `${run}-mixed-ms`,
        Array.from({ length: 800 }, (_, i) => ({ '@timestamp': iso(20_000 - i * 2), message: `ms${i}` })),
      );
      await ask('PUT', `/${run}-mixed-ns`, { mappings: { properties: { '@timestamp': { type: 'date_nanos' } } } });
      await write(
        `${run}-mixed-ns`,
        Array.from({ length: 800 }, (_, i) => ({ '@timestamp': iso(19_999 - i * 2), message: `ns${i}` })),
      );
      const found = await open(`${run}-mixed-*`).search({ limit: 2000 });
      expect(new Set(found.map((record) => record.message)).size).toBe(1600);
      expect(isOrdered(found)).toBe(true);
    });
  });

  describe('following', () => {
    /** Follows until `until` is told so many records, or for `mostMs`. */
    const follow = async (
      source: LogReader,
      query: Partial<LogQuery>,
      until: number,
      during: () => Promise<void>,
      mostMs = 40_000,
    ): Promise<LogRecord[]> => {
      const stop = new AbortController();
      const limit = setTimeout(() => stop.abort(), mostMs);
      const records: LogRecord[] = [];
      const tail = source.tail({ limit: 100, ...query }, stop.signal)[Symbol.asyncIterator]();
      let next = tail.next();
      await pause(500);
      const written = during();
      for (let batch = await next; !batch.done; batch = await next) {
        records.push(...batch.value);
        // A while longer, for what would come twice.
        if (records.length >= until) setTimeout(() => stop.abort(), 2500);
        next = tail.next();
      }
      clearTimeout(limit);
      await written;
      return records;
    };

    it('tells every record once, from several writers, late ones included', async () => {
      const index = `${run}-tail`;
      await write(index, [{ '@timestamp': new Date(Date.now() - 5000).toISOString(), message: 'before' }]);
      const wanted = Array.from({ length: 4 * 150 }, (_, i) => `m${i}`);
      const records = await follow(open(index, { pollMs: 300 }), {}, wanted.length, async () => {
        const writer = async (which: number): Promise<void> => {
          for (let i = 0; i < 15; i++) {
            const batch = wanted.slice(which * 150 + i * 10, which * 150 + (i + 1) * 10);
            // The last writer's records are five seconds old when they arrive.
            const atMs = Date.now() - (which === 3 ? 5000 : 0);
            // What `follow` began after counts; its start is at least half a second back.
            const time = new Date(which === 3 ? Math.max(atMs, Date.now() - 300) : atMs).toISOString();
            await write(
              index,
              batch.map((message) => ({ '@timestamp': time, message })),
              i % 3 === 0,
            );
            await pause(100);
          }
        };
        await Promise.all([0, 1, 2, 3].map(writer));
      });
      expect(records.map((record) => record.message).sort()).toEqual([...wanted].sort());
    });

    it('filters what it follows', async () => {
      const index = `${run}-tail-filtered`;
      await write(index, [{ '@timestamp': iso(0), level: 'info', service: 'a', message: 'before' }]);
      const records = await follow(open(index, { pollMs: 300 }), { minLevel: 'error', service: 'a' }, 1, async () => {
        const time = new Date().toISOString();
        await write(index, [
          { '@timestamp': time, level: 'info', service: 'a', message: 'fine' },
          { '@timestamp': time, level: 'ERROR', service: 'b', message: 'of another' },
          { '@timestamp': time, level: 'ERROR', service: 'a', message: 'bad' },
        ]);
      });
      expect(records.map((record) => record.message)).toEqual(['bad']);
    });

    it('begins where the index does not exist yet', async () => {
      const records = await follow(open(`${run}-later-*`, { pollMs: 300 }), {}, 1, async () => {
        await write(`${run}-later-1`, [{ '@timestamp': new Date().toISOString(), message: 'first of all' }]);
      });
      expect(records.map((record) => record.message)).toEqual(['first of all']);
    });

    it('follows a data stream through its rollover', async ({ skip }) => {
      const stream = `${run}-stream`;
      const template = { index_patterns: [`${stream}*`], data_stream: {}, priority: 500 };
      const made = await ask('PUT', `/_index_template/${stream}`, template).catch((error: Error) => error);
      const hasNone = made instanceof Error && made.message.includes('unknown field [data_stream]');
      skip(hasNone, 'this server has no data streams');
      if (made instanceof Error) throw made;
      await write(stream, [{ '@timestamp': new Date(Date.now() - 4000).toISOString(), message: 'before' }]);
      const records = await follow(open(stream, { pollMs: 300 }), {}, 2, async () => {
        await write(stream, [{ '@timestamp': new Date().toISOString(), message: 'old generation' }]);
        await ask('POST', `/${stream}/_rollover`);
        await write(stream, [{ '@timestamp': new Date().toISOString(), message: 'new generation' }]);
      });
      expect(records.map((record) => record.message)).toEqual(['old generation', 'new generation']);
      expect(new Set(records.map((record) => record.origin)).size).toBe(2);
      expect(await messages(open(stream), {})).toEqual(['before', 'old generation', 'new generation']);
    });
  });

  describe('where things are wrong', () => {
    it('says that an index is not there, and takes a pattern without one as empty', async () => {
      const source = open(`${run}-absent`);
      await expect(source.search({ limit: 1 })).rejects.toThrow(`no such index: no such index [${run}-absent]`);
      expect(source.state()).toMatchObject({ kind: 'failing' });
      expect(await open(`${run}-absent-*`).search({ limit: 1 })).toEqual([]);
      expect(await open(`${run}-absent-*`).search({ limit: 3000 })).toEqual([]);
      expect(await open(`${run}-absent-*`).services()).toEqual([]);
    });

    it('says why where the time is no date', async () => {
      await ask('PUT', `/${run}-texttime`, { mappings: { properties: { '@timestamp': { type: 'text' } } } });
      await write(`${run}-texttime`, [{ '@timestamp': 'yesterday', message: 'm' }]);
      await expect(open(`${run}-texttime`).search({ limit: 1 })).rejects.toThrow(/@timestamp/);
    });

    it('sorts by another field where one is named', async () => {
      await write(`${run}-other`, [
        { when: iso(1000), message: 'a' },
        { when: iso(500), message: 'b' },
      ]);
      const found = await open(`${run}-other`, { timestampField: 'when' }).search({ limit: 10, startMs: nowMs - 2000 });
      expect(found.map((record) => [record.message, record.timestampMs])).toEqual([
        ['a', nowMs - 1000],
        ['b', nowMs - 500],
      ]);
    });

    it('tells a partial answer', async () => {
      await write(`${run}-partial-1`, [{ '@timestamp': iso(1000), message: 'good' }]);
      await ask('PUT', `/${run}-partial-2`, { mappings: { properties: { '@timestamp': { type: 'text' } } } });
      await write(`${run}-partial-2`, [{ '@timestamp': 'x', message: 'bad' }]);
      const source = open(`${run}-partial-*`);
      expect(await messages(source, {})).toEqual(['good']);
      expect(source.state()).toMatchObject({ kind: 'slow', reason: expect.stringContaining('shards failed') });
    });
  });

  it('is read by `watchfire logs`, in lines and in JSON', async () => {
    await write(`${run}-command`, [
      { '@timestamp': iso(2000), level: 'info', message: 'quiet', service: 'shop' },
      { '@timestamp': iso(1000), level: 'error', message: 'loud', service: 'shop', traceId: TRACE },
    ]);
    const index = `${run}-command`;
    const lines = await runWatchfire(['logs', '--elasticsearch', url, '--index', index, '--level', 'error']);
    expect(lines).toBe(`${iso(1000)} ERROR shop loud trace=${TRACE}\n`);
    const json = await runWatchfire(['logs', 'quiet', '--elasticsearch', url, '--index', index, '--json']);
    expect(JSON.parse(json)).toMatchObject({ message: 'quiet', level: 'info', service: 'shop', origin: index });
  });

  it('holds what the logger of watchfire/instrument writes', async () => {
    const logger = new StructuredLogger({
      service: 'Checkout',
      console: false,
      files: false,
      elasticsearch: { url, indexPrefix: `logs-${run}` },
    });
    logger.error('card refused', new Error('declined'), { orderId: 7 });
    logger.logBusinessEvent('order_created', { orderId: 7 });
    await pause(300);
    await logger.close(10_000);
    const source = open(`logs-${run}-*`);
    let found: readonly LogRecord[] = [];
    for (let i = 0; i < 20 && found.length < 2; i++) {
      await pause(500);
      // The index that was just made may have no shard yet.
      found = await source.search({ limit: 10 }).catch(() => []);
    }
    expect(found.map((record) => [record.level, record.service, record.message])).toEqual([
      ['error', 'Checkout', 'card refused'],
      ['info', 'Checkout', 'Business Event'],
    ]);
    expect(found[0]!.fields).toMatchObject({ orderId: 7, error: { message: 'declined' } });
    expect(found[0]!.timestampGuessed).toBe(false);
  });
});

function isOrdered(records: readonly LogRecord[]): boolean {
  return records.every((record, i) => i === 0 || records[i - 1]!.timestampMs <= record.timestampMs);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Slow is allowed: these machines are busy. */
function healthy(source: LogReader): boolean {
  const { kind, reason = '' } = source.state();
  return kind === 'live' || /^(?:answered in|no answer for) /.test(reason);
}
