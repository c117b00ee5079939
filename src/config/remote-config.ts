/** `remote_write` and `remote_read` entries. */
import { azuread, googleIam, sigv4 } from './cloud-credentials.ts';
import { CONNECTION_HEADERS, httpClientFields, httpClientFrom } from './http-client-fields.ts';
import type { RemoteWriteConfig, SourcePlace } from './prometheus-config.ts';
import { type RawRelabel, relabelSteps } from './relabel-fields.ts';
import {
  boolean,
  field,
  integer,
  type Mapping,
  type Raw,
  type StructPlace,
  struct,
  text,
  toRecord,
  unsigned,
} from './schema.ts';
import { anyUrl, duration, labelSet, textMap } from './value-types.ts';

const queueFields = {
  capacity: field(integer, 10_000),
  max_shards: field(integer, 50),
  min_shards: field(integer, 1),
  max_samples_per_send: field(integer, 2000),
  batch_send_deadline: field(duration, 5_000),
  min_backoff: field(duration, 30),
  max_backoff: field(duration, 5_000),
  retry_on_http_429: field(boolean),
  sample_age_limit: field(duration),
};
type Queue = Raw<typeof queueFields>;

const NO_QUEUE: Queue = {
  capacity: 0,
  max_shards: 0,
  min_shards: 0,
  max_samples_per_send: 0,
  batch_send_deadline: 0,
  min_backoff: 0,
  max_backoff: 0,
  retry_on_http_429: false,
  sample_age_limit: 0,
};

const DEFAULT_QUEUE: Queue = Object.fromEntries(
  Object.entries(queueFields).map(([name, { absent }]) => [name, absent]),
) as unknown as Queue;

const queue = struct('config.QueueConfig', queueFields, (raw, at) => {
  checkQueue(raw, at);
  return raw;
});

const metadata = struct(
  'config.MetadataConfig',
  { send: field(boolean, true), send_interval: field(duration, 60_000), max_samples_per_send: field(integer, 2000) },
  (raw) => ({ send: raw.send, sendIntervalMs: raw.send_interval, maxSamplesPerSend: raw.max_samples_per_send }),
);

const writeFields = {
  ...httpClientFields,
  enable_http2: field(boolean, false),
  url: field(anyUrl),
  remote_timeout: field(duration, 30_000),
  headers: field(textMap),
  write_relabel_configs: field(relabelSteps('empty or null relabeling rule in remote write config')),
  name: field(text),
  send_exemplars: field(boolean),
  send_native_histograms: field(boolean),
  round_robin_dns: field(boolean),
  protobuf_message: field(text, 'prometheus.WriteRequest'),
  queue_config: field(queue, DEFAULT_QUEUE),
  metadata_config: field(metadata, { send: true, sendIntervalMs: 60_000, maxSamplesPerSend: 2000 }),
  sigv4: field(sigv4),
  azuread: field(azuread),
  google_iam: field(googleIam),
};

/** A remote write whose relabelling waits for the scheme of names. */
export type RawRemoteWrite = Omit<RemoteWriteConfig, 'writeRelabelConfigs'> & {
  readonly relabelSteps: readonly RawRelabel[] | undefined;
};

