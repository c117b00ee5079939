/** Label names of any characters stay apart. */
import { expect, it } from 'vitest';
import { Labels } from '../../src/labels/labels.ts';
import { createEngine } from '../../src/promql/engine.ts';
import { createHead } from '../../src/storage/head.ts';

const TIME_MS = 1_700_000_000_000;
const TWO = Labels.of({ __name__: 'm', a: '1', b: '2' });
/** Its one name is those two with a ÿ between them. */
const ONE = Labels.of({ __name__: 'm', aÿb: '3' });

it('in series and in groupings', async () => {
  const head = createHead();
  const appender = head.appender();
  for (const labels of [TWO, ONE]) appender.float(appender.series(labels), TIME_MS, 1);
  appender.commit();
  expect(head.series([]).map(String)).toEqual([TWO, ONE].map(String));
  const engine = createEngine(head);
  const grouped = async (by: string): Promise<string[]> => {
    const { value } = await engine.query(`sum by (${by}) (m)`, { timeMs: TIME_MS });
    return value.type === 'vector' ? value.samples.map(({ labels }) => String(labels)).sort() : [];
  };
  expect(await grouped('a, b')).toEqual(['{a="1", b="2"}', '{}']);
  expect(await grouped('"aÿb"')).toEqual(['{"aÿb"="3"}', '{}']);
});
