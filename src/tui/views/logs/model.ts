/** The log lines at hand: newest last, bounded, filtered, counted by level over time. */
import type { LogLevel, LogRecord } from '../../../logs/record.ts';
import type { Stack } from '../../charts/bars.ts';
import { type Filter, NO_FILTER } from '../../frame/filter.ts';
import type { Subject } from '../../frame/place.ts';

/** From the best to the worst. */
export const LEVELS: readonly LogLevel[] = ['unknown', 'trace', 'debug', 'info', 'warn', 'error', 'fatal'];

export function isError(record: LogRecord): boolean {
  return record.level === 'error' || record.level === 'fatal';
}

const CAPACITY = 10_000;

export class LogBuffer {
  #records: LogRecord[] = [];
  #shown: LogRecord[] = [];
  #seen = new Set<string>();
  #filter: Filter = NO_FILTER;
  /** Lines dropped from the front because there was no room. */
  dropped = 0;

  /** What passes the filter, in order of event time. */
  get shown(): readonly LogRecord[] {
    return this.#shown;
  }

  get all(): readonly LogRecord[] {
    return this.#records;
  }

  clear(): void {
    this.#records = [];
    this.#shown = [];
    this.#seen.clear();
    this.dropped = 0;
  }

  setFilter(filter: Filter): void {
    this.#filter = filter;
    this.#shown = this.#records.filter((record) => filter.accepts(filterable(record)));
  }

  /** Adds those that are new. Gives how many lines left the front of `shown`, so that a selection can move with them. */
  add(batch: readonly LogRecord[]): number {
    const fresh = batch.filter((record) => !this.#seen.has(record.id));
    if (fresh.length === 0) return 0;
    for (const record of fresh) this.#seen.add(record.id);
    const lastMs = this.#records.at(-1)?.timestampMs ?? Number.NEGATIVE_INFINITY;
    const inOrder = fresh.every((record, i) => record.timestampMs >= (i === 0 ? lastMs : fresh[i - 1]!.timestampMs));
    this.#records.push(...fresh);
    if (!inOrder) this.#records.sort((a, b) => a.timestampMs - b.timestampMs);
    if (inOrder) this.#shown.push(...fresh.filter((record) => this.#filter.accepts(filterable(record))));
    else this.setFilter(this.#filter);
    return this.#trim();
  }

  #trim(): number {
    const excess = this.#records.length - CAPACITY;
    if (excess <= 0) return 0;
    const gone = new Set(this.#records.splice(0, excess));
    for (const record of gone) this.#seen.delete(record.id);
    this.dropped += excess;
    const before = this.#shown.length;
    this.#shown = this.#shown.filter((record) => !gone.has(record));
    return before - this.#shown.length;
  }
}

function filterable(record: LogRecord) {
  return {
    text: `${record.message} ${record.service} ${record.level} ${record.traceId ?? ''}`,
    field: (name: string): string | undefined => {
      if (name === 'level') return record.level;
      if (name === 'service') return record.service;
      if (name === 'trace' || name === 'traceId') return record.traceId;
      const value = fieldOf(record.fields, name);
      return value === undefined ? undefined : typeof value === 'object' ? JSON.stringify(value) : String(value);
    },
  };
}

/** A field by its name, or by its path (`http.status`). */
export function fieldOf(fields: Readonly<Record<string, unknown>>, name: string): unknown {
  if (Object.hasOwn(fields, name)) return fields[name];
  let at: unknown = fields;
  for (const part of name.split('.')) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<string, unknown>)[part];
  }
  return at;
}

/** Layers of the histogram, from the bottom: the worst where it is seen first. */
export const LAYERS = ['error', 'warn', 'info', 'rest'] as const;

export interface Volume {
  readonly stacks: readonly Stack[];
  /** Over all columns, by layer. */
  readonly totals: readonly number[];
  readonly bucketMs: number;
}

/** How many lines of each layer came in each of `columns` equal parts of the window. */
export function volumeOf(records: readonly LogRecord[], startMs: number, endMs: number, columns: number): Volume {
  const bucketMs = Math.max(1, (endMs - startMs) / columns);
  const counts = Array.from({ length: columns }, () => [0, 0, 0, 0]);
  const totals = [0, 0, 0, 0];
  for (const record of records) {
    if (record.timestampMs < startMs || record.timestampMs > endMs) continue;
    const x = Math.min(columns - 1, Math.floor((record.timestampMs - startMs) / bucketMs));
    const layer = isError(record) ? 0 : record.level === 'warn' ? 1 : record.level === 'info' ? 2 : 3;
    counts[x]![layer]!++;
    totals[layer]!++;
  }
  return { stacks: counts.map((each) => ({ counts: each })), totals, bucketMs };
}

const SAID_ELSEWHERE =
  /^(@?timestamp|time|ts|date|level|severity|log\.level|message|msg|text|service|service\.name|service_name|app|logger|name|trace_?id|span_?id|trace\.id|span\.id|trace_flags|trace|span|host(name)?|host\..*|pid|process\..*|version|service\.version|env(ironment)?|user_?agent|stack|error\.stack|err\.stack|type|category|@version|ecs\..*|agent\..*|ip)$/i;
const TELLING_FIRST = [
  'method',
  'url',
  'path',
  'route',
  'statusCode',
  'status',
  'duration',
  'error',
  'err',
  'reason',
  'code',
  'event',
  'operation',
  'api',
  'endpoint',
];

/** What else a line says, as `[name, value]`: the fields that are neither shown in columns nor the same for every line. */
export function tellingFields(record: LogRecord): [string, string][] {
  const rank = (name: string): number => {
    const at = TELLING_FIRST.findIndex(
      (each) => name === each || name.startsWith(`${each}.`) || name.endsWith(`.${each}`),
    );
    return at < 0 ? TELLING_FIRST.length : at;
  };
  return flatFields(record.fields)
    .filter(
      ([name, value]) =>
        !SAID_ELSEWHERE.test(name) && value !== '' && value !== 'null' && !record.message.includes(value),
    )
    .map(([name, value]): [string, string] => [name.slice(name.lastIndexOf('.') + 1), value])
    .sort(([a], [b]) => rank(a) - rank(b));
}

/** Every field as `path value`, nested ones by their path; the values as text. */
export function flatFields(fields: Readonly<Record<string, unknown>>, prefix = '', depth = 0): [string, string][] {
  return Object.entries(fields).flatMap(([name, value]): [string, string][] => {
    const path = prefix === '' ? name : `${prefix}.${name}`;
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && depth < 8) {
      const inner = flatFields(value as Record<string, unknown>, path, depth + 1);
      return inner.length > 0 ? inner : [[path, '{}']];
    }
    return [[path, typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))]];
  });
}

const AROUND_MS = 60_000;

export function subjectOfRecord(record: LogRecord): Subject {
  return {
    service: record.service === '' ? undefined : record.service,
    traceId: record.traceId,
    fromMs: record.timestampMs - AROUND_MS,
    toMs: record.timestampMs + AROUND_MS,
  };
}
