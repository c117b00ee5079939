/** Makes the integrations of every receiver: the notifier of each entry, or why it cannot deliver. */
import type { Integration, Notification, Notifier } from '../alerting/integration.ts';
import type { AlertmanagerConfig, IntegrationConfig, ReceiverKind } from '../config/alertmanager-config.ts';
import type { Clock } from '../config/clock.ts';
import type { HttpClientConfig, TlsConfig } from '../config/http-config.ts';
import type { HttpClient } from '../http/client.ts';
import { TemplateError } from '../template/template.ts';
import type { ChannelContext } from './channel.ts';
import { commandNotifier } from './command.ts';
import { desktopNotifier, desktopObstacle } from './desktop.ts';
import { discordNotifier } from './discord.ts';
import { emailNotifier } from './email.ts';
import { FieldError, Fields, type ReadFile } from './fields.ts';
import { incidentioNotifier } from './incidentio.ts';
import { jiraNotifier } from './jira.ts';
import { mattermostNotifier } from './mattermost.ts';
import { msteamsNotifier, msteamsV2Notifier } from './msteams.ts';
import { opsgenieNotifier } from './opsgenie.ts';
import { pagerdutyNotifier } from './pagerduty.ts';
import { pushoverNotifier } from './pushover.ts';
import { rocketchatNotifier } from './rocketchat.ts';
import { type RunProgram, runProgram } from './run-program.ts';
import { slackNotifier } from './slack.ts';
import { snsNotifier, snsObstacle } from './sns.ts';
import { telegramNotifier } from './telegram.ts';
import type { NotificationTemplates, Rendering } from './template-data.ts';
import { terminalNotifier } from './terminal.ts';
import { victoropsNotifier } from './victorops.ts';
import { webexNotifier } from './webex.ts';
import { webhookNotifier } from './webhook.ts';
import { wechatNotifier } from './wechat.ts';

export interface IntegrationDeps {
  readonly clock: Clock;
  readonly http: (config: HttpClientConfig) => HttpClient;
  readonly templates: NotificationTemplates;
  readonly readFile: ReadFile;
  /** For `terminal_configs`; undefined where there is no terminal. */
  readonly writeTerminal?: ((text: string) => void) | undefined;
  /** What else channels reach for; of this machine where not given. */
  readonly run?: RunProgram | undefined;
  readonly platform?: NodeJS.Platform | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
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

interface NotifierContext extends ChannelContext {
  readonly smtpTls: TlsConfig;
  readonly clock: Clock;
  readonly run: RunProgram;
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly writeTerminal: ((text: string) => void) | undefined;
}

const channels: Readonly<Record<ReceiverKind, (context: NotifierContext) => Notifier>> = {
  command: commandNotifier,
  desktop: desktopNotifier,
  discord: discordNotifier,
  email: ({ fields, smtpTls, render }) => emailNotifier({ fields, tls: smtpTls, render }),
  incidentio: incidentioNotifier,
  jira: jiraNotifier,
  mattermost: mattermostNotifier,
  msteams: msteamsNotifier,
  msteamsv2: msteamsV2Notifier,
  opsgenie: opsgenieNotifier,
  pagerduty: pagerdutyNotifier,
  pushover: pushoverNotifier,
  rocketchat: rocketchatNotifier,
  slack: slackNotifier,
  sns: snsNotifier,
  telegram: telegramNotifier,
  terminal: terminalNotifier,
  victorops: victoropsNotifier,
  webex: webexNotifier,
  webhook: webhookNotifier,
  wechat: wechatNotifier,
};

function createNotifier(entry: IntegrationConfig, smtpTls: TlsConfig, deps: IntegrationDeps): Notifier | string {
  const environment = deps.environment ?? process.env;
  const platform = deps.platform ?? process.platform;
  const fields = new Fields(entry.fields, deps.readFile);
  const obstacle =
    entry.kind === 'desktop'
      ? desktopObstacle(platform, environment)
      : entry.kind === 'sns'
        ? snsObstacle(fields)
        : undefined;
  if (obstacle !== undefined) return `${entry.place.file}:${entry.place.line}: ${obstacle}`;
  let http: HttpClient | undefined;
  const lazyHttp = (): HttpClient => {
    http ??= deps.http(entry.http);
    return http;
  };
  const render = (notification: Notification): Rendering => deps.templates.render(notification);
  const context: NotifierContext = {
    clock: deps.clock,
    run: deps.run ?? runProgram,
    platform,
    environment,
    writeTerminal: deps.writeTerminal,
    fields,
    smtpTls,
    render,
    http: {
      request: (request) => lazyHttp().request(request),
      stream: (request) => lazyHttp().stream(request),
      close: () => http?.close(),
    },
  };
  return guarded(channels[entry.kind](context), fields);
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
