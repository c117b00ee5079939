import { describe, expect, it } from 'vitest';
import type { PostableAlert } from '../../src/alerting/model.ts';
import { ManualClock } from '../../src/config/clock.ts';
import { Labels } from '../../src/labels/labels.ts';
import { createAlerting } from '../../src/notify/create-alerting.ts';
import { environmentConfig } from '../../src/notify/environment-config.ts';
import { RecordingHttp } from '../alerting/recording-http.ts';

const START = Date.parse('2026-01-01T00:00:00Z');
const MINUTE = 60_000;

function alert(labels: Record<string, string>, endsAtMs = START + 24 * 60 * MINUTE): PostableAlert {
  return {
    labels: Labels.of(labels),
    annotations: Labels.of({ summary: '错误率过高: 6.50%' }),
    startsAtMs: START,
    endsAtMs,
    generatorUrl: '',
  };
}

function setUp(environment: Record<string, string>, cooldowns?: ReadonlyMap<string, number>) {
  const clock = new ManualClock(START);
  const http = new RecordingHttp(
    () => clock.nowMs(),
    (request) => ({ text: request.url.includes('slack') ? 'ok' : '' }),
  );
  const { config, cooldownMs, channels } = environmentConfig({ environment, interactive: false, cooldowns });
  const alerting = createAlerting({ config, cooldownMs, clock, externalUrl: 'http://wf', http: () => http });
  return { clock, http, alerting, channels };
}

describe('receivers from the environment', () => {
  it('names nobody where nothing is set', () => {
    expect(setUp({}).channels).toEqual([]);
  });

  it('sends by severity to Slack and to the webhook', async () => {
    const { alerting, clock, http, channels } = setUp({
      SLACK_WEBHOOK_URL: 'http://slack/hook',
      ALERT_WEBHOOK_URL: 'http://hook/',
    });
    expect(channels).toEqual(['Slack (SLACK_WEBHOOK_URL)', 'webhook (ALERT_WEBHOOK_URL)']);
    alerting.receive([
      alert({ alertname: 'HighErrorRate', severity: 'critical', service: 'shop', instance: 'a' }),
      alert({ alertname: 'Slow', severity: 'warning', service: 'shop' }),
    ]);
    await clock.advance(0);
    const slack = http.sent.filter(({ request }) => request.url.includes('slack')).map(({ text }) => JSON.parse(text));
    expect(slack).toMatchObject([
      {
        channel: '#critical-alerts',
        attachments: [
          {
            color: 'danger',
            title: 'CRITICAL: HighErrorRate',
            text: '错误率过高: 6.50%',
            fields: [
              { title: 'Service', value: 'shop', short: true },
              { title: 'Instance', value: 'a', short: true },
              { title: 'Time', value: '2026-01-01T00:00:00Z', short: true },
            ],
          },
        ],
      },
      { channel: '#alerts', attachments: [{ color: 'warning', title: 'WARNING: Slow' }] },
    ]);
    expect(http.sent.filter(({ request }) => request.url === 'http://hook/')).toHaveLength(2);
  });

  it('posts as a bot where there is a token', () => {
    const { config } = environmentConfig({
      environment: { SLACK_TOKEN: 'xoxb-1', DISPLAY: ':0' },
      interactive: true,
      platform: 'linux',
    });
    const [slack, desktop] = config.receivers[1]!.integrations;
    expect(slack!.fields['api_url']).toBe('https://slack.com/api/chat.postMessage');
    expect(slack!.http.authorization?.credentials?.reveal()).toBe('xoxb-1');
    expect(desktop!.kind).toBe('desktop');
  });

  it('tells the terminal where the desktop is elsewhere', () => {
    const kinds = (environment: Record<string, string>): string[] =>
      environmentConfig({ environment, interactive: true, platform: 'linux' }).config.receivers.map(
        ({ integrations }) => integrations[0]!.kind,
      );
    expect(kinds({ DISPLAY: ':0' })).toEqual(['desktop', 'desktop']);
    expect(kinds({ DISPLAY: ':0', SSH_CONNECTION: '1.2.3.4' })).toEqual(['terminal', 'terminal']);
    expect(kinds({})).toEqual(['terminal', 'terminal']);
  });

  it('sends mail to the addresses for the severity', () => {
    const { config } = environmentConfig({
      environment: { EMAIL_USER: 'me@x', EMAIL_PASSWORD: 'p', CRITICAL_ALERT_EMAILS: 'a@x,b@x', ALERT_EMAILS: 'c@x' },
      interactive: false,
    });
    expect(config.receivers.map(({ integrations }) => integrations[0]!.fields['to'])).toEqual(['c@x', 'a@x,b@x']);
  });

  it('keeps to the cooldown of each rule, over flapping, and repeats after it', async () => {
    const { alerting, clock, http } = setUp({ ALERT_WEBHOOK_URL: 'http://hook/' }, new Map([['Pool', 10 * MINUTE]]));
    const labels = { alertname: 'Pool', severity: 'critical' };
    alerting.receive([alert(labels)]);
    await clock.advance(2 * MINUTE);
    alerting.receive([alert(labels, clock.nowMs())]);
    await clock.advance(MINUTE);
    alerting.receive([alert(labels)]);
    await clock.advanceTo(START + 25 * MINUTE);
    expect(http.sent.map(({ atMs, text }) => [(atMs - START) / MINUTE, JSON.parse(text).status])).toEqual([
      [0, 'firing'],
      [2.5, 'resolved'],
      [10, 'firing'],
      [20, 'firing'],
    ]);
  });
});
