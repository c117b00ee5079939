/** A log query in Elasticsearch's query language. */
import { namesFrom, numberOf } from '../level.ts';
import type { LogLevel, LogQuery } from '../record.ts';
import { LEVEL_FIELDS, SERVICE_FIELDS, TRACE_FIELDS } from '../structured-record.ts';
import { exactNames, type LogFields } from './fields.ts';

export type Clause = Readonly<Record<string, unknown>>;

/** The `query` of a search body; times go to the index in milliseconds, both ends included. */
export function buildQuery(query: LogQuery, fields: LogFields, timestampField: string): Clause {
  const filter: Clause[] = [];
  const { startMs, endMs, minLevel, service, traceId, text } = query;
  const range = {
    ...(startMs === undefined ? {} : { gte: Math.floor(startMs) }),
    ...(endMs === undefined ? {} : { lte: Math.ceil(endMs) }),
    format: 'epoch_millis',
  };
  // Without a bound it still says that the record must have a time to be sorted by.
  filter.push(
    startMs === undefined && endMs === undefined
      ? { exists: { field: timestampField } }
      : { range: { [timestampField]: range } },
  );
  if (minLevel !== undefined && minLevel !== 'unknown') filter.push(anyOf(levelClauses(minLevel, fields)));
  if (service) filter.push(anyOf(SERVICE_FIELDS.flatMap((name) => equals(name, service, fields))));
  if (traceId) filter.push(anyOf(TRACE_FIELDS.flatMap((name) => equals(name, traceId, fields))));
  for (const [name, value] of Object.entries(query.fields ?? {})) filter.push(anyOf(equals(name, value, fields)));
  if (text !== undefined && text.trim() !== '')
    filter.push({
      simple_query_string: { query: text, default_operator: 'and', lenient: true, analyze_wildcard: true },
    });
  return { bool: { filter } };
}

/** None at all matches nothing: a query by a field that no index has finds no record. */
function anyOf(clauses: readonly Clause[]): Clause {
  if (clauses.length === 1) return clauses[0]!;
  return clauses.length === 0 ? { match_none: {} } : { bool: { should: clauses, minimum_should_match: 1 } };
}

function equals(name: string, value: string, fields: LogFields): Clause[] {
  const exact = exactNames(name, fields.uses);
  if (exact.length > 0) return exact.map((each) => ({ term: { [each]: value } }));
  const use = fields.uses.get(name);
  if (use === 'number') return Number.isNaN(Number(value)) ? [] : [{ term: { [name]: Number(value) } }];
  return use === 'text' ? [{ match_phrase: { [name]: value } }] : [];
}

function levelClauses(least: LogLevel, fields: LogFields): Clause[] {
  const names = namesFrom(least);
  // Keywords are what was written, in whichever case.
  const spellings = names.flatMap((name) => [name, name.toUpperCase(), name[0]!.toUpperCase() + name.slice(1)]);
  return LEVEL_FIELDS.flatMap((name): Clause[] => {
    const exact = exactNames(name, fields.uses);
    if (exact.length > 0) return exact.map((each) => ({ terms: { [each]: spellings } }));
    const use = fields.uses.get(name);
    if (use === 'text') return [{ match: { [name]: names.join(' ') } }];
    if (use === 'number') return [{ range: { [name]: { gte: numberOf(least) } } }, ...syslogClause(name, least)];
    return [];
  });
}

/** Syslog counts the other way round, from 7 (debug) to 0. */
function syslogClause(name: string, least: LogLevel): Clause[] {
  const most = { unknown: 7, trace: 7, debug: 7, info: 6, warn: 4, error: 3, fatal: 2 }[least];
  return [{ range: { [name]: { gte: 0, lte: most } } }];
}
