/** `watchfire watch`: the headless face. */
import { systemClock } from '../config/clock.ts';
import { runHeadless } from '../headless/watch.ts';
import type { MonitorSettings } from '../monitor/settings.ts';
import { type CommandContext, EXIT } from './context.ts';
import { openMonitor } from './open-monitor.ts';

export interface WatchOptions {
  json?: boolean;
  once?: boolean;
  for?: number;
  failOn?: string;
}

/** Gives the exit code. Rejects where the monitor cannot start. */
export async function watch(
  settings: MonitorSettings,
  options: WatchOptions,
  context: CommandContext,
): Promise<number> {
  const stop = new AbortController();
  let interrupted = false;
  const onInterrupt = (): void => {
    interrupted = true;
    stop.abort();
  };
  const onTerminate = (): void => stop.abort();
  process.on('SIGINT', onInterrupt);
  process.on('SIGTERM', onTerminate);
  // A reader that goes away (`watchfire watch | head`) ends the watch and is no fault.
  context.stdout.on('error', onTerminate);

  // A notification for the terminal makes sense where there is one.
  const monitor = await openMonitor(settings, (text) => context.stderr.isTTY && context.stderr.write(text));
  const onHangUp = (): void => {
    monitor.reload().catch(() => undefined);
  };
  process.on('SIGHUP', onHangUp);
  try {
    const code = await runHeadless(monitor, {
      json: options.json ?? false,
      once: options.once ?? false,
      forMs: options.for,
      failOn: options.failOn,
      clock: systemClock,
      write: (line) => context.stdout.write(`${line}\n`),
      signal: stop.signal,
    });
    return interrupted ? EXIT.interrupted : code;
  } finally {
    await monitor.close();
    process.off('SIGINT', onInterrupt);
    process.off('SIGTERM', onTerminate);
    process.off('SIGHUP', onHangUp);
  }
}
