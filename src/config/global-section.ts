/** The `global` section: what scrape jobs inherit. */
import { isLegacyLabelName, Labels } from '../labels/labels.ts';
import type { GlobalConfig, NameValidationScheme, ScrapeProtocol, SourcePlace } from './prometheus-config.ts';
import { boolean, field, list, optional, type StructPlace, struct, text, unsigned } from './schema.ts';
import { byteSize, duration, filePath, oneOf, textMap } from './value-types.ts';

export const SCRAPE_PROTOCOLS: readonly ScrapeProtocol[] = [
  'OpenMetricsText0.0.1',
  'OpenMetricsText1.0.0',
  'PrometheusProto',
  'PrometheusText0.0.4',
  'PrometheusText1.0.0',
];

/** Everything that a scrape job may leave to the global section; limits of 0 are none. */
export interface GlobalSection extends GlobalConfig {
  readonly scrapeProtocols: readonly ScrapeProtocol[] | undefined;
  readonly bodySizeLimitBytes: number;
  readonly sampleLimit: number;
  readonly targetLimit: number;
  readonly labelLimit: number;
  readonly labelNameLengthLimit: number;
  readonly labelValueLengthLimit: number;
  readonly keepDroppedTargets: number;
  readonly nameValidationScheme: NameValidationScheme;
  /** Empty: by the validation scheme. */
  readonly nameEscapingScheme: string;
  /** Undefined where the file does not set it. */
  readonly nameEscapingPlace: SourcePlace | undefined;
  readonly scrapeNativeHistograms: boolean;
  readonly convertClassicHistogramsToNhcb: boolean;
  readonly alwaysScrapeClassicHistograms: boolean;
  readonly extraScrapeMetrics: boolean;
}

/** Both schemes of names, empty where not set. */
export const nameValidationScheme = oneOf<NameValidationScheme | ''>(
  'model.ValidationScheme',
  ['', 'legacy', 'utf8'],
  (word) => `unrecognized ValidationScheme: ${JSON.stringify(word)}: use legacy or utf8`,
);

/** Fields that `global` and a scrape job share. */
export const sharedScrapeFields = {
  scrape_interval: field(duration),
  scrape_timeout: field(duration),
  scrape_protocols: field(list(text)),
  scrape_failure_log_file: field(filePath),
  body_size_limit: field(byteSize),
  sample_limit: field(unsigned),
  target_limit: field(unsigned),
  label_limit: field(unsigned),
  label_name_length_limit: field(unsigned),
  label_value_length_limit: field(unsigned),
  keep_dropped_targets: field(unsigned),
  metric_name_validation_scheme: field(nameValidationScheme),
  metric_name_escaping_scheme: field(text),
  scrape_native_histograms: field(optional(boolean)),
  extra_scrape_metrics: field(optional(boolean)),
};

const DEFAULT_INTERVAL_MS = 60_000;
const DEFAULT_TIMEOUT_MS = 10_000;

export const defaultGlobalSection: GlobalSection = {
  scrapeIntervalMs: DEFAULT_INTERVAL_MS,
  scrapeTimeoutMs: DEFAULT_TIMEOUT_MS,
  evaluationIntervalMs: DEFAULT_INTERVAL_MS,
  ruleQueryOffsetMs: 0,
  externalLabels: Labels.EMPTY,
  scrapeProtocols: undefined,
  bodySizeLimitBytes: 0,
  sampleLimit: 0,
  targetLimit: 0,
  labelLimit: 0,
  labelNameLengthLimit: 0,
  labelValueLengthLimit: 0,
  keepDroppedTargets: 0,
  nameValidationScheme: 'utf8',
  nameEscapingScheme: '',
  nameEscapingPlace: undefined,
  scrapeNativeHistograms: false,
  convertClassicHistogramsToNhcb: false,
  alwaysScrapeClassicHistograms: false,
  extraScrapeMetrics: false,
};

