/** Whether a record is what a log query asks for. */
import { isAtLeast } from './level.ts';
import type { LogQuery, LogRecord } from './record.ts';
import { fieldAt } from './structured-record.ts';

/** `endMs` is included, as `startMs` is. */
export function recordMatcher(query: LogQuery): (record: LogRecord) => boolean {
  const words = (query.text ?? '')
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  const fields = Object.entries(query.fields ?? {});
  const { minLevel, service, traceId, startMs, endMs } = query;
  return (record) =>
    (startMs === undefined || record.timestampMs >= startMs) &&
    (endMs === undefined || record.timestampMs <= endMs) &&
    (minLevel === undefined || isAtLeast(record.level, minLevel)) &&
    (service === undefined || service === '' || record.service === service) &&
    (traceId === undefined || record.traceId === traceId.toLowerCase()) &&
    fields.every(([name, wanted]) => hasField(record, name, wanted)) &&
    (words.length === 0 || hasWords(record, words));
}

function hasField(record: LogRecord, name: string, wanted: string): boolean {
  const value = fieldAt(record.fields, name);
  if (Array.isArray(value)) return value.some((each) => String(each) === wanted);
  return value !== undefined && (typeof value === 'object' ? JSON.stringify(value) : String(value)) === wanted;
}

function hasWords({ message, raw, service }: LogRecord, words: readonly string[]): boolean {
  const text = `${message}\n${raw}\n${service}`.toLowerCase();
  return words.every((word) => text.includes(word));
}
