/** A monitor with made-up content: a shop of four services in trouble, the same at every run for the same clock. */
import type { NotificationRecord, PostableSilence, RoutedAlert, Silence } from '../../src/alerting/model.ts';
import { fingerprint } from '../../src/labels/fingerprint.ts';
import { Labels } from '../../src/labels/labels.ts';
import type { LogLevel, LogQuery, LogRecord } from '../../src/logs/record.ts';
import type {
  Explanation,
  Monitor,
  RuleAlert,
  RuleGroupState,
  RuleState,
  SourceState,
  TargetState,
} from '../../src/monitor/sources.ts';
import { QueryError, type QueryResult, type RangeSeries } from '../../src/promql/result.ts';
import type { Span, Trace, TraceQuery, TraceSummary } from '../../src/traces/trace.ts';

export const SERVICES = ['order', 'user', 'payment', 'inventory'] as const;
const ROUTES = ['/orders', '/orders/:id', '/users/:id', '/pay', '/stock'];

export interface FakeOptions {
  nowMs(): number;
  /** Sources that reject, by name. */
  readonly failing?: readonly ('metrics' | 'alerts' | 'logs' | 'traces')[];
  /** Everything empty. */
  readonly empty?: boolean;
}

export function makeFakeMonitor(options: FakeOptions): Monitor {
  const { nowMs } = options;
  const startedMs = nowMs();
  const fails = (name: 'metrics' | 'alerts' | 'logs' | 'traces'): boolean => options.failing?.includes(name) ?? false;
  const state = (name: 'metrics' | 'alerts' | 'logs' | 'traces', endpoint: string): SourceState =>
    fails(name)
      ? {
          kind: 'failing',
          endpoint,
          sinceMs: startedMs - 65_000,
          reason: 'connect ECONNREFUSED 127.0.0.1:9200',
          nextTryMs: nowMs() + 8000,
        }
      : name === 'traces'
        ? { kind: 'slow', endpoint, sinceMs: startedMs - 30_000, reason: 'answers take 2.1 s', latencyMs: 2100 }
        : { kind: 'live', endpoint, sinceMs: startedMs - 600_000, latencyMs: 2 };
  const guard = (name: 'metrics' | 'alerts' | 'logs' | 'traces'): void => {
    if (fails(name)) throw new Error('connect ECONNREFUSED 127.0.0.1:9200');
  };
  const logs = makeLogs(startedMs);
  const traces = makeTraces(startedMs);
  const silences: Silence[] = [];
  const close = async (): Promise<void> => {};

  return {
    name: 'fake shop',
    events: () => [
      {
        atMs: startedMs - 60_000,
        severity: 'warning',
        text: 'alertmanager.yml:21:9: email_configs: subject is not a field of Alertmanager; it is read as headers.Subject',
      },
      { atMs: startedMs - 5000, severity: 'info', text: 'loaded 3 rule groups with 9 rules' },
    ],
    reload: async () => {},
    close,
    metrics: {
      state: () => state('metrics', 'local'),
      close,
      async query(expression, { timeMs }) {
        guard('metrics');
        const series = rangeOf(expression, timeMs, timeMs, 1, startedMs);
        return answer({
          type: 'vector',
          timestampMs: timeMs,
          samples: series.map((each) => ({ labels: each.labels, value: each.values[0]! })),
        });
      },
      async queryRange(expression, { startMs, endMs, stepMs }) {
        guard('metrics');
        if (options.empty) return answer({ type: 'matrix', series: [] });
        return answer({ type: 'matrix', series: rangeOf(expression, startMs, endMs, stepMs, startedMs) });
      },
      series: async () => [],
      labelNames: async () => ['instance', 'job', 'service', 'method', 'route', 'status_code', 'le', 'state'],
      labelValues: async (name) => {
        guard('metrics');
        if (options.empty) return [];
        return name === '__name__' ? [...METRICS.keys()].sort() : name === 'service' ? [...SERVICES] : ['a', 'b'];
      },
      metadata: async () => new Map([...METRICS].map(([name, { type, help }]) => [name, [{ type, help, unit: '' }]])),
      targetMetadata: async () => [],
      exemplars: async () => [],
      targets: async () => {
        guard('metrics');
        const active = options.empty ? [] : makeTargets(nowMs());
        const labels = Labels.of({ __address__: '10.0.3.9:9090', __meta_kubernetes_pod_name: 'batch-7' });
        return {
          active,
          dropped: [{ job: 'kubernetes-pods', discoveredLabels: labels }],
          droppedCounts: { 'kubernetes-pods': 12 },
          discoveries: [
            { job: 'node', kind: 'file', origin: 'targets/*.yml', lastSuccessMs: startedMs - 4000, error: '' },
          ],
        };
      },
      storageStatus: async () => ({
        series: 1240,
        samples: 310_400,
        chunks: 2600,
        labelPairs: 320,
        bytes: 38 * 2 ** 20,
        budgetBytes: 512 * 2 ** 20,
        droppedSamples: 0,
        minTimeMs: startedMs - 3_600_000,
        maxTimeMs: nowMs(),
        seriesByMetric: [
          { name: 'http_request_duration_seconds_bucket', value: 640 },
          { name: 'http_requests_total', value: 120 },
        ],
        valuesByLabel: [{ name: 'le', value: 14 }],
        bytesByLabel: [{ name: 'instance', value: 3200 }],
        seriesByPair: [{ name: 'job=shop', value: 1180 }],
      }),
    },
    alerts: {
      state: () => state('alerts', 'local'),
      close,
      ruleGroups: async () => {
        guard('alerts');
        return options.empty ? [] : makeRuleGroups(startedMs, nowMs());
      },
      alerts: async () => makeRouted(startedMs, silences),
      alertGroups: async () =>
        makeRouted(startedMs, silences).map((alert) => ({
          labels: Labels.of({ alertname: alert.labels.get('alertname') }),
          receiver: alert.receivers[0]!,
          routeId: '{}/0',
          alerts: [alert],
          nextFlushMs: nowMs() + 60_000,
        })),
      postAlerts: async () => {},
      silences: async () => silences,
      silence: async (id) => silences.find((each) => each.id === id),
      setSilence: async (silence: PostableSilence) => {
        const id = `5f0c-${silences.length}`;
        silences.push({ ...silence, id, updatedAtMs: nowMs(), state: 'active' });
        return id;
      },
      expireSilence: async () => true,
      notifications: async (limit) => (options.empty ? [] : makeNotifications(startedMs).slice(0, limit)),
      notifierStatus: async () => ({
        configText: '',
        startedMs,
        receivers: ['team-slack', 'on-call', 'email'],
        undeliverable: [
          { receiver: 'on-call', integration: 'pagerduty[0]', reason: 'watchfire does not deliver to PagerDuty' },
        ],
      }),
      explain: async (ruleName): Promise<Explanation> => ({
        title: `${ruleName}: firing`,
        sections: [
          {
            heading: 'Expression',
            lines: [
              'rate(http_requests_total{status_code=~"5.."}[5m]) / rate(http_requests_total[5m]) > 0.05',
              'gave 0.0731 for {service="order"}: above 0.05',
            ],
          },
          {
            heading: 'State',
            lines: ['pending since 13:56:22: the expression was true', 'firing since 14:01:22: it stayed true for 5m'],
          },
          {
            heading: 'Route',
            lines: [
              'route {} → {severity="critical"} → receiver on-call',
              'group {alertname="HighErrorRate"}: waited 10s (group-wait)',
              'slack[0] sent, pagerduty[0] not delivered: not supported',
            ],
          },
        ],
      }),
    },
    logs: {
      state: () => state('logs', '/var/log/shop/*.log'),
      close,
      async search(query: LogQuery) {
        guard('logs');
        return options.empty ? [] : logs.filter((record) => wanted(record, query)).slice(-query.limit);
      },
      async *tail(query: LogQuery, signal: AbortSignal) {
        guard('logs');
        if (options.empty) return;
        for (let i = 0; !signal.aborted; i++) {
          await new Promise((resolve) => setTimeout(resolve, 700));
          const batch = [makeLog(logs.length + i, nowMs()), makeLog(logs.length + i + 7, nowMs())];
          yield batch.filter((record) => wanted(record, query));
        }
      },
      services: async () => [...SERVICES],
    },
    traces: {
      state: () => state('traces', 'http://127.0.0.1:16686'),
      close,
      async search(query: TraceQuery) {
        guard('traces');
        if (options.empty) return [];
        return traces
          .filter((trace) => accepted(trace, query))
          .map(summaryOf)
          .slice(0, query.limit);
      },
      trace: async (traceId) => traces.find((trace) => trace.traceId === traceId),
      services: async () => [...SERVICES],
      operations: async () => ROUTES.map((route) => `GET ${route}`),
    },
  };
}

