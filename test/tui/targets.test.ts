/** The targets view's rows without a terminal: what stays readable where there is little room. */
import { expect, it } from 'vitest';
import { Labels } from '../../src/labels/labels.ts';
import type { TargetState } from '../../src/monitor/sources.ts';
import { makeZone } from '../../src/tui/frame/format.ts';
import { ListState } from '../../src/tui/frame/list.ts';
import type { Area } from '../../src/tui/frame/place.ts';
import { toText } from '../../src/tui/frame/row.ts';
import { makeTheme } from '../../src/tui/theme.ts';
import { targetListRows, targetRows } from '../../src/tui/views/targets/rows.ts';

const NOW = Date.UTC(2026, 10, 23, 14, 0, 0);

const areaOf = (width: number): Area => ({
  width,
  height: 20,
  theme: makeTheme('default', 16, false),
  zone: makeZone(true, NOW),
  nowMs: NOW,
  window: { startMs: NOW - 60_000, endMs: NOW, live: true },
  zoomed: false,
});

function target(more: Partial<TargetState> = {}, labels: Readonly<Record<string, string>> = {}): TargetState {
  return {
    job: 'pods',
    discoveredLabels: Labels.of({ __address__: '10.0.0.1:80' }),
    labels: Labels.of({ job: 'pods', instance: '10.0.0.1:80', ...labels }),
    scrapeUrl: 'http://10.0.0.1:80/metrics',
    globalUrl: 'http://10.0.0.1:80/metrics',
    health: 'up',
    lastError: '',
    lastScrapeMs: NOW - 3000,
    lastScrapeDurationSeconds: 0.01,
    scrapeIntervalMs: 15_000,
    scrapeTimeoutMs: 10_000,
    samples: 5,
    samplesAfterRelabelling: 5,
    seriesAdded: 0,
    ...more,
  };
}

const list = (targets: readonly TargetState[], width: number): string[] =>
  targetListRows(targets, [], new ListState(), undefined, areaOf(width)).map((row) => toText(row).trimEnd());

it('gives the reason why a target is down a good part of the width, and nothing where all are up', () => {
  const error = 'server returned HTTP status 503 Service Unavailable';
  const down = target({ health: 'down', lastError: error });
  for (const width of [78, 118, 198]) {
    const [head, , , row] = list([target(), down], width);
    expect(head).toMatch(/State {6}Endpoint .* Error$/);
    expect(row).toContain(error.slice(0, width === 198 ? error.length : 20));
    expect(row).toContain('http://10.0.0.1:80/metrics');
  }
  expect(list([target()], 118)[0]).toContain('Samples');
});

it('tells service and instance only where they say more than the endpoint', () => {
  expect(list([target()], 198)[0]).not.toMatch(/Service|Instance/);
  expect(list([target({}, { service: 'shop' })], 198).join('\n')).toMatch(/Service.*\n.*\n.* shop /);
  const named = list([target({}, { instance: 'orders-0' })], 78);
  expect(named[0]).toMatch(/Endpoint +Instance/);
  expect(named[2]).toContain('orders-0');
});

it('keeps both ends of long label names, and leaves out what hardly ever says anything', () => {
  const name = '__meta_kubernetes_pod_annotation_prometheus_io_scrape';
  const labels = Labels.of({
    __address__: '10.0.0.1:80',
    __scrape_native_histograms__: 'false',
    __convert_classic_histograms_to_nhcb__: 'true',
    [name]: 'yes',
  });
  const shown = (width: number): string =>
    targetRows(target({ discoveredLabels: labels }), undefined, areaOf(width))
      .map((row) => toText(row).trimEnd())
      .join('\n');
  expect(shown(58)).toMatch(/__meta_kuber\S*…\S*_io_scrape +yes/);
  expect(shown(78)).toMatch(new RegExp(`${name} +yes`));
  expect(shown(118)).toMatch(new RegExp(`${name} +yes`));
  expect(shown(198)).toMatch(new RegExp(`${name} +yes`));
  expect(shown(118)).toMatch(/__convert_classic_histograms_to_nhcb__ +true/);
  expect(shown(118)).not.toContain('__scrape_native_histograms__');
});

it('tells the service on a narrow screen, with targets that are down and without', () => {
  const shop = target({}, { service: 'inventory' });
  const down = target({ health: 'down', lastError: 'connect ECONNREFUSED' }, { service: 'orders' });
  const up = list([shop], 78);
  expect(up[0]).toMatch(/^State {6}Endpoint .*Service .*Scraped .*Duration .*Samples$/);
  expect(up[2]).toMatch(/http:\/\/10\.0\.0\.1:80\/metrics +inventory .*3s ago .*10 ms/);
  const both = list([shop, down], 78);
  expect(both[3]).toMatch(/http:\/\/10\.0\.0\.1:80\/metrics +orders .*connect ECONN/);
});
