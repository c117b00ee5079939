import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Alerting } from '../../src/alerting/alerting.ts';
import { createAlerting } from '../../src/notify/create-alerting.ts';
import { RecordingHttp } from '../alerting/recording-http.ts';
import { config, inhibitRule, integration, receiver } from '../alerting/simple-config.ts';
import { serveV2, type V2Server } from './v2-server.ts';

let alerting: Alerting;
let server: V2Server;

beforeAll(async () => {
  const hook = [integration('webhook', { url: 'http://hook/' })];
  alerting = createAlerting({
    config: config({
      route: {
        groupBy: ['alertname'],
        labels: { team: '{{ .GroupLabels.alertname }}-team', bad: '{{ .Nope.x }}' },
        routes: [{ matchers: ['severity="critical"'], receiver: 'pager', continue: true }, { matchers: ['team="db"'] }],
      },
      receivers: [receiver('default', hook), { ...receiver('pager', hook), labels: { owner: 'me' } }],
      inhibitRules: [inhibitRule(['alertname="Node"'], ['alertname="Job"'], ['zone'])],
    }),
    externalUrl: 'http://watchfire',
    http: () => new RecordingHttp(),
  });
  server = await serveV2(alerting);
});

afterAll(async () => {
  await server.close();
  await alerting.close();
});

