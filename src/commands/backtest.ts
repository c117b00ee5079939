/** `watchfire rules backtest`: when rules would have fired over stored or remote history, and what another rule file changes. */
import { basename } from 'node:path';
import { systemClock } from '../config/clock.ts';
import { diskFiles, readConfigFile } from '../config/config-files.ts';
import { ConfigError } from '../config/problem.ts';
import type { RuleGroupConfig } from '../config/rule-file.ts';
import { loadRuleFile } from '../config/rule-file-loader.ts';
import { readConfiguration } from '../monitor/configuration.ts';
import { openHistory } from '../monitor/history.ts';
import type { MonitorSettings } from '../monitor/settings.ts';
import { featuresFromNames } from '../promql/features.ts';
import { parseExpression } from '../promql/parse.ts';
import { backtestRules, type Difference, differenceOf } from '../rules/backtest.ts';
import { checkRules } from '../rules/check.ts';
import { type BacktestReport, backtestJson, backtestText } from './backtest-report.ts';
import { type CommandContext, EXIT, namedPath, UsageError } from './context.ts';
import { parseTime } from './query.ts';
import { USER_AGENT } from './version.ts';

export interface BacktestFlags {
  readonly against?: string[];
  readonly start?: string;
  readonly end?: string;
  readonly step?: number;
  readonly json?: boolean;
}

/** Of a server, where no start is given. */
const DEFAULT_RANGE_MS = 24 * 3_600_000;
const DEFAULT_INTERVAL_MS = 60_000;

/** Exit code 1 where a rule cannot be evaluated, or two rule files differ in what fires. */
export async function backtest(
  files: readonly string[],
  flags: BacktestFlags,
  settings: MonitorSettings,
  context: CommandContext,
): Promise<number> {
  const named = files.map((file) => namedPath(file, context));
  const subject = readRules(named.length > 0 ? named : prometheusConfigOf(settings), settings);
  const other =
    flags.against === undefined
      ? undefined
      : readRules(
          flags.against.map((file) => namedPath(file, context)),
          settings,
        );
  const history = await openHistory(settings, { clock: systemClock, userAgent: USER_AGENT });
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once('SIGINT', interrupt);
  try {
    const range = rangeOf(flags, history.extent, history.sampleCount);
    const features = featuresFromNames(settings.features);
    const run = ({ groups, evaluationIntervalMs, queryOffsetMs }: RuleSet) =>
      backtestRules({
        ...range,
        groups: flags.step === undefined ? groups : groups.map((group) => ({ ...group, intervalMs: flags.step })),
        history,
        parse: (expression) => parseExpression(expression, features),
        evaluationIntervalMs,
        queryOffsetMs,
        signal: stop.signal,
      });
    const results = await run(subject);
    const others = other === undefined ? undefined : await run(other);
    const against =
      others === undefined
        ? undefined
        : {
            names: [namesOf(files, settings), namesOf(flags.against ?? [], settings)] as const,
            results: others,
            difference: differenceOf(results, others, range.endMs),
          };
    const report: BacktestReport = { ...range, results, against };
    context.stdout.write(flags.json ? backtestJson(report) : backtestText(report));
    const failed = [...results, ...(others ?? [])].some(({ error }) => error !== undefined);
    const { gone, added, moved } = against?.difference ?? NO_DIFFERENCE;
    return failed || gone.length + added.length + moved.length > 0 ? EXIT.found : EXIT.fine;
  } catch (error) {
    if (stop.signal.aborted) return EXIT.interrupted;
    throw error;
  } finally {
    process.removeListener('SIGINT', interrupt);
    await history.close();
  }
}

const NO_DIFFERENCE: Difference = { gone: [], added: [], moved: [] };

function namesOf(files: readonly string[], { prometheusConfigFile }: MonitorSettings): string {
  return files.length > 0 ? files.join(', ') : basename(prometheusConfigFile ?? '');
}

interface RuleSet {
  readonly groups: readonly RuleGroupConfig[];
  readonly evaluationIntervalMs: number;
  readonly queryOffsetMs: number;
}

/** Of rule files, or of one prometheus.yml. Throws ConfigError. */
function readRules(files: readonly string[], settings: MonitorSettings): RuleSet {
  const [first] = files;
  if (files.length === 1 && !isRuleFile(first!)) {
    const { ruleGroups, prometheus } = readConfiguration({
      ...settings,
      prometheusConfigFile: first,
      alertmanagerConfigFile: undefined,
      targets: [],
    });
    const { evaluationIntervalMs, ruleQueryOffsetMs } = prometheus.global;
    return { groups: ruleGroups, evaluationIntervalMs, queryOffsetMs: ruleQueryOffsetMs };
  }
  const problems = checkRules(files, { features: settings.features }).filter(({ severity }) => severity === 'error');
  if (problems.length > 0) throw new ConfigError(problems);
  const groups = files.flatMap((file) => loadRuleFile(file).value.groups);
  return { groups, evaluationIntervalMs: DEFAULT_INTERVAL_MS, queryOffsetMs: 0 };
}

/** Whatever is no prometheus.yml is taken for a rule file, so that its faults are said as those of one. */
function isRuleFile(file: string): boolean {
  const { root } = readConfigFile(file, diskFiles);
  if (root?.kind !== 'map') return true;
  return !root.entries.some(
    ({ key }) => key.kind === 'scalar' && ['global', 'rule_files', 'scrape_configs', 'alerting'].includes(key.text),
  );
}

function prometheusConfigOf({ prometheusConfigFile }: MonitorSettings): readonly string[] {
  if (prometheusConfigFile !== undefined) return [prometheusConfigFile];
  throw new UsageError('no rules are named: give rule files, a prometheus.yml, or --prometheus-config FILE');
}

function rangeOf(
  flags: BacktestFlags,
  extent: { readonly startMs: number; readonly endMs: number } | undefined,
  sampleCount: number | undefined,
): { readonly startMs: number; readonly endMs: number } {
  if (sampleCount === 0) {
    throw new UsageError(
      'there is no history to test against: give --import FILE.om, --state DIR of a watchfire that ran, or --prometheus URL',
    );
  }
  const nowMs = systemClock.nowMs();
  const endMs = flags.end === undefined ? (extent?.endMs ?? nowMs) : parseTime(flags.end, nowMs);
  const startMs =
    flags.start === undefined ? (extent?.startMs ?? endMs - DEFAULT_RANGE_MS) : parseTime(flags.start, nowMs);
  if (startMs > endMs) throw new UsageError('--start is after --end');
  return { startMs, endMs };
}
