/** `watchfire logs`: records of the past, then those that come. */
import type { LogLevel, LogQuery, LogRecord } from '../logs/record.ts';
import type { MonitorSettings } from '../monitor/settings.ts';
import { type CommandContext, EXIT, UsageError } from './context.ts';
import { openReadingMonitor } from './open-monitor.ts';
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
    startMs: startOf(flags.since, settings),
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
  const monitor = await openReadingMonitor(settings);
  /** Neither a file nor a poll keeps the process alive. */
  let awake: NodeJS.Timeout | undefined;
  try {
    // The tail begins before the search, so that nothing falls between the two.
    const tail = flags.follow
      ? monitor.logs.tail({ ...query, startMs: undefined }, stop.signal)[Symbol.asyncIterator]()
      : undefined;
    let next = tail?.next();
    const past = await monitor.logs.search(query, stop.signal);
    for (const record of past) write(record);
    const { kind, reason } = monitor.logs.state();
    if (kind === 'failing') context.stderr.write(`${printable(reason ?? 'the source fails')}\n`);
    if (tail === undefined) return kind === 'failing' ? EXIT.found : EXIT.fine;
    awake = setInterval(() => {}, 2 ** 30);
    const written = new Set(past.map((record) => record.id));
    for (;;) {
      const batch = await next!;
      if (batch.done) return EXIT.interrupted;
      for (const record of batch.value) if (!written.has(record.id)) write(record);
      next = tail.next();
    }
  } catch (error) {
    if (stop.signal.aborted) return EXIT.interrupted;
    throw error;
  } finally {
    clearInterval(awake);
    process.off('SIGINT', onInterrupt);
    await monitor.close();
  }
}

/** A file is read from its beginning; an Elasticsearch may hold years, so an hour back unless more is asked for. */
function startOf(sinceMs: number | undefined, settings: MonitorSettings): number | undefined {
  if (sinceMs !== undefined) return Date.now() - sinceMs;
  return settings.elasticsearch === undefined ? undefined : Date.now() - 3_600_000;
}

function line(record: LogRecord): string {
  const time = new Date(record.timestampMs).toISOString();
  const service = record.service === '' ? '' : `${record.service} `;
  const trace = record.traceId === undefined ? '' : ` trace=${record.traceId}`;
  return printable(`${time} ${record.level.toUpperCase().padEnd(5)} ${service}${record.message}${trace}`);
}
