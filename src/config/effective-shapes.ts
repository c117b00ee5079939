/** The sections of `prometheus.yml` as Prometheus 3.14 writes them: which fields in which order, and what stands where a file says nothing. */

import { parseByteSize } from './byte-size.ts';
import { formatDuration, parseDuration } from './duration.ts';

/**
 * How a field is written: `text`, `plain` (numbers, words) and `lower` (words in lower case); `list` and `map` of texts, or whatever the file holds; `flow` a list
 * on one line; `one`, `each` and `named` a section, a list of them, and one a name.
 */
export type Kind =
  | 'text'
  | 'plain'
  | 'lower'
  | 'duration'
  | 'bytes'
  | 'list'
  | 'map'
  | 'flow'
  | { readonly one: Shape }
  | { readonly each: Shape }
  | { readonly named: Shape };

export interface Field {
  readonly name: string;
  readonly kind: Kind;
  /** Stands where the file says nothing. */
  readonly otherwise?: string | readonly string[] | undefined;
  /** The field of `global` that stands there before that. */
  readonly inherits?: string | undefined;
  /** Written though it is nothing: false, 0 or empty. */
  readonly always?: boolean | undefined;
  /** Left out where it is this. */
  readonly hidden?: string | undefined;
}

export type Shape = readonly Field[];

/** `name`, or `name=otherwise`; written where it is nothing, too, if there is an otherwise. */
function fields(kind: Kind, ...names: readonly string[]): Field[] {
  return names.map((each) => {
    const at = each.indexOf('=');
    return at < 0
      ? { name: each, kind }
      : { name: each.slice(0, at), kind, otherwise: each.slice(at + 1), always: true };
  });
}

const one = (name: string, shape: Shape): Field => ({ name, kind: { one: shape } });
const each = (name: string, shape: Shape): Field => ({ name, kind: { each: shape } });
const inherited = (kind: Kind, name: string, otherwise?: string | readonly string[]): Field => ({
  name,
  kind,
  inherits: name,
  otherwise,
  always: otherwise !== undefined,
});

const TLS: Shape = [
  ...fields(
    'text',
    'ca',
    'cert',
    'key',
    'ca_file',
    'cert_file',
    'key_file',
    'ca_ref',
    'cert_ref',
    'key_ref',
    'server_name',
  ),
  ...fields('plain', 'insecure_skip_verify=false', 'min_version', 'max_version'),
];

const PROXY: Shape = [
  ...fields('text', 'proxy_url', 'no_proxy'),
  ...fields('plain', 'proxy_from_environment'),
  ...fields('map', 'proxy_connect_header'),
];

const BASIC: Shape = fields(
  'text',
  'username',
  'username_file',
  'username_ref',
  'password',
  'password_file',
  'password_ref',
);

function httpClient(enableHttp2 = 'true'): Shape {
  return [
    one('basic_auth', BASIC),
    one('authorization', [...fields('text', 'type=Bearer', 'credentials', 'credentials_file', 'credentials_ref')]),
    one('oauth2', [
      ...fields('text', 'client_id', 'client_secret', 'client_secret_file', 'client_secret_ref'),
      ...fields('list', 'scopes'),
      ...fields('text', 'token_url'),
      ...fields('map', 'endpoint_params'),
      one('tls_config', TLS),
      ...PROXY,
    ]),
    one('tls_config', TLS),
    ...fields('plain', 'follow_redirects=true', `enable_http2=${enableHttp2}`),
    ...PROXY,
    { name: 'http_headers', kind: { named: fields('list', 'values', 'secrets', 'files') } },
  ];
}

const RELABEL: Shape = [
  ...fields('flow', 'source_labels'),
  { name: 'separator', kind: 'text', otherwise: ';', always: true },
  { name: 'regex', kind: 'text', hidden: '(.*)', always: true },
  ...fields('plain', 'modulus'),
  ...fields('text', 'target_label'),
  { name: 'replacement', kind: 'text', otherwise: '$1', always: true },
  { name: 'action', kind: 'lower', otherwise: 'replace', always: true },
];

