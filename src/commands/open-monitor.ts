/** Opens the monitor that settings describe, with its HTTP face where they ask for one. */
import { lifecycleRoutes } from '../api/lifecycle.ts';
import { otlpRoute } from '../api/otlp.ts';
import type { Route } from '../api/route.ts';
import { selfMetricsRoute } from '../api/self-metrics.ts';
import { type ApiServer, createApiServer } from '../api/server.ts';
import { prometheusRoutes } from '../api/v1.ts';
import { alertmanagerRoutes } from '../api/v2.ts';
import { watchfireRoutes } from '../api/watchfire.ts';
import { systemClock } from '../config/clock.ts';
import { effectiveConfigText } from '../config/effective-config.ts';
import { DEFAULT_RETENTION_MS, type LocalMonitor, openLocalMonitor } from '../monitor/local-monitor.ts';
import { openRemoteMonitor } from '../monitor/remote-monitor.ts';
import type { MonitorSettings } from '../monitor/settings.ts';
import type { Monitor } from '../monitor/sources.ts';
import { featuresFromNames } from '../promql/features.ts';
import { USER_AGENT, VERSION } from './version.ts';

/** Rejects with ConfigError where a file cannot be used, Error where an address cannot be listened on. */
export async function openMonitor(settings: MonitorSettings, writeTerminal: (text: string) => void): Promise<Monitor> {
  if (isRemote(settings)) return openRemoteMonitor(settings, systemClock, USER_AGENT);

  // The servers stand before the monitor is ready: an import may take a while, and who asks must be told so.
  let monitor: LocalMonitor | undefined;
  const servers: ApiServer[] = [];
  const listen = async (address: string, routes: () => readonly Route[]): Promise<void> => {
    servers.push(await createApiServer({ listen: address, routes, allowInsecure: settings.listenInsecurely }));
  };
  const lifecycle = lifecycleRoutes({ ready: () => monitor !== undefined, reload: async () => monitor?.reload() });
  let full: readonly Route[] = [];
  let otlp: readonly Route[] = [];
  try {
    if (settings.listen !== undefined) await listen(settings.listen, () => [...lifecycle, ...full]);
    if (settings.otlpListen !== undefined) await listen(settings.otlpListen, () => otlp);
    const opened = await openLocalMonitor(settings, {
      clock: systemClock,
      environment: process.env,
      userAgent: USER_AGENT,
      writeTerminal,
    });
    monitor = opened;
    otlp = [otlpRoute(opened.traceStore)];
    full = [
      ...prometheusRoutes({
        metrics: opened.metrics,
        alerts: opened.alerts,
        version: VERSION,
        configText: () => effectiveConfigText(opened.configuration().prometheus.redactedText),
        flags: () => flagsOf(settings),
        lastReload: () => opened.lastReload(),
        retentionMs: () =>
          settings.retentionMs ?? opened.configuration().prometheus.retentionMs ?? DEFAULT_RETENTION_MS,
        externalLabels: () => opened.configuration().prometheus.global.externalLabels,
        alertmanagers: () => ({ active: opened.alertmanagers(), dropped: [] }),
        relabelConfigs: (job) => opened.relabelConfigs(job),
        features: featuresFromNames(settings.features),
      }),
      ...alertmanagerRoutes(opened.alerts, { version: VERSION, nowMs: () => systemClock.nowMs() }),
      ...watchfireRoutes(opened, VERSION),
      selfMetricsRoute(opened, {
        version: VERSION,
        lastReload: () => opened.lastReload(),
        traceStore: opened.traceStore,
        notificationCounts: opened.notificationCounts,
        forwarding: () => opened.forwarding(),
        forwardedTo: () => opened.alertmanagers(),
        jobs: opened.jobs,
        scrapeTotals: opened.scrapeTotals,
        remoteWrites: opened.remoteWrites,
        alertmanager: () => opened.configuration().alertmanager,
      }),
      ...otlp,
    ];
    return {
      ...opened,
      close: async () => {
        // What is left to do may wait for timers alone, which do not keep the process alive: it would end meanwhile, and samples be lost.
        const alive = setInterval(() => undefined, 60_000);
        try {
          await Promise.all(servers.map((server) => server.close()));
          await opened.close();
        } finally {
          clearInterval(alive);
        }
      },
    };
  } catch (error) {
    await Promise.all(servers.map((server) => server.close()));
    throw error;
  }
}

/** For a command that only reads logs or traces: nothing is scraped, evaluated or kept. */
export function openReadingMonitor(settings: MonitorSettings): Promise<Monitor> {
  const reading = {
    ...settings,
    prometheusConfigFile: undefined,
    alertmanagerConfigFile: undefined,
    stateDirectory: undefined,
    listen: undefined,
    targets: [],
  };
  return openMonitor(reading, () => undefined);
}

/** Nothing runs here: all that is named is a Prometheus or an Alertmanager elsewhere. */
function isRemote(settings: MonitorSettings): boolean {
  const remote = settings.prometheusUrl !== undefined || settings.alertmanagerUrl !== undefined;
  return (
    remote &&
    settings.prometheusConfigFile === undefined &&
    settings.alertmanagerConfigFile === undefined &&
    settings.targets.length === 0
  );
}

/** Under Prometheus' names where it has one. */
function flagsOf(settings: MonitorSettings): Record<string, string> {
  return {
    'config.file': settings.prometheusConfigFile ?? '',
    'web.listen-address': settings.listen ?? '',
    'web.external-url': settings.externalUrl,
    'storage.tsdb.path': settings.stateDirectory ?? '',
    'enable-feature': settings.features.join(','),
  };
}
