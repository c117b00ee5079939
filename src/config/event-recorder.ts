/** Alertmanager's `event_recorder` section: checked, not used. */
import { secretUrl } from './alertmanager-values.ts';
import { httpConfig, tlsConfig } from './http-client-fields.ts';
import { boolean, field, integer, list, plainStruct, struct, text } from './schema.ts';
import { duration, filePath, oneOf } from './value-types.ts';

const fileOutput = struct('eventrecorder.plain', { path: field(filePath) }, (raw, at) => {
  if (!raw.path) at.fail('path', 'event_recorder file output requires a path');
  return raw;
});

const webhookOutput = struct(
  'eventrecorder.plain',
  {
    url: field(secretUrl),
    http_config: field(httpConfig),
    timeout: field(duration),
    workers: field(integer),
    max_retries: field(integer),
    retry_backoff: field(duration),
    batch: field(boolean),
    batch_max_events: field(integer),
    batch_max_bytes: field(integer),
    batch_flush_interval: field(duration),
  },
  (raw, at) => {
    if (!raw.url) at.fail('url', 'event_recorder webhook output requires a url');
    if (raw.batch_max_events < 0 || raw.batch_max_bytes < 0) {
      at.fail('batch', 'event_recorder webhook batch settings cannot be negative');
    }
    if (!raw.batch && (raw.batch_max_events !== 0 || raw.batch_max_bytes !== 0 || raw.batch_flush_interval !== 0)) {
      at.fail('batch', 'event_recorder webhook batch settings require batch: true');
    }
    return raw;
  },
);

const word = (name: string, words: readonly string[]) =>
  oneOf(
    `kafka.${name}`,
    ['', ...words],
    (value) => `event_recorder kafka: unknown ${name} ${JSON.stringify(value)}: use ${words.join(', ')}`,
  );

const kafkaOutput = struct(
  'eventrecorder.plain',
  {
    brokers: field(list(text)),
    topic: field(text),
    client_id: field(text),
    format: field(word('format', ['json', 'protobuf'])),
    acks: field(word('acks', ['none', 'leader', 'all'])),
    compression: field(word('compression', ['none', 'gzip', 'snappy', 'lz4', 'zstd'])),
    buffer_size: field(integer),
    tls_config: field(tlsConfig),
  },
  (raw, at) => {
    if (!raw.brokers?.length) at.fail('brokers', 'event_recorder kafka: at least one broker is required');
    for (const [index, broker] of (raw.brokers ?? []).entries()) {
      if (broker === '') at.fail(at.item('brokers', index), 'event_recorder kafka: broker entries must be non-empty');
    }
    if (raw.topic === '') at.fail('topic', 'event_recorder kafka output requires a topic');
    return raw;
  },
);

export const eventRecorder = struct(
  'eventrecorder.Config',
  {
    file_outputs: field(list(fileOutput)),
    webhook_outputs: field(list(webhookOutput)),
    kafka_outputs: field(list(kafkaOutput)),
    stdout_outputs: field(list(plainStruct('eventrecorder.StdoutOutputConfig', {}))),
  },
  (raw, at) => {
    at.warn(at.place, 'event_recorder is checked but not used: watchfire keeps its own notification history');
    return raw;
  },
);