export const remoteWrite = struct('config.plain', writeFields, (raw, at): RawRemoteWrite => {
  if (!raw.url) at.fail('url', 'url for remote_write is empty: set url');
  checkHeaders(raw.headers, at);
  if (!['prometheus.WriteRequest', 'io.prometheus.write.v2.Request'].includes(raw.protobuf_message)) {
    const supported = '"prometheus.WriteRequest", "io.prometheus.write.v2.Request"';
    const message = `invalid protobuf_message value: unknown type for remote write protobuf message ${raw.protobuf_message}, supported: ${supported}`;
    at.fail('protobuf_message', message);
  }
  const http = httpClientFrom(raw, at);
  const queued = raw.queue_config ?? NO_QUEUE;
  if (!raw.queue_config) checkQueue(queued, at);
  const { basic_auth, authorization, oauth2, sigv4, azuread, google_iam } = raw;
  const credentials = Object.entries({
    basic_auth,
    authorization: authorization ?? http.authorization,
    oauth2,
    sigv4,
    azuread,
    google_iam,
  });
  const configured = credentials.filter(([, value]) => value !== undefined).map(([name]) => name);
  if (configured.length > 1) {
    const names = 'basic_auth, authorization, oauth2, sigv4, azuread or google_iam';
    at.fail(
      configured[1]!,
      `at most one of ${names} must be configured. Currently configured: [${configured.join(' ')}]`,
    );
  }
  return {
    place: at.place,
    name: raw.name,
    url: raw.url?.text ?? '',
    remoteTimeoutMs: raw.remote_timeout,
    headers: toRecord(raw.headers),
    protobufMessage: raw.protobuf_message as RemoteWriteConfig['protobufMessage'],
    sendExemplars: raw.send_exemplars,
    sendNativeHistograms: raw.send_native_histograms,
    relabelSteps: raw.write_relabel_configs,
    queue: {
      capacity: queued.capacity,
      maxShards: queued.max_shards,
      minShards: queued.min_shards,
      maxSamplesPerSend: queued.max_samples_per_send,
      batchSendDeadlineMs: queued.batch_send_deadline,
      minBackoffMs: queued.min_backoff,
      maxBackoffMs: queued.max_backoff,
      retryOnHttp429: queued.retry_on_http_429,
      sampleAgeLimitMs: queued.sample_age_limit,
    },
    metadata: raw.metadata_config ?? { send: false, sendIntervalMs: 0, maxSamplesPerSend: 0 },
    http,
  };
});

export interface RemoteRead {
  readonly place: SourcePlace;
  readonly name: string;
}

export const remoteRead = struct(
  'config.plain',
  {
    ...httpClientFields,
    url: field(anyUrl),
    remote_timeout: field(duration, 60_000),
    chunked_read_limit: field(unsigned, 5e7),
    headers: field(textMap),
    read_recent: field(boolean),
    name: field(text),
    required_matchers: field(labelSet),
    filter_external_labels: field(boolean, true),
  },
  (raw, at): RemoteRead => {
    if (!raw.url) at.fail('url', 'url for remote_read is empty: set url');
    checkHeaders(raw.headers, at);
    httpClientFrom(raw, at);
    return { place: at.place, name: raw.name };
  },
);

function checkQueue(raw: Queue, at: StructPlace): void {
  const fail = (name: string, message: string): void => at.fail(at.has(name) ? name : 'queue_config', message);
  if (raw.max_shards <= 0) fail('max_shards', 'remote write queue max_shards must be positive');
  if (raw.min_shards <= 0) fail('min_shards', 'remote write queue min_shards must be positive');
  if (raw.min_shards > raw.max_shards) {
    fail('min_shards', 'remote write queue min_shards must not be greater than max_shards');
  }
  if (raw.max_samples_per_send <= 0) {
    fail('max_samples_per_send', 'remote write queue max_samples_per_send must be positive');
  }
  if (raw.capacity <= 0) fail('capacity', 'remote write queue capacity must be positive');
  if (raw.max_backoff < raw.min_backoff) {
    fail('max_backoff', 'remote write queue max_backoff must not be less than min_backoff');
  }
}

const USE_PARAMETERS =
  'authorization header must be changed via the basic_auth, authorization, oauth2, sigv4, azuread or google_iam parameter';

/** Headers that the protocol or the client sets itself may not be set by hand. */
export function checkHeaders(
  headers: Mapping<string> | undefined,
  at: StructPlace,
  authorizationMessage: string = USE_PARAMETERS,
): void {
  for (const { key, place } of headers ?? []) {
    if (key.toLowerCase() === 'authorization') at.fail(place, authorizationMessage);
    else if (CONNECTION_HEADERS.has(key.toLowerCase()))
      at.fail(place, `${key} is a reserved header. It must not be changed`);
  }
}
