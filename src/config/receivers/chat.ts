/** The other chats: discord, msteams, msteamsv2, mattermost, rocketchat, telegram, webex, wechat. */
import { secretUrl, webUrl } from '../alertmanager-values.ts';
import { boolean, type Field, field, integer, list, optional, plainStruct, text } from '../schema.ts';
import { filePath, secret } from '../value-types.ts';
import { atMostOneOf, integration, oneOfRequired } from './integration.ts';
import { attachmentField } from './slack.ts';

const webhookFields = { webhook_url: field(secretUrl), webhook_url_file: field(filePath) };
const templated = (kind: string, name: string): Field<string> =>
  field(text, `{{ template "${kind}.default.${name}" . }}`);

export const discordIntegration = integration(
  'discord',
  true,
  {
    ...webhookFields,
    content: field(text),
    title: templated('discord', 'title'),
    message: templated('discord', 'message'),
    username: field(text),
    avatar_url: field(text),
  },
  (raw, at) => {
    oneOfRequired(raw, at, 'webhook_url', 'webhook_url_file');
    atMostOneOf(raw, at, 'webhook_url', 'webhook_url_file');
  },
);

export const msteamsIntegration = integration(
  'msteams',
  true,
  {
    ...webhookFields,
    title: templated('msteams', 'title'),
    summary: templated('msteams', 'summary'),
    text: templated('msteams', 'text'),
  },
  (raw, at) => {
    oneOfRequired(raw, at, 'webhook_url', 'webhook_url_file');
    atMostOneOf(raw, at, 'webhook_url', 'webhook_url_file');
  },
);

export const msteamsv2Integration = integration(
  'msteamsv2',
  true,
  { ...webhookFields, title: templated('msteamsv2', 'title'), text: templated('msteamsv2', 'text') },
  (raw, at) => {
    oneOfRequired(raw, at, 'webhook_url', 'webhook_url_file');
    atMostOneOf(raw, at, 'webhook_url', 'webhook_url_file');
  },
);

const mattermostField = attachmentField('Mattermost');

const mattermostAttachment = {
  fallback: field(text),
  color: field(text),
  pretext: field(text),
  text: field(text),
  author_name: field(text),
  author_link: field(text),
  author_icon: field(text),
  title: field(text),
  title_link: field(text),
  fields: field(list(mattermostField)),
  thumb_url: field(text),
  footer: field(text),
  footer_icon: field(text),
  image_url: field(text),
};

export const mattermostIntegration = integration(
  'mattermost',
  true,
  {
    ...webhookFields,
    ...mattermostAttachment,
    channel: field(text),
    username: templated('mattermost', 'username'),
    text: templated('mattermost', 'text'),
    fallback: templated('mattermost', 'fallback'),
    color: templated('mattermost', 'color'),
    title: templated('mattermost', 'title'),
    title_link: templated('mattermost', 'titlelink'),
    icon_url: field(text),
    icon_emoji: field(text),
    attachments: field(list(plainStruct('mattermost.MattermostAttachment', mattermostAttachment))),
    type: field(text),
    props: field(plainStruct('mattermost.MattermostProps', { card: field(text) })),
    priority: field(
      plainStruct('mattermost.MattermostPriority', {
        priority: field(text),
        requested_ack: field(boolean),
        persistent_notifications: field(boolean),
      }),
    ),
  },
  (raw, at) => atMostOneOf(raw, at, 'webhook_url', 'webhook_url_file'),
);

/** The keys are those of Go's field names in lower case: Alertmanager gives these two structures no others. */
const rocketchatField = plainStruct('config.RocketchatAttachmentField', {
  short: field(optional(boolean)),
  title: field(text),
  value: field(text),
});

const rocketchatAction = plainStruct('config.RocketchatAttachmentAction', {
  type: field(text),
  text: field(text),
  url: field(text),
  imageurl: field(text),
  iswebview: field(boolean),
  webviewheightratio: field(text),
  msg: field(text),
  msginchatwindow: field(boolean),
  msgprocessingtype: field(text),
});

export const rocketchatIntegration = integration(
  'rocketchat',
  false,
  {
    api_url: field(webUrl),
    token_id: field(secret),
    token_id_file: field(filePath),
    token: field(secret),
    token_file: field(filePath),
    channel: field(text),
    color: field(text, '{{ if eq .Status "firing" }}red{{ else }}green{{ end }}'),
    title: templated('rocketchat', 'title'),
    title_link: templated('rocketchat', 'titlelink'),
    text: templated('rocketchat', 'text'),
    fields: field(list(rocketchatField)),
    short_fields: field(boolean),
    emoji: templated('rocketchat', 'emoji'),
    icon_url: templated('rocketchat', 'iconurl'),
    image_url: field(text),
    thumb_url: field(text),
    link_names: field(boolean),
    actions: field(list(rocketchatAction)),
  },
  (raw, at) => {
    atMostOneOf(raw, at, 'token', 'token_file');
    atMostOneOf(raw, at, 'token_id', 'token_id_file');
  },
);

export const telegramIntegration = integration(
  'telegram',
  true,
  {
    api_url: field(webUrl),
    bot_token: field(secret),
    bot_token_file: field(filePath),
    chat_id: field(integer),
    chat_id_file: field(filePath),
    message_thread_id: field(integer),
    message: templated('telegram', 'message'),
    disable_notifications: field(boolean),
    parse_mode: field(text, 'HTML'),
  },
  (raw, at) => {
    atMostOneOf(raw, at, 'bot_token', 'bot_token_file');
    if (raw.chat_id === 0 && !raw.chat_id_file)
      at.fail('chat_id', 'missing chat_id or chat_id_file on telegram_config');
    atMostOneOf(raw, at, 'chat_id', 'chat_id_file');
    if (!['', 'Markdown', 'MarkdownV2', 'HTML'].includes(raw.parse_mode)) {
      const choice = 'must be Markdown, MarkdownV2, HTML or empty string';
      at.fail('parse_mode', `unknown parse_mode on telegram_config, ${choice}`);
    }
  },
);

export const webexIntegration = integration(
  'webex',
  true,
  { api_url: field(webUrl), message: templated('webex', 'message'), room_id: field(text) },
  (raw, at) => {
    if (raw.room_id === '') at.fail('room_id', 'missing room_id on webex_config');
    if (!raw.http_config?.authorization) at.fail('http_config', 'missing webex_configs.http_config.authorization');
  },
);

export const wechatIntegration = integration(
  'wechat',
  false,
  {
    api_secret: field(secret),
    api_secret_file: field(filePath),
    corp_id: field(text),
    message: templated('wechat', 'message'),
    api_url: field(webUrl),
    to_user: templated('wechat', 'to_user'),
    to_party: templated('wechat', 'to_party'),
    to_tag: templated('wechat', 'to_tag'),
    agent_id: templated('wechat', 'agent_id'),
    message_type: field(text),
  },
  (raw, at) => {
    if (!['', 'text', 'markdown'].includes(raw.message_type)) {
      const type = JSON.stringify(raw.message_type);
      at.fail('message_type', `weChat message type ${type} does not match valid options ^(text|markdown)$`);
    }
    atMostOneOf(raw, at, 'api_secret', 'api_secret_file');
  },
  (raw) => ({ message_type: raw.message_type || 'text' }),
);
