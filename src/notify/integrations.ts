/** Makes the integrations of every receiver: the notifier of each entry, or why it cannot deliver. */
import type { Integration, Notification, Notifier } from '../alerting/integration.ts';
import type { AlertmanagerConfig, IntegrationConfig, ReceiverKind } from '../config/alertmanager-config.ts';
import type { Clock } from '../config/clock.ts';
import type { HttpClientConfig, TlsConfig } from '../config/http-config.ts';
import type { HttpClient } from '../http/client.ts';
import { TemplateError } from '../template/template.ts';
import type { ChannelContext } from './channel.ts';
import { emailNotifier } from './email.ts';
import { FieldError, Fields, type ReadFile } from './fields.ts';
import { slackNotifier } from './slack.ts';
import type { NotificationTemplates, Rendering } from './template-data.ts';
import { webhookNotifier } from './webhook.ts';

export interface IntegrationDeps {
  readonly clock: Clock;
  readonly http: (config: HttpClientConfig) => HttpClient;
  readonly templates: NotificationTemplates;
  readonly readFile: ReadFile;
}

/** By receiver, in the order of the file. */
export function createIntegrations(
  config: AlertmanagerConfig,
  deps: IntegrationDeps,
): ReadonlyMap<string, readonly Integration[]> {
  return new Map(
    config.receivers.map((receiver) => [
      receiver.name,
      receiver.integrations.map((entry) => ({
        name: `${entry.kind}[${entry.index}]`,
        sendResolved: entry.sendResolved,
        notifier: createNotifier(entry, config.smtpTls, deps),
      })),
    ]),
  );
}

export interface NotifierContext extends ChannelContext {
  readonly smtpTls: TlsConfig;
  readonly clock: Clock;
}

const channels: Partial<Record<ReceiverKind, (context: NotifierContext) => Notifier>> = {
  webhook: webhookNotifier,
  slack: slackNotifier,
  email: ({ fields, smtpTls, render }) => emailNotifier({ fields, tls: smtpTls, render }),
};

function createNotifier(entry: IntegrationConfig, smtpTls: TlsConfig, deps: IntegrationDeps): Notifier | string {
  const create = channels[entry.kind];
  if (create === undefined) {
    const { file, line } = entry.place;
    return `${file}:${line}: ${entry.kind}_configs is not supported: nothing is delivered through it`;
  }
  const fields = new Fields(entry.fields, deps.readFile);
  let http: HttpClient | undefined;
  const lazyHttp = (): HttpClient => {
    http ??= deps.http(entry.http);
    return http;
  };
  const render = (notification: Notification): Rendering => deps.templates.render(notification);
  const context: NotifierContext = {
    fields,
    smtpTls,
    render,
    clock: deps.clock,
    http: {
      request: (request) => lazyHttp().request(request),
      stream: (request) => lazyHttp().stream(request),
      close: () => http?.close(),
    },
  };
  return guarded(create(context), fields);
}

/** Faults of templates and fields are final until the configuration changes; no error text carries a secret. */
function guarded(notifier: Notifier, fields: Fields): Notifier {
  return {
    async notify(notification, signal) {
      try {
        const outcome = await notifier.notify(notification, signal);
        return outcome.ok ? outcome : { ...outcome, error: fields.redact(outcome.error) };
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        const final = error instanceof TemplateError || error instanceof FieldError;
        return { ok: false, retry: !final, error: fields.redact(text) };
      }
    },
  };
}
