/** A database behind a pool of connections, simulated: queries take time, callers wait, and wait too long. */
import type { DistributedTracing, PrometheusMetrics, StructuredLogger } from '../instrument/index.ts';
import type { Random } from './random.ts';
import { ShopError } from './shop-error.ts';

export interface Query {
  readonly operation: 'SELECT' | 'INSERT' | 'UPDATE';
  readonly table: string;
  readonly statement: string;
  readonly typicalMs: number;
}

export interface DatabaseOptions {
  readonly tracing: DistributedTracing;
  readonly logger: StructuredLogger;
  readonly metrics: PrometheusMetrics;
  readonly connections: number;
}

const ACQUIRE_TIMEOUT_MS = 1500;
const SLOW_QUERY_MS = 500;

export class Database {
  readonly #options: DatabaseOptions;
  readonly #waiting: (() => void)[] = [];
  #busy = 0;
  #leaked = 0;

  constructor(options: DatabaseOptions) {
    this.#options = options;
    this.#report();
  }

  /** Connections that are never given back; 0 gives them back. */
  leak(connections: number): void {
    if (connections === this.#leaked) return;
    this.#leaked = Math.min(connections, this.#options.connections);
    while (this.#idle() > 0 && this.#waiting.length > 0) this.#waiting.shift()!();
    this.#report();
  }

  /** Runs a query; `delayMs` comes on top of what it takes. Throws ShopError 503 where no connection comes free in time. */
  run(query: Query, random: Random, delayMs = 0): Promise<{ readonly rowCount: number }> {
    const { tracing, logger } = this.#options;
    const operation = { system: 'postgresql', ...query, attributes: { 'db.namespace': 'shop' } };
    return tracing.traceDbOperation(operation, async (span) => {
      if (this.#idle() <= 0) {
        span.addEvent('waiting for a connection', {
          'db.client.connection.pending_requests': this.#waiting.length + 1,
        });
        await this.#acquired(query.table);
      }
      this.#busy += 1;
      this.#report();
      try {
        const durationMs = random.latencyMs(query.typicalMs) + delayMs;
        await new Promise((resolve) => setTimeout(resolve, durationMs));
        if (durationMs > SLOW_QUERY_MS) {
          span.addEvent('lock wait', { 'db.lock.wait_ms': Math.round(delayMs) });
          logger.warn('Slow query', {
            table: query.table,
            statement: query.statement,
            duration: Math.round(durationMs),
          });
        } else logger.logDatabaseOperation(query.operation, query.table, durationMs);
        return { rowCount: 1 };
      } finally {
        this.#busy -= 1;
        if (this.#idle() > 0) this.#waiting.shift()?.();
        this.#report();
      }
    });
  }

  #acquired(table: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const take = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(take), 1);
        this.#report();
        const error = new ShopError(503, 'PoolTimeoutError', `no connection came free within ${ACQUIRE_TIMEOUT_MS} ms`);
        this.#options.logger.logDatabaseOperation('ACQUIRE', table, ACQUIRE_TIMEOUT_MS, error, {
          pool: { size: this.#options.connections, waiting: this.#waiting.length },
        });
        reject(error);
      }, ACQUIRE_TIMEOUT_MS);
      this.#waiting.push(take);
      this.#report();
    });
  }

  #idle(): number {
    return this.#options.connections - this.#busy - this.#leaked;
  }

  #report(): void {
    this.#options.metrics.updateDbPoolMetrics({
      totalCount: this.#options.connections,
      idleCount: Math.max(0, this.#idle()),
      waitingCount: this.#waiting.length,
    });
  }
}
