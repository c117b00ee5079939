import { describe, expect, it } from 'vitest';
import type { NotificationRecord, RoutedAlert } from '../../src/alerting/model.ts';
import { Labels } from '../../src/labels/labels.ts';
import type { LogRecord } from '../../src/logs/record.ts';
import type { Span } from '../../src/traces/trace.ts';
import { parseFilter } from '../../src/tui/frame/filter.ts';
import {
  formatAgo,
  formatBytes,
  formatSeconds,
  formatSpan,
  formatValue,
  makeZone,
} from '../../src/tui/frame/format.ts';
import type { Area } from '../../src/tui/frame/place.ts';
import { row, rowWidth, sized, toned, toText } from '../../src/tui/frame/row.ts';
import { itemRow, layOut, sorted } from '../../src/tui/frame/table.ts';
import { TimeRange } from '../../src/tui/frame/time-range.ts';
import { makeTheme } from '../../src/tui/theme.ts';
import {
  alertItems,
  currentItem,
  hasAlert,
  reasonText,
  tellingText,
  toldText,
  valueText,
} from '../../src/tui/views/alerts/model.ts';
import { notificationRows } from '../../src/tui/views/alerts/notification-rows.ts';
import { sinceCell } from '../../src/tui/views/alerts/rows.ts';
import { LogBuffer, tellingFields, volumeOf } from '../../src/tui/views/logs/model.ts';
import { queryFor, seriesNames } from '../../src/tui/views/metrics/model.ts';
import { keyFigures } from '../../src/tui/views/overview/fetch.ts';
import { shareHeight } from '../../src/tui/views/overview/rows.ts';
import { troublesOf } from '../../src/tui/views/overview/troubles.ts';
import { matchService } from '../../src/tui/views/service.ts';
import { makeWaterfall, visibleNodes } from '../../src/tui/views/traces/model.ts';
import { serviceRows } from '../../src/tui/views/traces/service-rows.ts';
import { makeFakeMonitor } from './fake-monitor.ts';

const NOW = Date.UTC(2026, 10, 23, 14, 0, 0);

describe('numbers and times', () => {
  it('have their unit and three digits', () => {
    expect(formatValue(0.0731, 'ratio')).toBe('7.31 %');
    expect(formatValue(12_400, 'per-second')).toBe('12.4k /s');
    expect(formatValue(Number.NaN, 'seconds')).toBe('NaN');
    expect(formatValue(Number.NEGATIVE_INFINITY, 'bytes')).toBe('-Inf');
    expect(formatBytes(1.5 * 2 ** 30)).toBe('1.5 GiB');
    expect([0, 3e-9, 4.2e-5, 0.0123, 1.25, 250].map(formatSeconds)).toEqual([
      '0 s',
      '3 ns',
      '42 µs',
      '12.3 ms',
      '1.25 s',
      '4m 10s',
    ]);
    // Never 1000 of a unit: that is one of the next.
    expect([0.000_999_7, 0.999_7, 9.996e-7].map(formatSeconds)).toEqual(['1 ms', '1 s', '1 µs']);
    expect([1023.6, 1023.4, 2 ** 20 - 100].map(formatBytes)).toEqual(['1 KiB', '1023 B', '1 MiB']);
    expect(formatValue(999.7, 'per-second')).toBe('1k /s');
    expect([45e3, 192e3, 7.5e6, 3.6e6 * 27].map(formatSpan)).toEqual(['45s', '3m 12s', '2h 05m', '1d 3h']);
    expect(formatAgo(NOW - 12_000, NOW)).toBe('12s ago');
    expect(formatAgo(NOW + 60_000, NOW)).toBe('in 1m');
  });
});

