/** The options that every command shares, and how flags, environment and watchfire.yml become one set of settings: flags win over environment, environment over file. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { homedir, totalmem } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DurationError, parseDuration } from '../config/duration.ts';
import { loadWatchfireConfig, type WatchfireConfig } from '../config/watchfire-config.ts';
import type { ElasticsearchSettings, MonitorSettings } from '../monitor/settings.ts';
import { type CommandContext, namedPath, UsageError } from './context.ts';

/** Samples never take more than this, or a quarter of the machine's memory, unless more is asked for. */
const LARGEST_DEFAULT_BUDGET = 2 * 1024 ** 3;

export interface SharedOptions {
  config?: string;
  prometheusConfig?: string;
  alertmanagerConfig?: string;
  prometheus?: string;
  alertmanager?: string;
  elasticsearch?: string;
  index?: string;
  jaeger?: string;
  log?: string[];
  state?: string;
  import?: string[];
  listen?: string;
  listenInsecurely?: boolean;
  otlpListen?: string;
  enableFeature?: string[];
  retention?: number;
  memory?: number;
  externalUrl?: string;
  watchFiles?: boolean;
  builtinRules?: boolean;
  rulesAfterScrape?: boolean;
}

export function addSharedOptions(command: Command): Command {
  const options = [
    new Option('--config <file>', 'watchfire.yml').env('WATCHFIRE_CONFIG'),
    new Option('--prometheus-config <file>', 'prometheus.yml: what to scrape, and which rules').env(
      'WATCHFIRE_PROMETHEUS_CONFIG',
    ),
    new Option('--alertmanager-config <file>', 'alertmanager.yml: who is told').env('WATCHFIRE_ALERTMANAGER_CONFIG'),
    new Option('--prometheus <url>', 'read metrics and rules from this Prometheus').env('WATCHFIRE_PROMETHEUS'),
    new Option('--alertmanager <url>', 'read alerts and silences from this Alertmanager').env('WATCHFIRE_ALERTMANAGER'),
    new Option('--elasticsearch <url>', 'read logs from this Elasticsearch or OpenSearch').env(
      'WATCHFIRE_ELASTICSEARCH',
    ),
    new Option('--index <pattern>', 'its index pattern').env('WATCHFIRE_INDEX'),
    new Option('--jaeger <url>', 'read traces from this Jaeger').env('WATCHFIRE_JAEGER'),
    new Option('--log <file>', 'follow this log file or glob (repeatable; - is standard input)').argParser(collect),
    new Option('--state <dir>', 'where silences, sent notifications, alert state and samples are kept').env(
      'WATCHFIRE_STATE',
    ),
    new Option('--import <file>', 'load an OpenMetrics file with timestamps first (repeatable)').argParser(collect),
    new Option('--listen <addr>', 'serve the Prometheus and Alertmanager APIs on HOST:PORT').env('WATCHFIRE_LISTEN'),
    new Option('--listen-insecurely', 'allow --listen beyond loopback without authentication'),
    new Option(
      '--otlp-listen <addr>',
      'receive traces on HOST:PORT by OTLP/HTTP, as protobuf or JSON (OTLP/gRPC, port 4317 of others, is not received)',
    ).env('WATCHFIRE_OTLP_LISTEN'),
    new Option('--enable-feature <names>', "Prometheus' feature names, comma-separated (repeatable)").argParser(
      collectList,
    ),
    new Option('--retention <duration>', 'how long samples are kept (default: 15d)')
      .env('WATCHFIRE_RETENTION')
      .argParser(duration),
    new Option(
      '--memory <size>',
      'memory budget of the samples, e.g. 512MB, and a 64th of it each for log lines and traces (default: a quarter of the memory, 2GB at most)',
    )
      .env('WATCHFIRE_MEMORY')
      .argParser(bytes),
    new Option('--external-url <url>', 'base of the links in notifications').env('WATCHFIRE_EXTERNAL_URL'),
    new Option('--watch-files', 'reload when a configuration file changes'),
    new Option('--builtin-rules', 'also evaluate the four built-in threshold alerts'),
    new Option('--rules-after-scrape', 'evaluate rules as soon as what they read is scraped, too'),
  ];
  for (const option of options) command.addOption(option);
  return command;
}

