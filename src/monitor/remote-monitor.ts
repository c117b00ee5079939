/** A monitor of remote sources alone: any Prometheus, Alertmanager, Elasticsearch and Jaeger. */
import type { Clock } from '../config/clock.ts';
import { defaultHttpClientConfig } from '../config/http-config.ts';
import { createHttpClient } from '../http/axios.ts';
import { TraceStore } from '../traces/trace-store.ts';
import { openLogSource, openTraceSource } from './log-and-trace-sources.ts';
import { prometheusMetricSource } from './prometheus-metrics.ts';
import { remoteAlertSource } from './remote-alerts.ts';
import type { MonitorSettings } from './settings.ts';
import type { Monitor } from './sources.ts';

/** `prometheusUrl` or `alertmanagerUrl` of the settings is set. A watchfire at `prometheusUrl` is found to be an Alertmanager as well. */
export async function openRemoteMonitor(settings: MonitorSettings, clock: Clock, userAgent: string): Promise<Monitor> {
  const http = createHttpClient(defaultHttpClientConfig, { userAgent });
  const prometheusUrl = settings.prometheusUrl;
  const alertmanagerUrl =
    settings.alertmanagerUrl ??
    (prometheusUrl !== undefined && (await isAlertmanager(prometheusUrl)) ? prometheusUrl : undefined);
  const metrics = prometheusMetricSource({ url: prometheusUrl ?? alertmanagerUrl ?? '', http, clock });
  const alerts = remoteAlertSource({ prometheusUrl, alertmanagerUrl, http, clock });
  const logs = openLogSource(settings, clock);
  const traces = openTraceSource(
    { ...settings, listen: undefined, otlpListen: undefined },
    new TraceStore(),
    clock,
    http,
  );
  return {
    name: settings.name,
    metrics,
    alerts,
    logs,
    traces,
    events: () => [],
    reload: async () => {},
    close: async () => {
      await Promise.all([logs.close(), traces.close()]);
      http.close();
    },
  };

  async function isAlertmanager(url: string): Promise<boolean> {
    const answer = await http
      .request({ url: `${url.replace(/\/+$/, '')}/api/v2/status`, timeoutMs: 5_000 })
      .catch(() => undefined);
    return answer?.status === 200;
  }
}
