/** Where Alertmanager 0.34 cuts a text that is too long for a service: 10,000 characters of four bytes each after one of one byte. */
import { expect, it } from 'vitest';
import { alertOf, deliver, notificationOf } from './deliver.ts';
import { jira, sigv4 } from './entries.ts';

const LONG = `x${'😀'.repeat(10_000)}`;
const TEXT = '{{ .CommonAnnotations.long }}';

interface Case {
  readonly what: string;
  readonly entry: Record<string, unknown>;
  /** Where it stands in the last body, the names joined by `/`. */
  readonly at: string;
  readonly runes: number;
  /** What its last characters are. */
  readonly end: string;
}

it.each<Case>([
  {
    what: 'slack: title',
    entry: { slack_configs: [{ api_url: 'http://slack/', channel: '#a', title: TEXT }] },
    at: 'attachments/0/title',
    runes: 1024,
    end: '😀…',
  },
  {
    what: 'slack: text, whole',
    entry: { slack_configs: [{ api_url: 'http://slack/', channel: '#a', text: TEXT }] },
    at: 'attachments/0/text',
    runes: 10_001,
    end: '😀😀',
  },
  {
    what: 'pagerduty: description',
    entry: { pagerduty_configs: [{ routing_key: 'k', description: TEXT }] },
    at: 'payload/summary',
    runes: 1024,
    end: '😀…',
  },
  {
    what: 'opsgenie: message',
    entry: { opsgenie_configs: [{ api_key: 'k', message: TEXT }] },
    at: 'message',
    runes: 130,
    end: '😀…',
  },
  {
    what: 'telegram: message',
    entry: { telegram_configs: [{ bot_token: '1:a', chat_id: 7, parse_mode: '', message: TEXT }] },
    at: 'text',
    runes: 4096,
    end: '😀…',
  },
  {
    what: 'telegram: HTML, which must not be cut within a tag',
    entry: { telegram_configs: [{ bot_token: '1:a', chat_id: 7, message: TEXT }] },
    at: 'text',
    runes: 120,
    end: '.',
  },
  {
    what: 'pushover: title',
    entry: { pushover_configs: [{ user_key: 'u', token: 't', title: TEXT }] },
    at: 'title',
    runes: 250,
    end: '😀…',
  },
  {
    what: 'pushover: message',
    entry: { pushover_configs: [{ user_key: 'u', token: 't', message: TEXT }] },
    at: 'message',
    runes: 1024,
    end: '😀…',
  },
  {
    what: 'pushover: supplementary URL',
    entry: { pushover_configs: [{ user_key: 'u', token: 't', url: TEXT }] },
    at: 'url',
    runes: 512,
    end: '😀…',
  },
  {
    what: 'discord: title',
    entry: { discord_configs: [{ webhook_url: 'http://discord/', title: TEXT }] },
    at: 'embeds/0/title',
    runes: 256,
    end: '😀…',
  },
  {
    what: 'discord: description',
    entry: { discord_configs: [{ webhook_url: 'http://discord/', message: TEXT }] },
    at: 'embeds/0/description',
    runes: 4096,
    end: '😀…',
  },
  {
    what: 'discord: content',
    entry: { discord_configs: [{ webhook_url: 'http://discord/', content: TEXT }] },
    at: 'content',
    runes: 2000,
    end: '😀…',
  },
  {
    what: 'rocketchat: title',
    entry: { rocketchat_configs: [{ token_id: 'i', token: 't', channel: '#a', title: TEXT }] },
    at: 'attachments/0/title',
    runes: 1024,
    end: '😀…',
  },
  {
    what: 'mattermost: text, whole',
    entry: { mattermost_configs: [{ webhook_url: 'http://mattermost/', text: TEXT, attachments: [{ text: 'a' }] }] },
    at: 'text',
    runes: 10_001,
    end: '😀😀',
  },
  {
    what: 'jira: summary',
    entry: { jira_configs: [{ ...jira, summary: TEXT }] },
    at: 'fields/summary',
    runes: 255,
    end: '😀…',
  },
  {
    // By bytes: 7439, less what the last character would be cut off by.
    what: 'webex: message',
    entry: { webex_configs: [{ room_id: 'r', message: TEXT, http_config: { authorization: { credentials: 't' } } }] },
    at: 'markdown',
    runes: 1860,
    end: '😀…',
  },
  {
    // By bytes and without an ellipsis: 1600 of an SMS are one of one byte and 399 of four.
    what: 'sns: SMS',
    entry: { sns_configs: [{ phone_number: '+1', message: TEXT, sigv4 }] },
    at: 'Message',
    runes: 400,
    end: '😀😀',
  },
  {
    what: 'sns: message to a topic, whole',
    entry: { sns_configs: [{ topic_arn: 'arn:aws:sns:eu-west-1:1:a', message: TEXT, sigv4 }] },
    at: 'Message',
    runes: 10_001,
    end: '😀😀',
  },
])('$what', async ({ entry, at, runes, end }) => {
  const alert = alertOf({ alertname: 'Down' }, { long: LONG });
  const { bodies } = await deliver(entry, notificationOf([alert]), (url) =>
    url.includes('search') ? { text: '{"issues":[],"total":0}' } : {},
  );
  const text = valueAt(bodies.at(-1), at);
  expect([...text].length).toBe(runes);
  expect(text.endsWith(end)).toBe(true);
  expect(text).not.toContain('\ufffd');
});

function valueAt(body: unknown, at: string): string {
  if (typeof body === 'string') return new URLSearchParams(body).get(at) ?? '';
  let value: unknown = body;
  for (const name of at.split('/')) value = (value as Record<string, unknown>)[name];
  return String(value);
}

it('sns: says that an SMS was cut, and sends its form in order', async () => {
  const entry = { sns_configs: [{ phone_number: '+1', message: TEXT, sigv4 }] };
  const { http } = await deliver(entry, notificationOf([alertOf({ alertname: 'Down' }, { long: LONG })]));
  const names = [...new URLSearchParams(http.sent[0]!.text).keys()];
  expect(names).toEqual([
    'Action',
    'Message',
    'MessageAttributes.entry.1.Name',
    'MessageAttributes.entry.1.Value.DataType',
    'MessageAttributes.entry.1.Value.StringValue',
    'PhoneNumber',
    'Subject',
    'Version',
  ]);
});

it('writes objects as Go writes its maps', async () => {
  const details = { zone: 'z', area: '{{ "{b: 1, a: 2}" }}' };
  const pagerduty = await deliver({ pagerduty_configs: [{ routing_key: 'k', details }] });
  expect(pagerduty.http.sent[0]!.text).toMatch(/"custom_details":\{"area":\{"a":2,"b":1\},"firing":.*"zone":"z"\}/);
  const opsgenie = await deliver({ opsgenie_configs: [{ api_key: 'k', details: { aa: 'x' } }] });
  expect(opsgenie.http.sent[0]!.text).toContain('"details":{"aa":"x","alertname":"Down",');
  const victorops = await deliver({
    victorops_configs: [{ api_key: 'k', routing_key: 'r', custom_fields: { c: 'x' } }],
  });
  expect(victorops.http.sent[0]!.text).toMatch(/^\{"c":"x","entity_display_name":/);
  const rocketchat = await deliver({
    rocketchat_configs: [
      { token_id: 'i', token: 't', channel: '#a', actions: [{ type: 'button', text: 'Go', url: 'http://x' }] },
    ],
  });
  expect(rocketchat.bodies[0]).toMatchObject({
    attachments: [{ actions: [{ type: 'button', text: 'Go', is_webview: false, msg_in_chat_window: false }] }],
  });
});
