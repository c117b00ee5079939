/** `scrape_configs` entries: what they say on their own, then with the global section's values filled in. */
import { checkStaticTargets, discoveriesFrom, discoveryFields } from './discovery-config.ts';
import {
  checkScrapeProtocols,
  type GlobalSection,
  SCRAPE_PROTOCOLS,
  sharedScrapeFields,
  unknownProtocol,
} from './global-section.ts';
import { httpClientFields, httpClientFrom } from './http-client-fields.ts';
import type { NameEscapingScheme, ScrapeConfig, ScrapeProtocol, SourcePlace } from './prometheus-config.ts';
import { type RawRelabel, relabelConfigs, relabelSteps } from './relabel-fields.ts';
import {
  boolean,
  field,
  float,
  list,
  mapping,
  optional,
  type StructPlace,
  struct,
  type Type,
  text,
  toRecord,
  unsigned,
} from './schema.ts';

export const DEFAULT_PROTOCOLS: readonly ScrapeProtocol[] = [
  'OpenMetricsText1.0.0',
  'OpenMetricsText0.0.1',
  'PrometheusText1.0.0',
  'PrometheusText0.0.4',
];
const ESCAPING_SCHEMES: readonly string[] = ['allow-utf-8', 'underscores', 'dots', 'values'];

const fields = {
  ...discoveryFields,
  ...httpClientFields,
  ...sharedScrapeFields,
  job_name: field(text),
  honor_labels: field(boolean),
  honor_timestamps: field(boolean, true),
  track_timestamps_staleness: field(boolean),
  params: field(mapping(list(text))),
  fallback_scrape_protocol: field(text),
  always_scrape_classic_histograms: field(optional(boolean)),
  convert_classic_histograms_to_nhcb: field(optional(boolean)),
  metrics_path: field(text, '/metrics'),
  scheme: field(text, 'http'),
  enable_compression: field(boolean, true),
  native_histogram_bucket_limit: field(unsigned),
  native_histogram_min_bucket_factor: field(float),
  relabel_configs: field(relabelSteps('empty or null target relabeling rule in scrape config')),
  metric_relabel_configs: field(relabelSteps('empty or null metric relabeling rule in scrape config')),
};

/** A job whose globals are still to be filled in. */
export interface RawScrapeConfig {
  readonly jobName: string;
  readonly place: SourcePlace;
  /** Of the job's name. */
  readonly namePlace: SourcePlace;
  /** Fills in the globals and applies the rules that need them; undefined where one is broken. */
  complete(global: GlobalSection): ScrapeConfig | undefined;
}

export const scrapeConfig: Type<RawScrapeConfig | undefined> = struct('config.ScrapeConfig', fields, (raw, at) => {
  if (raw.job_name === '') at.fail('job_name', 'job_name is empty: every scrape job needs a name');
  if (!['http', 'https', ''].includes(raw.scheme))
    at.warn('scheme', `scheme ${raw.scheme} cannot be scraped: use http or https`);
  const http = httpClientFrom(raw, at);
  const discoveries = discoveriesFrom(raw);
  if ((raw.relabel_configs ?? []).length === 0) checkStaticTargets(discoveries, at);
  const own: OwnScrapeConfig = {
    place: at.place,
    jobName: raw.job_name,
    honorLabels: raw.honor_labels,
    honorTimestamps: raw.honor_timestamps,
    trackTimestampsStaleness: raw.track_timestamps_staleness,
    params: recordOfLists(toRecord(raw.params)),
    nativeHistogramBucketLimit: raw.native_histogram_bucket_limit,
    nativeHistogramMinBucketFactor: raw.native_histogram_min_bucket_factor,
    metricsPath: raw.metrics_path,
    scheme: raw.scheme === 'https' ? 'https' : 'http',
    enableCompression: raw.enable_compression,
    http,
    discoveries,
  };
  return {
    jobName: raw.job_name,
    place: at.place,
    namePlace: at.of('job_name'),
    complete: (global) => complete(own, raw, global, at),
  };
});

type OwnKeys =
  | 'place'
  | 'jobName'
  | 'honorLabels'
  | 'honorTimestamps'
  | 'trackTimestampsStaleness'
  | 'params'
  | 'nativeHistogramBucketLimit'
  | 'nativeHistogramMinBucketFactor'
  | 'metricsPath'
  | 'scheme'
  | 'enableCompression'
  | 'http'
  | 'discoveries';
type OwnScrapeConfig = Pick<ScrapeConfig, OwnKeys>;

interface Inherited {
  readonly scrape_interval: number;
  readonly scrape_timeout: number;
  readonly scrape_protocols: readonly string[] | undefined;
  readonly fallback_scrape_protocol: string;
  readonly scrape_failure_log_file: string | undefined;
  readonly body_size_limit: number;
  readonly sample_limit: number;
  readonly target_limit: number;
  readonly label_limit: number;
  readonly label_name_length_limit: number;
  readonly label_value_length_limit: number;
  readonly keep_dropped_targets: number;
  readonly metric_name_validation_scheme: '' | 'legacy' | 'utf8';
  readonly metric_name_escaping_scheme: string;
  readonly scrape_native_histograms: boolean | undefined;
  readonly extra_scrape_metrics: boolean | undefined;
  readonly always_scrape_classic_histograms: boolean | undefined;
  readonly convert_classic_histograms_to_nhcb: boolean | undefined;
  readonly relabel_configs: readonly RawRelabel[] | undefined;
  readonly metric_relabel_configs: readonly RawRelabel[] | undefined;
}

