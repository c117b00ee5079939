/** E-mail over SMTP: TLS and authentication as Alertmanager does them, text and HTML parts, threads by group. */
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { hostname } from 'node:os';
import type { SendMailOptions } from 'nodemailer';
import type SMTPConnection from 'nodemailer/lib/smtp-connection/index.js';
import type SMTPTransport from 'nodemailer/lib/smtp-transport/index.js';
import type { Notification, Notifier, NotifyOutcome } from '../alerting/integration.ts';
import type { TlsConfig } from '../config/http-config.ts';
import type { Fields } from './fields.ts';
import type { Rendering } from './template-data.ts';

export interface EmailContext {
  readonly fields: Fields;
  /** `smtp_tls_config`, where the entry has no `tls_config` of its own. */
  readonly tls: TlsConfig;
  readonly render: (notification: Notification) => Rendering;
}

const DEFAULT_SUBJECT = '{{ template "email.default.subject" . }}';
/** A server that says nothing for so long is given up; the group's own time limit comes on top. */
const SILENT_MS = 30_000;

/**
 * Every fault is tried again, whatever the server's code says, as Alertmanager does. Where the server takes the mail for some
 * of its recipients only, the others alone are tried again if it puts them off (4xx); those that it refuses for good (5xx) are
 * named with what was sent.
 */
export function emailNotifier({ fields, tls, render }: EmailContext): Notifier {
  const putOff = new WeakMap<Notification, readonly string[]>();
  return {
    async notify(notification, signal) {
      const mail = composeMail(fields, notification, render(notification));
      const { createTransport } = await import('nodemailer');
      const transport = createTransport(smtpOptions(fields, tls));
      try {
        const to = putOff.get(notification);
        const { rejectedErrors = [] } = await transport.sendMail({
          ...mail,
          ...(to === undefined ? {} : { envelope: { from: mail.envelope.from, to: [...to] } }),
          // A mail whose time is over must not go out any more: the next flush sends it anew.
          signal,
        });
        const later = rejectedErrors.filter(({ responseCode = 0 }) => responseCode < 500);
        if (later.length > 0) putOff.set(notification, recipientsOf(later));
        return partialOutcome(rejectedErrors, later.length > 0);
      } catch (error) {
        return { ok: false, retry: true, error: errorText(fields, error) };
      } finally {
        transport.close();
      }
    },
  };
}

type Mail = SendMailOptions & { readonly envelope: { readonly from: string; readonly to: string } };

interface Refusal {
  readonly recipient?: string | undefined;
  readonly response?: string | undefined;
}

function recipientsOf(refusals: readonly Refusal[]): readonly string[] {
  return refusals.flatMap(({ recipient }) => recipient ?? []);
}

function partialOutcome(refusals: readonly Refusal[], retry: boolean): NotifyOutcome {
  if (refusals.length === 0) return { ok: true };
  const names = refusals.map(({ recipient = '', response = '' }) => `${recipient} (${response})`).join(', ');
  return retry
    ? { ok: false, retry, error: `the server took it for the other recipients, not for ${names}` }
    : { ok: true, remark: `not for ${names}` };
}

