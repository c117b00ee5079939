import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../src/config/clock.ts';
import { HttpError } from '../../src/http/client.ts';
import { Labels } from '../../src/labels/labels.ts';
import { RecordingHttp } from '../alerting/recording-http.ts';
import { alertOf, deliver, FIRING, integrationOf, NOW, notificationOf, RESOLVED } from './deliver.ts';

const HASH = createHash('sha256').update('{}:{alertname="Down"}').digest('hex');
const SUBJECT = '[FIRING:1] Down (a:1 critical)';
const LINK = 'http://watchfire/#/alerts?receiver=team';
const LIST = `Labels:
 - alertname = Down
 - instance = a:1
 - severity = critical
Annotations:
 - summary = a is <down>
Source: http://prometheus/graph?g0.expr=up
`;

describe('webhook', () => {
  it('posts Alertmanager’s body to the letter', async () => {
    const { http, outcome } = await deliver({ webhook_configs: [{ url: 'http://hook/x?a=b' }] });
    expect(outcome).toEqual({ ok: true });
    expect(http.sent[0]!.request.headers).toEqual({ 'Content-Type': 'application/json' });
    expect(http.sent[0]!.text).toBe(
      '{"receiver":"team","status":"firing","alerts":[{"status":"firing","labels":{"alertname":"Down","instance":"a:1",' +
        '"severity":"critical"},"annotations":{"summary":"a is \\u003cdown\\u003e"},"startsAt":"2026-03-02T09:59:00Z",' +
        '"endsAt":"0001-01-01T00:00:00Z","generatorURL":"http://prometheus/graph?g0.expr=up",' +
        `"fingerprint":"${FIRING.fingerprint}"}],"notification_reason":"first notification",` +
        '"groupLabels":{"alertname":"Down"},"commonLabels":{"alertname":"Down","instance":"a:1","severity":"critical"},' +
        '"commonAnnotations":{"summary":"a is \\u003cdown\\u003e"},"routeLabels":{},"externalURL":"http://watchfire",' +
        '"version":"4","groupKey":"{}:{alertname=\\"Down\\"}","truncatedAlerts":0}\n',
    );
  });

  it('cuts off at max_alerts and says how many', async () => {
    const { bodies } = await deliver(
      { webhook_configs: [{ url: 'http://hook/', max_alerts: 1 }] },
      notificationOf([FIRING, alertOf({ alertname: 'Down', instance: 'b:1' })]),
    );
    expect(bodies[0]).toMatchObject({ truncatedAlerts: 1, alerts: [{ labels: { instance: 'a:1' } }] });
  });

  it('expands a payload and an address of one’s own, and route labels', async () => {
    const { bodies, http } = await deliver(
      {
        webhook_configs: [
          {
            url: 'http://hook/{{ .GroupLabels.alertname }}',
            payload: {
              text: '{{ .Status }} ({{ len .Alerts }})',
              list: ['{{ toJson .CommonLabels.SortedPairs.Names }}'],
              count: '{{ len .Alerts }}',
              team: '{{ routeLabels "team" }}',
            },
          },
        ],
      },
      notificationOf([FIRING], { routeLabels: Labels.of({ team: '{{ .CommonLabels.severity }}-team' }) }),
    );
    expect(http.sent[0]!.request.url).toBe('http://hook/Down');
    expect(bodies[0]).toEqual({
      text: 'firing (1)',
      list: [['alertname', 'instance', 'severity']],
      count: 1,
      team: 'critical-team',
    });
  });

  it.each([
    [500, true],
    [503, true],
    [429, true],
    [400, false],
    [404, false],
  ])('on status %i says whether to try again: %s', async (status, retry) => {
    const { outcome } = await deliver({ webhook_configs: [{ url: 'http://hook/' }] }, undefined, () => ({
      status,
      text: 'no',
    }));
    expect(outcome).toEqual({ ok: false, retry, status, error: `unexpected status code ${status}: no` });
  });

  it.each([
    ['7', 7_000],
    ['0.25', 250],
    ['Mon, 02 Mar 2026 10:00:30 GMT', 30_000],
    ['Mon, 02 Mar 2026 09:00:00 GMT', undefined],
    ['soon', undefined],
  ])('passes on how long the service asks to be left alone: Retry-After %s', async (text, retryAfterMs) => {
    const headers = { 'retry-after': text, date: 'Mon, 02 Mar 2026 10:00:00 GMT' };
    const answering = (status: number) =>
      deliver({ webhook_configs: [{ url: 'http://hook/' }] }, undefined, () => ({ status, headers }));
    expect((await answering(429)).outcome).toMatchObject({ retry: true, retryAfterMs });
    expect((await answering(503)).outcome).toMatchObject({ retry: true, retryAfterMs });
    expect((await answering(400)).outcome).toMatchObject({ retry: false, retryAfterMs: undefined });
  });

  it('tries again where no answer comes, and keeps secrets out of what it says', async () => {
    const { outcome } = await deliver(
      { webhook_configs: [{ url: 'http://hook/secret-path' }] },
      undefined,
      () => new HttpError('refused', 'hook:80: POST http://hook/secret-path refused'),
    );
    expect(outcome).toEqual({ ok: false, retry: true, error: 'hook:80: POST <secret> refused' });
  });

  it('does not try again what a template does wrong', async () => {
    const { outcome } = await deliver({ webhook_configs: [{ url: 'http://hook/', payload: { a: '{{ .Nope }}' } }] });
    expect(outcome).toMatchObject({ ok: false, retry: false });
  });
});

