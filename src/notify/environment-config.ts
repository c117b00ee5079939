/** The receivers that the environment names where there is no alertmanager.yml: Slack, e-mail, a webhook, the desktop. */
import type {
  AlertmanagerConfig,
  IntegrationConfig,
  ReceiverConfig,
  RouteConfig,
} from '../config/alertmanager-config.ts';
import { defaultHttpClientConfig, type HttpClientConfig } from '../config/http-config.ts';
import { Secret } from '../config/secret.ts';
import type { Labels } from '../labels/labels.ts';
import { Matcher } from '../labels/matcher.ts';
import { desktopObstacle } from './desktop.ts';

export interface EnvironmentConfigOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Whether somebody sits in front of it: then the desktop is told, too, or the terminal where that is the way to it. */
  readonly interactive: boolean;
  /** Of this machine where not given. */
  readonly platform?: NodeJS.Platform | undefined;
  /** Of rules that have one, by the alert's name: not told of again within this time, however often it fires. */
  readonly cooldowns?: ReadonlyMap<string, number> | undefined;
}

export interface EnvironmentConfig {
  readonly config: AlertmanagerConfig;
  /** For `createAlerting`. */
  readonly cooldownMs: (groupLabels: Labels) => number;
  /** What will be told, in words; empty where nobody will. */
  readonly channels: readonly string[];
}

const PLACE = { file: 'environment', line: 1, column: 1 };
const DEFAULT_COOLDOWN_MS = 5 * 60_000;
/** How often a group looks whether there is anything new to tell. */
const CHECK_MS = 30_000;
const DEFAULT_SMARTHOST = 'smtp.gmail.com:587';
const SLACK_POST_URL = 'https://slack.com/api/chat.postMessage';

const NAME = '{{ or .CommonLabels.severity "alert" | toUpper }}: {{ .CommonLabels.alertname }}';
const MESSAGE =
  '{{ range $i, $alert := .Alerts }}{{ if $i }}\n{{ end }}' +
  '{{ or $alert.Annotations.summary $alert.Annotations.description $alert.Labels.alertname }}{{ end }}';
const TIME = '{{ (index .Alerts 0).StartsAt.Format "2006-01-02T15:04:05Z07:00" }}';
const HTML =
  '<h2>{{ template "watchfire.default.text" . }}</h2>{{ range .Alerts }}<p>' +
  '{{ range .Labels.SortedPairs }}<strong>{{ .Name }}:</strong> {{ .Value }}<br>{{ end }}' +
  '{{ range .Annotations.SortedPairs }}<strong>{{ .Name }}:</strong> {{ .Value }}<br>{{ end }}' +
  '<strong>Time:</strong> {{ .StartsAt.Format "2006-01-02T15:04:05Z07:00" }}</p>{{ end }}';

export function environmentConfig(options: EnvironmentConfigOptions): EnvironmentConfig {
  const cooldowns = options.cooldowns ?? new Map<string, number>();
  const critical = integrationsFor('critical', options);
  const others = integrationsFor('other', options);
  return {
    config: {
      file: 'environment',
      redactedText: '# from the environment\n',
      resolveTimeoutMs: 5 * 60_000,
      smtpTls: { insecureSkipVerify: false },
      route: routeTree(cooldowns),
      receivers: [
        receiver(
          'alerts',
          others.map(({ integration }) => integration),
        ),
        receiver(
          'critical-alerts',
          critical.map(({ integration }) => integration),
        ),
      ],
      inhibitRules: [],
      timeIntervals: [],
      templates: [],
    },
    cooldownMs: (groupLabels) => cooldowns.get(groupLabels.get('alertname')) ?? DEFAULT_COOLDOWN_MS,
    channels: [...new Set([...others, ...critical].map(({ channel }) => channel))],
  };
}

/** Critical alerts have a receiver of their own; below each a rule with a cooldown has a route of its own. */
function routeTree(cooldowns: ReadonlyMap<string, number>): RouteConfig {
  const rules = (receiverName: string): RouteConfig[] =>
    [...cooldowns].map(([name, cooldownMs]) =>
      route(receiverName, [new Matcher('=', 'alertname', name)], cooldownMs, []),
    );
  return route('alerts', [], DEFAULT_COOLDOWN_MS, [
    route('critical-alerts', [new Matcher('=', 'severity', 'critical')], DEFAULT_COOLDOWN_MS, rules('critical-alerts')),
    ...rules('alerts'),
  ]);
}

