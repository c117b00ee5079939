/** Answers of `/api/v1`: the envelope of success and of failure, and the status codes. */
import { QueryError, type QueryErrorType } from '../promql/result.ts';
import type { ApiRequest, ApiResponse, Route } from './route.ts';

const STATUS: Readonly<Record<QueryErrorType, number>> = {
  bad_data: 400,
  execution: 422,
  canceled: 499,
  timeout: 503,
  internal: 500,
  not_found: 404,
  unavailable: 503,
};

export interface Remarks {
  readonly warnings?: readonly string[] | undefined;
  readonly infos?: readonly string[] | undefined;
}

/** `data` is JSON already where it is a RawJson. */
export function success(data: unknown, remarks: Remarks = {}): ApiResponse {
  const parts = data instanceof RawJson ? data.parts : [JSON.stringify(data)];
  const listed = (name: string, list: readonly string[] | undefined): string =>
    list && list.length > 0 ? `,"${name}":${JSON.stringify(list)}` : '';
  const warnings = listed('warnings', remarks.warnings);
  const tail = `${warnings}${listed('infos', remarks.infos)}}`;
  return { status: 200, body: joined('{"status":"success","data":', parts, tail) };
}

function* joined(head: string, parts: Iterable<string | Uint8Array>, tail: string): Generator<string | Uint8Array> {
  yield head;
  yield* parts;
  yield tail;
}

export class RawJson {
  readonly parts: Iterable<string | Uint8Array>;

  constructor(parts: Iterable<string | Uint8Array>) {
    this.parts = parts;
  }
}

export function failure(errorType: QueryErrorType, error: string): ApiResponse {
  return { status: STATUS[errorType], body: JSON.stringify({ status: 'error', errorType, error }) };
}

/** A parameter that cannot be understood. */
export class ParameterError extends QueryError {
  constructor(name: string, message: string) {
    super('bad_data', `invalid parameter ${JSON.stringify(name)}: ${message}`);
  }
}

export type V1Handler = (request: ApiRequest) => Promise<ApiResponse>;

/** A route under `/api/v1` whose failures become answers. */
export function v1Route(method: Route['method'], path: string, handle: V1Handler): Route {
  return {
    method,
    path: `/api/v1${path}`,
    handle: async (request) => {
      try {
        return await handle(request);
      } catch (error) {
        if (error instanceof QueryError) return failure(error.type, error.message);
        if (request.signal.aborted) return failure('canceled', 'the client went away');
        return failure('internal', error instanceof Error ? error.message : String(error));
      }
    },
  };
}

/** The same handler for GET and POST. */
export function getAndPost(path: string, handle: V1Handler): Route[] {
  return [v1Route('GET', path, handle), v1Route('POST', path, handle)];
}
