/** `watchfire test rules` and `watchfire test promql`. */
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { runPromqlTests } from '../promql/testscript/run.ts';
import { runRuleTests } from '../rules/unit-test/run.ts';
import { type CommandContext, EXIT } from './context.ts';

export async function testPromql(files: readonly string[], context: CommandContext): Promise<number> {
  const scripts = await Promise.all(
    files.map(async (name) => ({ name, text: await readFile(resolve(context.directory, name), 'utf8') })),
  );
  const { failed } = await runPromqlTests(scripts, (line) => context.stdout.write(`${line}\n`));
  return failed === 0 ? EXIT.fine : EXIT.found;
}

export async function testRules(files: readonly string[], context: CommandContext): Promise<number> {
  const passed = await runRuleTests(files, (line) => context.stdout.write(`${line}\n`));
  return passed ? EXIT.fine : EXIT.found;
}
