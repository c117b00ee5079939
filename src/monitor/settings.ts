/** What a monitor is assembled from: plain values, so that they can be handed to another thread. */

export interface ElasticsearchSettings {
  readonly url: string;
  readonly index: string;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly apiKey?: string | undefined;
}

export interface MonitorSettings {
  /** What the screen calls it. */
  readonly name: string;
  readonly prometheusConfigFile?: string | undefined;
  readonly alertmanagerConfigFile?: string | undefined;
  /** `host:port` or `/metrics` URLs given on the command line. */
  readonly targets: readonly string[];
  /** Metrics and rules are read from this Prometheus API instead of scraped. */
  readonly prometheusUrl?: string | undefined;
  readonly alertmanagerUrl?: string | undefined;
  readonly elasticsearch?: ElasticsearchSettings | undefined;
  readonly jaegerUrl?: string | undefined;
  /** Paths and globs; `-` is standard input. */
  readonly logFiles: readonly string[];
  /** Where state is kept; undefined: nowhere, everything is in memory. */
  readonly stateDirectory?: string | undefined;
  /** OpenMetrics files with timestamps, loaded before anything else. */
  readonly importFiles: readonly string[];
  /** `HOST:PORT` of the HTTP face; undefined: none. */
  readonly listen?: string | undefined;
  /** Listens beyond loopback without authentication. */
  readonly listenInsecurely: boolean;
  /** `HOST:PORT` of an OTLP/HTTP receiver of its own; undefined: only under `listen`. */
  readonly otlpListen?: string | undefined;
  /** Names of Prometheus' `--enable-feature`. */
  readonly features: readonly string[];
  readonly retentionMs?: number | undefined;
  /** Of the samples; log lines and traces get a share of it each. */
  readonly memoryBudgetBytes?: number | undefined;
  /** Base of links in notifications. */
  readonly externalUrl: string;
  /** A person looks at a terminal: desktop notifications and the bell make sense. */
  readonly interactive: boolean;
  /** Reload when a configuration file changes. */
  readonly watchFiles: boolean;
  readonly builtinRules: boolean;
  /** Rules are evaluated as soon as what they read is scraped, too. */
  readonly rulesAfterScrape: boolean;
}
