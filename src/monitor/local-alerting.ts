/** Who is told of alerts on this machine: as an Alertmanager's file says, or without one as the environment does. */
import { join } from 'node:path';
import type { Alerting } from '../alerting/alerting.ts';
import type { AlertmanagerConfig } from '../config/alertmanager-config.ts';
import type { Clock } from '../config/clock.ts';
import { durationOr } from '../config/duration.ts';
import { createAlerting } from '../notify/create-alerting.ts';
import { type EnvironmentConfig, environmentConfig } from '../notify/environment-config.ts';
import type { Configuration } from './configuration.ts';
import type { EventLog } from './events.ts';
import type { MonitorSettings } from './settings.ts';

export interface LocalAlertingDeps {
  readonly clock: Clock;
  readonly environment: NodeJS.ProcessEnv;
  /** Text for the terminal itself: a bell, an OSC notification. */
  readonly writeTerminal: (text: string) => void;
}

/** Tells of each integration that cannot deliver in the events. */
export function openLocalAlerting(
  configuration: Configuration,
  settings: MonitorSettings,
  deps: LocalAlertingDeps,
  stateDirectory: string | undefined,
  events: EventLog,
): Alerting {
  const alerting = createAlerting({
    config: alertmanagerConfigOf(configuration, settings, deps),
    externalUrl: settings.externalUrl,
    stateDirectory: stateDirectory === undefined ? undefined : join(stateDirectory, 'alerting'),
    report: (severity, text) => events.add(severity, text),
    clock: deps.clock,
    writeTerminal: deps.writeTerminal,
    ...(configuration.alertmanager === undefined
      ? { cooldownMs: fromEnvironment(configuration, settings, deps).cooldownMs }
      : {}),
  });
  for (const { receiver, integration, reason } of alerting.status().undeliverable) {
    events.add('warning', `receiver ${receiver}: ${integration} does not deliver: ${reason}`);
  }
  return alerting;
}

/** What is told of alerts: the file says it; without a file, what the environment names; without that, nobody is told. */
export function alertmanagerConfigOf(
  configuration: Configuration,
  settings: MonitorSettings,
  deps: LocalAlertingDeps,
): AlertmanagerConfig {
  return configuration.alertmanager ?? fromEnvironment(configuration, settings, deps).config;
}

function fromEnvironment(
  { ruleGroups }: Configuration,
  settings: MonitorSettings,
  deps: LocalAlertingDeps,
): EnvironmentConfig {
  const cooldowns = new Map<string, number>();
  for (const rule of ruleGroups.flatMap((group) => group.rules)) {
    const cooldown = rule.annotations['cooldown'];
    if (cooldown !== undefined) cooldowns.set(rule.name, durationOr(cooldown, 0));
  }
  return environmentConfig({ environment: deps.environment, interactive: settings.interactive, cooldowns });
}