describe('tables', () => {
  const theme = makeTheme('default', 16, false);
  const columns = [
    { id: 'name', title: 'Name', min: 4, max: 20, priority: 1, grow: 1, cell: (item: { name: string }) => item.name },
    { id: 'count', title: 'Count', min: 5, max: 5, align: 'right' as const, priority: 2, cell: () => '12' },
    { id: 'note', title: 'Note', min: 10, max: 30, priority: 3, cell: () => toned('muted', 'a longer remark') },
  ];

  it('drop the least important column first, and fill the width', () => {
    const items = [{ name: '漢字 service' }];
    expect(layOut(columns, items, 60).map(({ column }) => column.id)).toEqual(['name', 'count', 'note']);
    expect(layOut(columns, items, 18).map(({ column }) => column.id)).toEqual(['name', 'count']);
    expect(layOut(columns, items, 8).map(({ column }) => column.id)).toEqual(['name']);
    for (const width of [8, 12, 18, 25, 40, 60]) {
      expect(rowWidth(itemRow(layOut(columns, items, width), items[0]!, theme))).toBeLessThanOrEqual(width);
    }
  });

  it('keep the order of equals, and put NaN last where the largest come first', () => {
    const items = [{ v: 2 }, { v: Number.NaN }, { v: 5 }];
    expect(sorted(items, { v: (item) => item.v }, { column: 'v', descending: true }).map((item) => item.v)).toEqual([
      5,
      2,
      Number.NaN,
    ]);
  });

  it('cut rows between wide characters', () => {
    expect(toText(sized([toned('plain', '漢字漢字')], 5))).toBe('漢字…');
    expect(toText(sized([toned('plain', 'f('), toned('accent', '0.95'), toned('plain', ')')], 3))).toBe('f(…');
    expect(toText(sized([toned('plain', 'f('), toned('plain', 'x'), toned('plain', ')')], 3))).toBe('f(…');
  });
});

describe('filters', () => {
  const item = (text: string, fields: Record<string, string> = {}) => ({ text, field: (name: string) => fields[name] });

  it('take words, inverse words, fields and fuzzy text', () => {
    expect(parseFilter('pay !card').accepts(item('payment by Card'))).toBe(false);
    expect(parseFilter('PAY !card').accepts(item('payment'))).toBe(true);
    expect(parseFilter('level=err').accepts(item('x', { level: 'error' }))).toBe(true);
    expect(parseFilter('level!=error').accepts(item('x', { level: 'error' }))).toBe(false);
    expect(parseFilter('"two words"').accepts(item('has two words'))).toBe(true);
    expect(parseFilter('-f herate').accepts(item('HighErrorRate'))).toBe(true);
    expect(parseFilter('-f zzz').accepts(item('HighErrorRate'))).toBe(false);
    expect(parseFilter('  ').empty).toBe(true);
  });
});

describe('the time range', () => {
  it('suits what is held until one is chosen', () => {
    const range = new TimeRange(() => NOW);
    range.suit(NOW - 30_000);
    expect(range.window().startMs).toBe(NOW - 2 * 60_000);
    range.suit(NOW - 6 * 60_000);
    expect(range.window().startMs).toBe(NOW - 10 * 60_000);
    range.act('zoom-in');
    range.suit(NOW - 30_000);
    expect(range.window().startMs).toBe(NOW - 5 * 60_000);
  });

  it('lays itself around a moment of the past, and stays live for one of now', () => {
    const range = new TimeRange(() => NOW);
    range.focus(NOW - 3 * 3_600_000, NOW - 3 * 3_600_000 + 60_000);
    const { startMs, endMs, live } = range.window();
    expect(live).toBe(false);
    expect(startMs).toBeLessThan(NOW - 3 * 3_600_000);
    expect(endMs).toBeGreaterThan(NOW - 3 * 3_600_000 + 60_000);
    range.focus(NOW - 60_000, NOW);
    expect(range.window().live).toBe(true);
  });
});

async function answers() {
  const { alerts } = makeFakeMonitor({ nowMs: () => NOW });
  return {
    groups: await alerts.ruleGroups(),
    routed: await alerts.alerts({}),
    notifications: await alerts.notifications(100),
  };
}

