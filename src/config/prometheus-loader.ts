/** Loads `prometheus.yml` with the strictness and the rules of Prometheus 3. */
import { alertingSection, completeAlerting } from './alertmanager-endpoint.ts';
import { decodeRoot, diskFiles, type LoadOptions, readConfigFile, readingOf, refuseErrors } from './config-files.ts';
import { globFault } from './glob.ts';
import { defaultGlobalSection, type GlobalSection, globalSection } from './global-section.ts';
import { ConfigError, type Loaded } from './problem.ts';
import type { PrometheusConfig, RemoteWriteConfig, ScrapeConfig, SourcePlace } from './prometheus-config.ts';
import { relabelConfigs } from './relabel-fields.ts';
import { type RawRemoteWrite, type RemoteRead, remoteRead, remoteWrite } from './remote-config.ts';
import { FAILED, field, list, placedList, type Raw, type Reading, type StructPlace, struct, text } from './schema.ts';
import { type RawScrapeConfig, scrapeConfig } from './scrape-config.ts';
import { otlpSection, runtimeSection, storageSection, tracingSection } from './server-sections.ts';
import { absolutePath, redact } from './value-types.ts';

/** Reads the file and the `scrape_config_files` that it names. Throws ConfigError. */
export function loadPrometheusConfig(file: string, options: LoadOptions = {}): Loaded<PrometheusConfig> {
  const files = options.files ?? diskFiles;
  const document = readConfigFile(file, files);
  const reading = readingOf(file);
  const type = struct('config.plain', topFields(options.environment ?? process.env), (raw, at) => complete(raw, at));
  const root = decodeRoot(type, document, reading);
  refuseErrors(reading);
  const main = root === FAILED || root === undefined ? emptyConfig() : root;
  const absolute = (patterns: readonly string[]): string[] =>
    patterns.filter((pattern) => pattern !== '').map((pattern) => absolutePath(pattern, reading.directory));
  const scrapeConfigFiles = absolute(main.scrapeConfigFiles);
  const included = scrapeConfigFiles.flatMap((pattern) =>
    files.glob(pattern).map((path) => ({ path, jobs: loadScrapeConfigFile(path, options, main.global) })),
  );
  refuseErrors(...included.map(({ jobs }) => jobs.reading));
  refuseRepeatedJobs(file, main.scrapeConfigs, included);
  const { global, ...rest } = main;
  return {
    value: {
      ...rest,
      file,
      redactedText: redact(document.text, reading.secrets),
      global: {
        scrapeIntervalMs: global.scrapeIntervalMs,
        scrapeTimeoutMs: global.scrapeTimeoutMs,
        evaluationIntervalMs: global.evaluationIntervalMs,
        ruleQueryOffsetMs: global.ruleQueryOffsetMs,
        externalLabels: global.externalLabels,
        queryLogFile: global.queryLogFile,
        scrapeFailureLogFile: global.scrapeFailureLogFile,
      },
      ruleFiles: absolute(main.ruleFiles),
      scrapeConfigFiles,
      scrapeConfigs: [...main.scrapeConfigs, ...included.flatMap(({ jobs }) => jobs.configs)],
    },
    warnings: [reading, ...included.map(({ jobs }) => jobs.reading)].flatMap((each) => each.problems),
  };
}

/** What holds without any file: for targets named on the command line. */
export function defaultPrometheusConfig(): PrometheusConfig {
  return { ...emptyConfig(), file: '', redactedText: '' };
}

function topFields(environment: Readonly<Record<string, string | undefined>>) {
  return {
    global: field(globalSection(environment)),
    runtime: field(runtimeSection),
    alerting: field(alertingSection),
    rule_files: field(placedList(text)),
    scrape_config_files: field(placedList(text)),
    scrape_configs: field(list(scrapeConfig)),
    storage: field(storageSection),
    tracing: field(tracingSection),
    remote_write: field(list(remoteWrite)),
    remote_read: field(list(remoteRead)),
    otlp: field(otlpSection),
  };
}

type Top = Raw<ReturnType<typeof topFields>>;

interface MainConfig extends Omit<PrometheusConfig, 'file' | 'redactedText' | 'global'> {
  readonly global: GlobalSection;
  readonly scrapeConfigFiles: readonly string[];
}

const DEFAULT_MAX_EXEMPLARS = 100_000;

function emptyConfig(): MainConfig {
  return {
    global: defaultGlobalSection,
    ruleFiles: [],
    scrapeConfigFiles: [],
    scrapeConfigs: [],
    alertmanagers: [],
    alertRelabelConfigs: [],
    remoteWrites: [],
    outOfOrderWindowMs: 0,
    maxExemplars: DEFAULT_MAX_EXEMPLARS,
  };
}

function complete(raw: Top, at: StructPlace): MainConfig {
  const global = raw.global ?? defaultGlobalSection;
  const scheme = global.nameValidationScheme;
  checkPatterns(raw.rule_files, 'invalid rule file path', at);
  checkPatterns(raw.scrape_config_files, 'invalid scrape config file path', at);
  const scrapeConfigs = completeJobs(raw.scrape_configs, global, at);
  const alerting = completeAlerting(raw.alerting, scheme, at.reading);
  const remoteWrites = completeRemoteWrites(raw.remote_write, scheme, at);
  checkRemoteReads(raw.remote_read, at);
  checkOtlpStrategy(raw, scheme, at);
  return {
    ...emptyConfig(),
    ...alerting,
    global,
    ruleFiles: (raw.rule_files ?? []).map((each) => each.value),
    ruleFilePlaces: (raw.rule_files ?? []).filter((each) => each.value !== '').map((each) => each.place),
    scrapeConfigFiles: (raw.scrape_config_files ?? []).map((each) => each.value),
    scrapeConfigs,
    remoteWrites,
    outOfOrderWindowMs: raw.storage?.tsdb?.out_of_order_time_window ?? 0,
    retentionMs: raw.storage?.tsdb?.retention?.time || undefined,
    retentionBytes: raw.storage?.tsdb?.retention?.size || undefined,
    maxExemplars: raw.storage?.exemplars?.max_exemplars ?? DEFAULT_MAX_EXEMPLARS,
  };
}

