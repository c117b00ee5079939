import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/config/clock.ts';
import { Labels } from '../../src/labels/labels.ts';
import { createEngine } from '../../src/promql/engine.ts';
import { formatFloat } from '../../src/promql/format.ts';
import { QueryError, type QueryErrorType, type QueryResult } from '../../src/promql/result.ts';
import { createHead, type Head } from '../../src/storage/head.ts';
import { importOpenMetrics } from '../../src/storage/import.ts';
import { MemoryStorage } from './memory-storage.ts';

const MINUTE = 60_000;

function storageOf(count: number, samples: number): MemoryStorage {
  const storage = new MemoryStorage();
  for (let i = 0; i < count; i++) {
    const series = storage.series(Labels.of({ __name__: 'x_total', id: `${i}`, half: `${i % 2}` }));
    for (let k = 0; k < samples; k++) series.push(k * 15_000, k * (i + 1));
  }
  return storage;
}

async function errorType(run: () => Promise<QueryResult>): Promise<QueryErrorType | 'none'> {
  try {
    await run();
    return 'none';
  } catch (error) {
    if (error instanceof QueryError) return error.type;
    throw error;
  }
}

describe('series that come to have equal labels', () => {
  const storage = new MemoryStorage();
  for (const labels of [{ __name__: 'm', a: '1' }, { __name__: 'm', a: '2' }, { __name__: 'm' }])
    storage.series(Labels.of(labels)).push(0, 1);
  const engine = createEngine(storage);

  it.each([
    'label_replace(m, "a", "1", "a", "2")',
    // The series without the label gets the value of one that does not match.
    'label_replace(m, "a", "1", "a", "")',
    'label_replace(m, "a", "1", "a", "") > 0',
    'sum(label_replace(m, "a", "1", "a", ""))',
    'label_replace(label_replace(m, "a", "3", "a", "2"), "a", "3", "a", "1")',
    'label_join(m, "a", "", "b")',
    'label_replace({__name__=~"m"} or m, "a", "", "a", ".*") + 1',
  ])('are an error: %s', async (query) => {
    await expect(engine.query(query, { timeMs: 0 })).rejects.toThrow(
      'vector cannot contain metrics with the same labelset',
    );
  });

  it('are none where they stay apart', async () => {
    const { value } = await engine.query('label_replace(m, "b", "$1", "a", "(.+)") > 0', { timeMs: 0 });
    const texts = value.type === 'vector' ? value.samples.map(({ labels }) => labels.toString()) : [];
    expect(texts).toEqual(['{__name__="m", a="1", b="1"}', '{__name__="m", a="2", b="2"}', '{__name__="m"}']);
  });
});

describe('equal values', () => {
  it('are ranked in the order of all labels, those of no rank among them', async () => {
    const storage = new MemoryStorage();
    // Where those are left out that do not stay, a="3" does.
    for (const [a, value] of [
      [4, 3],
      [3, 5],
      [2, 5],
      [1, 10],
    ]) {
      storage.series(Labels.of({ __name__: 'm', a: `${a}` })).push(0, value!);
    }
    const { value } = await createEngine(storage).query('bottomk(2, m)', { timeMs: 0 });
    expect(value.type === 'vector' && value.samples.map(({ labels }) => labels.get('a'))).toEqual(['4', '2']);
  });
});

describe('equal values of a head', () => {
  const TEXT = ['b', 'c', 'a'].map((a) => `m{a="${a}"} 1 1\n`).join('');

  async function first(head: Head): Promise<string | undefined> {
    const { value } = await createEngine(head).query('topk(1, m)', { timeMs: 1000 });
    return value.type === 'vector' ? value.samples[0]!.labels.get('a') : undefined;
  }

  it('are ranked in the order in which the series were made, after an import in that of their labels', async () => {
    const head = createHead();
    const appender = head.appender();
    for (const a of ['b', 'c', 'a']) appender.float(appender.series(Labels.of({ __name__: 'm', a })), 1000, 1);
    appender.commit();
    expect(await first(head)).toBe('b');
    const imported = createHead();
    await importOpenMetrics(imported, Buffer.from(`${TEXT}# EOF\n`));
    expect(await first(imported)).toBe('a');
  });
});

