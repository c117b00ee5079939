/** The log and trace sources that the settings name. */
import type { Clock } from '../config/clock.ts';
import { Secret } from '../config/secret.ts';
import type { HttpClient } from '../http/client.ts';
import { fileLogSource } from '../logs/files/file-log-source.ts';
import { streamLogSource } from '../logs/files/stream-log-source.ts';
import { mergeLogSources } from '../logs/merge-log-sources.ts';
import { jaegerTraceSource } from '../traces/jaeger-trace-source.ts';
import { localTraceSource } from '../traces/local-trace-source.ts';
import { TraceStore } from '../traces/trace-store.ts';
import { noTraceSource } from './no-trace-source.ts';
import type { MonitorSettings } from './settings.ts';
import type { LogSource, TraceSource } from './sources.ts';

/** What log lines get of the memory budget, and traces as well: 32 MiB of 2 GiB. */
const SHARE_OF_BUDGET = 1 / 64;

/** The store for what the own receiver takes in. */
export function openTraceStore(settings: MonitorSettings): TraceStore {
  return new TraceStore({ maxBytes: shareOf(settings) });
}

/** `-` among the files is standard input, which only the main thread has. */
export async function openLogSource(settings: MonitorSettings, clock: Clock): Promise<LogSource> {
  const sources: LogSource[] = [];
  const maxBytes = shareOf(settings);
  const files = settings.logFiles.filter((file) => file !== '-');
  if (files.length > 0) sources.push(fileLogSource({ files, clock, maxBytes }));
  if (files.length < settings.logFiles.length)
    sources.push(streamLogSource({ stream: process.stdin, clock, maxBytes }));
  if (settings.elasticsearch !== undefined) {
    const { password, apiKey, ...connection } = settings.elasticsearch;
    // Elasticsearch's client is a third of all code that there is to load.
    const { elasticsearchLogSource } = await import('../logs/elasticsearch/elasticsearch-log-source.ts');
    sources.push(
      elasticsearchLogSource({
        ...connection,
        password: password === undefined ? undefined : new Secret(password),
        apiKey: apiKey === undefined ? undefined : new Secret(apiKey),
        clock,
      }),
    );
  }
  return mergeLogSources(sources);
}

/** A Jaeger where one is named; else the spans that the own receiver takes in, where there is one. */
export function openTraceSource(
  settings: MonitorSettings,
  store: TraceStore,
  clock: Clock,
  http: HttpClient,
): TraceSource {
  if (settings.jaegerUrl !== undefined) return jaegerTraceSource({ url: settings.jaegerUrl, http, clock });
  const listener = settings.otlpListen ?? settings.listen;
  return listener === undefined ? noTraceSource(clock) : localTraceSource(store, clock, `OTLP ${listener}`);
}

/** Undefined: what a store takes by itself. */
function shareOf({ memoryBudgetBytes }: MonitorSettings): number | undefined {
  return memoryBudgetBytes === undefined ? undefined : memoryBudgetBytes * SHARE_OF_BUDGET;
}
