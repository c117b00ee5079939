/** `slack_configs`. */
import { goDuration, secretUrl, webUrl } from '../alertmanager-values.ts';
import { boolean, field, list, optional, struct, text } from '../schema.ts';
import { filePath, secret } from '../value-types.ts';
import { atMostOneOf, integration, isGiven } from './integration.ts';

const confirmation = struct(
  'config.plain',
  { text: field(text), title: field(text), ok_text: field(text), dismiss_text: field(text) },
  (raw, at) => {
    if (raw.text === '') at.fail('text', 'missing text in Slack confirmation configuration');
    return raw;
  },
);

const action = struct(
  'config.plain',
  {
    type: field(text),
    text: field(text),
    url: field(text),
    style: field(text),
    name: field(text),
    value: field(text),
    confirm: field(confirmation),
  },
  (raw, at) => {
    if (raw.type === '') at.fail('type', 'missing type in Slack action configuration');
    if (raw.text === '') at.fail('text', 'missing text in Slack action configuration');
    if (raw.url !== '') return { ...raw, name: '', value: '', confirm: undefined };
    if (raw.name === '') at.fail('name', 'missing name or url in Slack action configuration');
    return raw;
  },
);

/** Slack's and Mattermost's fields alike; `title` is how messages call the channel. */
export function attachmentField(title: string) {
  const fields = { title: field(text), value: field(text), short: field(optional(boolean)) };
  return struct('config.plain', fields, (raw, at) => {
    if (raw.title === '') at.fail('title', `missing title in ${title} field configuration`);
    if (raw.value === '') at.fail('value', `missing value in ${title} field configuration`);
    return raw;
  });
}

const POST_MESSAGE_URL = 'https://slack.com/api/chat.postMessage';

const template = (name: string): string => `{{ template "slack.default.${name}" . }}`;

export const slackIntegration = integration(
  'slack',
  false,
  {
    api_url: field(secretUrl),
    api_url_file: field(filePath),
    app_token: field(secret),
    app_token_file: field(filePath),
    app_url: field(webUrl),
    channel: field(text),
    username: field(text, template('username')),
    color: field(text, template('color')),
    title: field(text, template('title')),
    title_link: field(text, template('titlelink')),
    pretext: field(text, template('pretext')),
    text: field(text, template('text')),
    message_text: field(text),
    fields: field(list(attachmentField('Slack'))),
    short_fields: field(boolean),
    footer: field(text, template('footer')),
    fallback: field(text, template('fallback')),
    callback_id: field(text, template('callbackid')),
    icon_emoji: field(text, template('iconemoji')),
    icon_url: field(text, template('iconurl')),
    image_url: field(text),
    thumb_url: field(text),
    link_names: field(boolean),
    mrkdwn_in: field(list(text)),
    actions: field(list(action)),
    update_message: field(boolean),
    timeout: field(goDuration),
  },
  (raw, at) => {
    atMostOneOf(raw, at, 'api_url', 'api_url_file');
    atMostOneOf(raw, at, 'app_token', 'app_token_file');
    const url = isGiven(raw.api_url) || isGiven(raw.api_url_file);
    const token = isGiven(raw.app_token) || isGiven(raw.app_token_file);
    if (url && token) {
      at.fail('app_token', 'at most one of api_url/api_url_file & app_token/app_token_file must be configured');
    }
    if (raw.update_message && raw.api_url?.reveal() !== POST_MESSAGE_URL) {
      const message = `update_message can only be used with bot tokens. api_url must be set to ${POST_MESSAGE_URL}`;
      at.fail('update_message', message);
    }
  },
);
