import { describe, expect, it } from 'vitest';
import { loadPrometheusConfig } from '../../src/config/prometheus-loader.ts';
import { inMemory, problemsOf } from './files.ts';

const FILE = '/etc/prometheus/prometheus.yml';

function load(text: string | Uint8Array, others: Readonly<Record<string, string>> = {}, environment = {}) {
  return loadPrometheusConfig(FILE, { files: inMemory({ [FILE]: text, ...others }), environment });
}

function problems(text: string | Uint8Array, others: Readonly<Record<string, string>> = {}): string[] {
  return problemsOf(() => load(text, others));
}

function job(lines: string): string {
  return `scrape_configs:\n  - job_name: a\n${lines.replace(/^/gm, '    ')}\n`;
}

describe('loadPrometheusConfig', () => {
  it('takes defaults from nowhere and from an empty file', () => {
    expect(load('').value.global.scrapeIntervalMs).toBe(60_000);
    expect(load('global:\n').value.global.scrapeTimeoutMs).toBe(10_000);
    const [only] = load(job('')).value.scrapeConfigs;
    expect(only).toMatchObject({
      jobName: 'a',
      metricsPath: '/metrics',
      scheme: 'http',
      honorTimestamps: true,
      scrapeProtocols: ['OpenMetricsText1.0.0', 'OpenMetricsText0.0.1', 'PrometheusText1.0.0', 'PrometheusText0.0.4'],
    });
  });

  it('inherits what a job leaves open', () => {
    const { value } = load(
      `global: {scrape_interval: 5s, sample_limit: 7, body_size_limit: 1MB, scrape_native_histograms: yes}\n${job('')}`,
    );
    expect(value.scrapeConfigs[0]).toMatchObject({
      scrapeIntervalMs: 5_000,
      scrapeTimeoutMs: 5_000,
      sampleLimit: 7,
      bodySizeLimitBytes: 1_048_576,
      scrapeNativeHistograms: true,
    });
    expect(value.scrapeConfigs[0]!.scrapeProtocols[0]).toBe('PrometheusProto');
  });

  it('reads JSON', () => {
    const text = '{\n\t"scrape_configs": [\n\t\t{"job_name": "j", "static_configs": [{"targets": ["h:1"]}]}\n\t]\n}\n';
    expect(load(text).value.scrapeConfigs[0]!.jobName).toBe('j');
  });

  it('follows anchors and merge keys', () => {
    const text = `
scrape_configs:
  - &base
    job_name: a
    scrape_interval: 7s
    static_configs: [{targets: ['h:1']}]
  - <<: *base
    job_name: b
`;
    expect(load(text).value.scrapeConfigs.map((each) => [each.jobName, each.scrapeIntervalMs])).toEqual([
      ['a', 7_000],
      ['b', 7_000],
    ]);
  });

  it('expands the environment in external labels and says what is not set', () => {
    const braced = (name: string): string => `$\{${name}}`;
    const labels = `{a: "x${braced('NAME')}y", b: "$NAME", c: "$$", d: "${braced('NIX')}"}`;
    const text = `global:\n  external_labels: ${labels}\n`;
    const { value, warnings } = load(text, {}, { NAME: 'n' });
    expect(value.global.externalLabels.toRecord()).toEqual({ a: 'xny', b: 'n', c: '$' });
    expect(warnings[0]!.message).toContain('Empty environment variable NIX');
  });

  it('makes paths absolute from the folder of the file that names them', () => {
    const { value } = load(`rule_files: [rules/*.yml, /abs.yml]\nscrape_config_files: [jobs/*.yml]\n`, {
      '/etc/prometheus/jobs/x.yml': 'scrape_configs:\n- job_name: x\n  bearer_token_file: token\n',
    });
    expect(value.ruleFiles).toEqual(['/etc/prometheus/rules/*.yml', '/abs.yml']);
    expect(value.scrapeConfigs[0]!.http.authorization?.credentialsFile).toBe('/etc/prometheus/jobs/token');
  });

  it('hides secrets in the text for the status page', () => {
    const { value } = load(job('basic_auth: {username: u, password: "hunter2"}\nproxy_url: http://u:hunter2@proxy:1'));
    expect(value.redactedText).not.toContain('hunter2');
    expect(value.redactedText).toContain('password: "<secret>"');
    expect(JSON.stringify(value)).not.toContain('hunter2"');
  });

  it('names discoveries that it does not do, and goes on', () => {
    const { value, warnings } = load(job('consul_sd_configs: [{server: "c:8500"}]'));
    expect(value.scrapeConfigs[0]!.discoveries[0]).toMatchObject({ kind: 'unsupported', name: 'consul' });
    expect(warnings[0]).toMatchObject({ line: 3, column: 25, severity: 'warning' });
  });
});

