/** Reads what syslog puts around a message: RFC 5424, and RFC 3164 as daemons write it to files and to the network. */
import { levelOf } from './level.ts';
import type { LogLevel } from './record.ts';
import type { Fields } from './structured-record.ts';
import type { FoundTimestamp } from './timestamp.ts';

export interface SyslogLine {
  /** `unknown` where the line has no priority. */
  readonly level: LogLevel;
  readonly service: string;
  readonly message: string;
  readonly fields: Fields;
}

const PRIORITY = /^<(\d{1,3})>/;
/** After the time: host, application, process, message id, structured data. */
const RFC5424 = /^ (\S+) (\S+) (\S+) (\S+) (-|(?:\[(?:[^\]\\]|\\.)*\])+)(?: \uFEFF?(.*))?$/s;
const RFC3164 = /^ ([\w.:-]+) ([\w./@-]+)(?:\[(\d+)\])?: ?(.*)$/s;
/** With a time of another kind, only a process number tells it from prose. */
const RFC3164_WITH_PROCESS = /^ ([\w.:-]+) ([\w./@-]+)\[(\d+)\]: ?(.*)$/s;
const MONTH_FIRST = /^(?:<\d{1,3}>)?[A-Z][a-z]{2} [ \d]\d \d\d:/;

/** Undefined where the line is none of syslog's; `found` is the time in it. */
export function parseSyslog(line: string, found: FoundTimestamp): SyslogLine | undefined {
  const priority = PRIORITY.exec(line)?.[1];
  const level = priority === undefined ? 'unknown' : levelOf(Number(priority) % 8);
  if (/^<\d{1,3}>1 $/.test(found.before)) {
    const match = RFC5424.exec(found.after);
    if (match === null) return undefined;
    const [, host, application, pid, messageId, structured, message = ''] = match;
    const given = Object.entries({ host, pid, messageId, structured }).filter(([, value]) => value !== '-');
    return { level, service: application === '-' ? '' : application!, message, fields: Object.fromEntries(given) };
  }
  const match = (MONTH_FIRST.test(line) ? RFC3164 : RFC3164_WITH_PROCESS).exec(found.after);
  if (match !== null) {
    const [, host, service, pid, message] = match;
    return { level, service: service!, message: message!, fields: { host, ...(pid === undefined ? {} : { pid }) } };
  }
  // On the network the host may be missing.
  return priority === undefined ? undefined : { level, service: '', message: found.after.trimStart(), fields: {} };
}
