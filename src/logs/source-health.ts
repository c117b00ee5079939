/** Keeps the state that the status bar shows of a source: live, slow, failing and why. */
import type { Clock } from '../config/clock.ts';

export interface SourceHealthState {
  readonly kind: 'live' | 'slow' | 'stale' | 'failing' | 'off';
  /** Where it reads, e.g. `local`, a URL without credentials, a file. */
  readonly endpoint: string;
  /** Since when it is in this state, Unix milliseconds. */
  readonly sinceMs: number;
  /** Why, in words, where it is not live. */
  readonly reason?: string | undefined;
  readonly nextTryMs?: number | undefined;
  readonly latencyMs?: number | undefined;
}

export interface SourceHealthOptions {
  /** For the status bar; credentials in a URL are taken out. */
  readonly endpoint: string;
  readonly clock: Clock;
  /** An answer that takes longer makes the source slow; 3000 by default. */
  readonly slowMs?: number | undefined;
}

export class SourceHealth {
  readonly #clock: Clock;
  readonly #slowMs: number;
  readonly #waitingSinceMs = new Set<{ readonly sinceMs: number }>();
  #state: SourceHealthState;

  constructor({ endpoint, clock, slowMs }: SourceHealthOptions) {
    this.#clock = clock;
    this.#slowMs = slowMs ?? 3000;
    this.#state = { kind: 'live', endpoint: withoutCredentials(endpoint), sinceMs: clock.nowMs() };
  }

  /** As last seen; slow as well while an answer is overdue. */
  state(): SourceHealthState {
    const nowMs = this.#clock.nowMs();
    const oldest = this.#waitingSinceMs.values().next().value?.sinceMs ?? nowMs;
    const waitingMs = nowMs - oldest;
    if (this.#state.kind !== 'live' || waitingMs <= this.#slowMs) return this.#state;
    const sinceMs = oldest + this.#slowMs;
    return { ...this.#state, kind: 'slow', sinceMs, reason: `no answer for ${seconds(waitingMs)}` };
  }

  /** Runs a request and takes the state from how it went; one that the caller called off says nothing. */
  async watch<T>(work: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    const startMs = this.#clock.nowMs();
    const waiting = { sinceMs: startMs };
    this.#waitingSinceMs.add(waiting);
    try {
      const result = await work();
      this.succeeded(this.#clock.nowMs() - startMs);
      return result;
    } catch (error) {
      if (!signal?.aborted) this.failed(error instanceof Error ? error.message : String(error));
      throw error;
    } finally {
      this.#waitingSinceMs.delete(waiting);
    }
  }

  succeeded(latencyMs: number): void {
    if (latencyMs > this.#slowMs) this.#become('slow', { reason: `answered in ${seconds(latencyMs)}`, latencyMs });
    else this.#become('live', { latencyMs });
  }

  failed(reason: string, nextTryMs?: number): void {
    this.#become('failing', { reason, nextTryMs });
  }

  /** It answers, but not with all of it. */
  impaired(reason: string): void {
    this.#become('slow', { reason });
  }

  stale(reason: string): void {
    this.#become('stale', { reason });
  }

  off(reason: string): void {
    this.#become('off', { reason });
  }

  #become(kind: SourceHealthState['kind'], what: Omit<SourceHealthState, 'kind' | 'endpoint' | 'sinceMs'>): void {
    const sinceMs = kind === this.#state.kind ? this.#state.sinceMs : this.#clock.nowMs();
    this.#state = { kind, endpoint: this.#state.endpoint, sinceMs, ...what };
  }
}

/** The URL without user and password. */
export function withoutCredentials(endpoint: string): string {
  return endpoint.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1');
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
