/** `watchfire check …`: says of files whether they are accepted, and of every fault where it is. */
import { readFile } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { AlertmanagerConfig } from '../config/alertmanager-config.ts';
import { loadAlertmanagerConfig } from '../config/alertmanager-loader.ts';
import { systemClock } from '../config/clock.ts';
import { diskFiles } from '../config/config-files.ts';
import { ConfigError, formatProblem, type Problem } from '../config/problem.ts';
import { checkPrometheusConfig } from '../config/prometheus-check.ts';
import { loadPrometheusConfig } from '../config/prometheus-loader.ts';
import { lintExposition } from '../exposition/lint.ts';
import { Labels } from '../labels/labels.ts';
import { parseMatchers } from '../labels/matcher-parser.ts';
import { explainRelabel } from '../labels/relabel.ts';
import { readTextFile } from '../notify/fields.ts';
import { NotificationTemplates } from '../notify/template-data.ts';
import { checkRules } from '../rules/check.ts';
import { TemplateError } from '../template/template.ts';
import { type CommandContext, EXIT, UsageError } from './context.ts';
import { printable } from './text-table.ts';

export function checkConfig(files: readonly string[], context: CommandContext): Promise<number> {
  return checkEach(files, context, async (file) => checkPrometheusConfig(file));
}

export function checkRuleFiles(files: readonly string[], context: CommandContext): Promise<number> {
  return checkEach(files, context, async (file) => checkRules([file]));
}

export function checkAlertmanager(files: readonly string[], strict: boolean, context: CommandContext): Promise<number> {
  return checkEach(files, context, async (file) => {
    const { value, warnings } = loadAlertmanagerConfig(file, { strict });
    return [...warnings, ...templateProblems(value)];
  });
}

export async function checkMetrics(files: readonly string[], context: CommandContext): Promise<number> {
  if (files.length > 0) return checkEach(files, context, async (file) => lintExposition(await readFile(file), file));
  const chunks: Buffer[] = [];
  for await (const chunk of context.stdin) chunks.push(chunk as Buffer);
  return report('<stdin>', lintExposition(Buffer.concat(chunks), '<stdin>'), context) ? EXIT.fine : EXIT.found;
}

/** Prints the labels before and after each step of a job's relabelling of one target (or one series). */
export async function checkRelabel(
  file: string,
  flags: { readonly job: string; readonly target: string; readonly metric?: boolean },
  context: CommandContext,
): Promise<number> {
  const { value } = loadPrometheusConfig(resolve(context.directory, file));
  const job = value.scrapeConfigs.find((each) => each.jobName === flags.job);
  if (job === undefined)
    throw new UsageError(
      `${file} has no job ${JSON.stringify(flags.job)}: it has ${value.scrapeConfigs.map((each) => each.jobName).join(', ')}`,
    );
  const labels = Labels.fromPairs(parseMatchers(flags.target).map((matcher) => [matcher.name, matcher.value]));
  context.stdout.write(`in    ${printable(labels.toString())}\n`);
  for (const [index, { config, before, after, value }] of explainRelabel(
    labels,
    flags.metric ? job.metricRelabelConfigs : job.relabelConfigs,
  ).entries()) {
    const source =
      config.sourceLabels.length === 0
        ? ''
        : `, source ${config.sourceLabels.join(config.separator)} = ${JSON.stringify(value)}`;
    context.stdout.write(`\n${printable(`${index + 1}. ${config.action}, regex ${config.regex}${source}`)}\n`);
    if (after === undefined) {
      context.stdout.write('      dropped\n');
      return EXIT.found;
    }
    context.stdout.write(after.equals(before) ? '      unchanged\n' : `out   ${printable(after.toString())}\n`);
  }
  return EXIT.fine;
}

/** The template files that are there must parse. */
function templateProblems(config: AlertmanagerConfig): Problem[] {
  const problems: Problem[] = [];
  for (const pattern of config.templates) {
    for (const file of diskFiles.glob(pattern)) {
      try {
        new NotificationTemplates(systemClock, [[basename(file), readTextFile(file)]]);
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        problems.push({
          file,
          line: error.line ?? 1,
          column: (error.column ?? 0) + 1,
          message: error.message,
          severity: 'error',
        });
      }
    }
  }
  return problems;
}

async function checkEach(
  files: readonly string[],
  context: CommandContext,
  check: (file: string) => Promise<readonly Problem[]>,
): Promise<number> {
  let fine = true;
  for (const file of files) {
    let problems: readonly Problem[];
    try {
      problems = await check(resolve(context.directory, file));
    } catch (error) {
      if (error instanceof ConfigError) problems = error.problems;
      else if (isFileFault(error))
        problems = [
          { file, line: 1, column: 1, severity: 'error', message: `the file cannot be read: ${error.message}` },
        ];
      else throw error;
    }
    // Names are said as they were given, also in files beside it.
    const asGiven = problems.map((problem) => ({
      ...problem,
      file: problem.file === resolve(context.directory, file) ? file : problem.file,
    }));
    fine = report(file, asGiven, context) && fine;
  }
  return fine ? EXIT.fine : EXIT.found;
}

function report(file: string, problems: readonly Problem[], context: CommandContext): boolean {
  const errors = problems.filter((problem) => problem.severity === 'error');
  for (const problem of problems) context.stdout.write(`${printable(formatProblem(problem))}\n`);
  if (errors.length === 0)
    context.stdout.write(
      `${file}: ok${problems.length === 0 ? '' : `, ${problems.length} warning${problems.length === 1 ? '' : 's'}`}\n`,
    );
  return errors.length === 0;
}

function isFileFault(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}
