/** Client spans for database and cache operations, named and labelled after OpenTelemetry's database conventions. */
import type { Attributes, Span } from '@opentelemetry/api';
import type { DistributedTracing } from './tracing.ts';

export interface DbOperation {
  /** E.g. `postgresql`. */
  readonly system: string;
  /** E.g. `SELECT`. */
  readonly operation: string;
  readonly table: string;
  /** With placeholders, never with the values. */
  readonly statement?: string | undefined;
  readonly attributes?: Attributes | undefined;
}

export interface CacheOperation {
  /** E.g. `redis`. */
  readonly system: string;
  readonly operation: 'get' | 'set' | 'del' | 'expire' | 'incr';
  readonly key: string;
}

export function dbSpan<T>(
  tracing: DistributedTracing,
  operation: DbOperation,
  body: (span: Span) => T | Promise<T>,
): Promise<T> {
  const attributes: Attributes = {
    'db.system.name': operation.system,
    'db.operation.name': operation.operation,
    'db.collection.name': operation.table,
    ...(operation.statement === undefined ? {} : { 'db.query.text': operation.statement }),
    ...operation.attributes,
  };
  const name = `${operation.operation} ${operation.table}`;
  return tracing.withSpan(
    name,
    async (span) => {
      const result = await body(span);
      const rows = (result as { rowCount?: unknown } | undefined | null)?.rowCount;
      if (typeof rows === 'number') span.setAttribute('db.response.returned_rows', rows);
      return result;
    },
    { kind: tracing.api.SpanKind.CLIENT, attributes },
  );
}

export function cacheSpan<T>(
  tracing: DistributedTracing,
  operation: CacheOperation,
  body: (span: Span) => T | Promise<T>,
): Promise<T> {
  const attributes: Attributes = {
    'db.system.name': operation.system,
    'db.operation.name': operation.operation.toUpperCase(),
    'cache.key': operation.key,
  };
  return tracing.withSpan(
    `${operation.operation.toUpperCase()} ${operation.system}`,
    async (span) => {
      const result = await body(span);
      if (operation.operation === 'get') span.setAttribute('cache.hit', result !== null && result !== undefined);
      return result;
    },
    { kind: tracing.api.SpanKind.CLIENT, attributes },
  );
}
