/** A line of a log file as a record: JSON, logfmt or plain text. */
import { levelInText } from './level.ts';
import { parseLogfmt } from './logfmt.ts';
import type { LogRecord } from './record.ts';
import { type Fields, type RecordPlace, structuredRecord } from './structured-record.ts';
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
      ...(inner.timestampGuessed ? { timestampMs: found.ms, timestampGuessed: false } : {}),
    };
  }
  const message = found === undefined ? place.raw : `${found.before.replace(/[[(<"'\s]+$/, '')}${found.after}`;
  const traceId = /\btrace[-_ ]?id["']?[=: ]+"?([0-9a-f]{32}|[0-9a-f]{16})\b/i.exec(place.raw)?.[1]?.toLowerCase();
  return {
    id: place.id,
    timestampMs: found?.ms ?? place.nowMs,
    timestampGuessed: found === undefined,
    level: levelInText(place.raw),
    service: '',
    message: message.replace(/^[\])>"'\s:|-]+/, '') || place.raw,
    ...(traceId === undefined ? {} : { traceId }),
    origin: place.origin,
    fields: {},
    raw: place.raw,
  };
}
