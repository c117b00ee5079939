/** Distributed tracing of a Node application through OpenTelemetry, exported by OTLP over HTTP. */
import { register } from 'node:module';
import type * as Api from '@opentelemetry/api';
import type * as AutoInstrumentations from '@opentelemetry/auto-instrumentations-node';
import type * as OtlpHttp from '@opentelemetry/exporter-trace-otlp-http';
import type * as Resources from '@opentelemetry/resources';
import type * as SdkNode from '@opentelemetry/sdk-node';
import { loadPackage, loadPackageIfPresent } from './optional-package.ts';
import { type BusinessOperation, startBusinessOperation } from './trace-business.ts';
import { type TraceEndpoint, traceEndpoint, traceProtocol } from './trace-endpoint.ts';
import { type ClientCall, callWithSpan } from './trace-external.ts';
import { tracingMiddleware } from './trace-middleware.ts';
import { type CacheOperation, cacheSpan, type DbOperation, dbSpan } from './trace-storage.ts';
import type { WebMiddleware } from './web.ts';

export interface TracingOptions {
  /** OTEL_SERVICE_NAME or SERVICE_NAME, else `nodejs-app`. */
  readonly serviceName?: string | undefined;
  readonly serviceVersion?: string | undefined;
  readonly environment?: string | undefined;
  /** URL of the OTLP/HTTP receiver; else by the environment, see `traceEndpoint`. */
  readonly endpoint?: string | undefined;
  /** Further resource attributes. */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
  /** Instruments http, express, pg, redis and others that the application loads after this; true by default. */
  readonly autoInstrumentations?: boolean | undefined;
  /** The process' tracer; false makes one beside it, for several services in one process. True by default. */
  readonly global?: boolean | undefined;
  /** How long spans may wait to be sent together; OTEL_BSP_SCHEDULE_DELAY or 5000 by default. */
  readonly exportDelayMs?: number | undefined;
  /** Where warnings go; standard error by default. */
  readonly warn?: ((text: string) => void) | undefined;
}

export type SpanOptions = Omit<Api.SpanOptions, 'root'>;

/** Starts tracing; throws MissingPackageError where OpenTelemetry is not installed. To be called before the rest is loaded. */
export function startTracing(options: TracingOptions = {}): DistributedTracing {
  return new DistributedTracing(options);
}

export class DistributedTracing {
  readonly serviceName: string;
  readonly endpoint: TraceEndpoint;
  readonly api: typeof Api;
  readonly tracer: Api.Tracer;
  readonly #shutdown: () => Promise<void>;

  constructor(options: TracingOptions = {}) {
    this.api = required<typeof Api>('@opentelemetry/api');
    const environment = process.env;
    this.serviceName = options.serviceName ?? environment.OTEL_SERVICE_NAME ?? environment.SERVICE_NAME ?? 'nodejs-app';
    this.endpoint = traceEndpoint(options.endpoint, environment);
    if (this.endpoint.warning !== undefined) warnBy(options)(this.endpoint.warning);
    const started = (options.global ?? true) ? startGlobally(this, options) : startBeside(this, options);
    this.tracer = started.provider.getTracer('watchfire/instrument');
    this.#shutdown = started.shutdown;
  }

  /** A span that the caller ends. Its parent is the active span, or `parent`. */
  createSpan(name: string, options: SpanOptions = {}, parent?: Api.Span): Api.Span {
    const { context, trace } = this.api;
    const above = parent === undefined ? context.active() : trace.setSpan(context.active(), parent);
    return this.tracer.startSpan(name, options, above);
  }

  /** Runs `body` inside a span, which ends with it and takes its error over. */
  async withSpan<T>(name: string, body: (span: Api.Span) => T | Promise<T>, options: SpanOptions = {}): Promise<T> {
    const span = this.tracer.startSpan(name, options);
    const { context, trace } = this.api;
    try {
      return await context.with(trace.setSpan(context.active(), span), body, undefined, span);
    } catch (error) {
      this.fail(span, error);
      throw error;
    } finally {
      span.end();
    }
  }

