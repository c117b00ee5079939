/** E-mail through the whole of alerting while the mail server is at fault: what passes is tried again, what was taken is not sent twice. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import type { NotificationRecord } from '../../src/alerting/model.ts';
import { loadAlertmanagerConfig } from '../../src/config/alertmanager-loader.ts';
import { ManualClock } from '../../src/config/clock.ts';
import { Labels } from '../../src/labels/labels.ts';
import { createAlerting } from '../../src/notify/create-alerting.ts';
import { FIRING, integrationOf, notificationOf } from './deliver.ts';
import { type Script, type ScriptedSmtp, scriptedSmtp } from './scripted-smtp.ts';

const folder = mkdtempSync(join(tmpdir(), 'watchfire-email-faults-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const servers: ScriptedSmtp[] = [];
afterEach(() => Promise.all(servers.splice(0).map((server) => server.close())));

const START = Date.parse('2026-03-02T00:00:00Z');

interface Told {
  readonly server: ScriptedSmtp;
  /** Oldest first. */
  readonly records: readonly NotificationRecord[];
  readonly seconds: readonly number[];
}

/** Tells of one alert by mail until `count` attempts have ended; the clock moves only between two attempts. */
async function tell(
  count: number,
  script: (session: number, recipient: string) => Script,
  entry: Record<string, unknown> = {},
): Promise<Told> {
  const server = await scriptedSmtp(script);
  servers.push(server);
  const file = join(folder, `${server.port}.yml`);
  const mail = { to: 'a@x.org, b@x.org', from: 'me@x.org', smarthost: `127.0.0.1:${server.port}`, require_tls: false };
  writeFileSync(
    file,
    JSON.stringify({
      route: { receiver: 'team', group_wait: '0s', group_interval: '5m' },
      receivers: [{ name: 'team', email_configs: [{ ...mail, ...entry }] }],
    }),
  );
  const clock = new ManualClock(START);
  const alerting = createAlerting({
    config: loadAlertmanagerConfig(file).value,
    clock,
    random: () => 0.5,
    externalUrl: 'http://watchfire',
    http: () => {
      throw new Error('no HTTP here');
    },
  });
  const labels = Labels.of({ alertname: 'Down' });
  alerting.receive([{ labels, annotations: Labels.EMPTY, generatorUrl: '', startsAtMs: START }]);
  for (let ended = 1; ended <= count; ended++) {
    const nextTryMs = alerting.notifications(1)[0]?.nextTryMs ?? clock.nowMs();
    await clock.advanceTo(nextTryMs);
    await vi.waitFor(() => expect(alerting.notifications(99)).toHaveLength(ended), { timeout: 20_000, interval: 5 });
  }
  const records = alerting.notifications(99).toReversed();
  await alerting.close();
  return { server, records, seconds: records.map(({ atMs }) => (atMs - START) / 1000) };
}