function answer(value: QueryResult['value']): QueryResult {
  return { value, warnings: [], infos: [], samplesRead: 0 };
}

interface FakeMetric {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly help: string;
  readonly base: number;
}

const METRICS = new Map<string, FakeMetric>([
  ['http_requests_total', { type: 'counter', help: 'Requests served, by method, route and status.', base: 42 }],
  ['http_request_duration_seconds_bucket', { type: 'histogram', help: 'How long a request took.', base: 0.18 }],
  ['process_resident_memory_bytes', { type: 'gauge', help: 'Resident memory of the process.', base: 310 * 2 ** 20 }],
  ['process_cpu_seconds_total', { type: 'counter', help: 'CPU time used.', base: 0.4 }],
  ['db_connection_pool_size', { type: 'gauge', help: 'Connections of the pool by state.', base: 6 }],
  ['cache_hits_total', { type: 'counter', help: 'Hits of the cache.', base: 120 }],
  ['nodejs_eventloop_lag_seconds', { type: 'gauge', help: 'Lag of the event loop.', base: 0.004 }],
  ['orders_created_total', { type: 'counter', help: 'Orders that were placed.', base: 5 }],
  ['up', { type: 'gauge', help: '', base: 1 }],
]);

/** Any expression gives a wave for each service, sized by the first metric that it names. */
function rangeOf(expression: string, startMs: number, endMs: number, stepMs: number, startedMs: number): RangeSeries[] {
  if (
    /[(){}]\s*$/.test(expression) &&
    (expression.match(/\(/g) ?? []).length !== (expression.match(/\)/g) ?? []).length
  ) {
    throw new QueryError('bad_data', '1:24: parse error: unclosed left parenthesis');
  }
  if (expression === 'ALERTS') return alertStates(startMs, endMs, stepMs, startedMs);
  const name = [...METRICS.keys()].filter((each) => expression.includes(each)).sort((a, b) => b.length - a.length)[0];
  if (name === undefined) return [];
  const ratio = /\)\s*\/\s*(sum|rate|\()/.test(expression);
  const mebi = expression.includes('1024');
  const base = ratio ? 0.02 : mebi ? 300 : METRICS.get(name)!.base;
  const only = /service="(\w+)"/.exec(expression)?.[1];
  return SERVICES.filter((each) => only === undefined || each === only).map((service, i) => {
    const length = Math.floor((endMs - startMs) / stepMs) + 1;
    const timestamps = new Float64Array(length);
    const values = new Float64Array(length);
    for (let k = 0; k < length; k++) {
      const t = startMs + k * stepMs;
      timestamps[k] = t;
      const wave = 1 + 0.25 * Math.sin(t / 90_000 + i * 1.7) + 0.12 * Math.sin(t / 17_000 + i);
      const age = (startedMs - t) / 60_000;
      const burst = service === 'order' && age < 8 ? 1 + 3 * Math.exp(-((age - 3) ** 2) / 8) : 1;
      const growth = service === 'payment' && name.includes('memory') ? 1 + 2 * Math.max(0, 1 - age / 30) : 1;
      values[k] =
        name === 'up' ? (service === 'inventory' && age < 5 ? 0 : 1) : base * (1 + i * 0.4) * wave * burst * growth;
      if (service === 'user' && age > 6 && age < 8) values[k] = Number.NaN;
    }
    return {
      labels: Labels.of({
        ...(expression.includes('(') ? {} : { __name__: name }),
        service,
        instance: `${service}:3000`,
        job: 'shop',
      }),
      timestamps,
      values,
    };
  });
}

