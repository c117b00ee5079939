/** The sections of `prometheus.yml` about the server itself: `storage`, `tracing`, `otlp`, `runtime`. */
import { httpHeader, tlsConfig } from './http-client-fields.ts';
import { checkHeaders } from './remote-config.ts';
import {
  boolean,
  field,
  float,
  integer,
  list,
  mapping,
  plainStruct,
  type Raw,
  type StructPlace,
  struct,
  text,
} from './schema.ts';
import { byteSize, duration, oneOf, textMap } from './value-types.ts';

const retention = struct(
  'config.plain',
  { time: field(duration), size: field(byteSize), percentage: field(float) },
  (raw, at) => {
    if (raw.size < 0)
      at.fail('size', `'storage.tsdb.retention.size' must be greater than or equal to 0, got ${raw.size}B`);
    if (raw.percentage < 0 || raw.percentage > 100) {
      at.fail('percentage', `'storage.tsdb.retention.percentage' must be in the range [0, 100], got ${raw.percentage}`);
    }
    return raw;
  },
);

const tsdb = struct(
  'config.plain',
  {
    out_of_order_time_window: field(duration),
    stale_series_compaction_threshold: field(float),
    chunk_encoding: field(plainStruct('config.ChunkEncodingConfig', { floats: field(text) })),
    retention: field(retention),
    outofordertimewindow: field(integer),
  },
  (raw, at) => {
    const floats = raw.chunk_encoding?.floats ?? '';
    if (!['', 'xor', 'xor2'].includes(floats)) {
      const name = "'storage.tsdb.chunk_encoding.floats'";
      const message = `${name} must be 'xor' or 'xor2', or the field must be omitted entirely, got ${JSON.stringify(floats)}`;
      at.fail('chunk_encoding', message);
    }
    return raw;
  },
);

export const storageSection = plainStruct('config.StorageConfig', {
  tsdb: field(tsdb),
  exemplars: field(plainStruct('config.ExemplarsConfig', { max_exemplars: field(integer) })),
});

const tracingClient = oneOf('config.TracingClientType', ['http', 'grpc'] as const, (word) => {
  return `expected tracing client type to be to be http or grpc, but got ${word}`;
});

const tracingFields = {
  client_type: field(tracingClient, 'grpc'),
  endpoint: field(text),
  sampling_fraction: field(float),
  insecure: field(boolean),
  tls_config: field(tlsConfig),
  compression: field(text),
  timeout: field(duration),
};

export const tracingSection = struct('config.plain', { ...tracingFields, headers: field(textMap) }, (raw, at) => {
  checkHeaders(raw.headers, at, 'custom authorization header configuration is not yet supported');
  checkTracing(raw, at);
  return raw;
});

/** The section as `alertmanager.yml` has it: its headers are those of an HTTP client. */
export const alertmanagerTracing = struct(
  'tracing.plain',
  { ...tracingFields, headers: field(mapping(httpHeader)) },
  (raw, at) => {
    checkTracing(raw, at);
    return raw;
  },
);

function checkTracing(raw: Raw<typeof tracingFields>, at: StructPlace): void {
  if (raw.endpoint === '') at.fail('endpoint', 'tracing endpoint must be set');
  if (raw.compression !== '' && raw.compression !== 'gzip') {
    at.fail('compression', `invalid compression type ${raw.compression} provided, valid options: gzip`);
  }
}

export const otlpSection = struct(
  'config.plain',
  {
    promote_all_resource_attributes: field(boolean),
    promote_resource_attributes: field(list(text)),
    ignore_resource_attributes: field(list(text)),
    translation_strategy: field(text, 'UnderscoreEscapingWithSuffixes'),
    keep_identifying_resource_attributes: field(boolean),
    convert_histograms_to_nhcb: field(boolean),
    promote_scope_metadata: field(boolean),
    label_name_underscore_sanitization: field(boolean, true),
    label_name_preserve_multiple_underscores: field(boolean, true),
  },
  (raw, at) => {
    const promoted = raw.promote_resource_attributes ?? [];
    const ignored = raw.ignore_resource_attributes ?? [];
    if (raw.promote_all_resource_attributes) {
      if (promoted.length > 0) {
        const names = "'promote_all_resource_attributes' and 'promote_resource_attributes'";
        at.fail('promote_resource_attributes', `${names} cannot be configured simultaneously`);
      }
      checkAttributes('ignore_resource_attributes', ignored, 'ignored', at);
    } else {
      if (ignored.length > 0) {
        const message =
          "'ignore_resource_attributes' cannot be configured unless 'promote_all_resource_attributes' is true";
        at.fail('ignore_resource_attributes', message);
      }
      checkAttributes('promote_resource_attributes', promoted, 'promoted', at);
    }
    return { strategy: raw.translation_strategy, strategyPlace: at.of('translation_strategy') };
  },
);

function checkAttributes(name: string, attributes: readonly string[], adjective: string, at: StructPlace): void {
  const seen = new Set<string>();
  for (const [index, attribute] of attributes.entries()) {
    const trimmed = attribute.trim();
    const place = at.item(name, index);
    if (trimmed === '') at.fail(place, `invalid '${name}': empty ${adjective} OTel resource attribute`);
    else if (seen.has(trimmed)) {
      at.fail(place, `invalid '${name}': duplicated ${adjective} OTel resource attribute ${JSON.stringify(trimmed)}`);
    }
    seen.add(trimmed);
  }
}

export const runtimeSection = plainStruct('config.RuntimeConfig', { gogc: field(integer) });