async function ask(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${server.url}/api/v2${path}`, {
    method,
    ...(body === undefined
      ? {}
      : {
          headers: { 'Content-Type': 'application/json' },
          body: typeof body === 'string' ? body : JSON.stringify(body),
        }),
  });
  const text = await response.text();
  return { status: response.status, body: text === '' ? '' : JSON.parse(text) };
}

function silence(fields: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    matchers: [{ name: 'alertname', value: 'Never', isRegex: false }],
    startsAt: '2020-01-01T00:00:00Z',
    endsAt: '2099-01-01T00:00:00Z',
    createdBy: 'me',
    comment: 'why',
    ...fields,
  };
}

describe('alerts', () => {
  it('takes alerts and shows them with receivers, status and times', async () => {
    const posted = await ask('POST', '/alerts', [
      {
        labels: { alertname: 'Node', zone: 'a', severity: 'critical' },
        annotations: { s: '<&>', expandsToNothing: '' },
        generatorURL: 'http://g/?a&b',
      },
      { labels: { alertname: 'Job', zone: 'a' }, endsAt: '2099-01-01T00:00:00Z' },
      { labels: { alertname: 'Old', empty: '' }, endsAt: '2020-01-01T00:00:00Z' },
    ]);
    expect(posted).toEqual({ status: 200, body: '' });
    const { body } = await ask('GET', '/alerts');
    const all = body as { labels: Record<string, string>; fingerprint: string; status: { state: string } }[];
    expect(all.map(({ labels }) => labels['alertname']).sort()).toEqual(['Job', 'Node']);
    const node = all.find(({ labels }) => labels['alertname'] === 'Node')!;
    expect(node).toMatchObject({
      annotations: { s: '<&>', expandsToNothing: '' },
      receivers: [{ name: 'pager' }],
      generatorURL: 'http://g/?a&b',
      status: { state: 'active', inhibitedBy: [], mutedBy: [], silencedBy: [] },
    });
    const job = all.find(({ labels }) => labels['alertname'] === 'Job')!;
    expect(job).toMatchObject({
      endsAt: '2099-01-01T00:00:00.000Z',
      status: { state: 'suppressed', inhibitedBy: [node.fingerprint] },
    });
  });

  it('filters by matchers, state and receiver', async () => {
    const names = async (query: string): Promise<string[]> =>
      ((await ask('GET', `/alerts?${query}`)).body as { labels: Record<string, string> }[])
        .map(({ labels }) => labels['alertname']!)
        .sort();
    expect(await names('filter=zone%3D%22a%22&filter=alertname%21~%22N.*%22')).toEqual(['Job']);
    expect(await names('inhibited=false')).toEqual(['Node']);
    expect(await names('active=false')).toEqual(['Job']);
    expect(await names('receiver=pag.*')).toEqual(['Node']);
    expect(await names('receiver=pag')).toEqual([]);
    expect(await names('receiver=')).toEqual(['Job', 'Node']);
    expect(await names('receiver_matchers=name%3D%22default%22')).toEqual(['Job']);
  });

  it('groups them', async () => {
    const { body } = await ask('GET', '/alerts/groups');
    expect(body).toMatchObject([
      {
        labels: { alertname: 'Job' },
        receiver: { name: 'default' },
        routeLabels: { team: 'Job-team' },
        alerts: [{ labels: { alertname: 'Job' } }],
      },
      { labels: { alertname: 'Node' }, receiver: { name: 'pager' }, alerts: [{ labels: { alertname: 'Node' } }] },
    ]);
  });

  it.each([
    [[{ labels: { '': 'A' } }], 400, 'invalid label set: invalid name ""'],
    [[{ labels: {} }], 400, 'at least one label pair required'],
    [[{}], 422, { code: 602, message: '0.labels in body is required' }],
    ['', 422, { code: 602, message: 'alerts in body is required' }],
    [
      {},
      400,
      {
        code: 400,
        message:
          'parsing alerts body from "" failed, because json: cannot unmarshal object into Go value of type models.PostableAlerts',
      },
    ],
    [
      [{ labels: { a: 3 } }],
      400,
      {
        code: 400,
        message:
          'parsing alerts body from "" failed, because json: cannot unmarshal number into Go struct field Alert.labels of type string',
      },
    ],
    [
      [{ labels: { a: 'b' }, startsAt: '2026-01-02T00:00:00Z', endsAt: '2026-01-01T00:00:00Z' }],
      400,
      'start time must be before end time',
    ],
    // Without an end it fires until `resolve_timeout` from now.
    [[{ labels: { a: 'b' }, startsAt: '2099-01-02T00:00:00Z' }], 400, 'start time must be before end time'],
    [
      [{ labels: [] }],
      400,
      {
        code: 400,
        message:
          'parsing alerts body from "" failed, because json: cannot unmarshal array into Go struct field Alert.labels of type models.LabelSet',
      },
    ],
    ['[{', 400, { code: 400, message: 'parsing alerts body from "" failed, because unexpected EOF' }],
    [
      [{ labels: { a: 'b' }, generatorURL: '::x y' }],
      422,
      { code: 601, message: '0.generatorURL in body must be of type uri: "::x y"' },
    ],
  ])('refuses %j', async (body, status, answer) => {
    expect(await ask('POST', '/alerts', body)).toEqual({ status, body: answer });
  });

  it('takes the sound alerts of a list with others', async () => {
    const answer = await ask('POST', '/alerts', [{ labels: {} }, { labels: { alertname: 'Sound' } }]);
    expect(answer.status).toBe(400);
    expect((await ask('GET', '/alerts?filter=alertname%3DSound')).body).toHaveLength(1);
  });

  it('reads half a surrogate pair as Go does', async () => {
    expect(await ask('POST', '/alerts', '[{"labels":{"half":"\\ud800"}}]')).toEqual({ status: 200, body: '' });
    expect((await ask('GET', '/alerts?filter=half%3D%22%EF%BF%BD%22')).body).toHaveLength(1);
  });
});

describe('silences', () => {
  it('creates, changes in place, replaces, lists and expires', async () => {
    const id = ((await ask('POST', '/silences', silence())).body as { silenceID: string }).silenceID;
    const got = (await ask('GET', `/silence/${id}`)).body as Record<string, unknown>;
    expect(got).toMatchObject({
      id,
      status: { state: 'active' },
      matchers: [{ name: 'alertname', value: 'Never', isRegex: false, isEqual: true }],
      comment: 'why',
    });
    expect(got).not.toHaveProperty('annotations');
    // The start is now, not in the past.
    expect(Date.parse(String(got['startsAt']))).toBeGreaterThan(Date.parse('2020-02-01'));
    const changed = await ask('POST', '/silences', silence({ id, startsAt: got['startsAt'], comment: 'longer' }));
    expect(changed.body).toEqual({ silenceID: id });
    const replaced = (
      await ask('POST', '/silences', silence({ id, matchers: [{ name: 'a', value: 'b', isRegex: true }] }))
    ).body as { silenceID: string };
    expect(replaced.silenceID).not.toBe(id);
    expect((await ask('GET', `/silence/${id}`)).body).toMatchObject({
      status: { state: 'expired' },
      comment: 'longer',
    });
    expect((await ask('DELETE', `/silence/${replaced.silenceID}`)).status).toBe(200);
    expect((await ask('GET', '/silences?expired=false')).body).toEqual([]);
    expect((await ask('GET', '/silences')).body).toHaveLength(2);
    expect((await ask('GET', '/silences?filter=a%3D~b')).body).toHaveLength(1);
  });

  it.each([
    [silence({ matchers: [] }), 422, { code: 612, message: 'matchers in body should have at least 1 items' }],
    [
      silence({ matchers: [{ name: 'a', value: '', isRegex: false }] }),
      400,
      'invalid silence: matcher set 0: at least one matcher must not match the empty string',
    ],
    [
      silence({ matchers: [{ name: 'a', value: '[', isRegex: true }] }),
      400,
      'invalid silence: invalid label matcher 0 in set 0: invalid regular expression "[": error parsing regexp: missing closing ]: `[`',
    ],
    [silence({ endsAt: '2016-01-01T00:00:00Z' }), 400, 'Failed to create silence: start time must be before end time'],
    [
      silence({ startsAt: '2015-01-01T00:00:00Z', endsAt: '2016-01-01T00:00:00Z' }),
      400,
      "Failed to create silence: end time can't be in the past",
    ],
    [
      silence({ matchers: [{ name: 'a', value: 5, isRegex: false }] }),
      400,
      {
        code: 400,
        message:
          'parsing silence body from "" failed, because json: cannot unmarshal number into Go struct field Matcher.matchers.value of type string',
      },
    ],
    [silence({ comment: undefined }), 422, { code: 602, message: 'comment in body is required' }],
    [silence({ id: '5c5e2e2e-5c5e-4c5e-8c5e-5c5e2e2e5c5e' }), 404, 'silence not found'],
    [silence({ matchers: [{ name: 'a' }] }), 422, { code: 602, message: 'matchers.0.isRegex in body is required' }],
  ])('refuses what Alertmanager refuses: %#', async (body, status, answer) => {
    expect(await ask('POST', '/silences', body)).toEqual({ status, body: answer });
  });

  it('answers for silences that are not there', async () => {
    expect(await ask('GET', '/silence/foo')).toEqual({
      status: 422,
      body: { code: 601, message: 'silenceID in path must be of type uuid: "foo"' },
    });
    expect(await ask('DELETE', '/silence/5c5e2e2e-5c5e-4c5e-8c5e-5c5e2e2e5c5e')).toEqual({ status: 404, body: '' });
  });
});

describe('the rest', () => {
  it('tells of itself and its receivers', async () => {
    expect((await ask('GET', '/status')).body).toMatchObject({
      cluster: { peers: [], status: 'disabled' },
      config: { original: 'route: {}\n' },
      versionInfo: { version: '0.1.0' },
    });
    expect((await ask('GET', '/receivers')).body).toEqual([
      { labels: { name: 'default' }, name: 'default' },
      { labels: { name: 'pager', owner: 'me' }, name: 'pager' },
    ]);
  });

  it('names a filter that is none', async () => {
    expect(await ask('GET', '/alerts?receiver=%5B')).toEqual({
      status: 400,
      body: 'failed to parse receiver param: error parsing regexp: missing closing ]: `[)$`',
    });
    expect(await ask('GET', '/receivers?receiver_matchers=a')).toEqual({
      status: 400,
      body: 'failed to parse receiver_matchers param: bad matcher format: a',
    });
  });
});
