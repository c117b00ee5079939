import { MessageChannel } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';
import { ConfigError } from '../../src/config/problem.ts';
import { Labels } from '../../src/labels/labels.ts';
import { Matcher } from '../../src/labels/matcher.ts';
import { decode, decodeError, encode, encodeError } from '../../src/monitor/codec.ts';
import type { Monitor, SourceState } from '../../src/monitor/sources.ts';
import { connectMonitor, refuseMonitor, serveMonitor } from '../../src/monitor/wire.ts';
import { QueryError } from '../../src/promql/result.ts';

const live: SourceState = { kind: 'live', endpoint: 'local', sinceMs: 1 };

/** A monitor of which only the parts given exist; anything else fails the test that calls it. */
function monitorOf(parts: Record<string, Record<string, unknown>>): Monitor {
  const source = (name: string): unknown => ({ state: () => live, close: async () => {}, ...parts[name] });
  return {
    name: 'test',
    metrics: source('metrics'),
    alerts: source('alerts'),
    logs: source('logs'),
    traces: source('traces'),
    events: () => [],
    reload: async () => {},
    close: async () => {},
    ...parts['monitor'],
  } as Monitor;
}

async function across(monitor: Monitor): Promise<{ monitor: Monitor; close(): void }> {
  const { port1, port2 } = new MessageChannel();
  const connecting = connectMonitor(port2);
  serveMonitor(port1, monitor);
  return { monitor: await connecting, close: () => port1.close() };
}

describe('the wire', () => {
  it('carries query results with their label sets and columns', async () => {
    const labels = Labels.of({ __name__: 'up', job: 'a' });
    const timestamps = Float64Array.of(1000, 2000);
    const values = Float64Array.of(1, Number.NaN);
    const remote = await across(
      monitorOf({
        metrics: {
          queryRange: async (expression: string) => ({
            value: { type: 'matrix', series: [{ labels, timestamps, values }] },
            warnings: [expression],
            infos: [],
            samplesRead: 2,
          }),
        },
      }),
    );
    const result = await remote.monitor.metrics.queryRange('up', { startMs: 1000, endMs: 2000, stepMs: 1000 });
    expect(result.warnings).toEqual(['up']);
    expect(result.value.type === 'matrix' && result.value.series[0]!.labels.equals(labels)).toBe(true);
    expect(result.value.type === 'matrix' && result.value.series[0]!.values).toEqual(values);
    expect(values.length).toBe(2);
    remote.close();
  });

  it('carries typed errors and cancellation', async () => {
    const remote = await across(
      monitorOf({
        metrics: {
          query: (_expression: string, query: { signal: AbortSignal }) =>
            new Promise((_resolve, reject) =>
              query.signal.addEventListener('abort', () => reject(new QueryError('canceled', 'query was canceled'))),
            ),
        },
      }),
    );
    const abort = new AbortController();
    const query = remote.monitor.metrics.query('up', { timeMs: 0, signal: abort.signal });
    setImmediate(() => abort.abort());
    await expect(query).rejects.toMatchObject({ name: 'QueryError', type: 'canceled' });
    remote.close();
  });

  it('streams batches and ends the far side when the reader leaves', async () => {
    let ended = false;
    const remote = await across(
      monitorOf({
        logs: {
          async *tail(): AsyncIterable<unknown> {
            try {
              for (let i = 0; ; i++) yield [{ id: String(i) }];
            } finally {
              ended = true;
            }
          },
        },
      }),
    );
    const seen: string[] = [];
    for await (const batch of remote.monitor.logs.tail({ limit: 1 }, new AbortController().signal)) {
      seen.push(batch[0]!.id);
      if (seen.length === 3) break;
    }
    expect(seen).toEqual(['0', '1', '2']);
    await expect.poll(() => ended).toBe(true);
    remote.close();
  });

  it('says why there is no monitor', async () => {
    const { port1, port2 } = new MessageChannel();
    const connecting = connectMonitor(port2);
    refuseMonitor(port1, new ConfigError([{ file: 'a.yml', line: 1, column: 2, message: 'wrong', severity: 'error' }]));
    await expect(connecting).rejects.toThrow('a.yml:1:2: wrong');
    port1.close();
  });
});

describe('the codec', () => {
  it('gives back what it was given', () => {
    const value = {
      matcher: new Matcher('=~', 'a', 'b.*'),
      map: new Map([['up', [{ type: 'gauge' }]]]),
      list: [undefined, null, 1n, 'x'],
    };
    const back = decode(structuredClone(encode(value).value)) as typeof value;
    expect(back.matcher.matches('bcd')).toBe(true);
    expect(back.map).toEqual(value.map);
    expect(back.list).toEqual(value.list);
    expect(decodeError(structuredClone(encodeError(new TypeError('bad'))))).toMatchObject({
      name: 'TypeError',
      message: 'bad',
    });
  });
});