describe('a mail server that is at fault twice', () => {
  it.each<[string, Script, string]>([
    ['has no time at the greeting', { greeting: '421 4.3.2 too busy' }, '421 4.3.2 too busy'],
    ['closes at MAIL', { MAIL: '421 4.3.2 shutting down' }, '421 4.3.2 shutting down'],
    ['has no mailbox for now', { RCPT: '450 4.2.1 greylisted' }, '450 4.2.1 greylisted'],
    ['has a fault of its own at MAIL', { MAIL: '451 4.3.0 local error' }, '451 4.3.0 local error'],
    ['has a fault of its own at DATA', { DATA: '451 4.3.0 local error' }, '451 4.3.0 local error'],
    ['has a fault after the message', { end: '451 4.3.0 disk trouble' }, '451 4.3.0 disk trouble'],
    ['has no space', { end: '452 4.3.1 mail system full' }, '452 4.3.1 mail system full'],
    ['cuts the connection at once', { greeting: 'drop' }, 'closed'],
    ['cuts the connection before the message', { DATA: 'drop' }, 'closed'],
    ['cuts the connection within the message', { mid: 'drop' }, 'closed'],
    ['cuts the connection instead of taking the message', { end: 'drop' }, 'closed'],
    // Final by their code, but a person may be mending it: Alertmanager tries these again, too.
    ['denies', { MAIL: '550 5.7.1 denied' }, '550 5.7.1 denied'],
    ['knows no such user', { RCPT: '550 5.1.1 no such user' }, '550 5.1.1 no such user'],
    ['calls the message spam', { end: '550 5.7.1 spam' }, '550 5.7.1 spam'],
  ])('%s: is told once it takes it', async (_, fault, says) => {
    const { server, records, seconds } = await tell(3, (session) => (session <= 2 ? fault : {}));
    expect(records.map(({ outcome }) => outcome)).toEqual(['retrying', 'retrying', 'sent']);
    expect(records.slice(0, 2).map(({ reason }) => reason)).toEqual([
      expect.stringContaining(says),
      expect.stringContaining(says),
    ]);
    expect(seconds).toEqual([0, 0.5005, 1.251]);
    expect(server.mails).toEqual([['a@x.org', 'b@x.org']]);
  });
});

describe('a mail server that lets nobody in', () => {
  it.each<[string, Script, Record<string, unknown>, string]>([
    ['bad credentials', { AUTH: '535 5.7.8 no' }, { auth_username: 'u', auth_password: 'pass-word' }, '535 5.7.8 no'],
    ['STARTTLS refused', { STARTTLS: '454 TLS not available' }, { require_tls: true }, "'require_tls' is true"],
    ['STARTTLS unknown', { STARTTLS: '502 what' }, { require_tls: true }, "'require_tls' is true"],
    ['cut at STARTTLS', { STARTTLS: 'drop' }, { require_tls: true }, 'closed'],
  ])('%s: is tried again, and nothing goes out in the clear', async (_, fault, entry, says) => {
    const { server, records } = await tell(3, () => fault, entry);
    expect(records.map(({ outcome }) => outcome)).toEqual(['retrying', 'retrying', 'retrying']);
    for (const { reason } of records) expect(reason).toContain(says);
    expect(JSON.stringify(records)).not.toContain('pass-word');
    expect([server.sessions(), server.mails]).toEqual([3, []]);
  });
});

describe('a mail server that takes it for some recipients', () => {
  it('tries the one again that is put off, and tells the other once', async () => {
    const { server, records } = await tell(3, (session, recipient) =>
      session <= 2 && recipient === 'b@x.org' ? { RCPT: '450 4.2.1 greylisted' } : {},
    );
    expect(server.mails).toEqual([['a@x.org'], ['b@x.org']]);
    expect(records.map(({ outcome }) => outcome)).toEqual(['retrying', 'retrying', 'sent']);
    expect(records[0]!.reason).toBe(
      'the server took it for the other recipients, not for b@x.org (450 4.2.1 greylisted)',
    );
  });

  it('names the one that is refused for good', async () => {
    const { server, records } = await tell(1, (_, recipient) =>
      recipient === 'a@x.org' ? { RCPT: '550 5.1.1 gone' } : {},
    );
    expect(server.mails).toEqual([['b@x.org']]);
    expect(records.map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['sent', 'first-notification; not for a@x.org (550 5.1.1 gone)'],
    ]);
  });
});

it('sends nothing more once its time is over', async () => {
  const over = new AbortController();
  const server = await scriptedSmtp((_, recipient) => {
    if (recipient !== '') over.abort(new Error('its time is over'));
    return {};
  });
  servers.push(server);
  const smarthost = `127.0.0.1:${server.port}`;
  const { notifier } = await integrationOf({
    email_configs: [{ to: 'a@x.org', from: 'me@x.org', smarthost, require_tls: false }],
  });
  if (typeof notifier === 'string') throw new Error(notifier);
  expect(await notifier.notify(notificationOf([FIRING]), over.signal)).toMatchObject({ ok: false });
  expect(server.mails).toEqual([]);
});
