/** The `global` section of `alertmanager.yml`: what receivers inherit. */
import { hostPort, secretUrl, webUrl } from './alertmanager-values.ts';
import { httpConfig, tlsConfig } from './http-client-fields.ts';
import { defaultHttpClientConfig } from './http-config.ts';
import { boolean, field, optional, type Raw, type StructPlace, struct, text } from './schema.ts';
import { duration, filePath, secret } from './value-types.ts';

const fields = {
  resolve_timeout: field(duration, 300_000),
  http_config: field(httpConfig, defaultHttpClientConfig),
  jira_api_url: field(webUrl),
  smtp_from: field(text),
  smtp_hello: field(text, 'localhost'),
  smtp_smarthost: field(hostPort),
  smtp_auth_username: field(text),
  smtp_auth_password: field(secret),
  smtp_auth_password_file: field(filePath),
  smtp_auth_secret: field(secret),
  smtp_auth_secret_file: field(filePath),
  smtp_auth_identity: field(text),
  smtp_require_tls: field(boolean, true),
  smtp_tls_config: field(tlsConfig, { insecureSkipVerify: false }),
  smtp_force_implicit_tls: field(optional(boolean)),
  slack_api_url: field(secretUrl),
  slack_api_url_file: field(filePath),
  slack_app_token: field(secret),
  slack_app_token_file: field(filePath),
  slack_app_url: field(webUrl, 'https://slack.com/api/chat.postMessage'),
  pagerduty_url: field(webUrl, 'https://events.pagerduty.com/v2/enqueue'),
  opsgenie_api_url: field(webUrl, 'https://api.opsgenie.com/'),
  opsgenie_api_key: field(secret),
  opsgenie_api_key_file: field(filePath),
  wechat_api_url: field(webUrl, 'https://qyapi.weixin.qq.com/cgi-bin/'),
  wechat_api_secret: field(secret),
  wechat_api_secret_file: field(filePath),
  wechat_api_corp_id: field(text),
  victorops_api_url: field(webUrl, 'https://alert.victorops.com/integrations/generic/20131114/alert/'),
  victorops_api_key: field(secret),
  victorops_api_key_file: field(filePath),
  telegram_api_url: field(webUrl, 'https://api.telegram.org'),
  telegram_bot_token: field(secret),
  telegram_bot_token_file: field(filePath),
  webex_api_url: field(webUrl, 'https://webexapis.com/v1/messages'),
  rocketchat_api_url: field(webUrl, 'https://open.rocket.chat/'),
  rocketchat_token: field(secret),
  rocketchat_token_file: field(filePath),
  rocketchat_token_id: field(secret),
  rocketchat_token_id_file: field(filePath),
  mattermost_webhook_url: field(secretUrl),
  mattermost_webhook_url_file: field(filePath),
};

export type AlertmanagerGlobal = Raw<typeof fields>;

/** What holds where the file has no such section. */
export const defaultAlertmanagerGlobal = Object.fromEntries(
  Object.entries(fields).map(([name, { absent }]) => [name, absent]),
) as unknown as AlertmanagerGlobal;

/** Of each pair at most one may be given. */
const EXCLUSIVE: readonly (readonly [keyof AlertmanagerGlobal, keyof AlertmanagerGlobal])[] = [
  ['slack_app_token', 'slack_app_token_file'],
  ['slack_api_url', 'slack_api_url_file'],
  ['opsgenie_api_key', 'opsgenie_api_key_file'],
  ['victorops_api_key', 'victorops_api_key_file'],
  ['telegram_bot_token', 'telegram_bot_token_file'],
  ['smtp_auth_password', 'smtp_auth_password_file'],
  ['rocketchat_token', 'rocketchat_token_file'],
  ['rocketchat_token_id', 'rocketchat_token_id_file'],
  ['smtp_auth_secret', 'smtp_auth_secret_file'],
  ['wechat_api_secret', 'wechat_api_secret_file'],
  ['mattermost_webhook_url', 'mattermost_webhook_url_file'],
];

export const alertmanagerGlobal = struct('config.plain', fields, (raw, at): AlertmanagerGlobal => {
  for (const [one, other] of EXCLUSIVE) {
    if (raw[one] === undefined || raw[other] === undefined) continue;
    at.fail(other, `at most one of ${one} & ${other} must be configured: remove one`);
  }
  checkSlack(raw, at);
  return raw;
});

/** A webhook beside a bot's token is refused, unless the webhook is the bot's own address. */
function checkSlack(raw: AlertmanagerGlobal, at: StructPlace): void {
  const token = raw.slack_app_token ?? raw.slack_app_token_file;
  const url = raw.slack_api_url ?? raw.slack_api_url_file;
  if (token === undefined || url === undefined || raw.slack_api_url?.reveal() === raw.slack_app_url) return;
  const names = 'slack_app_token/slack_app_token_file & slack_api_url/slack_api_url_file';
  at.fail(raw.slack_api_url ? 'slack_api_url' : 'slack_api_url_file', `at most one of ${names} must be configured`);
}
