/** Everything that `prometheus.yml` refers to: whether the files are there and can be read as what they are. */
import { type ConfigFiles, diskFiles, type LoadOptions } from './config-files.ts';
import type { HttpClientConfig } from './http-config.ts';
import { ConfigError, type Problem } from './problem.ts';
import type { DiscoveryConfig, PrometheusConfig, SourcePlace } from './prometheus-config.ts';
import { loadPrometheusConfig } from './prometheus-loader.ts';
import { loadRuleFile } from './rule-file-loader.ts';
import { loadTargetFile } from './target-file.ts';

export interface PrometheusCheckOptions extends LoadOptions {
  /** What is wrong with another file is an error of the configuration, as with promtool; else a warning. */
  readonly strict?: boolean | undefined;
}

/** Never throws for what a file says: a file that is refused is a problem too. */
export function checkPrometheusConfig(file: string, options: PrometheusCheckOptions = {}): readonly Problem[] {
  let config: PrometheusConfig;
  const problems: Problem[] = [];
  try {
    const loaded = loadPrometheusConfig(file, options);
    config = loaded.value;
    problems.push(...loaded.warnings);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  const severity = options.strict ? 'error' : 'warning';
  const files = options.files ?? diskFiles;
  const report = (place: SourcePlace, message: string): void => void problems.push({ ...place, message, severity });
  checkRuleFiles(config, files, options, problems, severity, report);
  for (const job of config.scrapeConfigs) {
    checkHttpFiles(job.http, files, (message) => report(job.place, message));
    checkDiscoveries(job.discoveries, files, options, problems, severity, report);
  }
  for (const endpoint of config.alertmanagers) {
    checkHttpFiles(endpoint.http, files, (message) => report(endpoint.place, message));
    checkDiscoveries(endpoint.discoveries, files, options, problems, severity, report);
  }
  for (const write of config.remoteWrites) checkHttpFiles(write.http, files, (message) => report(write.place, message));
  return problems;
}

function checkRuleFiles(
  config: PrometheusConfig,
  files: ConfigFiles,
  options: LoadOptions,
  problems: Problem[],
  severity: Problem['severity'],
  report: (place: SourcePlace, message: string) => void,
): void {
  const found = config.ruleFiles.flatMap((pattern, index) => {
    const matches = files.glob(pattern);
    if (matches.length === 0 && !/[*?[]/.test(pattern)) {
      const place = config.ruleFilePlaces?.[index] ?? { file: config.file, line: 1, column: 1 };
      report(place, `${JSON.stringify(pattern)} does not point to an existing file: create it or correct rule_files`);
    }
    return matches;
  });
  for (const path of found) collect(problems, severity, () => loadRuleFile(path, options).warnings);
}

function checkHttpFiles(http: HttpClientConfig, files: ConfigFiles, report: (message: string) => void): void {
  const named: readonly (readonly [string, string | undefined])[] = [
    ['authorization credentials or bearer token file', http.authorization?.credentialsFile],
    ['basic auth username file', http.basicAuth?.usernameFile],
    ['basic auth password file', http.basicAuth?.passwordFile],
    ['oauth2 client secret file', http.oauth2?.clientSecretFile],
    ['CA file', http.tls.caFile],
    ['client cert file', http.tls.certFile],
    ['client key file', http.tls.keyFile],
  ];
  for (const [title, path] of named) {
    if (path === undefined || files.glob(escapePattern(path)).length > 0) continue;
    report(`error checking ${title} ${JSON.stringify(path)}: no such file: create it or correct the path`);
  }
}

function checkDiscoveries(
  discoveries: readonly DiscoveryConfig[],
  files: ConfigFiles,
  options: LoadOptions,
  problems: Problem[],
  severity: Problem['severity'],
  report: (place: SourcePlace, message: string) => void,
): void {
  for (const discovery of discoveries) {
    if (discovery.kind === 'kubernetes' || discovery.kind === 'http') {
      checkHttpFiles(discovery.http, files, (message) => report(discovery.place, message));
    }
    if (discovery.kind !== 'file') continue;
    for (const pattern of discovery.files) {
      const matches = files.glob(pattern);
      if (matches.length === 0) {
        const message = `file ${JSON.stringify(pattern)} for file_sd does not exist`;
        problems.push({ ...discovery.place, message, severity: 'warning' });
      }
      for (const path of matches) {
        collect(problems, severity, () => {
          loadTargetFile(path, options);
          return [];
        });
      }
    }
  }
}

/** Adds what a loader reports, its errors under the given severity. */
function collect(problems: Problem[], severity: Problem['severity'], load: () => readonly Problem[]): void {
  try {
    problems.push(...load());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    problems.push(...error.problems.map((problem) => ({ ...problem, severity })));
  }
}

function escapePattern(path: string): string {
  return path.replace(/[*?[\\]/g, '\\$&');
}
