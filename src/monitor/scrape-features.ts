/** What the names of Prometheus' `--enable-feature` change about scraping. */
import type { PrometheusConfig, ScrapeConfig } from '../config/prometheus-config.ts';
import { DEFAULT_PROTOCOLS } from '../config/scrape-config.ts';
import type { ScrapeFeatures } from '../scrape/scrape-sink.ts';
import type { MonitorSettings } from './settings.ts';

/** The feature `native-histograms` has every job ask for protobuf first, unless it says what it asks for. */
export function scrapeConfigsOf(
  { scrapeConfigs }: PrometheusConfig,
  { features }: MonitorSettings,
): readonly ScrapeConfig[] {
  if (!features.includes('native-histograms')) return scrapeConfigs;
  return scrapeConfigs.map((config) => ({
    ...config,
    scrapeNativeHistograms: true,
    scrapeProtocols:
      config.scrapeProtocols.join() === DEFAULT_PROTOCOLS.join()
        ? ['PrometheusProto', ...DEFAULT_PROTOCOLS]
        : config.scrapeProtocols,
  }));
}

export function scrapeFeatures({ features }: MonitorSettings): ScrapeFeatures {
  const zeros = features.includes('created-timestamp-zero-ingestion');
  return {
    created: zeros ? 'zero-samples' : features.includes('st-storage') ? 'start-timestamps' : 'series',
    typeLabels: features.includes('type-and-unit-labels'),
  };
}
