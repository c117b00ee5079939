/** What no API of Prometheus or Alertmanager has, for a terminal that attaches to a running watchfire: its logs, traces, notifications and explanations. */
import { decode, encode, encodeError } from '../monitor/codec.ts';
import { REMOTE_METHODS, REMOTE_PATH } from '../monitor/remote-watchfire.ts';
import type { Monitor } from '../monitor/sources.ts';
import type { ApiResponse, Route } from './route.ts';

/** `GET` says that this is a watchfire and what its sources are like; `POST` with `{source, method, args}` calls one of the methods that only read. */
export function watchfireRoutes(monitor: Monitor, version: string): Route[] {
  return [
    {
      method: 'GET',
      path: REMOTE_PATH,
      handle: async () =>
        answer(200, {
          version,
          name: monitor.name,
          logs: monitor.logs.state(),
          traces: monitor.traces.state(),
          events: monitor.events(),
        }),
    },
    {
      method: 'POST',
      path: REMOTE_PATH,
      handle: async (request) => {
        const call = readCall(request.body);
        if (call === undefined || !REMOTE_METHODS.has(`${call.source}.${call.method}`)) {
          return answer(400, { error: { name: 'Error', message: 'no such call' } });
        }
        const target: object = Reflect.get(monitor, call.source);
        const method: unknown = Reflect.get(target, call.method);
        try {
          if (typeof method !== 'function') throw new Error('no such call');
          const value: unknown = await Reflect.apply(method, target, decode(call.args) as unknown[]);
          return answer(200, { value: encode(value).value });
        } catch (error) {
          return answer(422, { error: encodeError(error) });
        }
      },
    },
  ];
}

interface Call {
  readonly source: string;
  readonly method: string;
  readonly args: readonly unknown[];
}

function readCall(body: Uint8Array): Call | undefined {
  try {
    const { source, method, args }: Partial<Call> = JSON.parse(new TextDecoder().decode(body));
    return typeof source === 'string' && typeof method === 'string' && Array.isArray(args)
      ? { source, method, args }
      : undefined;
  } catch {
    return undefined;
  }
}

function answer(status: number, value: unknown): ApiResponse {
  return { status, body: JSON.stringify(value) };
}