/** `environment` gives what `${NAME}` in an external label stands for. */
export function globalSection(environment: Readonly<Record<string, string | undefined>>) {
  const fields = {
    ...sharedScrapeFields,
    evaluation_interval: field(duration),
    rule_query_offset: field(duration),
    query_log_file: field(filePath),
    external_labels: field(textMap),
    convert_classic_histograms_to_nhcb: field(boolean),
    always_scrape_classic_histograms: field(boolean),
  };
  return struct('config.plain', fields, (raw, at): GlobalSection => {
    const scheme = raw.metric_name_validation_scheme || 'utf8';
    for (const { key, place } of raw.external_labels ?? []) {
      if (scheme === 'utf8' ? key !== '' : isLegacyLabelName(key)) continue;
      at.fail(place, `${JSON.stringify(key)} is not a valid label name: use letters, digits and underscores`);
    }
    const scrapeIntervalMs = raw.scrape_interval || DEFAULT_INTERVAL_MS;
    if (raw.scrape_timeout > scrapeIntervalMs) {
      at.fail('scrape_timeout', 'global scrape timeout greater than scrape interval: lower one or raise the other');
    }
    if (raw.scrape_protocols !== undefined) checkScrapeProtocols(raw.scrape_protocols, at, ' for global config');
    const externalLabels = (raw.external_labels ?? []).map(
      ({ key, value }) => [key, expandEnvironment(value, environment, (name) => warnUnset(at, name))] as const,
    );
    return {
      scrapeIntervalMs,
      scrapeTimeoutMs: raw.scrape_timeout || Math.min(DEFAULT_TIMEOUT_MS, scrapeIntervalMs),
      evaluationIntervalMs: raw.evaluation_interval || DEFAULT_INTERVAL_MS,
      ruleQueryOffsetMs: raw.rule_query_offset,
      externalLabels: Labels.fromPairs(externalLabels),
      queryLogFile: raw.query_log_file,
      scrapeFailureLogFile: raw.scrape_failure_log_file,
      scrapeProtocols: raw.scrape_protocols as readonly ScrapeProtocol[] | undefined,
      bodySizeLimitBytes: raw.body_size_limit,
      sampleLimit: raw.sample_limit,
      targetLimit: raw.target_limit,
      labelLimit: raw.label_limit,
      labelNameLengthLimit: raw.label_name_length_limit,
      labelValueLengthLimit: raw.label_value_length_limit,
      keepDroppedTargets: raw.keep_dropped_targets,
      nameValidationScheme: scheme,
      nameEscapingScheme: raw.metric_name_escaping_scheme,
      nameEscapingPlace: at.has('metric_name_escaping_scheme') ? at.of('metric_name_escaping_scheme') : undefined,
      scrapeNativeHistograms: raw.scrape_native_histograms ?? false,
      convertClassicHistogramsToNhcb: raw.convert_classic_histograms_to_nhcb,
      alwaysScrapeClassicHistograms: raw.always_scrape_classic_histograms,
      extraScrapeMetrics: raw.extra_scrape_metrics ?? false,
    };
  });
}

/** `where` ends the message, e.g. ` for scrape config with job name "node"`. */
export function checkScrapeProtocols(protocols: readonly string[], at: StructPlace, where: string): void {
  if (protocols.length === 0)
    at.fail('scrape_protocols', `scrape_protocols cannot be empty${where}: name one or remove the field`);
  const seen = new Set<string>();
  for (const [index, protocol] of protocols.entries()) {
    const place = at.item('scrape_protocols', index);
    if (seen.has(protocol.toLowerCase())) {
      at.fail(place, `duplicated protocol in scrape_protocols, got [${protocols.join(' ')}]${where}`);
    } else if (!(SCRAPE_PROTOCOLS as readonly string[]).includes(protocol)) {
      at.fail(place, `scrape_protocols: ${unknownProtocol(protocol)}${where}`);
    }
    seen.add(protocol.toLowerCase());
  }
}

export function unknownProtocol(protocol: string): string {
  return `unknown scrape protocol ${protocol}, supported: [${SCRAPE_PROTOCOLS.join(' ')}]`;
}

function warnUnset(at: StructPlace, name: string): void {
  at.warn('external_labels', `Empty environment variable ${name}: the label gets an empty text in its place`);
}

/** As Go's `os.Expand`: `$NAME`, `${NAME}`, and `$$` for a dollar sign. */
function expandEnvironment(
  value: string,
  environment: Readonly<Record<string, string | undefined>>,
  onUnset: (name: string) => void,
): string {
  return value.replace(/\$(?:\{([^}]*)\}|([A-Za-z_][A-Za-z0-9_]*|[*#$@!?\-0-9])|)/g, (all, braced, bare) => {
    const name: string | undefined = braced ?? bare;
    if (name === undefined) return all === '$' ? '$' : '';
    if (name === '$') return '$';
    if (name === '') return '';
    const found = environment[name];
    if (!found) onUnset(name);
    return found ?? '';
  });
}
