import * as zlib from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { defaultHttpClientConfig } from '../../src/config/http-config.ts';
import { Secret } from '../../src/config/secret.ts';
import { Labels } from '../../src/labels/labels.ts';
import { Rig } from './rig.ts';

/** Patient, since the machine may be busy with other things. */
const eventually = <T>(read: () => T) => expect.poll(read, { timeout: 20_000, interval: 10 });

let rig: Rig;

beforeEach(async () => {
  rig = new Rig();
  await rig.start();
});

afterEach(() => rig.stop());

const APPLICATION = '^(a|b|c|d|x|y|z)(_.*)?$';

describe('a scrape', () => {
  it('asks as Prometheus asks', async () => {
    rig.apply(rig.job({ params: { module: ['a b', 'c'] }, scrapeTimeoutMs: 2500, metricsPath: '/probe path' }));
    await rig.turn();
    const { url, headers } = rig.requests[0]!;
    expect(url).toBe('/probe%20path?module=a+b&module=c');
    expect(headers['user-agent']).toBe('watchfire/test');
    expect(headers['x-prometheus-scrape-timeout-seconds']).toBe('2.5');
    expect(headers.accept).toMatch(
      /^application\/openmetrics-text;version=1\.0\.0;escaping=allow-utf-8;q=0\.6,.*\*\/\*;q=0\.\d$/,
    );
    expect(headers['accept-encoding']).toContain('gzip');
  });

  it('stores samples, `up` and its kin, at the scheduled time', async () => {
    rig.apply(rig.job());
    await rig.scrape('# TYPE a counter\n# HELP a Help.\na{b="c"} 1\nb 2 1700000000000\nc NaN\n');
    await rig.scrape('# TYPE a counter\na{b="c"} 2\n');
    expect(rig.stored()).toEqual({
      'a{b="c"}': [1, 2],
      b: [2],
      c: [Number.NaN, 'stale'],
      up: [1, 1],
      scrape_duration_seconds: [expect.any(Number), expect.any(Number)],
      scrape_samples_scraped: [3, 1],
      scrape_samples_post_metric_relabeling: [3, 1],
      scrape_series_added: [3, 0],
    });
    const [first, second] = rig.times('up');
    expect(second! - first!).toBe(10_000);
    expect(rig.times('a')).toEqual([first, second]);
    expect(rig.times('b')).toEqual([1_700_000_000_000]);
    const [target] = rig.manager.targets().active;
    expect(target).toMatchObject({ job: 'test', health: 'up', lastError: '', lastScrapeMs: second, samples: 1 });
    expect(rig.manager.targetMetadata('a')).toMatchObject([{ metric: 'a', type: 'counter', help: 'Help.' }]);
  });

  it.each([
    ['start-timestamps', { a_total: [1, 2, 3], up: [1, 1, 1] }],
    ['zero-samples', { a_total: [0, 1, 2, 0, 3], up: [1, 1, 1] }],
  ] as const)('takes `_created` lines for %s where that is asked for', async (created, stored) => {
    await rig.stop();
    rig = new Rig({ features: { created } });
    await rig.start();
    rig.contentType = 'application/openmetrics-text; version=1.0.0';
    rig.apply(rig.job());
    const seconds = Math.floor(rig.clock.nowMs() / 1000);
    const body = (value: number, started: number): string =>
      `# TYPE a counter\na_total ${value}\na_created ${started}\n# TYPE b gauge\nb_created 5\n# EOF\n`;
    await rig.scrape(body(1, seconds - 60));
    await rig.scrape(body(2, seconds - 60));
    const [, second] = rig.times('up');
    await rig.scrape(body(3, second! / 1000 + 1));
    expect(rig.stored('a_total|up')).toEqual(stored);
    expect(rig.stored('b_created|scrape_series_added')).toEqual({
      b_created: [5, 5, 5],
      scrape_series_added: [2, 0, 0],
    });
    expect(rig.startsOf('a_total').slice(-1)).toEqual([second! + 1000]);
  });

  it('labels series with type and unit of their family where that is asked for', async () => {
    await rig.stop();
    rig = new Rig({ features: { typeLabels: true } });
    await rig.start();
    rig.contentType = 'application/openmetrics-text; version=1.0.0';
    rig.apply(rig.job());
    const histogram = '# TYPE b_bytes histogram\n# UNIT b_bytes bytes\nb_bytes_bucket{le="+Inf"} 1\n';
    await rig.scrape(`# TYPE a counter\na_total{__type__="own"} 1\n${histogram}c{__unit__="own"} 1\n# EOF\n`);
    expect(Object.keys(rig.stored('a.*|b.*|c')).sort()).toEqual([
      'a_total{__type__="counter"}',
      'b_bytes_bucket{__type__="histogram", __unit__="bytes", le="+Inf"}',
      'c',
    ]);
  });

  it('adds no sample of 0 from where a series began too long ago, not yet, or before what is known of it', async () => {
    await rig.stop();
    rig = new Rig({ features: { created: 'zero-samples' } });
    await rig.start();
    rig.contentType = 'application/openmetrics-text; version=1.0.0';
    rig.apply(rig.job());
    const seconds = Math.floor(rig.clock.nowMs() / 1000);
    const lines = (x: string, started: number) => `a_total{x="${x}"} 1\na_created{x="${x}"} ${started}\n`;
    const body = (moved: number) =>
      `# TYPE a counter\n${lines('old', seconds - 4000)}${lines('future', seconds + 100)}${lines('moved', moved)}# EOF\n`;
    await rig.scrape(body(seconds - 60));
    await rig.scrape(body(seconds - 50));
    expect(rig.stored('a_total')).toEqual({
      'a_total{x="old"}': [1, 1],
      'a_total{x="future"}': [1, 1],
      'a_total{x="moved"}': [0, 1, 1],
    });
  });

  it('counts what was refused, how long it is from one to the next, and what discovery found', async () => {
    rig.apply(rig.job({ sampleLimit: 3 }));
    await rig.scrape('a 1\na 2\n');
    await rig.scrape('a 1\nb 1\nc 1\nd 1\n');
    await rig.scrape(`a 1 ${rig.clock.nowMs() + 3_600_000}\n`);
    const { totals } = rig.manager;
    expect([totals.duplicates, totals.outOfBounds, totals.limits.samples]).toEqual([1, 1, 1]);
    const interval = totals.intervals.get(10_000)!;
    expect([interval.count, interval.sumSeconds, interval.quantile(0.5)]).toEqual([2, 20, 10]);
    const [job, ...others] = rig.manager.jobs();
    expect(others).toEqual([]);
    expect(job).toMatchObject({ job: 'test', discoveredTargets: 1, targets: 1, targetLimit: 0 });
    expect(job!.totals.syncs.count).toBeGreaterThan(0);
    rig.apply();
    expect([rig.manager.jobs(), rig.manager.totals.jobs.size]).toEqual([[], 0]);
  });

  it('undoes compression', async () => {
    rig.apply(rig.job());
    await rig.scrape((_request, response) => {
      response.setHeader('content-encoding', 'zstd');
      response.setHeader('content-type', 'text/plain');
      response.end(zlib.zstdCompressSync(Buffer.from('a 1\n')));
    });
    expect(rig.stored('a')).toEqual({ a: [1] });
  });

  it('adds what extra_scrape_metrics asks for', async () => {
    rig.apply(rig.job({ extraScrapeMetrics: true, sampleLimit: 5 }));
    await rig.scrape('a 1\n');
    expect(rig.stored('scrape_(timeout|sample|body).*')).toMatchObject({
      scrape_timeout_seconds: [10],
      scrape_sample_limit: [5],
      scrape_body_size_bytes: [4],
    });
  });

  it('spreads targets over the interval, the same way each time', async () => {
    const groups = [
      {
        source: '0',
        targets: Array.from({ length: 40 }, (_, i) => Labels.of({ __address__: rig.address, n: String(i) })),
        labels: Labels.EMPTY,
      },
    ];
    const place = { file: 'x', line: 1, column: 1 };
    rig.apply(rig.job({ discoveries: [{ kind: 'static', place, groups }] }));
    for (let i = 0; i < 100; i++) {
      await rig.clock.advance(100);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await eventually(() => rig.manager.targets().active.every((target) => target.lastScrapeMs > 0)).toBe(true);
    const offsets = rig.manager.targets().active.map((target) => target.lastScrapeMs % 10_000);
    const buckets = new Set(offsets.map((offset) => Math.floor(offset / 1000)));
    expect(buckets.size).toBeGreaterThan(6);
  });
});

describe('who listens', () => {
  it('is told of each scrape once it is stored, a failed one too, and which metrics the target has', async () => {
    const told: string[] = [];
    const listening = new Rig({
      onScraped: (loop) => {
        const names = [...loop.metricNames()].filter((name) => !name.startsWith('scrape_')).sort();
        told.push(`${names} ${listening.stored('up')['up']?.join('')} ${loop.labelsMayDiffer}`);
      },
    });
    await listening.start();
    listening.apply(listening.job());
    await listening.scrape('a{b="c"} 1\nb 2\n');
    await listening.scrape((_request, response) => response.writeHead(500).end());
    listening.apply(listening.job({ honorLabels: true }));
    await listening.scrape('a 1\n');
    expect(told).toEqual(['a,b,up 1 false', 'a,b,up 10 false', 'a,up 101 true']);
    await listening.stop();
  });
});

describe('labels', () => {
  it('gives way to the target, keeping what the body said as exported_', async () => {
    rig.apply(rig.job({}, { instance: 'i', zone: 'z' }));
    await rig.scrape('a{instance="x",exported_zone="y",zone="q"} 1\n');
    expect(Object.keys(rig.stored('a'))).toEqual([
      'a{exported_exported_zone="q", exported_instance="x", exported_zone="y", instance="i", job="test", zone="z"}',
    ]);
  });

  it('wins over the target with honor_labels, an empty label keeping the target away', async () => {
    rig.apply(rig.job({ honorLabels: true }));
    await rig.scrape('a{instance="x"} 1\nb{instance=""} 2\nc 3\n');
    expect(rig.stored(APPLICATION)).toEqual({ 'a{instance="x", job="test"}': [1], 'b{job="test"}': [2], c: [3] });
  });

  it('refuses a body for a label limit, each by its name', async () => {
    rig.apply(rig.job({ labelLimit: 3 }));
    await rig.scrape('a{b="c"} 1\n');
    expect(rig.error).toBe('label_limit exceeded (metric: a, number of labels: 4, limit: 3)');
    rig.apply(rig.job({ labelNameLengthLimit: 8 }));
    await rig.scrape('a{long_name_b="c"} 1\n');
    expect(rig.error).toBe(
      'label_name_length_limit exceeded (metric: a, label name: long_name_b, length: 11, limit: 8)',
    );
    rig.apply(rig.job({ labelValueLengthLimit: 20 }));
    await rig.scrape(`a{b="${'é'.repeat(11)}"} 1\n`);
    expect(rig.error).toContain(`value: "${'é'.repeat(11)}", length: 22, limit: 20)`);
    expect(rig.stored('a')).toEqual({});
  });

  it('refuses names outside the legacy alphabet where the job asks for that', async () => {
    rig.apply(rig.job({ metricNameValidationScheme: 'legacy' }));
    await rig.scrape('{"a.b"} 1\n');
    expect(rig.error).toContain('invalid metric name or label names');
  });

  it('drops and renames by metric_relabel_configs, and counts', async () => {
    const step = { separator: ';', modulus: 0, utf8Names: true, sourceLabels: ['__name__'] };
    const { compileAnchored: _ } = await import('../../src/labels/regexp.ts');
    const { compileRe2 } = await import('../../src/labels/regexp.ts');
    rig.apply(
      rig.job({
        metricRelabelConfigs: [
          { ...step, regex: 'b', compiled: compileRe2('^(?s:b)$'), action: 'drop', targetLabel: '', replacement: '$1' },
          {
            ...step,
            regex: '(a)',
            compiled: compileRe2('^(?s:(a))$'),
            action: 'replace',
            targetLabel: 'was',
            replacement: '$1',
          },
        ],
      }),
    );
    await rig.scrape('a 1\nb 2\nc 3\n');
    await rig.scrape('a 1\nb 2\nc 3\n');
    expect(rig.stored(APPLICATION)).toEqual({ 'a{was="a"}': [1, 1], c: [3, 3] });
    expect(rig.stored('scrape_samples_.*')).toMatchObject({
      scrape_samples_scraped: [3, 3],
      scrape_samples_post_metric_relabeling: [2, 2],
    });
  });
});

describe('limits', () => {
  it('refuses a body with too many samples, counting on', async () => {
    rig.apply(rig.job({ sampleLimit: 2 }));
    await rig.scrape('a 1\nb 2\n');
    await rig.scrape('a 1\nb 2\nc 3\nd 4\n');
    expect(rig.error).toBe('sample limit exceeded');
    expect(rig.stored()).toMatchObject({
      a: [1, 'stale'],
      b: [2, 'stale'],
      up: [1, 0],
      scrape_samples_scraped: [2, 4],
      scrape_samples_post_metric_relabeling: [2, 4],
    });
  });

  it('refuses a body that is too long', async () => {
    rig.apply(rig.job({ bodySizeLimitBytes: 10 }));
    await rig.scrape(`a ${'1'.repeat(20)}\n`);
    expect(rig.error).toBe('body size limit exceeded');
    await rig.scrape('a 1234567\n');
    expect(rig.error).toBe('body size limit exceeded');
    await rig.scrape('a 123456\n');
    expect(rig.error).toBe('');
  });

  it('lets no target of a job be scraped that has too many', async () => {
    const targets = ['a:1', 'b:1'].map((address) => Labels.of({ __address__: address }));
    const place = { file: 'x', line: 1, column: 1 };
    const groups = [{ source: '0', targets, labels: Labels.EMPTY }];
    rig.apply(rig.job({ targetLimit: 1, discoveries: [{ kind: 'static', place, groups }] }));
    await rig.turn();
    expect(rig.error).toBe('target_limit exceeded (number of targets: 2, limit: 1)');
    expect(Object.values(rig.stored('up'))).toEqual([[0], [0]]);
  });
});

describe('staleness', () => {
  it('marks a series that is gone, and takes it up again', async () => {
    rig.apply(rig.job());
    await rig.scrape('a 1\nb 1\n');
    await rig.scrape('a 2\n');
    await rig.scrape('a 3\n');
    await rig.scrape('a 4\nb 4\n');
    expect(rig.stored(APPLICATION)).toEqual({ a: [1, 2, 3, 4], b: [1, 'stale', 4] });
    expect(rig.stored('scrape_series_added')).toEqual({ scrape_series_added: [2, 0, 0, 0] });
  });

  it('does not mark one of two spellings of a series that is still there', async () => {
    rig.apply(rig.job());
    await rig.scrape('a{x="1",y="2"} 1\n');
    await rig.scrape('a{y="2",x="1"} 2\n');
    expect(rig.stored('a')).toEqual({ 'a{x="1", y="2"}': [1, 2] });
  });

  it('marks all when a scrape fails, also where the body breaks off', async () => {
    rig.apply(rig.job());
    await rig.scrape('a 1\nb 1\n');
    await rig.scrape('a 2\nb{');
    expect(rig.stored(APPLICATION)).toEqual({ a: [1, 'stale'], b: [1, 'stale'] });
    await rig.scrape('a 3\nb 3\n');
    await rig.scrape((_request, response) => void response.writeHead(500).end());
    expect(rig.stored(APPLICATION)).toEqual({ a: [1, 'stale', 3, 'stale'], b: [1, 'stale', 3, 'stale'] });
    expect(rig.stored('up')).toEqual({ up: [1, 0, 1, 0] });
  });

  it('leaves series with own timestamps alone, unless track_timestamps_staleness', async () => {
    const at = rig.clock.nowMs();
    rig.apply(rig.job());
    await rig.scrape(`a 1 ${at}\n`);
    await rig.scrape('');
    expect(rig.stored('a')).toEqual({ a: [1] });
    rig.apply(rig.job({ trackTimestampsStaleness: true }));
    await rig.scrape(`a 2 ${at + 1}\n`);
    await rig.scrape('');
    expect(rig.stored('a')).toEqual({ a: [1, 2, 'stale'] });
  });

  it('takes the scrape time with honor_timestamps off', async () => {
    rig.apply(rig.job({ honorTimestamps: false }));
    await rig.scrape('a 1 5\n');
    expect(rig.times('a')).toEqual(rig.times('up'));
  });

  it('marks a removed target when its next scrape would have been', async () => {
    rig.apply(rig.job());
    await rig.scrape('a 1\n');
    rig.apply();
    expect(rig.manager.targets().active).toEqual([]);
    await rig.clock.advance(30_000);
    expect(rig.stored('a|up')).toEqual({ a: [1, 'stale'], up: [1, 'stale'] });
    const [scraped, stale] = rig.times('a');
    expect(stale! - scraped!).toBe(10_000);
  });

  it('does not mark a target that came back meanwhile', async () => {
    rig.apply(rig.job());
    await rig.scrape('a 1\n');
    rig.apply();
    rig.apply(rig.job());
    await rig.scrape('a 2\n');
    await rig.scrape('a 3\n');
    await rig.clock.advance(5_000);
    expect(rig.stored('a')).toEqual({ a: [1, 2, 3] });
  });
});

describe('refused samples', () => {
  it('counts and reports repeats and times out of order, once', async () => {
    rig.apply(rig.job());
    const at = rig.clock.nowMs();
    await rig.scrape(`a 1\na 2\nb 1 ${at}\nb 2 ${at}\n`);
    await rig.scrape(`a 1\nb 1 ${at - 1000}\nc 1 ${at + 10_000_000}\n`);
    expect(rig.stored(APPLICATION)).toEqual({ a: [1, 1], b: [1] });
    expect(rig.stored('up')).toEqual({ up: [1, 1] });
    expect(rig.reports).toEqual([
      expect.stringMatching(/^warning: job test, http.*samples refused: \d with different value/),
    ]);
  });
});

describe('reload', () => {
  it('leaves an unchanged job alone, and swaps a changed one', async () => {
    rig.apply(rig.job());
    await rig.scrape('a 1\nb 1\n');
    rig.apply(rig.job({ place: { file: 'elsewhere', line: 9, column: 9 } }));
    await rig.scrape('a 2\n');
    expect(rig.stored(APPLICATION)).toEqual({ a: [1, 2], b: [1, 'stale'] });
    expect(rig.stored('scrape_series_added')).toEqual({ scrape_series_added: [2, 0] });
    rig.apply(rig.job({ honorLabels: true }));
    expect(rig.manager.targets().active[0]!.health).toBe('unknown');
    await rig.scrape('a 3\n');
    await rig.clock.advance(20_000);
    expect(rig.stored('a').a!.slice(0, 3)).toEqual([1, 2, 3]);
  });

  it('takes up other targets of a job whose scraping is as before', async () => {
    const second = await secondTarget();
    rig.apply(rig.job({}, { n: '1' }));
    await rig.scrape('a 1\n');
    const place = { file: 'x', line: 1, column: 1 };
    const targets = [
      Labels.of({ __address__: rig.address, n: '1' }),
      Labels.of({ __address__: second.address, n: '2' }),
    ];
    const discoveries = [{ kind: 'static' as const, place, groups: [{ source: '0', targets, labels: Labels.EMPTY }] }];
    rig.apply(rig.job({ discoveries }));
    expect(rig.manager.targets().active.map((target) => target.health)).toEqual(['up', 'unknown']);
    await rig.turn();
    expect(rig.manager.targets().active.map((target) => target.health)).toEqual(['up', 'up']);
    await second.stop();
  });

  async function secondTarget(): Promise<Rig> {
    const second = new Rig();
    await second.start();
    return second;
  }
});

describe('targets', () => {
  it('that no URL leads to are down, by that reason', async () => {
    const place = { file: 'x', line: 1, column: 1 };
    const groups = [{ source: 'g', targets: [Labels.of({ __address__: 'a:99999' })], labels: Labels.EMPTY }];
    rig.apply(rig.job({ discoveries: [{ kind: 'static', place, groups }] }));
    await rig.turn();
    expect(rig.error).toBe('http://a:99999/metrics is no valid URL');
  });

  it('may have other histogram settings than their job, by their labels', async () => {
    const classic = '# TYPE a histogram\na_bucket{le="1"} 1\na_bucket{le="+Inf"} 2\na_count 2\na_sum 3\n';
    const stored = async (labels: Record<string, string>): Promise<string[]> => {
      rig.apply(rig.job({}, labels));
      await rig.scrape(classic);
      const names = Object.entries(rig.stored('a.*')).filter(([, values]) => values.at(-1) !== 'stale');
      return names.map(([name]) => name);
    };
    const convert = { __convert_classic_histograms_to_nhcb__: 'true' };
    expect(await stored(convert)).toEqual(['a']);
    expect(rig.manager.targets().active[0]!.discoveredLabels.toRecord()).toMatchObject({
      ...convert,
      __scrape_native_histograms__: 'false',
      __always_scrape_classic_histograms__: 'false',
    });
    expect((await stored({ ...convert, __always_scrape_classic_histograms__: 'T' })).length).toBe(5);
    rig.apply(rig.job({}, { __scrape_native_histograms__: 'maybe' }));
    expect(rig.reports.at(-1)).toBe(
      'error: job test: instance 0 in group 0: error parsing scrape native histograms: strconv.ParseBool: parsing "maybe": invalid syntax',
    );
  });

  it('are the same only once, and are told apart from dropped and faulty ones', async () => {
    const { compileRe2 } = await import('../../src/labels/regexp.ts');
    const place = { file: 'x', line: 1, column: 1 };
    const targets = [
      { __address__: 'a:80', __meta_x: '1' },
      { __address__: 'a:80', __meta_x: '2' },
      { __address__: 'drop:80' },
      { __address__: 'http://no' },
      { __address__: '' },
      { __address__: 'slow:80', __scrape_interval__: '1s' },
      { __address__: '[::1]:9', __scheme__: 'https', __param_a: 'b', __metrics_path__: 'x' },
    ].map((labels) => Labels.of(labels));
    const groups = [{ source: 'g', targets, labels: Labels.of({ team: 't' }) }];
    const drop = {
      sourceLabels: ['__address__'],
      separator: ';',
      regex: 'drop.*',
      compiled: compileRe2('^(?s:drop.*)$'),
      modulus: 0,
      targetLabel: '',
      replacement: '$1',
      action: 'drop' as const,
      utf8Names: true,
    };
    rig.apply(rig.job({ relabelConfigs: [drop], discoveries: [{ kind: 'static', place, groups }] }));
    const { active, dropped, droppedCounts } = rig.manager.targets();
    expect(active.map((target) => [target.scrapeUrl, target.labels.toString()])).toEqual([
      ['http://a:80/metrics', '{instance="a:80", job="test", team="t"}'],
      ['https://[::1]:9/x?a=b', '{instance="[::1]:9", job="test", team="t"}'],
    ]);
    expect(active[0]!.discoveredLabels.toRecord()).toMatchObject({
      __meta_x: '2',
      __metrics_path__: '/metrics',
      __scheme__: 'http',
      __scrape_interval__: '10s',
      __scrape_timeout__: '10s',
      job: 'test',
    });
    expect(dropped.map((each) => each.discoveredLabels.get('__address__'))).toEqual(['drop:80']);
    expect(droppedCounts).toEqual({ test: 1 });
    expect(rig.reports).toEqual([
      'error: job test: instance 3 in group g: "http://no" is not a valid hostname',
      'error: job test: instance 4 in group g: no address',
      'error: job test: instance 5 in group g: scrape timeout cannot be greater than scrape interval ("10s" > "1s")',
    ]);
  });

  it('never show a secret', async () => {
    const http = { ...defaultHttpClientConfig, authorization: { type: 'Bearer', credentials: new Secret('hunter2') } };
    rig.apply(rig.job({ http }));
    await rig.scrape((_request, response) => void response.writeHead(401).end('hunter2'));
    expect(rig.requests[0]!.headers.authorization).toBe('Bearer hunter2');
    expect(JSON.stringify([rig.manager.targets(), rig.reports])).not.toContain('hunter2');
    expect(rig.error).toBe('server returned HTTP status 401 Unauthorized');
  });
});