/** HighErrorRate of the order service: pending eight minutes ago for two minutes, firing since. */
function alertStates(startMs: number, endMs: number, stepMs: number, startedMs: number): RangeSeries[] {
  return (['pending', 'firing'] as const).map((alertstate) => {
    const all = Array.from({ length: Math.floor((endMs - startMs) / stepMs) + 1 }, (_, k) => startMs + k * stepMs);
    const own = all.filter((t) => {
      const age = (startedMs - t) / 60_000;
      return alertstate === 'pending' ? age < 8 && age >= 6 : age < 6;
    });
    return {
      labels: Labels.of({ __name__: 'ALERTS', alertname: 'HighErrorRate', alertstate, service: 'order' }),
      timestamps: Float64Array.from(own),
      values: new Float64Array(own.length).fill(1),
    };
  });
}

function makeTargets(nowMs: number): TargetState[] {
  const all = [
    ...SERVICES.map((service) => ['shop', `${service}:3000`] as const),
    ['node', 'host-1:9100'] as const,
    ['node', 'host-2:9100'] as const,
    ['cadvisor', 'cadvisor:8080'] as const,
  ];
  return all.map(([job, instance], i) => {
    const down = instance.startsWith('cadvisor') || instance.startsWith('host-2');
    return {
      job,
      discoveredLabels: Labels.of({ __address__: instance, __scheme__: 'http', __metrics_path__: '/metrics', job }),
      labels: Labels.of({ instance, job, ...(job === 'shop' ? { service: instance.split(':')[0]! } : {}) }),
      scrapeUrl: `http://${instance}/metrics`,
      globalUrl: `http://${instance}/metrics`,
      health: instance.startsWith('host-2') ? 'unknown' : down ? 'down' : 'up',
      lastError: instance.startsWith('cadvisor') ? 'connect ECONNREFUSED 10.0.3.17:8080' : '',
      lastScrapeMs: instance.startsWith('host-2') ? 0 : nowMs - ((nowMs + i * 1700) % 5000),
      lastScrapeDurationSeconds: down ? 0.0021 : 0.0083 + i * 0.004,
      scrapeIntervalMs: 5000,
      scrapeTimeoutMs: 3000,
      ...(down ? {} : { samples: 412 + i * 31, samplesAfterRelabelling: 410 + i * 31, seriesAdded: i }),
    };
  });
}

