/** A trace source on the store that the OTLP receiver fills. */
import type { Clock } from '../config/clock.ts';
import { SourceHealth, type SourceHealthState } from '../logs/source-health.ts';
import type { Trace, TraceQuery, TraceSummary } from './trace.ts';
import type { TraceStore } from './trace-store.ts';

/** What every trace source does, here or remote. */
export interface TraceReader {
  state(): SourceHealthState;
  close(): Promise<void>;
  search(query: TraceQuery, signal?: AbortSignal): Promise<readonly TraceSummary[]>;
  trace(traceId: string, signal?: AbortSignal): Promise<Trace | undefined>;
  services(signal?: AbortSignal): Promise<readonly string[]>;
  operations(service: string, signal?: AbortSignal): Promise<readonly string[]>;
}

export function localTraceSource(store: TraceStore, clock: Clock, endpoint = 'local'): TraceReader {
  const health = new SourceHealth({ endpoint, clock });
  return {
    state: () => health.state(),
    close: async () => {},
    search: async (query) => store.search(query),
    trace: async (traceId) => store.trace(traceId),
    services: async () => store.services(),
    operations: async (service) => store.operations(service),
  };
}
