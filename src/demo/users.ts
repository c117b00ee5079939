/** The users service: who somebody is, from the cache or the database; its session cache can leak. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import promClient from 'prom-client';
import { type Service, type ShopRequest, type ShopSurroundings, startService } from './service.ts';
import { ShopError } from './shop-error.ts';

/** What the leak takes in all, and at a time. */
export const LEAK_BYTES = 64 * 1024 * 1024;
const LEAK_STEP_BYTES = 2 * 1024 * 1024;

export const USERS = 200;

export interface SessionLeak {
  readonly heldBytes: number;
  /** Called now and then: grows while the incident lasts, lets go after it. */
  step(): void;
}

export function startUsers(surroundings: ShopSurroundings, leak: (service: Service) => SessionLeak): Promise<Service> {
  return startService('users', surroundings, (app, service) => {
    const sessions = leak(service);
    const held: promClient.Gauge = new promClient.Gauge({
      name: 'session_cache_bytes',
      help: 'Bytes held by the session cache',
      registers: [service.metrics.registry],
      collect: () => void held.set(sessions.heldBytes),
    });
    app.get('/users/:id', async (request: ShopRequest, response) => {
      const id = Number(request.params['id']);
      if (!(id >= 1 && id <= USERS))
        throw new ShopError(404, 'UnknownUserError', `there is no user ${request.params['id']}`);
      request.user = { id };
      const dice = request.dice!;
      if (service.incident()?.kind === 'memory-leak') {
        const pauseMs = dice.latencyMs(60);
        service.tracing.api.trace.getActiveSpan()?.addEvent('gc pause', { 'gc.duration_ms': Math.round(pauseMs) });
        await new Promise((resolve) => setTimeout(resolve, pauseMs));
      }
      const known = await service.cache.get(`user:${id}`);
      if (known === undefined) {
        const statement = 'SELECT id, name, tier FROM users WHERE id = $1';
        await service.database.run({ operation: 'SELECT', table: 'users', statement, typicalMs: 6 }, dice);
        await service.cache.set(`user:${id}`, { id });
      }
      response.json({ id, name: `user-${id}`, tier: id % 7 === 0 ? 'gold' : 'standard' });
    });
    app.post('/sessions', (request: ShopRequest, response) => {
      service.metrics.recordBusinessEvent('user_login');
      service.logger.logBusinessEvent('user_login', { userId: (request.body as { userId?: number }).userId });
      response.status(201).json({});
    });
    app.delete('/sessions/:id', (_request, response) => {
      service.metrics.recordBusinessEvent('user_logout');
      response.json({});
    });
  });
}

/** Real memory, taken in steps and filled so that the system has to provide it. */
export function sessionLeak(service: Service): SessionLeak {
  const held: Buffer[] = [];
  return {
    get heldBytes() {
      return held.length * LEAK_STEP_BYTES;
    },
    step() {
      if (service.incident()?.kind !== 'memory-leak') {
        if (held.length === 0) return;
        service.logger.info('Session cache emptied after restart of the eviction job', { freedBytes: this.heldBytes });
        held.length = 0;
        collectGarbage();
        return;
      }
      if (this.heldBytes >= LEAK_BYTES) return;
      held.push(Buffer.alloc(LEAK_STEP_BYTES, 1));
      if (held.length % 4 === 0)
        service.logger.warn('Session cache keeps growing: eviction job is not running', { heldBytes: this.heldBytes });
    },
  };
}

/** Gives the memory back at once: left to itself, Node keeps it until long after the incident. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}