const ERROR_RATE = 'rate(http_requests_total{status_code=~"5.."}[5m]) / rate(http_requests_total[5m]) > 0.05';

function makeRuleGroups(startedMs: number, nowMs: number): RuleGroupState[] {
  const alert = (
    name: string,
    service: string,
    severity: string,
    state: 'pending' | 'firing',
    sinceMs: number,
    value: number,
    summary: string,
  ): RuleAlert => ({
    labels: Labels.of({ alertname: name, service, severity, instance: `${service}:3000`, job: 'shop' }),
    annotations: Labels.of({
      summary,
      description: `${summary} on ${service}:3000`,
      runbook_url: `https://runbooks.example/${name}`,
    }),
    state,
    activeAtMs: sinceMs,
    value,
  });
  const rule = (
    name: string,
    query: string,
    severity: string,
    forMs: number,
    alerts: RuleAlert[],
    health: 'ok' | 'err' = 'ok',
  ): RuleState => ({
    kind: 'alerting',
    name,
    query,
    labels: Labels.of({ severity }),
    annotations: Labels.of({ summary: 'x' }),
    health,
    lastError: health === 'err' ? 'many-to-many matching not allowed: matching labels must be unique on one side' : '',
    lastEvaluationMs: nowMs - (nowMs % 5000),
    evaluationSeconds: 0.0012,
    state: alerts.some((each) => each.state === 'firing') ? 'firing' : alerts.length > 0 ? 'pending' : 'inactive',
    forMs,
    keepFiringForMs: 0,
    alerts,
  });
  const minute = 60_000;
  return [
    {
      name: 'nodejs-app-alerts',
      file: 'alert_rules.yml',
      intervalMs: 5000,
      limit: 0,
      lastEvaluationMs: nowMs - (nowMs % 5000),
      evaluationSeconds: 0.0061,
      rules: [
        rule('HighErrorRate', ERROR_RATE, 'critical', 5 * minute, [
          alert(
            'HighErrorRate',
            'order',
            'critical',
            'firing',
            startedMs - 8.2 * minute,
            0.0731,
            'High error rate detected',
          ),
          alert(
            'HighErrorRate',
            'payment',
            'critical',
            'pending',
            startedMs - 2.1 * minute,
            0.0562,
            'High error rate detected',
          ),
        ]),
        rule(
          'HighResponseTime',
          'histogram_quantile(0.95, rate(http_request_duration_seconds_bucket[5m])) > 1',
          'warning',
          10 * minute,
          [
            alert(
              'HighResponseTime',
              'payment',
              'warning',
              'pending',
              startedMs - 6.5 * minute,
              1.42,
              'High response time detected',
            ),
          ],
        ),
        rule('HighMemoryUsage', '(process_resident_memory_bytes / 1024 / 1024) > 1000', 'warning', 15 * minute, [
          alert('HighMemoryUsage', 'payment', 'warning', 'firing', startedMs - 31 * minute, 1184, 'High memory usage'),
        ]),
        rule(
          'DatabaseConnectionPoolExhausted',
          'db_connection_pool_size{state="waiting"} > 0',
          'critical',
          2 * minute,
          [],
        ),
      ],
    },
    {
      name: 'targets',
      file: 'alert_rules.yml',
      intervalMs: 15_000,
      limit: 0,
      lastEvaluationMs: nowMs - (nowMs % 15_000),
      evaluationSeconds: 0.0004,
      rules: [
        rule('TargetDown', 'up == 0', 'critical', minute, [
          alert('TargetDown', 'inventory', 'critical', 'firing', startedMs - 5 * minute, 0, 'Target is down'),
        ]),
        rule('Broken', 'a * on() b > 1', 'warning', 0, [], 'err'),
      ],
    },
    {
      name: 'recording',
      file: 'recording_rules.yml',
      intervalMs: 15_000,
      limit: 0,
      lastEvaluationMs: nowMs - (nowMs % 15_000),
      evaluationSeconds: 0.0102,
      rules: [
        {
          kind: 'recording',
          name: 'service:http_requests:rate1m',
          query: 'sum by (service) (rate(http_requests_total[1m]))',
          labels: Labels.EMPTY,
          health: 'ok',
          lastError: '',
          lastEvaluationMs: nowMs - (nowMs % 15_000),
          evaluationSeconds: 0.0098,
        },
      ],
    },
  ];
}

