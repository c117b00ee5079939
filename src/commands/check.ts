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
import { type ExpositionReport, inspectExposition } from '../exposition/lint.ts';
import { readTextFile } from '../notify/fields.ts';
import { NotificationTemplates } from '../notify/template-data.ts';
import { checkRules } from '../rules/check.ts';
import { TargetBuilder } from '../scrape/target.ts';
import { TemplateError } from '../template/template.ts';
import { type CommandContext, EXIT } from './context.ts';
import { printable, textTable } from './text-table.ts';

export function checkConfig(files: readonly string[], context: CommandContext): Promise<number> {
  return checkEach(files, context, async (file) => {
    const problems = checkPrometheusConfig(file);
    return problems.some(({ severity }) => severity === 'error') ? problems : [...problems, ...targetProblems(file)];
  });
}

/** As promtool, what the file itself names as targets must be what can be scraped, relabelling included. */
function targetProblems(file: string): Problem[] {
  return loadPrometheusConfig(file).value.scrapeConfigs.flatMap((job) =>
    job.discoveries.flatMap((discovery): Problem[] =>
      discovery.kind !== 'static'
        ? []
        : new TargetBuilder(job).build(discovery.groups).faults.map((fault) => ({
            ...discovery.place,
            severity: 'error',
            message: `job ${JSON.stringify(job.jobName)}: ${fault}: see what becomes of it by watchfire check relabel`,
          })),
    ),
  );
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

export interface CheckMetricsFlags {
  /** A table of how many series each family is. */
  readonly extended?: boolean;
  /** `none`: only what Prometheus would refuse is told of. */
  readonly lint?: string;
}

export async function checkMetrics(
  files: readonly string[],
  { extended, lint }: CheckMetricsFlags,
  context: CommandContext,
): Promise<number> {
  const check = (bytes: Uint8Array, file: string): readonly Problem[] => {
    const { problems, cardinality } = inspectExposition(bytes, file);
    if (extended) context.stdout.write(cardinalityTable(cardinality));
    return lint === 'none' ? problems.filter(({ severity }) => severity === 'error') : problems;
  };
  if (files.length > 0) return checkEach(files, context, async (file) => check(await readFile(file), file));
  const chunks: Buffer[] = [];
  for await (const chunk of context.stdin) chunks.push(chunk as Buffer);
  return report('<stdin>', check(Buffer.concat(chunks), '<stdin>'), context) ? EXIT.fine : EXIT.found;
}

/** With promtool's columns. */
function cardinalityTable(cardinality: ExpositionReport['cardinality']): string {
  const total = cardinality.reduce((sum, { series }) => sum + series, 0);
  const rows = cardinality.map(({ family, series }) => [
    family,
    String(series),
    `${((series / total) * 100).toFixed(2)}%`,
  ]);
  const heading = ['Metric', 'Cardinality', 'Percentage'];
  return textTable([heading, ...rows, ['Total', String(total), '100%']], ['left', 'right', 'right']);
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