/** In the order of their names; what is not here is written as it stands in the file. */
const DISCOVERIES: readonly (readonly [string, Shape])[] = [
  [
    'dns_sd_configs',
    [
      ...fields('list', 'names'),
      ...fields('duration', 'refresh_interval=30s'),
      ...fields('plain', 'type=SRV', 'port=0'),
    ],
  ],
  ['file_sd_configs', [...fields('list', 'files'), ...fields('duration', 'refresh_interval=5m')]],
  ['http_sd_configs', [...httpClient(), ...fields('duration', 'refresh_interval=1m'), ...fields('text', 'url')]],
  [
    'kubernetes_sd_configs',
    [
      ...fields('text', 'api_server', 'role', 'kubeconfig_file='),
      ...httpClient(),
      one('namespaces', [...fields('plain', 'own_namespace=false'), ...fields('list', 'names')]),
      each('selectors', fields('text', 'role', 'label', 'field')),
      one(
        'attach_metadata',
        fields('plain', 'node=false', 'namespace=false', 'deployment=false', 'job=false', 'cronjob=false'),
      ),
    ],
  ],
  ['static_configs', [{ name: 'targets', kind: 'list', always: true }, ...fields('map', 'labels')]],
];

/** The discoveries among the fields of a section, those that have no shape here included. */
export function discoveryFields(present: readonly string[]): Shape {
  const others = present
    .filter((name) => name.endsWith('_sd_configs') && !DISCOVERIES.some(([known]) => known === name))
    .map((name): Field => ({ name, kind: 'map' }));
  const known = DISCOVERIES.map(([name, shape]) => each(name, shape));
  return [...known.slice(0, -1), ...others].sort((a, b) => (a.name < b.name ? -1 : 1)).concat(known.slice(-1));
}

const LIMITS = [
  'sample_limit',
  'target_limit',
  'label_limit',
  'label_name_length_limit',
  'label_value_length_limit',
] as const;

const HISTOGRAMS = [
  'scrape_native_histograms',
  'always_scrape_classic_histograms',
  'convert_classic_histograms_to_nhcb',
] as const;

const SCRAPE: Shape = [
  ...fields('text', 'job_name'),
  ...fields('plain', 'honor_labels', 'honor_timestamps=true', 'track_timestamps_staleness=false'),
  ...fields('map', 'params'),
  inherited('duration', 'scrape_interval', '1m'),
  inherited('duration', 'scrape_timeout', '10s'),
  inherited('list', 'scrape_protocols', [
    'OpenMetricsText1.0.0',
    'OpenMetricsText0.0.1',
    'PrometheusText1.0.0',
    'PrometheusText0.0.4',
  ]),
  ...fields('plain', 'fallback_scrape_protocol'),
  ...HISTOGRAMS.map((name) => inherited('plain', name, 'false')),
  inherited('text', 'scrape_failure_log_file'),
  ...fields('text', 'metrics_path=/metrics', 'scheme=http'),
  ...fields('plain', 'enable_compression=true'),
  inherited('bytes', 'body_size_limit'),
  ...LIMITS.map((name) => inherited('plain', name)),
  ...fields('plain', 'native_histogram_bucket_limit', 'native_histogram_min_bucket_factor'),
  inherited('plain', 'keep_dropped_targets'),
  inherited('plain', 'metric_name_validation_scheme', 'utf8'),
  inherited('plain', 'metric_name_escaping_scheme', 'allow-utf-8'),
  inherited('plain', 'extra_scrape_metrics', 'false'),
  ...httpClient(),
  each('relabel_configs', RELABEL),
  each('metric_relabel_configs', RELABEL),
];

const ALERTMANAGER: Shape = [
  ...httpClient(),
  ...fields('text', 'scheme=http', 'path_prefix'),
  ...fields('duration', 'timeout=10s'),
  ...fields('text', 'api_version=v2'),
  each('relabel_configs', RELABEL),
  each('alert_relabel_configs', RELABEL),
];

const GLOBAL: Shape = [
  ...fields('duration', 'scrape_interval=1m', 'scrape_timeout=10s'),
  ...fields('list', 'scrape_protocols'),
  ...fields('duration', 'evaluation_interval=1m', 'rule_query_offset'),
  ...fields('text', 'query_log_file', 'scrape_failure_log_file'),
  ...fields('map', 'external_labels'),
  ...fields('bytes', 'body_size_limit'),
  ...fields(
    'plain',
    ...LIMITS,
    'keep_dropped_targets',
    'metric_name_validation_scheme=utf8',
    'metric_name_escaping_scheme=allow-utf-8',
  ),
  ...fields(
    'plain',
    'scrape_native_histograms=false',
    'convert_classic_histograms_to_nhcb',
    'always_scrape_classic_histograms',
  ),
  ...fields('plain', 'extra_scrape_metrics=false'),
];

