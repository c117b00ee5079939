/** Opens the past that settings name, to be evaluated over: a server's, or what is stored and imported here. Nothing is scraped or changed. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Clock } from '../config/clock.ts';
import { defaultHttpClientConfig } from '../config/http-config.ts';
import { createHttpClient } from '../http/axios.ts';
import { createEngine } from '../promql/engine.ts';
import { featuresFromNames } from '../promql/features.ts';
import type { History } from '../rules/history.ts';
import { createHead } from '../storage/head.ts';
import { importOpenMetrics } from '../storage/import.ts';
import { readStoredHead } from '../storage/open-head.ts';
import { prometheusMetricSource } from './prometheus-metrics.ts';
import type { MonitorSettings } from './settings.ts';

export interface OpenedHistory extends History {
  /** Of the oldest and the newest sample; undefined: a server knows. */
  readonly extent: { readonly startMs: number; readonly endMs: number } | undefined;
  /** Samples that are here; undefined: a server has them. */
  readonly sampleCount: number | undefined;
  close(): Promise<void>;
}

export async function openHistory(
  settings: Pick<MonitorSettings, 'prometheusUrl' | 'stateDirectory' | 'importFiles' | 'features'>,
  deps: { readonly clock: Clock; readonly userAgent: string },
): Promise<OpenedHistory> {
  const { clock, userAgent } = deps;
  const features = featuresFromNames(settings.features);
  const engineOver: History['engineOver'] = (samples) => createEngine(samples, { features, clock });
  if (settings.prometheusUrl !== undefined) {
    const http = createHttpClient(defaultHttpClientConfig, { userAgent });
    const engine = prometheusMetricSource({ url: settings.prometheusUrl, http, clock });
    return { engine, engineOver, extent: undefined, sampleCount: undefined, close: () => engine.close() };
  }
  const head =
    settings.stateDirectory === undefined
      ? createHead()
      : await readStoredHead({ directory: join(settings.stateDirectory, 'wal') });
  for (const file of settings.importFiles) await importOpenMetrics(head, createReadStream(file));
  const { samples, minTimeMs, maxTimeMs } = head.status(0);
  return {
    engine: engineOver(head),
    engineOver,
    samples: head,
    extent: { startMs: minTimeMs, endMs: maxTimeMs },
    sampleCount: samples,
    close: () => head.close(),
  };
}
