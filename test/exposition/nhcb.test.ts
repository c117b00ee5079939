import { describe, expect, it } from 'vitest';
import { ExpositionCache, parseExposition } from '../../src/exposition/exposition.ts';
import type { FloatHistogram } from '../../src/exposition/histogram.ts';
import { convertClassicHistograms, customHistogram } from '../../src/exposition/nhcb.ts';
import { CollectingSink } from './collecting-sink.ts';

const body = `# TYPE h histogram
h_bucket{le="0.5",x="1"} 1
h_bucket{le="2",x="1"} 1
h_bucket{le="+Inf",x="1"} 4
h_sum{x="1"} 7.5
h_count{x="1"} 4
h_bucket{le="0.5",x="2"} 3
h_bucket{le="+Inf",x="2"} 2
h_count{x="2"} 2
# TYPE other gauge
other_count 3
`;

function shown(sink: CollectingSink): string[] {
  return sink.collected.map(({ labels, value }) => {
    if (typeof value === 'number') return `${labels.toSelector()} ${value}`;
    const { count, sum, customValues, positiveSpans, positiveBuckets } = value;
    return `${labels.toSelector()} ${JSON.stringify({ count, sum, customValues, positiveSpans, positiveBuckets })}`;
  });
}

const converted =
  'h{x="1"} {"count":4,"sum":7.5,"customValues":[0.5,2],"positiveSpans":[{"offset":0,"length":1},{"offset":1,"length":1}],"positiveBuckets":[1,3]}';

