/** A script of incidents for a test beside Prometheus and Alertmanager: what the targets expose at each second, with rules and routes for it. */

/** Seconds of one round of incidents; they repeat. */
export const ROUND_SECONDS = 90;
export const SCRAPE_SECONDS = 1;
export const EVALUATION_SECONDS = 2;

/**
 * An alert begins and ends with its incident, at most three seconds later (a scrape and an evaluation), or some seconds after it by
 * its `for`. Its group is flushed 1, 11, 21, … seconds after its first alert: every other alert of the group begins, and every alert
 * ends, about 6 seconds after a flush, so that the three seconds do not bring it into another notification.
 */
const INCIDENTS = {
  errorsA: [5, 41],
  errorsB: [5, 31],
  down: [10, 40],
  slow: [20, 36],
  slowMail: [26, 46],
  flap: [22, 30],
  queue: [25, 51],
  noHeartbeat: [30, 60],
  failing: [8, 34],
  silenced: [12, 58],
  muted: [15, 35],
  crowd: [26, 52],
  deployed: [12, 38],
} as const satisfies Readonly<Record<string, readonly [number, number]>>;

/** When the silence on `silenced` is taken away. */
export const UNSILENCE_SECONDS = 38;

export type TargetName = 'shop' | 'batch' | 'db';

/** The body of a target at so many seconds of the script; undefined: it fails. */
export function exposition(target: TargetName, elapsedSeconds: number): string | undefined {
  const seconds = elapsedSeconds % ROUND_SECONDS;
  const during = (incident: keyof typeof INCIDENTS): boolean =>
    elapsedSeconds >= 0 && seconds >= INCIDENTS[incident][0] && seconds < INCIDENTS[incident][1];
  if (target === 'db') return during('down') ? undefined : 'connections 5\n';
  if (target === 'batch') return during('noHeartbeat') ? 'jobs 3\n' : 'heartbeat 1\njobs 3\n';
  const lines = [
    `errors{service="checkout",zone="a"} ${during('errorsA') ? 9 : 0}`,
    `errors{service="checkout",zone="b"} ${during('errorsB') ? 7.5 : 0}`,
    `latency_seconds{service="db"} ${during('slow') ? 2.5 : 0.1}`,
    `latency_seconds{service="mail"} ${during('slowMail') ? 2 : 0.1}`,
    `latency_seconds{service="search"} ${during('slow') ? 3 : 0.1}`,
    `flap ${during('flap') ? 1 : 0}`,
    `requests_total{code="200"} ${Math.max(0, Math.floor(elapsedSeconds)) * 20}`,
    `requests_total{code="500"} ${failuresUpTo(elapsedSeconds)}`,
    `broken{team="quiet"} ${during('silenced') ? 1 : 0}`,
    `broken{team="night"} ${during('muted') ? 1 : 0}`,
  ];
  if (during('queue')) lines.push('queue_depth{queue="mail <&>"} 99');
  if (during('deployed')) lines.push('deploy_info{version="1.2.3"} 1');
  for (let i = 0; during('crowd') && i < 5; i++) lines.push(`crowded{n="${i}"} ${i}`);
  return `${lines.join('\n')}\n`;
}

/** A counter that grows by 50 a second while `failing` lasts. */
function failuresUpTo(elapsedSeconds: number): number {
  const [from, to] = INCIDENTS.failing;
  const elapsed = Math.max(0, elapsedSeconds);
  const inRound = Math.min(Math.max(Math.floor(elapsed % ROUND_SECONDS) - from, 0), to - from);
  return 50 * (Math.floor(elapsed / ROUND_SECONDS) * (to - from) + inRound);
}

export const RULES = `groups:
  - name: errors
    labels: {origin: rules}
    rules:
      - {record: 'service:errors:sum', expr: sum by (service) (errors)}
      - alert: ManyErrors
        expr: errors > 5
        labels: {severity: page, level: '{{ if gt $value 8.0 }}high{{ else }}low{{ end }}'}
        annotations:
          summary: '{{ $labels.service }} in {{ $labels.zone }}: {{ $value | humanize }} errors <b>"now"</b>'
          region: '{{ $externalLabels.region }}'
          broken: '{{ $labels.zone.x }}'
      - alert: ServiceBroken
        expr: service:errors:sum > 15
        labels: {severity: critical}
        annotations: {summary: '{{ with query "count(errors > 5)" }}{{ . | first | value }}{{ end }} zones of {{ $labels.service }}'}
  - name: instances
    rules:
      - alert: Down
        expr: up == 0
        for: 4s
        labels: {severity: critical, service: '{{ $labels.job }}'}
        annotations: {summary: '{{ $labels.instance }} is down'}
      - alert: Slow
        expr: latency_seconds > 1
        labels: {severity: warning}
        annotations: {summary: '{{ $labels.service }} takes {{ $value | humanizeDuration }}'}
      - alert: NoHeartbeat
        expr: absent(heartbeat{job="batch"})
        for: 4s
        annotations: {summary: 'no heartbeat of {{ $labels.job }}'}
      - alert: Deployed
        expr: deploy_info
        labels: {severity: info}
        annotations: {summary: '{{ $labels.version | toUpper | reReplaceAll "\\\\." "-" }}'}
  - name: rest
    interval: 2s
    limit: 100
    rules:
      - {alert: Flapping, expr: flap == 1, keep_firing_for: 8s, labels: {severity: warning}}
      - {alert: QueueDeep, expr: queue_depth > 50, labels: {severity: page}, annotations: {summary: '{{ $labels.queue }}: {{ printf "%.1f" $value }}'}}
      - {alert: Failing, expr: 'rate(requests_total{code="500"}[10s]) > 20', for: 2s, labels: {severity: page}}
      - {alert: Broken, expr: broken == 1, labels: {severity: page}}
      - {alert: Crowd, expr: crowded >= 0, labels: {severity: crowd}, annotations: {n: '{{ $labels.n }} of {{ $externalURL }}'}}
      - {alert: Same, expr: errors, labels: {zone: same}}
`;

/** `hook` is the URL that receivers post below. */
export function routes(hook: string): string {
  const receiver = (name: string, more = ''): string =>
    `  - {name: ${name}, webhook_configs: [{url: '${hook}/${name}'${more}}]}`;
  return `global: {resolve_timeout: 5m}
route:
  receiver: default
  group_by: [alertname]
  group_wait: 1s
  group_interval: 10s
  repeat_interval: 25s
  routes:
    - {matchers: ['team="night"'], receiver: night, mute_time_intervals: [always]}
    - {matchers: ['severity=~"page|critical"'], receiver: audit, group_by: ['...'], continue: true}
    - matchers: [severity="page"]
      receiver: page
      group_by: [alertname, service]
      routes:
        - {matchers: ['alertname="QueueDeep"'], receiver: queue, active_time_intervals: [always]}
    - {matchers: ['severity="crowd"'], receiver: crowd, group_by: []}
    - {match: {severity: info}, receiver: quiet}
inhibit_rules:
  - {source_matchers: ['severity="critical"'], target_matchers: ['severity="warning"'], equal: [service]}
time_intervals:
  - {name: always, time_intervals: [{times: [{start_time: '00:00', end_time: '24:00'}]}]}
receivers:
${receiver('default')}
${receiver('night')}
${receiver('audit')}
${receiver('page')}
${receiver('queue')}
${receiver('crowd', ', max_alerts: 2')}
${receiver('quiet', ', send_resolved: false')}
`;
}