  /** Marks the span as failed by what was thrown. */
  fail(span: Api.Span, error: unknown): void {
    const cause = error instanceof Error ? error : new Error(String(error));
    span.recordException(cause);
    span.setAttribute('error.type', cause.name);
    span.setStatus({ code: this.api.SpanStatusCode.ERROR, message: cause.message });
  }

  /** The function, run inside a span each time. */
  wrap<This, Args extends unknown[], Result>(
    name: string,
    body: (this: This, ...args: Args) => Result | Promise<Result>,
    options: SpanOptions = {},
  ): (this: This, ...args: Args) => Promise<Result> {
    const { withSpan } = this;
    const tracing = this;
    return function (this: This, ...args: Args): Promise<Result> {
      return withSpan.call(tracing, name, () => body.apply(this, args), options) as Promise<Result>;
    };
  }

  /** Decorator for asynchronous methods, for standard decorators and TypeScript's older ones alike. */
  traceMethod(operationName: string): MethodDecoratorOfBothKinds {
    const traced = (method: AnyMethod, methodName: string): AnyMethod => {
      const tracing = this;
      return function (this: unknown, ...args: never[]): Promise<unknown> {
        const className = (this as object | undefined)?.constructor?.name ?? '';
        const attributes = { 'operation.name': operationName, 'code.function.name': `${className}.${methodName}` };
        return tracing.withSpan(operationName, () => method.apply(this, args), { attributes });
      };
    };
    return ((target: unknown, context: unknown, descriptor?: PropertyDescriptor) => {
      if (descriptor === undefined)
        return traced(target as AnyMethod, String((context as ClassMethodDecoratorContext).name));
      descriptor.value = traced(descriptor.value as AnyMethod, String(context));
      return descriptor;
    }) as MethodDecoratorOfBothKinds;
  }

  /** Continues the caller's trace (`traceparent`) in a server span, or enriches the one auto-instrumentation made. */
  createTracingMiddleware(): WebMiddleware {
    return tracingMiddleware(this);
  }

  startBusinessOperation(name: string, attributes: Api.Attributes = {}): BusinessOperation {
    return startBusinessOperation(this, name, attributes);
  }

  /** Runs a query inside a client span. */
  traceDbOperation<T>(operation: DbOperation, body: (span: Api.Span) => T | Promise<T>): Promise<T> {
    return dbSpan(this, operation, body);
  }

  /** Runs a cache command inside a client span; a `get` that gives null or undefined is a miss. */
  traceCacheOperation<T>(operation: CacheOperation, body: (span: Api.Span) => T | Promise<T>): Promise<T> {
    return cacheSpan(this, operation, body);
  }

  /** Calls another service inside a client span, handing `body` the headers that carry the trace on. */
  traceExternalCall<T extends { readonly status: number }>(
    call: ClientCall,
    body: (headers: Record<string, string>, span: Api.Span) => Promise<T>,
  ): Promise<T> {
    return callWithSpan(this, call, body);
  }

  /** Sends what is left. */
  shutdown(): Promise<void> {
    return this.#shutdown();
  }
}

type AnyMethod = (this: unknown, ...args: never[]) => unknown;
type MethodDecoratorOfBothKinds = ((
  target: object,
  name: string | symbol,
  descriptor: PropertyDescriptor,
) => PropertyDescriptor) &
  (<M extends AnyMethod>(method: M, context: ClassMethodDecoratorContext) => M);

interface Started {
  readonly provider: Api.TracerProvider;
  readonly shutdown: () => Promise<void>;
}

function startGlobally(tracing: DistributedTracing, options: TracingOptions): Started {
  const { NodeSDK } = required<typeof SdkNode>('@opentelemetry/sdk-node');
  const exporters = process.env.OTEL_TRACES_EXPORTER?.trim();
  const sdk = new NodeSDK({
    resource: resourceOf(tracing.serviceName, options),
    instrumentations: (options.autoInstrumentations ?? true) ? [autoInstrumentations()] : [],
    // Another exporter than OTLP (none, console, zipkin) is the SDK's own to make.
    ...(exporters === undefined || exporters === '' || exporters === 'otlp'
      ? { spanProcessors: [spanProcessor(tracing.endpoint, options)] }
      : {}),
    // Traces only: metrics are scraped, and logs have their own way.
    metricReaders: [],
    logRecordProcessors: [],
  });
  sdk.start();
  return { provider: tracing.api.trace.getTracerProvider(), shutdown: () => sdk.shutdown() };
}