describe('columns of one step', () => {
  const of = (result: QueryResult): string =>
    result.value.type === 'vector'
      ? result.value.samples.map(({ labels, value }) => `${labels} ${value}`).join('\n')
      : JSON.stringify(result.value);

  it('hold nothing of the query before', async () => {
    const storage = storageOf(600, 240);
    const engine = createEngine(storage);
    const queries = [
      'x_total',
      'x_total{half="1"} > 3000',
      'sum without (half) (rate(x_total[1m]))',
      'avg by (half) (x_total)',
      'topk(3, x_total)',
      'absent(x_total{id="none"})',
      'x_total offset 2h',
      'x_total unless x_total{half="0"}',
    ];
    for (const query of [...queries, ...queries.toReversed()]) {
      const options = { timeMs: 30 * MINUTE };
      expect(of(await engine.query(query, options)), query).toBe(of(await createEngine(storage).query(query, options)));
    }
  });
});

describe('memory of results', () => {
  const range = { startMs: 0, endMs: 60 * MINUTE, stepMs: 15_000 };
  const texts = ({ value }: QueryResult): string =>
    value.type === 'matrix'
      ? value.series.map((each) => `${each.labels} ${each.timestamps} ${each.values}`).join('\n')
      : '';

  it('is used again once it is given back, and not before', async () => {
    const engine = createEngine(storageOf(600, 240));
    const queries = ['x_total', 'x_total % 7 > 2', 'rate(x_total[1m])', 'x_total{half="1"} offset 30m'];
    const fresh = new Map<string, string>();
    for (const query of queries)
      fresh.set(query, texts(await createEngine(storageOf(600, 240)).queryRange(query, range)));
    const held = await engine.queryRange(queries[1]!, range);
    for (const query of [...queries, ...queries.toReversed()]) {
      const result = await engine.queryRange(query, range);
      expect(texts(result)).toBe(fresh.get(query));
      result.release?.();
      // A second time gives nothing back.
      result.release?.();
    }
    expect(texts(held)).toBe(fresh.get(queries[1]!));
  });
});

