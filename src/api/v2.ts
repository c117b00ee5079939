/** Alertmanager's HTTP API, version 2: shapes, filters, order and error texts as Alertmanager 0.34 has them. */
import { SilenceError } from '../alerting/silences.ts';
import type { AlertFilter, AlertSource } from '../monitor/sources.ts';
import type { ApiRequest, ApiResponse, Route } from './route.ts';
import { readAlerts } from './v2-alerts.ts';
import { keepsSilence, parseFilters, receiverFilter, receiverLabels } from './v2-filters.ts';
import { Refusal, refusal } from './v2-refusal.ts';
import { alertJson, byteOrdered, groupJson, silenceJson, timeText } from './v2-shapes.ts';
import { readSilence } from './v2-silences.ts';

export interface V2Options {
  /** For `versionInfo`, e.g. `0.1.0`. */
  readonly version: string;
  /** Unix milliseconds. */
  readonly nowMs: () => number;
}

/** The routes under `/api/v2`. */
export function alertmanagerRoutes(alerts: AlertSource, options: V2Options): readonly Route[] {
  const route = (
    method: Route['method'],
    path: string,
    handle: (request: ApiRequest) => Promise<ApiResponse>,
  ): Route => ({
    method,
    path: `/api/v2${path}`,
    handle: (request) => handle(request).catch(answerRefusal),
  });
  return [
    route('GET', '/status', async () => json(200, await statusJson(alerts, options))),
    route('GET', '/receivers', async ({ query }) => {
      const status = await alerts.notifierStatus();
      const shown = status.receivers.filter(receiverFilter(query, status));
      return json(
        200,
        shown.map((name) => ({ labels: byteOrdered(receiverLabels(status, name)), name })),
      );
    }),
    route('GET', '/alerts', async ({ query }) => {
      const accepts = receiverFilter(query, await alerts.notifierStatus());
      const found = await alerts.alerts(alertFilter(query));
      return json(200, found.filter((alert) => alert.receivers.some(accepts)).map(alertJson));
    }),
    route('POST', '/alerts', async (request) => {
      const { resolveTimeoutMs } = await alerts.notifierStatus();
      const { accepted, error } = readAlerts(request, options.nowMs(), resolveTimeoutMs);
      await alerts.postAlerts(accepted);
      return error === undefined ? { status: 200, body: '' } : json(400, error);
    }),
    route('GET', '/alerts/groups', async ({ query }) => {
      const accepts = receiverFilter(query, await alerts.notifierStatus());
      const groups = await alerts.alertGroups({ ...alertFilter(query), muted: flag(query, 'muted') });
      return json(200, groups.filter((group) => accepts(group.receiver)).map(groupJson));
    }),
    route('GET', '/silences', async ({ query }) => {
      const matchers = parseFilters(query, 'filter', '');
      const silences = await alerts.silences([]);
      const shown = silences.filter((silence) => flag(query, silence.state) && keepsSilence(silence, matchers));
      return json(200, shown.map(silenceJson));
    }),
    route('POST', '/silences', async (request) => {
      const silence = readSilence(request, options.nowMs());
      try {
        return json(200, { silenceID: await alerts.setSilence(silence) });
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        const missing =
          (error instanceof SilenceError && error.kind === 'not-found') || message === 'silence not found';
        return json(missing ? 404 : 400, message);
      }
    }),
    route('GET', '/silence/:silenceID', async ({ params }) => {
      const silence = await alerts.silence(silenceId(params));
      return silence === undefined ? NOT_FOUND : json(200, silenceJson(silence));
    }),
    route('DELETE', '/silence/:silenceID', async ({ params }) => {
      const expired = await alerts.expireSilence(silenceId(params));
      return expired ? { status: 200, body: '' } : NOT_FOUND;
    }),
  ];
}

const NOT_FOUND: ApiResponse = { status: 404, body: '' };
const UUID = /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i;

function json(status: number, value: unknown): ApiResponse {
  const text = JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return { status, contentType: 'application/json', body: `${text}\n` };
}

function answerRefusal(error: unknown): ApiResponse {
  if (error instanceof Refusal) return json(error.status, error.body);
  return json(500, error instanceof Error ? error.message : String(error));
}

/** Anything but a clear no keeps what is asked about; Go's API takes an unknown word for no. */
function flag(query: URLSearchParams, name: string): boolean {
  const value = query.getAll(name).at(-1);
  return value === undefined || value === '' || YES.has(value.toLowerCase());
}

const YES = new Set(['true', '1', 'yes', 'ok', 'y', 'on', 'selected', 'checked', 't', 'enabled']);

function alertFilter(query: URLSearchParams): AlertFilter {
  parseFilters(query, 'filter', '');
  return {
    matchers: query.getAll('filter'),
    active: flag(query, 'active'),
    silenced: flag(query, 'silenced'),
    inhibited: flag(query, 'inhibited'),
    unprocessed: flag(query, 'unprocessed'),
  };
}

function silenceId(params: Readonly<Record<string, string>>): string {
  const id = params['silenceID'] ?? '';
  if (!UUID.test(id)) throw refusal(422, 601, `silenceID in path must be of type uuid: ${JSON.stringify(id)}`);
  return id;
}

async function statusJson(alerts: AlertSource, options: V2Options): Promise<unknown> {
  const { configText, startedMs } = await alerts.notifierStatus();
  return {
    cluster: { peers: [], status: 'disabled' },
    config: { original: configText },
    uptime: timeText(startedMs),
    versionInfo: {
      branch: '',
      buildDate: '',
      buildUser: '',
      goVersion: '',
      revision: '',
      version: options.version,
    },
  };
}