describe('slack', () => {
  const api = { slack_api_url: 'http://slack/hook' };
  const ok = () => ({ text: 'ok' });

  it('posts an attachment with the default templates', async () => {
    const { bodies, outcome } = await deliver({ slack_configs: [{ channel: '#alerts' }] }, undefined, ok, api);
    expect(outcome).toEqual({ ok: true });
    expect(bodies[0]).toEqual({
      channel: '#alerts',
      username: 'Alertmanager',
      attachments: [
        {
          title: SUBJECT,
          title_link: LINK,
          text: '',
          fallback: `${SUBJECT} | ${LINK}`,
          callback_id: '',
          footer: '',
          color: 'danger',
          mrkdwn_in: ['fallback', 'pretext', 'text'],
        },
      ],
    });
  });

  it('expands fields and actions', async () => {
    const { bodies } = await deliver(
      {
        slack_configs: [
          {
            channel: 'c',
            text: '{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}',
            short_fields: true,
            fields: [
              { title: 'S', value: '{{ .CommonLabels.severity }}' },
              { title: 'T', value: 'x', short: false },
            ],
            actions: [
              { type: 'button', text: 'Go', url: '{{ .ExternalURL }}' },
              { type: 'button', text: 'Ack', name: 'n', confirm: { text: 'sure?' } },
            ],
          },
        ],
      },
      undefined,
      ok,
      api,
    );
    expect(bodies[0]).toMatchObject({
      attachments: [
        {
          text: 'a is <down>',
          fields: [
            { title: 'S', value: 'critical', short: true },
            { title: 'T', value: 'x', short: false },
          ],
          actions: [
            { type: 'button', text: 'Go', url: 'http://watchfire' },
            { type: 'button', text: 'Ack', name: 'n', confirm: { text: 'sure?' } },
          ],
        },
      ],
    });
  });

  it('posts as a bot and updates its message', async () => {
    const entry = {
      slack_configs: [
        {
          channel: '#a',
          api_url: 'https://slack.com/api/chat.postMessage',
          http_config: { authorization: { credentials: 'xoxb-1234' } },
          update_message: true,
        },
      ],
    };
    const answer = () => ({
      headers: { 'content-type': 'application/json; charset=utf-8' },
      text: '{"ok":true,"channel":"C1","ts":"12.3"}',
    });
    const notification = notificationOf([FIRING]);
    const first = await deliver(entry, notification, answer);
    expect(first.http.sent[0]!.request.url).toBe('https://slack.com/api/chat.postMessage');
    expect(Object.fromEntries(notification.store)).toEqual({ threadTs: '12.3', channelId: 'C1' });
    const second = await deliver(entry, notificationOf([RESOLVED], { store: notification.store }), answer);
    expect(second.http.sent[0]!.request.url).toBe('https://slack.com/api/chat.update');
    expect(second.bodies[0]).toMatchObject({ channel: 'C1', ts: '12.3', attachments: [{ color: 'good' }] });
  });

  it('takes a friendly 200 that is none for a failure', async () => {
    const said = async (text: string, type: string): Promise<unknown> =>
      (
        await deliver(
          { slack_configs: [{ channel: '#a' }] },
          undefined,
          () => ({ text, headers: { 'content-type': type } }),
          api,
        )
      ).outcome;
    expect(await said('no_service', 'text/html')).toEqual({
      ok: false,
      retry: false,
      error: 'channel "#a": received an error response from Slack: no_service',
    });
    expect(await said('{"ok":false,"error":"channel_not_found"}', 'application/json')).toEqual({
      ok: false,
      retry: false,
      error: 'channel "#a": error response from Slack: channel_not_found',
    });
  });
});

