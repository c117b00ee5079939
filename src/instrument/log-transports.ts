/** Where log records go: the console, files rotated by size, and in production Elasticsearch. */
import { join } from 'node:path';
import type * as Winston from 'winston';
import type { Logform } from 'winston';
import { elasticsearchTransport, type LogElasticsearchOptions } from './log-elasticsearch.ts';

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
