/** A log record from named fields: winston, pino, bunyan, ECS, Elastic, journald, Docker and others that are like them. */
import { levelInText, levelOf } from './level.ts';
import type { LogLevel, LogRecord } from './record.ts';
import { timestampOf } from './timestamp.ts';

export type Fields = Readonly<Record<string, unknown>>;

/** Names by which loggers call a thing; dotted ones are nested fields, or fields whose names have dots. */
const TIME_FIELDS = [
  '@timestamp',
  'timestamp',
  'time',
  'ts',
  'datetime',
  'date',
  'eventTime',
  'asctime',
  'event.created',
  't',
  'Timestamp',
  '__REALTIME_TIMESTAMP',
  'timeUnixNano',
  'instant.epochSecond',
  '@t',
  'T',
] as const;
export const LEVEL_FIELDS = [
  'level',
  'log.level',
  'severity',
  'lvl',
  'levelname',
  'loglevel',
  'log_level',
  'severityText',
  'severity_text',
  'SeverityText',
  'Level',
  'syslog.severity.code',
  'log.syslog.severity.code',
  'PRIORITY',
  'priority',
  '@l',
  'L',
] as const;
const MESSAGE_FIELDS = [
  'message',
  'msg',
  '@message',
  'MESSAGE',
  'Message',
  'body',
  'Body',
  'text',
  'event.original',
  'short_message',
  'log',
  'event',
  'RenderedMessage',
  'MessageTemplate',
  '@m',
  '@mt',
  'M',
] as const;
export const SERVICE_FIELDS = [
  'service.name',
  'service',
  'serviceName',
  'service_name',
  'resource.service.name',
  'resource.attributes.service.name',
  'app',
  'application',
  'fields.service',
  'kubernetes.labels.app',
  'kubernetes.container.name',
  'container.name',
  'SYSLOG_IDENTIFIER',
  '_COMM',
  'serviceContext.service',
  'dd.service',
  'attrs.com.docker.compose.service',
  'name',
] as const;
export const TRACE_FIELDS = [
  'trace.id',
  'traceId',
  'trace_id',
  'traceID',
  'traceid',
  'TraceId',
  'otelTraceID',
  'dd.trace_id',
  'fields.trace_id',
  'logging.googleapis.com/trace',
] as const;
const SPAN_FIELDS = [
  'span.id',
  'spanId',
  'span_id',
  'spanID',
  'spanid',
  'SpanId',
  'otelSpanID',
  'dd.span_id',
  'logging.googleapis.com/spanId',
] as const;

export interface RecordPlace {
  readonly id: string;
  readonly origin: string;
  readonly raw: string;
  /** The time of reading, for what has no time. */
  readonly nowMs: number;
}

/** Always gives a record: what is not found is guessed or left empty. */
export function structuredRecord(fields: Fields, place: RecordPlace): LogRecord {
  const timestampMs = timeOf(fields, place.nowMs);
  const traceId = idOf(fields, TRACE_FIELDS) ?? traceparent(fields)?.[1];
  const spanId = idOf(fields, SPAN_FIELDS) ?? traceparent(fields)?.[2];
  const message = messageOf(fields, place.raw);
  return {
    id: place.id,
    timestampMs: timestampMs ?? place.nowMs,
    timestampGuessed: timestampMs === undefined,
    level: recordLevel(fields, message),
    service: serviceOf(fields),
    message,
    ...(traceId === undefined ? {} : { traceId }),
    ...(spanId === undefined ? {} : { spanId }),
    origin: place.origin,
    fields,
    raw: place.raw,
  };
}

/** The value under a dotted name, whether the dots are nesting or part of the name. */
export function fieldAt(fields: Fields, name: string): unknown {
  if (Object.hasOwn(fields, name)) return fields[name];
  let dot = name.indexOf('.');
  while (dot !== -1) {
    const below = Object.hasOwn(fields, name.slice(0, dot)) ? fields[name.slice(0, dot)] : undefined;
    if (typeof below === 'object' && below !== null) {
      const value = fieldAt(below as Fields, name.slice(dot + 1));
      if (value !== undefined) return value;
    }
    dot = name.indexOf('.', dot + 1);
  }
  return undefined;
}

function timeOf(fields: Fields, nowMs: number): number | undefined {
  for (const name of TIME_FIELDS) {
    const value = fieldAt(fields, name);
    const ms = value === undefined ? undefined : timestampOf(value, nowMs);
    if (ms !== undefined) return ms;
  }
  return undefined;
}

function recordLevel(fields: Fields, message: string): LogLevel {
  for (const name of LEVEL_FIELDS) {
    const level = levelOf(fieldAt(fields, name));
    if (level !== 'unknown') return level;
  }
  // Docker's wrapper around a line of text has no level of its own.
  const level = levelInText(message);
  if (level !== 'unknown') return level;
  return fields['stream'] === 'stderr' ? 'error' : 'unknown';
}

function messageOf(fields: Fields, raw: string): string {
  for (const name of MESSAGE_FIELDS) {
    const value = fieldAt(fields, name);
    if (typeof value === 'string' && value !== '') return value.replace(/\r?\n$/, '');
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    // journald gives what is no valid text as its bytes.
    if (name === 'MESSAGE' && Array.isArray(value)) return Buffer.from(value.map(Number)).toString('utf8');
  }
  for (const name of ['error.message', 'err.message', 'error', 'err']) {
    const value = fieldAt(fields, name);
    if (typeof value === 'string' && value !== '') return value;
  }
  for (const name of ['message', 'msg', 'body']) {
    const value = fieldAt(fields, name);
    if (typeof value === 'object' && value !== null) return JSON.stringify(value);
  }
  return raw;
}

function serviceOf(fields: Fields): string {
  for (const name of SERVICE_FIELDS) {
    const value = fieldAt(fields, name);
    if (typeof value === 'string' && value !== '') return value;
  }
  return '';
}

function idOf(fields: Fields, names: readonly string[]): string | undefined {
  for (const name of names) {
    const value = fieldAt(fields, name);
    if (typeof value !== 'string' || value === '' || /^0+$/.test(value)) continue;
    // Google names a trace by its project as well.
    const id = value.startsWith('projects/') ? value.slice(value.lastIndexOf('/') + 1) : value;
    return /^[0-9a-f]+$/i.test(id) ? id.toLowerCase() : id;
  }
  return undefined;
}

function traceparent(fields: Fields): RegExpExecArray | null {
  const value = fields['traceparent'];
  return typeof value === 'string' ? /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-/.exec(value) : null;
}
