/** The sources of a running watchfire that only its own API gives: logs, traces, notifications, explanations. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../config/clock.ts';
import { type HttpClient, HttpError } from '../http/client.ts';
import { SourceHealth } from '../logs/source-health.ts';
import { decode, decodeError, encode } from './codec.ts';
import { record, text } from './prometheus-api.ts';
import type { AlertSource, LogSource, MonitorEvent, SourceState, TraceSource } from './sources.ts';

export const REMOTE_PATH = '/api/watchfire/v1';

/** What may be called from outside: reading only. */
export const REMOTE_METHODS: ReadonlySet<string> = new Set([
  'logs.search',
  'logs.services',
  'traces.search',
  'traces.trace',
  'traces.services',
  'traces.operations',
  'alerts.notifications',
  'alerts.notifierStatus',
  'alerts.explain',
]);

/** How often a tail asks for what is new. */
const TAIL_MS = 1000;

export interface RemoteWatchfire {
  readonly name: string;
  readonly logs: LogSource;
  readonly traces: TraceSource;
  readonly alerts: Pick<AlertSource, 'notifications' | 'notifierStatus' | 'explain'>;
  events(): readonly MonitorEvent[];
}

/** Undefined where the URL is no watchfire. */
export async function findWatchfire(url: string, http: HttpClient, clock: Clock): Promise<RemoteWatchfire | undefined> {
  const endpoint = `${url.replace(/\/+$/, '')}${REMOTE_PATH}`;
  const found = await http.request({ url: endpoint, timeoutMs: 5_000 }).catch(() => undefined);
  if (found?.status !== 200) return undefined;
  const status = record(JSON.parse(new TextDecoder().decode(found.body)));
  const logHealth = new SourceHealth({ endpoint: url, clock });
  const traceHealth = new SourceHealth({ endpoint: url, clock });

  const call = async <T>(
    source: string,
    method: string,
    args: readonly unknown[],
    signal?: AbortSignal,
  ): Promise<T> => {
    const { body, status: code } = await http.request({
      method: 'POST',
      url: endpoint,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ source, method, args: encode(args).value }),
      timeoutMs: 30_000,
      signal,
    });
    const answer = record(JSON.parse(new TextDecoder().decode(body)));
    if (code === 200) return decode(answer['value']) as T;
    const error = record(answer['error']);
    throw text(error['name']) === ''
      ? new HttpError('other', `${url} answered ${code}`)
      : decodeError({ name: text(error['name']), message: text(error['message']), kind: text(error['kind']) });
  };
  const logs: LogSource = {
    state: () => offOr(status['logs'], logHealth),
    close: async () => {},
    search: (query, signal) => logHealth.watch(() => call('logs', 'search', [query], signal), signal),
    async *tail(query, signal) {
      let fromMs = clock.nowMs();
      let known = new Set<string>();
      while (!signal.aborted) {
        await sleep(TAIL_MS, undefined, { signal }).catch(() => undefined);
        const records = await logs.search({ ...query, startMs: fromMs }, signal).catch(() => []);
        const fresh = records.filter((each) => !known.has(each.id));
        known = new Set(records.map((each) => each.id));
        fromMs = Math.max(fromMs, ...records.map((each) => each.timestampMs));
        if (fresh.length > 0) yield fresh;
      }
    },
    services: (signal) => call('logs', 'services', [], signal),
  };
  return {
    name: text(status['name']),
    logs,
    traces: {
      state: () => offOr(status['traces'], traceHealth),
      close: async () => {},
      search: (query, signal) => traceHealth.watch(() => call('traces', 'search', [query], signal), signal),
      trace: (traceId, signal) => traceHealth.watch(() => call('traces', 'trace', [traceId], signal), signal),
      services: (signal) => call('traces', 'services', [], signal),
      operations: (service, signal) => call('traces', 'operations', [service], signal),
    },
    alerts: {
      notifications: (limit) => call('alerts', 'notifications', [limit]),
      notifierStatus: () => call('alerts', 'notifierStatus', []),
      explain: (ruleName, labels) => call('alerts', 'explain', labels === undefined ? [ruleName] : [ruleName, labels]),
    },
    events: () => (Array.isArray(status['events']) ? status['events'] : []),
  };
}

/** A source that is off over there is off here. */
function offOr(there: unknown, health: SourceHealth): SourceState {
  const state = record(there);
  return state['kind'] === 'off'
    ? { kind: 'off', endpoint: 'none', sinceMs: 0, reason: text(state['reason']) }
    : health.state();
}
