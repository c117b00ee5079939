import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { parseGoFloat } from '../../src/exposition/float.ts';
import { createEngine } from '../../src/promql/engine.ts';
import { type QueryEngine, QueryError } from '../../src/promql/result.ts';
import { loadOpenMetrics } from '../promql/memory-storage.ts';

const FOLDER = new URL('../../../shared/conformance/promql-compliance/', import.meta.url);
const isThere = existsSync(FOLDER);
const TOLERANCE = 1e-5;
const RANGE = { startMs: 1_700_003_600_000, endMs: 1_700_004_200_000, stepMs: 10_000 };

interface Golden {
  readonly query: string;
  readonly error?: string;
  readonly result?: readonly {
    readonly metric: Record<string, string>;
    readonly values: readonly [number, string][];
  }[];
}

describe('golden answers of Prometheus', () => {
  it.skipIf(!isThere)('are ours, too', async () => {
    const data = gunzipSync(readFileSync(new URL('data.om.gz', FOLDER))).toString();
    const engine = createEngine(loadOpenMetrics(data));
    const cases = JSON.parse(readFileSync(new URL('sample.json', FOLDER), 'utf8')) as Golden[];
    const wrong: string[] = [];
    for (const golden of cases) {
      const why = await differs(engine, golden);
      if (why !== undefined) wrong.push(`${golden.query}: ${why}`);
    }
    expect(wrong).toEqual([]);
    expect(cases.length).toBeGreaterThan(0);
  });
});

async function differs(engine: QueryEngine, golden: Golden): Promise<string | undefined> {
  try {
    const { value } = await engine.queryRange(golden.query, RANGE);
    if (golden.error !== undefined) return `no error, but expected: ${golden.error}`;
    if (value.type !== 'matrix') return value.type;
    const got = new Map(value.series.map((series) => [keyOf(series.labels.toRecord()), series]));
    if (got.size !== golden.result!.length) return `${got.size} series instead of ${golden.result!.length}`;
    for (const { metric, values } of golden.result!) {
      const series = got.get(keyOf(metric));
      if (!series) return `no series ${JSON.stringify(metric)}`;
      if (series.timestamps.length !== values.length) return `${series.timestamps.length} points, not ${values.length}`;
      for (const [i, [time, text]] of values.entries()) {
        const wanted = parseGoFloat(text)!;
        const value = series.values[i]!;
        const isClose =
          Object.is(value, wanted) ||
          value === wanted ||
          Math.abs(value - wanted) <= TOLERANCE * Math.min(Math.abs(value), Math.abs(wanted));
        if (series.timestamps[i] !== time * 1000 || !isClose) return `${value} at ${time}, not ${text}`;
      }
    }
    return undefined;
  } catch (error) {
    if (error instanceof QueryError) return golden.error === undefined ? error.message : undefined;
    throw error;
  }
}

function keyOf(record: Record<string, string>): string {
  return JSON.stringify(Object.entries(record).sort(([a], [b]) => (a < b ? -1 : 1)));
}
