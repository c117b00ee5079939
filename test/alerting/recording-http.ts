/** An HTTP client that keeps what it is asked to send and answers what the test wants, without a network. */
import type { HttpClient, HttpRequest, HttpResponse } from '../../src/http/client.ts';

export interface SentRequest {
  readonly atMs: number;
  readonly request: HttpRequest;
  /** The body as text. */
  readonly text: string;
}

export type Answer = Partial<Omit<HttpResponse, 'body'>> & { readonly text?: string };

export class RecordingHttp implements HttpClient {
  readonly sent: SentRequest[] = [];
  readonly #nowMs: () => number;
  readonly #answer: (request: HttpRequest, count: number) => Answer | Error | Promise<Answer | Error>;

  constructor(
    nowMs: () => number = () => 0,
    answer: (request: HttpRequest, count: number) => Answer | Error | Promise<Answer | Error> = () => ({}),
  ) {
    this.#nowMs = nowMs;
    this.#answer = answer;
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    const text = typeof request.body === 'string' ? request.body : new TextDecoder().decode(request.body);
    this.sent.push({ atMs: this.#nowMs(), request, text });
    const answer = await this.#answer(request, this.sent.length);
    if (answer instanceof Error) throw answer;
    return {
      status: answer.status ?? 200,
      statusText: answer.statusText ?? '',
      headers: answer.headers ?? {},
      url: answer.url ?? request.url,
      body: new TextEncoder().encode(answer.text ?? ''),
    };
  }

  stream(): Promise<never> {
    return Promise.reject(new Error('no streams here'));
  }

  close(): void {}
}
