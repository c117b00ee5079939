/** The files that the demo watches the shop by: prometheus.yml, its rules, and alertmanager.yml. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface DemoFilesOptions {
  readonly directory: string;
  /** 1: intervals and windows as below; 2: half as long. */
  readonly speed: number;
  readonly targets: readonly { readonly service: string; readonly target: string }[];
  /** The resident memory above which the leak is an alert. */
  readonly memoryLimitMegabytes: number;
  /** Channels beside the terminal and the desktop. */
  readonly webhookUrl?: string | undefined;
  readonly slackUrl?: string | undefined;
  /** `host:port`. */
  readonly smtp?: string | undefined;
  /** Whether there is a desktop to tell as well. */
  readonly desktop?: boolean | undefined;
}

export interface DemoFiles {
  readonly prometheusConfigFile: string;
  readonly rulesFile: string;
  readonly alertmanagerConfigFile: string;
}

/** Writes them into the directory. */
export function writeDemoFiles(options: DemoFilesOptions): DemoFiles {
  mkdirSync(options.directory, { recursive: true });
  const write = (name: string, text: string): string => {
    const file = join(options.directory, name);
    writeFileSync(file, text);
    return file;
  };
  return {
    prometheusConfigFile: write('prometheus.yml', prometheusConfig(options)),
    rulesFile: write('rules.yml', rules(options)),
    alertmanagerConfigFile: write('alertmanager.yml', alertmanagerConfig(options)),
  };
}

function prometheusConfig({ targets, speed }: DemoFilesOptions): string {
  return `# The demo's configuration: the shop's services, scraped often, because its days are short.
global:
  scrape_interval: ${duration(2, speed)}
  scrape_timeout: ${duration(1.5, speed)}
  evaluation_interval: ${duration(2, speed)}
  external_labels:
    cluster: demo

rule_files:
  - rules.yml

scrape_configs:
  - job_name: shop
    static_configs:
${targets.map(({ service, target }) => `      - targets: ['${target}']\n        labels:\n          service: ${service}`).join('\n')}
`;
}

function rules({ speed, memoryLimitMegabytes }: DemoFilesOptions): string {
  const window = duration(20, speed);
  return `groups:
  - name: shop-recording
    rules:
      - record: service:http_requests:rate
        expr: sum by (service, instance) (rate(http_requests_total[${window}]))
      - record: service:http_errors:ratio
        expr: |
          sum by (service, instance) (rate(http_requests_total{status_code=~"5.."}[${window}]))
            / sum by (service, instance) (rate(http_requests_total[${window}]))
      - record: service:http_request_duration_seconds:p95
        expr: histogram_quantile(0.95, sum by (service, instance, le) (rate(http_request_duration_seconds_bucket[${window}])))

  - name: shop-alerts
    rules:
      # Summed before it is divided: series by series, a series of errors would be divided by itself, which is always 100%.
      - alert: HighErrorRate
        expr: |
          sum by (service, instance) (rate(http_requests_total{status_code=~"5.."}[${window}]))
            / sum by (service, instance) (rate(http_requests_total[${window}])) > 0.05
        for: ${duration(6, speed)}
        labels:
          severity: critical
        annotations:
          summary: "High error rate detected"
          description: "Error rate is {{ $value | humanizePercentage }} for {{ $labels.service }}"

      - alert: HighResponseTime
        expr: |
          histogram_quantile(0.95, sum by (service, instance, le) (rate(http_request_duration_seconds_bucket[${window}]))) > 1
        for: ${duration(6, speed)}
        labels:
          severity: warning
        annotations:
          summary: "High response time detected"
          description: "95th percentile response time is {{ $value | humanizeDuration }} for {{ $labels.service }}"

      - alert: HighMemoryUsage
        expr: (process_resident_memory_bytes / 1024 / 1024) > ${memoryLimitMegabytes}
        for: ${duration(8, speed)}
        labels:
          severity: warning
        annotations:
          summary: "High memory usage"
          description: "Memory usage is {{ $value | humanize }}MB for {{ $labels.service }}"

      - alert: DatabaseConnectionPoolExhausted
        expr: db_connection_pool_size{state="waiting"} > 0
        for: ${duration(6, speed)}
        labels:
          severity: critical
        annotations:
          summary: "Database connection pool exhausted"
          description: "{{ $value }} connections are waiting for {{ $labels.service }}"

      - alert: ServiceDown
        expr: up == 0
        for: ${duration(6, speed)}
        labels:
          severity: critical
        annotations:
          summary: "A service cannot be scraped"
          description: "{{ $labels.service }} at {{ $labels.instance }} does not answer"
`;
}

function alertmanagerConfig({ speed, webhookUrl, slackUrl, smtp, desktop }: DemoFilesOptions): string {
  const everywhere = [
    webhookUrl === undefined ? '' : `    webhook_configs:\n      - url: '${webhookUrl}'\n`,
    slackUrl === undefined
      ? ''
      : `    slack_configs:\n      - api_url: '${slackUrl}'\n        channel: '#alerts'\n        send_resolved: true\n`,
    smtp === undefined ? '' : `    email_configs:\n      - to: 'oncall@shop.example'\n        send_resolved: true\n`,
  ].join('');
  const global =
    smtp === undefined
      ? ''
      : `global:
  smtp_smarthost: '${smtp}'
  smtp_from: 'watchfire@shop.example'
  smtp_require_tls: false

`;
  return `${global}route:
  group_by: ['alertname', 'service']
  group_wait: ${duration(2, speed)}
  group_interval: ${duration(10, speed)}
  repeat_interval: 1h
  receiver: warnings
  routes:
    - matchers:
        - severity="critical"
      receiver: critical
      group_wait: ${duration(1, speed)}

receivers:
  - name: warnings
    terminal_configs:
      - send_resolved: true
${everywhere}
  - name: critical
    terminal_configs:
      - send_resolved: true
${desktop ? '    desktop_configs:\n      - send_resolved: true\n' : ''}${everywhere}
inhibit_rules:
  # Whoever waits for a connection is slow as well, which needs no telling of its own.
  - source_matchers:
      - alertname="DatabaseConnectionPoolExhausted"
    target_matchers:
      - alertname="HighResponseTime"
    equal: ['service']
`;
}

/** Prometheus' notation, e.g. `20s` or `1500ms`. */
function duration(seconds: number, speed: number): string {
  const ms = Math.max(1, Math.round((seconds * 1000) / speed));
  return ms % 1000 === 0 ? `${ms / 1000}s` : `${ms}ms`;
}
