/** `watchfire alerts` and `watchfire alerts explain`. */

import type { RoutedAlert } from '../alerting/model.ts';
import { matchesAll } from '../labels/matcher.ts';
import { parseMatcher } from '../labels/matcher-parser.ts';
import type { MonitorSettings } from '../monitor/settings.ts';
import { type CommandContext, EXIT, UsageError } from './context.ts';
import { openMonitor } from './open-monitor.ts';
import { printable, textTable } from './text-table.ts';

export async function listAlerts(
  flags: { json?: boolean },
  settings: MonitorSettings,
  context: CommandContext,
): Promise<number> {
  requireSource(settings);
  const monitor = await openMonitor({ ...settings, interactive: false }, () => undefined);
  try {
    const alerts = await monitor.alerts.alerts({});
    if (flags.json) {
      for (const alert of alerts)
        context.stdout.write(`${JSON.stringify({ ...alert, startsAt: new Date(alert.startsAtMs).toISOString() })}\n`);
    } else if (alerts.length === 0) context.stderr.write('no alert\n');
    else {
      const rows = alerts.map((alert) => [
        stateText(alert, alerts),
        alert.labels.get('severity'),
        alert.labels.get('alertname'),
        new Date(alert.startsAtMs).toISOString(),
        alert.labels.without('alertname', 'severity').toString(),
        alert.annotations.get('summary'),
      ]);
      context.stdout.write(textTable([['state', 'severity', 'alert', 'since', 'labels', 'summary'], ...rows]));
    }
    return alerts.some((alert) => alert.status.state === 'active') ? EXIT.found : EXIT.fine;
  } finally {
    await monitor.close();
  }
}

/** Alertmanager's state, or why nobody is told. */
function stateText({ status }: RoutedAlert, all: readonly RoutedAlert[]): string {
  const { state, silencedBy, inhibitedBy, mutedBy } = status;
  if (silencedBy.length > 0) return `silenced by ${silencedBy.map((id) => id.slice(0, 8)).join(', ')}`;
  if (inhibitedBy.length > 0) {
    const named = (print: string): string =>
      all.find(({ fingerprint }) => fingerprint === print)?.labels.get('alertname') || print;
    return `inhibited by ${[...new Set(inhibitedBy.map(named))].join(', ')}`;
  }
  return mutedBy.length > 0 ? `muted by ${mutedBy.join(', ')}` : state;
}

/** Exit code 1 where neither a rule nor an alert is of that name. */
export async function explainAlert(
  name: string,
  matchers: readonly string[],
  flags: { json?: boolean },
  settings: MonitorSettings,
  context: CommandContext,
): Promise<number> {
  requireSource(settings);
  const parsed = matchers.map(parseMatcher);
  const monitor = await openMonitor({ ...settings, interactive: false }, () => undefined);
  try {
    const groups = await monitor.alerts.ruleGroups();
    const instances = groups
      .flatMap((group) => group.rules)
      .filter((rule) => rule.name === name)
      .flatMap((rule) => rule.alerts ?? []);
    const wanted =
      parsed.length === 0 ? undefined : instances.find((alert) => matchesAll(parsed, alert.labels))?.labels;
    if (parsed.length > 0 && wanted === undefined)
      context.stderr.write('no instance with these labels is pending or firing\n');
    const explanation = await monitor.alerts.explain(name, wanted);
    if (flags.json) context.stdout.write(`${JSON.stringify(explanation)}\n`);
    else {
      context.stdout.write(`${printable(explanation.title)}\n`);
      for (const section of explanation.sections) {
        context.stdout.write(`\n${printable(section.heading)}\n`);
        for (const line of section.lines) context.stdout.write(`  ${printable(line)}\n`);
      }
    }
    const isKnown =
      groups.some((group) => group.rules.some((rule) => rule.name === name)) ||
      (await monitor.alerts.alerts({})).some((alert) => alert.labels.get('alertname') === name);
    return isKnown ? EXIT.fine : EXIT.found;
  } finally {
    await monitor.close();
  }
}

function requireSource(settings: MonitorSettings): void {
  if (settings.prometheusUrl === undefined && settings.alertmanagerUrl === undefined) {
    throw new UsageError(
      'nothing is named to ask: give --prometheus URL (a running `watchfire watch --listen` is one) or --alertmanager URL',
    );
  }
}
