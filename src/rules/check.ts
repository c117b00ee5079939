/** Checks rule files as `promtool check rules`: structure, expressions and templates; a rule that is there twice is a warning. */
import { type ConfigFiles, diskFiles } from '../config/config-files.ts';
import { ConfigError, type Problem } from '../config/problem.ts';
import type { SourcePlace } from '../config/prometheus-config.ts';
import type { RuleConfig, RuleFile } from '../config/rule-file.ts';
import { loadRuleFile } from '../config/rule-file-loader.ts';
import { Labels } from '../labels/labels.ts';
import { featuresFromNames, type PromqlFeatures } from '../promql/features.ts';
import { parseExpression } from '../promql/parse.ts';
import { PromqlParseError } from '../promql/parse-error.ts';
import { placeInside } from './place-inside.ts';
import { RuleTemplate } from './rule-template.ts';

export interface CheckOptions {
  readonly files?: ConfigFiles | undefined;
  readonly ignoreUnknownFields?: boolean | undefined;
  /** Names of `--enable-feature`: expressions may use what they switch on. None by default. */
  readonly features?: Iterable<string> | undefined;
}

/** All problems of all files, in order. A file without an error among its problems is accepted. */
export function checkRules(paths: readonly string[], options: CheckOptions = {}): Problem[] {
  return paths.flatMap((path) => checkFile(path, options));
}

/** The errors in the expressions and templates of a file whose structure is good. `source` is the file's text. */
export function checkRuleContents(file: RuleFile, source: string, features: Iterable<string> = []): Problem[] {
  const problems: Problem[] = [];
  for (const group of file.groups) {
    for (const [index, rule] of group.rules.entries()) {
      const where = `group ${JSON.stringify(group.name)}, rule ${index + 1}, ${JSON.stringify(rule.name)}: `;
      problems.push(
        ...checkExpression(rule, where, source, featuresFromNames(features)),
        ...checkTemplates(rule, where, source),
      );
    }
  }
  return problems;
}

function checkFile(path: string, options: CheckOptions): Problem[] {
  const files = options.files ?? diskFiles;
  try {
    const { value, warnings } = loadRuleFile(path, { files, ignoreUnknownFields: options.ignoreUnknownFields });
    const source = textOf(files.readFile(path));
    return [...warnings, ...checkRuleContents(value, source, options.features), ...duplicates(value)];
  } catch (error) {
    if (error instanceof ConfigError) return [...error.problems];
    throw error;
  }
}

function checkExpression(rule: RuleConfig, where: string, source: string, features: PromqlFeatures): Problem[] {
  try {
    parseExpression(rule.expression, features);
    return [];
  } catch (error) {
    if (!(error instanceof PromqlParseError)) throw error;
    const place = placeInside(source, rule.expressionPlace, rule.expression, error.position.start);
    return [problem(place, `${where}could not parse expression: ${error.message}`)];
  }
}

function checkTemplates(rule: RuleConfig, where: string, source: string): Problem[] {
  if (rule.kind !== 'alerting') return [];
  const problems: Problem[] = [];
  const check = (what: string, texts: Readonly<Record<string, string>>, places: RuleConfig['labelPlaces']): void => {
    for (const [name, text] of Object.entries(texts)) {
      const fault = new RuleTemplate(rule.name, text).fault;
      if (fault === undefined) continue;
      const lines = text.split('\n').slice(0, (fault.line ?? 1) - 1);
      const start = lines.reduce((sum, line) => sum + line.length + 1, 0);
      const place = placeInside(source, places[name] ?? rule.place, text, start);
      problems.push(problem(place, `${where}${what} ${JSON.stringify(name)}: ${fault.message}`));
    }
  };
  check('label', rule.labels, rule.labelPlaces);
  check('annotation', rule.annotations, rule.annotationPlaces);
  return problems;
}

function duplicates(file: RuleFile): Problem[] {
  const seen = new Map<string, RuleConfig>();
  const problems: Problem[] = [];
  for (const group of file.groups) {
    for (const rule of group.rules) {
      const labels = Labels.of({ ...group.labels, ...rule.labels });
      const key = `${rule.kind} ${rule.name} ${labels.key}`;
      const first = seen.get(key);
      if (first === undefined) seen.set(key, rule);
      else {
        const message = `${rule.name}${labels} is there twice (first in line ${first.place.line}): might cause inconsistency, give one of them another name or label`;
        problems.push({ ...rule.place, message, severity: 'warning' });
      }
    }
  }
  return problems;
}

function problem(place: SourcePlace, message: string): Problem {
  return { ...place, message: message.replaceAll('\n', '\\n'), severity: 'error' };
}

function textOf(content: Uint8Array | string): string {
  return typeof content === 'string' ? content : Buffer.from(content).toString('utf8');
}
