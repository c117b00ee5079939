/** The log record model that every log source gives. */

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'unknown';

export interface LogRecord {
  /** Stable within its source: used to keep the selection and to page on. */
  readonly id: string;
  /** Event time in Unix milliseconds; the time of reading where the record has none (`timestampGuessed`). */
  readonly timestampMs: number;
  readonly timestampGuessed: boolean;
  readonly level: LogLevel;
  /** Empty where not known. */
  readonly service: string;
  readonly message: string;
  readonly traceId?: string | undefined;
  readonly spanId?: string | undefined;
  /** Where it came from: file path, or index. */
  readonly origin: string;
  /** Every field of the record, as it came (nested objects kept). */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The text as it came, where it was text. */
  readonly raw: string;
}

export interface LogQuery {
  /** Words that must all occur (case-insensitive); Elasticsearch reads it as simple_query_string. */
  readonly text?: string | undefined;
  /** This level and worse. */
  readonly minLevel?: LogLevel | undefined;
  readonly service?: string | undefined;
  readonly traceId?: string | undefined;
  /** Exact field values. */
  readonly fields?: Readonly<Record<string, string>> | undefined;
  readonly startMs?: number | undefined;
  readonly endMs?: number | undefined;
  /** The newest so many. */
  readonly limit: number;
}