describe('classic histograms', () => {
  it('become native ones; what is not cumulative becomes none', () => {
    const sink = new CollectingSink();
    const cache = new ExpositionCache();
    const target = convertClassicHistograms(sink, { keepClassic: false });
    for (let round = 0; round < 3; round++) {
      sink.clear();
      parseExposition('text', Buffer.from(body), target, { cache });
      expect(shown(sink)).toEqual([converted, 'other_count 3']);
      expect(sink.seriesCalls).toBe(round === 0 ? 2 : 0);
    }
    for (let round = 0; round < 6; round++) parseExposition('text', Buffer.from('a 1\n'), target, { cache });
    expect(sink.forgotten.length).toBe(2);
    sink.clear();
    parseExposition('text', Buffer.from(body), target, { cache });
    expect(shown(sink)).toEqual([converted, 'other_count 3']);
  });

  it('are kept beside when asked, and a body that breaks off leaves nothing behind', () => {
    const sink = new CollectingSink();
    const target = convertClassicHistograms(sink, { keepClassic: true });
    expect(() => parseExposition('text', Buffer.from(`${body.slice(0, 60)}\n!`), target)).toThrow();
    sink.clear();
    parseExposition('text', Buffer.from(body), target);
    expect(shown(sink).filter((line) => line.startsWith('h{'))).toEqual([converted]);
    expect(sink.collected.length).toBe(10);
  });

  it('have no label le in any part, and no zeros with a sign', () => {
    const sink = new CollectingSink();
    const lines = '# TYPE h histogram\nh_bucket{le="1"} -0\nh_sum{le="x"} 2\nh_count -0\n';
    parseExposition('text', Buffer.from(lines), convertClassicHistograms(sink, { keepClassic: false }));
    expect(sink.collected.map(({ labels, value }) => [labels.toSelector(), value])).toMatchObject([
      ['h', { sum: 2, count: 0 }],
    ]);
    expect(Object.is((sink.collected[0]!.value as FloatHistogram).count, 0)).toBe(true);
  });

  it('take the exemplars of their buckets, in order of time, even where these are kept', () => {
    const sink = new CollectingSink();
    const lines =
      '# TYPE h histogram\nh_bucket{le="1"} 4 # {id="b"} 1 8\nh_bucket{le="+Inf"} 4 # {id="a"} 1 7\n# EOF\n';
    parseExposition('openmetrics', Buffer.from(lines), convertClassicHistograms(sink, { keepClassic: true }));
    const found = sink.collected.map(({ exemplars }) => exemplars.map(({ timestampMs }) => timestampMs));
    expect(found).toEqual([[], [], [7000, 8000]]);
  });

  it('may have a negative sum, but no negative count', () => {
    const names = (count: string): unknown[] => {
      const sink = new CollectingSink();
      const lines = `# TYPE h histogram\nh_bucket{le="+Inf"} ${count}\nh_sum -3\nh_count ${count}\n`;
      parseExposition('text', Buffer.from(lines), convertClassicHistograms(sink, { keepClassic: false }));
      return sink.collected.map(({ value }) => (value as FloatHistogram).sum);
    };
    expect(names('1')).toEqual([-3]);
    expect(names('-1')).toEqual([]);
  });

  it('hide in OpenMetrics when they and what follows them began', () => {
    const sink = new CollectingSink();
    const family = (name: string): string => `# TYPE ${name} counter\n${name}_total 1\n${name}_created 5\n`;
    const lines = `${family('a')}# TYPE h histogram\nh_bucket{le="+Inf"} 4\nh_created 5\n${family('b')}# TYPE g gauge\ng_created 5\n# EOF\n`;
    const target = convertClassicHistograms(sink, { keepClassic: false });
    const names = (format: 'text' | 'openmetrics'): string[] => {
      sink.clear();
      parseExposition(format, Buffer.from(lines), target);
      return sink.collected.map(({ labels }) => labels.metricName);
    };
    expect(names('openmetrics')).toEqual(['a_total', 'a_created', 'h', 'b_total', 'g_created']);
    expect(names('text')).toEqual(['a_total', 'a_created', 'h', 'h_created', 'b_total', 'b_created', 'g_created']);
  });

  it('without a count or an infinite bucket are completed', () => {
    const parts = (histogram: FloatHistogram | string): unknown =>
      typeof histogram === 'string' ? histogram : [histogram.count, histogram.positiveBuckets, histogram.customValues];
    expect(parts(customHistogram([{ bound: 1, count: 2 }], undefined, 0))).toEqual([2, [2], [1]]);
    expect(parts(customHistogram([{ bound: 1, count: 2 }], 5, 0))).toEqual([5, [2, 3], [1]]);
    expect(parts(customHistogram([], 5, 0))).toEqual([5, [5], []]);
    expect(parts(customHistogram([{ bound: 1, count: 9 }], 5, 0))).toEqual([5, [9, -4], [1]]);
    const lowest = Number.NEGATIVE_INFINITY;
    expect(parts(customHistogram([{ bound: lowest, count: 1 }], 5, 0))).toEqual([5, [1, 4], [lowest]]);
  });

  it('say why they are none', () => {
    const most = Number.POSITIVE_INFINITY;
    expect(customHistogram([{ bound: most, count: 2.5 }], 5, 0)).toBe('count mismatch: count=5 != le=+Inf count=2.5');
    expect(customHistogram([{ bound: Number.NaN, count: 2 }], 2, 0)).toBe('bucket boundary must not be NaN');
    const falling = [
      { bound: 2, count: 3 },
      { bound: 1, count: 4 },
    ];
    expect(customHistogram(falling, 4, 0)).toBe('count is not cumulative: 3 < 4');
  });

  it('are told apart by all but their bounds, one that is no number included', () => {
    const sink = new CollectingSink();
    const lines =
      '# TYPE h histogram\nh_bucket{le="1"} 4\nh_bucket{le="NaN"} 5\nh_bucket{le="x"} 6\nh_bucket 7\nh_bucket{le="+Inf"} 9\nh_count 9\n';
    parseExposition('text', Buffer.from(lines), convertClassicHistograms(sink, { keepClassic: false }));
    expect(shown(sink)).toEqual([
      'h_bucket{le="NaN"} 5',
      'h_bucket{le="x"} 6',
      'h_bucket 7',
      'h {"count":9,"sum":0,"customValues":[1],"positiveSpans":[{"offset":0,"length":2}],"positiveBuckets":[4,5]}',
    ]);
  });
});
