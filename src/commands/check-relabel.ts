/** `watchfire check relabel`: what each relabelling step makes of a target, and what is scraped in the end. */
import { resolve } from 'node:path';
import { diskFiles } from '../config/config-files.ts';
import { ConfigError, formatProblem } from '../config/problem.ts';
import type { ScrapeConfig } from '../config/prometheus-config.ts';
import { loadPrometheusConfig } from '../config/prometheus-loader.ts';
import { loadTargetFile } from '../config/target-file.ts';
import { Labels, quote } from '../labels/labels.ts';
import { parseMatchers } from '../labels/matcher-parser.ts';
import { explainRelabel, type RelabelExplanation } from '../labels/relabel.ts';
import { explainTarget } from '../scrape/target.ts';
import { type CommandContext, EXIT, UsageError } from './context.ts';
import { printable } from './text-table.ts';

export interface RelabelFlags {
  readonly job?: string;
  readonly target?: string;
  readonly metric?: boolean;
  readonly json?: boolean;
}

/** Exit code 1 where a target (or series) that was asked about is dropped or cannot be scraped. */
export async function checkRelabel(file: string, flags: RelabelFlags, context: CommandContext): Promise<number> {
  if (flags.metric && flags.target === undefined) {
    throw new UsageError('--metric needs a series as --target, e.g. --target \'up{code="200"}\'');
  }
  const jobs = jobsOf(file, flags, context);
  const print = flags.json ? jsonLine : story;
  let known = 0;
  let lost = 0;
  for (const job of jobs) {
    for (const explained of explanations(job, flags)) {
      context.stdout.write(print(explained));
      known++;
      if (explained.outcome.kind !== 'scraped' && explained.outcome.kind !== 'kept') lost++;
    }
  }
  if (known === 0 && !flags.json) {
    context.stdout.write(
      `${file}: no targets are written in it or in files that it names: give what a discovery would find as --target\n`,
    );
  }
  return flags.target !== undefined && lost > 0 ? EXIT.found : EXIT.fine;
}

interface Explained {
  readonly job: string;
  /** Where the target is written, or `--target`. */
  readonly source: string;
  readonly labels: Labels;
  readonly steps: readonly RelabelExplanation[];
  readonly outcome: Outcome;
}

type Outcome =
  | { readonly kind: 'scraped'; readonly url: string; readonly labels: Labels }
  /** A series that is stored. */
  | { readonly kind: 'kept'; readonly labels: Labels }
  /** `step` counts from 1. */
  | { readonly kind: 'dropped'; readonly step: number; readonly reason: string }
  | { readonly kind: 'refused'; readonly reason: string };

function jobsOf(file: string, { job }: RelabelFlags, context: CommandContext): readonly ScrapeConfig[] {
  let jobs: readonly ScrapeConfig[];
  try {
    jobs = loadPrometheusConfig(resolve(context.directory, file)).value.scrapeConfigs;
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.problems.map(formatProblem).join('\n'));
    throw error;
  }
  if (job === undefined) return jobs;
  const found = jobs.filter((each) => each.jobName === job);
  if (found.length > 0) return found;
  const names = jobs.map((each) => each.jobName).join(', ');
  throw new UsageError(`${file} has no job ${JSON.stringify(job)}: it has ${names}`);
}

function* explanations(job: ScrapeConfig, { target, metric }: RelabelFlags): Generator<Explained> {
  const { jobName } = job;
  if (metric) {
    const labels = labelsOf(target!);
    const steps = explainRelabel(labels, job.metricRelabelConfigs);
    const after = steps.length === 0 ? labels : steps.at(-1)!.after;
    const outcome: Outcome = after === undefined ? droppedBy(steps) : { kind: 'kept', labels: after };
    yield { job: jobName, source: '--target', labels, steps, outcome };
    return;
  }
  const discovered =
    target === undefined
      ? writtenTargets(job)
      : [{ source: '--target', labels: labelsOf(target), group: Labels.EMPTY }];
  for (const { source, labels, group } of discovered) {
    const { discoveredLabels, steps, target: built, fault } = explainTarget(job, labels, group);
    const outcome: Outcome =
      fault !== ''
        ? { kind: 'refused', reason: fault }
        : built === undefined
          ? droppedBy(steps)
          : { kind: 'scraped', url: built.url, labels: built.labels };
    yield { job: jobName, source, labels: discoveredLabels, steps, outcome };
  }
}

