/** The store that packs what is not new: what it gives is what a plain list would give, and its memory stays bounded. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recordMatcher } from '../../src/logs/match-record.ts';
import type { LogLevel, LogQuery, LogRecord } from '../../src/logs/record.ts';
import { RecordStore } from '../../src/logs/record-store.ts';

const LEVELS: readonly LogLevel[] = ['unknown', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'];

const record = (id: number, timestampMs: number, level: LogLevel, service: string): LogRecord => ({
  id: String(id),
  timestampMs,
  timestampGuessed: false,
  level,
  service,
  message: `message ${id % 7}`,
  ...(id % 3 === 0 ? { traceId: (id % 5).toString(16).padStart(32, 'a') } : {}),
  origin: 'app.log',
  fields: { n: id, nested: { list: [id, 'ä', null] }, ['__proto__']: 'kept' },
  raw: `raw ${id}`,
});

/** Batches as files bring them: mostly in order, some late. */
const batches = fc
  .array(
    fc.array(
      fc.record({
        lateMs: fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 3000 })),
        level: fc.constantFrom(...LEVELS),
        service: fc.constantFrom('', 'a', 'b', 'c'),
      }),
      { maxLength: 120 },
    ),
    { maxLength: 12 },
  )
  .map((lists) => {
    let id = 0;
    return lists.map((list) =>
      list.map(({ lateMs, level, service }) => {
        id += 1;
        return record(id, Math.floor(id / 2) * 10 - lateMs, level, service);
      }),
    );
  });
const query: fc.Arbitrary<LogQuery> = fc.record(
  {
    minLevel: fc.constantFrom(...LEVELS),
    service: fc.constantFrom('', 'a', 'b', 'nobody'),
    traceId: fc.constantFrom(`${'A'.repeat(31)}0`, `${'a'.repeat(31)}3`),
    text: fc.constantFrom('message 3', 'RAW 1', 'nothing'),
    startMs: fc.integer({ min: -3000, max: 8000 }),
    endMs: fc.integer({ min: -3000, max: 8000 }),
    limit: fc.integer({ min: 1, max: 300 }),
  },
  { requiredKeys: ['limit'] },
);

function inPlainList(records: readonly LogRecord[], asked: LogQuery): readonly LogRecord[] {
  const matches = recordMatcher(asked);
  return records.filter(matches).slice(-asked.limit);
}

describe('the store', () => {
  it('gives what a list in order of time gives, asked once or again', async () => {
    await fc.assert(
      fc.asyncProperty(batches, fc.array(query, { minLength: 1, maxLength: 4 }), async (added, asked) => {
        const store = new RecordStore();
        const list: LogRecord[] = [];
        for (const batch of added) {
          store.add(batch, false);
          list.push(...batch);
          list.sort((a, b) => a.timestampMs - b.timestampMs);
          for (const each of asked) {
            expect(await store.search(each)).toEqual(inPlainList(list, each));
            expect(await store.search(each)).toEqual(inPlainList(list, each));
          }
        }
        expect(store.services()).toEqual([...new Set(list.map((each) => each.service))].filter(Boolean).sort());
      }),
      { numRuns: 60 },
    );
  });

  it('lets the oldest go one by one where their number is bounded', async () => {
    await fc.assert(
      fc.asyncProperty(batches, fc.integer({ min: 1, max: 700 }), async (added, maxRecords) => {
        const store = new RecordStore({ maxRecords });
        let list: LogRecord[] = [];
        for (const batch of added) {
          store.add(batch, false);
          list = [...list, ...batch].sort((a, b) => a.timestampMs - b.timestampMs).slice(-maxRecords);
        }
        expect(await store.search({ limit: 10_000 })).toEqual(list);
        const { records, evicted } = store.status();
        expect(records).toBe(list.length);
        expect(evicted).toBe(added.flat().length - list.length);
      }),
      { numRuns: 60 },
    );
  });

  it('holds many times more than as objects, within its bytes', async () => {
    const store = new RecordStore({ maxBytes: 1024 * 1024 });
    const text = 'GET /products/17 200 after 12 ms '.repeat(8);
    for (let i = 0; i < 20_000; i += 50) {
      const batch = Array.from({ length: 50 }, (_, k) => ({
        ...record(i + k, i + k, 'info', 'shop'),
        message: text,
        raw: text,
      }));
      store.add(batch, false);
      expect(store.status().bytes).toBeLessThanOrEqual(1024 * 1024);
    }
    // As objects, by the same estimate, 560 of them would fill it.
    expect(store.status().records).toBeGreaterThan(5000);
    expect((await store.search({ limit: 1 }))[0]).toMatchObject({ id: '19999', fields: { n: 19_999 } });
  });

  it('is bounded by bytes where every record is large, too', () => {
    const store = new RecordStore({ maxBytes: 2 * 1024 * 1024 });
    for (let i = 0; i < 60; i++) {
      const raw = Array.from({ length: 10_000 }, (_, k) => ((i * 7919 + k * 104_729) % 36).toString(36)).join('');
      store.add([{ ...record(i, i, 'info', 'shop'), raw }], false);
      expect(store.status().bytes).toBeLessThanOrEqual(2 * 1024 * 1024);
    }
    expect(store.status().records).toBeGreaterThan(20);
  });

  it('answers as of when it was asked, whatever comes and goes while it looks', async () => {
    const store = new RecordStore({ maxRecords: 5000 });
    const all = Array.from({ length: 5000 }, (_, i) => record(i, i, 'info', 'a'));
    store.add(all, false);
    const answer = store.search({ text: 'raw', limit: 10_000 });
    await new Promise((resolve) => setImmediate(resolve));
    store.add(
      all.map(({ id, ...rest }) => ({ ...rest, id: `later ${id}`, timestampMs: 10_000 })),
      false,
    );
    expect((await answer).map((each) => each.id)).toEqual(all.map((each) => each.id));
  });
});