function route(
  receiverName: string,
  matchers: readonly Matcher[],
  repeatIntervalMs: number,
  routes: readonly RouteConfig[],
): RouteConfig {
  return {
    place: PLACE,
    receiver: receiverName,
    groupBy: ['alertname', 'severity'],
    matchers,
    muteTimeIntervals: [],
    activeTimeIntervals: [],
    continue: false,
    groupWaitMs: 0,
    groupIntervalMs: Math.min(CHECK_MS, repeatIntervalMs),
    repeatIntervalMs,
    routes,
  };
}

interface NamedIntegration {
  readonly channel: string;
  readonly integration: IntegrationConfig;
}

function integrationsFor(
  severity: 'critical' | 'other',
  { environment, interactive, platform }: EnvironmentConfigOptions,
): readonly NamedIntegration[] {
  const value = (name: string): string => environment[name]?.trim() ?? '';
  const found: NamedIntegration[] = [];
  const token = value('SLACK_TOKEN');
  const hook = value('SLACK_WEBHOOK_URL');
  if (token !== '' || hook !== '') found.push(slack(severity, token, hook));
  const to = value(severity === 'critical' ? 'CRITICAL_ALERT_EMAILS' : 'ALERT_EMAILS');
  if (value('EMAIL_USER') !== '' && to !== '') found.push(email(value, to));
  const url = value('ALERT_WEBHOOK_URL');
  if (url !== '') {
    found.push({
      channel: 'webhook (ALERT_WEBHOOK_URL)',
      integration: integration('webhook', { url: new Secret(url) }),
    });
  }
  if (interactive) found.push(inPerson(environment, platform ?? process.platform));
  return found;
}

/** Over SSH the desktop is on the other side, where only the terminal reaches. */
function inPerson(environment: EnvironmentConfigOptions['environment'], platform: NodeJS.Platform): NamedIntegration {
  const remote = (environment['SSH_CONNECTION'] ?? '') !== '';
  if (!remote && desktopObstacle(platform, environment) === undefined) {
    return { channel: 'desktop', integration: integration('desktop', {}) };
  }
  return { channel: 'terminal', integration: integration('terminal', { protocol: 'auto', bell: true }) };
}

function slack(severity: 'critical' | 'other', token: string, hook: string): NamedIntegration {
  const channel = severity === 'critical' ? '#critical-alerts' : '#alerts';
  const fields = {
    // A bot can choose the channel; a webhook of today posts to its own, whatever is asked for.
    api_url: token === '' ? new Secret(hook) : SLACK_POST_URL,
    channel,
    title: NAME,
    text: MESSAGE,
    fallback: `${NAME}: ${MESSAGE}`,
    color: `{{ if ne .Status "firing" }}good{{ else }}${severity === 'critical' ? 'danger' : 'warning'}{{ end }}`,
    short_fields: true,
    fields: [
      { title: 'Service', value: '{{ or .CommonLabels.service .CommonLabels.job "-" }}' },
      { title: 'Instance', value: '{{ or .CommonLabels.instance "-" }}' },
      { title: 'Time', value: TIME },
    ],
  };
  const http: HttpClientConfig =
    token === ''
      ? defaultHttpClientConfig
      : { ...defaultHttpClientConfig, authorization: { type: 'Bearer', credentials: new Secret(token) } };
  return {
    channel: `Slack (${token === '' ? 'SLACK_WEBHOOK_URL' : 'SLACK_TOKEN'})`,
    integration: integration('slack', fields, http),
  };
}

function email(value: (name: string) => string, to: string): NamedIntegration {
  const user = value('EMAIL_USER');
  return {
    channel: 'e-mail (EMAIL_USER)',
    integration: integration('email', {
      smarthost: value('EMAIL_SMARTHOST') || DEFAULT_SMARTHOST,
      to,
      from: value('EMAIL_FROM') || user,
      auth_username: user,
      auth_password: new Secret(value('EMAIL_PASSWORD')),
      headers: { Subject: NAME },
      html: HTML,
      text: MESSAGE,
      require_tls: true,
    }),
  };
}

function receiver(name: string, integrations: readonly IntegrationConfig[]): ReceiverConfig {
  return { name, place: PLACE, integrations };
}

function integration(
  kind: IntegrationConfig['kind'],
  fields: Readonly<Record<string, unknown>>,
  http: HttpClientConfig = defaultHttpClientConfig,
): IntegrationConfig {
  return { kind, place: PLACE, index: 0, sendResolved: true, http, fields };
}
