/** `watchfire logs`: records of the past, then those that come. */
import type { LogLevel, LogQuery, LogRecord } from '../logs/record.ts';
import type { MonitorSettings } from '../monitor/settings.ts';
import { type CommandContext, EXIT, UsageError } from './context.ts';
import { openMonitor } from './open-monitor.ts';
import type { LogFlags } from './reading-commands.ts';
import { printable } from './text-table.ts';

const LEVELS: readonly LogLevel[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'];

export async function logs(
  text: string | undefined,
  flags: LogFlags,
  settings: MonitorSettings,
  context: CommandContext,
): Promise<number> {
  const minLevel = LEVELS.find((level) => level === flags.level);
  if (flags.level !== undefined && minLevel === undefined) {
    throw new UsageError(`${JSON.stringify(flags.level)} is no level: give one of ${LEVELS.join(', ')}`);
  }
  if (settings.logFiles.length === 0 && settings.elasticsearch === undefined) {
    throw new UsageError('no log source is named: give --log FILE or --elasticsearch URL');
  }
  const query: LogQuery = {
    text,
    minLevel,
    service: flags.service,
    startMs: Date.now() - (flags.since ?? 3_600_000),
    limit: flags.limit ?? 1000,
  };
  const write = (record: LogRecord): void => {
    context.stdout.write(
      `${flags.json ? JSON.stringify({ timestamp: new Date(record.timestampMs).toISOString(), ...record }) : line(record)}\n`,
    );
  };
  const stop = new AbortController();
  const onInterrupt = (): void => stop.abort();
  process.once('SIGINT', onInterrupt);
  context.stdout.on('error', onInterrupt);
  // Nothing is scraped or evaluated for this: only the log source runs.
  const monitor = await openMonitor(
    {
      ...settings,
      prometheusConfigFile: undefined,
      alertmanagerConfigFile: undefined,
      stateDirectory: undefined,
      listen: undefined,
      targets: [],
    },
    () => undefined,
  );
  try {
    for (const record of await monitor.logs.search(query, stop.signal)) write(record);
    if (!flags.follow) return EXIT.fine;
    for await (const batch of monitor.logs.tail({ ...query, startMs: undefined }, stop.signal))
      for (const record of batch) write(record);
    return EXIT.interrupted;
  } catch (error) {
    if (stop.signal.aborted) return EXIT.interrupted;
    throw error;
  } finally {
    process.off('SIGINT', onInterrupt);
    await monitor.close();
  }
}

function line(record: LogRecord): string {
  const time = new Date(record.timestampMs).toISOString();
  const service = record.service === '' ? '' : `${record.service} `;
  const trace = record.traceId === undefined ? '' : ` trace=${record.traceId}`;
  return printable(`${time} ${record.level.toUpperCase().padEnd(5)} ${service}${record.message}${trace}`);
}
