/** The day's incidents in the shop: what is broken when, the same for the same seed. */
import { createRandom } from './random.ts';

export type IncidentKind = 'error-burst' | 'slow-database' | 'exhausted-pool' | 'memory-leak';

export interface Incident {
  readonly kind: IncidentKind;
  /** The service that it strikes first. */
  readonly service: string;
  /** Since the start of the demo. */
  readonly startMs: number;
  readonly endMs: number;
}

/** A day in the shop takes so long at speed 1. */
export const DAY_MS = 300_000;

/** Latest start, and length, in seconds since the day began: each is over, alert resolved, before the next begins. */
const PROGRAMME: readonly {
  readonly kind: IncidentKind;
  readonly service: string;
  readonly startS: number;
  readonly lastsS: number;
}[] = [
  { kind: 'error-burst', service: 'payment', startS: 14, lastsS: 28 },
  { kind: 'slow-database', service: 'orders', startS: 80, lastsS: 35 },
  { kind: 'exhausted-pool', service: 'inventory', startS: 148, lastsS: 28 },
  { kind: 'memory-leak', service: 'users', startS: 205, lastsS: 50 },
];
const JITTER_S = 4;

/** The incidents of the day (from 0) in order. */
export function incidentsOfDay(seed: number, day: number, speed: number): readonly Incident[] {
  const random = createRandom(seed + day * 7919);
  return PROGRAMME.map(({ kind, service, startS, lastsS }) => {
    const startMs = (day * DAY_MS + (startS - random.next() * JITTER_S) * 1000) / speed;
    return { kind, service, startMs, endMs: startMs + (lastsS * 1000) / speed };
  });
}

/** The one that is going on; undefined in quiet times. */
export function incidentAt(seed: number, elapsedMs: number, speed: number): Incident | undefined {
  const day = Math.floor((elapsedMs * speed) / DAY_MS);
  return incidentsOfDay(seed, day, speed).find(
    (incident) => incident.startMs <= elapsedMs && elapsedMs < incident.endMs,
  );
}

/** How busy the shop is: 0.6 at night to 1.4 in the evening. */
export function trafficAt(elapsedMs: number, speed: number): number {
  return 1 - 0.4 * Math.cos((2 * Math.PI * elapsedMs * speed) / DAY_MS);
}