describe('what is refused, and where', () => {
  it.each([
    [
      'global:\n  scrape_intervall: 5s\n',
      '2:3: field scrape_intervall not found in type config.plain: did you mean scrape_interval?',
    ],
    ['global: {}\nglobal: {}\n', '2:1: field global already set in type config.plain'],
    ['global:\n\tscrape_interval: 5s\n', '2:1: not valid YAML: a tab where YAML wants spaces'],
    ['global: [}\n', ':1:'],
    ['- a\n', '1:1: cannot unmarshal !!seq into config.plain'],
    ['scrape_configs:\n  - scrape_interval: 5s\n', '2:5: job_name is empty'],
    ['scrape_configs:\n  -\n', '2:3: empty or null scrape config section'],
    [job('honor_labels: "true"'), '3:19: cannot unmarshal !!str `true` into bool'],
    [job('sample_limit: -1'), '3:19: cannot unmarshal !!int `-1` into uint'],
    [job('scrape_interval: 5'), '3:22: not a valid duration string: "5"'],
    [job('scrape_timeout: 2m'), '3:21: scrape timeout greater than scrape interval'],
    [job('scrape_protocols: []'), 'scrape_protocols cannot be empty'],
    [job('static_configs: [{targets: ["http://h"]}]'), '"http://h" is not a valid hostname'],
    [job('relabel_configs: [{action: hashmod, target_label: x}]'), 'hashmod requires non-zero modulus'],
    [job('relabel_configs: [{regex: "("}]'), 'error parsing regexp'],
    [job('relabel_configs: [{action: keepequal, target_label: x, regex: (.*)}]'), 'keepequal action requires only'],
    [job('metric_name_validation_scheme: legacy\nrelabel_configs: [{target_label: "a-b"}]'), '"a-b" is invalid'],
    [
      'global: {metric_name_escaping_scheme: x}\nscrape_configs: [{job_name: a}]\n',
      '1:39: unknown global name escaping',
    ],
    [job('basic_auth: {}\nauthorization: {}'), 'at most one of basic_auth, oauth2 & authorization'],
    [job('tls_config: {cert_file: c}'), 'exactly one of key or key_file must be configured'],
    [job('proxy_url: "http://h:port"'), 'invalid port ":port" after host'],
    [job('http_headers: {Host: {values: [x]}}'), 'setting header "Host" is not allowed'],
    [job('oauth2: {client_id: x}'), 'oauth2 token_url must be configured'],
    [job('kubernetes_sd_configs: [{role: pods}]'), 'unknown Kubernetes SD role "pods"'],
    [job('dns_sd_configs: [{names: [a], type: A}]'), 'a port is required in DNS-SD configs'],
    [job('file_sd_configs: [{files: [a.txt]}]'), 'path name "a.txt" is not valid for file discovery'],
    ['remote_write: [{name: a}]\n', '1:16: url for remote_write is empty'],
    ['remote_write: [{url: "http://h", sigv4: {}, azuread: {sdk: {}}}]\n', 'at most one of basic_auth, authorization'],
    [
      'remote_write: [{url: "http://h", sigv4: {external_id: e}}]\n',
      '1:55: external_id can only be used with role_arn',
    ],
    ['remote_write: [{url: "http://h", sigv4: {tags: {a: b}}}]\n', 'field tags not found in type sigv4.plain'],
    ['storage: {tsdb: {retention: {size: 5}}}\n', 'units: unknown unit'],
    ['tracing: {endpoint: e, compression: zip}\n', 'invalid compression type zip'],
    ['alerting: {alertmanagers: [{api_version: v1}]}\n', 'expected Alertmanager api version'],
    ['a: &a [*a]\n', "anchor 'a' value contains itself"],
  ])('%j', (text, expected) => {
    const found = problems(text);
    expect(found.join('\n')).toContain(expected);
    for (const line of found) expect(line).toMatch(/^\/etc\/prometheus\/prometheus\.yml:\d+:\d+: /);
  });

  it('broken UTF-8, by its place', () => {
    const bytes = Buffer.concat([Buffer.from('global:\n  x: '), Buffer.from([0xff, 0xfe])]);
    expect(problems(bytes)).toEqual([`${FILE}:2:6: this is not valid UTF-8: save the file as UTF-8 text`]);
  });

  it('a file that is not there', () => {
    expect(problemsOf(() => loadPrometheusConfig('/nix.yml', { files: inMemory({}) }))[0]).toMatch(
      /^\/nix\.yml:1:1: cannot be read: no such file/,
    );
  });

  it('a job that two files define', () => {
    const other = { '/etc/prometheus/o.yml': 'scrape_configs:\n- job_name: a\n' };
    expect(problems(`scrape_config_files: [o.yml]\n${job('')}`, other)[0]).toMatch(
      /^\/etc\/prometheus\/o\.yml:2:13: found multiple scrape configs with job name "a"/,
    );
  });

  it('reports several problems at once', () => {
    expect(problems('global: {nix: 1}\nrule_files: 5\n')).toHaveLength(2);
  });

  it('survives aliases that explode', () => {
    const levels = Array.from(
      { length: 30 },
      (_, i) => `l${i + 1}: &l${i + 1} [${'*l'.concat(String(i), ',').repeat(9)}]`,
    );
    expect(problems(`l0: &l0 [x]\n${levels.join('\n')}\nrule_files: *l30\n`).length).toBeGreaterThan(0);
  });
});
