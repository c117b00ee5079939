/** As Prometheus 3.14 was seen to show its configuration. */
import { expect, it } from 'vitest';
import { effectiveConfigText } from '../../src/config/effective-config.ts';
import { loadPrometheusConfig } from '../../src/config/prometheus-loader.ts';
import { inMemory } from './files.ts';

function shown(text: string): string {
  return effectiveConfigText(
    loadPrometheusConfig('/p.yml', { files: inMemory({ '/p.yml': text }) }).value.redactedText,
  );
}

it('shows what holds where a file says nothing', () => {
  expect(shown('')).toBe(`global:
  scrape_interval: 1m
  scrape_timeout: 10s
  evaluation_interval: 1m
  metric_name_validation_scheme: utf8
  metric_name_escaping_scheme: allow-utf-8
  scrape_native_histograms: false
  extra_scrape_metrics: false
runtime:
  gogc: 75
storage:
  tsdb:
    outofordertimewindow: 0
    retention:
      time: 15d
otlp:
  translation_strategy: UnderscoreEscapingWithSuffixes
  label_name_underscore_sanitization: true
  label_name_preserve_multiple_underscores: true
`);
});

it('shows jobs with their defaults, what global says, normal durations and sizes, and no secret', () => {
  const text = `
global: { scrape_interval: 5s, external_labels: { b: "1", a: x }, body_size_limit: 1500B, sample_limit: 7 }
scrape_configs:
  - job_name: "true"
    scrape_interval: 90s
    sample_limit: 0
    scrape_native_histograms: true
    bearer_token: hush
    params: { b: [x], a: ['1'] }
    static_configs: [{ targets: ['a:1'], labels: { l: "y" } }, {}]
    file_sd_configs: [{ files: ['*.json'] }]
    consul_sd_configs: [{ server: 'c:1', token: hush }]
    relabel_configs:
      - { source_labels: [a, b], regex: '(.*)', target_label: c, action: Replace }
      - { source_labels: [a], regex: x, target_label: d, separator: '' }
    metric_relabel_configs: [{ source_labels: [a], regex: '', action: drop }]
`;
  const job = shown(text).split('scrape_configs:\n')[1]!.split('storage:\n')[0]!;
  expect(shown(text)).toContain(
    '  external_labels:\n    a: x\n    b: "1"\n  body_size_limit: 1KiB476B\n  sample_limit: 7\n',
  );
  expect(job).toBe(`- job_name: "true"
  honor_timestamps: true
  track_timestamps_staleness: false
  params:
    a:
    - "1"
    b:
    - x
  scrape_interval: 1m30s
  scrape_timeout: 5s
  scrape_protocols:
  - PrometheusProto
  - OpenMetricsText1.0.0
  - OpenMetricsText0.0.1
  - PrometheusText1.0.0
  - PrometheusText0.0.4
  scrape_native_histograms: true
  always_scrape_classic_histograms: false
  convert_classic_histograms_to_nhcb: false
  metrics_path: /metrics
  scheme: http
  enable_compression: true
  body_size_limit: 1KiB476B
  sample_limit: 7
  metric_name_validation_scheme: utf8
  metric_name_escaping_scheme: allow-utf-8
  extra_scrape_metrics: false
  authorization:
    type: Bearer
    credentials: <secret>
  follow_redirects: true
  enable_http2: true
  relabel_configs:
  - source_labels: [a, b]
    separator: ;
    target_label: c
    replacement: $1
    action: replace
  - source_labels: [a]
    separator: ""
    regex: x
    target_label: d
    replacement: $1
    action: replace
  metric_relabel_configs:
  - source_labels: [a]
    separator: ;
    regex: ""
    replacement: $1
    action: drop
  consul_sd_configs:
  - server: c:1
    token: <secret>
  file_sd_configs:
  - files:
    - '*.json'
    refresh_interval: 5m
  static_configs:
  - targets:
    - a:1
    labels:
      l: "y"
  - targets: []
`);
});

it('quotes what would be read as something else', () => {
  const values = [
    '- x',
    'a: b',
    'é',
    "'q'",
    'null',
    '1e3',
    'a#b',
    'a #b',
    ' x',
    '0x1f',
    '.5',
    '=',
    'a\nb',
    '\tx',
    '%a',
    'x:',
    '-a',
    '12:30',
    'Off',
    "a'b",
    '',
  ];
  const labels = Object.fromEntries(values.map((value, i) => [`l${String(i).padStart(2, '0')}`, value]));
  const text = shown(JSON.stringify({ global: { external_labels: labels } }));
  expect(text.split('external_labels:\n')[1]!.split('  metric_name')[0]).toBe(`    l00: '- x'
    l01: 'a: b'
    l02: é
    l03: '''q'''
    l04: "null"
    l05: "1e3"
    l06: a#b
    l07: 'a #b'
    l08: ' x'
    l09: "0x1f"
    l10: ".5"
    l11: =
    l12: |-
      a
      b
    l13: "\\tx"
    l14: '%a'
    l15: 'x:'
    l16: -a
    l17: "12:30"
    l18: "Off"
    l19: a'b
    l20: ""
`);
  expect(
    loadPrometheusConfig('/p.yml', { files: inMemory({ '/p.yml': text }) }).value.global.externalLabels.toRecord(),
  ).toEqual(Object.fromEntries(Object.entries(labels).filter(([, value]) => value !== '')));
  expect(shown(text)).toBe(text);
});

it('shows remote write, Alertmanagers and storage', () => {
  const text = shown(`
global: { metric_name_validation_scheme: legacy }
alerting: { alertmanagers: [{ static_configs: [{ targets: ['a:1'] }] }] }
storage: { tsdb: { out_of_order_time_window: 5m, retention: { size: 1GB } } }
scrape_configs: [{ job_name: x, tls_config: {} }]
remote_write: [{ url: 'http://u:hush@x/y', queue_config: { capacity: 1 } }]
`);
  expect(text).not.toContain('hush');
  expect(text).toContain('  metric_name_validation_scheme: legacy\n  metric_name_escaping_scheme: underscores\n');
  expect(text).not.toContain('tls_config');
  expect(text).toContain(`alerting:
  alertmanagers:
  - follow_redirects: true
    enable_http2: true
    scheme: http
    timeout: 10s
    api_version: v2
    static_configs:
    - targets:
      - a:1
`);
  expect(text).toContain(`storage:
  tsdb:
    outofordertimewindow: 300000
    out_of_order_time_window: 5m
    retention:
      size: 1GiB
remote_write:
- url: http://u:xxxxx@x/y
  remote_timeout: 30s
  protobuf_message: prometheus.WriteRequest
  follow_redirects: true
  enable_http2: false
  queue_config:
    capacity: 1
    max_shards: 50
`);
});