function makeRouted(startedMs: number, silences: readonly Silence[]): RoutedAlert[] {
  return makeRuleGroups(startedMs, startedMs)
    .flatMap((group) => group.rules.flatMap((rule) => rule.alerts ?? []))
    .filter((alert) => alert.state === 'firing')
    .map((alert) => {
      const silencedBy = silences
        .filter((each) => each.matchers.every((matcher) => matcher.matches(alert.labels.get(matcher.name))))
        .map((each) => each.id);
      return {
        fingerprint: fingerprint(alert.labels),
        labels: alert.labels,
        annotations: alert.annotations,
        startsAtMs: alert.activeAtMs,
        endsAtMs: startedMs + 240_000,
        updatedAtMs: startedMs,
        generatorUrl: '',
        status: { state: silencedBy.length > 0 ? 'suppressed' : 'active', silencedBy, inhibitedBy: [], mutedBy: [] },
        receivers: alert.labels.get('severity') === 'critical' ? ['on-call', 'team-slack'] : ['email'],
      };
    });
}

function makeNotifications(startedMs: number): NotificationRecord[] {
  const prints = new Map(
    makeRouted(startedMs, []).map((alert) => [`${alert.labels.get('alertname')}`, alert.fingerprint]),
  );
  const one = (
    agoMs: number,
    name: string,
    receiver: string,
    integration: string,
    outcome: NotificationRecord['outcome'],
    reason: string,
    status: 'firing' | 'resolved' = 'firing',
  ): NotificationRecord => ({
    atMs: startedMs - agoMs,
    receiver,
    integration,
    groupLabels: Labels.of({ alertname: name }),
    status,
    firing: status === 'firing' ? 1 : 0,
    resolved: status === 'resolved' ? 1 : 0,
    fingerprints: prints.has(name) ? [prints.get(name)!] : [],
    outcome,
    reason,
    durationMs: 182,
  });
  return [
    one(50_000, 'TargetDown', 'team-slack', 'slack[0]', 'retrying', '503 Service Unavailable; next try in 12s'),
    one(190_000, 'HighErrorRate', 'team-slack', 'slack[0]', 'sent', 'group-wait'),
    one(
      190_500,
      'HighErrorRate',
      'on-call',
      'pagerduty[0]',
      'not-delivered',
      'watchfire does not deliver to PagerDuty',
    ),
    one(900_000, 'HighMemoryUsage', 'email', 'email[0]', 'sent', 'group-wait'),
    one(1_900_000, 'DatabaseConnectionPoolExhausted', 'team-slack', 'slack[0]', 'sent', 'group-interval', 'resolved'),
  ];
}

