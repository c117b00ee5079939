/** A rich configuration of each kind, and small changes to it: other values, renamed, lost, doubled and moved lines, stray characters. */

export const PROMETHEUS_FILE = `global:
  scrape_interval: 15s
  scrape_timeout: 10s
  body_size_limit: 15MB
  external_labels:
    region: eu
rule_files:
  - rules/*.yml
storage:
  tsdb:
    out_of_order_time_window: 30m
remote_write:
  - url: http://remote/push
    name: a
    remote_timeout: 20s
    write_relabel_configs:
      - source_labels: [__name__]
        regex: expensive.*
        action: drop
    basic_auth:
      username: u
      password_file: p
scrape_configs:
  - job_name: one
    honor_labels: true
    params:
      module: [http_2xx]
    scheme: https
    authorization:
      credentials_file: token
    static_configs:
      - targets: ['localhost:9090']
        labels:
          my: label
    relabel_configs:
      - source_labels: [job]
        regex: (.*)some
        target_label: job
        replacement: foo-$1
      - source_labels: [__address__]
        modulus: 8
        target_label: __tmp_hash
        action: hashmod
      - regex: d
        action: labeldrop
  - job_name: two
    sample_limit: 1000
    native_histogram_min_bucket_factor: 1.1
    scrape_protocols: [OpenMetricsText1.0.0]
    dns_sd_configs:
      - names: [a]
        type: A
        port: 80
    file_sd_configs:
      - files: [a/*.json]
        refresh_interval: 10m
    tls_config:
      cert_file: c
      key_file: k
      min_version: TLS12
    proxy_url: http://proxy:3128
alerting:
  alertmanagers:
    - path_prefix: /am
      timeout: 5s
      static_configs:
        - targets: ["1.2.3.4:9093"]
`;

export const ALERTMANAGER_FILE = `global:
  resolve_timeout: 4m
  smtp_smarthost: 'localhost:25'
  smtp_from: 'a@example.org'
  smtp_require_tls: false
  slack_api_url: http://slack/x
  opsgenie_api_key: k
  http_config:
    follow_redirects: true
time_intervals:
  - name: offhours
    time_intervals:
      - times:
          - start_time: '08:00'
            end_time: '17:00'
        weekdays: ['monday:wednesday']
        days_of_month: ['1:5', '-3:-1']
        months: ['january:march']
        years: ['2020:2022']
        location: Europe/Berlin
route:
  group_by: [alertname, cluster]
  group_wait: 30s
  repeat_interval: 3h
  receiver: all
  routes:
    - match_re:
        service: ^(foo|bar)$
      continue: true
      mute_time_intervals: [offhours]
      routes:
        - matchers:
            - owner = team-X
            - 'service=~"a|b",foo!="bar"'
          receiver: chat
inhibit_rules:
  - source_matchers: [severity="critical"]
    target_match:
      severity: warning
    equal: [alertname]
receivers:
  - name: all
    email_configs:
      - to: 'a@b'
        headers:
          Subject: s
        require_tls: true
    webhook_configs:
      - url: http://hook/x
        max_alerts: 5
        send_resolved: false
    opsgenie_configs:
      - responders:
          - name: n
            type: team
  - name: chat
    slack_configs:
      - channel: '#c'
        fields:
          - title: t
            value: v
            short: true
    telegram_configs:
      - chat_id: 12
        bot_token: t
        parse_mode: HTML
    pushover_configs:
      - user_key: u
        token: t
        retry: 1m30s
`;

const VALUES = [
  ...[
    '',
    'null',
    '~',
    'true',
    '"true"',
    'yes',
    '0',
    '1',
    '-1',
    '1.5',
    '5s',
    '"5s"',
    '-5s',
    '1h30m',
    '1e3',
    '0x10',
    '.inf',
  ],
  ...[
    'foo',
    '"a b"',
    '[]',
    '{}',
    '[a]',
    '[a, a]',
    '[null]',
    '{a: b}',
    '[{}]',
    '2020-01-01',
    'http://h',
    'ftp://h',
    'h:1',
  ],
  ...[
    '"http://h:x"',
    '"%zz"',
    '$1',
    '(',
    '.*',
    '__name__',
    '"é"',
    '!!str 5',
    '!!binary x',
    '*nope',
    '1MB',
    "'24:00'",
    'monday',
    '[a,\nb]',
    '"a\n b"',
    '"\\/"',
    '[a?]',
    '&x y',
    '{{ .x }}',
    '|',
  ],
];
const INSERTS = ['', '\t', ':', '-', ' ', '"', '#', '{', '[', ',', '*', '&', '!', '|', '\n', '?', '%', '<<: ', "'"];

/** The same ones each time: the numbers come from a fixed seed. */
export function mutations(text: string, count: number): string[] {
  let state = 12_345;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  const lines = text.split('\n');
  const keys = [...new Set([...text.matchAll(/(\w+):/g)].map((match) => match[1]!))];
  return Array.from({ length: count }, () => {
    const copy = [...lines];
    const at = random(lines.length);
    const line = copy[at]!;
    const field = /^(\s*(?:- )?)(\w+):(.*)$/.exec(line);
    const choice = random(10);
    if (field && choice < 5) copy[at] = `${field[1]}${field[2]}: ${VALUES[random(VALUES.length)]}`;
    else if (field && choice < 6) copy[at] = `${field[1]}${keys[random(keys.length)]}:${field[3]}`;
    else if (choice < 7) copy.splice(at, 1);
    else if (choice < 8) copy.splice(at, 0, line);
    else if (choice < 9) copy[at] = ' '.repeat(random(8)) + line.trimStart();
    else {
      const place = random(line.length + 1);
      copy[at] = line.slice(0, place) + INSERTS[random(INSERTS.length)] + line.slice(place + random(2));
    }
    return copy.join('\n');
  });
}
