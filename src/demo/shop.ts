/** The shop as a whole: its services, its customers and its bad days, in one process. */
import promClient from 'prom-client';
import { DistributedTracing } from '../instrument/index.ts';
import { type Incident, incidentAt } from './incidents.ts';
import { leakConnections, startInventory } from './inventory.ts';
import { startLoad } from './load.ts';
import { startOrders } from './orders.ts';
import { startPayment } from './payment.ts';
import type { Service, ShopSurroundings } from './service.ts';
import { LEAK_BYTES, type SessionLeak, sessionLeak, startUsers } from './users.ts';

export interface ShopOptions {
  /** For logs. */
  readonly directory: string;
  readonly seed: number;
  readonly speed: number;
  readonly otlpEndpoint: string | undefined;
  /** Milliseconds that only go up. */
  nowMs(): number;
}

export interface Shop {
  readonly services: readonly Service[];
  /** Megabytes that no service reaches without a leak. */
  readonly memoryLimitMegabytes: number;
  stop(): Promise<void>;
}

const INCIDENT_STEP_MS = 500;
const LEAK_STEP_MS = 1000;

/** Starts services, customers and incidents. Throws MissingPackageError where a package of the demo is not installed. */
export async function startShop(options: ShopOptions): Promise<Shop> {
  const { directory, seed, speed, otlpEndpoint } = options;
  const startMs = options.nowMs();
  const elapsedMs = (): number => options.nowMs() - startMs;
  const incident = (): Incident | undefined => incidentAt(seed, elapsedMs(), speed);
  const surroundings: ShopSurroundings = { directory, otlpEndpoint, incident };
  let leak: SessionLeak | undefined;
  const users = await startUsers(surroundings, (service) => {
    leak = sessionLeak(service);
    return leak;
  });
  const inventory = await startInventory(surroundings);
  const payment = await startPayment(surroundings);
  const orders = await startOrders(surroundings, { users, inventory, payment });
  const services = [orders, users, payment, inventory];
  for (const service of services) shareMemory(service, services.length, leak!, service === users);
  const storefront = new DistributedTracing({
    serviceName: 'storefront',
    environment: 'demo',
    endpoint: otlpEndpoint,
    global: false,
    exportDelayMs: 500,
  });
  const load = startLoad({ seed, speed, services: { orders, users, inventory }, tracing: storefront, elapsedMs });
  const timers = [
    setInterval(() => leakConnections(inventory), INCIDENT_STEP_MS / speed),
    setInterval(() => leak!.step(), LEAK_STEP_MS / speed),
  ];
  return {
    services,
    memoryLimitMegabytes: Math.round((process.memoryUsage.rss() / services.length + LEAK_BYTES * 0.6) / 1024 / 1024),
    async stop() {
      load.stop();
      for (const timer of timers) clearInterval(timer);
      await Promise.all([...services.map((service) => service.stop()), storefront.shutdown().catch(() => undefined)]);
    },
  };
}

/**
 * The services share one process: each reports an equal part of its memory, and the one that leaks what it leaks on
 * top, so that they add up to what the process really has.
 */
function shareMemory(service: Service, sharers: number, leak: SessionLeak, leaks: boolean): void {
  const name = 'process_resident_memory_bytes';
  service.metrics.registry.removeSingleMetric(name);
  const gauge = new promClient.Gauge({
    name,
    help: 'Resident memory size in bytes.',
    registers: [service.metrics.registry],
    collect: () => {
      const shared = Math.max(0, process.memoryUsage.rss() - leak.heldBytes) / sharers;
      gauge.set(Math.round(shared + (leaks ? leak.heldBytes : 0)));
    },
  });
}
