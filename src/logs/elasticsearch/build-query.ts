/** A log query in Elasticsearch's query language. */
import { namesFrom, numberOf } from '../level.ts';
import type { LogLevel, LogQuery } from '../record.ts';
import { LEVEL_FIELDS, SERVICE_FIELDS, TRACE_FIELDS } from '../structured-record.ts';
import type { FieldUse, LogFields, Where } from './fields.ts';

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

/** Values compared whole where the field, or its `.keyword`, can be; as a phrase where it is only text. */
function equals(name: string, value: string, fields: LogFields): Clause[] {
  const own = fields.uses.get(name) ?? {};
  const keyword = `${name}.keyword`;
  const clauses = [...words(name, [value], own), ...words(keyword, [value], fields.uses.get(keyword) ?? {})];
  if (own.typed !== undefined) clauses.push(within(own.typed, { match: { [name]: { query: value, lenient: true } } }));
  if (own.number !== undefined && value.trim() !== '' && Number.isFinite(Number(value)))
    clauses.push(within(own.number, { term: { [name]: Number(value) } }));
  if (own.text !== undefined && fields.uses.get(keyword)?.exact === undefined)
    clauses.push(within(own.text, { multi_match: { query: value, type: 'phrase', fields: [name], lenient: true } }));
  return clauses;
}

/** Exact values. Where other indices have the field in another type, those must not take offence at the words. */
function words(name: string, values: readonly string[], { exact }: FieldUse): Clause[] {
  if (exact === undefined) return [];
  if (exact === 'everywhere')
    return [values.length === 1 ? { term: { [name]: values[0] } } : { terms: { [name]: values } }];
  return [within(exact, anyOf(values.map((query) => ({ match: { [name]: { query, lenient: true } } }))))];
}

function within(where: Where, clause: Clause): Clause {
  return where === 'everywhere' ? clause : { bool: { filter: [{ terms: { _index: where } }, clause] } };
}

function levelClauses(least: LogLevel, fields: LogFields): Clause[] {
  const names = namesFrom(least);
  // Keywords are what was written, in whichever case.
  const spellings = names.flatMap((name) => [name, name.toUpperCase(), name[0]!.toUpperCase() + name.slice(1)]);
  return LEVEL_FIELDS.flatMap((name): Clause[] => {
    const own = fields.uses.get(name) ?? {};
    const keyword = `${name}.keyword`;
    const clauses = [...words(name, spellings, own), ...words(keyword, spellings, fields.uses.get(keyword) ?? {})];
    if (own.text !== undefined && fields.uses.get(keyword)?.exact === undefined)
      clauses.push(within(own.text, { match: { [name]: { query: names.join(' '), lenient: true } } }));
    if (own.number !== undefined) {
      const atLeast = [{ range: { [name]: { gte: numberOf(least) } } }, syslogClause(name, least)];
      clauses.push(within(own.number, anyOf(atLeast)));
    }
    return clauses;
  });
}

/** Syslog counts the other way round, from 7 (debug) to 0. */
function syslogClause(name: string, least: LogLevel): Clause {
  const most = { unknown: 7, trace: 7, debug: 7, info: 6, warn: 4, error: 3, fatal: 2 }[least];
  return { range: { [name]: { gte: 0, lte: most } } };
}
