/** `watchfire silence add|list|expire`. */
import { userInfo } from 'node:os';
import { parseMatcher } from '../labels/matcher-parser.ts';
import type { MonitorSettings } from '../monitor/settings.ts';
import type { Monitor } from '../monitor/sources.ts';
import { type CommandContext, EXIT, UsageError } from './context.ts';
import { openMonitor } from './open-monitor.ts';
import { textTable } from './text-table.ts';

export async function addSilence(
  matchers: readonly string[],
  flags: { comment: string; duration: number; author?: string },
  settings: MonitorSettings,
  context: CommandContext,
): Promise<number> {
  const startsAtMs = Date.now();
  return withAlertmanager(settings, async (monitor) => {
    const id = await monitor.alerts.setSilence({
      matchers: matchers.map(parseMatcher),
      startsAtMs,
      endsAtMs: startsAtMs + flags.duration,
      createdBy: flags.author ?? userInfo().username,
      comment: flags.comment,
    });
    context.stdout.write(`${id}\n`);
    return EXIT.fine;
  });
}

export async function listSilences(
  matchers: readonly string[],
  flags: { expired?: boolean; json?: boolean },
  settings: MonitorSettings,
  context: CommandContext,
): Promise<number> {
  return withAlertmanager(settings, async (monitor) => {
    const silences = (await monitor.alerts.silences(matchers)).filter(
      (silence) => flags.expired || silence.state !== 'expired',
    );
    if (flags.json) {
      for (const silence of silences)
        context.stdout.write(`${JSON.stringify({ ...silence, matchers: silence.matchers.map(String) })}\n`);
    } else if (silences.length === 0) context.stderr.write('no silence\n');
    else {
      const rows = silences.map((silence) => [
        silence.id,
        silence.state,
        silence.matchers.map(String).join(' '),
        new Date(silence.endsAtMs).toISOString(),
        silence.createdBy,
        silence.comment,
      ]);
      context.stdout.write(textTable([['id', 'state', 'matchers', 'ends', 'by', 'comment'], ...rows]));
    }
    return EXIT.fine;
  });
}

export async function expireSilences(
  ids: readonly string[],
  settings: MonitorSettings,
  context: CommandContext,
): Promise<number> {
  return withAlertmanager(settings, async (monitor) => {
    let missing = false;
    for (const id of ids) {
      if (await monitor.alerts.expireSilence(id)) continue;
      missing = true;
      context.stderr.write(`no silence ${id} there\n`);
    }
    return missing ? EXIT.found : EXIT.fine;
  });
}

/** `--prometheus` of a running watchfire is its Alertmanager too. */
async function withAlertmanager(
  settings: MonitorSettings,
  act: (monitor: Monitor) => Promise<number>,
): Promise<number> {
  const alertmanagerUrl = settings.alertmanagerUrl ?? settings.prometheusUrl;
  if (alertmanagerUrl === undefined)
    throw new UsageError(
      'no Alertmanager is named: give --alertmanager URL (a running `watchfire watch --listen` is one)',
    );
  const monitor = await openMonitor({ ...settings, alertmanagerUrl, interactive: false }, () => undefined);
  try {
    return await act(monitor);
  } finally {
    await monitor.close();
  }
}
