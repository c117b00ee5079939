/** The demo's first incident, told through e-mail, Slack and a webhook: whole content, firing and resolved, exactly once each. */
import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type HttpReceiver, type SmtpReceiver, startHttpReceiver, startSmtpReceiver } from './receivers.ts';
import { projectRoot } from './terminal.ts';

interface WebhookBody {
  readonly version: string;
  readonly status: string;
  readonly receiver: string;
  readonly groupKey: string;
  readonly truncatedAlerts: number;
  readonly groupLabels: Record<string, string>;
  readonly commonLabels: Record<string, string>;
  readonly commonAnnotations: Record<string, string>;
  readonly externalURL: string;
  readonly alerts: readonly {
    readonly status: string;
    readonly labels: Record<string, string>;
    readonly annotations: Record<string, string>;
    readonly startsAt: string;
    readonly endsAt: string;
    readonly generatorURL: string;
    readonly fingerprint: string;
  }[];
}

interface SlackBody {
  readonly channel: string;
  readonly attachments: readonly { readonly title: string; readonly color: string; readonly title_link: string }[];
}

const WITHIN_MS = 180_000;
/** Long enough after the last message for a second copy of any to come. */
const QUIET_MS = 3_000;

describe('the demo tells of its first incident', () => {
  let http: HttpReceiver;
  let smtp: SmtpReceiver;
  let program: ChildProcess;

  const webhooks = (): WebhookBody[] =>
    http.requests.filter((each) => each.path === '/webhook').map((each) => each.body as WebhookBody);
  const slacks = (): SlackBody[] =>
    http.requests.filter((each) => each.path === '/slack').map((each) => each.body as SlackBody);
  const ofPayment = (body: WebhookBody): boolean =>
    body.groupLabels['alertname'] === 'HighErrorRate' && body.groupLabels['service'] === 'payment';

  beforeAll(async () => {
    http = await startHttpReceiver();
    smtp = await startSmtpReceiver();
    program = spawn(
      process.execPath,
      [join(projectRoot, 'bin', 'watchfire.js'), 'demo', '--json', '--seed', '1', '--speed', '2'],
      {
        stdio: 'ignore',
        env: {
          ...process.env,
          WATCHFIRE_DEMO_WEBHOOK_URL: `${http.url}/webhook`,
          WATCHFIRE_DEMO_SLACK_URL: `${http.url}/slack`,
          WATCHFIRE_DEMO_SMTP: smtp.address,
        },
      },
    );
    const isDone = (): boolean =>
      webhooks().some((body) => ofPayment(body) && body.status === 'resolved') &&
      slacks().some(({ attachments }) => attachments[0]!.title.startsWith('[RESOLVED] HighErrorRate payment')) &&
      smtp.mails.some(({ source }) => /Subject: \[RESOLVED\] HighErrorRate payment/.test(source));
    const untilMs = Date.now() + WITHIN_MS;
    while (!isDone() && Date.now() < untilMs) await pause(100);
    await pause(QUIET_MS);
  }, WITHIN_MS + 15_000);

  afterAll(async () => {
    program.kill('SIGTERM');
    await new Promise((resolve) => program.once('exit', resolve));
    await Promise.all([http.close(), smtp.close()]);
  });

  it('posts the webhook firing, then resolved, once each and whole', () => {
    const bodies = webhooks().filter(ofPayment);
    expect(bodies.map((body) => body.status)).toEqual(['firing', 'resolved']);
    const [firing, resolved] = bodies;
    expect(firing).toMatchObject({
      version: '4',
      receiver: 'critical',
      groupKey: '{}/{severity="critical"}:{alertname="HighErrorRate", service="payment"}',
      truncatedAlerts: 0,
      groupLabels: { alertname: 'HighErrorRate', service: 'payment' },
      commonLabels: { alertname: 'HighErrorRate', cluster: 'demo', service: 'payment', severity: 'critical' },
      commonAnnotations: { summary: 'High error rate detected' },
    });
    expect(firing!.alerts).toHaveLength(1);
    const [alert] = firing!.alerts;
    expect(alert).toMatchObject({ status: 'firing', endsAt: '0001-01-01T00:00:00Z' });
    expect(Object.keys(alert!.labels).sort()).toEqual(['alertname', 'cluster', 'instance', 'service', 'severity']);
    expect(alert!.annotations['description']).toMatch(/^Error rate is [\d.]+% for payment$/);
    expect(alert!.fingerprint).toMatch(/^[0-9a-f]{16}$/);
    expect(alert!.generatorURL).toContain('/graph?g0.expr=');
    const [ended] = resolved!.alerts;
    expect(ended).toMatchObject({
      status: 'resolved',
      labels: alert!.labels,
      startsAt: alert!.startsAt,
      fingerprint: alert!.fingerprint,
    });
    expect(Date.parse(ended!.endsAt)).toBeGreaterThan(Date.parse(ended!.startsAt));
  });

  it('posts to Slack firing in red, then resolved in green, once each', () => {
    const messages = slacks().filter(({ attachments }) => attachments[0]!.title.includes('HighErrorRate payment'));
    expect(messages).toHaveLength(2);
    const instance = webhooks().find(ofPayment)!.commonLabels['instance'];
    expect(messages[0]).toMatchObject({
      channel: '#alerts',
      attachments: [{ title: `[FIRING:1] HighErrorRate payment (demo ${instance} critical)`, color: 'danger' }],
    });
    expect(messages[1]).toMatchObject({
      channel: '#alerts',
      attachments: [{ title: `[RESOLVED] HighErrorRate payment (demo ${instance} critical)`, color: 'good' }],
    });
    expect(messages[0]!.attachments[0]!.title_link).toMatch(/#\/alerts\?receiver=critical$/);
  });

  it('mails firing, then resolved, once each, to the receiver’s address', () => {
    const mails = smtp.mails.filter(({ source }) => source.includes('HighErrorRate payment'));
    expect(mails.map(({ source }) => /^Subject: (\[[A-Z:0-9]+\])/m.exec(source)?.[1])).toEqual([
      '[FIRING:1]',
      '[RESOLVED]',
    ]);
    for (const mail of mails) {
      expect(mail.from).toBe('watchfire@shop.example');
      expect(mail.to).toEqual(['oncall@shop.example']);
      expect(mail.source).toMatch(/^Content-Type: .*text\/html/m);
      expect(mail.source).toContain('High error rate detected');
    }
  });

  it('tells nothing twice through any channel', () => {
    const keys = webhooks().map((body) =>
      [body.groupKey, body.status, body.alerts.map((alert) => alert.startsAt)].join(),
    );
    expect(new Set(keys).size).toBe(keys.length);
  });
});

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