function startBeside(tracing: DistributedTracing, options: TracingOptions): Started {
  const { node } = required<typeof SdkNode>('@opentelemetry/sdk-node');
  const provider = new node.NodeTracerProvider({
    resource: resourceOf(tracing.serviceName, options),
    spanProcessors: [spanProcessor(tracing.endpoint, options)],
  });
  // The first sets the context manager and the propagator for all; OpenTelemetry ignores the later ones.
  provider.register();
  return { provider, shutdown: () => provider.shutdown() };
}

function spanProcessor(endpoint: TraceEndpoint, options: TracingOptions): SdkNode.node.SpanProcessor {
  const { node } = required<typeof SdkNode>('@opentelemetry/sdk-node');
  const delay = options.exportDelayMs;
  return new node.BatchSpanProcessor(
    spanExporter(endpoint, options),
    delay === undefined ? {} : { scheduledDelayMillis: delay },
  );
}

/** Of the protocol that the environment asks for, JSON over HTTP by default; the others come with the SDK. */
function spanExporter(endpoint: TraceEndpoint, options: TracingOptions): OtlpHttp.OTLPTraceExporter {
  const protocol = traceProtocol(process.env);
  const name = `@opentelemetry/exporter-trace-otlp-${protocol}`;
  if (protocol === 'http') return new (required<typeof OtlpHttp>(name).OTLPTraceExporter)({ url: endpoint.url });
  const other = loadPackageIfPresent<typeof OtlpHttp>(name);
  if (other === undefined) {
    warnBy(options)(`${name} is not installed; sending JSON over HTTP to ${endpoint.url} instead.`);
    return new (required<typeof OtlpHttp>('@opentelemetry/exporter-trace-otlp-http').OTLPTraceExporter)({
      url: endpoint.url,
    });
  }
  // gRPC takes a host and port; the path is HTTP's.
  return new other.OTLPTraceExporter({ url: protocol === 'grpc' ? new URL(endpoint.url).origin : endpoint.url });
}

function warnBy(options: TracingOptions): (text: string) => void {
  return options.warn ?? ((text) => process.stderr.write(`tracing: ${text}\n`));
}

function resourceOf(serviceName: string, options: TracingOptions): Resources.Resource {
  const { defaultResource, resourceFromAttributes } = required<typeof Resources>('@opentelemetry/resources');
  return defaultResource().merge(
    resourceFromAttributes({
      'service.name': serviceName,
      'service.version': options.serviceVersion ?? process.env.APP_VERSION ?? '1.0.0',
      'deployment.environment.name': options.environment ?? process.env.NODE_ENV ?? 'development',
      ...options.attributes,
    }),
  );
}

function autoInstrumentations(): ReturnType<typeof AutoInstrumentations.getNodeAutoInstrumentations> {
  const { getNodeAutoInstrumentations } = required<typeof AutoInstrumentations>(
    '@opentelemetry/auto-instrumentations-node',
  );
  // Without the hook, packages that ES modules import stay as they are.
  if (loadPackageIfPresent('@opentelemetry/instrumentation') !== undefined)
    register('@opentelemetry/instrumentation/hook.mjs', import.meta.url);
  return getNodeAutoInstrumentations({ '@opentelemetry/instrumentation-fs': { enabled: false } });
}

function required<T>(name: string): T {
  return loadPackage<T>(name, 'tracing', [
    '@opentelemetry/api',
    '@opentelemetry/sdk-node',
    '@opentelemetry/resources',
    '@opentelemetry/exporter-trace-otlp-http',
    '@opentelemetry/auto-instrumentations-node',
  ]);
}