describe('limits', () => {
  const range = { startMs: 0, endMs: 60 * MINUTE, stepMs: 15_000 };

  it('says when a query would hold too many samples', async () => {
    const engine = createEngine(storageOf(10, 240), { maxSamples: 1000 });
    await expect(engine.queryRange('x_total', range)).rejects.toThrow(
      'query processing would load too many samples into memory in query execution',
    );
    expect(await errorType(() => engine.queryRange('x_total{id="1"}', range))).toBe('none');
  });

  it('can be cancelled and times out', async () => {
    const controller = new AbortController();
    controller.abort();
    const engine = createEngine(storageOf(2, 10));
    expect(await errorType(() => engine.queryRange('x_total', { ...range, signal: controller.signal }))).toBe(
      'canceled',
    );
    const clock = new ManualClock(0);
    const slow = createEngine(
      {
        select: () => {
          clock.advance(10_000);
          return storageOf(3000, 240).select([]);
        },
      },
      { clock, timeoutMs: 1000 },
    );
    expect(await errorType(() => slow.queryRange('x_total', range))).toBe('timeout');
  });

  it('has no time at all where the time-out is none', async () => {
    const engine = createEngine(storageOf(1, 1));
    expect(await errorType(() => engine.query('x_total', { timeMs: 0, timeoutMs: 0 }))).toBe('timeout');
  });

  it('lets other work run meanwhile', async () => {
    const engine = createEngine(storageOf(3000, 240));
    let turns = 0;
    let isDone = false;
    const other = (async () => {
      while (!isDone) {
        await new Promise((resolve) => setImmediate(resolve));
        turns++;
      }
    })();
    await engine.queryRange('sum by (half) (rate(x_total[5m]))', range);
    isDone = true;
    await other;
    expect(turns).toBeGreaterThan(2);
  });

  it('refuses a step of nothing and an end before the start', async () => {
    const engine = createEngine(storageOf(1, 1));
    expect(await errorType(() => engine.queryRange('1', { startMs: 0, endMs: 1, stepMs: 0 }))).toBe('bad_data');
    expect(await errorType(() => engine.queryRange('1', { startMs: 2, endMs: 1, stepMs: 1 }))).toBe('bad_data');
    expect(await errorType(() => engine.queryRange('x[5m]', { startMs: 0, endMs: 1, stepMs: 1 }))).toBe('bad_data');
  });

  it.each([
    ['x[step()*3:range()]', '11:18: duration must be greater than 0'],
    ['sum_over_time(rate(x[range()])[1ms:1h])', '21:28: duration must be greater than 0'],
    ['label_replace(rate(x[range()]), "", "", "", "")', '21:28: duration must be greater than 0'],
    ['x[1m - 2m]', '2:9: duration must be greater than 0'],
    ['x[1m / step()]', '2:13: division by zero'],
    ['x[1m + (1m % (step()))]', '8:20: modulo by zero'],
    ['x offset (2 ^ 60)', '10:16: duration is out of range'],
    ['x offset (step()) * NaN', '10:23: duration is NaN or infinite'],
    ['rate(x{a="ü"}[max_of(step(), -1m)])', '22:33: duration must be greater than 0'],
  ])('says where a duration is none: %s', async (query, message) => {
    const engine = createEngine(storageOf(1, 1), {
      features: ['promql-duration-expr', 'promql-experimental-functions'],
    });
    await expect(engine.query(query, { timeMs: 0 })).rejects.toMatchObject({ type: 'bad_data', message });
  });
});

describe('names', () => {
  it('go at once or at the end', async () => {
    const storage = storageOf(2, 240);
    const query = 'label_replace(rate(x_total[5m]), "__name__", "r_$1", "__name__", "(.+)")';
    const now = await createEngine(storage).query(query, { timeMs: 10 * MINUTE });
    const later = await createEngine(storage, { features: ['promql-delayed-name-removal'] }).query(query, {
      timeMs: 10 * MINUTE,
    });
    const names = ({ value }: QueryResult): string[] =>
      value.type === 'vector' ? value.samples.map(({ labels }) => labels.metricName) : [];
    expect(names(now)).toEqual(['', '']);
    expect(names(later)).toEqual(['r_x_total', 'r_x_total']);
  });
});

describe('values', () => {
  it.each([
    [1e21, '1000000000000000000000'],
    [1e-7, '0.0000001'],
    [-0, '-0'],
    [Number.POSITIVE_INFINITY, '+Inf'],
    [Number.NaN, 'NaN'],
  ])('prints %d', (value, text) => {
    expect(formatFloat(value)).toBe(text);
  });
});

const sample = fc.oneof(
  fc.double(),
  fc.integer({ min: -5, max: 5 }),
  fc.constantFrom(Number.NaN, 1e308, -1e308, 0, -0),
);
const range = fc
  .constantFrom('x', 'y', '{__name__=~"x|y"}')
  .chain((name) => fc.constantFrom(`${name}[1m]`, `${name}[5m:30s]`, `${name}[30s] offset 1m`));
