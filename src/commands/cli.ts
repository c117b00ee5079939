/** The command line's entry, called by bin/watchfire.js: commands, their options and exit codes. */
import { Command, CommanderError, Option } from 'commander';
import { ConfigError } from '../config/problem.ts';
import { THEME_NAMES, type ThemeName } from '../tui/theme.ts';
import { addCheckCommands, addTestCommands } from './checking-commands.ts';
import { type CommandContext, EXIT, UsageError } from './context.ts';
import { addSharedOptions, duration, type SharedOptions, settle } from './options.ts';
import { addReadingCommands } from './reading-commands.ts';
import { addRulesCommands } from './rules-commands.ts';
import { addSilenceCommands } from './silence-commands.ts';
import { VERSION } from './version.ts';
import type { WatchOptions } from './watch.ts';

export async function main(argv: readonly string[]): Promise<void> {
  const context: CommandContext = {
    distribution: new URL('.', import.meta.url),
    directory: process.cwd(),
    environment: process.env,
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
  };
  for (const stream of [process.stdout, process.stderr]) stream.on('error', endWithReader);
  try {
    let exitCode: number = EXIT.fine;
    await program(context, (code) => {
      exitCode = code;
    }).parseAsync([...argv]);
    await finish(exitCode);
  } catch (error) {
    if (error instanceof CommanderError) await finish(error.exitCode === 0 ? EXIT.fine : EXIT.usage);
    else {
      context.stderr.write(`${sentence(error)}\n`);
      await finish(EXIT.usage);
    }
  }
}

/** Nobody reads any more (`| head`): ends as a program does that the signal for it ends. */
function endWithReader(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit(BROKEN_PIPE);
}

const BROKEN_PIPE = 128 + 13;

/** Lets what was written reach a pipe, then ends: a worker or a socket that is still open must not keep the process. */
async function finish(code: number): Promise<void> {
  process.exitCode = code;
  await Promise.all(
    [process.stdout, process.stderr].map((stream) => new Promise<void>((resolve) => stream.write('', () => resolve()))),
  );
  process.exit(code);
}

function sentence(error: unknown): string {
  if (error instanceof ConfigError) return error.message;
  if (error instanceof UsageError) return `watchfire: ${error.message}`;
  return `watchfire: ${error instanceof Error ? error.message : String(error)}`;
}

type Exit = (code: number) => void;

function program(context: CommandContext, exit: Exit): Command {
  const root = new Command('watchfire')
    .description('Prometheus, Alertmanager, a log tail and a trace viewer in one terminal program')
    .version(VERSION)
    .enablePositionalOptions()
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => context.stdout.write(text),
      writeErr: (text) => context.stderr.write(text),
    });

  addScreenOptions(addWatchOptions(addSharedOptions(root)))
    .argument('[target...]', 'host:port or a /metrics URL to scrape')
    .action(async (targets: string[], options: SharedOptions & WatchOptions & ScreenOptions) => {
      exit(await runFace(targets, options, context, false));
    });
  addDemoOptions(addScreenOptions(addWatchOptions(addSharedOptions(root.command('demo')))))
    .description('the whole loop on the bundled application, nothing to configure')
    .action(async (options: SharedOptions & WatchOptions & ScreenOptions & DemoFlags) => {
      exit(await runFace([], options, context, true));
    });
  addWatchOptions(addSharedOptions(root.command('watch')))
    .description('headless: scrape, evaluate, notify, and print what changes')
    .argument('[target...]', 'host:port or a /metrics URL to scrape')
    .action(async (targets: string[], options: SharedOptions & WatchOptions) => {
      exit(await runWatch(targets, options, context));
    });
  addScreenOptions(root.command('attach'))
    .description('the screen on a running `watchfire watch`, or on any Prometheus')
    .argument('<url>', 'base URL of the Prometheus API')
    .option('--alertmanager <url>', 'the Alertmanager beside it')
    .option('--elasticsearch <url>', 'the Elasticsearch with the logs')
    .option('--index <pattern>', 'its index pattern')
    .option('--jaeger <url>', 'the Jaeger with the traces')
    .action(async (url: string, options: SharedOptions & ScreenOptions) => {
      exit(await runFace([], { ...options, prometheus: url }, context, false));
    });

  addReadingCommands(root, context, exit);
  addSilenceCommands(root, context, exit);
  addRulesCommands(root, context, exit);
  addCheckCommands(root, context, exit);
  addTestCommands(root, context, exit);
  root
    .command('completion')
    .description('print a completion script')
    .addArgument(root.createArgument('<shell>', 'bash, zsh or fish').choices(['bash', 'zsh', 'fish']))
    .action(async (shell: 'bash' | 'zsh' | 'fish') => {
      const { completionScript } = await import('./completion.ts');
      context.stdout.write(completionScript(shell, root));
      exit(EXIT.fine);
    });
  return root;
}

