/** Fills what an integration leaves open from the global section, and reports what is still missing then. */
import type { IntegrationConfig, ReceiverKind } from '../alertmanager-config.ts';
import type { AlertmanagerGlobal } from '../alertmanager-global.ts';
import { defaultHttpClientConfig, type HttpClientConfig } from '../http-config.ts';
import { isGiven, type RawIntegration } from './integration.ts';

type GlobalName = keyof AlertmanagerGlobal;

/** Fields that are taken over together: only where none of them is given. */
interface Rule {
  readonly from: Readonly<Record<string, GlobalName>>;
  /** Said where all of the fields are missing still. */
  readonly missing?: string | undefined;
}

const RULES: Partial<Readonly<Record<ReceiverKind, readonly Rule[]>>> = {
  email: [
    { from: { tls_config: 'smtp_tls_config' } },
    { from: { smarthost: 'smtp_smarthost' }, missing: 'no global SMTP smarthost set' },
    { from: { from: 'smtp_from' }, missing: 'no global SMTP from set' },
    { from: { hello: 'smtp_hello' } },
    { from: { auth_username: 'smtp_auth_username' } },
    { from: { auth_password: 'smtp_auth_password', auth_password_file: 'smtp_auth_password_file' } },
    { from: { auth_secret: 'smtp_auth_secret' } },
    { from: { auth_secret_file: 'smtp_auth_secret_file' } },
    { from: { auth_identity: 'smtp_auth_identity' } },
    { from: { require_tls: 'smtp_require_tls' } },
    { from: { force_implicit_tls: 'smtp_force_implicit_tls' } },
  ],
  pagerduty: [{ from: { url: 'pagerduty_url' }, missing: 'no global PagerDuty URL set' }],
  opsgenie: [
    { from: { api_url: 'opsgenie_api_url' }, missing: 'no global OpsGenie URL set' },
    {
      from: { api_key: 'opsgenie_api_key', api_key_file: 'opsgenie_api_key_file' },
      missing: 'no global OpsGenie API Key set either inline or in a file',
    },
  ],
  wechat: [
    { from: { api_url: 'wechat_api_url' }, missing: 'no global Wechat URL set' },
    {
      from: { api_secret: 'wechat_api_secret', api_secret_file: 'wechat_api_secret_file' },
      missing: 'no global Wechat Api Secret set either inline or in a file',
    },
    { from: { corp_id: 'wechat_api_corp_id' }, missing: 'no global Wechat CorpID set' },
  ],
  victorops: [
    { from: { api_url: 'victorops_api_url' }, missing: 'no global VictorOps URL set' },
    {
      from: { api_key: 'victorops_api_key', api_key_file: 'victorops_api_key_file' },
      missing: 'no global VictorOps API Key set',
    },
  ],
  telegram: [
    { from: { api_url: 'telegram_api_url' } },
    {
      from: { bot_token: 'telegram_bot_token', bot_token_file: 'telegram_bot_token_file' },
      missing: 'missing bot_token or bot_token_file on telegram_config',
    },
  ],
  webex: [{ from: { api_url: 'webex_api_url' }, missing: 'no global Webex URL set' }],
  jira: [{ from: { api_url: 'jira_api_url' }, missing: 'no global Jira Cloud URL set' }],
  rocketchat: [
    { from: { api_url: 'rocketchat_api_url' } },
    {
      from: { token_id: 'rocketchat_token_id', token_id_file: 'rocketchat_token_id_file' },
      missing: 'no global Rocketchat TokenID set either inline or in a file',
    },
    {
      from: { token: 'rocketchat_token', token_file: 'rocketchat_token_file' },
      missing: 'no global Rocketchat Token set either inline or in a file',
    },
  ],
  mattermost: [
    {
      from: { webhook_url: 'mattermost_webhook_url', webhook_url_file: 'mattermost_webhook_url_file' },
      missing: 'missing webhook_url or webhook_url_file on mattermost_config',
    },
  ],
};

/** Kinds whose API address is a folder, so that it ends in a slash. */
const ENDS_IN_SLASH: readonly ReceiverKind[] = ['opsgenie', 'victorops', 'wechat'];

/** Problems go to the reading of the entry. */
export function inheritGlobals(raw: RawIntegration, index: number, global: AlertmanagerGlobal): IntegrationConfig {
  const fields: Record<string, unknown> = { ...raw.fields };
  for (const { from, missing } of RULES[raw.kind] ?? []) {
    const names = Object.keys(from);
    if (!names.some((name) => isGiven(fields[name]))) {
      for (const name of names) fields[name] = global[from[name]!];
    }
    if (missing && !names.some((name) => isGiven(fields[name]))) raw.at.fail(raw.at.place, missing);
  }
  let http = raw.http ?? global.http_config ?? defaultHttpClientConfig;
  if (raw.kind === 'slack') inheritSlack(raw, fields, http, global);
  if (raw.kind === 'msteamsv2' && raw.http && !raw.http.proxyUrl)
    http = { ...raw.http, proxyUrl: global.http_config?.proxyUrl };
  if (ENDS_IN_SLASH.includes(raw.kind)) fields['api_url'] = withSlash(String(fields['api_url'] ?? ''));
  return { kind: raw.kind, place: raw.place, index, sendResolved: raw.sendResolved, http, fields };
}

/** A token of one's own or the global one leads to the bot's address, else the webhook counts. */
function inheritSlack(
  raw: RawIntegration,
  fields: Record<string, unknown>,
  http: HttpClientConfig,
  global: AlertmanagerGlobal,
): void {
  fields['app_url'] ??= global.slack_app_url;
  if (!isGiven(fields['app_url'])) raw.at.fail(raw.place, 'no global Slack App URL set');
  const ownToken = isGiven(fields['app_token']) || isGiven(fields['app_token_file']);
  if (!ownToken && !raw.http?.authorization && !isGiven(fields['api_url'])) {
    fields['app_token'] = global.slack_app_token;
    fields['app_token_file'] = global.slack_app_token_file;
  }
  if (!isGiven(fields['api_url']) && !isGiven(fields['api_url_file'])) {
    fields['api_url'] = global.slack_api_url;
    fields['api_url_file'] = global.slack_api_url_file;
  }
  const token = isGiven(fields['app_token']) || isGiven(fields['app_token_file']);
  if (!token && !isGiven(fields['api_url']) && !isGiven(fields['api_url_file'])) {
    raw.at.fail(raw.place, 'no Slack API URL nor App token set either inline or in a file');
  }
  if (!token) return;
  if (http.authorization) raw.at.fail(raw.place, "http authorization can't be set when using Slack App tokens");
  fields['api_url'] = fields['app_url'];
  fields['api_url_file'] = undefined;
}

function withSlash(url: string): string {
  return /^[^?#]*\/([?#]|$)/.test(url) ? url : url.replace(/^[^?#]*/, '$&/');
}
