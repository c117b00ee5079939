/** The commands that act on silences. */
import { type Command, Option } from 'commander';
import type { CommandContext } from './context.ts';
import { addSharedOptions, duration, type SharedOptions, settle } from './options.ts';

export function addSilenceCommands(root: Command, context: CommandContext, exit: (code: number) => void): void {
  const silence = root.command('silence').description('silences: add, list, expire');
  addSharedOptions(silence.command('add'))
    .description('silence the alerts that match')
    .argument('<matcher...>', 'e.g. alertname="HighErrorRate" instance=~"web.*"')
    .requiredOption('-c, --comment <text>', 'why')
    .addOption(
      new Option('-d, --duration <duration>', 'for how long, e.g. 30m or 1d12h')
        .argParser(duration)
        .default(3_600_000, '1h'),
    )
    .option('-a, --author <name>', 'who (default: the user that runs this)')
    .action(
      async (matchers: string[], options: SharedOptions & { comment: string; duration: number; author?: string }) => {
        const { addSilence } = await import('./silence.ts');
        exit(await addSilence(matchers, options, (await settle(options, [], context)).settings, context));
      },
    );
  addSharedOptions(silence.command('list'))
    .description('list silences')
    .argument('[matcher...]')
    .option('--expired', 'the expired ones too')
    .option('--json', 'one JSON value per silence')
    .action(async (matchers: string[], options: SharedOptions & { expired?: boolean; json?: boolean }) => {
      const { listSilences } = await import('./silence.ts');
      exit(await listSilences(matchers, options, (await settle(options, [], context)).settings, context));
    });
  addSharedOptions(silence.command('expire'))
    .description('end silences now')
    .argument('<id...>')
    .action(async (ids: string[], options: SharedOptions) => {
      const { expireSilences } = await import('./silence.ts');
      exit(await expireSilences(ids, (await settle(options, [], context)).settings, context));
    });
}
