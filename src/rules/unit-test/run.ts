/** Runs files of rule unit tests as `promtool test rules` does and prints what differs. */
import { type ConfigFiles, diskFiles } from '../../config/config-files.ts';
import { ConfigError, formatProblem } from '../../config/problem.ts';
import type { RuleGroupConfig } from '../../config/rule-file.ts';
import { loadRuleFile } from '../../config/rule-file-loader.ts';
import { checkRuleContents } from '../check.ts';
import { type RuleTestFile, readTestFile } from './test-file.ts';
import { runTestGroup } from './test-group.ts';

export interface RuleTestOptions {
  readonly files?: ConfigFiles | undefined;
  readonly ignoreUnknownFields?: boolean | undefined;
  /** Names of `--enable-feature`. None by default. */
  readonly features?: Iterable<string> | undefined;
}

/** True where every test of every file passes. `print` gets whole lines. */
export async function runRuleTests(
  paths: readonly string[],
  print: (line: string) => void,
  options: RuleTestOptions = {},
): Promise<boolean> {
  let passed = true;
  for (const path of paths) {
    const failures = await testFile(path, print, options);
    print(failures.length === 0 ? `${path}: passed` : `${path}: FAILED`);
    for (const line of failures) print(`  ${line}`);
    if (failures.length > 0) passed = false;
  }
  return passed;
}

/** The failures in lines; none where all is well. */
async function testFile(path: string, print: (line: string) => void, options: RuleTestOptions): Promise<string[]> {
  const files = options.files ?? diskFiles;
  try {
    const file = readTestFile(path, files, options.ignoreUnknownFields);
    const groups = orderedGroups(loadRules(file, files, print, options), file.groupOrder);
    const failures: string[] = [];
    for (const [index, test] of file.tests.entries()) {
      const name = test.name === '' ? `unnamed#${index}` : test.name;
      const lines = await runTestGroup(test, file, groups, options.features ?? []);
      if (lines.length === 0) continue;
      failures.push(`test ${name} (${path}:${test.place.line}):`, ...lines.map((line) => `  ${line}`));
    }
    return failures;
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
}

/** Throws ConfigError where a rule file is not fit to run. */
function loadRules(
  file: RuleTestFile,
  files: ConfigFiles,
  print: (line: string) => void,
  options: RuleTestOptions,
): RuleGroupConfig[] {
  const paths = new Set<string>();
  for (const pattern of file.ruleFiles) {
    const found = pattern === '' ? [] : files.glob(pattern);
    if (found.length === 0) print(`warning: no file matches ${pattern === '' ? '""' : pattern}`);
    for (const path of found) paths.add(path);
  }
  return [...paths].flatMap((path) => {
    const { value } = loadRuleFile(path, { files, ignoreUnknownFields: options.ignoreUnknownFields });
    const content = files.readFile(path);
    const source = typeof content === 'string' ? content : Buffer.from(content).toString('utf8');
    const problems = checkRuleContents(value, source, options.features);
    if (problems.length > 0) throw new ConfigError(problems);
    return value.groups;
  });
}

/** Groups that the order does not name come first, as they stand in their files. */
function orderedGroups(groups: readonly RuleGroupConfig[], order: readonly string[]): RuleGroupConfig[] {
  const rank = ({ name }: RuleGroupConfig): number => order.indexOf(name);
  return groups.toSorted((a, b) => rank(a) - rank(b));
}
