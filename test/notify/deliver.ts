/** Sends one notification through one receiver entry, as written in a configuration file, and gives what went out. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ZERO_TIME_MS } from '../../src/alerting/alert.ts';
import type { Integration, Notification, NotifyOutcome } from '../../src/alerting/integration.ts';
import type { Alert } from '../../src/alerting/model.ts';
import { loadAlertmanagerConfig } from '../../src/config/alertmanager-loader.ts';
import { ManualClock } from '../../src/config/clock.ts';
import { fingerprint } from '../../src/labels/fingerprint.ts';
import { Labels } from '../../src/labels/labels.ts';
import { readTextFile } from '../../src/notify/fields.ts';
import { createIntegrations, type IntegrationDeps } from '../../src/notify/integrations.ts';
import { NotificationTemplates } from '../../src/notify/template-data.ts';
import { type Answer, RecordingHttp } from '../alerting/recording-http.ts';

export const NOW = Date.parse('2026-03-02T10:00:00Z');
const folder = mkdtempSync(join(tmpdir(), 'watchfire-notify-'));
let count = 0;

export interface Delivery {
  readonly outcome: NotifyOutcome;
  readonly http: RecordingHttp;
  /** The bodies that were sent, as JSON where they are. */
  readonly bodies: readonly unknown[];
}

export function alertOf(
  labels: Record<string, string>,
  annotations: Record<string, string> = {},
  resolved = false,
): Alert {
  const set = Labels.of(labels);
  return {
    fingerprint: fingerprint(set),
    labels: set,
    annotations: Labels.of(annotations),
    startsAtMs: NOW - 60_000,
    endsAtMs: resolved ? NOW - 1_000 : ZERO_TIME_MS,
    updatedAtMs: NOW,
    generatorUrl: 'http://prometheus/graph?g0.expr=up',
  };
}

export const FIRING = alertOf({ alertname: 'Down', severity: 'critical', instance: 'a:1' }, { summary: 'a is <down>' });
export const RESOLVED = alertOf(
  { alertname: 'Down', severity: 'critical', instance: 'a:1' },
  { summary: 'a is <down>' },
  true,
);

export function notificationOf(alerts: readonly Alert[], more: Partial<Notification> = {}): Notification {
  return {
    receiver: 'team',
    groupKey: '{}:{alertname="Down"}',
    groupLabels: Labels.of({ alertname: 'Down' }),
    routeLabels: Labels.EMPTY,
    alerts,
    nowMs: NOW,
    externalUrl: 'http://watchfire',
    reason: 'first notification',
    store: new Map(),
    ...more,
  };
}

/** The integration that an entry such as `slack_configs: [{…}]` makes, `global` being the other half of the file. */
export async function integrationOf(
  entry: Record<string, unknown>,
  deps: Partial<IntegrationDeps> = {},
  global: Record<string, unknown> = {},
): Promise<Integration> {
  const file = join(folder, `${count++}.yml`);
  writeFileSync(file, JSON.stringify({ global, route: { receiver: 'team' }, receivers: [{ name: 'team', ...entry }] }));
  const { value } = loadAlertmanagerConfig(file);
  const clock = deps.clock ?? new ManualClock(NOW);
  const integrations = createIntegrations(value, {
    clock,
    http: () => new RecordingHttp(),
    templates: new NotificationTemplates(clock),
    readFile: readTextFile,
    run: () => Promise.resolve({ ok: true }),
    platform: 'linux',
    environment: {},
    writeTerminal: undefined,
    ...deps,
  });
  return integrations.get('team')![0]!;
}

export async function deliver(
  entry: Record<string, unknown>,
  notification: Notification = notificationOf([FIRING]),
  answer: (url: string, count: number) => Answer | Error = () => ({}),
  global: Record<string, unknown> = {},
): Promise<Delivery> {
  const http = new RecordingHttp(
    () => NOW,
    (request, number) => answer(request.url, number),
  );
  const integration = await integrationOf(entry, { http: () => http }, global);
  if (typeof integration.notifier === 'string') throw new Error(integration.notifier);
  const outcome = await integration.notifier.notify(notification, new AbortController().signal);
  return { outcome, http, bodies: http.sent.map(({ text }) => asJson(text)) };
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