const MESSAGES: readonly (readonly [LogLevel, string])[] = [
  ['info', 'GET /orders/:id 200 12ms'],
  ['info', 'order placed'],
  ['debug', 'cache hit for stock:1182'],
  ['info', 'POST /pay 201 48ms'],
  ['warn', 'retrying the payment gateway, attempt 2 of 3'],
  ['info', 'GET /users/:id 200 8ms'],
  ['error', 'payment declined: gateway answered 502 Bad Gateway'],
  ['info', 'stock reserved'],
  ['error', 'POST /orders 500: timeout after 3000 ms waiting for a database connection'],
  ['debug', 'query select * from orders where id = $1 took 3 ms'],
  ['warn', 'event loop lag 84 ms'],
];

function makeLog(i: number, timestampMs: number): LogRecord {
  const pick = (i * 7919) % 97;
  const [level, message] = MESSAGES[pick < 60 ? [0, 1, 3, 5, 7][pick % 5]! : pick % MESSAGES.length]!;
  const service = SERVICES[((i * 31) % 7) % 4]!;
  const traceId = pick % 3 === 0 ? traceIdOf((i * 13) % 120) : undefined;
  const fields = {
    timestamp: new Date(timestampMs).toISOString(),
    level,
    service,
    message,
    requestId: `req-${i}`,
    http: { method: 'POST', status: level === 'error' ? 500 : 200 },
    ...(traceId ? { traceId } : {}),
  };
  return {
    id: `log-${i}-${timestampMs}`,
    timestampMs,
    timestampGuessed: false,
    level,
    service,
    message: i % 211 === 0 ? `${message} \u001b[31mred\u001b[0m 漢字 \u202egnp.exe` : message,
    traceId,
    origin: `/var/log/shop/${service}.log`,
    fields,
    raw: JSON.stringify(fields),
  };
}

function makeLogs(nowMs: number): LogRecord[] {
  const count = 4000;
  return Array.from({ length: count }, (_, i) => makeLog(i, Math.round(nowMs - (count - i) * 410 + ((i * 37) % 200))));
}

const RANKS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

function wanted(record: LogRecord, query: LogQuery): boolean {
  if (query.service !== undefined && record.service !== query.service) return false;
  if (query.traceId !== undefined && record.traceId !== query.traceId) return false;
  if (query.minLevel !== undefined && RANKS.indexOf(record.level) < RANKS.indexOf(query.minLevel)) return false;
  if (query.startMs !== undefined && record.timestampMs < query.startMs) return false;
  if (query.endMs !== undefined && record.timestampMs > query.endMs) return false;
  return query.text === undefined || record.message.toLowerCase().includes(query.text.toLowerCase());
}

