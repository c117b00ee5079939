/** The discoveries that Prometheus has and watchfire does not run: their sections are checked as Prometheus checks them, and named at start. */
import { awsDiscoveries } from './discovery-aws.ts';
import { cloudDiscoveries } from './discovery-clouds.ts';
import type { Discovery } from './discovery-kind.ts';
import { serviceDiscoveries } from './discovery-services.ts';

/** By the name before `_sd_configs`. */
export const unsupportedDiscoveries: Readonly<Record<string, Discovery>> = {
  ...awsDiscoveries,
  ...cloudDiscoveries,
  ...serviceDiscoveries,
};
