/** The commands about rules: `rules backtest`. */
import type { Command } from 'commander';
import type { BacktestFlags } from './backtest.ts';
import type { CommandContext } from './context.ts';
import { addSharedOptions, collect, duration, type SharedOptions, settle } from './options.ts';

export function addRulesCommands(root: Command, context: CommandContext, exit: (code: number) => void): void {
  const rules = root.command('rules').description('rules over history');
  addSharedOptions(rules.command('backtest'))
    .description(
      'when would each alert have fired: over --import FILE, --state DIR or --prometheus URL (1: two files differ)',
    )
    .argument('[file...]', 'rule files, or a prometheus.yml (default: --prometheus-config)')
    .option(
      '--against <file>',
      'also another rule file or prometheus.yml, and say what fires otherwise (repeatable)',
      collect,
    )
    .option(
      '--start <time>',
      'Unix seconds, RFC 3339 or -6h (default: where the history begins; of a server, a day ago)',
    )
    .option('--end <time>', 'default: where the history ends; of a server, now')
    .option('--step <duration>', "evaluate this often (default: each group's interval)", duration)
    .option('--json', 'one JSON value per rule, and per firing that differs')
    .action(async (files: string[], options: SharedOptions & BacktestFlags) => {
      const { backtest } = await import('./backtest.ts');
      const { settings, file } = await settle(options, [], context);
      const named = [options.state, file?.state, settings.prometheusConfigFile].some((each) => each !== undefined);
      // Without any of these the state folder is one that unrelated commands share.
      const stateDirectory = named ? settings.stateDirectory : undefined;
      exit(await backtest(files, options, { ...settings, stateDirectory }, context));
    });
}
