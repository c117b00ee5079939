import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/config/clock.ts';
import { type HttpClient, HttpError } from '../../src/http/client.ts';
import type { TraceSource } from '../../src/monitor/sources.ts';
import { jaegerTraceSource } from '../../src/traces/jaeger-trace-source.ts';
import { localTraceSource } from '../../src/traces/local-trace-source.ts';
import { TraceStore } from '../../src/traces/trace-store.ts';

type Answer = (url: URL) => { status?: number; body: unknown } | Promise<never>;

function jaeger(answer: Answer): { source: TraceSource; asked: string[] } {
  const asked: string[] = [];
  const http: HttpClient = {
    async request({ url }) {
      asked.push(decodeURIComponent(new URL(url).pathname + new URL(url).search));
      const { status = 200, body } = await answer(new URL(url));
      const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
      return { status, statusText: '', headers: {}, body: bytes, url };
    },
    stream: () => Promise.reject(new Error('not used')),
    close: () => {},
  };
  return {
    source: jaegerTraceSource({ url: 'http://me:pw@jaeger:16686/', http, clock: new ManualClock(1_000_000_000) }),
    asked,
  };
}

const html = '<!doctype html><html><body>Jaeger UI</body></html>';
const oldTrace = {
  traceID: 'ab',
  spans: [
    {
      traceID: 'ab',
      spanID: '1',
      operationName: 'op',
      references: [],
      startTime: 5,
      duration: 7,
      tags: [],
      logs: [],
      processID: 'p1',
    },
  ],
  processes: { p1: { serviceName: 'shop', tags: [] } },
};

