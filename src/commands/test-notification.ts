/** `watchfire test receiver` and `watchfire test template`: notifications of alerts that are made up, given, or there. */
import { readFile } from 'node:fs/promises';
import { isResolved, ZERO_TIME_MS } from '../alerting/alert.ts';
import type { Notification } from '../alerting/integration.ts';
import type { Alert } from '../alerting/model.ts';
import { loadAlertmanagerConfig } from '../config/alertmanager-loader.ts';
import { systemClock } from '../config/clock.ts';
import { defaultHttpClientConfig } from '../config/http-config.ts';
import { createHttpClient } from '../http/axios.ts';
import { fingerprint } from '../labels/fingerprint.ts';
import { Labels } from '../labels/labels.ts';
import { parseMatcher } from '../labels/matcher-parser.ts';
import { remoteAlertSource } from '../monitor/remote-alerts.ts';
import { readTextFile } from '../notify/fields.ts';
import { createIntegrations } from '../notify/integrations.ts';
import { NotificationTemplates } from '../notify/template-data.ts';
import { readTemplateFiles } from '../notify/template-files.ts';
import { TemplateError } from '../template/template.ts';
import { type CommandContext, EXIT, namedPath, UsageError } from './context.ts';
import { printable } from './text-table.ts';
import { USER_AGENT } from './version.ts';

export interface TestReceiverFlags {
  readonly label?: string[];
  readonly annotation?: string[];
  readonly resolved?: boolean;
  readonly json?: boolean;
}

export interface TestTemplateFlags {
  readonly file?: string[];
  readonly config?: string;
  readonly json?: string;
  readonly alertmanager?: string;
  readonly group?: string[];
}

const TIMEOUT_MS = 30_000;

/** Sends a firing test alert through every integration of a receiver, and then perhaps that it is resolved. */
export async function testReceiver(
  file: string,
  receiver: string,
  flags: TestReceiverFlags,
  context: CommandContext,
): Promise<number> {
  const { value } = loadAlertmanagerConfig(namedPath(file, context));
  if (!value.receivers.some((each) => each.name === receiver)) {
    throw new UsageError(
      `${file} has no receiver ${JSON.stringify(receiver)}: it has ${value.receivers.map((each) => each.name).join(', ')}`,
    );
  }
  const integrations = createIntegrations(value, {
    clock: systemClock,
    http: (config) => createHttpClient(config, { userAgent: USER_AGENT }),
    templates: new NotificationTemplates(systemClock, readTemplateFiles(value.templates, readTextFile)),
    readFile: readTextFile,
    writeTerminal: (text) => context.stdout.write(text),
  });
  const entries = integrations.get(receiver) ?? [];
  if (entries.length === 0)
    (flags.json ? context.stderr : context.stdout).write(
      `${printable(receiver)} has no integrations: nobody would be told\n`,
    );
  const firing = testNotification(receiver, flags);
  let failed = false;
  const tell = (integration: string, status: string, outcome: string, error?: string): void => {
    const line = error ?? (status === 'resolved' ? 'resolved sent' : 'sent');
    const value = { receiver, integration, status, outcome, error };
    context.stdout.write(flags.json ? `${JSON.stringify(value)}\n` : `${integration}: ${printable(line)}\n`);
  };
  // Kept between the two, as between the notifications of a group: a message may be updated.
  for (const { name, notifier, sendResolved } of entries) {
    const store = new Map<string, string>();
    for (const notification of flags.resolved ? [firing, resolvedOf(firing)] : [firing]) {
      const isOver = notification !== firing;
      if (isOver && !sendResolved) {
        tell(name, 'resolved', 'not-sent', 'resolved alerts are not sent (send_resolved: false)');
        continue;
      }
      const outcome =
        typeof notifier === 'string'
          ? { ok: false as const, error: notifier }
          : await notifier.notify({ ...notification, store }, AbortSignal.timeout(TIMEOUT_MS));
      const status = isOver ? 'resolved' : 'firing';
      if (outcome.ok) tell(name, status, 'sent');
      else tell(name, status, 'failed', outcome.error);
      failed ||= !outcome.ok;
    }
  }
  return failed ? EXIT.found : EXIT.fine;
}

/** Renders a template with a webhook payload as its data, with the groups of a running Alertmanager, or with a test alert. */
export async function testTemplate(text: string, flags: TestTemplateFlags, context: CommandContext): Promise<number> {
  if (flags.group !== undefined && flags.alertmanager === undefined)
    throw new UsageError('--group chooses among the groups of --alertmanager URL, which is not given');
  try {
    const patterns = [
      ...(flags.config === undefined ? [] : loadAlertmanagerConfig(namedPath(flags.config, context)).value.templates),
      ...(flags.file ?? []).map((each) => namedPath(each, context)),
    ];
    const templates = new NotificationTemplates(systemClock, readTemplateFiles(patterns, readTextFile));
    const notifications = await notificationsOf(flags, context);
    if (notifications.length === 0) {
      context.stderr.write('no group matches\n');
      return EXIT.found;
    }
    for (const notification of notifications) {
      if (flags.alertmanager !== undefined) {
        const { receiver, groupLabels, alerts } = notification;
        context.stderr.write(printable(`${receiver} ${groupLabels.toString()}, ${alerts.length} alerts:`).concat('\n'));
      }
      context.stdout.write(`${templates.render(notification).text(text)}\n`);
    }
    return EXIT.fine;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    context.stderr.write(`${printable(error.message)}\n`);
    return EXIT.found;
  }
}