describe('alerts', () => {
  it('are ordered by state, severity and age, with who was told', async () => {
    const items = alertItems(await answers());
    expect(items.map((item) => `${item.state} ${item.name}`).slice(0, 5)).toEqual([
      'firing HighErrorRate',
      'firing TargetDown',
      'firing HighMemoryUsage',
      'pending HighErrorRate',
      'pending HighResponseTime',
    ]);
    expect(valueText(items[0]!)).toBe('7.31 % > 5 %');
    expect(items.slice(0, 3).map(toldText)).toEqual(['slack', 'slack failing', 'email']);
  });

  it('find their routing where external labels were added on the way', async () => {
    const { groups, routed, notifications } = await answers();
    const external: RoutedAlert[] = routed.map((alert) => ({
      ...alert,
      labels: alert.labels.with('cluster', 'demo'),
      fingerprint: `x${alert.fingerprint}`,
    }));
    const told = notifications.map((record) => ({
      ...record,
      fingerprints: record.fingerprints.map((print) => `x${print}`),
    }));
    const items = alertItems({ groups, routed: external, notifications: told });
    expect(items).toHaveLength(7);
    expect(items.slice(0, 3).map(toldText)).toEqual(['slack', 'slack failing', 'email']);
  });

  it('are the same ones while they are pending, fire and are told of, with external labels too', async () => {
    const { groups, routed } = await answers();
    const pending = groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => ({
        ...rule,
        alerts: rule.alerts?.map((alert) => ({ ...alert, state: 'pending' as const })),
      })),
    }));
    const external = routed.map((alert) => ({
      ...alert,
      labels: alert.labels.with('cluster', 'demo'),
      fingerprint: 'x',
    }));
    const before = alertItems({ groups: pending, routed: [], notifications: [] });
    const after = alertItems({ groups, routed: external, notifications: [] });
    for (const item of before)
      expect(currentItem(item, after)).toMatchObject({ key: item.key, state: expect.anything() });
    const fires = after.find((item) => item.state === 'firing')!;
    expect(currentItem(before.find(({ key }) => key === fires.key)!, after).state).toBe('firing');
    // Of a rule that was inactive when it was opened, the first alert that comes.
    const none = groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) => ({ ...rule, alerts: rule.alerts === undefined ? undefined : [] })),
    }));
    const inactive = alertItems({ groups: none, routed: [], notifications: [] }).find(
      ({ name }) => name === fires.name,
    )!;
    expect(inactive.state).toBe('inactive');
    expect(currentItem(inactive, after).state).toBe('firing');
    expect(currentItem(fires, []).state).toBe('inactive');
  });
});

describe('since when', () => {
  it('is told by the clock, too, where there is room for it', async () => {
    const [item] = alertItems(await answers());
    const theme = makeTheme('default', 16, false);
    const cell = (width: number): string =>
      toText(row(sinceCell(item!, width, NOW, makeZone(true, NOW), theme))).trimEnd();
    expect([26, 20, 12].map(cell)).toEqual(['8m 12s since 13:51:48', '8m 12s 13:51:48', '8m 12s']);
  });
});

describe('alerts of one name and service', () => {
  it('are told apart by the labels in which they differ', async () => {
    const { alerts } = makeFakeMonitor({ nowMs: () => NOW });
    const groups = (await alerts.ruleGroups()).slice(0, 1);
    const rule = groups[0]!.rules.find((each) => each.kind === 'alerting')!;
    const of = (labels: Record<string, string>): NonNullable<typeof rule.alerts>[number] => ({
      labels: Labels.of({ alertname: rule.name, service: 'shop', severity: 'page', ...labels }),
      annotations: Labels.EMPTY,
      state: 'firing',
      activeAtMs: NOW,
      value: 1,
    });
    const instances = (...labels: Record<string, string>[]): string[] => {
      const rules = [{ ...rule, alerts: labels.map(of) }];
      const items = alertItems({ groups: [{ ...groups[0]!, rules }], routed: [], notifications: [] });
      return items.map(tellingText);
    };
    expect(instances({ node: 'a', dc: 'x' }, { node: 'b', dc: 'x' })).toEqual(['a', 'b']);
    expect(instances({ node: 'a' }, { node: 'a', disk: 'sda' })).toEqual(['', 'sda']);
    expect(instances({ node: 'a' })).toEqual(['']);
    expect(instances({ service: 'cart' }, { service: 'pay' })).toEqual(['', '']);
  });
});