interface ScreenOptions {
  ascii?: boolean;
  theme?: ThemeName;
  utc?: boolean;
}

interface DemoFlags {
  seed?: number;
  speed?: number;
}

function addWatchOptions(command: Command): Command {
  return command
    .option('--json', 'headless: one JSON value per line')
    .option('--once', 'headless: one round of scraping and evaluating')
    .addOption(new Option('--for <duration>', 'headless: end after this time').argParser(duration))
    .option('--fail-on <severity>', 'headless: exit 1 if an alert of this severity or worse fires (any: every alert)');
}

function addScreenOptions(command: Command): Command {
  return command
    .option('--ascii', 'draw without Unicode')
    .addOption(new Option('--theme <name>', 'colours').choices(THEME_NAMES))
    .option('--utc', 'times in UTC');
}

function addDemoOptions(command: Command): Command {
  return command
    .option('--seed <n>', 'replays the same demo', Number)
    .option('--speed <factor>', 'how fast its incidents follow each other', Number);
}

/** The screen on a terminal, the headless face elsewhere; the demo where nothing was named. */
async function runFace(
  targets: readonly string[],
  options: SharedOptions & WatchOptions & ScreenOptions & DemoFlags,
  context: CommandContext,
  demoWanted: boolean,
): Promise<number> {
  const { settings, file, nothingNamed } = await settle(options, targets, context);
  if (!demoWanted && !nothingNamed) return face(settings);
  const { startDemo } = await import('./demo-process.ts');
  if (!demoWanted) {
    context.stderr.write(
      'No watchfire.yml or prometheus.yml here: showing the demo. Your own: watchfire --prometheus-config FILE, or watchfire HOST:PORT\n',
    );
  }
  const demo = await startDemo({ seed: options.seed ?? 1, speed: options.speed ?? 1 }, settings, context);
  try {
    return await face(demo.settings);
  } finally {
    await demo.stop();
  }

  async function face(resolved: typeof settings): Promise<number> {
    const headless = context.stdout.isTTY !== true || options.json || options.once || options.for !== undefined;
    if (headless) return (await import('./watch.ts')).watch(resolved, options, context);
    const { screen } = await import('./screen.ts');
    return screen(
      resolved,
      {
        ascii: options.ascii ?? false,
        utc: options.utc ?? false,
        theme: options.theme ?? file?.theme,
        keys: file?.keys,
      },
      context,
    );
  }
}

async function runWatch(
  targets: readonly string[],
  options: SharedOptions & WatchOptions,
  context: CommandContext,
): Promise<number> {
  const { settings, nothingNamed } = await settle(options, targets, context);
  if (nothingNamed) {
    throw new UsageError(
      'nothing to watch: give --prometheus-config FILE, --alertmanager-config FILE or HOST:PORT, or put a watchfire.yml here (`watchfire demo` shows the demo)',
    );
  }
  return (await import('./watch.ts')).watch({ ...settings, interactive: false }, options, context);
}
