/** What the sink refuses of what a parser found, each as Prometheus 3.14 does by real scrapes. */
import { expect, it } from 'vitest';
import type { FloatHistogram } from '../../src/exposition/histogram.ts';
import { Labels } from '../../src/labels/labels.ts';
import { scrapeConfigForTargets } from '../../src/scrape/command-line-targets.ts';
import { ScrapeSink } from '../../src/scrape/scrape-sink.ts';
import type { Appender } from '../../src/storage/appender.ts';
import { createHead, type Head } from '../../src/storage/head.ts';

const nowMs = 1_700_000_000_000;

function begun(head: Head = createHead()) {
  const sink = new ScrapeSink(scrapeConfigForTargets([]), Labels.EMPTY, {});
  const appender: Appender = head.appender();
  const counts = sink.beginScrape(appender, nowMs);
  const series = (name: string): number => sink.series(Labels.of({ __name__: name }), undefined);
  return { sink, appender, counts, series, head };
}

const histogram: FloatHistogram = {
  schema: 0,
  zeroThreshold: 0.001,
  zeroCount: 1,
  count: 3,
  sum: 5,
  positiveSpans: [{ offset: 0, length: 1 }],
  negativeSpans: [],
  positiveBuckets: [2],
  negativeBuckets: [],
  customValues: undefined,
  counterResetHint: 'unknown',
};

it('refuses a histogram that contradicts itself, unless the series was there before', () => {
  const { sink, series, counts } = begun();
  sink.histogram(series('h'), histogram, undefined, undefined, true);
  sink.histogram(series('h'), { ...histogram, count: 9 }, undefined, undefined, true);
  const bad = (more: Partial<FloatHistogram>) => () =>
    sink.histogram(series(JSON.stringify(more)), { ...histogram, ...more }, undefined, undefined, true);
  expect(bad({ count: 9 })).toThrow('3 observations found in buckets, but the Count field is 9');
  expect(bad({ schema: 9 })).toThrow(
    'must be between -4 and 8 for exponential buckets, or -53 for custom buckets, got schema 9',
  );
  expect(bad({ schema: -53, positiveSpans: [{ offset: 1, length: 1 }] })).toThrow(
    'only 0 custom bounds defined which is insufficient to cover total span length of 2',
  );
  expect(counts).toMatchObject({ scraped: 5, relabelled: 2, duplicates: 1 });
});

it('drops exemplars with more than 128 characters of labels, and those of samples that are refused', () => {
  const { sink, series, appender, head } = begun();
  const exemplar = (id: string) => ({ labels: Labels.of({ id }), value: 1, timestampMs: nowMs });
  const put = (name: string, id: string, atMs?: number): void => {
    const number = series(name);
    sink.sample(number, 1, atMs, undefined);
    sink.exemplar(number, exemplar(id));
  };
  put('short', '😀'.repeat(126));
  put('long', '😀'.repeat(127));
  put('ahead', 'x', nowMs + 3_600_000);
  sink.sample(series('twice'), 1, undefined, undefined);
  put('twice', 'x');
  appender.commit();
  const kept = head.exemplars([], 0, Number.MAX_SAFE_INTEGER);
  expect(kept.map((each) => each.series.metricName)).toEqual(['short']);
});

it('keeps an exemplar without a time once, until another takes its place', () => {
  const head = createHead();
  const { sink, series } = begun(head);
  const number = series('a');
  for (const [i, id] of ['x', 'x', 'y', 'x'].entries()) {
    const appender = head.appender();
    sink.beginScrape(appender, nowMs + i);
    sink.sample(number, i, undefined, undefined);
    sink.exemplar(number, { labels: Labels.of({ id }), value: 1, timestampMs: undefined });
    appender.commit();
  }
  const [kept] = head.exemplars([], 0, Number.MAX_SAFE_INTEGER);
  expect(kept!.exemplars.map((each) => `${each.labels.get('id')} ${each.timestampMs! - nowMs}`)).toEqual([
    'x 0',
    'y 2',
    'x 3',
  ]);
});
