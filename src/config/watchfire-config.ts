/**
 * `watchfire.yml`: the shared options of the command line as keys.
 *
 * ```yaml
 * prometheus_config: prometheus.yml        # what to scrape, and the rules
 * alertmanager_config: alertmanager.yml    # who is told
 * prometheus: http://prom:9090             # read metrics and rules there instead of scraping
 * alertmanager: http://am:9093
 * elasticsearch: {url: https://es:9200, index: logs-*, username: u, password: p, api_key: k}   # or a URL alone
 * jaeger: http://jaeger:16686
 * logs: [/var/log/app/*.log]               # files and globs
 * state: /var/lib/watchfire                # silences, notifications, samples
 * listen: 127.0.0.1:9090                   # serve the HTTP APIs
 * otlp_listen: 127.0.0.1:4318
 * external_url: https://watch.example.org
 * features: [promql-experimental-functions]
 * retention: 15d
 * memory_budget: 512MB
 * watch_files: true                        # reload when a configuration file changes
 * builtin_rules: true                      # the four built-in threshold alerts
 * rules_after_scrape: true                 # evaluate rules as soon as what they read is scraped, too
 * theme: dark                              # dark, light or mono
 * ascii: false
 * utc: false
 * keys: {quit: [q, C-q], help: F1}         # action: key or keys
 * ```
 */

import { hostPort, webUrl } from './alertmanager-values.ts';
import { decodeRoot, diskFiles, type LoadOptions, readConfigFile, readingOf, refuseErrors } from './config-files.ts';
import type { Loaded } from './problem.ts';
import { boolean, FAILED, field, list, mapping, optional, struct, type Type, text } from './schema.ts';
import type { Secret } from './secret.ts';
import { absolutePath, byteSize, duration, filePath, oneOf, secret } from './value-types.ts';

/** What is undefined was not said. Paths are absolute. */
export interface WatchfireConfig {
  readonly file: string;
  readonly prometheusConfig?: string | undefined;
  readonly alertmanagerConfig?: string | undefined;
  readonly prometheus?: string | undefined;
  readonly alertmanager?: string | undefined;
  readonly elasticsearch?: ElasticsearchSection | undefined;
  readonly jaeger?: string | undefined;
  readonly logs?: string[] | undefined;
  readonly state?: string | undefined;
  readonly listen?: string | undefined;
  readonly otlpListen?: string | undefined;
  readonly externalUrl?: string | undefined;
  readonly features?: string[] | undefined;
  readonly retentionMs?: number | undefined;
  readonly memoryBudgetBytes?: number | undefined;
  readonly watchFiles?: boolean | undefined;
  readonly builtinRules?: boolean | undefined;
  readonly rulesAfterScrape?: boolean | undefined;
  readonly theme?: 'dark' | 'light' | 'mono' | undefined;
  readonly ascii?: boolean | undefined;
  readonly utc?: boolean | undefined;
  /** By action, the keys that do it instead of the usual ones. */
  readonly keys: Readonly<Record<string, readonly string[]>>;
}

export interface ElasticsearchSection {
  readonly url: string;
  readonly index?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: Secret | undefined;
  readonly apiKey?: Secret | undefined;
}

/** Throws ConfigError. An empty file says nothing. */
export function loadWatchfireConfig(file: string, options: LoadOptions = {}): Loaded<WatchfireConfig> {
  const document = readConfigFile(file, options.files ?? diskFiles);
  const reading = readingOf(file);
  const config = decodeRoot(watchfire, document, reading);
  refuseErrors(reading);
  const value = config === FAILED || config === undefined ? { keys: {} } : config;
  return { value: { file, ...value }, warnings: reading.problems };
}

const elasticsearchFields = struct(
  'elasticsearch',
  {
    url: field(webUrl),
    index: field(text),
    username: field(text),
    password: field(secret),
    api_key: field(secret),
  },
  (raw, at): ElasticsearchSection => {
    if (!raw.url) at.fail('url', 'url is missing: say where Elasticsearch is');
    if (raw.api_key && (raw.username !== '' || raw.password)) {
      at.fail('api_key', 'at most one of api_key and username with password must be configured');
    }
    return {
      url: raw.url ?? '',
      index: raw.index || undefined,
      username: raw.username || undefined,
      password: raw.password,
      apiKey: raw.api_key,
    };
  },
);

/** The section, or its URL alone. */
const elasticsearch: Type<ElasticsearchSection | undefined> = {
  name: 'elasticsearch',
  zero: undefined,
  read(value, reading) {
    if (value.kind !== 'scalar') return elasticsearchFields.read(value, reading);
    const url = webUrl.read(value, reading);
    return url === FAILED ? FAILED : { url: url ?? '' };
  },
};

/** One text or a list of them. */
const texts: Type<readonly string[] | undefined> = {
  name: '[]string',
  zero: undefined,
  read(value, reading) {
    if (value.kind !== 'scalar') return list(text).read(value, reading);
    const one = text.read(value, reading);
    return one === FAILED ? FAILED : [one];
  },
};

const theme = oneOf('theme', ['dark', 'light', 'mono'] as const, (word) => {
  return `unknown theme ${JSON.stringify(word)}: use dark, light or mono`;
});

const watchfire = struct(
  'watchfire.yml',
  {
    prometheus_config: field(filePath),
    alertmanager_config: field(filePath),
    prometheus: field(webUrl),
    alertmanager: field(webUrl),
    elasticsearch: field(elasticsearch),
    jaeger: field(webUrl),
    logs: field(texts),
    state: field(filePath),
    listen: field(hostPort),
    otlp_listen: field(hostPort),
    external_url: field(webUrl),
    features: field(texts),
    retention: field(optional(duration)),
    memory_budget: field(optional(byteSize)),
    watch_files: field(optional(boolean)),
    builtin_rules: field(optional(boolean)),
    rules_after_scrape: field(optional(boolean)),
    theme: field(optional(theme)),
    ascii: field(optional(boolean)),
    utc: field(optional(boolean)),
    keys: field(mapping(texts)),
  },
  (raw, at): Omit<WatchfireConfig, 'file'> => {
    if (raw.memory_budget !== undefined && raw.memory_budget <= 0)
      at.fail('memory_budget', 'memory_budget must be positive');
    const keys: Record<string, readonly string[]> = Object.create(null);
    for (const { key, value, valuePlace } of raw.keys ?? []) {
      if (!value?.length || value.includes('')) at.fail(valuePlace, `no key for ${key}: name one, such as C-q`);
      keys[key] = value ?? [];
    }
    return {
      prometheusConfig: raw.prometheus_config,
      alertmanagerConfig: raw.alertmanager_config,
      prometheus: raw.prometheus,
      alertmanager: raw.alertmanager,
      elasticsearch: raw.elasticsearch,
      jaeger: raw.jaeger,
      logs: raw.logs?.map((path) => (path === '-' ? path : absolutePath(path, at.reading.directory))),
      state: raw.state,
      listen: raw.listen || undefined,
      otlpListen: raw.otlp_listen || undefined,
      externalUrl: raw.external_url,
      features: raw.features === undefined ? undefined : [...raw.features],
      retentionMs: raw.retention,
      memoryBudgetBytes: raw.memory_budget,
      watchFiles: raw.watch_files,
      builtinRules: raw.builtin_rules,
      rulesAfterScrape: raw.rules_after_scrape,
      theme: raw.theme,
      ascii: raw.ascii,
      utc: raw.utc,
      keys,
    };
  },
);
