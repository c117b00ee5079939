/** Reads a line of a web server's access log: NCSA common and combined, as nginx, Apache, Caddy and HAProxy's clones write them. */
import type { LogLevel } from './record.ts';
import type { Fields } from './structured-record.ts';

export interface AccessLogLine {
  readonly level: LogLevel;
  readonly fields: Fields;
}

const LINE =
  /^(?:(\S+:\d+) )?(\S+) \S+ (\S+) \[[^\]]{20,40}\] "((?:[^"\\]|\\.)*)" (\d{3}) (\d+|-)(?: "((?:[^"\\]|\\.)*)" "((?:[^"\\]|\\.)*)")?/;
const REQUEST = /^([A-Z]+) (\S+)(?: HTTP\/[\d.]+)?$/;

/** Undefined where it is another kind of line. 5xx is an error, 4xx a warning. */
export function parseAccessLog(line: string): AccessLogLine | undefined {
  const match = LINE.exec(line);
  if (match === null) return undefined;
  const [, , client, user, request, statusText, bytes, referrer, userAgent] = match;
  const status = Number(statusText);
  const [, method, path] = REQUEST.exec(request!) ?? [];
  return {
    level: status >= 500 ? 'error' : status >= 400 ? 'warn' : 'info',
    fields: {
      client,
      ...(user === '-' ? {} : { user }),
      ...(method === undefined ? { request } : { method, path }),
      status,
      ...(bytes === '-' ? {} : { bytes: Number(bytes) }),
      ...(referrer === undefined || referrer === '-' ? {} : { referrer }),
      ...(userAgent === undefined || userAgent === '-' ? {} : { userAgent }),
    },
  };
}
