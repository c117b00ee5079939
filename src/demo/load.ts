/** Customers of the shop: a seeded stream of orders, visits and wrong turns, busier in the evening. */
import type { DistributedTracing } from '../instrument/index.ts';
import { trafficAt } from './incidents.ts';
import { PRODUCTS } from './inventory.ts';
import { createRandom } from './random.ts';
import { DICE_HEADER, type Service } from './service.ts';
import { USERS } from './users.ts';

export interface LoadOptions {
  readonly seed: number;
  readonly speed: number;
  readonly services: { readonly orders: Service; readonly users: Service; readonly inventory: Service };
  /** Of the storefront, whose spans are the roots of the traces. */
  readonly tracing: DistributedTracing;
  elapsedMs(): number;
}

export interface Visit {
  readonly name: string;
  readonly to: 'orders' | 'users' | 'inventory';
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly path: string;
  readonly body?: unknown;
  readonly dice: number;
}

const VISITS_PER_SECOND = 7;

/** Runs until `stop`. */
export function startLoad(options: LoadOptions): { stop(): void } {
  const next = visits(options.seed);
  const pause = createRandom(options.seed + 1);
  let timer: NodeJS.Timeout;
  const visit = (): void => {
    // A visit that fails is what the shop's own records are there to show.
    send(options, next()).catch(() => undefined);
    const meanMs = 1000 / (VISITS_PER_SECOND * trafficAt(options.elapsedMs(), options.speed));
    timer = setTimeout(visit, Math.min(1000, -Math.log(1 - pause.next()) * meanMs));
  };
  timer = setTimeout(visit, 50);
  return { stop: () => clearTimeout(timer) };
}

/** The visits of a seed, one after the other. */
export function visits(seed: number): () => Visit {
  const random = createRandom(seed);
  return () => {
    const which = random.next();
    const userId = random.integer(1, USERS);
    const productId = random.integer(1, PRODUCTS);
    const dice = random.integer(1, 2 ** 31);
    if (which < 0.42) {
      const body = { userId, productId, quantity: random.integer(1, 4) };
      return { name: 'checkout', to: 'orders', method: 'POST', path: '/orders', body, dice };
    }
    if (which < 0.68)
      return { name: 'view product', to: 'inventory', method: 'GET', path: `/products/${productId}`, dice };
    if (which < 0.8) return { name: 'view account', to: 'users', method: 'GET', path: `/users/${userId}`, dice };
    if (which < 0.9) {
      const path = `/orders/${41_000 + random.integer(1, 40)}`;
      return { name: 'view order', to: 'orders', method: 'GET', path, dice };
    }
    if (which < 0.94)
      return { name: 'sign in', to: 'users', method: 'POST', path: '/sessions', body: { userId }, dice };
    if (which < 0.97) return { name: 'sign out', to: 'users', method: 'DELETE', path: `/sessions/${userId}`, dice };
    return { name: 'crawl', to: 'inventory', method: 'GET', path: `/archive/${dice}.html`, dice };
  };
}

async function send({ services, tracing }: LoadOptions, visit: Visit): Promise<void> {
  const to = services[visit.to];
  const url = `${to.url}${visit.path}`;
  const attributes = { 'visit.kind': visit.name };
  await tracing.withSpan(
    visit.name,
    () =>
      tracing.traceExternalCall({ service: to.name, method: visit.method, url }, async (headers) => {
        const answer = await fetch(url, {
          method: visit.method,
          headers: { ...headers, [DICE_HEADER]: String(visit.dice), 'content-type': 'application/json' },
          ...(visit.body === undefined ? {} : { body: JSON.stringify(visit.body) }),
        });
        await answer.arrayBuffer();
        return answer;
      }),
    { attributes },
  );
}
