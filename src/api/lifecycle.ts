/** `/-/ready`, `/-/healthy` and `/-/reload`. */
import type { ApiResponse, Route } from './route.ts';

export interface Lifecycle {
  ready(): boolean;
  /** Rejects where the configuration is refused; the running one stays. */
  reload(): Promise<void>;
}

export function lifecycleRoutes(lifecycle: Lifecycle): Route[] {
  const reload = async (): Promise<ApiResponse> => {
    try {
      await lifecycle.reload();
      return text(200, '');
    } catch (error) {
      return text(500, `failed to reload config: ${error instanceof Error ? error.message : String(error)}\n`);
    }
  };
  return [
    { method: 'GET', path: '/-/healthy', handle: async () => text(200, 'watchfire is Healthy.\n') },
    {
      method: 'GET',
      path: '/-/ready',
      handle: async () =>
        lifecycle.ready() ? text(200, 'watchfire is Ready.\n') : text(503, 'watchfire is starting: not ready yet\n'),
    },
    { method: 'POST', path: '/-/reload', handle: reload },
    { method: 'PUT', path: '/-/reload', handle: reload },
  ];
}

function text(status: number, body: string): ApiResponse {
  return { status, contentType: 'text/plain; charset=utf-8', body };
}
