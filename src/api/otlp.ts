/** `POST /v1/traces`: the OTLP/HTTP receiver. */
import { receiveOtlp } from '../traces/receive-otlp.ts';
import type { TraceStore } from '../traces/trace-store.ts';
import type { Route } from './route.ts';

export function otlpRoute(store: TraceStore): Route {
  return {
    method: 'POST',
    path: '/v1/traces',
    handle: async (request) =>
      receiveOtlp(request.body, request.headers['content-type'], store, {
        contentEncoding: request.headers['content-encoding'],
      }),
  };
}