/** The message; the envelope is by `from` and `to`, whatever the headers of these names say. Throws TemplateError. */
function composeMail(fields: Fields, notification: Notification, rendering: Rendering): Mail {
  const from = rendering.text(fields.text('from'));
  const to = rendering.text(fields.text('to'));
  const headers = new Map<string, string>();
  for (const [name, template] of fields.entries('headers')) headers.set(canonical(name), rendering.text(template));
  const take = (name: string): string | undefined => {
    const value = headers.get(name);
    headers.delete(name);
    return value;
  };
  const text = fields.text('text');
  const html = fields.text('html');
  return {
    envelope: { from, to },
    from: take('From') ?? from,
    to: take('To') ?? to,
    cc: take('Cc'),
    bcc: take('Bcc'),
    replyTo: take('Reply-To'),
    subject: take('Subject') ?? rendering.text(DEFAULT_SUBJECT),
    messageId: take('Message-Id') ?? `<${randomUUID()}@${hostname()}>`,
    date: new Date(notification.nowMs),
    ...thread(fields, notification),
    headers: [...headers].map(([key, value]) => ({ key, value })),
    ...(text === '' ? {} : { text: rendering.text(text) }),
    ...(html === '' ? {} : { html: rendering.html(html) }),
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}

/** Where the mail goes and how: implicit TLS on port 465, else STARTTLS if `require_tls`. Throws FieldError. */
function smtpOptions(fields: Fields, tls: TlsConfig): SMTPTransport.Options {
  const { host, port } = hostAndPort(fields.text('smarthost'));
  const secure = fields.optionalFlag('force_implicit_tls') ?? port === 465;
  const requireTLS = !secure && fields.flag('require_tls', true);
  const own = fields.raw('tls_config');
  return {
    host,
    port,
    secure,
    requireTLS,
    // Alertmanager encrypts where it must, never because the server could.
    ignoreTLS: !requireTLS && !secure,
    name: fields.text('hello') || 'localhost',
    tls: tlsOptions((own as TlsConfig | undefined) ?? tls, host),
    connectionTimeout: SILENT_MS,
    greetingTimeout: SILENT_MS,
    socketTimeout: SILENT_MS,
    ...credentials(fields),
  };
}

function credentials(fields: Fields): Partial<SMTPTransport.Options> {
  const user = fields.text('auth_username');
  if (user === '') return {};
  const password = fields.textOrFile('auth_password');
  // Only CRAM-MD5 uses the secret; the server chooses among the others.
  if (password === '') return { auth: { user, pass: fields.textOrFile('auth_secret') }, authMethod: 'CRAM-MD5' };
  const identity = fields.text('auth_identity');
  if (identity === '') return { auth: { user, pass: password } };
  return {
    auth: { type: 'custom', method: 'PLAIN-WITH-IDENTITY', user, pass: password },
    customAuth: {
      'PLAIN-WITH-IDENTITY': async (context: SMTPConnection.CustomAuthenticationContext) => {
        const token = Buffer.from(`${identity}\u0000${user}\u0000${password}`).toString('base64');
        const answer = await context.sendCommand(`AUTH PLAIN ${token}`);
        if (answer.status !== 235) throw new Error(`authentication as ${user} was refused`);
      },
    },
  };
}

function tlsOptions(tls: TlsConfig, host: string): SMTPTransport.Options['tls'] {
  const file = (path: string | undefined): Buffer | undefined => (path === undefined ? undefined : readFileSync(path));
  const versions = { TLS10: 'TLSv1', TLS11: 'TLSv1.1', TLS12: 'TLSv1.2', TLS13: 'TLSv1.3' } as const;
  const ca = tls.ca ?? file(tls.caFile);
  const cert = tls.cert ?? file(tls.certFile);
  const key = tls.key?.reveal() ?? file(tls.keyFile);
  return {
    ...(isIP(tls.serverName ?? host) === 0 ? { servername: tls.serverName ?? host } : {}),
    rejectUnauthorized: !tls.insecureSkipVerify,
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(tls.minVersion === undefined ? {} : { minVersion: versions[tls.minVersion] }),
    ...(tls.maxVersion === undefined ? {} : { maxVersion: versions[tls.maxVersion] }),
  };
}

/** All mails of one group hang under a message that does not exist, which mail programs show as one conversation. */
function thread(fields: Fields, notification: Notification): { references?: string; inReplyTo?: string } {
  const threading = fields.object('threading');
  if (!threading.flag('enabled', false)) return {};
  const day = threading.text('thread_by_date') === 'none' ? '' : localDay(notification.nowMs);
  const group = createHash('sha256').update(notification.groupKey).digest('hex').slice(0, 16);
  const root = `<alert-${group}-${day}@alertmanager>`;
  return { references: root, inReplyTo: root };
}

function localDay(ms: number): string {
  const at = new Date(ms);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** `host:port`, the host in brackets where it is an IPv6 address. */
function hostAndPort(smarthost: string): { readonly host: string; readonly port: number } {
  const colon = smarthost.lastIndexOf(':');
  return { host: smarthost.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(smarthost.slice(colon + 1)) };
}

/** `message-id` as `Message-Id`. */
function canonical(header: string): string {
  return header.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}

function errorText(fields: Fields, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const starttls = error instanceof Error && 'code' in error && error.code === 'ETLS' && /STARTTLS/i.test(message);
  return starttls
    ? `'require_tls' is true (default) but "${fields.text('smarthost')}" does not do STARTTLS: ${message}`
    : message;
}
