/** A line of a log file as a record: JSON, logfmt or plain text. */
import { parseAccessLog } from './access-log.ts';
import { levelInText } from './level.ts';
import { parseLogfmt } from './logfmt.ts';
import type { LogRecord } from './record.ts';
import { type Fields, type RecordPlace, structuredRecord } from './structured-record.ts';
import { parseSyslog } from './syslog.ts';
import { timestampInText } from './timestamp.ts';

export type LineForm = 'json' | 'logfmt' | 'text';

export interface ParsedLine {
  readonly form: LineForm;
  readonly record: LogRecord;
}

/** Never throws: what cannot be read as anything else is text. */
export function parseLine(place: RecordPlace): ParsedLine {
  const json = parseJsonObject(place.raw);
  if (json !== undefined) return { form: 'json', record: structuredRecord(unwrapped(json), place) };
  const logfmt = parseLogfmt(place.raw);
  if (logfmt !== undefined) return { form: 'logfmt', record: structuredRecord(logfmt, place) };
  return { form: 'text', record: textRecord(place) };
}

function parseJsonObject(text: string): Fields | undefined {
  const start = text.trimStart();
  if (!start.startsWith('{')) return undefined;
  try {
    return JSON.parse(start) as Fields;
  } catch {
    return undefined;
  }
}

/** Docker puts the line that a container wrote, which may be JSON itself, into `log`. */
function unwrapped(fields: Fields): Fields {
  if (typeof fields['log'] !== 'string' || fields['stream'] === undefined) return fields;
  const inner = parseJsonObject(fields['log']);
  return inner === undefined ? fields : { ...fields, ...inner };
}

function textRecord(place: RecordPlace): LogRecord {
  const found = timestampInText(place.raw, place.nowMs);
  // The container runtimes' own format: time, stream, whether the line is whole, and the line.
  const container = found === undefined ? null : /^ (stdout|stderr) ([FP]) (.*)$/s.exec(found.after);
  if (found !== undefined && container !== null) {
    const inner = parseLine({ ...place, raw: container[3]! }).record;
    return {
      ...inner,
      raw: place.raw,
      level: inner.level === 'unknown' && container[1] === 'stderr' ? 'error' : inner.level,
      ...(inner.timestampGuessed ? { timestampMs: found.ms, timestampGuessed: false } : {}),
    };
  }
  const syslog = found === undefined ? undefined : parseSyslog(place.raw, found);
  const access = found === undefined ? undefined : parseAccessLog(place.raw);
  const message = found === undefined ? place.raw : `${found.before.replace(/[[(<"'\s]+$/, '')}${found.after}`;
  const ids = idsInText(place.raw);
  return {
    id: place.id,
    timestampMs: found?.ms ?? place.nowMs,
    timestampGuessed: found === undefined,
    level:
      access?.level ?? (syslog === undefined || syslog.level === 'unknown' ? levelInText(place.raw) : syslog.level),
    service: syslog?.service ?? ids.service,
    message: syslog?.message || message.replace(/^[\])>"'\s:|-]+/, '') || place.raw,
    ...(ids.traceId === undefined ? {} : { traceId: ids.traceId }),
    ...(ids.spanId === undefined ? {} : { spanId: ids.spanId }),
    origin: place.origin,
    fields: { ...syslog?.fields, ...access?.fields },
    raw: place.raw,
  };
}

const NAMED_TRACE = /\btrace[-_ ]?id["']?[=: ]+"?([0-9a-f]{32}|[0-9a-f]{16})\b/i;
const NAMED_SPAN = /\bspan[-_ ]?id["']?[=: ]+"?([0-9a-f]{16})\b/i;
/** Spring's `[orders,TRACE,SPAN]` of Sleuth, and `[TRACE-SPAN]` of Boot 3. */
const SPRING = /\[(?:([\w.-]*),)?([0-9a-f]{32}|[0-9a-f]{16})[,-]([0-9a-f]{16})(?:,\w*)?\]/;

function idsInText(text: string): { traceId?: string | undefined; spanId?: string | undefined; service: string } {
  const traceId = NAMED_TRACE.exec(text)?.[1]?.toLowerCase();
  if (traceId !== undefined) return { traceId, spanId: NAMED_SPAN.exec(text)?.[1]?.toLowerCase(), service: '' };
  const [, service = '', spring, spanId] = SPRING.exec(text) ?? [];
  return { traceId: spring, spanId, service };
}
