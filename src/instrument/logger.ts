/** A structured logger: JSON records with service, trace and request, without secrets, through winston. */
import { hostname } from 'node:os';
import type * as Winston from 'winston';
import type { LogElasticsearchOptions } from './log-elasticsearch.ts';
import { createTransports, type LogFileOptions } from './log-transports.ts';
import { loadPackage } from './optional-package.ts';
import { redact, redactText } from './redact.ts';
import { activeTraceIds } from './trace-context.ts';
import { methodOf, pathOf, routeOf, userIdOf, type WebRequest } from './web.ts';

export interface LoggerOptions {
  /** SERVICE_NAME or OTEL_SERVICE_NAME, else `nodejs-app`. */
  readonly service?: string | undefined;
  readonly version?: string | undefined;
  readonly environment?: string | undefined;
  /** LOG_LEVEL, else `info`. */
  readonly level?: string | undefined;
  /** True by default. */
  readonly console?: boolean | undefined;
  /** In production `./logs` by default; false for none. */
  readonly files?: LogFileOptions | false | undefined;
  /** In production from ELASTICSEARCH_URL, _USER, _PASSWORD, _API_KEY by default; false for none. */
  readonly elasticsearch?: LogElasticsearchOptions | false | undefined;
}

export type LogMeta = Readonly<Record<string, unknown>>;

export class StructuredLogger {
  readonly #logger: Winston.Logger;

  /** Throws MissingPackageError where winston (or, if asked for, winston-elasticsearch) is not installed. */
  constructor(options: LoggerOptions | Winston.Logger = {}) {
    this.#logger = isWinstonLogger(options) ? options : createWinstonLogger(options);
  }

  /** A logger that puts `meta` on each of its records. */
  child(meta: LogMeta): StructuredLogger {
    return new StructuredLogger(this.#logger.child(redact(meta) as object));
  }

  debug(message: string, meta: LogMeta = {}): void {
    this.#logger.debug(message, meta);
  }

  info(message: string, meta: LogMeta = {}): void {
    this.#logger.info(message, meta);
  }

  warn(message: string, meta: LogMeta = {}): void {
    this.#logger.warn(message, meta);
  }

  /** `error` may be anything that was thrown. */
  error(message: string, error?: unknown, meta: LogMeta = {}): void {
    if (error === undefined || error === null) this.#logger.error(message, meta);
    else this.#logger.error(message, { ...meta, error: asError(error) });
  }

  /** One record for a finished HTTP request: 5xx is an error, 4xx a warning. */
  logRequest(request: WebRequest, statusCode: number, durationMs: number, meta: LogMeta = {}): void {
    const level = statusCode >= 500 ? 'error' : statusCode >= 400 ? 'warn' : 'info';
    this.#logger.log(level, 'HTTP Request', {
      method: methodOf(request),
      url: pathOf(request),
      route: routeOf(request),
      statusCode,
      duration: durationMs,
      userAgent: request.headers['user-agent'],
      ip: request.ip ?? request.socket?.remoteAddress,
      userId: userIdOf(request),
      ...meta,
    });
  }

  logBusinessEvent(event: string, meta: LogMeta = {}): void {
    this.#logger.info('Business Event', { eventType: event, ...meta });
  }

  logDatabaseOperation(
    operation: string,
    table: string,
    durationMs: number,
    error?: unknown,
    meta: LogMeta = {},
  ): void {
    const fields = { operation, table, duration: durationMs, ...meta };
    if (error === undefined || error === null) this.debug('Database Operation', fields);
    else this.error('Database Operation Failed', error, fields);
  }

  logExternalApiCall(call: ExternalApiCall, error?: unknown): void {
    const { service, durationMs, ...rest } = call;
    const fields = { externalService: service, duration: durationMs, ...rest };
    if (error === undefined || error === null) this.info('External API Call', fields);
    else this.error('External API Call Failed', error, fields);
  }

  /** Writes what is buffered and ends the transports; waits no longer than `timeoutMs`. */
  close(timeoutMs = 2000): Promise<void> {
    return new Promise((resolve) => {
      const giveUp = setTimeout(resolve, timeoutMs);
      const open = new Set(this.#logger.transports);
      const settle = (transport?: Winston.transport): void => {
        if (transport !== undefined) open.delete(transport);
        if (open.size > 0) return;
        clearTimeout(giveUp);
        resolve();
      };
      // The logger's own `finish` comes before its files have been written.
      for (const transport of open) transport.once('finish', () => settle(transport));
      this.#logger.end();
      settle();
    });
  }
}