describe('alerts that nobody hears of', () => {
  it('names a rule that cannot be evaluated, and why, apart from those that are inactive', async () => {
    const known = await answers();
    const groups = known.groups.map((group) => ({
      ...group,
      rules: group.rules.map((rule) =>
        rule.kind === 'alerting' && (rule.alerts ?? []).length === 0
          ? { ...rule, health: 'err' as const, lastError: 'many-to-many matching not allowed' }
          : rule,
      ),
    }));
    const failing = alertItems({ ...known, groups }).filter((item) => item.state === 'failing');
    expect(failing.length).toBeGreaterThan(0);
    expect(failing.map(toldText)).toEqual(failing.map(() => 'many-to-many matching not allowed'));
    expect(failing.map(valueText)).toEqual(failing.map(() => 'no result'));
    expect(failing.some(hasAlert)).toBe(false);
  });

  it('names the alert that inhibits one', async () => {
    const known = await answers();
    const [source, target] = known.routed;
    const status = { ...target!.status, state: 'suppressed' as const, inhibitedBy: [source!.fingerprint] };
    const items = alertItems({ ...known, routed: [source!, { ...target!, status }] });
    const inhibited = items.find((item) => item.state === 'inhibited')!;
    const name = source!.labels.get('alertname');
    expect(toldText(inhibited)).toBe(`inhibited by ${name}`);
    const reason = `inhibited-by:${'0123456789abcdef'}`;
    expect(reasonText(reason, new Map([['0123456789abcdef', name]]))).toBe(`inhibited by ${name}`);
    expect(reasonText(reason)).toBe('inhibited by 0123456789abcdef');
    expect(reasonText('unexpected status code 503: no')).toBe('HTTP 503: no');
    expect(reasonText('first-notification; not for a@x.org')).toBe('first notification; not for a@x.org');
  });
});