const scalar = fc.constantFrom('1', '0.5', 'NaN', '-1', 'time()', 'scalar(x)', '5m');
const vector = fc.letrec<{ vector: string }>((tie) => ({
  vector: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom('x', 'y', 'x{a="1"}', '{__name__=~".+"}', 'x @ 100', 'y offset -1m', 'vector(1)', 'nothing'),
    fc
      .tuple(
        fc.constantFrom(
          'rate',
          'increase',
          'delta',
          'irate',
          'deriv',
          'changes',
          'resets',
          'sum_over_time',
          'avg_over_time',
          'max_over_time',
          'stddev_over_time',
          'absent_over_time',
          'mad_over_time',
        ),
        range,
      )
      .map(([f, r]) => `${f}(${r})`),
    fc.tuple(scalar, range).map(([s, r]) => `quantile_over_time(${s}, ${r})`),
    fc
      .tuple(
        fc.constantFrom('sum', 'avg', 'stddev', 'min', 'count'),
        fc.constantFrom('', ' by (a)', ' without (a)'),
        tie('vector'),
      )
      .map(([op, g, v]) => `${op}${g} (${v})`),
    fc
      .tuple(fc.constantFrom('topk', 'bottomk', 'quantile', 'limitk', 'limit_ratio'), scalar, tie('vector'))
      .map(([op, s, v]) => `${op}(${s}, ${v})`),
    fc
      .tuple(
        tie('vector'),
        fc.constantFrom(
          '+',
          '-',
          '/',
          '%',
          '^',
          '==',
          '> bool',
          'and',
          'or',
          'unless',
          '+ on(a)',
          '* ignoring(a) group_left',
        ),
        tie('vector'),
      )
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc
      .tuple(tie('vector'), fc.constantFrom('+', '/', '>', '== bool', 'atan2'), scalar)
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc
      .tuple(
        fc.constantFrom('abs', 'sqrt', 'sort', 'round', 'timestamp', 'day_of_month', 'absent', 'histogram_count'),
        tie('vector'),
      )
      .map(([f, v]) => `${f}(${v})`),
    tie('vector').map((v) => `histogram_quantile(0.9, ${v})`),
    tie('vector').map((v) => `label_replace(${v}, "a", "$1", "__name__", "(.*)")`),
    tie('vector').map((v) => `-${v}`),
  ),
}));

describe('any expression over any samples', () => {
  it('has a result or a typed error, and each step is what an instant query says', async () => {
    await fc.assert(
      fc.asyncProperty(
        vector.vector,
        fc.array(sample, { maxLength: 30 }),
        fc.array(sample, { maxLength: 30 }),
        async (query, xs, ys) => {
          const storage = new MemoryStorage();
          for (const [name, a, values] of [
            ['x', '1', xs],
            ['x', '2', ys],
            ['y', '1', ys],
          ] as const) {
            const series = storage.series(Labels.of({ __name__: name, a, le: a }));
            for (const [i, value] of values.entries()) series.push(i * 15_000, value);
          }
          const engine = createEngine(storage, { features: ['promql-experimental-functions'], maxSamples: 100_000 });
          const times = [0, 100_000, 200_000, 300_000];
          const all = await outcome(() => engine.queryRange(query, { startMs: 0, endMs: 300_000, stepMs: 100_000 }));
          if (all === undefined || /scalar\(|limit|topk|bottomk|quantile\(time/.test(query)) return;
          for (const timeMs of times) {
            const one = await outcome(() => engine.query(query, { timeMs }));
            expect(one && pointsAt(one, timeMs)).toEqual(pointsAt(all, timeMs));
          }
        },
      ),
      { numRuns: 400, seed: 11 },
    );
  });
});

async function outcome(run: () => Promise<QueryResult>): Promise<QueryResult | undefined> {
  try {
    return await run();
  } catch (error) {
    expect(error).toBeInstanceOf(QueryError);
    return undefined;
  }
}

function pointsAt({ value }: QueryResult, timeMs: number): string[] {
  const points: string[] = [];
  if (value.type === 'vector') {
    for (const { labels, value: each } of value.samples) points.push(`${labels} ${each.toPrecision(9)}`);
  } else if (value.type === 'matrix') {
    for (const { labels, timestamps, values } of value.series) {
      const at = timestamps.indexOf(timeMs);
      if (at >= 0) points.push(`${labels} ${values[at]!.toPrecision(9)}`);
    }
  }
  return points.sort();
}