describe('pagerduty', () => {
  it('triggers and resolves by the group’s key', async () => {
    const entry = {
      pagerduty_configs: [{ routing_key: 'key-1', links: [{ href: 'http://l', text: '{{ .Status }}' }] }],
    };
    const { bodies, http } = await deliver(entry, undefined, () => ({ status: 202 }));
    expect(http.sent[0]!.request.url).toBe('https://events.pagerduty.com/v2/enqueue');
    expect(bodies[0]).toMatchObject({
      routing_key: 'key-1',
      dedup_key: HASH,
      event_action: 'trigger',
      client: 'Alertmanager',
      client_url: LINK,
      payload: {
        summary: SUBJECT,
        source: 'Alertmanager',
        severity: 'error',
        custom_details: {
          num_firing: 1,
          num_resolved: 0,
          resolved: [],
          firing: [{ status: 'firing', labels: { alertname: 'Down' }, fingerprint: FIRING.fingerprint }],
        },
      },
      links: [{ href: 'http://l', text: 'firing' }],
    });
    const { bodies: over } = await deliver(entry, notificationOf([RESOLVED]));
    expect(over[0]).toMatchObject({ event_action: 'resolve', dedup_key: HASH });
  });

  it('speaks version 1 with a service key', async () => {
    const { bodies } = await deliver({ pagerduty_configs: [{ service_key: 'old-key' }] });
    expect(bodies[0]).toMatchObject({
      service_key: 'old-key',
      incident_key: HASH,
      event_type: 'trigger',
      description: SUBJECT,
    });
  });

  it('says what was wrong, without the key', async () => {
    const { outcome } = await deliver({ pagerduty_configs: [{ routing_key: 'key-1' }] }, undefined, () => ({
      status: 400,
      text: '{"status":"invalid","message":"Event object is invalid","errors":["key-1 is unknown"]}',
    }));
    expect(outcome).toEqual({
      ok: false,
      retry: false,
      status: 400,
      error: 'unexpected status code 400: Event object is invalid: <secret> is unknown',
    });
  });

  it('drops details that are too large', async () => {
    const many = Array.from({ length: 800 }, (_, i) =>
      alertOf({ alertname: 'Down', i: String(i) }, { text: 'x'.repeat(900) }),
    );
    const { bodies } = await deliver({ pagerduty_configs: [{ routing_key: 'key-1' }] }, notificationOf(many));
    expect(bodies[0]).toMatchObject({
      payload: { custom_details: { error: expect.stringContaining('Custom details have been removed') } },
    });
  });
});

describe('opsgenie', () => {
  const entry = {
    opsgenie_configs: [
      {
        api_key: 'genie',
        tags: 'a,{{ .CommonLabels.severity }},',
        responders: [
          { name: 'ops', type: 'team' },
          { name: 'x,y', type: 'teams' },
          { name: '{{ .CommonLabels.nobody }}', type: 'user' },
        ],
        update_alerts: true,
      },
    ],
  };

  it('creates and updates', async () => {
    const { bodies, http } = await deliver(entry, undefined, () => ({ status: 202 }));
    expect(http.sent.map(({ request }) => [request.method, request.url])).toEqual([
      ['POST', 'https://api.opsgenie.com/v2/alerts'],
      ['PUT', `https://api.opsgenie.com/v2/alerts/${HASH}/message?identifierType=alias`],
      ['PUT', `https://api.opsgenie.com/v2/alerts/${HASH}/description?identifierType=alias`],
    ]);
    expect(http.sent[0]!.request.headers).toMatchObject({ Authorization: 'GenieKey genie' });
    expect(bodies[0]).toMatchObject({
      alias: HASH,
      message: SUBJECT,
      details: { alertname: 'Down', instance: 'a:1', severity: 'critical' },
      source: LINK,
      tags: ['a', 'critical'],
      responders: [
        { name: 'ops', type: 'team' },
        { name: 'x', type: 'team' },
        { name: 'y', type: 'team' },
        { type: 'user' },
      ],
    });
    expect((bodies[0] as { description: string }).description).toBe(`a is <down>\nAlerts Firing:\n${LIST}\n`);
  });

  it('closes', async () => {
    const { http, bodies } = await deliver(entry, notificationOf([RESOLVED]));
    expect(http.sent[0]!.request.url).toBe(`https://api.opsgenie.com/v2/alerts/${HASH}/close?identifierType=alias`);
    expect(bodies).toEqual([{ source: LINK }]);
  });
});