function checkPatterns(
  patterns: readonly { readonly value: string; readonly place: SourcePlace }[] | undefined,
  message: string,
  at: StructPlace,
): void {
  for (const { value, place } of patterns ?? []) {
    if (!/^[^*]*(\*[^/]*)?$/.test(value)) {
      at.fail(place, `${message} ${JSON.stringify(value)}: a * may stand only in the last part of the path`);
    } else if (globFault(value)) at.fail(place, `${message} ${JSON.stringify(value)}: ${globFault(value)}`);
  }
}

function completeJobs(
  jobs: readonly (RawScrapeConfig | undefined)[] | undefined,
  global: GlobalSection,
  at: StructPlace,
): ScrapeConfig[] {
  const names = new Map<string, SourcePlace>();
  const configs: ScrapeConfig[] = [];
  for (const [index, job] of (jobs ?? []).entries()) {
    if (!job) {
      at.fail(at.item('scrape_configs', index), 'empty or null scrape config section: fill it in or remove it');
      continue;
    }
    const config = job.complete(global);
    const first = names.get(job.jobName);
    if (first) at.fail(job.namePlace, repeatedJob(job.jobName, `line ${first.line}`));
    else names.set(job.jobName, job.namePlace);
    if (config) configs.push(config);
  }
  return configs;
}

function repeatedJob(name: string, first: string): string {
  return `found multiple scrape configs with job name ${JSON.stringify(name)}, first found in ${first}: rename one`;
}

function completeRemoteWrites(
  writes: readonly (RawRemoteWrite | undefined)[] | undefined,
  scheme: GlobalSection['nameValidationScheme'],
  at: StructPlace,
): RemoteWriteConfig[] {
  const names = new Set<string>();
  return (writes ?? []).flatMap((write, index) => {
    const place = at.item('remote_write', index);
    if (!write) {
      at.fail(place, 'empty or null remote write config section: fill it in or remove it');
      return [];
    }
    const { relabelSteps, ...rest } = write;
    if (write.name && names.has(write.name)) {
      at.fail(place, `found multiple remote write configs with job name ${JSON.stringify(write.name)}: rename one`);
    }
    names.add(write.name ?? '');
    return [{ ...rest, writeRelabelConfigs: relabelConfigs(relabelSteps, scheme, at.reading) }];
  });
}

function checkRemoteReads(reads: readonly (RemoteRead | undefined)[] | undefined, at: StructPlace): void {
  const names = new Set<string>();
  for (const [index, read] of (reads ?? []).entries()) {
    const place = at.item('remote_read', index);
    if (!read) at.fail(place, 'empty or null remote read config section: fill it in or remove it');
    else if (read.name !== '' && names.has(read.name)) {
      at.fail(place, `found multiple remote read configs with job name ${JSON.stringify(read.name)}: rename one`);
    } else names.add(read.name);
  }
  if (reads?.length) at.warn('remote_read', 'remote_read is checked but not used: queries read local data only');
}

function checkOtlpStrategy(raw: Top, scheme: GlobalSection['nameValidationScheme'], at: StructPlace): void {
  if (!raw.otlp) return;
  const { strategy, strategyPlace } = raw.otlp;
  if (['', 'UnderscoreEscapingWithSuffixes', 'UnderscoreEscapingWithoutSuffixes'].includes(strategy)) return;
  if (strategy !== 'NoTranslation' && strategy !== 'NoUTF8EscapingWithSuffixes') {
    at.fail(strategyPlace, `unsupported OTLP translation strategy ${JSON.stringify(strategy)}`);
  } else if (scheme === 'legacy') {
    const message = `OTLP translation strategy ${JSON.stringify(strategy)} is not allowed when UTF8 is disabled`;
    at.fail(strategyPlace, message);
  }
}

interface ScrapeConfigFile {
  readonly reading: Reading;
  readonly configs: readonly ScrapeConfig[];
  readonly namePlaces: ReadonlyMap<string, SourcePlace>;
}

/** A file that `scrape_config_files` names: jobs and nothing else; its own folder is where its paths start. */
function loadScrapeConfigFile(path: string, options: LoadOptions, global: GlobalSection): ScrapeConfigFile {
  const reading = readingOf(path);
  const namePlaces = new Map<string, SourcePlace>();
  const type = struct('config.ScrapeConfigs', { scrape_configs: field(list(scrapeConfig)) }, (raw, at) => {
    for (const job of raw.scrape_configs ?? []) if (job) namePlaces.set(job.jobName, job.namePlace);
    return completeJobs(raw.scrape_configs, global, at);
  });
  const configs = decodeRoot(type, readConfigFile(path, options.files ?? diskFiles), reading);
  return { reading, configs: configs === FAILED || configs === undefined ? [] : configs, namePlaces };
}

function refuseRepeatedJobs(
  file: string,
  own: readonly ScrapeConfig[],
  included: readonly { readonly path: string; readonly jobs: ScrapeConfigFile }[],
): void {
  const seen = new Map(own.map((job) => [job.jobName, file]));
  for (const { path, jobs } of included) {
    for (const [name, place] of jobs.namePlaces) {
      const first = seen.get(name);
      if (first !== undefined) {
        throw new ConfigError([{ ...place, message: repeatedJob(name, first), severity: 'error' }]);
      }
      seen.set(name, path);
    }
  }
}