export interface ExternalApiCall {
  readonly service: string;
  readonly endpoint: string;
  readonly method: string;
  readonly statusCode?: number | undefined;
  readonly durationMs: number;
}

function isWinstonLogger(options: LoggerOptions | Winston.Logger): options is Winston.Logger {
  return 'transports' in options;
}

function createWinstonLogger(options: LoggerOptions): Winston.Logger {
  const winston = loadPackage<typeof Winston>('winston', 'the structured logger');
  const service = options.service ?? process.env.SERVICE_NAME ?? process.env.OTEL_SERVICE_NAME ?? 'nodejs-app';
  const logger = winston.createLogger({
    level: options.level ?? process.env.LOG_LEVEL ?? 'info',
    format: winston.format.combine(recordFormat(winston)(), winston.format.json({ deterministic: false })),
    defaultMeta: {
      service,
      version: options.version ?? process.env.APP_VERSION ?? '1.0.0',
      environment: options.environment ?? process.env.NODE_ENV ?? 'development',
      hostname: hostname(),
      pid: process.pid,
    },
    transports: createTransports(winston, {
      console: options.console ?? true,
      files: options.files === false ? undefined : (options.files ?? filesByEnvironment()),
      elasticsearch:
        options.elasticsearch === false ? undefined : (options.elasticsearch ?? elasticsearchByEnvironment()),
      service,
    }),
    exitOnError: false,
  });
  // A transport that fails (disk full, Elasticsearch gone) must not take the application down.
  logger.on('error', (error: NodeJS.ErrnoException) => {
    // Somebody logs after the end: there is nowhere left to put it.
    if (error.code === 'ERR_STREAM_WRITE_AFTER_END' || error.message === 'write after end') return;
    process.stderr.write(`logger: ${redactText(String(error))}\n`);
  });
  return logger;
}

/** Puts time and trace on the record and takes secrets out; keeps winston's symbols. */
function recordFormat(winston: typeof Winston): ReturnType<typeof Winston.format> {
  return winston.format((info) => {
    const { level, message, service, ...meta } = info;
    const ids = activeTraceIds();
    // What OpenTelemetry's instrumentation of winston has put there as well, under its own names.
    if (ids !== undefined && meta['trace_id'] === ids.traceId)
      for (const name of ['trace_id', 'span_id', 'trace_flags']) delete meta[name];
    const record = {
      '@timestamp': new Date().toISOString(),
      level: level.toUpperCase(),
      message: typeof message === 'string' ? redactText(message) : redact(message),
      service,
      ...ids,
      ...(redact(meta) as object),
    };
    for (const symbol of Object.getOwnPropertySymbols(info)) {
      Object.defineProperty(record, symbol, Object.getOwnPropertyDescriptor(info, symbol)!);
    }
    return record;
  });
}

function filesByEnvironment(): LogFileOptions | undefined {
  return process.env.NODE_ENV === 'production' ? { directory: 'logs' } : undefined;
}

function elasticsearchByEnvironment(): LogElasticsearchOptions | undefined {
  const url = process.env.ELASTICSEARCH_URL;
  if (process.env.NODE_ENV !== 'production' || !url) return undefined;
  return {
    url,
    username: process.env.ELASTICSEARCH_USER,
    password: process.env.ELASTICSEARCH_PASSWORD,
    apiKey: process.env.ELASTICSEARCH_API_KEY,
  };
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(typeof thrown === 'string' ? thrown : JSON.stringify(thrown));
}
