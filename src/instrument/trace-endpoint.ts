/** Where spans are sent, by the OTEL_* variables, then JAEGER_ENDPOINT, then the local default. */

export interface TraceEndpoint {
  /** Full URL of OTLP/HTTP traces. */
  readonly url: string;
  readonly from:
    | 'option'
    | 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'
    | 'OTEL_EXPORTER_OTLP_ENDPOINT'
    | 'JAEGER_ENDPOINT'
    | 'default';
  /** What was changed, in a sentence. */
  readonly warning?: string | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is taken as it is, OTEL_EXPORTER_OTLP_ENDPOINT gets `/v1/traces` (OpenTelemetry's
 * exporter specification). JAEGER_ENDPOINT may be a base URL, an OTLP URL or the Thrift collector of old
 * (`http://host:14268/api/traces`), for which Jaeger's OTLP port 4318 on the same host is used.
 */
export function traceEndpoint(option: string | undefined, environment: Environment): TraceEndpoint {
  if (option) return { url: withTracesPath(option), from: 'option' };
  const traces = environment['OTEL_EXPORTER_OTLP_TRACES_ENDPOINT'];
  if (traces) return { url: traces, from: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT' };
  const base = environment['OTEL_EXPORTER_OTLP_ENDPOINT'];
  if (base) return { url: `${base.replace(/\/+$/, '')}/v1/traces`, from: 'OTEL_EXPORTER_OTLP_ENDPOINT' };
  const jaeger = environment['JAEGER_ENDPOINT'];
  if (jaeger) return jaegerEndpoint(jaeger);
  return { url: 'http://localhost:4318/v1/traces', from: 'default' };
}

/**
 * How spans are sent: OTEL_EXPORTER_OTLP_TRACES_PROTOCOL, then OTEL_EXPORTER_OTLP_PROTOCOL (`http/json`, `http/protobuf`,
 * `grpc`), named as OpenTelemetry's exporter packages end. watchfire itself receives OTLP over HTTP, not over gRPC.
 */
export function traceProtocol(environment: Environment): 'http' | 'proto' | 'grpc' {
  const traces = environment['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL']?.trim();
  const protocol = (traces || environment['OTEL_EXPORTER_OTLP_PROTOCOL']?.trim()) ?? '';
  return protocol === 'grpc' ? 'grpc' : protocol === 'http/protobuf' ? 'proto' : 'http';
}

function jaegerEndpoint(value: string): TraceEndpoint {
  const url = new URL(/^[a-z]+:\/\//i.test(value) ? value : `http://${value}`);
  if (url.port !== '14268' && !/^\/api\/traces\/?$/.test(url.pathname))
    return { url: withTracesPath(url.href), from: 'JAEGER_ENDPOINT' };
  const secure = url.protocol === 'https:' && url.port === '';
  const otlp = secure ? `https://${url.host}/v1/traces` : `${url.protocol}//${url.hostname}:4318/v1/traces`;
  return {
    url: otlp,
    from: 'JAEGER_ENDPOINT',
    warning: `JAEGER_ENDPOINT names Jaeger's Thrift collector, which its exporter for Node.js no longer serves; sending OTLP to ${otlp} instead.`,
  };
}

function withTracesPath(value: string): string {
  const url = new URL(value);
  if (url.pathname === '/' || url.pathname === '') url.pathname = '/v1/traces';
  return url.href;
}
