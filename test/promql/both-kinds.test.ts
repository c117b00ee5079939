import { describe, expect, it } from 'vitest';
import { createEngine } from '../../src/promql/engine.ts';
import { parseScript } from '../../src/promql/testscript/script.ts';
import { TestStorage } from '../../src/promql/testscript/storage.ts';

const MINUTE = 60_000;

/** `early` are floats, `late` histograms that begin two minutes later; `a` and `b` differ in nothing but the name. */
const DATA = `load 1m
  x{p="early"} 1+1x3 stale
  x{p="late"} _x2 {{count:1 sum:1 z_bucket:1}}+{{count:1 sum:1 z_bucket:1}}x3
  a 1+1x5
  b {{count:1 sum:1 z_bucket:1}}+{{count:1 sum:1 z_bucket:1}}x5
  c 1+1x5
  t{__type__="histogram",__unit__="s"} {{count:1 sum:1 z_bucket:1}}
`;

const storage = new TestStorage();
for (const command of parseScript(DATA)) {
  if (command.kind !== 'load') throw new Error(`not a load: ${command.kind}`);
  for (const { labels, values } of command.series) {
    const samples = values.flatMap((value, i) =>
      value.kind === 'none' ? [] : [{ timeMs: i * MINUTE, value, startMs: 0 }],
    );
    storage.add(labels, samples);
  }
}
const [engine, delaying] = [[], ['promql-delayed-name-removal']].map((features) =>
  createEngine(storage, { features: ['promql-experimental-functions', ...features] }),
) as [ReturnType<typeof createEngine>, ReturnType<typeof createEngine>];

/** `minute:value`, histograms as `minute:Hcount`; `{}` between series. */
async function range(query: string, of = engine): Promise<string> {
  const { value } = await of.queryRange(query, { startMs: 0, endMs: 5 * MINUTE, stepMs: MINUTE });
  if (value.type !== 'matrix') throw new Error(value.type);
  if (value.series.length === 0) return 'nothing';
  return value.series
    .map(({ timestamps, values, histograms }) =>
      Array.from(timestamps, (at, i) => {
        const histogram = histograms?.[i];
        return `${at / MINUTE}:${histogram ? `H${histogram.count}` : values[i]}`;
      }).join(' '),
    )
    .join(' {} ');
}

const MERGED = 'label_replace(x, "p", "", "", "")';

describe('type and unit', () => {
  it.each([
    ['histogram_count(t)', '{__type__="histogram", __unit__="s"}'],
    ['histogram_stddev(t)', '{__type__="histogram", __unit__="s"}'],
    ['histogram_quantile(0.5, t)', '{}'],
    ['-t', '{}'],
  ])('go with the name or stay, as they do in a Prometheus 3.14: %s', async (query, labels) => {
    const { value } = await engine.query(query, { timeMs: 0 });
    expect(value.type === 'vector' && value.samples.map((sample) => sample.labels.toString())).toEqual([labels]);
    const late = await delaying.query(query, { timeMs: 0 });
    expect(late.value.type === 'vector' && late.value.samples.map((sample) => sample.labels.toString())).toEqual([
      '{}',
    ]);
  });
});

/** Answers of a Prometheus 3.14. */
describe('floats and histograms of equal labels at the same steps', () => {
  it.each([
    [MERGED, '0:1 1:2 2:3 2:H1 3:4 3:H2 4:H3 5:H4'],
    [`-(${MERGED})`, '0:-1 1:-2 2:-3 2:H-1 3:-4 3:H-2 4:H-3 5:H-4'],
    [`label_join(${MERGED}, "q", "", "p")`, '0:1 1:2 2:3 2:H1 3:4 3:H2 4:H3 5:H4'],
    ['-{__name__=~"a|b"}', '0:-1 0:H-1 1:-2 1:H-2 2:-3 2:H-3 3:-4 3:H-4 4:-5 4:H-5 5:-6 5:H-6'],
  ])('are one series in the answer: %s', async (query, points) => {
    expect(await range(query)).toBe(points);
  });

  it.each([
    [`sum(${MERGED})`, '0:1 1:2 2:3 3:4'],
    [`${MERGED} * 2`, '0:2 1:4 2:6 3:8'],
    [`histogram_count(${MERGED})`, 'nothing'],
    [`histogram_quantile(0.5, ${MERGED})`, 'nothing'],
    [`sort_by_label(${MERGED}, "p")`, '0:1 1:2 2:3 3:4'],
    [`scalar(${MERGED})`, '0:1 1:2 2:3 3:4 4:NaN 5:NaN'],
  ])('are floats alone from there on to what reads step by step: %s', async (query, points) => {
    expect(await range(query)).toBe(points);
  });

  it.each([
    [`count_over_time(${MERGED}[2m:1m])`, '0:1 1:2 2:2 3:3 4:3 5:2'],
    [`last_over_time(${MERGED}[2m:1m])`, '0:1 1:2 2:3 3:4 4:H3 5:H4'],
    [`idelta(${MERGED}[3m:1m])`, '1:1 2:1 5:H1'],
  ])('are both in a subquery: %s', async (query, points) => {
    expect(await range(query)).toBe(points);
  });

  it('are the histogram alone in an instant answer', async () => {
    const { value } = await engine.query(MERGED, { timeMs: 2 * MINUTE });
    expect(value.type === 'vector' && value.samples.map(({ histogram }) => histogram?.count)).toEqual([1]);
  });

  it('are an error where the steps are all the same', async () => {
    const query = 'label_replace(x @ 120, "p", "", "", "")';
    await expect(range(query)).rejects.toThrow('unexpected number of samples');
    await expect(engine.query(query, { timeMs: 0 })).rejects.toThrow('unexpected number of samples');
    expect(await range(`sum(${query})`)).toBe('0:3 1:3 2:3 3:3 4:3 5:3');
  });

  it('are merged when the names go at last, unless two are of one kind', async () => {
    expect(await range('-{__name__=~"a|b"}', delaying)).toBe(await range('-{__name__=~"a|b"}'));
    const { value } = await delaying.query('(-{__name__=~"a|b"})[2m:1m]', { timeMs: 5 * MINUTE });
    const counts = value.type === 'matrix' ? value.series.map(({ timestamps }) => timestamps.length) : [];
    expect(counts).toEqual([4]);
    for (const query of ['-{__name__=~"a|c"}', '(-{__name__=~"a|c"})[2m:1m]']) {
      await expect(delaying.query(query, { timeMs: 5 * MINUTE })).rejects.toThrow(
        'vector cannot contain metrics with the same labelset',
      );
    }
  });
});
