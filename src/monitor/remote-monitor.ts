/** A monitor of remote sources alone: any Prometheus, Alertmanager, Elasticsearch and Jaeger. */
import type { Clock } from '../config/clock.ts';
import { defaultHttpClientConfig } from '../config/http-config.ts';
import { createHttpClient } from '../http/axios.ts';
import { TraceStore } from '../traces/trace-store.ts';
import { openLogSource, openTraceSource } from './log-and-trace-sources.ts';
import { prometheusMetricSource } from './prometheus-metrics.ts';
import { remoteAlertSource } from './remote-alerts.ts';
import { findWatchfire } from './remote-watchfire.ts';
import type { MonitorSettings } from './settings.ts';
import type { Monitor } from './sources.ts';

/** `prometheusUrl` or `alertmanagerUrl` of the settings is set. A watchfire at `prometheusUrl` gives its alerts, logs and traces as well. */
export async function openRemoteMonitor(settings: MonitorSettings, clock: Clock, userAgent: string): Promise<Monitor> {
  const http = createHttpClient(defaultHttpClientConfig, { userAgent });
  const prometheusUrl = settings.prometheusUrl;
  const watchfire = prometheusUrl === undefined ? undefined : await findWatchfire(prometheusUrl, http, clock);
  const alertmanagerUrl = settings.alertmanagerUrl ?? (watchfire === undefined ? undefined : prometheusUrl);
  const metrics = prometheusMetricSource({ url: prometheusUrl ?? alertmanagerUrl ?? '', http, clock });
  const alerts = { ...remoteAlertSource({ prometheusUrl, alertmanagerUrl, http, clock }), ...watchfire?.alerts };
  const namesLogs = settings.logFiles.length > 0 || settings.elasticsearch !== undefined;
  const logs = namesLogs || watchfire === undefined ? await openLogSource(settings, clock) : watchfire.logs;
  const traces =
    settings.jaegerUrl !== undefined || watchfire === undefined
      ? openTraceSource({ ...settings, listen: undefined, otlpListen: undefined }, new TraceStore(), clock, http)
      : watchfire.traces;
  return {
    name: watchfire === undefined ? settings.name : `${watchfire.name} at ${settings.name}`,
    metrics,
    alerts,
    logs,
    traces,
    events: () => watchfire?.events() ?? [],
    reload: async () => {},
    close: async () => {
      await Promise.all([logs.close(), traces.close()]);
      http.close();
    },
  };
}