function traceIdOf(i: number): string {
  return (BigInt(i + 1) * 0x9e3779b97f4a7c15f39cc0605cedc835n).toString(16).padStart(32, '0').slice(-32);
}

function makeTraces(nowMs: number): Trace[] {
  return Array.from({ length: 120 }, (_, i) => makeTrace(i, nowMs - i * 7300));
}

function makeTrace(i: number, startMs: number): Trace {
  const traceId = traceIdOf(i);
  const failed = i % 9 === 2;
  const slow = i % 13 === 5 ? 6 : 1;
  const spans: Span[] = [];
  const add = (
    parent: Span | undefined,
    service: string,
    name: string,
    offsetMs: number,
    durationMs: number,
    error = false,
    attributes: Span['attributes'] = {},
  ): Span => {
    const span: Span = {
      traceId,
      spanId: (spans.length + 1 + i * 100).toString(16).padStart(16, '0'),
      parentSpanId: parent?.spanId,
      references: [],
      name,
      service,
      kind: parent === undefined ? 'server' : 'client',
      startUs: Math.round((startMs + offsetMs * slow) * 1000),
      durationUs: Math.round(durationMs * slow * 1000),
      error,
      statusMessage: error ? 'gateway answered 502 Bad Gateway' : '',
      attributes: { 'service.version': '1.4.2', ...attributes },
      resource: { 'service.name': service, 'host.name': 'host-1' },
      scope: '@opentelemetry/instrumentation-http',
      events: error
        ? [
            {
              timeUs: Math.round((startMs + (offsetMs + durationMs * 0.9) * slow) * 1000),
              name: 'exception',
              attributes: { 'exception.type': 'GatewayError', 'exception.message': 'gateway answered 502 Bad Gateway' },
            },
          ]
        : [],
      warnings: [],
    };
    spans.push(span);
    return span;
  };
  const vary = 1 + ((i * 17) % 10) / 10;
  const root = add(undefined, 'order', i % 4 === 0 ? 'GET /orders/:id' : 'POST /orders', 0, 128 * vary, failed, {
    'http.request.method': 'POST',
    'http.route': '/orders',
    'http.response.status_code': failed ? 500 : 201,
  });
  const user = add(root, 'user', 'GET /users/:id', 3, 18 * vary);
  add(user, 'user', 'pg.query SELECT', 6, 11 * vary, false, {
    'db.system': 'postgresql',
    'db.statement': 'select * from users where id = $1',
  });
  const stock = add(root, 'inventory', 'reserveStock', 24 * vary, 22 * vary);
  add(stock, 'inventory', 'redis.GET', 25 * vary, 3 * vary);
  add(stock, 'inventory', 'pg.query UPDATE', 30 * vary, 14 * vary);
  const pay = add(root, 'payment', 'POST /pay', 50 * vary, 68 * vary, failed);
  add(pay, 'payment', 'gateway.charge', 54 * vary, 60 * vary, failed, { 'peer.service': 'gateway' });
  add(root, 'order', 'pg.query INSERT', 119 * vary, 7 * vary);
  return { traceId, spans };
}

function accepted(trace: Trace, query: TraceQuery): boolean {
  const root = trace.spans[0]!;
  if (query.service !== undefined && !trace.spans.some((span) => span.service === query.service)) return false;
  if (query.minDurationUs !== undefined && root.durationUs < query.minDurationUs) return false;
  if (query.startUs !== undefined && root.startUs < query.startUs) return false;
  if (query.endUs !== undefined && root.startUs > query.endUs) return false;
  if (query.tags?.['error'] === 'true') return trace.spans.some((span) => span.error);
  return true;
}

function summaryOf(trace: Trace): TraceSummary {
  const root = trace.spans[0]!;
  const services: Record<string, number> = {};
  for (const span of trace.spans) services[span.service] = (services[span.service] ?? 0) + 1;
  return {
    traceId: trace.traceId,
    rootService: root.service,
    rootName: root.name,
    startUs: root.startUs,
    durationUs: root.durationUs,
    spanCount: trace.spans.length,
    errorCount: trace.spans.filter((span) => span.error).length,
    services,
  };
}
