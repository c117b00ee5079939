/** What a route of the HTTP face is; `server.ts` serves a table of them. */

export interface ApiRequest {
  readonly method: string;
  readonly path: string;
  /** Values of the path's `:name` parts, decoded. */
  readonly params: Readonly<Record<string, string>>;
  /** The query string, and the fields of a form body after it. */
  readonly query: URLSearchParams;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Aborted when the client goes away. */
  readonly signal: AbortSignal;
}

export interface ApiResponse {
  readonly status: number;
  /** Default `application/json`. */
  readonly contentType?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Of an iterable the pieces are made as the client takes them. */
  readonly body: string | Uint8Array | Iterable<string | Uint8Array>;
}

export interface Route {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE' | 'OPTIONS';
  /** e.g. `/api/v1/label/:name/values`. */
  readonly path: string;
  handle(request: ApiRequest): Promise<ApiResponse>;
}
