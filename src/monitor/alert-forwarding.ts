/** Sends alerts on to the Alertmanagers that `alerting.alertmanagers` of a prometheus.yml names, with their discovery and relabelling. */
import { AlertForwarder, type ForwarderStats, type ForwardTarget } from '../alerting/forwarder.ts';
import type { AlertSink, PostableAlert } from '../alerting/model.ts';
import type { Clock } from '../config/clock.ts';
import type { AlertmanagerEndpointConfig, PrometheusConfig, TargetGroup } from '../config/prometheus-config.ts';
import { createDiscovery, type Discovery } from '../discovery/discovery.ts';
import { createHttpClient } from '../http/axios.ts';
import { Labels } from '../labels/labels.ts';
import { relabel } from '../labels/relabel.ts';

export interface AlertForwardingOptions {
  readonly clock: Clock;
  readonly userAgent: string;
  readonly report: (severity: 'info' | 'warning' | 'error', text: string) => void;
}

export class AlertForwarding implements AlertSink {
  readonly #options: AlertForwardingOptions;
  readonly #forwarder: AlertForwarder;
  #endpoints: Endpoint[] = [];

  constructor(options: AlertForwardingOptions) {
    this.#options = options;
    this.#forwarder = new AlertForwarder({
      clock: options.clock,
      report: options.report,
      targets: () => this.#endpoints.flatMap((endpoint) => endpoint.targets()),
    });
  }

  /** Takes over what a configuration says of Alertmanagers. */
  apply(config: PrometheusConfig): void {
    for (const endpoint of this.#endpoints) endpoint.stop();
    this.#endpoints = config.alertmanagers.map((each) => new Endpoint(each, this.#options));
  }

  /** Where alerts are sent now. */
  urls(): readonly string[] {
    return this.#endpoints.flatMap((endpoint) => endpoint.targets().map(({ url }) => url));
  }

  stats(): ForwarderStats {
    return this.#forwarder.stats();
  }

  /** Takes alerts as `outgoingAlerts` gives them. */
  receive(alerts: readonly PostableAlert[]): void {
    if (this.#endpoints.length > 0 && alerts.length > 0) this.#forwarder.receive(alerts);
  }

  async close(): Promise<void> {
    await this.#forwarder.close();
    for (const endpoint of this.#endpoints) endpoint.stop();
  }
}

/** Alerts as they leave the rules for whoever notifies. */
export function outgoingAlerts(alerts: readonly PostableAlert[], config: PrometheusConfig): readonly PostableAlert[] {
  return alerts.flatMap((alert) => {
    const labels = outgoingLabels(alert.labels, config);
    return labels === undefined ? [] : [{ ...alert, labels }];
  });
}

/** With external labels (an alert's own label wins) and `alert_relabel_configs`; undefined: dropped. */
export function outgoingLabels(labels: Labels, config: PrometheusConfig): Labels | undefined {
  const external = config.global.externalLabels;
  const whole = external.size === 0 ? labels : Labels.fromPairs([...external, ...labels]);
  const relabelled = relabel(whole, config.alertRelabelConfigs);
  return relabelled === undefined || relabelled.size === 0 ? undefined : relabelled;
}

/** One entry of `alerting.alertmanagers`: its discoveries and the targets that they give. */
class Endpoint {
  readonly #config: AlertmanagerEndpointConfig;
  readonly #discoveries: readonly Discovery[];
  readonly #groups: (readonly TargetGroup[])[];
  readonly #http: ReturnType<typeof createHttpClient>;

  constructor(config: AlertmanagerEndpointConfig, { clock, userAgent, report }: AlertForwardingOptions) {
    this.#config = config;
    this.#http = createHttpClient(config.http, { userAgent });
    this.#groups = config.discoveries.map(() => []);
    this.#discoveries = config.discoveries.map((each) =>
      createDiscovery(each, {
        clock,
        report,
        random: Math.random,
        createHttpClient: (http) => createHttpClient(http, { userAgent }),
      }),
    );
    for (const [index, discovery] of this.#discoveries.entries()) {
      discovery.start((groups) => {
        this.#groups[index] = groups;
      });
    }
  }

  targets(): ForwardTarget[] {
    const urls = new Set<string>();
    for (const group of this.#groups.flat()) {
      for (const target of group.targets) {
        const url = this.#urlOf(target, group.labels);
        if (url !== undefined) urls.add(url);
      }
    }
    return [...urls].map((url) => ({
      url,
      http: this.#http,
      timeoutMs: this.#config.timeoutMs,
      relabel: (labels) => relabel(labels, this.#config.alertRelabelConfigs),
    }));
  }

  stop(): void {
    for (const discovery of this.#discoveries) discovery.stop();
    this.#http.close();
  }

  #urlOf(target: Labels, common: Labels): string | undefined {
    const labels = relabel(
      Labels.fromPairs([
        ['__scheme__', this.#config.scheme],
        ['__alerts_path__', alertsPath(this.#config.pathPrefix)],
        ...common,
        ...target,
      ]),
      this.#config.relabelConfigs,
    );
    const address = labels?.get('__address__') ?? '';
    if (labels === undefined || address === '') return undefined;
    return `${labels.get('__scheme__')}://${address}${labels.get('__alerts_path__')}`;
  }
}

function alertsPath(prefix: string): string {
  return `/${prefix}/api/v2/alerts`.replaceAll(/\/{2,}/g, '/');
}
