/** Everything that the user's files say, read as one: a monitor starts from it and reloads to it whole, or not at all. */
import type { AlertmanagerConfig } from '../config/alertmanager-config.ts';
import { loadAlertmanagerConfig } from '../config/alertmanager-loader.ts';
import { diskFiles } from '../config/config-files.ts';
import { ConfigError, type Problem } from '../config/problem.ts';
import type { PrometheusConfig } from '../config/prometheus-config.ts';
import { defaultPrometheusConfig, loadPrometheusConfig } from '../config/prometheus-loader.ts';
import type { RuleGroupConfig } from '../config/rule-file.ts';
import { loadRuleFile } from '../config/rule-file-loader.ts';
import { builtinRuleGroups } from '../rules/builtin.ts';
import { checkRules } from '../rules/check.ts';
import { scrapeConfigForTargets } from '../scrape/command-line-targets.ts';
import type { MonitorSettings } from './settings.ts';

export interface Configuration {
  readonly prometheus: PrometheusConfig;
  readonly ruleGroups: readonly RuleGroupConfig[];
  /** Undefined: no alertmanager.yml was given. */
  readonly alertmanager: AlertmanagerConfig | undefined;
  readonly warnings: readonly string[];
  /** The files that were read: what a file watch looks at. */
  readonly files: readonly string[];
}

/** Throws ConfigError with every problem of all files. */
export function readConfiguration(settings: MonitorSettings): Configuration {
  const problems: Problem[] = [];
  const files: string[] = [];
  const missing: string[] = [];
  const attempt = <T>(
    file: string,
    read: () => { readonly value: T; readonly warnings: readonly Problem[] },
  ): T | undefined => {
    files.push(file);
    try {
      const { value, warnings } = read();
      problems.push(...warnings);
      return value;
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      problems.push(...error.problems);
      return undefined;
    }
  };

  const prometheusFile = settings.prometheusConfigFile;
  const read =
    prometheusFile === undefined
      ? defaultPrometheusConfig()
      : attempt(prometheusFile, () => loadPrometheusConfig(prometheusFile));
  const alertmanagerFile = settings.alertmanagerConfigFile;
  const alertmanager =
    alertmanagerFile === undefined
      ? undefined
      : attempt(alertmanagerFile, () => loadAlertmanagerConfig(alertmanagerFile));
  const ruleFiles = (read?.ruleFiles ?? []).flatMap((pattern) => {
    const found = diskFiles.glob(pattern);
    if (found.length === 0)
      missing.push(`${prometheusFile}: rule_files names ${pattern}, which matches no file: there are no rules from it`);
    return found;
  });
  const ruleGroups = ruleFiles.flatMap((file) => attempt(file, () => loadRuleFile(file))?.groups ?? []);
  const structureIsFine = problems.every((problem) => problem.severity !== 'error');
  if (structureIsFine) problems.push(...checkRules(ruleFiles, { features: settings.features }));
  if (read === undefined || problems.some((problem) => problem.severity === 'error')) throw new ConfigError(problems);
  return {
    prometheus: withTargets(read, settings.targets),
    ruleGroups: settings.builtinRules ? [...ruleGroups, ...builtinRuleGroups()] : ruleGroups,
    alertmanager,
    warnings: [
      ...problems.map(({ file, line, column, message }) => `${file}:${line}:${column}: ${message}`),
      ...missing,
    ],
    files,
  };
}

function withTargets(config: PrometheusConfig, targets: readonly string[]): PrometheusConfig {
  return targets.length === 0
    ? config
    : { ...config, scrapeConfigs: [...config.scrapeConfigs, scrapeConfigForTargets(targets)] };
}
