/** `prometheus.yml` once read: defaults filled in, durations in milliseconds, relative paths made absolute. */
import type { Labels } from '../labels/labels.ts';
import type { RelabelConfig } from '../labels/relabel.ts';
import type { HttpClientConfig } from './http-config.ts';

export type ScrapeProtocol =
  | 'PrometheusProto'
  | 'OpenMetricsText0.0.1'
  | 'OpenMetricsText1.0.0'
  | 'PrometheusText0.0.4'
  | 'PrometheusText1.0.0';
export type NameValidationScheme = 'legacy' | 'utf8';
export type NameEscapingScheme = 'allow-utf-8' | 'underscores' | 'dots' | 'values';

/** Where in the file something stands, for messages later than reading. */
export interface SourcePlace {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

export interface GlobalConfig {
  readonly scrapeIntervalMs: number;
  readonly scrapeTimeoutMs: number;
  readonly evaluationIntervalMs: number;
  readonly ruleQueryOffsetMs: number;
  readonly externalLabels: Labels;
  readonly queryLogFile?: string | undefined;
  readonly scrapeFailureLogFile?: string | undefined;
}

/** A group of targets with common labels, as every discovery gives it. */
export interface TargetGroup {
  /** What tells this group from the others of the same discovery. */
  readonly source: string;
  /** Each with `__address__`, and `__meta_*` where the discovery has them. */
  readonly targets: readonly Labels[];
  readonly labels: Labels;
}

export type DiscoveryConfig =
  | { readonly kind: 'static'; readonly place: SourcePlace; readonly groups: readonly TargetGroup[] }
  | {
      readonly kind: 'file';
      readonly place: SourcePlace;
      readonly files: readonly string[];
      readonly refreshIntervalMs: number;
    }
  | {
      readonly kind: 'http';
      readonly place: SourcePlace;
      readonly url: string;
      readonly refreshIntervalMs: number;
      readonly http: HttpClientConfig;
    }
  | {
      readonly kind: 'dns';
      readonly place: SourcePlace;
      readonly names: readonly string[];
      readonly type: 'SRV' | 'A' | 'AAAA' | 'MX' | 'NS';
      readonly port: number;
      readonly refreshIntervalMs: number;
    }
  | KubernetesDiscoveryConfig
  /** A discovery that Prometheus has and watchfire does not: validated, named at start, never run. `name` is e.g. `consul`. */
  | { readonly kind: 'unsupported'; readonly place: SourcePlace; readonly name: string };

export type KubernetesRole = 'node' | 'service' | 'pod' | 'endpoints' | 'endpointslice' | 'ingress';

export interface KubernetesDiscoveryConfig {
  readonly kind: 'kubernetes';
  readonly place: SourcePlace;
  readonly apiServer?: string | undefined;
  readonly role: KubernetesRole;
  readonly kubeconfigFile?: string | undefined;
  readonly http: HttpClientConfig;
  readonly namespaces: { readonly ownNamespace: boolean; readonly names: readonly string[] };
  readonly selectors: readonly { readonly role: KubernetesRole; readonly label: string; readonly field: string }[];
  readonly attachMetadata: { readonly node: boolean; readonly namespace: boolean };
}

export interface ScrapeConfig {
  readonly place: SourcePlace;
  readonly jobName: string;
  readonly honorLabels: boolean;
  readonly honorTimestamps: boolean;
  readonly trackTimestampsStaleness: boolean;
  readonly params: Readonly<Record<string, readonly string[]>>;
  readonly scrapeIntervalMs: number;
  readonly scrapeTimeoutMs: number;
  readonly scrapeProtocols: readonly ScrapeProtocol[];
  readonly fallbackScrapeProtocol?: ScrapeProtocol | undefined;
  readonly scrapeNativeHistograms: boolean;
  readonly alwaysScrapeClassicHistograms: boolean;
  readonly convertClassicHistogramsToNhcb: boolean;
  readonly extraScrapeMetrics: boolean;
  readonly metricsPath: string;
  readonly scheme: 'http' | 'https';
  readonly enableCompression: boolean;
  /** Limits: 0 means none. */
  readonly bodySizeLimitBytes: number;
  readonly sampleLimit: number;
  readonly targetLimit: number;
  readonly labelLimit: number;
  readonly labelNameLengthLimit: number;
  readonly labelValueLengthLimit: number;
  readonly nativeHistogramBucketLimit: number;
  readonly nativeHistogramMinBucketFactor: number;
  readonly keepDroppedTargets: number;
  readonly metricNameValidationScheme: NameValidationScheme;
  readonly metricNameEscapingScheme: NameEscapingScheme;
  readonly scrapeFailureLogFile?: string | undefined;
  readonly http: HttpClientConfig;
  readonly discoveries: readonly DiscoveryConfig[];
  readonly relabelConfigs: readonly RelabelConfig[];
  readonly metricRelabelConfigs: readonly RelabelConfig[];
}

export interface AlertmanagerEndpointConfig {
  readonly place: SourcePlace;
  readonly scheme: 'http' | 'https';
  readonly pathPrefix: string;
  readonly timeoutMs: number;
  readonly apiVersion: 'v2';
  readonly http: HttpClientConfig;
  readonly discoveries: readonly DiscoveryConfig[];
  readonly relabelConfigs: readonly RelabelConfig[];
  readonly alertRelabelConfigs: readonly RelabelConfig[];
}

export interface RemoteWriteConfig {
  readonly place: SourcePlace;
  readonly url: string;
  readonly name?: string | undefined;
  readonly remoteTimeoutMs: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly protobufMessage: 'prometheus.WriteRequest' | 'io.prometheus.write.v2.Request';
  readonly sendExemplars: boolean;
  readonly sendNativeHistograms: boolean;
  readonly writeRelabelConfigs: readonly RelabelConfig[];
  readonly queue: {
    readonly capacity: number;
    readonly maxShards: number;
    readonly minShards: number;
    readonly maxSamplesPerSend: number;
    readonly batchSendDeadlineMs: number;
    readonly minBackoffMs: number;
    readonly maxBackoffMs: number;
    readonly retryOnHttp429: boolean;
    readonly sampleAgeLimitMs: number;
  };
  readonly metadata: { readonly send: boolean; readonly sendIntervalMs: number; readonly maxSamplesPerSend: number };
  readonly http: HttpClientConfig;
}

export interface PrometheusConfig {
  readonly file: string;
  /** The text as it was read, secrets replaced by `<secret>`. */
  readonly redactedText: string;
  readonly global: GlobalConfig;
  /** Glob patterns, absolute. */
  readonly ruleFiles: readonly string[];
  /** `scrape_config_files`: glob patterns, absolute; what they name is in `scrapeConfigs`. */
  readonly scrapeConfigFiles?: readonly string[] | undefined;
  /** Where each of `ruleFiles` is written. */
  readonly ruleFilePlaces?: readonly SourcePlace[] | undefined;
  readonly scrapeConfigs: readonly ScrapeConfig[];
  readonly alertmanagers: readonly AlertmanagerEndpointConfig[];
  /** `alerting.alert_relabel_configs`. */
  readonly alertRelabelConfigs: readonly RelabelConfig[];
  readonly remoteWrites: readonly RemoteWriteConfig[];
  /** `storage.tsdb.out_of_order_time_window`. */
  readonly outOfOrderWindowMs: number;
  /** `storage.tsdb.retention.time` and `.size`; undefined where the file says nothing. */
  readonly retentionMs?: number | undefined;
  readonly retentionBytes?: number | undefined;
  readonly maxExemplars: number;
}
