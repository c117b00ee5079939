/** The URL of a target's labels, written as Go's `net/url` writes it. */
import type { Labels } from '../labels/labels.ts';

export const PARAMETER_PREFIX = '__param_';

/** `params` are the job's; a `__param_NAME` label overrides the first value of NAME. */
export function targetUrl(labels: Labels, params: Readonly<Record<string, readonly string[]>>): string {
  const all = new Map(Object.entries(params));
  for (const [label, value] of labels) {
    if (!label.startsWith(PARAMETER_PREFIX)) continue;
    const name = label.slice(PARAMETER_PREFIX.length);
    all.set(name, [value, ...(all.get(name)?.slice(1) ?? [])]);
  }
  const path = labels.get('__metrics_path__');
  const slash = path === '' || path.startsWith('/') ? '' : '/';
  const query = encodeQuery(all);
  return `${labels.get('__scheme__')}://${labels.get('__address__')}${slash}${escapeBytes(path, PATH_BYTES)}${query === '' ? '' : `?${query}`}`;
}

/** `localhost` and loopback addresses as others would reach this machine. */
export function globalUrl(url: string, hostname: string): string {
  return url.replace(/^(https?:\/\/)(localhost|127\.0\.0\.1|\[::1\])(?=[:/?]|$)/, `$1${hostname}`);
}

const PATH_BYTES = /[A-Za-z0-9\-_.~$&+,/:;=@]/;
const QUERY_BYTES = /[A-Za-z0-9\-_.~]/;

function encodeQuery(params: ReadonlyMap<string, readonly string[]>): string {
  const parts: string[] = [];
  for (const name of [...params.keys()].sort()) {
    for (const value of params.get(name)!) parts.push(`${escapeQuery(name)}=${escapeQuery(value)}`);
  }
  return parts.join('&');
}

function escapeQuery(text: string): string {
  return escapeBytes(text, QUERY_BYTES).replaceAll('%20', '+');
}

function escapeBytes(text: string, kept: RegExp): string {
  let out = '';
  for (const byte of Buffer.from(text)) {
    const character = String.fromCharCode(byte);
    out += kept.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}