const REMOTE_WRITE: Shape = [
  ...fields('text', 'url'),
  ...fields('duration', 'remote_timeout=30s'),
  ...fields('map', 'headers'),
  each('write_relabel_configs', RELABEL),
  ...fields('text', 'name'),
  ...fields('plain', 'send_exemplars', 'send_native_histograms', 'round_robin_dns'),
  ...fields('text', 'protobuf_message=prometheus.WriteRequest'),
  ...httpClient('false'),
  one('queue_config', [
    ...fields('plain', 'capacity=10000', 'max_shards=50', 'min_shards=1', 'max_samples_per_send=2000'),
    ...fields('duration', 'batch_send_deadline=5s', 'min_backoff=30ms', 'max_backoff=5s'),
    ...fields('plain', 'retry_on_http_429'),
    ...fields('duration', 'sample_age_limit'),
  ]),
  one('metadata_config', [
    ...fields('plain', 'send=true'),
    ...fields('duration', 'send_interval=1m'),
    ...fields('plain', 'max_samples_per_send=2000'),
  ]),
  ...fields('map', 'sigv4', 'azuread', 'google_iam'),
];

const REMOTE_READ: Shape = [
  ...fields('text', 'url'),
  ...fields('duration', 'remote_timeout=1m'),
  ...fields('plain', 'chunked_read_limit=50000000'),
  ...fields('map', 'headers'),
  ...fields('plain', 'read_recent'),
  ...fields('text', 'name'),
  ...httpClient(),
  ...fields('map', 'required_matchers'),
  { name: 'filter_external_labels', kind: 'plain', otherwise: 'true' },
];

const RETENTION: Shape = [...fields('duration', 'time'), ...fields('bytes', 'size'), ...fields('plain', 'percentage')];

export const TOP: Shape = [
  one('global', GLOBAL),
  one('runtime', fields('plain', 'gogc=75')),
  one('alerting', [each('alert_relabel_configs', RELABEL), each('alertmanagers', ALERTMANAGER)]),
  ...fields('list', 'rule_files', 'scrape_config_files'),
  each('scrape_configs', SCRAPE),
  one('storage', [
    one('tsdb', [
      ...fields('duration', 'out_of_order_time_window'),
      ...fields('map', 'chunk_encoding'),
      one('retention', RETENTION),
    ]),
    one('exemplars', fields('plain', 'max_exemplars')),
  ]),
  one('tracing', [
    ...fields('text', 'client_type=grpc', 'endpoint'),
    ...fields('plain', 'sampling_fraction', 'insecure'),
    one('tls_config', TLS),
    ...fields('map', 'headers'),
    ...fields('text', 'compression'),
    ...fields('duration', 'timeout'),
  ]),
  each('remote_write', REMOTE_WRITE),
  each('remote_read', REMOTE_READ),
  one('otlp', [
    ...fields('plain', 'promote_all_resource_attributes'),
    ...fields('list', 'promote_resource_attributes', 'ignore_resource_attributes'),
    ...fields('text', 'translation_strategy=UnderscoreEscapingWithSuffixes'),
    ...fields('plain', 'keep_identifying_resource_attributes', 'convert_histograms_to_nhcb', 'promote_scope_metadata'),
    ...fields('plain', 'label_name_underscore_sanitization=true', 'label_name_preserve_multiple_underscores=true'),
  ]),
];

/** What targets, or Alertmanagers, are found by may stand in these. */
export const SHAPES_WITH_DISCOVERIES: ReadonlySet<Shape> = new Set([SCRAPE, ALERTMANAGER]);

/** Always written, whatever the file says. */
export const ALWAYS: ReadonlySet<string> = new Set(['global', 'runtime', 'otlp', 'queue_config', 'metadata_config']);

/** Left out where nothing stands in them. */
export const UNWRITTEN: ReadonlySet<string> = new Set(['tls_config']);

/** As Prometheus writes durations and sizes. */
export function normalised(kind: Kind, text: string): string {
  if (kind === 'duration') return formatDuration(parseDuration(text));
  if (kind === 'lower') return text.toLowerCase();
  if (kind === 'bytes') return formatByteSize(parseByteSize(text));
  return text;
}

/** In powers of 1024, the largest first, e.g. `1KiB476B`. */
function formatByteSize(bytes: number): string {
  let rest = bytes;
  let out = '';
  for (const [index, unit] of ['EiB', 'PiB', 'TiB', 'GiB', 'MiB', 'KiB', 'B'].entries()) {
    const size = 1024 ** (6 - index);
    const count = Math.floor(rest / size);
    if (count > 0) out += `${count}${unit}`;
    rest -= count * size;
  }
  return out || '0B';
}
