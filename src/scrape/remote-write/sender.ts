/** Sends one encoded request until the receiver has it or will never take it. */
import type { Clock } from '../../config/clock.ts';
import type { RemoteWriteConfig } from '../../config/prometheus-config.ts';
import { type HttpClient, HttpError } from '../../http/client.ts';

export type SendOutcome =
  | { readonly kind: 'sent' }
  /** The receiver refuses it for good. */
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'stopped' };

export interface SenderDeps {
  readonly client: HttpClient;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** A try failed and another follows; empty: sent again. */
  onTrouble(reason: string): void;
}

/** Retries network faults, 5xx and, where configured, 429, doubling the wait up to the longest back-off. */
export async function sendUntilDone(
  config: RemoteWriteConfig,
  body: Uint8Array,
  deps: SenderDeps,
): Promise<SendOutcome> {
  const { minBackoffMs, maxBackoffMs, retryOnHttp429 } = config.queue;
  let backoffMs = minBackoffMs;
  for (let attempt = 0; ; attempt++, backoffMs = Math.min(backoffMs * 2, maxBackoffMs)) {
    if (deps.signal.aborted) return { kind: 'stopped' };
    let reason: string;
    let waitMs = backoffMs;
    try {
      const answer = await deps.client.request({
        method: 'POST',
        url: config.url,
        headers: { ...headersOf(config, attempt), ...config.headers },
        body,
        timeoutMs: config.remoteTimeoutMs,
        maxBodyBytes: 1 << 20,
        signal: deps.signal,
      });
      if (answer.status >= 200 && answer.status < 300) {
        if (!isTaken(config, answer.headers)) return { kind: 'refused', reason: NOT_TAKEN };
        deps.onTrouble('');
        return { kind: 'sent' };
      }
      const text = Buffer.from(answer.body).toString('utf8').split('\n')[0]!.slice(0, 256);
      reason = `server returned HTTP status ${answer.status} ${answer.statusText}: ${text}`.replace(/[: ]+$/, '');
      const isRecoverable = answer.status >= 500 || (answer.status === 429 && retryOnHttp429);
      if (!isRecoverable) return { kind: 'refused', reason };
      waitMs = Math.max(backoffMs, retryAfterMs(answer.headers['retry-after'], deps.clock.nowMs()));
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      reason = error.message;
    }
    if (deps.signal.aborted) return { kind: 'stopped' };
    deps.onTrouble(reason);
    await pause(waitMs, deps);
  }
}

const NOT_TAKEN =
  'server accepts protocol 2.0 and does not say that it has written anything, as one that knows only 1.0 would: set protobuf_message to prometheus.WriteRequest';

/**
 * The specification of 2.0 has every receiver tell what it wrote. One that knows only 1.0 may find nothing in the message that it
 * understands, and call that a success.
 */
function isTaken({ protobufMessage }: RemoteWriteConfig, headers: Readonly<Record<string, string>>): boolean {
  if (protobufMessage === 'prometheus.WriteRequest') return true;
  return Object.keys(headers).some((name) => /^x-prometheus-remote-write-\w+-written$/.test(name));
}

function headersOf(config: RemoteWriteConfig, attempt: number): Record<string, string> {
  const isVersion1 = config.protobufMessage === 'prometheus.WriteRequest';
  return {
    'content-encoding': 'snappy',
    'content-type': isVersion1 ? 'application/x-protobuf' : `application/x-protobuf;proto=${config.protobufMessage}`,
    'x-prometheus-remote-write-version': isVersion1 ? '0.1.0' : '2.0.0',
    ...(attempt > 0 && { 'retry-attempt': String(attempt) }),
  };
}

/** Seconds, or a date. */
function retryAfterMs(header: string | undefined, nowMs: number): number {
  if (header === undefined) return 0;
  const waitMs = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return waitMs > 0 ? waitMs : 0;
}

function pause(durationMs: number, deps: SenderDeps): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      deps.signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = deps.clock.after(durationMs, done);
    deps.signal.addEventListener('abort', done);
  });
}
