/** `watchfire test …`: runs tests of rules, PromQL, receivers and templates. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ZERO_TIME_MS } from '../alerting/alert.ts';
import type { Notification } from '../alerting/integration.ts';
import type { Alert } from '../alerting/model.ts';
import { loadAlertmanagerConfig } from '../config/alertmanager-loader.ts';
import { systemClock } from '../config/clock.ts';
import { createHttpClient } from '../http/axios.ts';
import { fingerprint } from '../labels/fingerprint.ts';
import { Labels } from '../labels/labels.ts';
import { readTextFile } from '../notify/fields.ts';
import { createIntegrations } from '../notify/integrations.ts';
import { NotificationTemplates } from '../notify/template-data.ts';
import { readTemplateFiles } from '../notify/template-files.ts';
import { runPromqlTests } from '../promql/testscript/run.ts';
import { runRuleTests } from '../rules/unit-test/run.ts';
import { TemplateError } from '../template/template.ts';
import { type CommandContext, EXIT, UsageError } from './context.ts';
import { printable } from './text-table.ts';
import { USER_AGENT } from './version.ts';

export async function testPromql(files: readonly string[], context: CommandContext): Promise<number> {
  const scripts = await Promise.all(
    files.map(async (name) => ({ name, text: await readFile(resolve(context.directory, name), 'utf8') })),
  );
  const { failed } = await runPromqlTests(scripts, (line) => context.stdout.write(`${line}\n`));
  return failed === 0 ? EXIT.fine : EXIT.found;
}

export async function testRules(files: readonly string[], context: CommandContext): Promise<number> {
  const passed = await runRuleTests(files, (line) => context.stdout.write(`${line}\n`));
  return passed ? EXIT.fine : EXIT.found;
}

/** Sends one firing test alert through every integration of a receiver. */
export async function testReceiver(file: string, receiver: string, context: CommandContext): Promise<number> {
  const { value } = loadAlertmanagerConfig(resolve(context.directory, file));
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
  let failed = false;
  for (const { name, notifier } of integrations.get(receiver) ?? []) {
    const outcome =
      typeof notifier === 'string'
        ? { ok: false as const, error: notifier }
        : await notifier.notify(testNotification(receiver), AbortSignal.timeout(30_000));
    context.stdout.write(`${name}: ${outcome.ok ? 'sent' : printable(outcome.error)}\n`);
    failed ||= !outcome.ok;
  }
  return failed ? EXIT.found : EXIT.fine;
}

/** Renders a template with a webhook payload as its data, or with a test alert. */
export async function testTemplate(
  text: string,
  flags: { readonly file?: string[]; readonly json?: string },
  context: CommandContext,
): Promise<number> {
  try {
    const patterns = (flags.file ?? []).map((each) => resolve(context.directory, each));
    const templates = new NotificationTemplates(systemClock, readTemplateFiles(patterns, readTextFile));
    const notification =
      flags.json === undefined
        ? testNotification('test')
        : fromPayload(await readFile(resolve(context.directory, flags.json), 'utf8'));
    context.stdout.write(`${templates.render(notification).text(text)}\n`);
    return EXIT.fine;
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    context.stderr.write(`${printable(error.message)}\n`);
    return EXIT.found;
  }
}

function testNotification(receiver: string): Notification {
  const labels = Labels.of({ alertname: 'WatchfireTest', severity: 'info', instance: 'localhost' });
  return notificationOf(receiver, Labels.of({ alertname: 'WatchfireTest' }), [
    {
      labels,
      annotations: Labels.of({ summary: 'A test of this receiver', description: 'Sent by watchfire test receiver.' }),
      startsAtMs: systemClock.nowMs(),
      endsAtMs: ZERO_TIME_MS,
    },
  ]);
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
