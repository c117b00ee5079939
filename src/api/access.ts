/** Who may ask: loopback addresses, basic authentication, a bearer token. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../config/secret.ts';

export interface AccessRules {
  readonly basicAuth?: { readonly username: string; readonly password: Secret } | undefined;
  readonly bearerToken?: Secret | undefined;
}

/** Whether the header satisfies one of the rules; without rules everybody may. */
export function isAllowed(header: string | undefined, { basicAuth, bearerToken }: AccessRules): boolean {
  if (basicAuth === undefined && bearerToken === undefined) return true;
  const [, scheme = '', credentials = ''] = /^(\S+)\s+(.*)$/.exec(header ?? '') ?? [];
  if (bearerToken && scheme.toLowerCase() === 'bearer') return same(credentials, bearerToken.reveal());
  if (!basicAuth || scheme.toLowerCase() !== 'basic') return false;
  const given = Buffer.from(credentials, 'base64').toString('utf8');
  return same(given, `${basicAuth.username}:${basicAuth.password.reveal()}`);
}

/** Whether only this machine reaches the host. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Takes the same time whatever differs. */
function same(a: string, b: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