/** The settings, and whether the demo is to run because nothing else was named or found. Rejects with ConfigError for a bad watchfire.yml. */
export async function resolveSettings(
  options: SharedOptions,
  targets: readonly string[],
  place: { readonly directory: string; readonly environment: NodeJS.ProcessEnv; readonly interactive: boolean },
): Promise<{
  readonly settings: MonitorSettings;
  readonly file: WatchfireConfig | undefined;
  readonly nothingNamed: boolean;
}> {
  for (const target of targets) {
    if (!/[:/]/.test(target))
      throw new UsageError(
        `${JSON.stringify(target)} is neither a command nor a target: a target is written host:port or http://host:port/metrics`,
      );
  }
  const configFile = options.config ?? found(place.directory, 'watchfire.yml');
  const file =
    configFile === undefined ? undefined : (await loadWatchfireConfig(resolve(place.directory, configFile))).value;
  const namedSomething =
    targets.length > 0 ||
    [
      options.prometheusConfig,
      options.alertmanagerConfig,
      options.prometheus,
      options.alertmanager,
      options.elasticsearch,
      options.jaeger,
    ].some((each) => each !== undefined) ||
    (options.log ?? []).length > 0 ||
    (options.import ?? []).length > 0 ||
    file !== undefined;
  const prometheusConfig =
    options.prometheusConfig ??
    file?.prometheusConfig ??
    (namedSomething ? undefined : found(place.directory, 'prometheus.yml'));
  // As it was given: labels of targets and the files of rule groups begin with its folder, as Prometheus' do.
  const prometheusConfigFile = prometheusConfig === undefined ? undefined : namedPath(prometheusConfig, place);
  const alertmanagerConfig = options.alertmanagerConfig ?? file?.alertmanagerConfig;
  const alertmanagerConfigFile =
    alertmanagerConfig === undefined ? undefined : resolve(place.directory, alertmanagerConfig);
  const listen = options.listen ?? file?.listen;
  const identity = JSON.stringify([
    prometheusConfigFile && resolve(place.directory, prometheusConfigFile),
    alertmanagerConfigFile,
    targets,
    options.prometheus,
    options.alertmanager,
  ]);
  const settings: MonitorSettings = {
    name: nameOf(
      prometheusConfigFile ?? alertmanagerConfigFile,
      options.prometheus ?? file?.prometheus,
      targets,
      configFile,
    ),
    prometheusConfigFile,
    alertmanagerConfigFile,
    targets,
    prometheusUrl: options.prometheus ?? file?.prometheus,
    alertmanagerUrl: options.alertmanager ?? file?.alertmanager,
    elasticsearch: elasticsearchOf(options, file, place.environment),
    jaegerUrl: options.jaeger ?? file?.jaeger,
    logFiles: options.log ?? file?.logs ?? [],
    stateDirectory: resolve(place.directory, options.state ?? file?.state ?? defaultState(place.environment, identity)),
    importFiles: (options.import ?? []).map((each) => resolve(place.directory, each)),
    listen,
    listenInsecurely: options.listenInsecurely ?? false,
    otlpListen: options.otlpListen ?? file?.otlpListen,
    features: options.enableFeature ?? file?.features ?? [],
    retentionMs: options.retention ?? file?.retentionMs,
    memoryBudgetBytes: options.memory ?? file?.memoryBudgetBytes ?? Math.min(LARGEST_DEFAULT_BUDGET, totalmem() / 4),
    externalUrl:
      options.externalUrl ?? file?.externalUrl ?? (listen === undefined ? 'http://localhost:9090' : `http://${listen}`),
    interactive: place.interactive,
    watchFiles: options.watchFiles ?? file?.watchFiles ?? false,
    builtinRules: options.builtinRules ?? file?.builtinRules ?? false,
    rulesAfterScrape: options.rulesAfterScrape ?? file?.rulesAfterScrape ?? false,
  };
  return { settings, file, nothingNamed: !namedSomething && prometheusConfigFile === undefined };
}

/** The settings as a command in this process has them. */
export function settle(
  options: SharedOptions,
  targets: readonly string[],
  context: CommandContext,
): ReturnType<typeof resolveSettings> {
  return resolveSettings(options, targets, { ...context, interactive: context.stdout.isTTY === true });
}

/** For an argument of commander: Prometheus' durations, in milliseconds. */
export function duration(text: string): number {
  try {
    return parseDuration(text);
  } catch (error) {
    throw error instanceof DurationError
      ? new InvalidArgumentError(`${error.message}: write it as 30s, 5m or 1h30m`)
      : error;
  }
}

/** For an argument of commander that may be repeated. */
export function collect(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), value];
}

function collectList(value: string, previous: string[] | undefined): string[] {
  return [...(previous ?? []), ...value.split(',').map((each) => each.trim())];
}

function bytes(text: string): number {
  const [, amount, unit] = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B)?$/i.exec(text) ?? [];
  if (amount === undefined) throw new InvalidArgumentError('write it as 512MB or 2GB');
  return Number(amount) * 1024 ** ['', 'K', 'M', 'G', 'T'].indexOf((unit ?? '').toUpperCase());
}

function found(directory: string, name: string): string | undefined {
  const file = join(directory, name);
  return existsSync(file) ? file : undefined;
}

function nameOf(
  file: string | undefined,
  url: string | undefined,
  targets: readonly string[],
  configFile: string | undefined,
): string {
  if (file !== undefined) return basename(file);
  if (url !== undefined) return URL.canParse(url) ? new URL(url).host : url;
  if (targets.length > 0) return targets.length === 1 ? targets[0]! : `${targets.length} targets`;
  return configFile === undefined ? 'watchfire' : basename(configFile);
}

/** One folder for each set of sources, so that two watchfires on one host do not share state by accident. */
function defaultState(environment: NodeJS.ProcessEnv, identity: string): string {
  const base = environment['XDG_STATE_HOME'] || join(homedir(), '.local', 'state');
  return join(base, 'watchfire', createHash('sha256').update(identity).digest('hex').slice(0, 12));
}

function elasticsearchOf(
  options: SharedOptions,
  file: WatchfireConfig | undefined,
  environment: NodeJS.ProcessEnv,
): ElasticsearchSettings | undefined {
  const url = options.elasticsearch ?? file?.elasticsearch?.url;
  if (url === undefined) return undefined;
  return {
    url,
    index: options.index ?? file?.elasticsearch?.index ?? '*',
    username: environment['ELASTICSEARCH_USERNAME'] ?? file?.elasticsearch?.username,
    password: environment['ELASTICSEARCH_PASSWORD'] ?? file?.elasticsearch?.password?.reveal(),
    apiKey: environment['ELASTICSEARCH_API_KEY'] ?? file?.elasticsearch?.apiKey?.reveal(),
  };
}