describe('other chats', () => {
  it('discord', async () => {
    const { bodies } = await deliver({ discord_configs: [{ webhook_url: 'http://discord/secret', username: 'wf' }] });
    expect(bodies[0]).toEqual({
      content: '',
      embeds: [{ title: SUBJECT, description: `\n\nAlerts Firing:\n${LIST}\n\n\n`, color: 0x992d22 }],
      username: 'wf',
    });
  });

  it('msteams', async () => {
    const { bodies } = await deliver(
      { msteams_configs: [{ webhook_url: 'http://teams/secret' }] },
      notificationOf([RESOLVED]),
    );
    expect(bodies[0]).toMatchObject({
      '@context': 'http://schema.org/extensions',
      type: 'MessageCard',
      themeColor: '2DC72D',
    });
  });

  it('msteamsv2', async () => {
    const { bodies } = await deliver({ msteamsv2_configs: [{ webhook_url: 'http://teams/secret' }] });
    expect(bodies[0]).toMatchObject({
      type: 'message',
      attachments: [
        {
          contentType: 'application/vnd.microsoft.card.adaptive',
          contentUrl: null,
          content: {
            type: 'AdaptiveCard',
            version: '1.2',
            body: [{ text: SUBJECT, color: 'Attention' }, { wrap: true }],
          },
        },
      ],
    });
  });

  it('telegram', async () => {
    const entry = {
      telegram_configs: [{ bot_token: '12:ab', chat_id: -100, message_thread_id: 7, api_url: 'http://tg' }],
    };
    const { bodies, http } = await deliver(entry, undefined, () => ({ text: '{"ok":true}' }));
    expect(http.sent[0]!.request.url).toBe('http://tg/bot12:ab/sendMessage');
    expect(bodies[0]).toMatchObject({
      chat_id: '-100',
      parse_mode: 'HTML',
      message_thread_id: '7',
      disable_web_page_preview: 'true',
    });
    expect((bodies[0] as { text: string }).text).toContain('a is &lt;down&gt;');
    const { outcome } = await deliver(entry, undefined, () => ({
      status: 400,
      text: '{"ok":false,"error_code":400,"description":"Bad Request: chat not found"}',
    }));
    expect(outcome).toEqual({ ok: false, retry: true, error: 'telegram: Bad Request: chat not found (400)' });
    const flooded = await deliver(entry, undefined, () => ({
      status: 429,
      text: '{"ok":false,"error_code":429,"description":"Too Many Requests: retry after 35","parameters":{"retry_after":35}}',
    }));
    expect(flooded.outcome).toMatchObject({ ok: false, retry: true, retryAfterMs: 35_000 });
  });

  it('mattermost', async () => {
    const { bodies } = await deliver({
      mattermost_configs: [
        {
          webhook_url: 'http://mm/hook',
          channel: 'town',
          priority: { priority: 'important', requested_ack: true, persistent_notifications: true },
        },
      ],
    });
    expect(bodies[0]).toMatchObject({
      channel: 'town',
      username: 'Alertmanager',
      attachments: [{ title: SUBJECT, title_link: LINK, color: 'danger' }],
      priority: { priority: 'important', requested_ack: true },
    });
  });

  it('pushover', async () => {
    const { http } = await deliver({ pushover_configs: [{ user_key: 'user', token: 'token', sound: 'siren' }] });
    const parameters = Object.fromEntries(new URLSearchParams(http.sent[0]!.text));
    expect(http.sent[0]!.request.url).toBe('https://api.pushover.net/1/messages.json');
    expect(parameters).toMatchObject({
      token: 'token',
      user: 'user',
      title: SUBJECT,
      priority: '2',
      sound: 'siren',
      url: LINK,
      expire: '3600',
    });
    expect(parameters['message']).toContain('a is <down>');
  });

  it('rocketchat', async () => {
    const { bodies, http, outcome } = await deliver(
      { rocketchat_configs: [{ token: 'token', token_id: 'id-of-it', channel: '#a', api_url: 'http://rocket' }] },
      undefined,
      () => ({ text: '{"success":false,"error":"no-such-channel"}' }),
    );
    expect(http.sent[0]!.request.url).toBe('http://rocket/api/v1/chat.postMessage');
    expect(http.sent[0]!.request.headers).toMatchObject({ 'X-Auth-Token': 'token', 'X-User-Id': 'id-of-it' });
    expect(bodies[0]).toMatchObject({ channel: '#a', attachments: [{ title: SUBJECT, color: 'red' }] });
    expect(outcome).toEqual({ ok: false, retry: false, error: 'error response from Rocketchat: no-such-channel' });
  });

  it('victorops', async () => {
    const { bodies, http } = await deliver({
      victorops_configs: [
        { api_key: 'vkey', routing_key: 'r', custom_fields: { where: '{{ .CommonLabels.instance }}' } },
      ],
    });
    expect(http.sent[0]!.request.url).toBe('https://alert.victorops.com/integrations/generic/20131114/alert/vkey/r');
    expect(bodies[0]).toMatchObject({
      message_type: 'CRITICAL',
      entity_id: HASH,
      entity_display_name: SUBJECT,
      where: 'a:1',
    });
  });

  it('webex', async () => {
    const { bodies } = await deliver({
      webex_configs: [{ room_id: 'room', http_config: { authorization: { credentials: 'bot-token' } } }],
    });
    expect(bodies[0]).toMatchObject({ roomId: 'room', markdown: expect.stringContaining('Alerts Firing:') });
  });

  it('wechat asks for a token once', async () => {
    const entry = {
      wechat_configs: [{ corp_id: 'corp', api_secret: 'api-secret', api_url: 'http://we/cgi-bin/', to_user: '@all' }],
    };
    const { bodies, http, outcome } = await deliver(entry, undefined, (url) =>
      url.includes('gettoken') ? { text: '{"access_token":"tok"}' } : { text: '{"errcode":0}' },
    );
    expect(outcome).toEqual({ ok: true });
    expect(http.sent.map(({ request }) => request.url)).toEqual([
      'http://we/cgi-bin/gettoken?corpsecret=api-secret&corpid=corp',
      'http://we/cgi-bin/message/send?access_token=tok',
    ]);
    expect(bodies[1]).toMatchObject({ touser: '@all', safe: '0' });
  });

  it('sns signs what it publishes', async () => {
    const { http, outcome } = await deliver(
      {
        sns_configs: [
          {
            topic_arn: 'arn:aws:sns:eu-west-1:1:alerts.fifo',
            sigv4: { region: 'eu-west-1', access_key: 'AKID', secret_key: 'secret-key' },
            attributes: { severity: '{{ .CommonLabels.severity }}' },
          },
        ],
      },
      undefined,
      () => ({
        status: 403,
        text: '<ErrorResponse><Error><Message>not AKID, secret-key</Message></Error></ErrorResponse>',
      }),
    );
    const { request, text } = http.sent[0]!;
    expect(request.url).toBe('https://sns.eu-west-1.amazonaws.com/');
    expect(request.headers!['authorization']).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKID\/20260302\/eu-west-1\/sns\/aws4_request, SignedHeaders=content-type;host;x-amz-date, Signature=[0-9a-f]{64}$/,
    );
    expect(Object.fromEntries(new URLSearchParams(text))).toMatchObject({
      Action: 'Publish',
      TopicArn: 'arn:aws:sns:eu-west-1:1:alerts.fifo',
      MessageGroupId: HASH,
      Subject: SUBJECT,
      'MessageAttributes.entry.1.Name': 'severity',
      'MessageAttributes.entry.1.Value.StringValue': 'critical',
    });
    expect(outcome).toEqual({
      ok: false,
      retry: false,
      status: 403,
      error: 'unexpected status code 403: not AKID, <secret>',
    });
  });

  it('sns takes a role first, and keeps it until it expires', async () => {
    const sigv4 = {
      region: 'eu-west-1',
      access_key: 'AKID',
      secret_key: 'secret-key',
      role_arn: 'arn:aws:iam::1:role/alerts',
      external_id: 'ours',
      session_name: 'on-call',
      tags: { team: 'ops' },
    };
    const clock = new ManualClock(NOW);
    const http = new RecordingHttp(
      () => clock.nowMs(),
      ({ url }, number) => {
        if (!url.startsWith('https://sts')) return {};
        if (number === 1)
          return { status: 403, text: '<ErrorResponse><Error><Message>not you</Message></Error></ErrorResponse>' };
        const expiration = new Date(clock.nowMs() + 900_000).toISOString();
        return {
          text: `<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA</AccessKeyId><SecretAccessKey>temporary</SecretAccessKey><SessionToken>session</SessionToken><Expiration>${expiration}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`,
        };
      },
    );
    const entry = { sns_configs: [{ topic_arn: 'arn:aws:sns:eu-west-1:1:alerts', sigv4 }] };
    const { notifier } = await integrationOf(entry, { clock, http: () => http });
    if (typeof notifier === 'string') throw new Error(notifier);
    const notify = () => notifier.notify(notificationOf([FIRING]), new AbortController().signal);
    expect(await notify()).toMatchObject({
      ok: false,
      retry: false,
      error: 'role arn:aws:iam::1:role/alerts: unexpected status code 403: not you',
    });
    expect(await notify()).toEqual({ ok: true });
    await clock.advance(600_000);
    expect(await notify()).toEqual({ ok: true });
    await clock.advance(250_000);
    expect(await notify()).toEqual({ ok: true });
    const hosts = http.sent.map(({ request }) => new URL(request.url).hostname.split('.')[0]);
    expect(hosts).toEqual(['sts', 'sts', 'sns', 'sns', 'sts', 'sns']);
    expect(Object.fromEntries(new URLSearchParams(http.sent[1]!.text))).toMatchObject({
      Action: 'AssumeRole',
      RoleArn: 'arn:aws:iam::1:role/alerts',
      RoleSessionName: 'on-call',
      ExternalId: 'ours',
      'Tags.member.1.Key': 'team',
      'Tags.member.1.Value': 'ops',
    });
    expect(http.sent[1]!.request.headers!['authorization']).toMatch(/Credential=AKID\/20260302\/eu-west-1\/sts\//);
    expect(http.sent[2]!.request.headers).toMatchObject({
      'x-amz-security-token': 'session',
      authorization: expect.stringMatching(/Credential=ASIA\/20260302\/eu-west-1\/sns\//),
    });
  });

  it('incident.io', async () => {
    const { bodies, http } = await deliver({
      incidentio_configs: [{ url: 'http://inc/', alert_source_token: 'source-token' }],
    });
    expect(http.sent[0]!.request.headers).toMatchObject({ Authorization: 'Bearer source-token' });
    expect(bodies[0]).toMatchObject({ version: '1', status: 'firing' });
  });
});

describe('jira', () => {
  const entry = {
    jira_configs: [
      {
        api_url: 'http://jira/rest/api/2/',
        project: 'OPS',
        issue_type: 'Bug',
        labels: ['alert'],
        resolve_transition: 'Done',
        reopen_transition: 'To Do',
        reopen_duration: '1h',
        fields: { customfield_1: { value: '{{ .CommonLabels.severity }}' } },
      },
    ],
  };
  const label = `ALERT{${HASH}}`;

  it('creates an issue', async () => {
    const { bodies, http, outcome } = await deliver(entry, undefined, () => ({ text: '{"issues":[]}' }));
    expect(outcome).toEqual({ ok: true });
    expect(http.sent.map(({ request }) => `${request.method} ${request.url}`)).toEqual([
      'POST http://jira/rest/api/2/search',
      'POST http://jira/rest/api/2/issue',
    ]);
    expect(bodies[0]).toEqual({
      fields: ['status'],
      jql: `(resolutiondate is EMPTY OR resolutiondate >= -60m) and project="OPS" and labels="${label}" order by status ASC,resolutiondate DESC`,
      maxResults: 2,
    });
    expect(bodies[1]).toMatchObject({
      fields: {
        project: { key: 'OPS' },
        issuetype: { name: 'Bug' },
        summary: SUBJECT,
        labels: [label, 'alert'],
        priority: { name: 'High' },
        customfield_1: { value: 'critical' },
      },
    });
  });

  it('updates and resolves the issue that there is', async () => {
    const { http, bodies } = await deliver(entry, notificationOf([RESOLVED]), (url) =>
      url.endsWith('/search')
        ? { text: '{"issues":[{"key":"OPS-1","fields":{"status":{"statusCategory":{"key":"new"}}}}]}' }
        : { text: '{"transitions":[{"id":"3","name":"Done"}]}' },
    );
    expect(
      http.sent.map(({ request }) => `${request.method} ${request.url.slice('http://jira/rest/api/2/'.length)}`),
    ).toEqual(['POST search', 'PUT issue/OPS-1', 'GET issue/OPS-1/transitions', 'POST issue/OPS-1/transitions']);
    expect(bodies[3]).toEqual({ transition: { id: '3' } });
  });

  it('makes no issue for what is over', async () => {
    const { http } = await deliver(entry, notificationOf([RESOLVED]), () => ({ text: '{"issues":[]}' }));
    expect(http.sent).toHaveLength(1);
  });
});