async function notificationsOf(flags: TestTemplateFlags, context: CommandContext): Promise<readonly Notification[]> {
  if (flags.alertmanager !== undefined) return liveNotifications(flags.alertmanager, flags.group ?? []);
  if (flags.json === undefined) return [testNotification('test', {})];
  return [fromPayload(await readFile(namedPath(flags.json, context), 'utf8'))];
}

/** Of every group that has an alert which the matchers accept, as its next notification would be. */
async function liveNotifications(url: string, matchers: readonly string[]): Promise<readonly Notification[]> {
  const http = createHttpClient(defaultHttpClientConfig, { userAgent: USER_AGENT });
  const source = remoteAlertSource({ prometheusUrl: undefined, alertmanagerUrl: url, http, clock: systemClock });
  try {
    const groups = await source.alertGroups({ matchers: matchers.map((each) => parseMatcher(each).toString()) });
    return groups.map(({ receiver, labels, alerts, routeLabels }) => ({
      ...notificationOf(
        receiver,
        labels,
        alerts.map((alert) => (isResolved(alert, systemClock.nowMs()) ? alert : { ...alert, endsAtMs: ZERO_TIME_MS })),
      ),
      routeLabels: routeLabels ?? Labels.EMPTY,
      externalUrl: url,
    }));
  } finally {
    await source.close();
    http.close();
  }
}

function testNotification(receiver: string, { label, annotation }: TestReceiverFlags): Notification {
  const labels = {
    alertname: 'WatchfireTest',
    severity: 'info',
    instance: 'localhost',
    ...pairsOf(label ?? []),
  };
  const annotations = {
    summary: 'A test of this receiver',
    description: 'Sent by watchfire test receiver.',
    ...pairsOf(annotation ?? []),
  };
  return notificationOf(receiver, Labels.of({ alertname: labels.alertname }), [
    {
      labels: Labels.of(labels),
      annotations: Labels.annotations(annotations),
      startsAtMs: systemClock.nowMs(),
      endsAtMs: ZERO_TIME_MS,
    },
  ]);
}

function resolvedOf(notification: Notification): Notification {
  const nowMs = systemClock.nowMs();
  const alerts = notification.alerts.map((alert) => ({ ...alert, endsAtMs: nowMs }));
  return { ...notification, alerts, nowMs, reason: 'all alerts resolved' };
}

function pairsOf(texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf('=');
      if (at <= 0) throw new UsageError(`${JSON.stringify(text)} is no pair: write name=value`);
      return [text.slice(0, at), text.slice(at + 1)];
    }),
  );
}

interface Payload {
  readonly receiver?: string;
  readonly groupLabels?: Record<string, string>;
  readonly alerts?: readonly {
    readonly labels?: Record<string, string>;
    readonly annotations?: Record<string, string>;
    readonly startsAt?: string;
    readonly endsAt?: string;
    readonly status?: string;
  }[];
}

function fromPayload(text: string): Notification {
  const payload: Payload = JSON.parse(text);
  const alerts = (payload.alerts ?? []).map((alert) => ({
    labels: Labels.of(alert.labels ?? {}),
    annotations: Labels.annotations(alert.annotations ?? {}),
    startsAtMs: Date.parse(alert.startsAt ?? '') || systemClock.nowMs(),
    endsAtMs: alert.status === 'resolved' ? Date.parse(alert.endsAt ?? '') || systemClock.nowMs() : ZERO_TIME_MS,
  }));
  return notificationOf(payload.receiver ?? 'test', Labels.of(payload.groupLabels ?? {}), alerts);
}

function notificationOf(
  receiver: string,
  groupLabels: Labels,
  alerts: readonly Pick<Alert, 'labels' | 'annotations' | 'startsAtMs' | 'endsAtMs'>[],
): Notification {
  const nowMs = systemClock.nowMs();
  return {
    receiver,
    groupKey: `{}:${groupLabels.toString()}`,
    groupLabels,
    routeLabels: Labels.EMPTY,
    alerts: alerts.map((alert) => ({
      ...alert,
      fingerprint: fingerprint(alert.labels),
      updatedAtMs: nowMs,
      generatorUrl: '',
    })),
    nowMs,
    externalUrl: 'http://localhost:9093',
    reason: 'first notification',
    store: new Map(),
  };
}
