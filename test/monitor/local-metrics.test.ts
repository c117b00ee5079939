import { expect, it } from 'vitest';
import { ManualClock } from '../../src/config/clock.ts';
import { Labels } from '../../src/labels/labels.ts';
import { localMetricSource } from '../../src/monitor/local-metrics.ts';
import { createEngine } from '../../src/promql/engine.ts';
import { createHead } from '../../src/storage/head.ts';

it('gives metadata of whole targets until there are as many as asked for, as Prometheus does', async () => {
  const clock = new ManualClock(0);
  const head = createHead();
  const rows = ['a', 'b', 'c'].flatMap((instance) => {
    const target = Labels.of({ instance });
    return ['x', 'y', 'z'].map((metric) => ({ target, metric, type: 'gauge', help: '', unit: '' }) as const);
  });
  const source = localMetricSource({
    head,
    engine: createEngine(head, { clock }),
    clock,
    targets: () => ({ active: [], dropped: [], droppedCounts: {}, discoveries: [] }),
    targetMetadata: () => rows,
    storageFault: () => undefined,
  });
  const counts = [1, 2, 3, 4, 7, 9, undefined].map(async (limit) => (await source.targetMetadata({ limit })).length);
  expect(await Promise.all(counts)).toEqual([3, 3, 3, 6, 9, 9, 9]);
  expect((await source.targetMetadata({ matchTarget: '{}' })).length).toBe(9);
  expect((await source.targetMetadata({ matchTarget: '{instance="b"}', limit: 1 })).length).toBe(3);
});
