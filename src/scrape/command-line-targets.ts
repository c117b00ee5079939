/** The scrape job for targets named on the command line: `watchfire host:port http://host/metrics`. */
import { defaultHttpClientConfig } from '../config/http-config.ts';
import type { ScrapeConfig, TargetGroup } from '../config/prometheus-config.ts';
import { Labels } from '../labels/labels.ts';

/** Job `watchfire`, each 5 s. Throws Error with one sentence where a target cannot be understood. */
export function scrapeConfigForTargets(targets: readonly string[]): ScrapeConfig {
  const place = { file: 'command line', line: 1, column: 1 };
  return {
    place,
    jobName: 'watchfire',
    honorLabels: false,
    honorTimestamps: true,
    trackTimestampsStaleness: false,
    params: {},
    scrapeIntervalMs: 5000,
    scrapeTimeoutMs: 5000,
    scrapeProtocols: ['OpenMetricsText1.0.0', 'OpenMetricsText0.0.1', 'PrometheusText1.0.0', 'PrometheusText0.0.4'],
    fallbackScrapeProtocol: 'PrometheusText0.0.4',
    scrapeNativeHistograms: false,
    alwaysScrapeClassicHistograms: false,
    convertClassicHistogramsToNhcb: false,
    extraScrapeMetrics: false,
    metricsPath: '/metrics',
    scheme: 'http',
    enableCompression: true,
    bodySizeLimitBytes: 0,
    sampleLimit: 0,
    targetLimit: 0,
    labelLimit: 0,
    labelNameLengthLimit: 0,
    labelValueLengthLimit: 0,
    nativeHistogramBucketLimit: 0,
    nativeHistogramMinBucketFactor: 0,
    keepDroppedTargets: 0,
    metricNameValidationScheme: 'utf8',
    metricNameEscapingScheme: 'allow-utf-8',
    http: defaultHttpClientConfig,
    discoveries: [{ kind: 'static', place, groups: targets.map(groupOf) }],
    relabelConfigs: [],
    metricRelabelConfigs: [],
  };
}

function groupOf(target: string, index: number): TargetGroup {
  const url = target.includes('://') ? target : `http://${target}`;
  if (!URL.canParse(url) || !/^https?:\/\//.test(url)) {
    throw new Error(`${JSON.stringify(target)} is no target: give host:port or the URL of a metrics page`);
  }
  const { protocol, host, pathname, searchParams, username } = new URL(url);
  if (username !== '') {
    throw new Error(`a target on the command line cannot carry credentials: write a scrape_config with basic_auth`);
  }
  const labels: Record<string, string> = {
    __address__: host,
    __scheme__: protocol.slice(0, -1),
    ...(pathname !== '/' && { __metrics_path__: pathname }),
  };
  for (const [name, value] of searchParams) labels[`__param_${name}`] ??= value;
  return { source: String(index), targets: [Labels.of(labels)], labels: Labels.EMPTY };
}
