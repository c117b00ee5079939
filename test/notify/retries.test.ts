/** Every channel over HTTP, through the whole of alerting: told to wait, then a fault of the service, then it is delivered once. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { loadAlertmanagerConfig } from '../../src/config/alertmanager-loader.ts';
import { ManualClock } from '../../src/config/clock.ts';
import { Labels } from '../../src/labels/labels.ts';
import { createAlerting } from '../../src/notify/create-alerting.ts';
import { type Answer, RecordingHttp } from '../alerting/recording-http.ts';
import { jira, sigv4 } from './entries.ts';

const folder = mkdtempSync(join(tmpdir(), 'watchfire-retries-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const START = Date.parse('2026-03-02T00:00:00Z');
const SECOND = 1000;

const webex = { room_id: 'r', http_config: { authorization: { credentials: 'tok' } } };

/** An entry, what a good answer is (200 with nothing in it where not given), and which requests are the notification itself. */
const CHANNELS: Readonly<Record<string, { readonly entry: unknown; readonly good?: Answer; readonly asks?: RegExp }>> =
  {
    webhook: { entry: { url: 'http://hook/' } },
    slack: { entry: { api_url: 'http://slack/', channel: '#a' }, good: { text: 'ok' } },
    pagerduty: { entry: { routing_key: 'key' }, good: { status: 202 } },
    opsgenie: { entry: { api_key: 'key' }, good: { status: 202 } },
    discord: { entry: { webhook_url: 'http://discord/' }, good: { status: 204 } },
    msteams: { entry: { webhook_url: 'http://teams/' }, good: { text: '1' } },
    msteamsv2: { entry: { webhook_url: 'http://teams/' }, good: { status: 202 } },
    telegram: { entry: { bot_token: '1:a', chat_id: 7 }, good: { text: '{"ok":true}' } },
    mattermost: { entry: { webhook_url: 'http://mattermost/' }, good: { text: 'ok' } },
    pushover: { entry: { user_key: 'u', token: 't' }, good: { text: '{"status":1}' } },
    rocketchat: { entry: { token_id: 'i', token: 't', channel: '#a' }, good: { text: '{"success":true}' } },
    jira: {
      entry: jira,
      good: { status: 201, text: '{"id":"1","key":"OPS-1","issues":[],"total":0}' },
      asks: /search/,
    },
    victorops: { entry: { api_key: 'k', routing_key: 'r' } },
    webex: { entry: webex },
    wechat: {
      entry: { corp_id: 'c', api_secret: 's', api_url: 'http://wechat/', to_user: '@all' },
      good: { text: '{"errcode":0,"access_token":"tok"}' },
      asks: /gettoken/,
    },
    sns: { entry: { topic_arn: 'arn:aws:sns:eu-west-1:1:a', sigv4 } },
    incidentio: { entry: { url: 'http://incident/', alert_source_token: 't' }, good: { status: 202 } },
  };

it.each(Object.entries(CHANNELS))('%s is told once the service takes it', async (kind, { entry, good = {}, asks }) => {
  const file = join(folder, `${kind}.yml`);
  const route = { receiver: 'team', group_wait: '0s', group_interval: '5m' };
  writeFileSync(file, JSON.stringify({ route, receivers: [{ name: 'team', [`${kind}_configs`]: [entry] }] }));
  const clock = new ManualClock(START);
  let tries = 0;
  const http = new RecordingHttp(
    () => clock.nowMs(),
    ({ url }) => {
      if (asks?.test(url)) return good;
      tries++;
      if (tries === 1) return { status: 429, headers: { 'retry-after': '20' }, text: 'slow down' };
      return tries === 2 ? { status: 500, text: 'out of order' } : good;
    },
  );
  const alerting = createAlerting({
    config: loadAlertmanagerConfig(file).value,
    clock,
    random: () => 0.5,
    externalUrl: 'http://watchfire',
    http: () => http,
  });
  const labels = Labels.of({ alertname: 'Down' });
  alerting.receive([{ labels, annotations: Labels.EMPTY, generatorUrl: '', startsAtMs: START }]);
  await clock.advance(250 * SECOND);
  const sent = http.sent.filter(({ request }) => !asks?.test(request.url));
  const seconds = sent.map(({ atMs }) => Math.round((atMs - START) / SECOND));
  expect(seconds).toEqual([0, 20, 21]);
  expect(new Set(sent.map(({ text }) => text)).size).toBe(1);
  expect(alerting.notifications(9).map(({ outcome }) => outcome)).toEqual(['sent', 'retrying', 'retrying']);
  await alerting.close();
});
