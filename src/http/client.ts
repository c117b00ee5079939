/** The one HTTP client that everything uses: its interface. `createHttpClient` in `axios.ts` makes one. */

import type { BodyBuffer } from './body-buffer.ts';

export interface HttpRequest {
  readonly method?: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE' | undefined;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Uint8Array | undefined;
  readonly signal?: AbortSignal | undefined;
  /** From the first byte sent to the last received. */
  readonly timeoutMs?: number | undefined;
  /** A longer (decompressed) body ends the request with `body-too-large`; 0 or undefined for no limit. */
  readonly maxBodyBytes?: number | undefined;
  /** Asked before the body is read: `false` ends the request with an empty body, whatever its length would be. */
  readonly bodyWanted?: ((status: number, headers: Readonly<Record<string, string>>) => boolean) | undefined;
  /** Where the body is gathered: the answer's `body` is then a view that lasts until `into` is released. */
  readonly into?: BodyBuffer | undefined;
}

export interface HttpResponse {
  /** Any status: only the caller knows which are faults. */
  readonly status: number;
  /** The reason phrase as it was sent, e.g. `Not Found`. */
  readonly statusText: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  /** Decompressed. */
  readonly body: Uint8Array;
  /** The URL that answered, after redirects. */
  readonly url: string;
}

export type HttpFault =
  | 'timeout'
  | 'refused'
  | 'dns'
  | 'tls'
  | 'reset'
  | 'proxy'
  | 'body-too-large'
  | 'too-many-redirects'
  | 'canceled'
  | 'authentication'
  | 'other';

/** No answer came. The message is one clear sentence, with no secret in it. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly fault: HttpFault;

  constructor(fault: HttpFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

export interface HttpClient {
  /** Rejects with HttpError. */
  request(request: HttpRequest): Promise<HttpResponse>;
  /** As `request`, the body as it comes (for watching an API). */
  stream(request: HttpRequest): Promise<Omit<HttpResponse, 'body'> & { readonly chunks: AsyncIterable<Uint8Array> }>;
  /** Closes kept-alive connections. */
  close(): void;
}