function complete(
  own: OwnScrapeConfig,
  raw: Inherited,
  global: GlobalSection,
  at: StructPlace,
): ScrapeConfig | undefined {
  const before = at.reading.problems.length;
  const where = ` for scrape config with job name ${JSON.stringify(own.jobName)}`;
  const scrapeIntervalMs = raw.scrape_interval || global.scrapeIntervalMs;
  if (raw.scrape_timeout > scrapeIntervalMs) {
    at.fail('scrape_timeout', `scrape timeout greater than scrape interval${where}: lower one or raise the other`);
  }
  const nativeHistograms = raw.scrape_native_histograms ?? global.scrapeNativeHistograms;
  const standard = nativeHistograms ? (['PrometheusProto', ...DEFAULT_PROTOCOLS] as const) : DEFAULT_PROTOCOLS;
  const protocols = raw.scrape_protocols ?? global.scrapeProtocols ?? standard;
  checkScrapeProtocols(protocols, at, where);
  const fallback = raw.fallback_scrape_protocol;
  if (fallback !== '' && !(SCRAPE_PROTOCOLS as readonly string[]).includes(fallback)) {
    at.fail('fallback_scrape_protocol', `invalid fallback_scrape_protocol${where}: ${unknownProtocol(fallback)}`);
  }
  const validation = raw.metric_name_validation_scheme || global.nameValidationScheme;
  const escaping = escapingScheme(raw, global, at);
  const relabel = relabelConfigs(raw.relabel_configs, validation, at.reading);
  const metricRelabel = relabelConfigs(raw.metric_relabel_configs, validation, at.reading);
  if (at.reading.problems.length > before) return undefined;
  return {
    ...own,
    scrapeIntervalMs,
    scrapeTimeoutMs: raw.scrape_timeout || Math.min(global.scrapeTimeoutMs, scrapeIntervalMs),
    scrapeProtocols: protocols as readonly ScrapeProtocol[],
    fallbackScrapeProtocol: (fallback || undefined) as ScrapeProtocol | undefined,
    scrapeNativeHistograms: nativeHistograms,
    alwaysScrapeClassicHistograms: raw.always_scrape_classic_histograms ?? global.alwaysScrapeClassicHistograms,
    convertClassicHistogramsToNhcb: raw.convert_classic_histograms_to_nhcb ?? global.convertClassicHistogramsToNhcb,
    extraScrapeMetrics: raw.extra_scrape_metrics ?? global.extraScrapeMetrics,
    bodySizeLimitBytes: raw.body_size_limit || global.bodySizeLimitBytes,
    sampleLimit: raw.sample_limit || global.sampleLimit,
    targetLimit: raw.target_limit || global.targetLimit,
    labelLimit: raw.label_limit || global.labelLimit,
    labelNameLengthLimit: raw.label_name_length_limit || global.labelNameLengthLimit,
    labelValueLengthLimit: raw.label_value_length_limit || global.labelValueLengthLimit,
    keepDroppedTargets: raw.keep_dropped_targets || global.keepDroppedTargets,
    metricNameValidationScheme: validation,
    metricNameEscapingScheme: escaping,
    scrapeFailureLogFile: raw.scrape_failure_log_file ?? global.scrapeFailureLogFile,
    relabelConfigs: relabel,
    metricRelabelConfigs: metricRelabel,
  };
}

/** A job that sets only its validation infers its escaping from that, never from the global escaping. */
function escapingScheme(raw: Inherited, global: GlobalSection, at: StructPlace): NameEscapingScheme {
  const choice = "must be one of 'allow-utf-8', 'underscores', 'dots', or 'values'";
  const byValidation = (scheme: string): string => (scheme === 'legacy' ? 'underscores' : 'allow-utf-8');
  const globalScheme = global.nameEscapingScheme || byValidation(global.nameValidationScheme);
  if (!ESCAPING_SCHEMES.includes(globalScheme)) {
    const message = `unknown global name escaping method specified, ${choice}, got ${JSON.stringify(globalScheme)}`;
    at.fail(global.nameEscapingPlace ?? at.place, message);
    return 'underscores';
  }
  const localValidation = raw.metric_name_validation_scheme;
  const inferred = localValidation === '' ? globalScheme : byValidation(localValidation);
  const scheme = raw.metric_name_escaping_scheme || inferred;
  if (!ESCAPING_SCHEMES.includes(scheme)) {
    const message = `unknown scrape config name escaping method specified, ${choice}, got ${JSON.stringify(scheme)}`;
    at.fail('metric_name_escaping_scheme', message);
  } else if (scheme === 'allow-utf-8' && (localValidation || global.nameValidationScheme) !== 'utf8') {
    const message = 'utf8 metric names requested but validation scheme is not set to UTF8';
    at.fail('metric_name_escaping_scheme', message);
  }
  return scheme as NameEscapingScheme;
}

function recordOfLists(record: Record<string, readonly string[] | undefined>): Record<string, readonly string[]> {
  const lists: Record<string, readonly string[]> = Object.create(null);
  for (const [name, values] of Object.entries(record)) lists[name] = values ?? [];
  return lists;
}
