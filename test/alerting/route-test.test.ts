import { describe, expect, it } from 'vitest';
import { runRouteTest } from '../../src/alerting/route-test.ts';
import { loadAlertmanagerConfig } from '../../src/config/alertmanager-loader.ts';
import type { ConfigFiles } from '../../src/config/config-files.ts';
import { ConfigError } from '../../src/config/problem.ts';
import { loadRouteTests } from '../../src/config/route-test-file.ts';

const CONFIG = `
route:
  receiver: default
  routes:
    - receiver: pager
      matchers: [severity="critical"]
      continue: true
      mute_time_intervals: [night]
    - receiver: database
      matchers: [service=~"mysql|postgres"]
time_intervals:
  - name: night
    time_intervals: [{times: [{start_time: "22:00", end_time: "24:00"}]}]
inhibit_rules:
  - source_matchers: [alertname="NodeDown"]
    target_matchers: [alertname!="NodeDown"]
    equal: [instance]
receivers: [{name: default}, {name: pager}, {name: database}]
`;

function filesOf(name: string, text: string): ConfigFiles {
  return { readFile: (path) => (path === name ? text : CONFIG), glob: () => [] };
}

function failuresOf(text: string, name = 'cases.yml'): string[] {
  const files = filesOf(name, text);
  const { value } = loadAlertmanagerConfig('am.yml', { files });
  return loadRouteTests(name, files).flatMap((test) =>
    runRouteTest(value, test).flatMap(({ place, message, details }) => [
      `${place.line}: ${message}`,
      ...details.map((detail) => `  ${detail}`),
    ]),
  );
}

function problemsOf(text: string, name = 'cases.yml'): string[] {
  try {
    loadRouteTests(name, filesOf(name, text));
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ line, column, message }) => `${line}:${column}: ${message}`);
  }
}

describe('receivers', () => {
  it('may be expected in any order, but completely', () => {
    expect(
      failuresOf(
        '- labels: {severity: critical, service: mysql}\n  receivers: [database, pager]\n- labels: {a: b}\n  receivers: [default]\n',
      ),
    ).toEqual([]);
    expect(failuresOf('- labels: {severity: critical, service: mysql}\n  receivers: [pager]\n')).toEqual([
      '2: {service="mysql", severity="critical"} goes to pager, database, expected pager',
      '  {} (am.yml:3) entered',
      '    {severity="critical"} (am.yml:5) chosen, continue → receiver pager',
      '    {service=~"mysql|postgres"} (am.yml:9) chosen → receiver database',
    ]);
  });

  it('are said with the matcher that refused, and what the label is', () => {
    expect(failuresOf('- labels: {severity: warning}\n  receivers: [pager]\n')).toEqual([
      '2: {severity="warning"} goes to default, expected pager',
      '  {} (am.yml:3) chosen → receiver default',
      '    {severity="critical"} (am.yml:5) matchers-do-not-match: severity="critical" (it is "warning")',
      '    {service=~"mysql|postgres"} (am.yml:9) matchers-do-not-match: service=~"mysql|postgres" (it has no such label)',
    ]);
  });
});

describe('alerts that fire together', () => {
  const together = (expected: string): string =>
    `- alerts:\n    - {labels: {alertname: NodeDown, instance: a}, inhibited_by: []}\n    - labels: {alertname: Slow, instance: a}\n      inhibited_by: ${expected}\n`;

  it('are inhibited by what is expected, and by nothing else', () => {
    expect(failuresOf(together('[{alertname: NodeDown}]'))).toEqual([]);
    expect(failuresOf(together('[]'))).toEqual([
      '4: {alertname="Slow", instance="a"} is inhibited by {alertname="NodeDown", instance="a"}, expected nothing',
      '  rule 1: inhibited by {alertname="NodeDown", instance="a"}',
    ]);
    expect(failuresOf(together('[{alertname: NodeDown}, {alertname: RackDown}]'))).toHaveLength(2);
    expect(failuresOf(together('[{alertname: NodeDown, instance: b}]'))).toHaveLength(2);
  });
});

it('knows the time intervals of the routes that an alert takes', () => {
  const at = (time: string, expected: string): string[] =>
    failuresOf(`- labels: {severity: critical}\n  at: 2026-01-31T${time}Z\n  muted_by: ${expected}\n`);
  expect(at('22:30:00', '[night]')).toEqual([]);
  expect(at('21:59:59', '[]')).toEqual([]);
  expect(at('21:59:59', '[night]')).toEqual([
    '3: {severity="critical"} is muted by nothing at 2026-01-31T21:59:59.000Z, expected night',
  ]);
});

describe('a file of cases', () => {
  it('may be JSON, one case a line, blank lines included', () => {
    const lines = [
      '{"labels":{"severity":"critical"},"receivers":["pager"]}',
      '',
      '{"labels":{"a":"b"},"receivers":[]}',
    ];
    expect(failuresOf(lines.join('\n'), 'cases.jsonl')[0]).toBe('3: {a="b"} goes to default, expected nothing');
    expect(problemsOf('{"labels":{"a":"b"}}\n{"label":{"a":"b"}}\n', 'cases.jsonl')).toEqual([
      '2:2: field label not found in type route_test.case: did you mean labels?',
    ]);
  });

  it('is refused where a case cannot mean anything', () => {
    expect(problemsOf('- receivers: [a]\n')).toEqual([
      expect.stringMatching(/^1:3: a case has either labels .* or alerts/),
    ]);
    expect(problemsOf('- labels: {a: b}\n  muted_by: [night]\n')).toEqual([expect.stringMatching(/^2:13: .*the time/)]);
    expect(problemsOf('- labels: {a: b}\n  at: noon\n')).toEqual([
      '2:7: "noon" is no time: write it like 2026-01-31T22:30:00Z',
    ]);
    expect(problemsOf('- alerts: [{receivers: [a]}]\n')).toEqual([
      expect.stringMatching(/^1:12: an alert without labels/),
    ]);
  });
});
