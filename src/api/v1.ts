/** The Prometheus HTTP API over the sources: `/api/v1/…` and `/federate`. */
import { systemClock } from '../config/clock.ts';
import { Labels } from '../labels/labels.ts';
import type { AlertSource, MetricSource } from '../monitor/sources.ts';
import type { PromqlFeatures } from '../promql/features.ts';
import { federateRoute } from './federate.ts';
import type { Route } from './route.ts';
import { queryRoutes } from './v1-query.ts';
import { ruleRoutes } from './v1-rules.ts';
import { seriesRoutes } from './v1-series.ts';
import { statusRoutes } from './v1-status.ts';
import { type Alertmanagers, type TargetRoutesOptions, targetRoutes } from './v1-targets.ts';

export interface PrometheusRoutesOptions {
  readonly metrics: MetricSource;
  readonly alerts: AlertSource;
  readonly version: string;
  /** `prometheus.yml` as it is in force, secrets replaced. */
  readonly configText: () => string;
  /** The command line, for `/status/flags`. */
  readonly flags?: (() => Readonly<Record<string, string>>) | undefined;
  /** Unix milliseconds. */
  readonly nowMs?: (() => number) | undefined;
  readonly startedMs?: number | undefined;
  readonly lastReload?: (() => { readonly ok: boolean; readonly atMs: number }) | undefined;
  readonly retentionMs?: (() => number | undefined) | undefined;
  readonly externalLabels?: (() => Labels) | undefined;
  /** The experimental parts of PromQL that are on, for queries that are only formatted or parsed; all where it is absent. */
  readonly features?: PromqlFeatures | undefined;
  /** Alertmanagers that alerts are forwarded to. */
  readonly alertmanagers?: (() => Alertmanagers) | undefined;
  readonly relabelConfigs?: TargetRoutesOptions['relabelConfigs'] | undefined;
}

export function prometheusRoutes(options: PrometheusRoutesOptions): Route[] {
  const { metrics, alerts, version, configText } = options;
  const nowMs = options.nowMs ?? (() => systemClock.nowMs());
  const startedMs = options.startedMs ?? nowMs();
  return [
    ...queryRoutes({ metrics, nowMs, features: options.features }),
    ...seriesRoutes(metrics),
    ...targetRoutes({
      metrics,
      alertmanagers: options.alertmanagers ?? (() => ({ active: [], dropped: [] })),
      relabelConfigs: options.relabelConfigs ?? (() => undefined),
    }),
    ...ruleRoutes(alerts),
    ...statusRoutes({
      metrics,
      version,
      configText,
      nowMs,
      startedMs,
      flags: options.flags ?? (() => ({})),
      lastReload: options.lastReload ?? (() => ({ ok: true, atMs: startedMs })),
      retentionMs: options.retentionMs ?? (() => undefined),
    }),
    federateRoute({ metrics, nowMs, externalLabels: options.externalLabels ?? (() => Labels.EMPTY) }),
  ];
}
