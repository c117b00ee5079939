import { describe, expect, it } from 'vitest';
import type { AlertmanagerLoadOptions } from '../../src/config/alertmanager-loader.ts';
import { loadAlertmanagerConfig } from '../../src/config/alertmanager-loader.ts';
import { Secret } from '../../src/config/secret.ts';
import { inMemory, problemsOf } from './files.ts';

const FILE = '/am/alertmanager.yml';

function load(text: string, options: AlertmanagerLoadOptions = {}) {
  return loadAlertmanagerConfig(FILE, { ...options, files: inMemory({ [FILE]: text }) });
}

function withReceiver(lines: string, global = '{}'): string {
  return `global: ${global}\nroute: {receiver: r}\nreceivers:\n  - name: r\n${lines.replace(/^/gm, '    ')}\n`;
}

function onlyIntegration(text: string) {
  return load(text).value.receivers[0]!.integrations[0]!;
}

describe('loadAlertmanagerConfig', () => {
  it('hands down what a route leaves open, but not its time intervals', () => {
    const { value } = load(`
route:
  receiver: a
  group_by: [x]
  group_wait: 1s
  routes:
    - matchers: ['b = "2"', 'a=~"1|3"']
      active_time_intervals: [t]
      routes: [{receiver: b, group_by: ['...'], continue: true}]
receivers: [{name: a}, {name: b}]
time_intervals: [{name: t, time_intervals: [{weekdays: ['monday:friday'], location: Europe/Berlin}]}]
`);
    const [child] = value.route.routes;
    expect(child).toMatchObject({ receiver: 'a', groupBy: ['x'], groupWaitMs: 1_000, repeatIntervalMs: 14_400_000 });
    expect(child!.matchers.map(String)).toEqual(['a=~"1|3"', 'b="2"']);
    expect(child!.activeTimeIntervals).toEqual(['t']);
    expect(child!.routes[0]).toMatchObject({ receiver: 'b', groupBy: 'all', continue: true, activeTimeIntervals: [] });
    expect(value.timeIntervals[0]!.intervals[0]).toMatchObject({ weekdays: [{ begin: 1, end: 5 }] });
  });

  it('fills receivers from the globals', () => {
    const integration = onlyIntegration(
      withReceiver('email_configs: [{to: a@b}]', '{smtp_smarthost: "h:25", smtp_from: f, smtp_auth_password_file: pw}'),
    );
    expect(integration.fields).toMatchObject({
      to: 'a@b',
      smarthost: 'h:25',
      from: 'f',
      hello: 'localhost',
      require_tls: true,
      auth_password_file: '/am/pw',
    });
    expect(integration.sendResolved).toBe(false);
  });

  it("keeps a secret URL secret and adds a service's missing slash", () => {
    const slack = onlyIntegration(withReceiver('slack_configs: [{api_url: "https://s/x", timeout: 1m30s}]'));
    expect(slack.fields['api_url']).toBeInstanceOf(Secret);
    expect(slack.fields['timeout']).toBe(90_000);
    const opsgenie = onlyIntegration(withReceiver('opsgenie_configs: [{api_key: k, api_url: "https://o"}]'));
    expect(opsgenie.fields['api_url']).toBe('https://o/');
  });

  it("accepts watchfire's own channels, but not where it is to be strict", () => {
    const text = withReceiver('desktop_configs: [{}]\nterminal_configs: [{}]\ncommand_configs: [{command: [true]}]');
    expect(load(text).value.receivers[0]!.integrations.map((each) => each.kind)).toEqual([
      'desktop',
      'terminal',
      'command',
    ]);
    expect(problemsOf(() => load(text, { strict: true })).join('\n')).toContain('field desktop_configs not found');
  });

  it.each([
    ['sources', 'route: {receiver: r}\nreceivers: [{name: r}]\ninhibit_rules: [{sources: [{matchers: [a=b]}]}]\n'],
    ['session_name', withReceiver('sns_configs: [{topic_arn: t, sigv4: {role_arn: r, session_name: on-call}}]')],
    ['tags', withReceiver('sns_configs: [{topic_arn: t, sigv4: {role_arn: r, tags: {a: b}}}]')],
  ])('accepts %s, which came after Alertmanager 0.34, but not where it is to be strict', (name, text) => {
    expect(load(text).warnings).toEqual([]);
    expect(problemsOf(() => load(text, { strict: true })).join('\n')).toContain(`field ${name} not found`);
  });

  it('reads old and new matchers of inhibition alike', () => {
    const { value } = load(`
route: {receiver: r}
receivers: [{name: r}]
inhibit_rules:
  - name: n
    source_match: {a: '1'}
    source_match_re: {b: '2|3'}
    target_matchers: ['{"c d"="4"}']
    equal: [dc, "über"]
`);
    const [rule] = value.inhibitRules;
    expect(rule!.sources[0]!.matchers.map(String)).toEqual(['a="1"', 'b=~"^(?:2|3)$"']);
    expect(rule!.targetMatchers.map(String)).toEqual(['"c d"="4"']);
    expect(rule!.equal).toEqual(['dc', 'über']);
  });

  it.each([
    ['', 'no route provided in config'],
    ['receivers: [{name: r}]\n', 'no routes provided'],
    ['route: {receiver: x}\nreceivers: [{name: r}]\n', '1:19: undefined receiver "x" used in route'],
    ['route: {receiver: r, routes: [{match: {"a-b": c}}]}\nreceivers: [{name: r}]\n', 'invalid label name "a-b"'],
    ['route: {receiver: r, routes: [{matchers: [a]}]}\nreceivers: [{name: r}]\n', 'bad matcher format: a'],
    [withReceiver('webhook_configs: [null]'), 'missing webhook config'],
    [withReceiver('webhook_configs: [{url: "ftp://secret.example"}]'), 'unsupported scheme "ftp" for URL'],
    [withReceiver('webhook_configs: [{url: "http://{{ .x"}]'), 'invalid template syntax'],
    [withReceiver('pagerduty_configs: [{}]'), 'missing service or routing key in PagerDuty config'],
    [withReceiver('pushover_configs: [{user_key: u, token: t, retry: 5}]'), 'time: missing unit in duration "5"'],
    [withReceiver('slack_configs: [{timeout: 5x}]'), 'cannot unmarshal !!str `5x` into time.Duration'],
    [
      withReceiver('opsgenie_configs: [{api_key: k, responders: [{name: n, type: x}]}]'),
      'does not match valid options',
    ],
    [
      withReceiver('victorops_configs: [{api_key: k, routing_key: r, custom_fields: {entity_id: x}}]'),
      'entity_id which',
    ],
    [withReceiver('jira_configs: [{project: p, issue_type: t}]'), 'no global Jira Cloud URL set'],
    [withReceiver('sns_configs: [{topic_arn: a, phone_number: b}]'), 'must provide either a Target ARN'],
    [withReceiver('email_configs: [{to: x}]', '{smtp_smarthost: "h:25"}'), 'no global SMTP from set'],
    [withReceiver('labels: {name: other}'), 'must match receiver name "r"'],
  ])('refuses %j', (text, expected) => {
    const found = problemsOf(() => load(text)).join('\n');
    expect(found).toContain(expected);
    expect(found).not.toContain('secret.example');
  });
});
