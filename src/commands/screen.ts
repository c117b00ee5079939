/** The terminal screen on a monitor that runs in a worker thread. */
import { Worker } from 'node:worker_threads';
import type { MonitorSettings } from '../monitor/settings.ts';
import type { Monitor } from '../monitor/sources.ts';
import { connectMonitor } from '../monitor/wire.ts';
import { runTerminal, type TerminalOptions } from '../tui/terminal.tsx';
import type { CommandContext } from './context.ts';

/** Gives the exit code. Rejects where the monitor cannot start. */
export async function screen(
  settings: MonitorSettings,
  terminal: Partial<TerminalOptions>,
  context: CommandContext,
): Promise<number> {
  // Log lines piped in are read where the sources are; keys come from the terminal itself then.
  const piped = settings.logFiles.includes('-') && !context.stdin.isTTY;
  const worker = new Worker(new URL('engine-worker.js', context.distribution), {
    workerData: settings,
    stdin: piped,
  });
  if (piped) context.stdin.pipe(worker.stdin!);
  try {
    const monitor = await Promise.race([
      connectMonitor(worker, { onTerminalText: (text) => context.stdout.write(text) }),
      new Promise<Monitor>((_resolve, reject) => {
        worker.once('error', reject);
        worker.once('exit', (code) => reject(new Error(`the engine ended with code ${code}`)));
      }),
    ]);
    try {
      return await runTerminal(monitor, { ...terminal });
    } finally {
      await monitor.close();
    }
  } finally {
    if (piped) context.stdin.unpipe(worker.stdin!);
    await worker.terminate();
  }
}