describe('Jaeger reader', () => {
  it('asks the older API for tags where v3 does not heed them', async () => {
    const span = (id: string, value: string): object => ({
      resource: { attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }] },
      scopeSpans: [
        {
          spans: [
            {
              traceId: id.repeat(32),
              spanId: '1'.repeat(16),
              attributes: [{ key: 'k', value: { stringValue: value } }],
            },
          ],
        },
      ],
    });
    const { source, asked } = jaeger(({ pathname }) => {
      if (pathname === '/api/v3/services') return { body: { services: ['shop'] } };
      if (pathname.startsWith('/api/v3'))
        return { body: { result: { resourceSpans: [span('a', 'x'), span('b', 'y')] } } };
      return { body: { data: [oldTrace] } };
    });
    for (let i = 0; i < 2; i++) {
      const found = await source.search({ service: 'shop', tags: { k: 'x' }, limit: 5 });
      expect(found.map(({ traceId }) => traceId)).toEqual(['ab'.padStart(32, '0')]);
    }
    expect(asked.map((each) => each.replace(/\?.*/, ''))).toEqual([
      '/api/v3/services',
      '/api/v3/traces',
      '/api/traces',
      '/api/traces',
    ]);
  });

  it('finds errors and kinds itself where Jaeger has them, but not as tags', async () => {
    const failed = {
      ...oldTrace,
      traceID: 'ac',
      spans: [{ ...oldTrace.spans[0], traceID: 'ac', tags: [{ key: 'error', value: true }] }],
    };
    const { source, asked } = jaeger(({ pathname, searchParams }) => {
      if (pathname.startsWith('/api/v3')) return { body: html };
      if (pathname === '/api/services') return { body: { data: ['shop'] } };
      if (searchParams.has('tags')) return { body: { data: [] } };
      if (Number(searchParams.get('limit')) > 99) return { status: 500, body: { errors: [{ msg: 'search depth' }] } };
      return { body: { data: [oldTrace, failed] } };
    });
    const found = await source.search({ service: 'shop', tags: { error: 'true' }, limit: 5 });
    expect(found.map(({ traceId, errorCount }) => [traceId, errorCount])).toEqual([['ac'.padStart(32, '0'), 1]]);
    expect(asked.filter((each) => each.startsWith('/api/traces'))).toHaveLength(3);
  });

  it('falls back to the older API where v3 is the UI’s page', async () => {
    const { source, asked } = jaeger(({ pathname }) => {
      if (pathname.startsWith('/api/v3')) return { body: html };
      if (pathname === '/api/services') return { body: { data: ['shop'] } };
      if (pathname === '/api/services/shop/operations') return { body: { data: ['op'] } };
      return { body: { data: [oldTrace] } };
    });
    expect(await source.services()).toEqual(['shop']);
    expect(await source.operations('shop')).toEqual(['op']);
    expect((await source.trace('ab'))!.traceId).toBe('ab'.padStart(32, '0'));
    const found = await source.search({
      service: 'shop',
      operation: 'op',
      minDurationUs: 7,
      tags: { 'span.kind': 'internal' },
      startUs: 0,
      endUs: 10,
      limit: 5,
    });
    expect(found).toMatchObject([{ rootService: 'shop', durationUs: 7 }]);
    expect(asked.at(-1)).toBe(
      '/api/traces?service=shop&start=0&end=10&limit=5&operation=op&minDuration=7us&tags={"span.kind":"internal"}',
    );
  });

  it('asks v3 in camel case, in snake case where that is refused, and reads a stream of parts', async () => {
    const part = (spanId: string) => ({
      result: {
        resourceSpans: [
          { scopeSpans: [{ spans: [{ traceId: '1'.repeat(32), spanId, name: 'x', startTimeUnixNano: '1000000' }] }] },
        ],
      },
    });
    const { source, asked } = jaeger(({ pathname, search }) => {
      if (pathname === '/api/v3/services') return { body: { services: ['shop'] } };
      if (pathname === '/api/v3/trace-summaries') return { status: 404, body: '404 page not found' };
      if (search.includes('startTimeMin'))
        return { status: 400, body: { error: { httpCode: 400, message: 'query.start_time_min is required' } } };
      return { body: `${JSON.stringify(part('1'.repeat(16)))}\n${JSON.stringify(part('2'.repeat(16)))}\n` };
    });
    const query = { startUs: 0, endUs: 2_000_000, minDurationUs: 0, limit: 5 };
    expect(await source.search(query)).toMatchObject([{ spanCount: 2 }]);
    await source.search(query);
    expect(asked.at(-1)).toContain(
      'query.service_name=shop&query.start_time_min=1970-01-01T00:00:00.000000Z&query.start_time_max=1970-01-01T00:00:02.000000Z&query.duration_min=0s',
    );
    expect(asked.filter((each) => /v3\/traces\?.*startTimeMin/.test(each))).toHaveLength(1);
  });

  it('says what is wrong, without the password', async () => {
    const cases: [Answer, RegExp][] = [
      [() => ({ status: 404, body: '404 page not found' }), /answers 404: is this the Jaeger query port/],
      [() => ({ body: html }), /answers HTML/],
      [
        () => ({ status: 500, body: { errors: [{ code: 500, msg: 'storage is down' }] } }),
        /answers 500: storage is down/,
      ],
      [() => ({ status: 401, body: '' }), /refuses the credentials/],
      [
        () => Promise.reject(new HttpError('timeout', 'jaeger:16686 did not answer within 15 s')),
        /did not answer within 15 s/,
      ],
    ];
    for (const [answer, message] of cases) {
      const { source } = jaeger(answer);
      await expect(source.services()).rejects.toThrow(message);
      expect(source.state()).toMatchObject({
        kind: 'failing',
        endpoint: 'http://jaeger:16686/',
        reason: expect.stringMatching(message),
      });
      expect(JSON.stringify(source.state())).not.toContain('pw');
    }
  });

  it('has no trace where Jaeger has none', async () => {
    const { source } = jaeger(({ pathname }) =>
      pathname === '/api/v3/services'
        ? { body: {} }
        : { status: 404, body: { error: { grpcCode: 5, httpCode: 404, message: 'trace not found' } } },
    );
    expect(await source.trace('1'.repeat(32))).toBeUndefined();
    expect(source.state().kind).toBe('live');
  });

  it('is a source as much as the local one', async () => {
    const source: TraceSource = localTraceSource(new TraceStore(), new ManualClock(5));
    expect(source.state()).toEqual({ kind: 'live', endpoint: 'local', sinceMs: 5 });
    expect(await source.search({ limit: 5 })).toEqual([]);
  });
});
