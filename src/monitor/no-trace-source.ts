/** The trace source that was not configured: off, and empty. */
import type { Clock } from '../config/clock.ts';
import type { SourceState, TraceSource } from './sources.ts';

export function noTraceSource(clock: Clock): TraceSource {
  const state: SourceState = {
    kind: 'off',
    endpoint: 'none',
    sinceMs: clock.nowMs(),
    reason: 'no trace source is configured: give --jaeger URL or --otlp-listen HOST:PORT',
  };
  return {
    state: () => state,
    close: async () => {},
    search: async () => [],
    trace: async () => undefined,
    services: async () => [],
    operations: async () => [],
  };
}