describe('who was told', () => {
  const zone = makeZone(true, NOW);
  const theme = makeTheme('default', 16, false);

  it('gathers tries that failed alike, and says the next one only where it is to come', () => {
    const record = (ago: number, outcome: NotificationRecord['outcome'], nextTryMs?: number): NotificationRecord => ({
      atMs: NOW - ago,
      receiver: 'team',
      integration: 'slack[0]',
      groupLabels: Labels.of({ alertname: 'A' }),
      status: 'firing',
      firing: 1,
      resolved: 0,
      fingerprints: ['f'],
      outcome,
      reason: 'unexpected status code 503: out of order for maintenance until tomorrow',
      durationMs: 3,
      ...(nextTryMs === undefined ? {} : { nextTryMs }),
    });
    const told = [
      record(1_000, 'retrying', NOW + 9_000),
      record(5_000, 'retrying', NOW - 1_000),
      record(8_000, 'retrying', NOW - 5_000),
      record(60_000, 'failed', NOW - 30_000),
    ];
    const rows = notificationRows({ told, inhibitors: new Map() }, 70, { nowMs: NOW, zone, theme });
    const texts = rows.map((each) => toText(each).trimEnd());
    expect(texts.filter((text) => /retrying/.test(text))).toHaveLength(1);
    expect(texts.join('\n')).toMatch(/slack +next try in 9s\n/);
    expect(texts.join(' ').replaceAll(/ +/g, ' ')).toMatch(/\(3 times since /);
    expect(texts.filter((text) => /next try/.test(text))).toHaveLength(1);
  });
});

describe('what is wrong beside alerts', () => {
  it('names targets by job, discoveries, rules and sources', async () => {
    const { metrics, alerts } = makeFakeMonitor({ nowMs: () => NOW });
    const targets = {
      ...(await metrics.targets()),
      discoveries: [{ job: 'pods', kind: 'kubernetes', origin: 'https://k', lastSuccessMs: 0, error: 'no such host' }],
    };
    const failing = { kind: 'failing', endpoint: 'http://es:9200', sinceMs: 0, reason: 'connection refused' } as const;
    const troubles = troublesOf([{ name: 'logs', state: failing }], targets, await alerts.ruleGroups());
    expect(troubles.map(({ kind, what, why }) => `${kind}: ${what}: ${why}`)).toEqual([
      'source: logs from http://es:9200: connection refused',
      'targets: job cadvisor: http://cadvisor:8080/metrics: connect ECONNREFUSED 10.0.3.17:8080',
      'discovery: job pods: kubernetes discovery https://k: no such host',
      'rule: rule Broken: many-to-many matching not allowed: matching labels must be unique on one side',
    ]);
  });

  it('shares the height by wishes, and never gives more than there is', () => {
    expect(shareHeight(20, [5, 4, 20, 5], [3, 4, 4, 2]).reduce((a, b) => a + b)).toBe(20);
    expect(shareHeight(6, [5, 4, 20, 5], [3, 4, 4, 2]).reduce((a, b) => a + b)).toBe(6);
  });
});

describe('key figures', () => {
  it('are rate, errors and duration by service, of the metrics there are', () => {
    const names = ['http_requests_total', 'http_request_duration_seconds_bucket', 'up'];
    const figures = keyFigures(names, 'http_requests_total', ['service', 'status_code', 'le']);
    expect(figures.map((figure) => figure.title)).toEqual(['Requests', 'Errors', 'Latency p95']);
    expect(figures[1]!.expression).toBe(
      'sum by (service) (rate(http_requests_total{status_code=~"5.."}[1m])) / sum by (service) (rate(http_requests_total[1m]))',
    );
    expect(keyFigures(['up'], undefined, []).map((figure) => figure.title)).toEqual(['Targets up']);
  });
});

describe('logs', () => {
  const record = (id: string, timestampMs: number, more: Partial<LogRecord> = {}): LogRecord => ({
    id,
    timestampMs,
    timestampGuessed: false,
    level: 'info',
    service: 'order',
    message: `message ${id}`,
    origin: 'a.log',
    fields: {},
    raw: '',
    ...more,
  });

  it('are ordered by event time, each once, whatever the order of arrival', () => {
    const buffer = new LogBuffer();
    buffer.add([record('b', 2), record('c', 3)]);
    buffer.add([record('a', 1), record('b', 2)]);
    expect(buffer.shown.map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });

  it('are bounded, and what leaves is counted', () => {
    const buffer = new LogBuffer();
    buffer.add(Array.from({ length: 15_000 }, (_, i) => record(String(i), i)));
    expect(buffer.all).toHaveLength(10_000);
    expect(buffer.dropped).toBe(5000);
    expect(buffer.shown[0]!.id).toBe('5000');
  });

  it('are counted by level over the window', () => {
    const { stacks, totals } = volumeOf(
      [record('a', 0), record('b', 10, { level: 'error' }), record('c', 99, { level: 'debug' })],
      0,
      100,
      10,
    );
    expect(stacks[0]!.counts).toEqual([0, 0, 1, 0]);
    expect(stacks[1]!.counts).toEqual([1, 0, 0, 0]);
    expect(stacks[9]!.counts).toEqual([0, 0, 0, 1]);
    expect(totals).toEqual([1, 0, 1, 1]);
  });

  it('tell the fields that are not shown elsewhere, the telling ones first', () => {
    const fields = {
      level: 'info',
      timestamp: 'x',
      orderId: 7,
      http: { statusCode: 502, method: 'POST' },
      traceId: 'abc',
      service: 'order',
    };
    expect(tellingFields(record('a', 1, { fields }))).toEqual([
      ['method', 'POST'],
      ['statusCode', '502'],
      ['orderId', '7'],
    ]);
  });
});

describe('traces', () => {
  const span = (id: number, parent: number | undefined, startUs: number, durationUs: number): Span => ({
    traceId: 'a'.repeat(32),
    spanId: id.toString(16).padStart(16, '0'),
    parentSpanId: parent?.toString(16).padStart(16, '0'),
    references: [],
    name: `span ${id}`,
    service: 'order',
    kind: 'internal',
    startUs,
    durationUs,
    error: id === 3,
    statusMessage: '',
    attributes: {},
    resource: {},
    scope: '',
    events: [],
    warnings: [],
  });

  it('fold what is below a span', () => {
    const waterfall = makeWaterfall({
      traceId: 'a',
      spans: [span(1, undefined, 0, 100), span(2, 1, 10, 20), span(3, 2, 12, 5), span(4, 1, 40, 50)],
    });
    expect(waterfall.nodes.map((node) => node.descendants)).toEqual([3, 1, 0, 0]);
    expect(waterfall.nodes.map((node) => node.errorBelow)).toEqual([true, true, false, false]);
    const folded = new Set([waterfall.nodes[1]!.span.spanId]);
    expect(visibleNodes(waterfall, folded, () => true)).toEqual([0, 1, 3]);
    expect(waterfall.nodes[3]!.critical).toEqual([[40, 90]]);
  });

  const areaOf = (width: number): Area => ({
    width,
    height: 20,
    theme: makeTheme('default', 16, false),
    zone: makeZone(true, NOW),
    nowMs: NOW,
    window: { startMs: NOW - 1000, endMs: NOW, live: true },
    zoomed: false,
  });

  it('are summed up by service, with where errors began', () => {
    const other = (each: Span): Span => ({ ...each, service: 'db', error: true, statusMessage: 'dead\u001b[31mlock' });
    const tree = makeWaterfall({
      traceId: 'a',
      spans: [{ ...span(1, undefined, 0, 100), service: 'web' }, other(span(2, 1, 10, 20)), other(span(4, 1, 40, 50))],
    });
    expect(tree.services).toEqual([
      { service: 'db', spans: 2, errors: 2, totalUs: 70, selfUs: 70, criticalUs: 70 },
      { service: 'web', spans: 1, errors: 0, totalUs: 100, selfUs: 30, criticalUs: 30 },
    ]);
    const text = serviceRows(tree, areaOf(100)).map(toText);
    expect(text[0]).toMatch(/^Service +Spans +Errors +Self/);
    expect(text[1]).toMatch(/^db +2 +. 2 +70/);
    expect(text[2]).toMatch(/^web +1 +0 +30/);
    expect(text.at(-1)).toContain('not passed on dead');
    expect(text.join()).not.toContain('\u001b');
    for (const width of [1, 20, 40])
      for (const each of serviceRows(tree, areaOf(width)).slice(0, 3))
        expect(rowWidth(each)).toBeLessThanOrEqual(width);
  });

  it('of 80,000 spans in one chain are no danger', () => {
    const spans = Array.from({ length: 80_000 }, (_, i) => span(i + 1, i === 0 ? undefined : i, i, 200_000 - 2 * i));
    const waterfall = makeWaterfall({ traceId: 'a', spans });
    expect(waterfall.nodes).toHaveLength(80_000);
    expect(visibleNodes(waterfall, new Set(), () => true)).toHaveLength(80_000);
  });
});

describe('series', () => {
  it('are named by what tells them apart', () => {
    const series = (service: string) => ({
      labels: Labels.of({ __name__: 'up', job: 'shop', service }),
      timestamps: new Float64Array(0),
      values: new Float64Array(0),
    });
    expect(seriesNames([series('order'), series('user')])).toEqual(['{service="order"}', '{service="user"}']);
    expect(seriesNames([series('order')])).toEqual(['up{service="order", job="shop"}']);
  });

  it('are asked for as their type wants it', () => {
    expect(queryFor('a_total', 'counter', '1m')).toBe('rate(a_total[1m])');
    expect(queryFor('a_seconds_bucket', 'histogram', '1m')).toBe(
      'histogram_quantile(0.95, sum by (le) (rate(a_seconds_bucket[1m])))',
    );
    expect(queryFor('a_seconds_sum', 'histogram', '1m')).toBe('rate(a_seconds_sum[1m]) / rate(a_seconds_count[1m])');
    expect(queryFor('a_seconds_count', 'summary', '1m')).toBe('rate(a_seconds_count[1m])');
    expect(queryFor('a', 'histogram', '1m')).toBe('histogram_quantile(0.95, rate(a[1m]))');
    expect(queryFor('up', 'gauge', '1m')).toBe('up');
  });

  it('find the service that another source calls otherwise', () => {
    expect(matchService(['order-service', 'user'], Labels.of({ service: 'order' }), undefined)).toBe('order-service');
    expect(matchService(['order'], Labels.of({ job: 'shop', instance: 'order:3000' }), undefined)).toBe('order');
    expect(matchService(['a', 'b'], Labels.of({ job: 'shop' }), 'x')).toBeUndefined();
  });
});
