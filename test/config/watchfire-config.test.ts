import { describe, expect, it } from 'vitest';
import { loadWatchfireConfig } from '../../src/config/watchfire-config.ts';
import { inMemory, problemsOf } from './files.ts';

const load = (text: string) =>
  loadWatchfireConfig('/w/watchfire.yml', { files: inMemory({ '/w/watchfire.yml': text }) });

describe('loadWatchfireConfig', () => {
  it('says nothing where the file does', () => {
    expect(load('').value).toEqual({ file: '/w/watchfire.yml', keys: {} });
  });

  it('reads every key', () => {
    const { value } = load(`
prometheus_config: prometheus.yml
alertmanager_config: /etc/am.yml
prometheus: http://p:9090
elasticsearch: {url: https://es:9200, index: logs-*, api_key: k}
jaeger: http://j
logs: [app.log, /var/log/*.log, '-']
state: state
listen: 127.0.0.1:9090
features: promql-experimental-functions
retention: 2d
memory_budget: 512MB
watch_files: true
rules_after_scrape: true
theme: light
keys: {quit: [q, C-q], help: F1}
`);
    expect(value).toMatchObject({
      prometheusConfig: '/w/prometheus.yml',
      alertmanagerConfig: '/etc/am.yml',
      prometheus: 'http://p:9090',
      jaeger: 'http://j',
      logs: ['/w/app.log', '/var/log/*.log', '-'],
      state: '/w/state',
      listen: '127.0.0.1:9090',
      features: ['promql-experimental-functions'],
      retentionMs: 172_800_000,
      memoryBudgetBytes: 536_870_912,
      watchFiles: true,
      rulesAfterScrape: true,
      theme: 'light',
      keys: { quit: ['q', 'C-q'], help: ['F1'] },
    });
    expect(value.elasticsearch).toMatchObject({ url: 'https://es:9200', index: 'logs-*' });
    expect(value.elasticsearch!.apiKey!.reveal()).toBe('k');
    expect(load('elasticsearch: http://es').value.elasticsearch).toEqual({ url: 'http://es' });
  });

  it.each([
    ['them: dark\n', '1:1: field them not found in type watchfire.yml: did you mean theme?'],
    ['theme: pink\n', 'unknown theme "pink"'],
    ['elasticsearch: {index: x}\n', 'url is missing'],
    ['elasticsearch: {url: "http://e", api_key: k, username: u}\n', 'at most one of api_key and username'],
    ['jaeger: ftp://j\n', 'unsupported scheme "ftp"'],
    ['listen: 9090\n', 'missing port in address'],
    ['memory_budget: 5\n', 'units: unknown unit'],
    ['keys: {quit: []}\n', 'no key for quit'],
  ])('refuses %j', (text, expected) => {
    expect(problemsOf(() => load(text)).join('\n')).toContain(expected);
  });
});
