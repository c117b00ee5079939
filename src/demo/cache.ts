/** A small least-recently-used cache, traced and counted as a Redis would be. */
import type { DistributedTracing, PrometheusMetrics } from '../instrument/index.ts';

export interface CacheOptions {
  readonly name: string;
  readonly tracing: DistributedTracing;
  readonly metrics: PrometheusMetrics;
  readonly entries: number;
}

export class Cache {
  readonly #options: CacheOptions;
  readonly #entries = new Map<string, unknown>();

  constructor(options: CacheOptions) {
    this.#options = options;
  }

  async get<T>(key: string): Promise<T | undefined> {
    const { name, tracing, metrics } = this.#options;
    const value = await tracing.traceCacheOperation({ system: 'redis', operation: 'get', key }, () => this.#touch(key));
    metrics.recordCacheLookup(name, value !== undefined);
    return value as T | undefined;
  }

  async set(key: string, value: unknown): Promise<void> {
    await this.#options.tracing.traceCacheOperation({ system: 'redis', operation: 'set', key }, () => {
      this.#entries.delete(key);
      this.#entries.set(key, value);
      if (this.#entries.size > this.#options.entries) this.#entries.delete(this.#entries.keys().next().value!);
    });
  }

  #touch(key: string): unknown {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }
}
