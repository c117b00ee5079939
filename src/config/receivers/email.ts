/** `email_configs`. */
import { hostPort } from '../alertmanager-values.ts';
import { tlsConfig } from '../http-client-fields.ts';
import {
  boolean,
  field,
  type Mapping,
  optional,
  plainStruct,
  type StructPlace,
  struct,
  type Type,
  text,
} from '../schema.ts';
import { filePath, secret, textMap } from '../value-types.ts';
import type { RawIntegration } from './integration.ts';

const threading = plainStruct('config.ThreadingConfig', { enabled: field(boolean), thread_by_date: field(text) });

/** `strict`: `subject` and `body`, which Alertmanager does not know, are refused as there. */
export function emailIntegration(strict: boolean): Type<RawIntegration | undefined> {
  const own = {
    send_resolved: field(boolean),
    to: field(text),
    from: field(text),
    hello: field(text),
    smarthost: field(hostPort),
    auth_username: field(text),
    auth_password: field(secret),
    auth_password_file: field(filePath),
    auth_secret: field(secret),
    auth_secret_file: field(filePath),
    auth_identity: field(text),
    headers: field(textMap),
    html: field(text, '{{ template "email.default.html" . }}'),
    text: field(text),
    require_tls: field(optional(boolean)),
    tls_config: field(tlsConfig),
    force_implicit_tls: field(optional(boolean)),
    threading: field(threading),
  };
  const lenient = { ...own, subject: field(text), body: field(text) };
  return struct('config.plain', (strict ? own : lenient) as typeof lenient, (raw, at): RawIntegration => {
    if (raw.to === '') at.fail('to', 'missing to address in email config');
    const headers = normalizeHeaders(raw.headers, at);
    for (const name of ['subject', 'body']) {
      if (at.has(name)) at.warn(at.keyOf(name), adviceOn(name));
    }
    if (at.has('subject') && headers['Subject'] === undefined) headers['Subject'] = raw.subject;
    checkThreading(raw.threading, headers, at);
    const { send_resolved, subject: _, body, ...fields } = raw;
    const bodyCounts = at.has('body') && !at.has('text');
    return {
      kind: 'email',
      place: at.place,
      sendResolved: send_resolved,
      http: undefined,
      fields: {
        ...fields,
        headers,
        text: bodyCounts ? body : raw.text,
        html: bodyCounts && !at.has('html') ? '' : raw.html,
        threading: { enabled: raw.threading?.enabled ?? false, thread_by_date: raw.threading?.thread_by_date ?? '' },
      },
      at,
    };
  });
}

function adviceOn(name: string): string {
  const instead = name === 'subject' ? 'headers: {Subject: …}' : 'text or html';
  return `Alertmanager would refuse this file: field ${name} not found in type config.plain; it is read as ${instead}, write that instead`;
}

function normalizeHeaders(headers: Mapping<string> | undefined, at: StructPlace): Record<string, string> {
  const normalized: Record<string, string> = Object.create(null);
  for (const { key, value, place } of headers ?? []) {
    const name = canonicalHeader(key);
    if (normalized[name] !== undefined)
      at.fail(place, `duplicate header ${JSON.stringify(name)} in email config: remove one`);
    normalized[name] = value;
  }
  return normalized;
}

/** As Go's `CanonicalMIMEHeaderKey`: a name with odd characters stays as it is. */
function canonicalHeader(name: string): string {
  if (!/^[A-Za-z0-9!#$%&'*+\-.^_`|~]+$/.test(name)) return name;
  return name.toLowerCase().replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}

function checkThreading(
  threadingConfig: { readonly enabled: boolean; readonly thread_by_date: string } | undefined,
  headers: Readonly<Record<string, string>>,
  at: StructPlace,
): void {
  if (!threadingConfig?.enabled) return;
  for (const name of ['References', 'In-Reply-To']) {
    if (headers[name] === undefined) continue;
    at.fail('threading', `conflicting configuration: threading.enabled conflicts with custom ${name} header`);
  }
  if (!['none', 'daily'].includes(threadingConfig.thread_by_date)) {
    at.fail('threading', "threading.thread_by_date must be either 'none' or 'daily'");
  }
}