function droppedBy(steps: readonly RelabelExplanation[]): Outcome {
  return { kind: 'dropped', step: steps.length, reason: steps.at(-1)!.reason };
}

/** `host:port`, `name="value",…`, or `metric{name="value",…}`. Throws UsageError. */
function labelsOf(text: string): Labels {
  if (!/[={]/.test(text)) return Labels.of({ __address__: text });
  const [, name, inner] = /^\s*([^{="]+)\{(.*)\}\s*$/s.exec(text) ?? [];
  try {
    const matchers = parseMatchers(inner ?? text);
    const pairs = matchers.map((matcher) => [matcher.name, matcher.value] as const);
    return Labels.fromPairs(name === undefined ? pairs : [...pairs, ['__name__', name.trim()] as const]);
  } catch (error) {
    throw new UsageError(`--target ${JSON.stringify(text)} cannot be read: ${(error as Error).message}`);
  }
}

/** Of `static_configs`, and of the files that `file_sd_configs` name. Throws UsageError for a file that cannot be used. */
function* writtenTargets(job: ScrapeConfig): Generator<{ source: string; labels: Labels; group: Labels }> {
  for (const discovery of job.discoveries) {
    if (discovery.kind === 'static') {
      const { file, line, column } = discovery.place;
      for (const { targets, labels: group } of discovery.groups) {
        for (const labels of targets) yield { source: `${file}:${line}:${column}`, labels, group };
      }
    }
    if (discovery.kind !== 'file') continue;
    for (const file of discovery.files.flatMap((pattern) => diskFiles.glob(pattern))) {
      for (const { targets, labels: group } of targetFile(file)) {
        for (const labels of targets) yield { source: file, labels, group: group.with('__meta_filepath', file) };
      }
    }
  }
}

function targetFile(file: string): ReturnType<typeof loadTargetFile> {
  try {
    return loadTargetFile(file);
  } catch (error) {
    if (error instanceof ConfigError) throw new UsageError(error.problems.map(formatProblem).join('\n'));
    throw error;
  }
}

function story({ job, source, labels, steps, outcome }: Explained): string {
  const lines = [`job ${job}, ${source}`, `in    ${labels}`];
  for (const [index, { description, value, config, before, after, reason, changed }] of steps.entries()) {
    const looked = config.sourceLabels.length === 0 ? '' : `${quote(value)}: `;
    lines.push('', `${index + 1}. ${description}`, `      ${looked}${reason}`);
    if (after === undefined || !changed) continue;
    lines.push(...differences(before, after), `out   ${after}`);
  }
  lines.push('', ending(outcome), '', '');
  return lines.map(printable).join('\n');
}

function differences(before: Labels, after: Labels): string[] {
  const names = [...new Set([...before.names, ...after.names])].sort();
  return names.flatMap((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    if (was === is) return [];
    if (was === '') return [`      + ${name}=${quote(is)}`];
    return [is === '' ? `      - ${name}=${quote(was)}` : `      ~ ${name}=${quote(was)} → ${quote(is)}`];
  });
}

function ending(outcome: Outcome): string {
  switch (outcome.kind) {
    case 'scraped':
      return `scraped at ${outcome.url} as ${outcome.labels}`;
    case 'kept':
      return `stored as ${outcome.labels}`;
    case 'dropped':
      return `dropped by step ${outcome.step}`;
    case 'refused':
      return `cannot be scraped: ${outcome.reason}`;
  }
}

function jsonLine({ job, source, labels, steps, outcome }: Explained): string {
  const value = {
    job,
    source,
    labels: labels.toRecord(),
    steps: steps.map(({ config, description, value, before, after, reason }) => ({
      action: config.action,
      description,
      value,
      in: before.toRecord(),
      out: after?.toRecord() ?? null,
      reason,
    })),
    outcome: 'labels' in outcome ? { ...outcome, labels: outcome.labels.toRecord() } : outcome,
  };
  return `${JSON.stringify(value)}\n`;
}
