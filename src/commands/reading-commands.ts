/** The commands that read: query, logs, traces, alerts. */
import { type Command, InvalidArgumentError } from 'commander';
import type { CommandContext } from './context.ts';
import { addSharedOptions, duration, type SharedOptions, settle } from './options.ts';

export function addReadingCommands(root: Command, context: CommandContext, exit: (code: number) => void): void {
  addSharedOptions(root.command('query'))
    .description('evaluate PromQL, at one time or over a range')
    .argument('<expression>', 'PromQL')
    .option('--time <time>', 'instant: Unix seconds or RFC 3339 (default: now)')
    .option('--start <time>', 'range: its start; also -1h for an hour ago')
    .option('--end <time>', 'range: its end (default: now)')
    .option('--step <duration>', 'range: the resolution', duration)
    .option('--json', 'one JSON value per series')
    .option('--chart', 'draw a range as a chart')
    .action(async (expression: string, options: SharedOptions & QueryFlags) => {
      const { query } = await import('./query.ts');
      exit(await query(expression, options, (await settle(options, [], context)).settings, context));
    });
  addSharedOptions(root.command('logs'))
    .description('print log records, and follow them')
    .argument('[query]', 'words that must occur')
    .option('-f, --follow', 'go on with records as they come')
    .option('--level <level>', 'this level and worse')
    .option('--service <name>', 'of this service only')
    .option('--since <duration>', 'how far back (default: all of a file, 1h of an Elasticsearch)', duration)
    .option('--limit <n>', 'at most so many of the past', Number)
    .option('--json', 'one JSON value per record')
    .action(async (text: string | undefined, options: SharedOptions & LogFlags) => {
      const { logs } = await import('./logs.ts');
      exit(await logs(text, options, (await settle(options, [], context)).settings, context));
    });
  addSharedOptions(root.command('traces'))
    .description('list traces, or print one as a tree')
    .argument('[id]', 'trace ID')
    .option('--service <name>', 'that pass this service')
    .option('--operation <name>', 'with a span of this name')
    .option('--tag <key=value>', 'with a span that has this attribute; may be repeated', addTag)
    .option('--min-duration <duration>', 'that take at least this long', duration)
    .option('--since <duration>', 'how far back (default 1h)', duration)
    .option('--limit <n>', 'at most so many', Number)
    .option('--json', 'one JSON value per trace or span')
    .action(async (id: string | undefined, options: SharedOptions & TraceFlags) => {
      const { traces } = await import('./traces.ts');
      exit(await traces(id, options, (await settle(options, [], context)).settings, context));
    });
  const alerts = addSharedOptions(root.command('alerts'))
    .description('list alerts (exit code 1 where one fires)')
    .option('--json', 'one JSON value per alert')
    .action(async (options: SharedOptions & { json?: boolean }) => {
      const { listAlerts } = await import('./alerts.ts');
      exit(await listAlerts(options, (await settle(options, [], context)).settings, context));
    });
  addSharedOptions(alerts.command('explain'))
    .description('why an alert fires or does not, and who was told')
    .argument('<name>', 'alert name')
    .argument('[matcher...]', 'labels of one instance, e.g. instance="a:9100"')
    .option('--json', 'as one JSON value')
    .action(async (name: string, matchers: string[], options: SharedOptions & { json?: boolean }) => {
      const { explainAlert } = await import('./alerts.ts');
      exit(await explainAlert(name, matchers, options, (await settle(options, [], context)).settings, context));
    });
}

function addTag(text: string, tags: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at < 1) throw new InvalidArgumentError('give it as key=value.');
  return { ...tags, [text.slice(0, at)]: text.slice(at + 1) };
}

export interface QueryFlags {
  time?: string;
  start?: string;
  end?: string;
  step?: number;
  json?: boolean;
  chart?: boolean;
}

export interface LogFlags {
  follow?: boolean;
  level?: string;
  service?: string;
  since?: number;
  limit?: number;
  json?: boolean;
}

export interface TraceFlags {
  service?: string;
  operation?: string;
  tag?: Record<string, string>;
  minDuration?: number;
  since?: number;
  limit?: number;
  json?: boolean;
}
