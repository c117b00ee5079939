/** Where log records go: the console, files rotated by size, and in production Elasticsearch. */
import { join } from 'node:path';
import type * as Winston from 'winston';
import type { Logform } from 'winston';
import type * as WinstonElasticsearch from 'winston-elasticsearch';
import { loadPackage } from './optional-package.ts';

export interface LogFileOptions {
  readonly directory: string;
  /** `combined.log` by default. */
  readonly fileName?: string | undefined;
  /** Errors again in a file of their own, `error.log` by default; empty for none. */
  readonly errorFileName?: string | undefined;
  /** A file is rotated when it is larger; 5 MiB by default. */
  readonly maxBytes?: number | undefined;
  /** Rotated files kept; 10 by default. */
  readonly maxFiles?: number | undefined;
}

export interface LogElasticsearchOptions {
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly apiKey?: string | undefined;
  /** Indices are `PREFIX-YYYY.MM.DD`, by the day of the record; `logs-SERVICE` by default. */
  readonly indexPrefix?: string | undefined;
}

export interface LogTransportOptions {
  readonly console: boolean;
  readonly files: LogFileOptions | undefined;
  readonly elasticsearch: LogElasticsearchOptions | undefined;
  readonly service: string;
}

/** The transports; `consoleFormat` colours, files and Elasticsearch get the record as it is. */
export function createTransports(
  winston: typeof Winston,
  options: LogTransportOptions,
): (Winston.transport | Winston.transports.FileTransportInstance)[] {
  const transports: Winston.transport[] = [];
  if (options.console) transports.push(new winston.transports.Console({ format: consoleFormat(winston) }));
  if (options.files !== undefined) transports.push(...fileTransports(winston, options.files));
  if (options.elasticsearch !== undefined)
    transports.push(elasticsearchTransport(options.elasticsearch, options.service));
  return transports;
}

function consoleFormat(winston: typeof Winston): Logform.Format {
  const { combine, colorize, printf } = winston.format;
  const line = printf((record) => {
    const { level, message, '@timestamp': time, service, version, environment, hostname, pid, ...rest } = record;
    const text = Object.keys(rest).length === 0 ? '' : ` ${JSON.stringify(rest)}`;
    return `${time} ${level} ${service}: ${message}${text}`;
  });
  // Colour codes in a pipe or a file are noise.
  return process.stdout.isTTY && !process.env.NO_COLOR ? combine(colorize(), line) : line;
}

function fileTransports(winston: typeof Winston, files: LogFileOptions): Winston.transport[] {
  const rotation = { maxsize: files.maxBytes ?? 5 * 1024 * 1024, maxFiles: files.maxFiles ?? 10, tailable: true };
  const path = (name: string): string => join(files.directory, name);
  const transports = [new winston.transports.File({ filename: path(files.fileName ?? 'combined.log'), ...rotation })];
  const errorFileName = files.errorFileName ?? 'error.log';
  if (errorFileName !== '')
    transports.push(new winston.transports.File({ filename: path(errorFileName), level: 'error', ...rotation }));
  return transports;
}

function elasticsearchTransport(options: LogElasticsearchOptions, service: string): Winston.transport {
  const { ElasticsearchTransport } = loadPackage<typeof WinstonElasticsearch>(
    'winston-elasticsearch',
    'sending logs to Elasticsearch',
  );
  const auth =
    options.apiKey !== undefined
      ? { apiKey: options.apiKey }
      : options.username !== undefined
        ? { username: options.username, password: options.password ?? '' }
        : undefined;
  return new ElasticsearchTransport({
    level: 'info',
    // Named by the day of each record: a name made once at start would never change.
    indexPrefix: options.indexPrefix ?? `logs-${service.toLowerCase()}`,
    indexSuffixPattern: 'YYYY.MM.DD',
    bufferLimit: 10_000,
    clientOpts: { node: options.url, ...(auth === undefined ? {} : { auth }) },
    // The same document as in the files, so that both are searched by the same fields.
    transformer: ({ level, message, meta }) => ({ ...meta, level: level.toUpperCase(), message }),
  });
}
