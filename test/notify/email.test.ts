import { SMTPServer, type SMTPServerOptions } from 'smtp-server';
import { afterEach, describe, expect, it } from 'vitest';
import type { Notification, NotifyOutcome } from '../../src/alerting/integration.ts';
import { FIRING, integrationOf, NOW, notificationOf, RESOLVED } from './deliver.ts';

interface Mail {
  readonly from: string;
  readonly to: readonly string[];
  readonly secure: boolean;
  readonly user: string | undefined;
  readonly text: string;
}

const servers: SMTPServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
});

async function mailServer(options: SMTPServerOptions): Promise<{ readonly mails: Mail[]; readonly port: number }> {
  const mails: Mail[] = [];
  const server = new SMTPServer({
    ...options,
    onData(stream, session, done) {
      let text = '';
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      stream.on('end', () => {
        mails.push({
          from: session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address,
          to: session.envelope.rcptTo.map(({ address }) => address),
          secure: session.secure,
          user: session.user === undefined ? undefined : String(session.user),
          text,
        });
        done();
      });
    },
  });
  servers.push(server);
  // A client that gives up on the certificate is what some tests are about.
  server.on('error', () => {});
  const port = await new Promise<number>((resolve) => {
    const listening = server.listen(0, '127.0.0.1', () => {
      const address = listening.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  return { mails, port };
}

async function sendMail(
  port: number,
  entry: Record<string, unknown>,
  notification: Notification = notificationOf([FIRING]),
): Promise<NotifyOutcome> {
  const integration = await integrationOf({
    email_configs: [
      {
        to: 'ops@example.org, second@example.org',
        from: 'Alerts <alerts@example.org>',
        smarthost: `127.0.0.1:${port}`,
        ...entry,
      },
    ],
  });
  if (typeof integration.notifier === 'string') throw new Error(integration.notifier);
  return integration.notifier.notify(notification, new AbortController().signal);
}

const PLAIN_SERVER: SMTPServerOptions = { disabledCommands: ['STARTTLS', 'AUTH'] };

describe('e-mail', () => {
  it('sends text and HTML with subject and headers', async () => {
    const { mails, port } = await mailServer(PLAIN_SERVER);
    const outcome = await sendMail(port, {
      require_tls: false,
      text: '{{ range .Alerts }}{{ .Annotations.summary }}{{ end }}',
      headers: { subject: 'Oh: {{ .GroupLabels.alertname }}', 'X-Team': '{{ .CommonLabels.severity }}' },
    });
    expect(outcome).toEqual({ ok: true });
    const [mail] = mails;
    expect(mail).toMatchObject({
      from: 'alerts@example.org',
      to: ['ops@example.org', 'second@example.org'],
      secure: false,
    });
    expect(mail!.text).toMatch(/^From: Alerts <alerts@example.org>\r$/m);
    expect(mail!.text).toMatch(/^Subject: Oh: Down\r$/m);
    expect(mail!.text).toMatch(/^X-Team: critical\r$/m);
    expect(mail!.text).toMatch(/^Date: Mon, 02 Mar 2026 10:00:00 \+0000\r$/m);
    expect(mail!.text).toMatch(/^Message-ID: <.+@.+>\r$/im);
    expect(mail!.text).toContain('multipart/alternative');
    expect(mail!.text).toContain('a is <down>');
    expect(mail!.text).toContain('a is &lt;down&gt;');
    expect(mail!.text.indexOf('text/plain')).toBeLessThan(mail!.text.indexOf('text/html'));
  });

  it('has a subject of its own accord, and threads by group and day', async () => {
    const { mails, port } = await mailServer(PLAIN_SERVER);
    await sendMail(
      port,
      { require_tls: false, threading: { enabled: true, thread_by_date: 'daily' } },
      notificationOf([RESOLVED]),
    );
    expect(mails[0]!.text).toMatch(/^Subject: \[RESOLVED\] Down/m);
    const day = new Date(NOW).toISOString().slice(0, 10);
    expect(mails[0]!.text).toMatch(new RegExp(`^References: <alert-[0-9a-f]{16}-${day}@alertmanager>\r$`, 'm'));
  });

  it.each([
    ['PLAIN', { auth_username: 'me', auth_password: 'password' }],
    ['LOGIN', { auth_username: 'me', auth_password: 'password' }],
    ['CRAM-MD5', { auth_username: 'me', auth_secret: 'password' }],
    ['PLAIN', { auth_username: 'me', auth_password: 'password', auth_identity: 'other' }],
  ])('upgrades with STARTTLS and authenticates by %s', async (method, credentials) => {
    const { mails, port } = await mailServer({
      authMethods: [method],
      onAuth: (auth, _, done) => {
        const right = auth.method === 'CRAM-MD5' ? auth.validatePassword('password') : auth.password === 'password';
        done(right ? null : new Error('wrong'), right ? { user: auth.username } : undefined);
      },
    });
    const outcome = await sendMail(port, { ...credentials, tls_config: { insecure_skip_verify: true } });
    expect(outcome).toEqual({ ok: true });
    expect(mails[0]).toMatchObject({ secure: true, user: 'me' });
  });

  it('uses TLS from the start where it is told to', async () => {
    const { mails, port } = await mailServer({ secure: true, authOptional: true });
    const outcome = await sendMail(port, { force_implicit_tls: true, tls_config: { insecure_skip_verify: true } });
    expect(outcome).toEqual({ ok: true });
    expect(mails[0]!.secure).toBe(true);
  });

  it('does not send in the clear where TLS is required, and trusts no unknown certificate', async () => {
    const clear = await mailServer(PLAIN_SERVER);
    expect(await sendMail(clear.port, {})).toMatchObject({ ok: false, retry: true });
    const unknown = await mailServer({ authOptional: true });
    expect(await sendMail(unknown.port, {})).toMatchObject({
      ok: false,
      retry: true,
      error: expect.stringMatching(/certificate/i),
    });
    expect([...clear.mails, ...unknown.mails]).toEqual([]);
  });

  it('keeps the password out of what it says', async () => {
    const { port } = await mailServer({
      authMethods: ['PLAIN'],
      onAuth: (auth, _, done) => done(new Error(`bad password ${auth.password ?? ''}`)),
    });
    const outcome = await sendMail(port, {
      auth_username: 'me',
      auth_password: 'my-password',
      tls_config: { insecure_skip_verify: true },
    });
    expect(outcome).toMatchObject({ ok: false, retry: true, error: expect.stringContaining('<secret>') });
    expect(JSON.stringify(outcome)).not.toContain('my-password');
  });

  it('says where nobody answers', async () => {
    expect(await sendMail(1, { require_tls: false })).toMatchObject({ ok: false, retry: true });
  });
});
